// What consensus nodes say to each other.
//
// Every message carries the sender's own current term, also those about a vote that is only being
// sounded out. So one rule serves all: a higher term is adopted, a lower one is answered with the
// newer term or ignored. Messages may be lost, delayed, repeated and reordered; none of them
// assumes that another arrived.

import type { NodeId } from './configuration.ts'
import type { Entry } from './entry.ts'
import type { Chunk } from './snapshot.ts'

interface Envelope {
  readonly from: NodeId
  readonly to: NodeId
  readonly term: number
}

export interface VoteRequest extends Envelope {
  readonly kind: 'vote-request'
  /** Asks whether a vote in `term + 1` would be granted. Changes nothing at the voter. */
  readonly preVote: boolean
  /** The leader asked for this election, so its lease does not stand against it. */
  readonly transfer: boolean
  readonly lastIndex: number
  readonly lastTerm: number
}

export interface VoteReply extends Envelope {
  readonly kind: 'vote-reply'
  readonly preVote: boolean
  readonly granted: boolean
}

export interface Append extends Envelope {
  readonly kind: 'append'
  readonly previousIndex: number
  readonly previousTerm: number
  readonly entries: readonly Entry[]
  readonly committed: number
}

export interface AppendAccepted extends Envelope {
  readonly kind: 'append-accepted'
  /** The sender's log equals the leader's up to here, on disk. */
  readonly matched: number
}

export interface AppendRefused extends Envelope {
  readonly kind: 'append-refused'
  /** Of the append that did not fit. */
  readonly previousIndex: number
  /** The last position of the sender's log that may still agree with the leader's. */
  readonly hintIndex: number
  readonly hintTerm: number
}

export interface Heartbeat extends Envelope {
  readonly kind: 'heartbeat'
  /** Invariant: not past what the receiver is known to hold. */
  readonly committed: number
  /** The leader's clock. Means nothing to the receiver, who only echoes it. */
  readonly sentAt: number
}

export interface HeartbeatReply extends Envelope {
  readonly kind: 'heartbeat-reply'
  readonly sentAt: number
}

export interface SnapshotChunk extends Envelope, Chunk {
  readonly kind: 'snapshot-chunk'
}

export interface SnapshotReply extends Envelope {
  readonly kind: 'snapshot-reply'
  readonly snapshotIndex: number
  /** Bytes held from the start. */
  readonly received: number
}

/** The leader asks the receiver to stand for election at once. */
export interface TimeoutNow extends Envelope {
  readonly kind: 'timeout-now'
}

export type Message =
  | VoteRequest
  | VoteReply
  | Append
  | AppendAccepted
  | AppendRefused
  | Heartbeat
  | HeartbeatReply
  | SnapshotChunk
  | SnapshotReply
  | TimeoutNow

type WithoutEnvelope<M> = M extends Message ? Omit<M, keyof Envelope> : never

/** A message without its envelope, which the machine adds. */
export type Body = WithoutEnvelope<Message>
