import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configuration } from '../../../cluster/raft/configuration.ts'
import { apply, applyCommitted } from '../../../cluster/topology/apply.ts'
import { encodeTopologyEntry } from '../../../cluster/topology/codec.ts'
import type { TopologyEntry } from '../../../cluster/topology/entry.ts'
import { holds, OWNERS_MAX, primary } from '../../../cluster/topology/segment.ts'
import {
  assertTopology,
  findMember,
  foundingTopology,
  type Topology,
} from '../../../cluster/topology/topology.ts'
import {
  addCopy,
  fail,
  grid,
  inSync,
  introduction,
  join,
  must,
  nodeId,
  proposals,
  refusal,
  step,
} from './fixtures.ts'

const A = nodeId(1)
const B = nodeId(2)
const C = nodeId(3)

function epochOf(topology: Topology, index: number): number {
  return findMember(topology, nodeId(index))!.epoch
}

function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen)
}

describe('Any sequence of decisions', () => {
  it('keeps the invariants, and changes nothing when it refuses', () => {
    fc.assert(
      fc.property(proposals, list => {
        let topology = foundingTopology(introduction(1))
        for (const { make } of list) {
          const { topology: changed, refusal } = apply(topology, make(topology))
          assertTopology(changed)
          if (refusal === undefined) expect(changed.epoch).toBe(topology.epoch + 1)
          else expect(changed).toBe(topology)
          topology = changed
        }
      }),
    )
  })

  it('refuses what expects another epoch', () => {
    fc.assert(
      fc.property(proposals, list => {
        let topology = foundingTopology(introduction(1))
        for (const { make } of list) {
          const entry = make(topology)
          const older = { ...entry, expects: 1e9 } as TopologyEntry
          const isAboutNothing = apply(topology, older).refusal === 'unknown'
          if (entry.kind !== 'fail' && !isAboutNothing) {
            expect(['moved-on', 'invalid']).toContain(apply(topology, older).refusal)
          }
          topology = apply(topology, entry).topology
        }
      }),
    )
  })

  it('gives a segment the new epoch if it changes it or takes an owner for dead, else not', () => {
    fc.assert(
      fc.property(proposals, list => {
        let topology = foundingTopology(introduction(1))
        for (const { make } of list) {
          const entry = make(topology)
          const { topology: changed } = apply(topology, entry)
          const gone = entry.kind === 'fail' ? entry.members.map(({ id }) => id) : []
          if (entry.kind === 'join') gone.push(entry.member.id)
          changed.segments.forEach((after, number) => {
            const before = topology.segments[number]!
            if (after === before) return
            expect(after.epoch).toBe(changed.epoch)
            if (gone.some(id => holds(before, id))) return
            expect(after).not.toEqual({ ...before, epoch: changed.epoch })
          })
          topology = changed
        }
      }),
    )
  })

  it('leaves frozen records behind', () => {
    fc.assert(
      fc.property(proposals, list => {
        const topology = list.reduce(
          (before, { make }) => apply(before, make(before)).topology,
          foundingTopology(introduction(1)),
        )
        expect(isDeepFrozen(topology)).toBe(true)
      }),
      { numRuns: 20 },
    )
  })
})

describe('A member', () => {
  it('that founds the grid owns everything', () => {
    const topology = foundingTopology(introduction(1))
    expect(topology.segments.every(segment => primary(segment) === A)).toBe(true)
    assertTopology(topology)
  })

  it('that joins is known by what it says of itself', () => {
    const labels = { site: 's', rack: 'r', machine: 'm' }
    const topology = join(foundingTopology(introduction(1)), 2, { labels, capacity: 0.5 })
    expect(findMember(topology, B)).toEqual({
      ...introduction(2, { labels, capacity: 0.5 }),
      state: 'up',
      isLeaving: false,
      epoch: 2,
    })
  })

  it.each([
    { id: 'abc' },
    { host: '' },
    { host: 'x'.repeat(256) },
    { hostname: '\u0100' },
    { port: 65_536 },
    { busPort: 1.5 },
    { capacity: -1 },
    { capacity: Number.NaN },
    { capacity: 1_001 },
    { incarnation: -1 },
    { labels: { site: 'x'.repeat(129), rack: '', machine: '' } },
  ])('with %o is refused', wrong => {
    const topology = foundingTopology(introduction(1))
    const member = introduction(2, wrong)
    expect(refusal(topology, { kind: 'join', expects: 0, member })).toBe('invalid')
  })

  it('that fails loses its copies, and the next one in sync takes over at once', () => {
    const topology = fail(grid(3), 1)
    expect(topology.segments[0]).toMatchObject({ owners: [B, A, C], inSync: [B, C] })
    expect(findMember(topology, A)!.state).toBe('down')
  })

  it('that fails no longer receives copies', () => {
    const before = join(grid(2), 3)
    const adding = must(before, step(before, 'add-owner', 0, 3))
    expect(fail(adding, 3).segments[0]!.pending).toEqual([])
  })

  it('that held the only copy is remembered, and nobody takes over', () => {
    const topology = fail(fail(grid(2), 2), 1)
    expect(primary(topology.segments[0]!)).toBeUndefined()
    expect(topology.segments[0]!.lastInSync).toEqual([{ id: A, incarnation: 1 }])
  })

  it('that failed together with others is remembered with them', () => {
    const { lastInSync } = fail(grid(3), 2, 1, 3).segments[0]!
    expect(lastInSync.map(copy => copy.id).sort()).toEqual([A, B, C])
  })

  it('that was taken for dead and comes back in the same life still has the last copy', () => {
    const topology = join(fail(fail(grid(2), 2), 1), 1)
    expect(topology.segments[0]).toMatchObject({ inSync: [A], lastInSync: [] })
  })

  it('that comes back in another life does not', () => {
    const once = join(fail(fail(grid(2), 2), 1), 1, { incarnation: 2 })
    expect(once.segments[0]!.inSync).toEqual([])
    const twice = join(fail(once, 1), 1, { incarnation: 2 })
    expect(twice.segments[0]!.inSync).toEqual([])
  })

  it('that restarts unnoticed loses its copies by joining', () => {
    const topology = join(grid(2), 1, { incarnation: 2 })
    expect(topology.segments[0]).toMatchObject({ owners: [B, A], inSync: [B] })
    expect(topology.segments[1]).toMatchObject({
      inSync: [],
      lastInSync: [{ id: A, incarnation: 1 }],
    })
  })

  it('of an earlier life cannot join any more', () => {
    const topology = join(grid(2), 1, { incarnation: 5 })
    const member = introduction(1, { incarnation: 4 })
    const expects = epochOf(topology, 1)
    expect(refusal(topology, { kind: 'join', expects, member })).toBe('not-up')
  })

  it('that leaves goes on leaving when it was taken for dead, and stays when it is restarted', () => {
    const before = grid(2)
    const leaving = must(before, { kind: 'leave', id: B, expects: epochOf(before, 2) })
    const back = join(fail(leaving, 2), 2)
    expect(findMember(back, B)).toMatchObject({ state: 'up', isLeaving: true })
    const restarted = join(fail(leaving, 2), 2, { incarnation: 2 })
    expect(findMember(restarted, B)).toMatchObject({ state: 'up', isLeaving: false })
  })

  it('is removed only when it leaves or is down, owns nothing and has no vote', () => {
    const remove = (topology: Topology, index: number): TopologyEntry => {
      return { kind: 'remove', id: nodeId(index), expects: epochOf(topology, index) }
    }
    const staying = join(grid(2), 3)
    expect(refusal(staying, remove(staying, 3))).toBe('in-use')
    expect(must(fail(staying, 3), remove(fail(staying, 3), 3)).members).toHaveLength(2)
    const owning = must(staying, { kind: 'leave', id: B, expects: epochOf(staying, 2) })
    expect(refusal(owning, remove(owning, 2))).toBe('in-use')
    const dropped = must(owning, step(owning, 'drop-owner', 0, 2))
    expect(findMember(must(dropped, remove(dropped, 2)), B)).toBeUndefined()
    const voting = applyCommitted(dropped, {
      kind: 'configuration',
      index: 9,
      term: 1,
      configuration: configuration([A, B]),
    }).topology
    expect(refusal(voting, remove(voting, 2))).toBe('in-use')
  })

  it('cannot fail twice in one entry', () => {
    const topology = grid(2)
    const one = { id: B, expects: epochOf(topology, 2) }
    expect(refusal(topology, { kind: 'fail', members: [one, one] })).toBe('invalid')
    expect(refusal(topology, { kind: 'fail', members: [] })).toBe('invalid')
  })

  it('whose record is newer than a failure that was proposed does not fail', () => {
    const topology = grid(2)
    const old = { id: B, expects: epochOf(topology, 2) }
    const restarted = join(topology, 2, { incarnation: 2 })
    expect(refusal(restarted, { kind: 'fail', members: [old] })).toBe('moved-on')
  })
})

describe('A segment', () => {
  it('gets an owner by receiving a copy first', () => {
    const before = join(grid(1), 2)
    const adding = must(before, step(before, 'add-owner', 7, 2))
    expect(adding.segments[7]).toMatchObject({ owners: [A], inSync: [A], pending: [B] })
    const done = must(adding, inSync(adding, 7, 2))
    expect(done.segments[7]).toMatchObject({ owners: [A, B], inSync: [A, B], pending: [] })
  })

  it('counts no copy in sync that another life of the node received', () => {
    const before = join(grid(1), 2, { incarnation: 2 })
    const adding = must(before, step(before, 'add-owner', 7, 2))
    expect(refusal(adding, inSync(adding, 7, 2, 1))).toBe('not-up')
  })

  it('goes on without a backup that lags, and takes it back once it has caught up', () => {
    const before = grid(3)
    const without = must(before, step(before, 'out-of-sync', 0, 2))
    expect(without.segments[0]).toMatchObject({ owners: [A, B, C], inSync: [A, C] })
    expect(must(without, inSync(without, 0, 2)).segments[0]!.inSync).toEqual([A, B, C])
  })

  it('never puts its primary out of sync, nor drops it', () => {
    const topology = grid(2)
    expect(refusal(topology, step(topology, 'out-of-sync', 0, 1))).toBe('unfit')
    expect(refusal(topology, step(topology, 'drop-owner', 0, 1))).toBe('unfit')
  })

  it('is handed over only to an owner in sync', () => {
    const before = grid(3)
    const without = must(before, step(before, 'out-of-sync', 0, 2))
    expect(refusal(without, step(without, 'hand-over', 0, 2))).toBe('unfit')
    const handed = must(without, step(without, 'hand-over', 0, 3))
    expect(handed.segments[0]).toMatchObject({ owners: [C, A, B], inSync: [C, A] })
  })

  it('drops an owner, or one that is still to become it', () => {
    const topology = grid(3)
    expect(must(topology, step(topology, 'drop-owner', 0, 2)).segments[0]!.owners).toEqual([A, C])
    const adding = must(topology, step(topology, 'add-owner', 1, 2))
    const dropped = must(adding, step(adding, 'drop-owner', 1, 2))
    expect(dropped.segments[1]).toMatchObject({ owners: [A], pending: [] })
  })

  it('moves on with its pending owners, so that what was proposed before is settled', () => {
    const before = join(join(grid(1), 2), 3)
    const adding = must(before, step(before, 'add-owner', 7, 2))
    expect(adding.segments[7]!.epoch).toBe(adding.epoch)
    expect(refusal(adding, step(before, 'add-owner', 7, 3))).toBe('moved-on')
    const dropped = must(adding, step(adding, 'drop-owner', 7, 2))
    expect(dropped.segments[7]!.epoch).toBe(dropped.epoch)
    const again = must(dropped, step(dropped, 'add-owner', 7, 2))
    expect(refusal(again, inSync(adding, 7, 2))).toBe('moved-on')
    const lost = fail(again, 2)
    expect(lost.segments[7]).toMatchObject({ pending: [], epoch: lost.epoch })
  })

  it('keeps its last good copies until it is recovered', () => {
    const lost = fail(grid(2), 1, 2)
    for (const index of [1, 2]) {
      expect(refusal(lost, step(lost, 'drop-owner', 0, index))).toBe('unfit')
      expect(refusal(lost, inSync(lost, 0, index))).toBe('not-up')
    }
  })

  it('is recovered from disk once all who had the last copies are back', () => {
    const recover = (topology: Topology, index: number, isLossAccepted = false): TopologyEntry => {
      const expects = topology.segments[0]!.epoch
      return { kind: 'recover', segment: 0, id: nodeId(index), expects, isLossAccepted }
    }
    const oneBack = join(fail(grid(3), 1, 2, 3), 1, { incarnation: 2 })
    expect(refusal(oneBack, recover(oneBack, 1))).toBe('would-lose')
    expect(must(oneBack, recover(oneBack, 1, true)).segments[0]!.inSync).toEqual([A])
    const twoBack = join(oneBack, 2, { incarnation: 2 })
    const allBack = join(twoBack, 3, { incarnation: 2 })
    const recovered = must(allBack, recover(allBack, 2))
    expect(recovered.segments[0]).toMatchObject({ inSync: [B], lastInSync: [] })
    expect(refusal(recovered, recover(recovered, 3))).toBe('unfit')
  })

  it('served by somebody is not recovered', () => {
    const topology = grid(2)
    const expects = topology.segments[0]!.epoch
    const entry = { kind: 'recover', segment: 0, id: B, expects, isLossAccepted: true } as const
    expect(refusal(topology, entry)).toBe('unfit')
  })

  it('has a bounded number of owners', () => {
    const topology = join(grid(OWNERS_MAX), OWNERS_MAX + 1)
    expect(refusal(topology, step(topology, 'add-owner', 0, OWNERS_MAX + 1))).toBe('unfit')
  })

  it('that does not exist, or a node that does not, is refused', () => {
    const topology = grid(1)
    const entry = { kind: 'add-owner', segment: 256, id: A, expects: 1 } as const
    expect(refusal(topology, entry)).toBe('unknown')
    expect(refusal(topology, { ...entry, segment: 0, id: C })).toBe('unknown')
  })

  it('shares with the topology before it whatever did not change', () => {
    const before = grid(2)
    const after = addCopy(before, 9, 2)
    const changed = after.segments.filter((segment, number) => segment !== before.segments[number])
    expect(changed).toHaveLength(1)
    expect(after.members).toBe(before.members)
  })
})

describe('A cache definition', () => {
  it('is defined, replaced and dropped by those who know the latest', () => {
    const one = must(grid(1), { kind: 'define-cache', name: 'c', definition: '1', expects: 0 })
    const again = { kind: 'define-cache', name: 'c', definition: '2', expects: 0 } as const
    expect(refusal(one, again)).toBe('moved-on')
    const two = must(one, { ...again, expects: one.epoch })
    expect(two.caches).toEqual([{ name: 'c', definition: '2', epoch: two.epoch }])
    expect(refusal(two, { kind: 'drop-cache', name: 'c', expects: one.epoch })).toBe('moved-on')
    expect(refusal(two, { kind: 'drop-cache', name: 'd', expects: 0 })).toBe('unknown')
    expect(must(two, { kind: 'drop-cache', name: 'c', expects: two.epoch }).caches).toEqual([])
  })

  it.each([
    { name: '', definition: '' },
    { name: 'x'.repeat(257), definition: '' },
    { name: 'x', definition: 'x'.repeat(16_385) },
    { name: '\u20ac', definition: '' },
  ])('out of its bounds is refused', ({ name, definition }) => {
    const entry = { kind: 'define-cache', name, definition, expects: 0 } as const
    expect(refusal(grid(1), entry)).toBe('invalid')
  })
})

describe('What the quorum commits', () => {
  it('is applied from its bytes', () => {
    const topology = grid(1)
    const bytes = encodeTopologyEntry({ kind: 'join', expects: 0, member: introduction(2) })
    const entry = { kind: 'command', index: 5, term: 1, bytes } as const
    expect(findMember(applyCommitted(topology, entry).topology, B)).toBeDefined()
  })

  it('makes its voters known, and costs no epoch if they stay the same', () => {
    const topology = grid(2)
    const entry = { kind: 'configuration', index: 5, term: 1 } as const
    const voters = configuration([B, A])
    const changed = applyCommitted(topology, { ...entry, configuration: voters }).topology
    expect(changed).toMatchObject({ voters: [A, B], epoch: topology.epoch + 1 })
    const learners = configuration([A, B], [C])
    const same = applyCommitted(changed, { ...entry, configuration: learners }).topology
    expect(same).toBe(changed)
  })

  it('changes nothing with a no-op', () => {
    const topology = grid(1)
    const entry = { kind: 'no-op', index: 5, term: 1 } as const
    expect(applyCommitted(topology, entry).topology).toBe(topology)
  })
})
