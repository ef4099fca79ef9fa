// bits.ts — Strings as arrays of bits: BITCOUNT, BITPOS and BITOP.
//
// Bit 0 is the most significant bit of byte 0, as in Redis. Long strings are read a 32-bit word at a
// time: a megabyte is counted in a fraction of a millisecond, because the loop serves nobody else
// meanwhile. Words are taken at addresses divisible by four, wherever in its memory a string begins,
// and no operation here depends on which byte of a word comes first.
//
// Only `setBit` writes to its input.

export type BitUnit = 'byte' | 'bit'

/** Bits beyond the end are 0. */
export function bitAt(bytes: Uint8Array, offset: number): number {
  const at = Math.floor(offset / 8)
  return at < bytes.length ? (bytes[at]! >>> (7 - (offset & 7))) & 1 : 0
}

/** The caller has made the string long enough. */
export function setBit(bytes: Uint8Array, offset: number, bit: number): void {
  const at = Math.floor(offset / 8)
  const mask = 0x80 >>> (offset & 7)
  bytes[at] = bit === 1 ? bytes[at]! | mask : bytes[at]! & ~mask
}

/** Bits set in a 32-bit word. */
export function popcount(word: number): number {
  let pairs = word - ((word >>> 1) & 0x55555555)
  pairs = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** Bits set from `start` to `end`, inclusive, in `unit`s; negative counts from the end. */
export function bitCount(bytes: Uint8Array, start = 0, end = -1, unit: BitUnit = 'byte'): number {
  const scale = unit === 'bit' ? 1 : 8
  const size = unit === 'bit' ? bytes.length * 8 : bytes.length
  const first = fromStart(start, size) * scale
  const last = Math.min(fromStart(end, size), size - 1) * scale + scale - 1
  if (first > last || (start < 0 && end < 0 && start > end)) return 0
  return countBits(bytes, first, last)
}

/** An index from the start for one that may count from the end; before the start is the start. */
function fromStart(index: number, size: number): number {
  return index < 0 ? Math.max(index + size, 0) : index
}

function countBits(bytes: Uint8Array, firstBit: number, lastBit: number): number {
  const first = Math.floor(firstBit / 8)
  const last = Math.floor(lastBit / 8)
  let total = countBytes(bytes, first, last + 1)
  // What the edge bytes hold outside the range.
  total -= popcount(bytes[first]! & ~(0xff >>> (firstBit & 7)))
  total -= popcount(bytes[last]! & (0x7f >>> (lastBit & 7)))
  return total
}

/** Shorter stretches are read byte by byte: a view of the memory as words costs more than it saves. */
const WORDWISE_BYTES_MIN = 64

/** Bytes to go from `start` to the first address of a word, or all of them if they are few. */
function bytesBeforeWords(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < WORDWISE_BYTES_MIN) return end - start
  return -(bytes.byteOffset + start) & 3
}

function countBytes(bytes: Uint8Array, start: number, end: number): number {
  let total = 0
  let at = start
  for (const stop = start + bytesBeforeWords(bytes, start, end); at < stop; at++) {
    total += popcount(bytes[at]!)
  }
  const words = (end - at) >>> 2
  if (words > 0) {
    total += countWords(new Int32Array(bytes.buffer, bytes.byteOffset + at, words))
    at += words * 4
  }
  for (; at < end; at++) total += popcount(bytes[at]!)
  return total
}

/**
 * Harley and Seal's count: words are added in columns like digits by carry-save adders, so that only
 * one of eight, the carry of weight 8, goes through `popcount`. Twice as fast here as a popcount for
 * each word.
 */
function countWords(words: Int32Array): number {
  let ones = 0
  let twos = 0
  let fours = 0
  let eights = 0
  let at = 0
  for (const end = words.length & ~7; at < end; at += 8) {
    // Of three digits a, b, c the sum is a ^ b ^ c, and (a & b) | ((a ^ b) & c) is the carry.
    let half = ones ^ words[at]!
    let twosA = (ones & words[at]!) | (half & words[at + 1]!)
    ones = half ^ words[at + 1]!
    half = ones ^ words[at + 2]!
    let twosB = (ones & words[at + 2]!) | (half & words[at + 3]!)
    ones = half ^ words[at + 3]!
    half = twos ^ twosA
    const foursA = (twos & twosA) | (half & twosB)
    twos = half ^ twosB
    half = ones ^ words[at + 4]!
    twosA = (ones & words[at + 4]!) | (half & words[at + 5]!)
    ones = half ^ words[at + 5]!
    half = ones ^ words[at + 6]!
    twosB = (ones & words[at + 6]!) | (half & words[at + 7]!)
    ones = half ^ words[at + 7]!
    half = twos ^ twosA
    const foursB = (twos & twosA) | (half & twosB)
    twos = half ^ twosB
    half = fours ^ foursA
    eights += popcount((fours & foursA) | (half & foursB))
    fours = half ^ foursB
  }
  let total = 8 * eights + 4 * popcount(fours) + 2 * popcount(twos) + popcount(ones)
  for (; at < words.length; at++) total += popcount(words[at]!)
  return total
}

/**
 * The first bit from `start` to `end` (inclusive, in `unit`s, negative from the end) that is `bit`;
 * -1 if there is none. Without an end the string counts as followed by zeros without limit, so a
 * search for 0 succeeds unless it starts beyond the string.
 */
export function bitPosition(
  bytes: Uint8Array,
  bit: 0 | 1,
  start = 0,
  end?: number,
  unit: BitUnit = 'byte',
): number {
  const scale = unit === 'bit' ? 1 : 8
  const size = unit === 'bit' ? bytes.length * 8 : bytes.length
  const first = fromStart(start, size) * scale
  const last = Math.min(fromStart(end ?? -1, size), size - 1) * scale + scale - 1
  if (first > last) return -1
  const found = findBit(bytes, bit, first, last)
  if (found <= last) return found
  return bit === 0 && end === undefined ? last + 1 : -1
}

/** The first such bit; anything above `lastBit` if there is none up to it. */
function findBit(bytes: Uint8Array, bit: 0 | 1, firstBit: number, lastBit: number): number {
  const flip = bit === 1 ? 0 : 0xff
  const first = Math.floor(firstBit / 8)
  const end = Math.floor(lastBit / 8) + 1
  const edge = (bytes[first]! ^ flip) & (0xff >>> (firstBit & 7))
  if (edge !== 0) return first * 8 + Math.clz32(edge) - 24
  const at = skipBytes(bytes, flip, first + 1, end)
  return at < end ? at * 8 + Math.clz32(bytes[at]! ^ flip) - 24 : end * 8
}

/** The first byte from `start` that is not `skipped`, or `end`. */
function skipBytes(bytes: Uint8Array, skipped: number, start: number, end: number): number {
  let at = start
  for (const stop = start + bytesBeforeWords(bytes, start, end); at < stop; at++) {
    if (bytes[at] !== skipped) return at
  }
  const wordCount = (end - at) >>> 2
  if (wordCount > 0) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, wordCount)
    const skippedWord = skipped === 0 ? 0 : -1
    let word = 0
    while (word < wordCount && words[word] === skippedWord) word++
    at += word * 4
  }
  while (at < end && bytes[at] === skipped) at++
  return at
}

export type BitOperation = 'and' | 'or' | 'xor' | 'not'

/**
 * Combines strings bit by bit; the shorter ones count as padded with zeros to the longest. `not`
 * takes one. The result is new memory.
 */
export function bitOperation(operation: BitOperation, inputs: readonly Uint8Array[]): Buffer {
  const length = inputs.reduce((longest, bytes) => Math.max(longest, bytes.length), 0)
  // In memory of its own, so at the start of a word, and with room to its end.
  const memory = Buffer.allocUnsafeSlow((length + 3) & ~3)
  const words = new Int32Array(memory.buffer, 0, memory.length >>> 2)
  const result = memory.subarray(0, length)
  const [first, ...others] = inputs
  if (first === undefined) return result
  result.set(first)
  result.fill(0, first.length)
  if (operation === 'not') for (let at = 0; at < words.length; at++) words[at] = ~words[at]!
  else for (const bytes of others) combine(operation, result, words, bytes)
  return result
}

function combine(
  operation: 'and' | 'or' | 'xor',
  result: Buffer,
  words: Int32Array,
  bytes: Uint8Array,
): void {
  // Copying a misaligned string costs less than combining it byte by byte.
  const aligned = (bytes.byteOffset & 3) === 0 ? bytes : new Uint8Array(bytes)
  const count = bytes.length >>> 2
  const other = new Int32Array(aligned.buffer, aligned.byteOffset, count)
  if (operation === 'and') for (let at = 0; at < count; at++) words[at]! &= other[at]!
  else if (operation === 'or') for (let at = 0; at < count; at++) words[at]! |= other[at]!
  else for (let at = 0; at < count; at++) words[at]! ^= other[at]!
  for (let at = count * 4; at < bytes.length; at++) {
    if (operation === 'and') result[at]! &= bytes[at]!
    else if (operation === 'or') result[at]! |= bytes[at]!
    else result[at]! ^= bytes[at]!
  }
  if (operation === 'and') result.fill(0, bytes.length)
}
