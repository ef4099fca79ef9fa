// counter-waits.ts — COUNTER.AWAIT: waits for a number to be reached.
//
// Each threshold has a queue of its own, and the coordination knows which thresholds of a counter
// are waited for; so a change wakes those whose threshold it has reached, and nobody else.

import type { Call } from '../../src/call.ts'
import { thresholdQueue } from '../../src/coordination.ts'
import { type Threshold, Thresholds } from '../../src/values/thresholds.ts'
import { waitForNews } from './waits.ts'

export function awaitThreshold(
  call: Call,
  threshold: Threshold,
  deadline: number | undefined,
): void {
  const queue = thresholdQueue(call.text(1), threshold)
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
