// Everything that may go wrong, at random, for a while; then a calm in which the cluster must
// recover.

import type { ChangeKind } from '../../../cluster/raft/configuration.ts'
import { CALM, type SimulatedCluster, type SimulatedNode } from './simulated-cluster.ts'

/** How many times in a second, on average, each thing happens. */
export interface Chaos {
  readonly proposals: number
  readonly partitions: number
  readonly heals: number
  readonly crashes: number
  readonly leaderCrashes: number
  readonly restarts: number
  readonly pauses: number
  readonly resumes: number
  readonly changes: number
  readonly transfers: number
}

export const EVERYTHING: Chaos = {
  proposals: 100,
  partitions: 2,
  heals: 2,
  crashes: 1,
  leaderCrashes: 0.5,
  restarts: 4,
  pauses: 1,
  resumes: 4,
  changes: 4,
  transfers: 1,
}

const CHANGES: readonly ChangeKind[] = ['add', 'promote', 'demote', 'remove']

export function unleash(cluster: SimulatedCluster, chaos: Chaos, ms: number): void {
  const { seeded } = cluster
  const happens = (perSecond: number) => seeded.chance(perSecond / 1000)
  for (let i = 0; i < ms; i++) {
    const running = cluster.running
    const leaders = running.filter(node => node.raft!.standing.role === 'leader')
    if (happens(chaos.proposals)) {
      for (const node of leaders) cluster.propose(node, `${cluster.now}`)
    }
    if (happens(chaos.partitions)) split(cluster)
    if (happens(chaos.heals)) cluster.heal()
    if (leaders.length > 0 && happens(chaos.leaderCrashes)) cluster.crash(seeded.pick(leaders))
    if (running.length > 0) {
      const node = seeded.pick(running)
      if (happens(chaos.crashes) && node.raft !== undefined) cluster.crash(node)
      if (happens(chaos.pauses)) cluster.pause(node)
    }
    if (happens(chaos.restarts)) restart(cluster)
    if (happens(chaos.resumes)) resume(cluster)
    if (leaders.length > 0) {
      const leader = seeded.pick(leaders)
      const id = seeded.pick(cluster.nodes).id
      if (happens(chaos.changes)) {
        const change = { kind: seeded.pick(CHANGES), id }
        if (leader.raft !== undefined) cluster.step(leader, { kind: 'reconfigure', change })
      }
      if (happens(chaos.transfers) && leader.raft !== undefined) {
        cluster.step(leader, { kind: 'transfer', to: id })
      }
    }
    cluster.run(1)
  }
}

/** Cuts a random set of links: between two halves, one way only, or all but one node's. */
function split(cluster: SimulatedCluster): void {
  const { seeded, nodes } = cluster
  const side = nodes.filter(() => seeded.chance(0.5))
  const rest = nodes.filter(node => !side.includes(node))
  const shape = seeded.below(3)
  if (shape === 0) cluster.partition(side, rest)
  else if (shape === 1) {
    for (const a of side) for (const b of rest) cluster.cut.add(`${a.id} ${b.id}`)
  } else {
    const bridge = seeded.pick(nodes)
    const without = (group: readonly SimulatedNode[]) => group.filter(node => node !== bridge)
    cluster.partition(without(side), without(rest))
  }
}

function restart(cluster: SimulatedCluster): void {
  const down = cluster.nodes.filter(node => node.raft === undefined)
  if (down.length > 0) cluster.start(cluster.seeded.pick(down))
}

function resume(cluster: SimulatedCluster): void {
  const paused = cluster.nodes.filter(node => node.isPaused && node.raft !== undefined)
  if (paused.length > 0) cluster.resume(cluster.seeded.pick(paused))
}

/**
 * Everybody is back and every link works. A leader must emerge, commit, and bring all to its log.
 */
export function recover(cluster: SimulatedCluster): void {
  cluster.faults = { ...CALM, clockDrift: cluster.faults.clockDrift }
  cluster.heal()
  for (const node of cluster.nodes) {
    if (node.raft === undefined) cluster.start(node)
    else if (node.isPaused) cluster.resume(node)
  }
  cluster.runUntil(() => holdsLease(cluster, cluster.leader), 5_000, 'a leader with a lease')
  let index = Number.POSITIVE_INFINITY
  const isAccepted = () => {
    const outcome = cluster.leader && cluster.propose(cluster.leader, 'after the storm')
    if (outcome?.kind === 'accepted') index = outcome.index
    return outcome?.kind === 'accepted'
  }
  cluster.runUntil(isAccepted, 5_000, 'a leader that takes proposals')
  const isApplied = () => {
    const { leader } = cluster
    if (leader === undefined) return false
    const { voters, learners } = leader.raft!.configuration
    return [...voters, ...learners].every(id => cluster.node(id).applied >= index)
  }
  cluster.runUntil(isApplied, 5_000, 'all have applied what was proposed after the storm')
}

function holdsLease(cluster: SimulatedCluster, node: SimulatedNode | undefined): boolean {
  return node !== undefined && node.clock(cluster.now) < node.leaseUntil
}
