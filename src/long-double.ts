// long-double.ts — Numbers as C's `long double` has them on x86: 64 bits of mantissa, 15 of exponent.
//
// INCRBYFLOAT and HINCRBYFLOAT compute in this type and print 17 decimals, so 0.1 + 0.2 is 0.3 there
// and 0.30000000000000004 with doubles. The sums are stored and read back, hence must come out the
// same to the last digit. Everything here is exact integer arithmetic, rounded once to the nearest
// mantissa, ties to even, as the hardware does it.
//
// Texts come from clients: their length is bounded as in Redis, and exponents beyond the type's range
// are settled before any power is computed.

/**
 * The value mantissa × 2^exponent. Invariant: |mantissa| < 2^64, and it is as the hardware would hold
 * it. Infinities have an infinite exponent. The sign of zero is not kept, since it is never printed.
 */
export interface LongDouble {
  readonly mantissa: bigint
  readonly exponent: number
}

const MANTISSA_BITS = 64
/** Exponent of the smallest number that is not zero, 2^-16445. */
const EXPONENT_MIN = -16445
/** Exponent of the largest, (2^64 - 1) × 2^16320. */
const EXPONENT_MAX = 16320
/** Exponent of the smallest double that is not zero. */
const DOUBLE_EXPONENT_MIN = -1074
/** Numbers from 10^4933 on are infinite; those below 10^-4952 are zero. */
const DECIMAL_EXPONENT_MAX = 4933
const DECIMAL_EXPONENT_MIN = -4952
/** As in Redis, where the text must fit a buffer with the zero that ends it. */
const TEXT_LENGTH_MAX = 5 * 1024 - 1
const DECIMALS = 17

export const LONG_DOUBLE_ZERO: LongDouble = Object.freeze({ mantissa: 0n, exponent: 0 })

/**
 * Reads a number as strtold does, all of the text and no spaces: decimal, hexadecimal or infinite.
 * Undefined for what is none, for NaN, and for what is too large or too small to be held.
 */
export function parseLongDouble(text: string): LongDouble | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined
  const decimal = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text)
  if (decimal !== null) {
    const [, sign, whole, fraction, exponent] = decimal
    return fromDigits(sign!, whole! + fraction!, Number(exponent ?? 0) - fraction!.length)
  }
  const hexadecimal = /^([+-]?)0x([\da-f]*)\.?([\da-f]*)(?:p([+-]?\d+))?$/i.exec(text)
  if (hexadecimal !== null) {
    const [, sign, whole, fraction, exponent] = hexadecimal
    const digits = whole! + fraction!
    return fromHexDigits(sign!, digits, Number(exponent ?? 0) - 4 * fraction!.length)
  }
  if (!/^[+-]?inf(inity)?$/i.test(text)) return undefined
  return { mantissa: text.startsWith('-') ? -1n : 1n, exponent: Number.POSITIVE_INFINITY }
}

/** A finite double, which a long double holds exactly. */
export function longDoubleOf(value: number): LongDouble {
  if (value === 0) return LONG_DOUBLE_ZERO
  // A bit more than a double's mantissa has, for the logarithm is not exact.
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))) - 53, DOUBLE_EXPONENT_MIN)
  return { mantissa: BigInt(value / 2 ** exponent), exponent }
}

/** digits × 10^exponent. */
function fromDigits(sign: string, digits: string, exponent: number): LongDouble | undefined {
  if (digits === '') return undefined
  const significant = digits.replace(/^0+/, '')
  if (significant === '') return LONG_DOUBLE_ZERO
  const magnitude = significant.length + exponent
  if (magnitude > DECIMAL_EXPONENT_MAX || magnitude < DECIMAL_EXPONENT_MIN) return undefined
  const number = BigInt(sign === '-' ? `-${significant}` : significant)
  if (exponent >= 0) return inRange(round(number * 10n ** BigInt(exponent), 1n, 0))
  return inRange(round(number, 10n ** BigInt(-exponent), 0))
}

/** digits × 2^exponent, digits in base 16. */
function fromHexDigits(sign: string, digits: string, exponent: number): LongDouble | undefined {
  if (digits === '') return undefined
  const significant = digits.replace(/^0+/, '')
  if (significant === '') return LONG_DOUBLE_ZERO
  const magnitude = 4 * significant.length + exponent
  if (magnitude > 2 * EXPONENT_MAX || magnitude < 2 * EXPONENT_MIN) return undefined
  const number = BigInt(`0x${significant}`)
  return inRange(round(sign === '-' ? -number : number, 1n, exponent))
}

/** Redis refuses numbers that only rounding made infinite or zero. */
function inRange(value: LongDouble): LongDouble | undefined {
  return value.mantissa === 0n || !Number.isFinite(value.exponent) ? undefined : value
}

/** The sum; undefined where it is infinite or not a number. */
export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble | undefined {
  if (!Number.isFinite(a.exponent) || !Number.isFinite(b.exponent)) return undefined
  const exponent = Math.min(a.exponent, b.exponent)
  const sum =
    (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent))
  const value = round(sum, 1n, exponent)
  return Number.isFinite(value.exponent) ? value : undefined
}

/** The closest value to numerator / denominator × 2^exponent. */
function round(numerator: bigint, denominator: bigint, exponent: number): LongDouble {
  if (numerator === 0n) return LONG_DOUBLE_ZERO
  const size = numerator < 0n ? -numerator : numerator
  // The quotient's length in bits is this estimate or one less.
  const bits = bitLength(size) - bitLength(denominator) + 1
  let shift = Math.max(bits - MANTISSA_BITS, EXPONENT_MIN - exponent)
  let mantissa = divideRounded(size, denominator, shift)
  if (shift > EXPONENT_MIN - exponent && mantissa >> BigInt(MANTISSA_BITS - 1) === 0n) {
    shift--
    mantissa = divideRounded(size, denominator, shift)
  }
  if (mantissa >> BigInt(MANTISSA_BITS) !== 0n) {
    mantissa >>= 1n
    shift++
  }
  const sign = numerator < 0n ? -1n : 1n
  if (mantissa === 0n) return LONG_DOUBLE_ZERO
  if (exponent + shift > EXPONENT_MAX) {
    return { mantissa: sign, exponent: Number.POSITIVE_INFINITY }
  }
  return { mantissa: sign * mantissa, exponent: exponent + shift }
}

/** numerator / (denominator × 2^shift) to the nearest integer, ties to even. */
function divideRounded(numerator: bigint, denominator: bigint, shift: number): bigint {
  const top = shift < 0 ? numerator << BigInt(-shift) : numerator
  const bottom = shift > 0 ? denominator << BigInt(shift) : denominator
  const quotient = top / bottom
  const twice = (top - quotient * bottom) * 2n
  const up = twice > bottom || (twice === bottom && (quotient & 1n) === 1n)
  return up ? quotient + 1n : quotient
}

function bitLength(value: bigint): number {
  const hex = value.toString(16)
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0]!, 16)) - 28)
}

/** A finite value with up to 17 decimals, as Redis prints it: no exponent, no trailing zeros. */
export function formatLongDouble({ mantissa, exponent }: LongDouble): string {
  const size = mantissa < 0n ? -mantissa : mantissa
  const scaled =
    exponent >= 0
      ? (size << BigInt(exponent)) * 10n ** BigInt(DECIMALS)
      : divideRounded(size * 10n ** BigInt(DECIMALS), 1n, -exponent)
  const digits = scaled.toString().padStart(DECIMALS + 1, '0')
  const whole = digits.slice(0, -DECIMALS)
  const decimals = digits.slice(-DECIMALS).replace(/0+$/, '')
  const text = decimals === '' ? whole : `${whole}.${decimals}`
  return mantissa < 0n && text !== '0' ? `-${text}` : text
}
