// throttle.ts — The limiter of CL.THROTTLE: the generic cell rate algorithm.
//
// One number is kept: the debt, that is, how far the theoretical arrival time of the next request
// lies ahead. A request adds one emission interval per unit, time works the debt off, and it may not
// exceed burst + 1 intervals. The arithmetic is redis-cell's, in whole nanoseconds, so that the
// replies agree to the last digit; sums stay exact up to debts of 104 days. There is one difference:
// redis-cell divides by whole microseconds and so loses `remaining` above a million per second.

import type { Coordinated } from './coordinated.ts'
import { BOXED_NUMBER_BYTES, OBJECT_BYTES, WORD_BYTES } from './footprint.ts'
import { elapsedNs, NEVER, NS_PER_MS, type Verdict } from './limiter.ts'

export interface ThrottleRequest {
  /** Units that may be had at once, less one. At least 0. */
  readonly burst: number
  /** Time that one unit costs; at least 1. See `emissionIntervalNs`. */
  readonly intervalNs: number
  /** 0 looks without taking. */
  readonly quantity: number
  /** Whether somebody waits ahead. */
  readonly queued: boolean
}

export interface ThrottleSnapshot {
  readonly debtNs: number
}

const NS_PER_SECOND = 1e9
const NS_PER_US = 1000

const THROTTLE_BYTES = OBJECT_BYTES + 2 * (WORD_BYTES + BOXED_NUMBER_BYTES)

/** The time per unit of `count` per `periodSeconds`; 0 for a rate that cannot be kept. */
export function emissionIntervalNs(count: number, periodSeconds: number): number {
  return count <= 0 || periodSeconds <= 0 ? 0 : Math.trunc((periodSeconds * NS_PER_SECOND) / count)
}

export class Throttle implements Coordinated {
  #debtNs = 0
  /** When the debt was that much. */
  #at = 0

  get algorithm(): 'throttle' {
    return 'throttle'
  }

  get isFree(): boolean {
    return this.#debtNs === 0
  }

  debtNs(now: number): number {
    return Math.max(0, this.#debtNs - elapsedNs(this.#at, now))
  }

  admit(request: ThrottleRequest, now: number): Verdict {
    const { burst, intervalNs, quantity } = request
    const limit = burst + 1
    const toleranceNs = intervalNs * limit
    const incrementNs = intervalNs * quantity
    const debtNs = this.debtNs(now)
    const nextNs = debtNs + incrementNs
    const limited = nextNs > toleranceNs || (request.queued && quantity > 0)
    if (!limited && quantity > 0) {
      this.#debtNs = nextNs
      this.#at = now
    }
    const resetAfterNs = limited ? debtNs : nextNs
    const isPossible = incrementNs <= toleranceNs
    return {
      limited,
      limit,
      remaining: remaining(toleranceNs - resetAfterNs, intervalNs),
      retryAfterNs: limited && isPossible ? Math.max(0, nextNs - toleranceNs) : NEVER,
      resetAfterNs,
    }
  }

  /** Replays what a request left. */
  assign(debtNs: number, now: number): void {
    this.#debtNs = debtNs
    this.#at = now
  }

  /** When the debt is worked off. */
  nextExpiry(): number {
    return this.#debtNs === 0
      ? Number.POSITIVE_INFINITY
      : this.#at + Math.ceil(this.#debtNs / NS_PER_MS)
  }

  /** True if the debt is worked off: the limiter is free. */
  expire(now: number): boolean {
    if (this.nextExpiry() > now) return false
    this.#debtNs = 0
    return true
  }

  /** Time that passes is forgiven, whether the event loop ran or not. */
  extendAll(_gapMs: number): void {}

  memory(): number {
    return THROTTLE_BYTES
  }

  snapshot(now: number): ThrottleSnapshot {
    return { debtNs: this.debtNs(now) }
  }

  static restore(snapshot: ThrottleSnapshot, now: number): Throttle {
    const throttle = new Throttle()
    throttle.assign(snapshot.debtNs, now)
    return throttle
  }
}

function remaining(roomNs: number, intervalNs: number): number {
  if (roomNs <= 0) return 0
  if (intervalNs < NS_PER_US) return Math.trunc(roomNs / intervalNs)
  return Math.trunc(Math.trunc(roomNs / NS_PER_US) / Math.trunc(intervalNs / NS_PER_US))
}
