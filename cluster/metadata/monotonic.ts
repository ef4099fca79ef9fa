// The clock of the metadata plane: one for all threads of the process.
//
// `performance.now()` begins anew in every thread; this one is the system's, so a time that one
// thread read means the same to another.

const NS_PER_MS = 1e6
const MS_PER_S = 1_000

/** Milliseconds that never go back, from an arbitrary start. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * MS_PER_S + nanoseconds / NS_PER_MS
}
