// The disk of the first node of a new cluster, before its first start.
//
// It holds a grid of one node, which owns everything and is the quorum. From then on the founder is
// a node like any other: it starts from its disk, and whoever joins is sent what is on it.

import type { Restored } from '../raft/raft.ts'
import { FOUNDING_HARD_STATE, foundingSnapshot } from '../raft/snapshot.ts'
import { encodeTopology } from '../topology/codec.ts'
import type { Introduction } from '../topology/member.ts'
import { foundingTopology } from '../topology/topology.ts'

export function foundingDisk(founder: Introduction): Restored {
  const state = encodeTopology(foundingTopology(founder))
  const snapshot = foundingSnapshot([founder.id], state)
  return Object.freeze({ hardState: FOUNDING_HARD_STATE, snapshot, entries: Object.freeze([]) })
}
