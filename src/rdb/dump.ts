// dump.ts — The payload of DUMP and RESTORE: a value, the RDB version, a checksum.
//
// The last ten bytes are the version (16 bits) and the CRC-64 of all before it, little endian. A
// payload of a newer version or with a wrong checksum is not looked into.

import { readInt32 } from '../values/packed-element.ts'
import { Crc64 } from './crc64.ts'
import { decode } from './decode.ts'
import { encode, versionOf } from './encode.ts'
import { PayloadError, Reader } from './reader.ts'
import { VERSION_READ_MAX } from './types.ts'
import type { Limits, Value } from './value.ts'
import { Writer } from './writer.ts'

const VERSION_BYTES = 2
const FOOTER_BYTES = VERSION_BYTES + 8

export function dump(value: Value, compresses: boolean): Buffer {
  const writer = new Writer(compresses)
  encode(value, writer)
  const version = versionOf(value)
  writer.byte(version & 0xff)
  writer.byte(version >> 8)
  const body = writer.finish()
  const { high, low } = new Crc64().update(body)
  writer.words64(high, low)
  return writer.finish()
}

/** Whether RESTORE should look into a payload at all: version and checksum are right. */
export function isIntact(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < FOOTER_BYTES) return false
  const version = bytes[end - FOOTER_BYTES]! | (bytes[end - FOOTER_BYTES + 1]! << 8)
  if (version > VERSION_READ_MAX) return false
  const { high, low } = new Crc64().update(bytes, start, end - FOOTER_BYTES + VERSION_BYTES)
  return readInt32(bytes, end - 8) === low && readInt32(bytes, end - 4) === high
}

/** The value in an intact payload; PayloadError if it is malformed. */
export function restore(bytes: Uint8Array, start: number, end: number, limits: Limits): Value {
  const reader = new Reader(bytes, start, end - FOOTER_BYTES, limits.stringBytesMax)
  const value = decode(reader, limits)
  if (reader.at !== reader.end) throw new PayloadError('bytes behind the value')
  return value
}
