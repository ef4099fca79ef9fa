// library-dump.ts — The payload of FUNCTION DUMP and RESTORE: the code of each library, as in an RDB file.

import { ReplyError } from '../errors.ts'
import { Crc64 } from '../rdb/crc64.ts'
import { isIntact } from '../rdb/dump.ts'
import { Reader } from '../rdb/reader.ts'
import { VERSION_WRITTEN } from '../rdb/types.ts'
import { Writer } from '../rdb/writer.ts'
import { Element } from '../values/element.ts'

/** What stands before each library. */
const FUNCTION = 245
const FOOTER_BYTES = 10
const CODE_BYTES_MAX = 2 ** 29

const notIntact = new ReplyError('ERR DUMP payload version or checksum are wrong')
const notFunction = new ReplyError('ERR given type is not a function')

export function dumpLibraries(codes: Iterable<string>, compresses: boolean): Buffer {
  const writer = new Writer(compresses)
  for (const code of codes) {
    writer.byte(FUNCTION)
    writer.blob(Buffer.from(code, 'latin1'))
  }
  writer.byte(VERSION_WRITTEN & 0xff)
  writer.byte(VERSION_WRITTEN >> 8)
  const { high, low } = new Crc64().update(writer.finish())
  writer.words64(high, low)
  return writer.finish()
}

/** The code of the libraries in a payload. */
export function readLibraries(bytes: Uint8Array, start: number, end: number): string[] {
  if (!isIntact(bytes, start, end)) throw notIntact
  const reader = new Reader(bytes, start, end - FOOTER_BYTES, CODE_BYTES_MAX)
  const codes: string[] = []
  const element = new Element()
  while (reader.at < reader.end) {
    if (reader.byte() !== FUNCTION) throw notFunction
    reader.string(element)
    element.text()
    codes.push(Buffer.from(element.bytes.subarray(element.start, element.end)).toString('latin1'))
  }
  return codes
}
