import { describe, expect, it } from 'vitest'
import { lostForGood } from '../../../cluster/metadata/lost-segments.ts'
import { apply } from '../../../cluster/topology/apply.ts'
import type { TopologyEntry } from '../../../cluster/topology/entry.ts'
import { findMember, foundingTopology, type Topology } from '../../../cluster/topology/topology.ts'
import { introduction, nodeId } from '../topology/fixtures.ts'

function after(topology: Topology, entry: TopologyEntry): Topology {
  const { topology: next, refusal } = apply(topology, entry)
  expect(refusal).toBeUndefined()
  return next
}

/** A node that owns everything, and falls silent. */
function silent(): Topology {
  const founded = foundingTopology(introduction(1))
  return after(founded, { kind: 'fail', members: [{ id: nodeId(1), expects: 1 }] })
}

function joined(topology: Topology, incarnation: number): Topology {
  const expects = findMember(topology, nodeId(1))!.epoch
  return after(topology, { kind: 'join', member: introduction(1, { incarnation }), expects })
}

describe('A segment', () => {
  it('is not lost for good while the process that has it may come back', () => {
    expect(lostForGood(silent())).toEqual([])
    expect(lostForGood(joined(silent(), 1))).toEqual([])
  })

  it('is lost for good when that process has ended, until a loss is accepted', () => {
    const restarted = joined(silent(), 2)
    expect(lostForGood(restarted)).toHaveLength(256)
    const { epoch: expects } = restarted.segments[3]!
    const accepted = { segment: 3, id: nodeId(1), expects, isLossAccepted: true }
    expect(lostForGood(after(restarted, { kind: 'recover', ...accepted }))).toHaveLength(255)
  })
})
