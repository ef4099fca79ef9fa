// What routing knows of the grid at the moment: who serves which segment, and whether we may.

import type { NodeId } from '../raft/configuration.ts'
import type { Topology } from '../topology/topology.ts'

/**
 * What a node does for a segment.
 * - `serves`: it is the primary, and executes commands while its lease holds;
 * - `settles`: it is the primary now or in a moment, and cannot execute yet, or any more: commands wait;
 * - `backs up`: it is in sync, and may answer reads of clients who asked for that;
 * - `elsewhere`: another member is the primary;
 * - `lost`: no copy that counts is left, nobody serves.
 */
export type SegmentRole = 'serves' | 'settles' | 'backs up' | 'elsewhere' | 'lost'

export interface ClusterView {
  readonly self: NodeId
  readonly topology: Topology
  /** Monotonic ms; commands are executed before this moment only. */
  readonly leaseUntil: number
  roleOf(segment: number): SegmentRole
  /** So much is not committed that writes have to wait. */
  readonly isCongested: boolean
  /** Called after a topology was taken over, or the role of a segment has changed. */
  onChange(listener: () => void): void
}

/** Messages between data threads that replication knows nothing of. */
export interface PeerChannel {
  /** Members to which there is a link now. */
  readonly peers: Iterable<NodeId>
  /** Goes out in order, or not at all: false if there is no link. `kind` is a small number. */
  send(to: NodeId, kind: number, payload: Buffer): boolean
  onMessage(kind: number, listener: (from: NodeId, payload: Buffer) => void): void
}
