// What the data thread sees of the metadata plane, which runs on a thread of its own.

import type { NodeId } from '../raft/configuration.ts'
import type { TopologyEntry } from '../topology/entry.ts'
import type { Topology } from '../topology/topology.ts'

/** The coordinator wants a segment served by another owner, which is in sync. */
export interface HandOverOrder {
  readonly segment: number
  readonly to: NodeId
  /** Of the segment, as the coordinator saw it. An order about another epoch is void. */
  readonly epoch: number
}

export interface MetadataPort {
  /** The latest that this node knows. */
  readonly topology: Topology
  /**
   * This node may serve before this moment, in ms of the data thread's monotonic clock. Read from
   * shared memory at each look, so it is never older than the thread that renews it knows.
   */
  readonly leaseUntil: number
  onTopology(listener: (topology: Topology) => void): void
  /** The primary stops serving, settles what is under way, and only then proposes. */
  onHandOver(listener: (order: HandOverOrder) => void): void
  /**
   * Hands proposals to the coordinator, wherever it is. Nothing comes back: what became of them is
   * seen in the topology, and who needs one repeats it until the segment's epoch has moved on.
   */
  propose(entries: readonly TopologyEntry[]): void
  /** The data thread lives. */
  tick(): void
}
