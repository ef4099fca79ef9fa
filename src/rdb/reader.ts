// reader.ts — Reads lengths, strings and numbers of RDB from bytes that nobody vouches for.
//
// Every read is checked against the end, and whatever is announced is believed only as far as there
// are bytes to back it: no loop and no allocation is larger than a fixed multiple of the input.
// What is wrong throws PayloadError; nothing else is thrown, whatever the bytes.
//
// Strings are borrowed from the input where they stand there as they are.

import type { Element } from '../values/element.ts'
import { readInt32 } from '../values/packed-element.ts'
import { decompress } from './lzf.ts'

const LENGTH_32 = 0x80
const LENGTH_64 = 0x81
const INT8 = 0xc0
const INT16 = 0xc1
const INT32 = 0xc2
const LZF = 0xc3
const WORD = 4294967296

/** The bytes are not a value. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError'
}

export class Reader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
  /** The longest string that is accepted, compressed or not. */
  readonly #stringBytesMax: number
  /** The upper half of the last `length64`. */
  high = 0

  constructor(bytes: Uint8Array, start: number, end: number, stringBytesMax: number) {
    this.bytes = bytes
    this.at = start
    this.end = end
    this.#stringBytesMax = stringBytesMax
  }

  byte(): number {
    this.#need(1)
    return this.bytes[this.at++]!
  }

  /** Eight bytes as a whole number; beyond 2^53 it is an error. */
  uint64(): number {
    const low = this.words64()
    return this.whole(this.high, low)
  }

  /** Eight bytes as they stand: returns the lower half, and leaves the upper in `high`. */
  words64(): number {
    this.#need(8)
    const low = readInt32(this.bytes, this.at)
    this.high = readInt32(this.bytes, this.at + 4)
    this.at += 8
    return low
  }

  double(): number {
    this.#need(8)
    scratch.set(this.bytes.subarray(this.at, this.at + 8))
    this.at += 8
    return scratch.readDoubleLE(0)
  }

  /** A length; one that no memory could hold is an error. */
  length(): number {
    const low = this.length64()
    return this.whole(this.high, low)
  }

  /** A length that may use all 64 bits: returns the lower half, and leaves the upper in `high`. */
  length64(): number {
    const first = this.byte()
    this.high = 0
    if (first < 0x40) return first
    if (first < 0x80) return ((first & 0x3f) << 8) | this.byte()
    if (first === LENGTH_32) return this.#bigEndian()
    if (first !== LENGTH_64) throw new PayloadError('a length of unknown form')
    const high = this.#bigEndian()
    const low = this.#bigEndian()
    this.high = high
    return low
  }

  string(into: Element): void {
    this.#need(1)
    switch (this.bytes[this.at]) {
      case INT8:
        this.at++
        into.fromInteger((this.byte() << 24) >> 24)
        return
      case INT16: {
        this.#need(3)
        const value = this.bytes[this.at + 1]! | (this.bytes[this.at + 2]! << 8)
        this.at += 3
        into.fromInteger((value << 16) >> 16)
        return
      }
      case INT32:
        this.#need(5)
        into.fromInteger(readInt32(this.bytes, this.at + 1))
        this.at += 5
        return
      case LZF:
        this.at++
        this.#compressed(into)
        return
      default: {
        const length = this.#stringLength()
        this.#need(length)
        into.fromBytes(this.bytes, this.at, this.at + length)
        this.at += length
      }
    }
  }

  /** Passes over bytes and returns where they begin. */
  skip(bytes: number): number {
    this.#need(bytes)
    const start = this.at
    this.at += bytes
    return start
  }

  #compressed(into: Element): void {
    const compressed = this.#stringLength()
    const length = this.#stringLength()
    this.#need(compressed)
    const start = this.skip(compressed)
    const bytes = decompress(this.bytes, start, this.at, length)
    if (bytes === undefined) throw new PayloadError('a malformed compressed string')
    into.fromBytes(bytes, 0, length)
  }

  #stringLength(): number {
    const length = this.length()
    if (length > this.#stringBytesMax) throw new PayloadError('a string beyond the limit')
    return length
  }

  #bigEndian(): number {
    this.#need(4)
    const { bytes, at } = this
    this.at += 4
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }

  /** Two halves as one number; beyond 2^53 it is an error. */
  whole(high: number, low: number): number {
    const value = (high >>> 0) * WORD + (low >>> 0)
    if (!Number.isSafeInteger(value)) throw new PayloadError('a number beyond the limit')
    return value
  }

  #need(bytes: number): void {
    if (bytes > this.end - this.at) throw new PayloadError('it ends too early')
  }
}

const scratch = Buffer.alloc(8)
