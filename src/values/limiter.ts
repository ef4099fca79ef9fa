// limiter.ts — What the rate limiters have in common: the verdict, and how it is told to clients.
//
// There are three: `Throttle` (GCRA, for CL.THROTTLE), `FixedWindow` and `SlidingWindow`. A limit is
// a parameter of each call, as in redis-cell; the value keeps only what was used of it. Nothing is
// kept of a call that is refused, and the state is free once all of it has been forgiven.
//
// A newcomer is refused while others wait ahead (`queued`), so that a large request gets its turn.
// Whoever waits is to ask again after `retryAfterNs`: capacity comes back by time, not by a change.

import type { FixedWindow } from './fixed-window.ts'
import type { SlidingWindow } from './sliding-window.ts'
import type { Throttle } from './throttle.ts'

export type Limiter = Throttle | FixedWindow | SlidingWindow

export interface Verdict {
  readonly limited: boolean
  readonly limit: number
  /** What could be had at once after this call. */
  readonly remaining: number
  /** When the same request would be granted; NEVER if it was granted, or exceeds the limit. */
  readonly retryAfterNs: number
  /** When everything will have been forgiven. */
  readonly resetAfterNs: number
}

export const NEVER = -1

export const NS_PER_MS = 1_000_000
const MS_PER_SECOND = 1000

/**
 * Seconds as redis-cell prints them: rounded up, so that a caller does not come back too early, but
 * from whole milliseconds, so that less than one counts as nothing. NEVER stays -1.
 */
export function replySeconds(ns: number): number {
  return ns < 0 ? NEVER : Math.ceil(Math.floor(ns / NS_PER_MS) / MS_PER_SECOND)
}

/** The wait after which to ask again: whole milliseconds, none too few. */
export function retryMs(ns: number): number {
  return Math.ceil(ns / NS_PER_MS)
}

/** Nanoseconds between two times in ms. */
export function elapsedNs(since: number, now: number): number {
  return Math.round((now - since) * NS_PER_MS)
}
