// lease.ts — What this side knows of a lease: until when it certainly holds.
//
// A lease that the server granted lasts at least until (when it was asked for) + (its length), for
// the server's clock started later. One per cent is left to the difference of the clocks' speeds. So
// the deadline is the moment from which it may be somebody else's, whatever the network does.

import { now } from './clock.ts'
import { LatchkeyError } from './errors.ts'
import type { Binding } from './own-connection.ts'

/** A lease is renewed when this part of it is over. */
const RENEWAL_PART = 1 / 3
/** How often it is tried again while there is no answer. */
const RETRY_PART = 1 / 10
/** How far two clocks may drift apart in the time of a lease. */
const DRIFT_PART = 1 / 100

export class Lease {
  readonly leaseMs: number
  /** Whether it is renewed until it is given back. */
  readonly renews: boolean
  /** From when on it may be somebody else's. */
  deadline = 0
  /** Whether more time was asked for, and there is no answer yet. */
  isAsked = false
  /** When to ask for more time, or to ask again. */
  renewAt = Number.POSITIVE_INFINITY
  /** By which it is extended and given back; undefined while that is in doubt: then the owner alone is. */
  token: number | undefined
  /** In the place of a length: the connection as long as which it lasts. */
  binding: Binding | undefined
  #loss: LatchkeyError | undefined
  /** Made when somebody asks for the signal: most never do, and it costs more than all the rest. */
  #controller: AbortController | undefined

  constructor(leaseMs: number, renews: boolean, token: number, sentAt: number) {
    this.leaseMs = leaseMs
    this.renews = renews
    this.token = token
    this.renewed(sentAt)
  }

  /** Aborts when it is lost, or may be. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#loss !== undefined) this.#controller.abort(this.#loss)
    }
    return this.#controller.signal
  }

  /** True only while it certainly holds; true to the clock even where timers are late. */
  get isCertain(): boolean {
    return this.#loss === undefined && now() < this.deadline
  }

  /** The server granted time, asked at `sentAt`. */
  renewed(sentAt: number, leaseMs = this.leaseMs): void {
    this.isAsked = false
    this.deadline = sentAt + leaseMs * (1 - DRIFT_PART)
    if (this.renews) this.renewAt = sentAt + leaseMs * RENEWAL_PART
  }

  /**
   * A new length was asked for. Without an answer either lease may be the server's, so the shorter
   * one counts; and it is asked for again.
   */
  asked(at: number, leaseMs = this.leaseMs): void {
    this.isAsked = true
    this.deadline = Math.min(this.deadline, at + leaseMs * (1 - DRIFT_PART))
    if (this.renews) this.renewAt = at + this.leaseMs * RETRY_PART
  }

  lose(why: string, cause?: unknown): void {
    if (this.#loss !== undefined) return
    this.#loss = new LatchkeyError('LOST', why, cause === undefined ? {} : { cause })
    this.#controller?.abort(this.#loss)
  }
}

/** Whether a grant that took so long to arrive tells too little about when its lease began. */
export function isStale(sentAt: number, leaseMs: number): boolean {
  return now() - sentAt > leaseMs * RENEWAL_PART
}
