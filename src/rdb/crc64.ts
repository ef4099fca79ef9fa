// crc64.ts — The checksum of RDB files and DUMP payloads: CRC-64, Jones's polynomial, reflected.
//
// JavaScript has no fast 64-bit integers, so the register is two halves. Eight tables of 256 let it
// take eight bytes a step. A checksum of nothing is 0; a checksum can be continued, so a file
// is summed as it streams by.

import { readInt32 } from '../values/packed-element.ts'

/** The polynomial 0xad93d23594c935a9, bits in reverse. */
const POLYNOMIAL_HIGH = 0x95ac9329
const POLYNOMIAL_LOW = 0xac4bc9b5
const TABLES = 8

// Entry 256 × k + b is what byte b does to the register from k bytes further on.
const high = new Int32Array(TABLES * 256)
const low = new Int32Array(TABLES * 256)
for (let byte = 0; byte < 256; byte++) {
  let h = 0
  let l = byte
  for (let bit = 0; bit < 8; bit++) {
    const carries = l & 1
    l = (l >>> 1) | (h << 31)
    h >>>= 1
    if (carries) {
      h ^= POLYNOMIAL_HIGH
      l ^= POLYNOMIAL_LOW
    }
  }
  high[byte] = h
  low[byte] = l
}
for (let i = 256; i < high.length; i++) {
  const h = high[i - 256]!
  const l = low[i - 256]!
  high[i] = (h >>> 8) ^ high[l & 0xff]!
  low[i] = ((l >>> 8) | (h << 24)) ^ low[l & 0xff]!
}

export class Crc64 {
  /** The register: the checksum of all bytes so far, as two signed halves. */
  high = 0
  low = 0

  update(bytes: Uint8Array, start = 0, end = bytes.length): this {
    let h = this.high
    let l = this.low
    let i = start
    for (; i + 8 <= end; i += 8) {
      l ^= readInt32(bytes, i)
      h ^= readInt32(bytes, i + 4)
      const a = 0x700 | (l & 0xff)
      const b = 0x600 | ((l >>> 8) & 0xff)
      const c = 0x500 | ((l >>> 16) & 0xff)
      const d = 0x400 | (l >>> 24)
      const e = 0x300 | (h & 0xff)
      const f = 0x200 | ((h >>> 8) & 0xff)
      const g = 0x100 | ((h >>> 16) & 0xff)
      const k = h >>> 24
      l = low[a]! ^ low[b]! ^ low[c]! ^ low[d]! ^ low[e]! ^ low[f]! ^ low[g]! ^ low[k]!
      h = high[a]! ^ high[b]! ^ high[c]! ^ high[d]! ^ high[e]! ^ high[f]! ^ high[g]! ^ high[k]!
    }
    for (; i < end; i++) {
      const index = (l ^ bytes[i]!) & 0xff
      l = ((l >>> 8) | (h << 24)) ^ low[index]!
      h = (h >>> 8) ^ high[index]!
    }
    this.high = h
    this.low = l
    return this
  }
}
