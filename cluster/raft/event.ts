// What goes into the machine and what comes out of it.
//
// The shell around it, be it sockets and files or a simulator, steps one event at a time and then
// carries out the effects in this order: publish `leaseUntil`, start `write`, send `messages`,
// replace the state machine by `restored`, apply `committed`. Messages may leave at once: those
// that depend on a write are held back inside until the shell reports it.

import type { Change, NodeId } from './configuration.ts'
import type { Entry, HardState } from './entry.ts'
import type { Message } from './message.ts'
import type { Snapshot } from './snapshot.ts'

export type Event =
  | { readonly kind: 'tick' }
  | { readonly kind: 'message'; readonly message: Message }
  /** This write and all before it survive a crash from now on. */
  | { readonly kind: 'persisted'; readonly write: number }
  | { readonly kind: 'propose'; readonly bytes: Uint8Array }
  | { readonly kind: 'reconfigure'; readonly change: Change }
  | { readonly kind: 'transfer'; readonly to: NodeId }
  /** The state machine's state after everything it was given. */
  | { readonly kind: 'compact'; readonly state: Uint8Array }

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader'

export interface Standing {
  readonly role: Role
  readonly term: number
  readonly leader: NodeId | undefined
}

/**
 * What must survive a crash from now on. A crash keeps a write whole or not at all, and none without
 * those before it: half of one could leave entries of a term that was never persisted, or old
 * entries behind a snapshot that has nothing to do with them.
 */
export interface Write {
  /** Ascends by one. Writes reach the disk in this order. */
  readonly number: number
  readonly hardState: HardState | undefined
  /** Entries at or before its index may be dropped from disk. */
  readonly snapshot: Snapshot | undefined
  /** The snapshot came from the leader: no older entry may be kept on disk, whatever its index. */
  readonly isSnapshotInstalled: boolean
  /** Everything on disk from the index of the first one on is replaced. */
  readonly entries: readonly Entry[]
}

export type Outcome =
  /**
   * It is in the log. It took effect if the entry committed at `index` has this `term`, and never
   * will if another has.
   */
  | { readonly kind: 'accepted'; readonly index: number; readonly term: number }
  /** Nothing changed. */
  | { readonly kind: 'refused'; readonly reason: Refusal }

export type Refusal =
  | 'not-leader'
  /** Leadership is being handed over. */
  | 'transferring'
  | 'too-large'
  /** The log, the disk or another change of configuration has to make way first. */
  | 'busy'
  /** The change does not fit the configuration. */
  | 'impossible'
  /** The learner would hold up commits. */
  | 'behind'
  /** Those that would have to agree do not answer. */
  | 'no-quorum'

export interface Effects {
  /** This node is the only leader before this moment of its own clock; 0 if that is not known. */
  readonly leaseUntil: number
  readonly write: Write | undefined
  readonly messages: readonly Message[]
  readonly restored: Snapshot | undefined
  readonly committed: readonly Entry[]
  /** What became of a proposal, reconfiguration or transfer; undefined for other events. */
  readonly outcome: Outcome | undefined
  /** Set if it changed. */
  readonly standing: Standing | undefined
  /** The log asks to be compacted. */
  readonly isCompactionDue: boolean
}
