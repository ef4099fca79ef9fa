// timeout.ts — How long a blocking command waits: seconds with a fraction, or milliseconds.
//
// Zero waits for ever. Anything else becomes a deadline on the monotonic clock, so that a wait is not
// changed by somebody setting the time.

import { type Call, fail } from '../src/call.ts'
import { errors, ReplyError } from '../src/errors.ts'
import { type LongDouble, parseLongDouble } from '../src/long-double.ts'

const INT64_MAX = 2n ** 63n - 1n

const notInteger = new ReplyError('ERR timeout is not an integer or out of range')
const outOfRange = new ReplyError('ERR timeout is out of range')

/** The deadline that argument i gives in seconds: monotonic ms, Infinity for none. */
export function readTimeout(call: Call, i: number): number {
  const seconds = parseLongDouble(call.text(i)) ?? fail(errors.timeoutNotFloat)
  return deadline(call, toMilliseconds(seconds))
}

/** As `readTimeout`, in whole milliseconds. */
export function readTimeoutMs(call: Call, i: number): number {
  return deadline(call, call.int64(i, notInteger))
}

function deadline(call: Call, milliseconds: bigint): number {
  if (milliseconds < 0n) throw errors.timeoutNegative
  if (milliseconds > INT64_MAX - BigInt(call.now)) throw outOfRange
  if (milliseconds === 0n) return Number.POSITIVE_INFINITY
  return call.server.monotonic + Number(milliseconds)
}

/** A thousand times the number, rounded up: no wait is shorter than what was asked for. */
function toMilliseconds({ mantissa, exponent }: LongDouble): bigint {
  if (!Number.isFinite(exponent)) return mantissa < 0n ? -1n : fail(outOfRange)
  const thousandfold = mantissa * 1000n
  if (exponent >= 0) return thousandfold << BigInt(exponent)
  // A shift to the right rounds down, which of the negative number is up.
  return -(-thousandfold >> BigInt(-exponent))
}
