// A cluster in the middle of its life: members that own every segment together, all of it in sync.
//
// To grow there from a single node takes hundreds of transfers, which other seeds go through. Here
// each node is given the disk that it would have, and its data plane is told, through its own
// interface, the two topologies that lead to where it begins.
//
// Most seeds look at a grid of which a part is lost: all but some segments belong to a member that
// is gone, and wait for an operator. What moves when nodes come and go is then a tenth of it, and
// ten times as many seeds are tried.

import { target } from '../../cluster/placement/target.ts'
import { configuration } from '../../cluster/raft/configuration.ts'
import { FOUNDING_HARD_STATE } from '../../cluster/raft/snapshot.ts'
import { encodeTopology } from '../../cluster/topology/codec.ts'
import type { Introduction, Member } from '../../cluster/topology/member.ts'
import { type Segment, segment } from '../../cluster/topology/segment.ts'
import { freezeTopology, SEGMENT_COUNT, type Topology } from '../../cluster/topology/topology.ts'
import type { SimulatedNode } from './node.ts'

export const CLUSTER_ID = 'c'.repeat(40)

const GHOST_ID = 'f'.repeat(40)

const LOST: Segment = Object.freeze({
  owners: Object.freeze([GHOST_ID]),
  inSync: Object.freeze([]),
  pending: Object.freeze([]),
  lastInSync: Object.freeze([Object.freeze({ id: GHOST_ID, incarnation: 1 })]),
  epoch: 1,
})

function memberOf(introduction: Introduction, state: 'up' | 'down'): Member {
  return Object.freeze({ ...introduction, state, isLeaving: false, epoch: 1 })
}

export function found(nodes: readonly SimulatedNode[]): void {
  const { options } = nodes[0]!.world
  const { owners, votersMax } = options.metadata.policy
  for (const node of nodes) node.disk.incarnation = 1
  const nobody = Array.from({ length: SEGMENT_COUNT }, () => [])
  const introductions = nodes.map(node => node.introduction)
  const assignment = target(introductions, nobody, owners)
  const ghost: Introduction = { ...introductions[0]!, id: GHOST_ID, capacity: 0 }
  const members = nodes.map(node => memberOf(node.introduction, 'up'))
  if (options.liveSegments !== undefined) members.push(memberOf(ghost, 'down'))
  members.sort((a, b) => (a.id < b.id ? -1 : 1))
  const count = Math.min(nodes.length, votersMax)
  const voters = nodes.slice(0, count - 1 + (count % 2)).map(node => node.id)
  const isLive = (number: number) => options.liveSegments?.has(number) ?? true
  const topologyOf = (epoch: number, copies: number): Topology =>
    freezeTopology({
      epoch,
      members,
      segments: assignment.map((ids, number) =>
        isLive(number) ? segment(ids.slice(0, copies), epoch) : LOST,
      ),
      voters,
      caches: [],
    })
  const alone = topologyOf(1, 1)
  const together = topologyOf(2, owners)
  const learners = nodes.map(node => node.id).filter(id => !voters.includes(id))
  const snapshot = {
    index: 1,
    term: 1,
    configuration: configuration(voters, learners),
    state: encodeTopology(together),
  }
  for (const node of nodes) {
    node.disk.cluster = CLUSTER_ID
    node.disk.found(FOUNDING_HARD_STATE, snapshot)
    // Its start makes it the first incarnation again.
    node.disk.incarnation = 0
    node.start(alone)
    fill(node, together)
  }
}

/** Gives the node's data plane the copies that it backs up, which are empty. */
function fill(node: SimulatedNode, topology: Topology): void {
  const { replication } = node.process!.data
  const now = node.process!.data.clock()
  for (const peer of topology.members) {
    if (peer.id === node.id) continue
    replication.peerUp(peer.id)
    topology.segments.forEach(({ owners }, number) => {
      if (owners[0] !== peer.id || !owners.includes(node.id)) return
      const subject = { segment: number, sequence: 0 }
      replication.received(peer.id, { kind: 'transfer', epoch: 1, ...subject }, now)
      replication.received(peer.id, { kind: 'transferred', ...subject }, now)
    })
    replication.peerDown(peer.id)
  }
  replication.setTopology(topology, now)
  node.world.invariants.topologyLearned(node, topology)
}
