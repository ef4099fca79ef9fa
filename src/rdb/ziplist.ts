// ziplist.ts — Reads what Redis packed small collections in before listpacks, from untrusted bytes.
//
// A ziplist is: its size in bytes and the offset of its last entry (32 bits each), the number of
// entries (16 bits, all ones for "count them"), the entries, and the byte 0xFF. An entry is the
// size of the one before it (one byte, or 254 and four), an encoding, and its content. Everything
// is little endian but the lengths of strings.
//
// Nothing here writes ziplists: what is read becomes a listpack.

import { Element } from '../values/element.ts'
import * as listpack from '../values/listpack.ts'
import { readInt32 } from '../values/packed-element.ts'
import { PayloadError } from './reader.ts'

const HEADER_BYTES = 10
const TERMINATOR = 0xff
const LONG_PREVIOUS = 254
const COUNT_UNKNOWN = 0xffff

const STRING_14 = 0x40
const STRING_32 = 0x80
const INT16 = 0xc0
const INT32 = 0xd0
const INT64 = 0xe0
const INT24 = 0xf0
const INT8 = 0xfe
const IMMEDIATE_MIN = 0xf1
const IMMEDIATE_MAX = 0xfd

/** The elements of the ziplist [start, end) as a listpack; PayloadError if it is malformed. */
export function listpackOfZiplist(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start < HEADER_BYTES + 1) throw malformed()
  if (readInt32(bytes, start) >>> 0 !== end - start) throw malformed()
  if (bytes[end - 1] !== TERMINATOR) throw malformed()
  const tail = start + (readInt32(bytes, start + 4) >>> 0)
  const count = bytes[start + 8]! | (bytes[start + 9]! << 8)
  let lp: Uint8Array = listpack.create(end - start)
  let walked = 0
  let before = start + HEADER_BYTES
  let at = before
  while (at < end - 1) {
    const content = skipPrevious(bytes, at, end - 1, walked === 0 ? 0 : at - before)
    before = at
    at = readContent(bytes, content, end - 1)
    lp = listpack.append(lp, 0, lp.length, element)
    walked++
  }
  if (before !== tail || (count !== COUNT_UNKNOWN && count !== walked)) throw malformed()
  return lp
}

/** Checks the size of the entry before and returns where the encoding begins. */
function skipPrevious(bytes: Uint8Array, at: number, end: number, expected: number): number {
  const first = bytes[at]!
  if (first === TERMINATOR) throw malformed()
  if (first < LONG_PREVIOUS) {
    if (first !== expected) throw malformed()
    return at + 1
  }
  if (at + 5 > end || readInt32(bytes, at + 1) >>> 0 !== expected) throw malformed()
  return at + 5
}

/** Reads an entry from its encoding on into `element` and returns where it ends. */
function readContent(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) throw malformed()
  const lead = bytes[at]!
  if (lead < INT16) return readString(bytes, at, end)
  const size = integerBytes(lead)
  if (at + 1 + size > end) throw malformed()
  switch (size) {
    case 0:
      element.fromInteger((lead & 0x0f) - 1)
      break
    case 1:
      element.fromInteger((bytes[at + 1]! << 24) >> 24)
      break
    case 2:
      element.fromInteger(((bytes[at + 1]! | (bytes[at + 2]! << 8)) << 16) >> 16)
      break
    case 3:
      element.fromInteger(readInt32(bytes, at) >> 8)
      break
    case 4:
      element.fromInteger(readInt32(bytes, at + 1))
      break
    default:
      element.fromInt64(readInt32(bytes, at + 5), readInt32(bytes, at + 1))
  }
  return at + 1 + size
}

function integerBytes(lead: number): number {
  if (lead >= IMMEDIATE_MIN && lead <= IMMEDIATE_MAX) return 0
  switch (lead) {
    case INT8:
      return 1
    case INT16:
      return 2
    case INT24:
      return 3
    case INT32:
      return 4
    case INT64:
      return 8
    default:
      throw malformed()
  }
}

function readString(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]!
  let length = lead & 0x3f
  let content = at + 1
  if (lead >= STRING_32) {
    if (at + 5 > end) throw malformed()
    length = 0
    for (let i = 1; i <= 4; i++) length = length * 256 + bytes[at + i]!
    content = at + 5
  } else if (lead >= STRING_14) {
    if (at + 2 > end) throw malformed()
    length = (length << 8) | bytes[at + 1]!
    content = at + 2
  }
  if (length > end - content) throw malformed()
  element.fromBytes(bytes, content, content + length)
  return content + length
}

function malformed(): PayloadError {
  return new PayloadError('a malformed ziplist')
}

const element = new Element()
