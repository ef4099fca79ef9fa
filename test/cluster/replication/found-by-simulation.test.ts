// Mistakes that the simulation of whole clusters once found, each in as few steps as it takes.
// Those that it finds within a few hundred seeds are among its planted bugs as well.

import { describe, expect, it } from 'vitest'
import { decodeTopology, encodeTopology } from '../../../cluster/topology/codec.ts'
import { holds } from '../../../cluster/topology/segment.ts'
import { foundingTopology } from '../../../cluster/topology/topology.ts'
import { fail, introduction, join, must, nodeId, step } from '../topology/fixtures.ts'
import { Grid } from './grid.ts'

/** Node 1 serves segment 0, node 2 is to receive a copy. */
function receiving(): Grid {
  const made = new Grid(join(foundingTopology(introduction(1)), 2), 1, 2)
  made.execute(1, 'a')
  made.decide(step(made.topology, 'add-owner', 0, 2))
  return made
}

/** What was proposed and not yet decided. A proposal may be repeated at any time. */
function proposed({ proposals }: Grid): readonly string[] {
  return [...new Set(proposals.map(({ kind, id }) => `${kind} ${Number.parseInt(id, 16)}`))]
}

/** The copy was sent, acknowledged and proposed. */
function joining(): Grid {
  const made = receiving()
  made.tell(1, 2)
  for (let part = 0; part < 4; part++) {
    made.deliver()
    made.pass(20)
  }
  expect(proposed(made)).toEqual(['in-sync 2'])
  return made
}

describe('a receiver', () => {
  it('of a segment at rest is not proposed before it has the state', () => {
    const made = receiving()
    made.tell(1, 2)
    for (let i = 0; i < 4; i++) made.pass(20)
    expect(proposed(made)).toEqual([])
    // Something else is acknowledged, the state is not.
    made.execute(1, 'b')
    made.pass(300)
    expect(proposed(made)).toEqual([])
  })

  it('is not proposed before it has what was committed without it', () => {
    const made = receiving()
    made.tell(1, 2)
    for (let i = 0; i < 4; i++) made.pass(20)
    made.deliver({ but: [1] })
    expect(made.execute(1, 'b').isCommitted).toBe(true)
    made.deliver({ but: [2] })
    // It has everything that it was sent when it began to count, but not yet what came then.
    expect(proposed(made)).toEqual([])
    made.deliver()
    expect(proposed(made)).toEqual(['in-sync 2'])
  })

  it('that gets its state across epochs follows under the latest one', () => {
    const made = receiving()
    made.tell(1, 2)
    // The receiver does not hear of this yet.
    made.topology = join(made.topology, 3)
    made.decide(step(made.topology, 'add-owner', 0, 3))
    made.tell(1)
    for (let part = 0; part < 4; part++) {
      made.deliver({ but: [3] })
      made.pass(20)
    }
    expect(proposed(made)).toEqual(['in-sync 2'])
    made.tell(2)
    const entry = made.execute(1, 'b')
    made.deliver({ but: [3] })
    expect(entry.isCommitted).toBe(true)
    made.pass(20)
    made.deliver({ but: [3] })
    expect(made.words(2)).toBe('a b')
  })

  it('that was proposed still counts when members change and the segment does not', () => {
    const made = joining()
    made.topology = join(made.topology, 3)
    made.tell(1)
    const entry = made.execute(1, 'b')
    expect(entry.isCommitted).toBe(undefined)
    made.deliver()
    expect(entry.isCommitted).toBe(true)
  })

  it('that was proposed and refused while its link was down is sent everything again', () => {
    const made = joining()
    made.proposals.splice(0)
    made.disconnect(1, 2)
    // The segment gets a new epoch, so the proposal is void.
    made.topology = join(made.topology, 3)
    made.decide(step(made.topology, 'add-owner', 0, 3))
    made.tell(1, 2)
    made.connect(1, 2)
    for (let part = 0; part < 4; part++) {
      made.deliver({ but: [3] })
      made.pass(20)
    }
    expect(proposed(made)).toEqual(['in-sync 2'])
    made.decideProposed()
    made.tell(1, 2)
    made.deliver({ but: [3] })
    expect(made.words(2)).toBe('a')
    expect(made.role(2)).toBe('backs up')
  })

  it('that refused entries of older epochs asks for everything, and is not at fault', () => {
    const made = joining()
    made.proposals.splice(0)
    // The primary acts on one change after the other, the receiver knows both already.
    const before = made.topology
    made.topology = join(before, 3)
    made.decide(step(made.topology, 'add-owner', 0, 3))
    made.tell(1)
    made.execute(1, 'b')
    made.decide(step(made.topology, 'drop-owner', 0, 3))
    made.tell(2)
    made.tell(1)
    for (let part = 0; part < 6; part++) {
      made.deliver({ but: [3] })
      made.pass(20)
    }
    made.decideProposed()
    made.tell(1, 2)
    made.deliver({ but: [3] })
    made.pass(20)
    made.deliver({ but: [3] })
    expect(made.words(2)).toBe('a b')
    expect(made.role(2)).toBe('backs up')
  })
})

describe('a topology from a snapshot', () => {
  it('with the same records leaves a hand-over as it is', () => {
    const made = joining()
    made.decideProposed()
    made.tell(1, 2)
    made.deliver()
    const { epoch } = made.topology.segments[0]!
    made.node(1).machine.handOver(0, nodeId(2), epoch, made.now)
    expect(made.role(1)).toBe('settles')
    made.topology = decodeTopology(encodeTopology(join(made.topology, 3)))
    made.tell(1)
    expect(made.role(1)).toBe('settles')
  })
})

describe('the failure of an owner that is not in sync', () => {
  it('makes a proposal void that was made before', () => {
    let topology = join(join(foundingTopology(introduction(1)), 2), 3)
    topology = must(topology, step(topology, 'add-owner', 0, 2))
    const inSync = { kind: 'in-sync', segment: 0, id: nodeId(2), incarnation: 1 } as const
    topology = must(topology, { ...inSync, expects: topology.segments[0]!.epoch })
    topology = must(topology, step(topology, 'out-of-sync', 0, 2))
    const { epoch } = topology.segments[0]!
    topology = fail(topology, 2)
    expect(holds(topology.segments[0]!, nodeId(2))).toBe(true)
    topology = join(topology, 2)
    expect(() => must(topology, { ...inSync, expects: epoch })).toThrow('moved-on')
  })
})
