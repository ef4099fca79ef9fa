// What goes into the metadata plane and what comes out of it.
//
// How a shell drives it, be it a worker thread or a simulator. It makes one `Metadata` per life of
// the process, with what the disk held (`founding.ts` makes the disk of a cluster's first node). It
// steps a `tick` every 10 ms or so, a `message` for each that arrives, `persisted` when writes are
// durable, `alive` when the data thread ticked, and `propose` for the data thread. After each step
// it carries out the effects in this order:
//   1. publish `lease` to the data thread;
//   2. keep `joined`, the cluster's id, on disk before anything else is done;
//   3. start `writes`, in order, and report each as `persisted` when it and all before it are
//      durable;
//   4. send `messages` (those that depend on a write are held back inside until it is reported);
//   5. give `topology` and `orders` to the data thread.
// The time is the node's own monotonic clock in ms, the same for worker and data thread.

import type { NodeId } from '../raft/configuration.ts'
import type { Write } from '../raft/event.ts'
import type { TopologyEntry } from '../topology/entry.ts'
import type { Topology } from '../topology/topology.ts'
import type { ClusterId, MetadataMessage, Recipient, RefusalReason } from './message.ts'
import type { Policy } from './options.ts'
import type { HandOverOrder } from './port.ts'

export type MetadataEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'message'; readonly message: MetadataMessage }
  /** This write and all before it survive a crash from now on. */
  | { readonly kind: 'persisted'; readonly write: number }
  /** From this node's data thread. */
  | { readonly kind: 'propose'; readonly entries: readonly TopologyEntry[] }
  /** The data thread lives. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'policy'; readonly policy: Policy }
  /**
   * The process is about to end in an orderly way. From now on there is no lease. A coordinator
   * hands its leadership over; it should be given a moment for that, with ticks and messages.
   */
  | { readonly kind: 'stop' }

/**
 * Until when this node may serve, on its own clock; 0 if it may not. It counts only for who acts on
 * a topology of `epoch` or later: a node that was taken for dead and came back must not serve by
 * the topology of before, and the data thread may hear of the lease before it hears of that.
 */
export interface Lease {
  readonly until: number
  readonly epoch: number
}

export interface Outgoing {
  readonly to: Recipient
  readonly message: MetadataMessage
}

/** What an operator should find in the log. */
export type Notice =
  | { readonly kind: 'coordinating'; readonly term: number }
  | { readonly kind: 'no longer coordinating'; readonly term: number }
  | { readonly kind: 'member joined'; readonly id: NodeId; readonly incarnation: number }
  | { readonly kind: 'members failed'; readonly ids: readonly NodeId[] }
  | { readonly kind: 'member removed'; readonly id: NodeId }
  | { readonly kind: 'refused'; readonly by: NodeId; readonly reason: RefusalReason }
  | { readonly kind: 'refusing'; readonly id: NodeId; readonly reason: RefusalReason }
  | { readonly kind: 'data thread stalled'; readonly silentMs: number }
  | { readonly kind: 'data thread lives' }

/** Why a node is out of its cluster for good. It sends nothing any more. */
export type Ending = 'forgotten' | 'superseded'

export interface MetadataEffects {
  readonly lease: Lease
  readonly joined: ClusterId | undefined
  readonly writes: readonly Write[]
  readonly messages: readonly Outgoing[]
  /** The latest, if it changed. */
  readonly topology: Topology | undefined
  readonly orders: readonly HandOverOrder[]
  readonly notices: readonly Notice[]
  /** Set once. */
  readonly ended: Ending | undefined
}
