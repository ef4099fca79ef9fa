import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assignmentOf, type PlanLimits, plan } from '../../../cluster/placement/plan.ts'
import { type Assignment, target } from '../../../cluster/placement/target.ts'
import { apply } from '../../../cluster/topology/apply.ts'
import type { Labels, Member } from '../../../cluster/topology/member.ts'
import { primary, type Segment } from '../../../cluster/topology/segment.ts'
import { findMember, foundingTopology, type Topology } from '../../../cluster/topology/topology.ts'
import { Seeded } from '../raft/seeded.ts'
import { addCopy, fail, inSync, introduction, join, must, nodeId } from '../topology/fixtures.ts'
import { holdings, moves } from './fixtures.ts'

const LIMITS: PlanLimits = { transfersMax: 12, transfersPerNodeMax: 4, handOversMax: 6 }
const EAGER: PlanLimits = { transfersMax: 100, transfersPerNodeMax: 100, handOversMax: 100 }

function isOwner({ state, isLeaving }: Member): boolean {
  return state === 'up' && !isLeaving
}

function targetOf(topology: Topology, copies: number): Assignment {
  return target(topology.members.filter(isOwner), assignmentOf(topology), copies)
}

/** Founder and joiners, with everything still on the founder. */
function crowd(count: number, labelsOf: (index: number) => Partial<Labels> = () => ({})): Topology {
  let topology = foundingTopology(introduction(1, { labels: labels(labelsOf(1)) }))
  for (let index = 2; index <= count; index++) {
    topology = join(topology, index, { labels: labels(labelsOf(index)) })
  }
  return topology
}

function labels(some: Partial<Labels>): Labels {
  return { site: '', rack: '', machine: '', ...some }
}

interface Walk {
  readonly topology: Topology
  readonly added: number
  readonly handedOver: number
}

/**
 * Walks to the target as a grid would: transfers finish in any order, steps get lost or come twice,
 * and the coordinator computes target and plan anew each time.
 */
function walk(from: Topology, copies: number, seed: number, limits = LIMITS): Walk {
  const seeded = new Seeded(seed)
  let topology = from
  let added = 0
  let handedOver = 0
  for (let round = 0; round < 20_000; round++) {
    const steps = plan(topology, targetOf(topology, copies), limits)
    const underWay = transfers(topology)
    if (steps.length === 0 && underWay.length === 0) return { topology, added, handedOver }
    for (const step of steps) {
      if (seeded.chance(0.2)) continue
      const { topology: next, refusal } = apply(topology, step)
      expect(refusal).toBeUndefined()
      assertNotWorse(topology, next, copies)
      if (step.kind === 'add-owner') added++
      if (step.kind === 'hand-over') handedOver++
      topology = next
      // Proposed once more by somebody who has not seen the answer.
      expect(apply(topology, step).topology).toBe(topology)
    }
    assertBounded(topology, limits)
    for (const [segment, id] of transfers(topology)) {
      if (seeded.chance(0.6)) continue
      topology = must(topology, {
        kind: 'in-sync',
        segment,
        id,
        incarnation: findMember(topology, id)!.incarnation,
        expects: topology.segments[segment]!.epoch,
      })
    }
  }
  throw new Error('the walk has no end')
}

function transfers({ segments }: Topology): readonly (readonly [number, string])[] {
  return segments.flatMap(({ pending }, number) => pending.map(id => [number, id] as const))
}

function assertBounded(topology: Topology, limits: PlanLimits): void {
  const underWay = transfers(topology)
  expect(underWay.length).toBeLessThanOrEqual(limits.transfersMax)
  const perNode = new Map<string, number>()
  for (const [segment, id] of underWay) {
    for (const node of [id, primary(topology.segments[segment]!)!]) {
      perNode.set(node, (perNode.get(node) ?? 0) + 1)
    }
  }
  for (const count of perNode.values())
    expect(count).toBeLessThanOrEqual(limits.transfersPerNodeMax)
}

/** No step leaves a segment without a primary, or with fewer good copies than it had or needs. */
function assertNotWorse(before: Topology, after: Topology, copies: number): void {
  after.segments.forEach((segment, number) => {
    const was: Segment = before.segments[number]!
    if (segment === was) return
    expect(segment.inSync.length).toBeGreaterThanOrEqual(Math.min(was.inSync.length, copies))
    expect(primary(segment)).toBeDefined()
  })
}

function isReached(topology: Topology, copies: number): boolean {
  const wanted = targetOf(topology, copies)
  return topology.segments.every(
    ({ owners, inSync, pending }, number) =>
      pending.length === 0 &&
      owners.length === inSync.length &&
      owners[0] === wanted[number]![0] &&
      [...owners].sort().join() === [...wanted[number]!].sort().join(),
  )
}

describe('The walk to the target', () => {
  it('ends there with the moves that the target needed at first, in whatever order', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const before = crowd(5)
      const goal = targetOf(before, 2)
      const needed = moves(assignmentOf(before), goal)
      const { topology, added, handedOver } = walk(before, 2, seed)
      expect(isReached(topology, 2)).toBe(true)
      expect(added).toBe(needed)
      // Which of equally good assignments is found may change on the way, at no cost in moves.
      const handOvers = goal.filter(ids => ids[0] !== nodeId(1)).length
      expect(handedOver).toBeLessThanOrEqual(1.25 * handOvers)
    }
  })

  it('goes on from wherever a coordinator left it, towards labels and departures too', () => {
    const rackOf = (index: number) => ({ rack: `${index % 3}` })
    const { topology: settled } = walk(crowd(6, rackOf), 2, 1)
    const joined = join(settled, 7, { labels: labels(rackOf(7)) })
    const expects = findMember(joined, nodeId(2))!.epoch
    const leaving = must(joined, { kind: 'leave', id: nodeId(2), expects })
    const needed = moves(assignmentOf(leaving), targetOf(leaving, 2))
    const { topology, added } = walk(leaving, 2, 2)
    expect(added).toBe(needed)
    expect(isReached(topology, 2)).toBe(true)
    expect(holdings(assignmentOf(topology)).has(nodeId(2))).toBe(false)
    const epoch = findMember(topology, nodeId(2))!.epoch
    must(topology, { kind: 'remove', id: nodeId(2), expects: epoch })
  })

  it('brings back the second copy of what a lost node held', () => {
    const { topology: settled } = walk(crowd(4), 2, 1)
    const lost = settled.segments.filter(({ owners }) => owners.includes(nodeId(3))).length
    const failed = fail(settled, 3)
    const { topology, added } = walk(failed, 2, 3)
    expect(added).toBe(lost)
    expect(isReached(topology, 2)).toBe(true)
  })

  it('cancels what is no longer wanted', () => {
    const before = crowd(3)
    const adding = must(before, {
      kind: 'add-owner',
      segment: 0,
      id: nodeId(2),
      expects: before.segments[0]!.epoch,
    })
    const expects = findMember(adding, nodeId(2))!.epoch
    const leaving = must(adding, { kind: 'leave', id: nodeId(2), expects })
    const steps = plan(leaving, targetOf(leaving, 2), LIMITS)
    expect(steps).toContainEqual(
      expect.objectContaining({ kind: 'drop-owner', segment: 0, id: nodeId(2) }),
    )
  })

  it('serves the segments with the fewest good copies first', () => {
    let topology = crowd(3)
    for (let segment = 0; segment < 250; segment++) topology = addCopy(topology, segment, 2)
    const wanted = topology.segments.map(() => [nodeId(1), nodeId(3)])
    const steps = plan(topology, wanted, { ...LIMITS, transfersPerNodeMax: 6, transfersMax: 6 })
    const added = steps.filter(step => step.kind === 'add-owner').map(step => step.segment)
    expect(added).toEqual([250, 251, 252, 253, 254, 255])
  })

  it('counts owners that fell behind as transfers, and waits for them', () => {
    let topology = addCopy(crowd(3), 0, 2)
    const { epoch } = topology.segments[0]!
    topology = must(topology, { kind: 'out-of-sync', segment: 0, id: nodeId(2), expects: epoch })
    const wanted = topology.segments.map(() => [nodeId(1), nodeId(2)])
    const limits = { ...LIMITS, transfersPerNodeMax: 1 }
    expect(plan(topology, wanted, limits)).toEqual([])
    const synced = must(topology, inSync(topology, 0, 2))
    expect(plan(synced, wanted, limits)).toHaveLength(1)
  })

  it('leaves a segment alone that nobody serves', () => {
    const topology = fail(crowd(3), 1)
    expect(plan(topology, targetOf(topology, 2), LIMITS)).toEqual([])
  })

  it('hands over a bounded number at once', () => {
    let topology = crowd(2)
    for (let segment = 0; segment < 256; segment++) topology = addCopy(topology, segment, 2)
    const steps = plan(topology, targetOf(topology, 2), LIMITS)
    expect(steps.filter(step => step.kind === 'hand-over')).toHaveLength(6)
  })

  it('ends whatever joins, leaves, fails and returns on the way', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 6 }),
        (seed, events) => {
          let topology = crowd(3)
          for (const index of events) {
            const member = findMember(topology, nodeId(index))
            if (member === undefined) topology = join(topology, index)
            else if (member.state === 'down')
              topology = join(topology, index, { incarnation: member.incarnation })
            else if (topology.members.filter(isOwner).length > 1) topology = fail(topology, index)
            topology = partly(topology, seed)
          }
          const { topology: settled } = walk(topology, 2, seed, EAGER)
          const served = settled.segments.filter(segment => primary(segment) !== undefined)
          for (const { owners, inSync } of served) expect(owners).toEqual(inSync)
        },
      ),
      { numRuns: 10 },
    )
  })

  /** A few rounds of steps and transfers, and then something else happens. */
  function partly(from: Topology, seed: number): Topology {
    const seeded = new Seeded(seed)
    let topology = from
    for (let round = 0; round < 3; round++) {
      for (const step of plan(topology, targetOf(topology, 2), LIMITS)) {
        topology = apply(topology, step).topology
      }
      for (const [segment, id] of transfers(topology)) {
        if (seeded.chance(0.5)) continue
        const { incarnation } = findMember(topology, id)!
        const expects = topology.segments[segment]!.epoch
        topology = apply(topology, { kind: 'in-sync', segment, id, incarnation, expects }).topology
      }
    }
    return topology
  }
})
