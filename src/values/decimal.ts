// decimal.ts — Numbers as people write them, read where they lie.
//
// Up to fifteen digits with a point somewhere is an integer below 2^53 divided by a power of ten up
// to 10^22. Both are exact in a double, so one division gives the correctly rounded number, without
// a string and without the work that twenty digits or an exponent take.

const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30

const DIGITS_MAX = 15

/** 10^0 to 10^15. */
const powers = Array.from({ length: DIGITS_MAX + 1 }, (_, i) => 10 ** i)

/**
 * The number that a range spells with a sign, digits and a point. NaN for anything else, which may
 * still be a number: with more digits, or an exponent, or infinite.
 */
export function parseShortDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  const sign = bytes[at]
  if ((sign === MINUS || sign === PLUS) && at < end) at++
  // What fits in fifteen characters and a point has no more digits than that.
  if (at === end || end - at > DIGITS_MAX + 1) return Number.NaN
  let value = 0
  let digits = 0
  let decimals = -1
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      digits++
    } else if (bytes[at] === POINT && decimals < 0) {
      decimals = digits
    } else {
      return Number.NaN
    }
  }
  if (digits === 0 || digits > DIGITS_MAX) return Number.NaN
  if (decimals >= 0) value /= powers[digits - decimals]!
  return sign === MINUS ? -value : value
}
