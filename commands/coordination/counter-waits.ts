// counter-waits.ts — COUNTER.AWAIT: waits for a number to be reached.
//
// Each threshold has a queue of its own, and the coordination knows which thresholds of a counter
// are waited for; so a change wakes those whose threshold it has reached, and nobody else.

import type { Call } from '../../src/call.ts'
import type { Int64 } from '../../src/values/int64.ts'
import { type Threshold, Thresholds } from '../../src/values/thresholds.ts'
import { waitForNews } from './waits.ts'

/** The queue of those who wait for the counter of key 1 to reach a threshold. */
function queueOf(call: Call, { comparison, value }: Threshold): string {
  return `${comparison}${value}:${call.text(1)}`
}

export function awaitThreshold(
  call: Call,
  threshold: Threshold,
  deadline: number | undefined,
): void {
  const queue = queueOf(call, threshold)
  const { thresholds } = call.server.coordination
  const name = `${call.db.index}:${call.text(1)}`
  waitForNews(call, [queue], {
    deadline,
    wish: queue,
    onEnd: () => {
      const known = thresholds.get(name)!
      known.remove(threshold)
      if (known.isEmpty) thresholds.delete(name)
    },
  })
  // Only a call that has come to wait just now is parked without having been so before.
  if (call.parked !== undefined || call.client.parked === undefined) return
  const known = thresholds.get(name) ?? new Thresholds()
  known.add(threshold)
  thresholds.set(name, known)
}

/** Wakes those who wait for what the counter of key 1 has reached. */
export function signalReached(call: Call, value: Int64): void {
  const { coordination, waiting } = call.server
  if (coordination.thresholds.size === 0) return
  const known = coordination.thresholds.get(`${call.db.index}:${call.text(1)}`)
  for (const threshold of known?.reached(value) ?? []) {
    waiting.signal(call.db, queueOf(call, threshold), 'news')
  }
}
