// listpack.ts — Redis's packed sequence of strings and integers, byte for byte.
//
// A listpack is: its size in bytes (32 bits, little endian), its number of elements (16 bits, all
// ones if there are too many to say), the elements, and the byte 0xFF. An element is an encoding
// byte, perhaps a length, the content, and last its own length written so that it can be read from
// behind, which is how one walks backward.
//
// Listpacks live inside larger memory, so every function takes the array and `base`, where the
// listpack begins; a position is an index into the array. Readers believe what they read: bytes
// from outside pass `validate` first. Writers edit in place if the result ends by `limit`, and
// return the same array; otherwise they leave the original alone and return a new array with
// the result at 0. Nothing here keeps a reference to an array.

import { copyBytes } from './bytes.ts'
import type { Element } from './element.ts'
import {
  before,
  elementBytes,
  equals,
  readInt32,
  sizeOf,
  string,
  validElementBytes,
  write,
  writeInt32,
} from './packed-element.ts'

export { elementBytes, equals, get, integer, string } from './packed-element.ts'

export const HEADER_BYTES = 6
export const EMPTY_BYTES = HEADER_BYTES + 1
/** The byte that ends a listpack. */
export const TERMINATOR = 0xff
/** Redis refuses to let a listpack grow beyond this, far below what its header could say. */
export const LISTPACK_BYTES_MAX = 2 ** 30

/** The header's count for "walk and see". */
const COUNT_UNKNOWN = 0xffff
const NONE = -1
/** A moved range shorter than this is moved by hand. */
const MOVE_LOOP_MAX = 12

/** An empty listpack with room for `capacity` bytes in all. */
export function create(capacity = EMPTY_BYTES): Buffer {
  const listpack = Buffer.allocUnsafeSlow(Math.max(capacity, EMPTY_BYTES))
  writeHeader(listpack, 0, EMPTY_BYTES, 0)
  listpack[HEADER_BYTES] = TERMINATOR
  return listpack
}

export function writeHeader(lp: Uint8Array, base: number, bytes: number, count: number): void {
  writeInt32(lp, base, bytes)
  writeCount(lp, base, count)
}

export function byteLength(lp: Uint8Array, base: number): number {
  return readInt32(lp, base) >>> 0
}

/** The number of elements: read from the header, or counted if the header cannot say. */
export function length(lp: Uint8Array, base: number): number {
  const count = headerCount(lp, base)
  if (count !== COUNT_UNKNOWN) return count
  let walked = 0
  for (let at = first(lp, base); at !== NONE; at = next(lp, at)) walked++
  return walked
}

/** Position of the first element, or -1. */
export function first(lp: Uint8Array, base: number): number {
  const at = base + HEADER_BYTES
  return lp[at] === TERMINATOR ? NONE : at
}

/** Position of the last element, or -1. */
export function last(lp: Uint8Array, base: number): number {
  return previous(lp, base, base + byteLength(lp, base) - 1)
}

/** Position after the element at `at`, or -1 if it is the last. */
export function next(lp: Uint8Array, at: number): number {
  const following = at + elementBytes(lp, at)
  return lp[following] === TERMINATOR ? NONE : following
}

/** Position before the element (or the terminator) at `at`, or -1 if it is the first. */
export function previous(lp: Uint8Array, base: number, at: number): number {
  return at === base + HEADER_BYTES ? NONE : before(lp, at)
}

/** Position of the element at `index` (negative counts from the end), or -1. */
export function seek(lp: Uint8Array, base: number, index: number): number {
  const count = length(lp, base)
  const target = index < 0 ? count + index : index
  if (target < 0 || target >= count) return NONE
  let at: number
  if (target < count / 2) {
    at = base + HEADER_BYTES
    for (let i = 0; i < target; i++) at += elementBytes(lp, at)
  } else {
    at = base + byteLength(lp, base) - 1
    for (let i = count; i > target; i--) at = before(lp, at)
  }
  return at
}

/**
 * Position of the first element at or after `from` that equals `element`, or -1. After each element
 * compared, `skip` elements are passed over: with 1, only the fields of a hash are looked at.
 */
export function find(
  lp: Uint8Array,
  base: number,
  element: Element,
  skip = 0,
  from = base + HEADER_BYTES,
): number {
  let at = from
  while (at !== NONE && lp[at] !== TERMINATOR) {
    if (equals(lp, at, element)) return at
    at += elementBytes(lp, at)
    for (let i = 0; i < skip; i++) {
      if (lp[at] === TERMINATOR) return NONE
      at += elementBytes(lp, at)
    }
  }
  return NONE
}

/** Inserts before the element or terminator at `at`, which is then the new element's position. */
export function insert(
  lp: Uint8Array,
  base: number,
  limit: number,
  at: number,
  element: Element,
): Uint8Array {
  if (element.bytes === lp) element.keep()
  const count = headerCount(lp, base)
  const out = makeRoom(lp, base, limit, at, 0, sizeOf(element))
  const outBase = out === lp ? base : 0
  write(out, at - base + outBase, element)
  if (count !== COUNT_UNKNOWN) writeCount(out, outBase, count + 1)
  return out
}

export function append(lp: Uint8Array, base: number, limit: number, element: Element): Uint8Array {
  return insert(lp, base, limit, base + byteLength(lp, base) - 1, element)
}

export function prepend(lp: Uint8Array, base: number, limit: number, element: Element): Uint8Array {
  return insert(lp, base, limit, base + HEADER_BYTES, element)
}

/** Puts `element` in the place of the one at `at`. */
export function replace(
  lp: Uint8Array,
  base: number,
  limit: number,
  at: number,
  element: Element,
): Uint8Array {
  if (element.bytes === lp) element.keep()
  const out = makeRoom(lp, base, limit, at, elementBytes(lp, at), sizeOf(element))
  write(out, out === lp ? at : at - base, element)
  return out
}

/** Removes `count` elements from `at` on, or as many as there are. Always in place. */
export function remove(lp: Uint8Array, base: number, at: number, count = 1): void {
  let end = at
  let removed = 0
  while (removed < count && lp[end] !== TERMINATOR) {
    end += elementBytes(lp, end)
    removed++
  }
  if (removed === 0) return
  const known = headerCount(lp, base)
  makeRoom(lp, base, lp.length, at, end - at, 0)
  writeCount(lp, base, known === COUNT_UNKNOWN ? length(lp, base) : known - removed)
}

/** Removes up to `count` elements from `index` (negative counts from the end) on. */
export function removeRange(lp: Uint8Array, base: number, index: number, count: number): void {
  const at = seek(lp, base, index)
  if (at !== NONE && count > 0) remove(lp, base, at, count)
}

/** Every element as a latin1 string, in order. */
export function strings(lp: Uint8Array, base: number): string[] {
  const texts: string[] = []
  for (let at = first(lp, base); at !== NONE; at = next(lp, at)) texts.push(string(lp, at))
  return texts
}

/**
 * True if [base, end) is exactly one listpack: sizes, both directions of every element, the count
 * and the terminator agree. Readers may then trust it.
 */
export function validate(lp: Uint8Array, base: number, end: number): boolean {
  if (end - base < EMPTY_BYTES || byteLength(lp, base) !== end - base) return false
  if (lp[end - 1] !== TERMINATOR) return false
  let at = base + HEADER_BYTES
  let walked = 0
  while (at < end - 1) {
    const size = validElementBytes(lp, at, end - 1)
    if (size === 0) return false
    at += size
    walked++
  }
  const count = headerCount(lp, base)
  return count === COUNT_UNKNOWN || count === walked
}

function headerCount(lp: Uint8Array, base: number): number {
  return lp[base + 4]! | (lp[base + 5]! << 8)
}

function writeCount(lp: Uint8Array, base: number, count: number): void {
  const stored = Math.min(count, COUNT_UNKNOWN)
  lp[base + 4] = stored
  lp[base + 5] = stored >> 8
}

/** Makes the `removed` bytes at `at` into `inserted` bytes, moving what follows. */
function makeRoom(
  lp: Uint8Array,
  base: number,
  limit: number,
  at: number,
  removed: number,
  inserted: number,
): Uint8Array {
  const before = byteLength(lp, base)
  const after = before - removed + inserted
  if (base + after <= limit) {
    move(lp, at + inserted, at + removed, base + before)
    writeInt32(lp, base, after)
    return lp
  }
  if (after > LISTPACK_BYTES_MAX) throw new RangeError('a listpack cannot exceed 1 GiB')
  const grown = Buffer.allocUnsafeSlow(after + (after >> 1))
  copyBytes(lp, base, at, grown, 0)
  copyBytes(lp, at + removed, base + before, grown, at - base + inserted)
  writeInt32(grown, 0, after)
  return grown
}

function move(lp: Uint8Array, to: number, start: number, end: number): void {
  if (to === start) return
  if (end - start > MOVE_LOOP_MAX) {
    lp.copyWithin(to, start, end)
  } else if (to < start) {
    for (let i = start, j = to; i < end; i++, j++) lp[j] = lp[i]!
  } else {
    for (let i = end - 1, j = to + end - start - 1; i >= start; i--, j--) lp[j] = lp[i]!
  }
}
