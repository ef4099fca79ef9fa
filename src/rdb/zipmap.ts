// zipmap.ts — Reads the packed hashes of Redis before 2.6, from untrusted bytes.
//
// A zipmap is: the number of pairs (one byte, 254 or more for "count them"), the pairs, and a byte
// 0xFF. A pair is the length and bytes of its field, the length of its value, the number of unused
// bytes behind the value, the value, and those bytes. A length is one byte, or 254 and four bytes.
//
// Nothing here writes zipmaps: what is read becomes a listpack of fields and values.

import { Element } from '../values/element.ts'
import * as listpack from '../values/listpack.ts'
import { readInt32 } from '../values/packed-element.ts'
import { PayloadError } from './reader.ts'

const TERMINATOR = 0xff
const LONG_LENGTH = 254

/** Fields and values of the zipmap [start, end); PayloadError if it is malformed. */
export function listpackOfZipmap(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end - start < 2 || bytes[end - 1] !== TERMINATOR) throw malformed()
  let lp: Uint8Array = listpack.create(end - start)
  let pairs = 0
  let at = start + 1
  while (at < end - 1) {
    const field = readLength(bytes, at, end - 1)
    at += lengthBytes(bytes[at]!)
    lp = append(lp, bytes, at, field, end - 1)
    at += field
    const value = readLength(bytes, at, end - 1)
    at += lengthBytes(bytes[at]!)
    const unused = at < end - 1 ? bytes[at++]! : 0
    lp = append(lp, bytes, at, value, end - 1)
    at += value + unused
    pairs++
  }
  if (at !== end - 1 || (bytes[start]! < LONG_LENGTH && bytes[start] !== pairs)) throw malformed()
  return lp
}

function readLength(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] === TERMINATOR) throw malformed()
  if (bytes[at]! < LONG_LENGTH) return bytes[at]!
  if (at + 5 > end) throw malformed()
  return readInt32(bytes, at + 1) >>> 0
}

function lengthBytes(first: number): number {
  return first < LONG_LENGTH ? 1 : 5
}

function append(
  lp: Uint8Array,
  bytes: Uint8Array,
  at: number,
  length: number,
  end: number,
): Uint8Array {
  if (length > end - at) throw malformed()
  return listpack.append(lp, 0, lp.length, element.fromBytes(bytes, at, at + length))
}

function malformed(): PayloadError {
  return new PayloadError('a malformed zipmap')
}

const element = new Element()
