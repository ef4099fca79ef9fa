// coordinated.ts — What every coordination value has in common, as its callers see it.
//
// A value is a pure machine: no clock, no connection, no key, no queue. `now` is a parameter, in
// milliseconds of the caller's monotonic clock. Waiting is the caller's: an operation answers only
// whether it can be granted now, and `queued` tells it that somebody is waiting ahead.
//
// Nothing here expires by itself. The caller keeps one timer per key at `nextExpiry()`, runs
// `expire(now)` when it is due and before any operation on the key after that, and logs what was
// lost. A backup calls neither: it applies what the primary logged.
//
// Every change is described by absolute state (who holds what, on which token, for how long a
// lease), so a replay never decides anything. Leases travel as durations: a replay starts them at
// full length.

/** Gives fencing tokens: each strictly greater than all before it, an exact JavaScript number. */
export interface TokenSource {
  nextToken(): number
}

export interface Coordinated {
  /** Nothing is held and nothing is configured: the key can be deleted. */
  readonly isFree: boolean
  /** Estimate in bytes, O(1). */
  memory(): number
  /** When the next lease or lifetime ends; Infinity if none does. */
  nextExpiry(): number
  /** Extends all leases by the time in which the event loop stood still. */
  extendAll(gapMs: number): void
}

/** An operation that was not carried out; the value is as it was. `code` is what the client reads. */
export interface Refused<Code extends string> {
  readonly kind: 'refused'
  readonly code: Code
}

/** Not now: the caller answers nil, or waits. */
export interface Busy {
  readonly kind: 'busy'
}

export const BUSY: Busy = Object.freeze({ kind: 'busy' })

/** Makes a refusal once, to be shared by all who get it. */
export function refused<Code extends string>(code: Code): Refused<Code> {
  return Object.freeze({ kind: 'refused', code })
}
