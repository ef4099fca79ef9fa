// packed-element.ts — One element of a listpack: its encodings, sizes and trailing length.
//
// An element is an encoding byte, perhaps a length, the content, and last its own size so that it
// can be read from behind. Integers take the shortest of six widths and strings one of three, and
// the choice must be Redis's, for the bytes are compared and exchanged with Redis's own.
//
// Readers believe what they read; `validElementBytes` is for bytes that nobody vouches for.

import { copyBytes, sameBytes } from './bytes.ts'
import { Element, INTEGER_TEXT_MAX } from './element.ts'

/** First bytes of an element; the shorter forms carry part of the value in the same byte. */
const INT13 = 0xc0
const INT16 = 0xf1
const INT24 = 0xf2
const INT32 = 0xf3
const INT64 = 0xf4
const STRING6 = 0x80
const STRING12 = 0xe0
const STRING32 = 0xf0

const STRING6_MAX = 63
const STRING12_MAX = 4095

/** Bytes that the element at `at` takes, its trailing length included. */
export function elementBytes(lp: Uint8Array, at: number): number {
  const lead = lp[at]!
  // Walks spend their time here, nearly always on these two: no length of theirs needs two bytes.
  if (lead < 0x80) return 2
  if (lead < 0xc0) return 2 + (lead & STRING6_MAX)
  const encoded = encodedBytes(lp, at)
  return encoded + backlenBytes(encoded)
}

/** Position of the element that ends where `at` begins; there must be one. */
export function before(lp: Uint8Array, at: number): number {
  const trailing = lp[at - 1]!
  if (trailing < 0x80) return at - trailing - 1
  const encoded = readBacklen(lp, at - 1)
  return at - encoded - backlenBytes(encoded)
}

/** Reads the element at `at`; a string is borrowed from `lp`, not copied. */
export function get(lp: Uint8Array, at: number, into: Element): void {
  const lead = lp[at]!
  if (lead < 0x80) {
    into.fromInt64(0, lead)
  } else if (lead < 0xc0) {
    into.fromStored(lp, at + 1, at + 1 + (lead & STRING6_MAX))
  } else if (lead < 0xe0) {
    const value = (((lead << 8) | lp[at + 1]!) << 19) >> 19
    into.fromInt64(value >> 31, value)
  } else if (lead < 0xf0) {
    into.fromStored(lp, at + 2, at + 2 + (((lead & 0x0f) << 8) | lp[at + 1]!))
  } else if (lead === STRING32) {
    into.fromStored(lp, at + 5, at + 5 + (readInt32(lp, at + 1) >>> 0))
  } else if (lead === INT64) {
    into.fromInt64(readInt32(lp, at + 5), readInt32(lp, at + 1))
  } else {
    const value = readShortInteger(lp, at)
    into.fromInt64(value >> 31, value)
  }
}

/** The element at `at` as a latin1 string. */
export function string(lp: Uint8Array, at: number): string {
  get(lp, at, spare)
  return spare.toString()
}

/** The integer at `at` as a double, or NaN if the element is a string. */
export function integer(lp: Uint8Array, at: number): number {
  const lead = lp[at]!
  if (lead < 0x80) return lead
  get(lp, at, spare)
  return spare.integer ? spare.toInteger() : Number.NaN
}

/** True if the element at `at` has the text of `element`. */
export function equals(lp: Uint8Array, at: number, element: Element): boolean {
  const lead = lp[at]!
  let start: number
  let bytes: number
  if (lead >= 0x80 && lead < 0xc0) {
    bytes = lead & STRING6_MAX
    start = at + 1
  } else if (lead >= 0xe0 && lead < 0xf0) {
    bytes = ((lead & 0x0f) << 8) | lp[at + 1]!
    start = at + 2
  } else if (lead === STRING32) {
    bytes = readInt32(lp, at + 1) >>> 0
    start = at + 5
  } else {
    if (!element.integer) return false
    get(lp, at, spare)
    return spare.low === element.low && spare.high === element.high
  }
  if (element.integer && bytes > INTEGER_TEXT_MAX) return false
  element.text()
  return (
    element.end - element.start === bytes &&
    sameBytes(lp, start, element.bytes, element.start, bytes)
  )
}

/** Bytes that `element` will take, its trailing length included. */
export function sizeOf(element: Element): number {
  const encoded = element.integer
    ? encodedIntegerBytes(element.high, element.low)
    : encodedStringBytes(element.end - element.start)
  return encoded + backlenBytes(encoded)
}

/** Writes one element at `at`, header untouched, and returns where it ends. */
export function write(lp: Uint8Array, at: number, element: Element): number {
  const end = element.integer
    ? writeInteger(lp, at, element.high, element.low)
    : writeString(lp, at, element)
  return writeBacklen(lp, end, end - at)
}

/** As `write`, for an integer in two halves. */
export function writeInt64(lp: Uint8Array, at: number, high: number, low: number): number {
  if (high === 0 && low >= 0 && low < 0x80) {
    lp[at] = low
    lp[at + 1] = 1
    return at + 2
  }
  const end = writeInteger(lp, at, high, low)
  return writeBacklen(lp, end, end - at)
}

/** Bytes of the element at `at`, or 0 if it is malformed or would end beyond `end`. */
export function validElementBytes(lp: Uint8Array, at: number, end: number): number {
  const lead = lp[at]!
  if (lead > INT64) return 0
  const lengthBytes = lead === STRING32 ? 5 : lead >= STRING12 && lead < STRING32 ? 2 : 1
  if (at + lengthBytes > end) return 0
  const encoded = encodedBytes(lp, at)
  const trailing = backlenBytes(encoded)
  if (at + encoded + trailing > end) return 0
  return readBacklen(lp, at + encoded + trailing - 1) === encoded ? encoded + trailing : 0
}

/** Bytes of encoding and content, without the trailing length. */
function encodedBytes(lp: Uint8Array, at: number): number {
  const lead = lp[at]!
  if (lead < 0x80) return 1
  if (lead < 0xc0) return 1 + (lead & STRING6_MAX)
  if (lead < 0xe0) return 2
  if (lead < 0xf0) return 2 + (((lead & 0x0f) << 8) | lp[at + 1]!)
  switch (lead) {
    case STRING32:
      return 5 + (readInt32(lp, at + 1) >>> 0)
    case INT16:
      return 3
    case INT24:
      return 4
    case INT32:
      return 5
    default:
      return 9
  }
}

function encodedIntegerBytes(high: number, low: number): number {
  if (high !== low >> 31) return 9
  if (low >= 0 && low <= 127) return 1
  if (low >= -4096 && low <= 4095) return 2
  if (low >= -32768 && low <= 32767) return 3
  if (low >= -8388608 && low <= 8388607) return 4
  return 5
}

function encodedStringBytes(bytes: number): number {
  return (bytes <= STRING6_MAX ? 1 : bytes <= STRING12_MAX ? 2 : 5) + bytes
}

function readShortInteger(lp: Uint8Array, at: number): number {
  switch (lp[at]) {
    case INT16:
      return ((lp[at + 1]! | (lp[at + 2]! << 8)) << 16) >> 16
    case INT24:
      return ((lp[at + 1]! | (lp[at + 2]! << 8) | (lp[at + 3]! << 16)) << 8) >> 8
    default:
      return readInt32(lp, at + 1)
  }
}

function writeInteger(lp: Uint8Array, at: number, high: number, low: number): number {
  switch (encodedIntegerBytes(high, low)) {
    case 1:
      lp[at] = low
      return at + 1
    case 2:
      lp[at] = INT13 | ((low >> 8) & 0x1f)
      lp[at + 1] = low
      return at + 2
    case 3:
      lp[at] = INT16
      lp[at + 1] = low
      lp[at + 2] = low >> 8
      return at + 3
    case 4:
      lp[at] = INT24
      lp[at + 1] = low
      lp[at + 2] = low >> 8
      lp[at + 3] = low >> 16
      return at + 4
    case 5:
      lp[at] = INT32
      writeInt32(lp, at + 1, low)
      return at + 5
    default:
      lp[at] = INT64
      writeInt32(lp, at + 1, low)
      writeInt32(lp, at + 5, high)
      return at + 9
  }
}

function writeString(lp: Uint8Array, at: number, element: Element): number {
  const bytes = element.end - element.start
  let content = at + 1
  if (bytes <= STRING6_MAX) {
    lp[at] = STRING6 | bytes
  } else if (bytes <= STRING12_MAX) {
    lp[at] = STRING12 | (bytes >> 8)
    lp[at + 1] = bytes
    content = at + 2
  } else {
    lp[at] = STRING32
    writeInt32(lp, at + 1, bytes)
    content = at + 5
  }
  copyBytes(element.bytes, element.start, element.end, lp, content)
  return content + bytes
}

/**
 * Bytes of the trailing length. The bounds above the first are one short of the powers of two they
 * suggest; Redis wrote them so, and both sides must skip alike.
 */
function backlenBytes(encoded: number): number {
  if (encoded <= 127) return 1
  if (encoded < 16383) return 2
  if (encoded < 2097151) return 3
  return encoded < 268435455 ? 4 : 5
}

/** Seven bits a byte, the most significant first; every byte but the first has its top bit set. */
function writeBacklen(lp: Uint8Array, at: number, encoded: number): number {
  if (encoded < 0x80) {
    lp[at] = encoded
    return at + 1
  }
  const bytes = backlenBytes(encoded)
  for (let i = bytes - 1, rest = encoded; i >= 0; i--) {
    lp[at + i] = i === 0 ? rest & 0x7f : (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  return at + bytes
}

/** Reads a trailing length whose last byte is at `at`; NaN if it does not end in five bytes. */
function readBacklen(lp: Uint8Array, at: number): number {
  let value = 0
  let scale = 1
  for (let i = 0; i < 5; i++) {
    const byte = lp[at - i]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
    scale *= 128
  }
  return Number.NaN
}

export function readInt32(lp: Uint8Array, at: number): number {
  return lp[at]! | (lp[at + 1]! << 8) | (lp[at + 2]! << 16) | (lp[at + 3]! << 24)
}

export function writeInt32(lp: Uint8Array, at: number, value: number): void {
  lp[at] = value
  lp[at + 1] = value >> 8
  lp[at + 2] = value >> 16
  lp[at + 3] = value >> 24
}

/** For reads that end within this file. */
const spare = new Element()
