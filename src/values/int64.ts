// int64.ts — Signed 64-bit integers: exact, and as cheap as numbers while they are small.
//
// An Int64 is a JavaScript number if it is a safe integer, else a bigint; never a bigint that would
// fit a number. So equal values are `===`, the operators `<` and `>` compare exactly, and `String`
// prints decimals. Additions that leave the 64 bits answer undefined.

export type Int64 = number | bigint

export const INT64_MAX: Int64 = 2n ** 63n - 1n
export const INT64_MIN: Int64 = -(2n ** 63n)

/** The longest text: a sign and nineteen digits. */
const DIGITS_MAX = 20

/** A bigint within 64 bits in its normal form; undefined if it is beyond them. */
export function int64(value: bigint): Int64 | undefined {
  if (value > INT64_MAX || value < INT64_MIN) return undefined
  const small = Number(value)
  return Number.isSafeInteger(small) ? small : value
}

/** Reads decimals as Redis does: no spaces, no plus, no leading zeros. */
export function parseInt64(text: string): Int64 | undefined {
  const length = text.length
  const start = text.charCodeAt(0) === 0x2d ? 1 : 0
  if (length === start || length > DIGITS_MAX) return undefined
  const first = text.charCodeAt(start)
  if (first === 0x30) return length === 1 ? 0 : undefined
  for (let i = start; i < length; i++) {
    const digit = text.charCodeAt(i)
    if (digit < 0x30 || digit > 0x39) return undefined
  }
  const small = Number(text)
  return Number.isSafeInteger(small) ? small : int64(BigInt(text))
}

/** Reads back what `String` printed of an Int64. Anything else means a broken snapshot. */
export function writtenInt64(text: string): Int64 {
  const value = parseInt64(text)
  if (value === undefined) throw new Error('not a 64-bit integer in a snapshot')
  return value
}

export function addInt64(a: Int64, b: Int64): Int64 | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return int64(BigInt(a) + BigInt(b))
}

export function subtractInt64(a: Int64, b: Int64): Int64 | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return int64(BigInt(a) - BigInt(b))
}
