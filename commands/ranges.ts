// ranges.ts — Ranges by two offsets, which count from the end where they are negative.

import type { Call } from '../src/call.ts'

/**
 * Whether the offsets in arguments `start` and `end` are both negative and stand in the wrong order.
 * Such a range is empty even where clamping to the string would make its ends meet.
 */
export function isReversed(call: Call, start: number, end: number): boolean {
  const from = call.integer(start)
  const to = call.integer(end)
  if (from >= 0 || to >= 0) return false
  // Far from zero two integers may share a double.
  return from > to || (from === to && call.int64(start) > call.int64(end))
}
