// hold.ts — One owner's hold on a lock, a semaphore, a leadership or a barrier.
//
// A hold ends with its lease (`leaseMs` after the grant or the last extension), or with the
// connection it is bound to, or with both; an absent one is 0. Only `Holders` changes the fields:
// it keeps indexes over them.

import type { Refused } from './coordinated.ts'
import type { Due } from './deadlines.ts'
import { BOXED_NUMBER_BYTES, OBJECT_BYTES, stringBytes, WORD_BYTES } from './footprint.ts'

/** What is replicated and transferred of a hold. */
export interface HoldState {
  readonly owner: string
  /** The fencing token. 0 where the family has none. */
  readonly token: number
  /** True for the writer of a lock and for a leader: nobody else can hold it. */
  readonly exclusive: boolean
  /** How often a lock was entered, or how many permits of a semaphore are held. */
  readonly count: number
  /** Full length of the lease; 0 for none. */
  readonly leaseMs: number
  /** The connection whose end ends the hold; 0 for none. */
  readonly connection: number
  /** The owner's own words: `META` of a lock, the value of a leader. */
  readonly meta: string
}

/** A hold as others than `Holders` see it. */
export type HoldView = Readonly<Hold>

/** An operation that gave, or found, a hold. */
export interface Granted {
  readonly kind: 'granted'
  readonly hold: HoldView
  /** Whether a new token was issued, that is, the holder is a new one. */
  readonly fresh: boolean
}

/** The owner holds it, and goes on doing so. */
export interface Kept {
  readonly kind: 'kept'
  readonly hold: HoldView
}

/** Somebody else holds it, or nobody does. */
export type NotHolder = Refused<'NOTOWNER' | 'NOTHELD'>

export class Hold implements HoldState, Due {
  readonly owner: string
  token: number
  exclusive: boolean
  count: number
  leaseMs: number
  connection: number
  meta: string
  /** When this owner got it, on this node's clock. Not replicated. */
  readonly grantedAt: number
  /** Invariant: Infinity exactly if `leaseMs` is 0. */
  expiresAt: number

  // Places in the indexes of `Holders`.
  deadlineIndex = -1
  next: Hold | undefined = undefined
  previous: Hold | undefined = undefined

  constructor(state: HoldState, now: number) {
    this.owner = state.owner
    this.token = state.token
    this.exclusive = state.exclusive
    this.count = state.count
    this.leaseMs = state.leaseMs
    this.connection = state.connection
    this.meta = state.meta
    this.grantedAt = now
    this.expiresAt = leaseEnd(state.leaseMs, now)
  }

  state(): HoldState {
    return {
      owner: this.owner,
      token: this.token,
      exclusive: this.exclusive,
      count: this.count,
      leaseMs: this.leaseMs,
      connection: this.connection,
      meta: this.meta,
    }
  }

  memory(): number {
    return HOLD_BYTES + stringBytes(this.owner) + stringBytes(this.meta)
  }
}

/** Twelve fields, of which token and both times are boxed. */
const HOLD_BYTES = OBJECT_BYTES + 12 * WORD_BYTES + 3 * BOXED_NUMBER_BYTES

export function leaseEnd(leaseMs: number, now: number): number {
  return leaseMs === 0 ? Number.POSITIVE_INFINITY : now + leaseMs
}
