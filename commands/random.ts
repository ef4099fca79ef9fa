// random.ts — Draws of random members: the same for sets, hashes and sorted sets.
//
// Members have dense indexes, so a draw is a number; which member it is the caller knows. Chance is
// the call's.

import type { Call } from '../src/call.ts'
import { ReplyError } from '../src/errors.ts'

/** A longer reply would take a gigabyte; Redis would try. */
const DRAWS_MAX = 1 << 24
const INT64_MAX = 2n ** 63n - 1n

const outOfBounds = new ReplyError(
  `ERR value is out of range, value must between -${INT64_MAX} and ${INT64_MAX}`,
)
const outOfRange = new ReplyError('ERR value is out of range')

/**
 * The count in argument i of a command that draws members: negative for draws that may repeat.
 * `perDraw` is how many elements of the reply one draw makes.
 */
export function readDrawCount(call: Call, i: number, perDraw: number): number {
  const count = call.int64(i)
  if (count < -INT64_MAX) throw outOfBounds
  if (perDraw > 1 && (count < -INT64_MAX / 2n || count > INT64_MAX / 2n)) throw outOfRange
  return Number(count)
}

/** So many draws that may repeat, from a count that is negative for them. */
export function countDraws(count: number): number {
  if (count < -DRAWS_MAX) throw outOfRange
  return -count
}

/** `count` different indexes below `size`, every choice with the same chance; count ≤ size. */
export function drawDistinct(call: Call, count: number, size: number): Iterable<number> {
  // Robert Floyd's way: each step adds one index, a draw or, if that is taken, the last candidate.
  const drawn = new Set<number>()
  for (let last = size - count; last < size; last++) {
    const index = Math.floor(call.random() * (last + 1))
    drawn.add(drawn.has(index) ? last : index)
  }
  return drawn
}
