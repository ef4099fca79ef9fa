import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseVoters, nextVoterChange, VOTERS_MAX } from '../../cluster/quorum-voters.ts'
import {
  type Change,
  type Configuration,
  changed,
  configuration,
} from '../../cluster/raft/configuration.ts'
import type { Labels, Member } from '../../cluster/topology/member.ts'
import { introduction, nodeId } from './topology/fixtures.ts'

interface Changes extends Partial<Omit<Member, 'labels'>> {
  readonly labels?: Partial<Labels>
}

function member(index: number, { labels, ...changes }: Changes = {}): Member {
  return {
    ...introduction(index, { labels: { site: '', rack: '', machine: '', ...labels } }),
    state: 'up',
    isLeaving: false,
    epoch: 1,
    ...changes,
  }
}

function members(count: number, changesOf: (index: number) => Changes = () => ({})): Member[] {
  return Array.from({ length: count }, (_, at) => member(at + 1, changesOf(at + 1)))
}

const LEADER = nodeId(1)

/** All changes until there is none, each of them valid. */
function settle(all: readonly Member[], from: Configuration, leader = LEADER) {
  let current = from
  const changes: Change[] = []
  for (;;) {
    const change = nextVoterChange(all, current, leader)
    if (change === undefined) return { current, changes }
    const next = changed(current, change)
    if (next === undefined || changes.length > 100) throw new Error(`bad ${JSON.stringify(change)}`)
    changes.push(change)
    current = next
  }
}

function names(changes: readonly Change[]): readonly string[] {
  return changes.map(({ kind, id }) => `${kind} ${Number.parseInt(id, 16)}`)
}

describe('The voters', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 3],
    [4, 3],
    [5, 5],
    [6, 5],
    [50, 5],
  ])('of %i members are %i', (count, voters) => {
    const { current } = settle(members(count), configuration([LEADER]))
    expect(current.voters).toHaveLength(voters)
    expect(current.learners).toHaveLength(count - voters)
  })

  it('join as learners before they vote', () => {
    const { changes } = settle(members(3), configuration([LEADER]))
    expect(names(changes)).toEqual(['add 2', 'add 3', 'promote 2', 'promote 3'])
  })

  it('are spread over sites, then racks, then machines', () => {
    const all = members(12, index => ({
      labels: { site: index <= 8 ? 'a' : 'b', rack: `${index % 4}`, machine: `${index}` },
    }))
    const chosen = all.filter(({ id }) => chooseVoters(all, [], LEADER).includes(id))
    const sites = chosen.map(({ labels }) => labels.site)
    expect(sites.filter(site => site === 'a')).toHaveLength(3)
    expect(new Set(chosen.map(({ labels }) => labels.site + labels.rack)).size).toBe(5)
  })

  it('of capacity 0 vote like others', () => {
    const all = members(3, index => (index === 3 ? { capacity: 0 } : {}))
    expect(settle(all, configuration([LEADER])).current.voters).toHaveLength(3)
  })

  it('stay as they are when nothing would be better', () => {
    const voters = [nodeId(2), nodeId(7), nodeId(9)]
    const learners = [1, 3, 4, 5, 6, 8, 10].map(nodeId)
    const all = members(10, index => ({ labels: { machine: `${index}` } }))
    const choice = chooseVoters(all, voters, nodeId(2), 3)
    expect([...choice].sort()).toEqual(voters)
    expect(nextVoterChange(all, configuration(voters, learners), nodeId(2), 3)).toBeUndefined()
  })

  it('that are down give way to others who are up, once those vote', () => {
    const all = members(4, index => (index === 3 ? { state: 'down' } : {}))
    const from = configuration([1, 2, 3].map(nodeId), [nodeId(4)])
    const { changes, current } = settle(all, from)
    expect(names(changes)).toEqual(['promote 4', 'demote 3'])
    expect(current.voters).toEqual([1, 2, 4].map(nodeId))
  })

  it('that are down give way one after the other, and never are two too many', () => {
    const all = members(7, index => (index > 5 || index < 4 ? {} : { state: 'down' }))
    const from = configuration([1, 2, 3, 4, 5].map(nodeId), [6, 7].map(nodeId))
    const { changes } = settle(all, from)
    expect(names(changes)).toEqual(['promote 6', 'demote 4', 'promote 7', 'demote 5'])
  })

  it('that are down lose their vote first where fewer are wanted', () => {
    const all = members(6, index => (index === 5 ? { state: 'down' } : {}))
    const from = configuration([1, 2, 3, 4, 5].map(nodeId), [nodeId(6)])
    expect(nextVoterChange(all, from, LEADER, 3)).toEqual({ kind: 'demote', id: nodeId(5) })
  })

  it('that are down keep their vote while nobody can take it over', () => {
    const all = members(5, index => (index > 3 ? { state: 'down' } : {}))
    const from = configuration([1, 2, 3, 4, 5].map(nodeId))
    expect(nextVoterChange(all, from, LEADER)).toBeUndefined()
  })

  it('that leave give way after their successor has the vote, if there is room', () => {
    const all = members(4, index => (index === 3 ? { isLeaving: true } : {}))
    const from = configuration([1, 2, 3].map(nodeId), [nodeId(4)])
    expect(names(settle(all, from).changes)).toEqual(['promote 4', 'demote 3'])
  })

  it('never are more than five on the way', () => {
    const all = members(7, index => (index === 3 ? { isLeaving: true } : {}))
    const from = configuration([1, 2, 3, 4, 5].map(nodeId), [6, 7].map(nodeId))
    expect(names(settle(all, from).changes)).toEqual(['demote 3', 'promote 6'])
  })

  it('move to a better spread when labels allow one', () => {
    const all = members(6, index => ({ labels: { rack: index <= 4 ? 'a' : `${index}` } }))
    const from = configuration([1, 2, 3].map(nodeId), [4, 5, 6].map(nodeId))
    expect(settle(all, from).current.voters).toEqual(expect.arrayContaining([1, 5, 6].map(nodeId)))
  })

  it('do not lose their leader, which hands over before it leaves', () => {
    const all = members(4, index => (index === 1 ? { isLeaving: true } : {}))
    const from = configuration([1, 2, 3].map(nodeId), [nodeId(4)])
    const { current } = settle(all, from)
    expect(current.voters).toContain(LEADER)
    const after = settle(all, current, nodeId(2)).current
    expect(after.voters).toEqual([2, 3, 4].map(nodeId))
  })

  it('and learners that are no members any more are removed', () => {
    const from = configuration([1, 2, 3, 8].map(nodeId), [nodeId(9)])
    const { changes } = settle(members(3), from)
    expect(names(changes)).toEqual(['remove 8', 'remove 9'])
  })

  it('never have fewer votes to spare on the way than before', () => {
    // With the quorum that there is: leader and others up, and silent ones.
    const sizes = fc.record({ up: fc.nat(4), down: fc.nat(2), learners: fc.nat(4) })
    fc.assert(
      fc.property(sizes, ({ up, down, learners }) => {
        const voters = 1 + up + down
        const isDown = (index: number) => index > 1 + up && index <= voters
        const all = members(voters + learners, index => (isDown(index) ? { state: 'down' } : {}))
        const ids = all.map(({ id }) => id)
        let current = configuration(ids.slice(0, voters), ids.slice(voters))
        const spare = ({ voters: all }: Configuration) => {
          const live = all.filter(id => !isDown(Number.parseInt(id, 16))).length
          return live - (Math.floor(all.length / 2) + 1)
        }
        fc.pre(spare(current) >= 0 && voters <= VOTERS_MAX)
        const before = spare(current)
        for (;;) {
          const change = nextVoterChange(all, current, LEADER)
          if (change === undefined) break
          current = changed(current, change)!
          expect(spare(current)).toBeGreaterThanOrEqual(before)
          expect(current.voters.length).toBeLessThanOrEqual(VOTERS_MAX + 1)
        }
      }),
    )
  })

  it('reach what was chosen in few valid steps, and then stay, whatever they were', () => {
    const label = fc.constantFrom('', 'a', 'b', 'c')
    const one = fc.record({
      site: label,
      rack: label,
      machine: label,
      state: fc.constantFrom('up' as const, 'up' as const, 'down' as const),
      isLeaving: fc.boolean(),
      role: fc.constantFrom('voter', 'learner', 'none'),
    })
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 9 }), list => {
        const all = list.map(({ site, rack, machine, state, isLeaving }, at) =>
          member(at + 1, {
            labels: { site, rack, machine },
            state,
            isLeaving: isLeaving && at > 0,
          }),
        )
        all[0] = { ...all[0]!, state: 'up' }
        const withRole = (role: string) =>
          list.flatMap((entry, at) => (at > 0 && entry.role === role ? [nodeId(at + 1)] : []))
        const from = configuration([LEADER, ...withRole('voter').slice(0, 4)], withRole('learner'))
        const { current, changes } = settle(all, from)
        expect(changes.length).toBeLessThanOrEqual(2 * all.length)
        expect([...chooseVoters(all, current.voters, LEADER)].sort()).toEqual(current.voters)
        expect(current.voters.length).toBeLessThanOrEqual(VOTERS_MAX)
        expect(current.voters.length % 2).toBe(1)
      }),
      { numRuns: 300 },
    )
  })
})
