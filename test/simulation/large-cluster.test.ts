// A hundred nodes: what a join, the failure of one and of a rack move and send, beside the least
// that would do. SIMULATION_SHOW=1 prints it.

import { describe, expect, it } from 'vitest'
import { DEFAULT_METADATA_OPTIONS } from '../../cluster/metadata/options.ts'
import { DEFAULT_REPLICATION_OPTIONS } from '../../cluster/replication/options.ts'
import type { Topology } from '../../cluster/topology/topology.ts'
import { CALM_NETWORK } from './network.ts'
import type { SimulatedNode } from './node.ts'
import { PRODUCTION } from './parts.ts'
import { heal } from './simulation.ts'
import { World } from './world.ts'

const NODE_COUNT = 100
const RACK_COUNT = 10
const OWNERS = 2
const SEGMENT_COPIES = 256 * OWNERS
const REPLACE_TIMEOUT_MS = 1_000

/** Per member and second, when nothing happens: ten heartbeats, and twenty answers to the leader's. */
const CALM_MESSAGES_PER_SECOND = 30
/** Each decision reaches each member as an append, is acknowledged, and its commit is told. */
const MESSAGES_PER_DECISION = 4

interface Measured {
  /** Copies that are where they were not before. */
  readonly moved: number
  readonly seconds: number
  readonly decisions: number
  /** Messages of the metadata plane that each member sent, but for the coordinator. */
  readonly sentMean: number
  readonly sentMax: number
  readonly sentByCoordinator: number
}

function largeWorld(): World {
  const policy = { ...DEFAULT_METADATA_OPTIONS.policy, replaceTimeoutMs: REPLACE_TIMEOUT_MS }
  const world = new World(
    1,
    {
      nodeCount: NODE_COUNT,
      spareCount: 1,
      clientCount: 0,
      thinkMsMax: 0,
      liveSegments: undefined,
      subjects: [],
      clockDrift: 0,
      faults: CALM_NETWORK,
      labelsOf: place => ({ site: '', rack: `rack ${place % RACK_COUNT}`, machine: '' }),
      metadata: { ...DEFAULT_METADATA_OPTIONS, policy },
      replication: DEFAULT_REPLICATION_OPTIONS,
    },
    PRODUCTION,
  )
  world.run(2_000)
  heal(world)
  return world
}

function holders({ segments }: Topology): readonly ReadonlySet<string>[] {
  return segments.map(({ owners }) => new Set(owners))
}

/** Does something to the cluster, and waits until it is as it should be. */
function measure(world: World, what: string, change: () => void): Measured {
  const before = world.invariants.latest
  const sentBefore = new Map(world.nodes.map(node => [node, sentBy(node)]))
  const since = world.timeline.now
  change()
  // Until it is noticed, and those who are down are not waited for any more.
  world.run(3_000)
  heal(world)
  const after = world.invariants.latest
  const here = holders(before)
  const moved = after.segments.reduce(
    (sum, { owners }, number) => sum + owners.filter(id => !here[number]!.has(id)).length,
    0,
  )
  const sent = world.running.map(node => sentBy(node) - sentBefore.get(node)!)
  sent.sort((a, b) => b - a)
  const [sentByCoordinator = 0, ...others] = sent
  const measured: Measured = {
    moved,
    seconds: (world.timeline.now - since) / 1_000,
    decisions: after.epoch - before.epoch,
    sentMean: others.reduce((sum, count) => sum + count, 0) / others.length,
    sentMax: others[0]!,
    sentByCoordinator,
  }
  if (process.env['SIMULATION_SHOW'] !== undefined) {
    process.stdout.write(`${what}: ${JSON.stringify(measured)}\n`)
  }
  return measured
}

function sentBy(node: SimulatedNode): number {
  return node.process?.metadata.sentCount ?? 0
}

function copiesOf(world: World, nodes: readonly SimulatedNode[]): number {
  const ids = nodes.map(node => node.id)
  return world.invariants.latest.segments.reduce(
    (sum, { owners }) => sum + owners.filter(id => ids.includes(id)).length,
    0,
  )
}

function expectFewMessages({ decisions, seconds, sentMean, sentMax }: Measured): void {
  const bound = CALM_MESSAGES_PER_SECOND * seconds + MESSAGES_PER_DECISION * decisions
  expect(sentMean).toBeLessThan(bound)
  // Members that hand segments over or send them also propose.
  expect(sentMax).toBeLessThan(2 * bound)
}

describe('A cluster of a hundred nodes', { timeout: 240_000 }, () => {
  it('moves what it must and no more, when one joins, one fails, and a rack fails', () => {
    const world = largeWorld()
    const { nodes } = world

    const join = measure(world, 'a node joins', () => nodes[NODE_COUNT]!.start())
    const share = SEGMENT_COPIES / (NODE_COUNT + 1)
    expect(join.moved).toBeGreaterThanOrEqual(Math.floor(share))
    expect(join.moved).toBeLessThanOrEqual(Math.ceil(share) + 1)
    expectFewMessages(join)

    const victim = nodes[57]!
    const ofOne = copiesOf(world, [victim])
    const failure = measure(world, 'a node fails', () => victim.crash(true))
    expect(failure.moved).toBeGreaterThanOrEqual(ofOne)
    expect(failure.moved).toBeLessThanOrEqual(ofOne + 1)
    expectFewMessages(failure)

    const rack = nodes.filter(node => node.process !== undefined && node.place % RACK_COUNT === 3)
    const ofRack = copiesOf(world, rack)
    const rackFailure = measure(world, 'a rack fails', () => {
      for (const node of rack) node.crash(true)
    })
    expect(rackFailure.moved).toBeGreaterThanOrEqual(ofRack)
    expect(rackFailure.moved).toBeLessThanOrEqual(Math.ceil(1.1 * ofRack))
    expectFewMessages(rackFailure)
    expect(world.invariants.latest.segments.every(({ inSync }) => inSync.length === OWNERS)).toBe(
      true,
    )
  })
})
