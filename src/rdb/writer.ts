// writer.ts — Writes lengths, strings and numbers as RDB has them, into a buffer that grows.
//
// A length takes one, two, five or nine bytes. A string is its length and its bytes, or a small
// integer, or LZF where that is shorter. The bytes are the caller's after `finish`.

import { copyBytes } from '../values/bytes.ts'
import { Element, type Text } from '../values/element.ts'
import { writeInt32 } from '../values/packed-element.ts'
import { compress } from './lzf.ts'

const ROOM_MIN = 256
/** Redis does not try to compress shorter strings, nor for less than four bytes' gain. */
const COMPRESSED_BYTES_MIN = 21
const COMPRESSED_GAIN = 4

const LENGTH_14 = 0x40
const LENGTH_32 = 0x80
const LENGTH_64 = 0x81
const INT8 = 0xc0
const INT16 = 0xc1
const INT32 = 0xc2
const LZF = 0xc3
const WORD = 4294967296

export class Writer {
  #bytes: Buffer = Buffer.allocUnsafe(ROOM_MIN)
  #at = 0
  readonly #compresses: boolean

  constructor(compresses: boolean) {
    this.#compresses = compresses
  }

  /** Bytes written. */
  get size(): number {
    return this.#at
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = value
  }

  /** Eight bytes, little endian, of a whole number that is not negative. */
  uint64(value: number): void {
    this.words64(Math.floor(value / WORD), value | 0)
  }

  /** Eight bytes, little endian, from two halves. */
  words64(high: number, low: number): void {
    this.#room(8)
    writeInt32(this.#bytes, this.#at, low)
    writeInt32(this.#bytes, this.#at + 4, high)
    this.#at += 8
  }

  double(value: number): void {
    this.#room(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  length(value: number): void {
    this.length64(Math.floor(value / WORD), value | 0)
  }

  /** A length that may need all 64 bits. */
  length64(high: number, low: number): void {
    this.#room(9)
    const bytes = this.#bytes
    const value = low >>> 0
    if (high !== 0) {
      bytes[this.#at] = LENGTH_64
      bytes.writeInt32BE(high | 0, this.#at + 1)
      bytes.writeInt32BE(low | 0, this.#at + 5)
      this.#at += 9
    } else if (value < 0x40) {
      bytes[this.#at++] = value
    } else if (value < 0x4000) {
      bytes[this.#at++] = LENGTH_14 | (value >> 8)
      bytes[this.#at++] = value
    } else {
      bytes[this.#at] = LENGTH_32
      bytes.writeInt32BE(low | 0, this.#at + 1)
      this.#at += 5
    }
  }

  /** A string, as an integer if it spells one of 32 bits. */
  string(text: Text): void {
    const element = typeof text === 'string' ? spare.fromString(text) : text
    if (element.integer && element.high === element.low >> 31) {
      this.#integer(element.low)
      return
    }
    element.text()
    this.blob(element.bytes, element.start, element.end)
  }

  /** A string that is known to be no integer, such as a listpack. */
  blob(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start
    if (this.#compresses && length >= COMPRESSED_BYTES_MIN) {
      const compressed = compress(bytes, start, end, COMPRESSED_GAIN)
      if (compressed !== undefined) {
        this.byte(LZF)
        this.length(compressed.length)
        this.length(length)
        this.raw(compressed, 0, compressed.length)
        return
      }
    }
    this.length(length)
    this.raw(bytes, start, end)
  }

  raw(bytes: Uint8Array, start: number, end: number): void {
    this.#room(end - start)
    copyBytes(bytes, start, end, this.#bytes, this.#at)
    this.#at += end - start
  }

  #integer(value: number): void {
    this.#room(5)
    const bytes = this.#bytes
    if (value >= -128 && value <= 127) {
      bytes[this.#at++] = INT8
      bytes[this.#at++] = value
    } else if (value >= -32768 && value <= 32767) {
      bytes[this.#at++] = INT16
      this.#at = bytes.writeInt16LE(value, this.#at)
    } else {
      bytes[this.#at++] = INT32
      this.#at = bytes.writeInt32LE(value, this.#at)
    }
  }

  #room(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(grown, 0, 0, this.#at)
    this.#bytes = grown
  }
}

const spare = new Element()
