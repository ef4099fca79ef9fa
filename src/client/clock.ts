// clock.ts — Where this client reads time: the only module of it that may.
//
// The clock is monotonic; nobody who sets the time of day shortens or lengthens a lease. It stands
// still while the machine is suspended, which is why only a fencing token is proof.

/** The longest that a timer of Node can be set to; longer ones would fire at once. */
export const TIMER_MS_MAX = 2 ** 31 - 1

export function now(): number {
  return performance.now()
}

/** Calls back once; the answer stops it. Keeps no process alive. */
export function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.min(Math.max(0, Math.ceil(ms)), TIMER_MS_MAX))
  timer.unref()
  return () => clearTimeout(timer)
}
