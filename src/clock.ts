// clock.ts — Time as the server sees it. Production has the system's; tests turn their own.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds that never go back, from an arbitrary start. */
  monotonic(): number
  /** Microseconds that never go back, for measuring how long something took. */
  microseconds(): number
}

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  microseconds: () => performance.now() * 1000,
}
