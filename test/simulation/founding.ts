// A cluster in the middle of its life: members that own every segment together, all of it in sync.
//
// To grow there from a single node takes hundreds of transfers, which other seeds go through. Here
// each node is given the disk that it would have, and its data plane is told, through its own
// interface, the two topologies that lead to where it begins.

import { target } from '../../cluster/placement/target.ts'
import { configuration } from '../../cluster/raft/configuration.ts'
import { FOUNDING_HARD_STATE } from '../../cluster/raft/snapshot.ts'
import { encodeTopology } from '../../cluster/topology/codec.ts'
import { segment } from '../../cluster/topology/segment.ts'
import { freezeTopology, SEGMENT_COUNT, type Topology } from '../../cluster/topology/topology.ts'
import type { SimulatedNode } from './node.ts'

export const CLUSTER_ID = 'c'.repeat(40)

export function found(nodes: readonly SimulatedNode[]): void {
  const { options } = nodes[0]!.world
  const { owners, votersMax } = options.metadata.policy
  for (const node of nodes) node.disk.incarnation = 1
  const nobody = Array.from({ length: SEGMENT_COUNT }, () => [])
  const assignment = target(
    nodes.map(node => node.introduction),
    nobody,
    owners,
  )
  const members = nodes
    .map(node => ({ ...node.introduction, state: 'up', isLeaving: false, epoch: 1 }) as const)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const count = Math.min(nodes.length, votersMax)
  const voters = members.slice(0, count - 1 + (count % 2)).map(member => member.id)
  const shared = { members, voters, caches: [] }
  const alone: Topology = freezeTopology({
    ...shared,
    epoch: 1,
    segments: assignment.map(ids => segment(ids.slice(0, 1), 1)),
  })
  const together: Topology = freezeTopology({
    ...shared,
    epoch: 2,
    segments: assignment.map(ids => segment(ids, 2)),
  })
  const learners = members.map(member => member.id).filter(id => !voters.includes(id))
  const snapshot = {
    index: 1,
    term: 1,
    configuration: configuration(voters, learners),
    state: encodeTopology(together),
  }
  for (const node of nodes) {
    node.disk.cluster = CLUSTER_ID
    node.disk.content = { hardState: FOUNDING_HARD_STATE, snapshot, entries: [] }
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
