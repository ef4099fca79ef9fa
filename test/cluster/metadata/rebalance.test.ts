import { describe, expect, it } from 'vitest'
import { DEFAULT_METADATA_OPTIONS } from '../../../cluster/metadata/options.ts'
import { Rebalance, type Steps } from '../../../cluster/metadata/rebalance.ts'
import { apply } from '../../../cluster/topology/apply.ts'
import { primary } from '../../../cluster/topology/segment.ts'
import { foundingTopology, type Topology } from '../../../cluster/topology/topology.ts'
import { addCopy, fail, introduction, join, nodeId } from '../topology/fixtures.ts'

const { policy } = DEFAULT_METADATA_OPTIONS
const { replaceTimeoutMs } = policy

function applied(topology: Topology, { entries, orders }: Steps): Topology {
  const handOvers = orders.map(({ segment, to, epoch }) => {
    return { kind: 'hand-over', segment, id: to, expects: epoch } as const
  })
  const inSync = (after: Topology) =>
    after.segments.flatMap(({ pending, epoch }, segment) =>
      pending.map(
        id => ({ kind: 'in-sync', segment, id, incarnation: 1, expects: epoch }) as const,
      ),
    )
  let next = topology
  for (const entry of [...entries, ...handOvers]) next = apply(next, entry).topology
  for (const entry of inSync(next)) next = apply(next, entry).topology
  return next
}

/** Nodes 1 to 3, two copies of each segment, as balanced as it gets. */
function settled(): Topology {
  let topology = join(join(foundingTopology(introduction(1)), 2), 3)
  const rebalance = new Rebalance(policy)
  for (let now = 0; now < 2_000_000; now += 2_000) {
    const steps = rebalance.steps(topology, now)
    if (steps.entries.length === 0 && steps.orders.length === 0) return topology
    topology = applied(topology, steps)
  }
  throw new Error('does not settle')
}

const THREE = settled()

describe('The coordinator', () => {
  it('wants nothing while all is as it should be', () => {
    expect(new Rebalance(policy).steps(THREE, 0)).toEqual({ entries: [], orders: [] })
  })

  it('expects back who is down, and replaces its copies when it does not come', () => {
    const rebalance = new Rebalance(policy)
    const one = fail(THREE, 3)
    expect(rebalance.steps(one, 1_000).entries).toEqual([])
    expect(rebalance.steps(one, 1_000 + replaceTimeoutMs - 1).entries).toEqual([])
    const { entries } = rebalance.steps(one, 1_000 + replaceTimeoutMs)
    expect(entries.length).toBeGreaterThan(0)
    // Who is not owner any more is dropped first, then the copy is made.
    expect(entries.every(({ kind }) => kind === 'drop-owner' || kind === 'add-owner')).toBe(true)
  })

  it('counts anew when the member was back in between', () => {
    const rebalance = new Rebalance(policy)
    const one = fail(THREE, 3)
    rebalance.steps(one, 1_000)
    rebalance.steps(join(one, 3, { incarnation: 2 }), 2_000)
    expect(rebalance.steps(one, 1_000 + replaceTimeoutMs).entries).toEqual([])
  })

  it('gives nothing to who is down, and drops nobody in its favour', () => {
    const four = join(THREE, 4)
    const rebalance = new Rebalance(policy)
    rebalance.steps(four, 0)
    const down = fail(four, 4)
    const steps = rebalance.steps(down, 10)
    expect(steps).toEqual({ entries: [], orders: [] })
  })

  it('gives an order again when it was not followed for a while, not at every look', () => {
    let topology = join(foundingTopology(introduction(1)), 2)
    for (let segment = 0; segment < 256; segment++) topology = addCopy(topology, segment, 2)
    const rebalance = new Rebalance(policy)
    const first = rebalance.steps(topology, 0).orders
    expect(first).toHaveLength(policy.plan.handOversMax)
    expect(first.every(({ to }) => to === nodeId(2))).toBe(true)
    expect(rebalance.steps(topology, 500).orders).toEqual([])
    expect(rebalance.steps(topology, 1_000).orders).toEqual(first)
  })

  it('leaves lost segments alone, unless they may start empty', () => {
    const lost = fail(THREE, 1, 2)
    const isLost = lost.segments.filter(segment => primary(segment) === undefined).length
    expect(isLost).toBeGreaterThan(0)
    expect(new Rebalance(policy).steps(lost, 0).entries).toEqual([])
    const empty = new Rebalance({ ...policy, servesLostEmpty: true })
    let topology = lost
    for (let now = 0; now < 100; now++) topology = applied(topology, empty.steps(topology, now))
    expect(topology.segments.every(segment => primary(segment) === nodeId(3))).toBe(true)
  })
})
