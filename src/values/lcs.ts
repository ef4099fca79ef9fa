// lcs.ts — The longest common subsequence of two strings, and where it lies in both.
//
// Redis fills a table of (a + 1) × (b + 1) lengths and walks back from its end; where both ways are
// equally long it steps back in b. That choice decides which of several longest subsequences is
// returned and how it falls into ranges, so it is kept. The table is not: neighbours in a row differ
// by 0 or 1, so a row is one bit for each byte of b, and the next row follows from it by additions
// of whole words (Hyyrö, "Bit-parallel LCS-length computation revisited", 2004). The same bits tell
// the walk where to go: at bytes that differ, the length comes from above just where the row rises.
//
// The caller still refuses by the size of Redis's table (`lcsTableBytes`), which bounds the memory
// here to a thirty-second of it, and the time.

import { popcount } from './bits.ts'

/** A run of bytes equal in both strings. Ends are inclusive, as LCS IDX prints them. */
export interface CommonRange {
  readonly aStart: number
  readonly aEnd: number
  readonly bStart: number
  readonly bEnd: number
  readonly length: number
}

/** The subsequence, and its ranges from the end of the strings to the start, as LCS IDX lists them. */
export interface Lcs {
  readonly bytes: Buffer
  readonly ranges: readonly CommonRange[]
}

/** Bytes of the table that Redis allocates for strings of these lengths. */
export function lcsTableBytes(aLength: number, bLength: number): number {
  return (aLength + 1) * (bLength + 1) * 4
}

/** The length alone. */
export function lcsLength(a: Uint8Array, b: Uint8Array): number {
  const masks = matchMasks(a, b)
  const row = new Int32Array((b.length + 31) >>> 5).fill(-1)
  for (let i = 0; i < a.length; i++) advance(row, 0, 0, masks[a[i]!]!)
  return countRises(row, 0)
}

/** Ranges shorter than `rangeLengthMin` are left out; the subsequence is not affected by it. */
export function lcs(a: Uint8Array, b: Uint8Array, rangeLengthMin = 0): Lcs {
  const masks = matchMasks(a, b)
  const words = (b.length + 31) >>> 5
  const rows = new Int32Array((a.length + 1) * words)
  rows.fill(-1, 0, words)
  for (let i = 0; i < a.length; i++) advance(rows, i * words, (i + 1) * words, masks[a[i]!]!)

  let left = countRises(rows, a.length * words)
  const bytes = Buffer.allocUnsafeSlow(left)
  const ranges: CommonRange[] = []
  let i = a.length
  let j = b.length
  while (left > 0) {
    const iEnd = i
    while (i > 0 && j > 0 && a[i - 1] === b[j - 1]) {
      i--
      j--
      bytes[--left] = a[i]!
    }
    const length = iEnd - i
    if (length > 0 && length >= rangeLengthMin) {
      ranges.push({ aStart: i, aEnd: i + length - 1, bStart: j, bEnd: j + length - 1, length })
    }
    if (left === 0) break
    const bit = j - 1
    if (((rows[i * words + (bit >>> 5)]! >>> (bit & 31)) & 1) === 0) i--
    else j--
  }
  return { bytes, ranges }
}

/**
 * For each byte of a, the bits of its places in b. Bytes that a lacks have no mask, so the masks
 * take no more memory than the rows.
 */
function matchMasks(a: Uint8Array, b: Uint8Array): (Int32Array | undefined)[] {
  const masks = new Array<Int32Array | undefined>(256).fill(undefined)
  const words = (b.length + 31) >>> 5
  for (const byte of a) masks[byte] ??= new Int32Array(words)
  for (let j = 0; j < b.length; j++) {
    const mask = masks[b[j]!]
    if (mask !== undefined) mask[j >>> 5]! |= 1 << (j & 31)
  }
  return masks
}

/**
 * Computes the row at `to` from the row at `from`, which may be the same place. A bit of a row is 0
 * where the length rises by one, 1 where it stays; beyond the end of b it stays.
 */
function advance(rows: Int32Array, from: number, to: number, mask: Int32Array): void {
  let carry = 0
  for (let word = 0; word < mask.length; word++) {
    const row = rows[from + word]!
    const matches = row & mask[word]!
    const sum = (row + matches + carry) | 0
    carry = (matches | (row & ~sum)) >>> 31
    rows[to + word] = sum | (row & ~matches)
  }
}

/** The length of the last row: how often it rises. */
function countRises(rows: Int32Array, from: number): number {
  let rises = 0
  for (let word = from; word < rows.length; word++) rises += popcount(~rows[word]!)
  return rises
}
