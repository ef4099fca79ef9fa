// integer.ts — Decimal integers to and from bytes, without strings.

const MINUS = 0x2d

/**
 * A decimal integer of up to 15 digits, strictly as Redis reads it; NaN for anything else, which
 * may still be a larger integer.
 */
export function parseInteger(bytes: Uint8Array, start: number, end: number): number {
  let i = start
  const negative = bytes[i] === 0x2d && end > start
  if (negative) i++
  const digits = end - i
  if (digits <= 0 || digits > 15) return Number.NaN
  const first = bytes[i]!
  if (first === 0x30) return digits === 1 && !negative ? 0 : Number.NaN
  let value = 0
  for (; i < end; i++) {
    const digit = bytes[i]! - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return negative ? -value : value
}

/** Prints an integer at `at`; answers where it ends. */
export function writeInteger(bytes: Buffer, at: number, value: number): number {
  if (value < 0) {
    bytes[at++] = MINUS
    value = -value
  }
  if (value > 0x7fffffff) return at + bytes.latin1Write(String(value), at)
  value |= 0
  let digits = 1
  for (let bound = 10; value >= bound && digits < 10; bound *= 10) digits++
  const end = at + digits
  for (let i = end - 1; i >= at; i--) {
    const rest = (value / 10) | 0
    bytes[i] = 0x30 + (value - rest * 10)
    value = rest
  }
  return end
}
