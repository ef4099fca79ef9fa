// tokens.ts — Fencing tokens: the last one of each segment.
//
// A token is greater than every one before it in its segment, also across the deletion of its key,
// a flush, a failover and a restart, at the price of one number per segment and none per key. The
// number of a new one is taken from the wall clock where that is ahead, so that a node that starts
// with nothing does not begin again; 2048 of them fit a millisecond before they run ahead of it.
//
// Invariant: tokens are safe integers (until the year 2109), and never fall.

import { SEGMENTS } from './slot.ts'

const TOKENS_PER_MS = 2048

export class Tokens {
  /** By segment. */
  readonly last = new Float64Array(SEGMENTS)

  /** Issues a token; `now` is in ms since the epoch. */
  next(segment: number, now: number): number {
    const token = Math.max(this.last[segment]! + 1, Math.floor(now) * TOKENS_PER_MS)
    this.last[segment] = token
    return token
  }

  /** Learns of a token that another node has issued. */
  raise(segment: number, token: number): void {
    if (token > this.last[segment]!) this.last[segment] = token
  }
}
