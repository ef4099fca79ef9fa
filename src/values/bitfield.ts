// bitfield.ts — BITFIELD: integers of 1 to 64 bits at any bit of a string.
//
// Bit 0 is the most significant bit of byte 0, and so is a field's first bit. Every result is exact:
// numbers while they are safe integers, BigInt beyond, so that the common widths never allocate.
//
// A write either stores the whole field or, where overflow is to fail, changes nothing.

export interface FieldType {
  readonly signed: boolean
  /** 1 to 64; at most 63 if unsigned, because a reply is a signed 64-bit integer. */
  readonly bits: number
}

export type Overflow = 'wrap' | 'sat' | 'fail'

const SIGNED_BITS_MAX = 64
const UNSIGNED_BITS_MAX = 63
/** The widest type all of whose values, and sums of them, can be wrapped as numbers. */
const NUMBER_BITS_MAX = 53

/** Reads `i8`, `u63` and the like; undefined for anything else. */
export function parseFieldType(text: string): FieldType | undefined {
  const signed = text[0] === 'i'
  if (!signed && text[0] !== 'u') return undefined
  const bits = Number(text.slice(1))
  if (text.slice(1) !== String(bits) || !Number.isInteger(bits)) return undefined
  if (bits < 1 || bits > (signed ? SIGNED_BITS_MAX : UNSIGNED_BITS_MAX)) return undefined
  return { signed, bits }
}

/** Bytes that a string must have for a field to be written. */
export function bytesForField(offset: number, type: FieldType): number {
  return Math.floor((offset + type.bits - 1) / 8) + 1
}

/** The field at bit `offset`; bits beyond the end of the string are 0. */
export function readField(bytes: Uint8Array, offset: number, type: FieldType): number | bigint {
  if (type.bits <= 32) return asSigned(readBits(bytes, offset, type.bits), type.bits, type.signed)
  const highBits = type.bits - 32
  const high = asSigned(readBits(bytes, offset, highBits), highBits, type.signed)
  const low = readBits(bytes, offset + highBits, 32)
  const value = high * 2 ** 32 + low
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low)
}

/**
 * Stores `value` and returns what the field held before; undefined if it does not fit and is to
 * fail. The string is long enough (`bytesForField`).
 */
export function setField(
  bytes: Uint8Array,
  offset: number,
  type: FieldType,
  value: number | bigint,
  overflow: Overflow,
): number | bigint | undefined {
  const fitting =
    overflow === 'sat' && saturatesBackwards(type, value)
      ? highest(type)
      : fitted(type, unsignedIfSo(type, value), overflow)
  if (fitting === undefined) return undefined
  const before = readField(bytes, offset, type)
  writeField(bytes, offset, type, fitting)
  return before
}

/** Adds to the field and returns its new value; undefined if that does not fit and is to fail. */
export function incrementField(
  bytes: Uint8Array,
  offset: number,
  type: FieldType,
  increment: number | bigint,
  overflow: Overflow,
): number | bigint | undefined {
  const sum = fitted(type, add(readField(bytes, offset, type), increment), overflow)
  if (sum !== undefined) writeField(bytes, offset, type, sum)
  return sum
}

/** Up to 32 bits as an unsigned number. */
function readBits(bytes: Uint8Array, offset: number, bits: number): number {
  const at = Math.floor(offset / 8)
  const shift = offset & 7
  const word =
    (byteAt(bytes, at) << 24) |
    (byteAt(bytes, at + 1) << 16) |
    (byteAt(bytes, at + 2) << 8) |
    byteAt(bytes, at + 3)
  return ((word << shift) | (byteAt(bytes, at + 4) >>> (8 - shift))) >>> (32 - bits)
}

function byteAt(bytes: Uint8Array, at: number): number {
  return at < bytes.length ? bytes[at]! : 0
}

function asSigned(value: number, bits: number, signed: boolean): number {
  return signed ? (value << (32 - bits)) >> (32 - bits) : value
}

function writeField(
  bytes: Uint8Array,
  offset: number,
  type: FieldType,
  value: number | bigint,
): void {
  const highBits = Math.max(type.bits - 32, 0)
  const big = typeof value === 'bigint'
  const low = big ? Number(BigInt.asUintN(32, value)) : value >>> 0
  if (highBits > 0) {
    const high = big ? Number(BigInt.asUintN(32, value >> 32n)) : Math.floor(value / 2 ** 32)
    writeBits(bytes, offset, highBits, high)
  }
  writeBits(bytes, offset + highBits, type.bits - highBits, low)
}

/** Stores the low `bits` (at most 32) of `value`, from the last byte to the first. */
function writeBits(bytes: Uint8Array, offset: number, bits: number, value: number): void {
  let end = offset + bits
  let rest = value
  while (end > offset) {
    const at = Math.floor((end - 1) / 8)
    const shift = -end & 7
    const taken = Math.min(8 - shift, end - offset)
    const mask = ((1 << taken) - 1) << shift
    bytes[at] = (bytes[at]! & ~mask) | ((rest << shift) & mask)
    rest >>>= taken
    end -= taken
  }
}

function add(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return BigInt(a) + BigInt(b)
}

/** A negative value for an unsigned field is read as the 64-bit pattern that it is. */
function unsignedIfSo(type: FieldType, value: number | bigint): number | bigint {
  return type.signed || value >= 0 ? value : BigInt.asUintN(64, BigInt(value))
}

/** The value if the type holds it, otherwise what overflow makes of it. */
function fitted(
  type: FieldType,
  value: number | bigint,
  overflow: Overflow,
): number | bigint | undefined {
  if (typeof value === 'bigint') return fittedBig(type, value, overflow)
  if (type.bits > NUMBER_BITS_MAX) {
    return type.signed || value >= 0 ? value : fittedBig(type, BigInt(value), overflow)
  }
  const size = 2 ** type.bits
  const max = type.signed ? size / 2 - 1 : size - 1
  const min = type.signed ? -size / 2 : 0
  if (value >= min && value <= max) return value
  if (overflow === 'fail') return undefined
  if (overflow === 'sat') return value > max ? max : min
  const wrapped = value - Math.floor(value / size) * size
  return wrapped > max ? wrapped - size : wrapped
}

function fittedBig(
  type: FieldType,
  value: bigint,
  overflow: Overflow,
): number | bigint | undefined {
  const wrapped = type.signed ? BigInt.asIntN(type.bits, value) : BigInt.asUintN(type.bits, value)
  if (wrapped === value || overflow === 'wrap') return narrowed(wrapped)
  if (overflow === 'fail') return undefined
  return narrowed(value > 0n ? highestBig(type) : lowestBig(type))
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function highest(type: FieldType): number | bigint {
  return narrowed(highestBig(type))
}

function highestBig(type: FieldType): bigint {
  return (1n << BigInt(type.signed ? type.bits - 1 : type.bits)) - 1n
}

function lowestBig(type: FieldType): bigint {
  return type.signed ? -(1n << BigInt(type.bits - 1)) : 0n
}

/**
 * Redis takes the distance to the highest value in 64 bits. Where that overflows, a SET far below
 * the lowest value saturates at the highest; files and replicas agree on it, so it stays.
 */
function saturatesBackwards(type: FieldType, value: number | bigint): boolean {
  if (!type.signed || type.bits === SIGNED_BITS_MAX || typeof value === 'number') return false
  return highestBig(type) - value >= 1n << 63n
}
