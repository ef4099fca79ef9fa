// expiry-times.ts — Times of expiry: as clients give them, as replies and effects print them.
//
// Here a time is a number of ms since the epoch. It is exact up to 2^53, in the year 287396; beyond
// that, where clients may still go, it is the nearest double, and 2^63 stands for the last of 64 bits.

import { type Call, fail } from '../src/call.ts'
import { invalidExpireTime } from '../src/errors.ts'
import type { Reply } from '../src/wire/reply.ts'

const INT64_MAX = 2n ** 63n - 1n
const SECONDS_MAX = INT64_MAX / 1000n

/** How argument i of a command means a time. */
export interface TimeUnit {
  readonly inSeconds: boolean
  /** Counted from now, rather than from the epoch. */
  readonly relative: boolean
}

export const SECONDS: TimeUnit = { inSeconds: true, relative: true }
export const MILLISECONDS: TimeUnit = { inSeconds: false, relative: true }
export const UNIX_SECONDS: TimeUnit = { inSeconds: true, relative: false }
export const UNIX_MILLISECONDS: TimeUnit = { inSeconds: false, relative: false }

/** The time in argument i; refused where it is no time from the epoch on. For SET and its kind. */
export function readPositiveTime(call: Call, i: number, unit: TimeUnit): number {
  if (call.integer(i) <= 0) throw invalidExpireTime(call.command.fullName)
  return readTime(call, i, unit)
}

/** The time in argument i, which may be long over. For EXPIRE and its kind. */
export function readTime(call: Call, i: number, unit: TimeUnit): number {
  const amount = call.integer(i)
  const milliseconds = unit.inSeconds ? amount * 1000 : amount
  const time = unit.relative ? milliseconds + call.now : milliseconds
  // Within some hundred thousand years all of these are exact.
  return Number.isSafeInteger(milliseconds) && Number.isSafeInteger(time)
    ? time
    : distantTime(call, call.int64(i), unit)
}

function distantTime(call: Call, amount: bigint, { inSeconds, relative }: TimeUnit): number {
  const invalid = () => fail(invalidExpireTime(call.command.fullName))
  if (inSeconds && (amount > SECONDS_MAX || amount < -SECONDS_MAX)) invalid()
  const milliseconds = inSeconds ? amount * 1000n : amount
  if (!relative) return Number(milliseconds)
  if (milliseconds > INT64_MAX - BigInt(call.now)) invalid()
  return Number(milliseconds + BigInt(call.now))
}

/** A time or a duration as an integer that clients can read back. */
export function printedTime(milliseconds: number): number | bigint {
  if (Number.isSafeInteger(milliseconds)) return milliseconds
  const exact = BigInt(milliseconds)
  return exact > INT64_MAX ? INT64_MAX : exact
}

/** Replies with a time or a duration, in ms or rounded to seconds. */
export function replyTime(reply: Reply, milliseconds: number, inSeconds: boolean): void {
  const printed = printedTime(milliseconds)
  if (typeof printed === 'bigint') reply.bigint(inSeconds ? (printed + 500n) / 1000n : printed)
  else reply.integer(inSeconds ? Math.floor((printed + 500) / 1000) : printed)
}
