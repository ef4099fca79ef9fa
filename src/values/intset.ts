// intset.ts — Redis's packed set of integers, byte for byte.
//
// An intset is: the width of its members in bytes (2, 4 or 8, in 32 bits), their number (32 bits),
// and the members in ascending order, all little endian. The width is the least that holds every
// member; it grows when it must and never shrinks.
//
// Conventions are those of listpack.ts: functions take the array and `base`; writers edit in place
// up to `limit` and return the same array, or return a new one with the result at 0. Integers come
// in and go out as Elements, whose two halves hold all 64 bits.

import { copyBytes } from './bytes.ts'
import type { Element } from './element.ts'
import { readInt32, writeInt32 } from './packed-element.ts'

export const HEADER_BYTES = 8

const NARROW = 2
const MIDDLE = 4
const WIDE = 8

/** An empty intset with room for `capacity` bytes in all. */
export function create(capacity = HEADER_BYTES): Buffer {
  const intset = Buffer.allocUnsafeSlow(Math.max(capacity, HEADER_BYTES))
  writeInt32(intset, 0, NARROW)
  writeInt32(intset, 4, 0)
  return intset
}

export function length(intset: Uint8Array, base: number): number {
  return readInt32(intset, base + 4) >>> 0
}

export function byteLength(intset: Uint8Array, base: number): number {
  return HEADER_BYTES + length(intset, base) * width(intset, base)
}

/** Reads the member at `index`, counted from the least; it must exist. */
export function get(intset: Uint8Array, base: number, index: number, into: Element): void {
  const bytes = width(intset, base)
  const at = base + HEADER_BYTES + index * bytes
  into.fromInt64(readHigh(intset, at, bytes), readLow(intset, at, bytes))
}

export function has(intset: Uint8Array, base: number, element: Element): boolean {
  return indexOf(intset, base, element) >= 0
}

/**
 * Index of the integer that `element` holds; if it is no member, -1 minus the index that it would
 * have. An element that is no integer is no member of any intset.
 */
export function indexOf(intset: Uint8Array, base: number, element: Element): number {
  const { high, low } = element
  const bytes = width(intset, base)
  let from = 0
  let to = length(intset, base)
  if (!element.integer || widthOf(high, low) > bytes) return high < 0 ? -1 : -1 - to
  while (from < to) {
    const middle = (from + to) >>> 1
    const at = base + HEADER_BYTES + middle * bytes
    const memberHigh = readHigh(intset, at, bytes)
    const memberLow = readLow(intset, at, bytes)
    if (memberHigh === high && memberLow === low) return middle
    if (memberHigh < high || (memberHigh === high && memberLow >>> 0 < low >>> 0)) from = middle + 1
    else to = middle
  }
  return -1 - from
}

/** Adds an integer; the caller tells by the length whether it was new. */
export function add(intset: Uint8Array, base: number, limit: number, element: Element): Uint8Array {
  const found = indexOf(intset, base, element)
  if (found >= 0) return intset
  const index = -1 - found
  const count = length(intset, base)
  const before = width(intset, base)
  const bytes = Math.max(before, widthOf(element.high, element.low))
  const size = HEADER_BYTES + (count + 1) * bytes
  const out = base + size <= limit ? intset : Buffer.allocUnsafeSlow(size + (size >> 1))
  const outBase = out === intset ? base : 0
  const members = base + HEADER_BYTES
  const outMembers = outBase + HEADER_BYTES
  if (bytes !== before) {
    widen(intset, members, before, out, outMembers, bytes, count, index)
  } else if (out === intset) {
    out.copyWithin(members + (index + 1) * bytes, members + index * bytes, members + count * bytes)
  } else {
    copyBytes(intset, members, members + index * bytes, out, outMembers)
    const tail = members + index * bytes
    copyBytes(intset, tail, members + count * bytes, out, outMembers + (index + 1) * bytes)
  }
  writeInt32(out, outBase, bytes)
  writeInt32(out, outBase + 4, count + 1)
  writeMember(out, outMembers + index * bytes, bytes, element.high, element.low)
  return out
}

/** Removes the member at `index`, in place. */
export function removeAt(intset: Uint8Array, base: number, index: number): void {
  const bytes = width(intset, base)
  const at = base + HEADER_BYTES + index * bytes
  intset.copyWithin(at, at + bytes, base + byteLength(intset, base))
  writeInt32(intset, base + 4, length(intset, base) - 1)
}

/** Removes an integer, in place; false if it was no member. */
export function remove(intset: Uint8Array, base: number, element: Element): boolean {
  const index = indexOf(intset, base, element)
  if (index < 0) return false
  removeAt(intset, base, index)
  return true
}

/** True if [base, end) is exactly one intset: a known width, and members that ascend. */
export function validate(intset: Uint8Array, base: number, end: number): boolean {
  if (end - base < HEADER_BYTES) return false
  const bytes = width(intset, base)
  if (bytes !== NARROW && bytes !== MIDDLE && bytes !== WIDE) return false
  if (byteLength(intset, base) !== end - base) return false
  for (let at = base + HEADER_BYTES + bytes; at < end; at += bytes) {
    const high = readHigh(intset, at, bytes)
    const highBefore = readHigh(intset, at - bytes, bytes)
    if (highBefore > high) return false
    if (highBefore < high) continue
    if (readLow(intset, at - bytes, bytes) >>> 0 >= readLow(intset, at, bytes) >>> 0) return false
  }
  return true
}

function width(intset: Uint8Array, base: number): number {
  return readInt32(intset, base) >>> 0
}

function widthOf(high: number, low: number): number {
  if (high !== low >> 31) return WIDE
  return low >= -32768 && low <= 32767 ? NARROW : MIDDLE
}

/**
 * Copies members to a greater width, leaving a gap at `index`. Only a member beyond all others asks
 * for more width, so the gap is at one of the ends; from the last to the first nothing that is
 * still to be read is overwritten.
 */
function widen(
  from: Uint8Array,
  members: number,
  bytes: number,
  to: Uint8Array,
  toMembers: number,
  toBytes: number,
  count: number,
  index: number,
): void {
  const shift = index === 0 ? 1 : 0
  for (let i = count - 1; i >= 0; i--) {
    const at = members + i * bytes
    const high = readHigh(from, at, bytes)
    const low = readLow(from, at, bytes)
    writeMember(to, toMembers + (i + shift) * toBytes, toBytes, high, low)
  }
}

/** The lower half of a member, signed; a member of two bytes is extended. */
function readLow(intset: Uint8Array, at: number, bytes: number): number {
  return bytes === NARROW
    ? ((intset[at]! | (intset[at + 1]! << 8)) << 16) >> 16
    : readInt32(intset, at)
}

function readHigh(intset: Uint8Array, at: number, bytes: number): number {
  return bytes === WIDE ? readInt32(intset, at + 4) : readLow(intset, at, bytes) >> 31
}

function writeMember(
  intset: Uint8Array,
  at: number,
  bytes: number,
  high: number,
  low: number,
): void {
  if (bytes === NARROW) {
    intset[at] = low
    intset[at + 1] = low >> 8
    return
  }
  writeInt32(intset, at, low)
  if (bytes === WIDE) writeInt32(intset, at + 4, high)
}
