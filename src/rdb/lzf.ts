// lzf.ts — The compression of strings in RDB: LZF, a byte-wise Lempel-Ziv without entropy coding.
//
// The stream is a row of commands. A first byte below 32 announces that many literal bytes plus
// one. Any other is a copy from what is already written: three bits of length, thirteen of
// distance; a length of seven is continued in one more byte. Copies are of 3 to 264 bytes, from at
// most 8192 back, and may overlap what they write.
//
// Decompression trusts nothing: it reads and writes only inside its bounds and must end exactly at
// the announced length. Compression gives up as soon as it does not pay.

const LITERALS_MAX = 32
const COPY_MIN = 3
const COPY_MAX = 264
const DISTANCE_MAX = 8192
/** Bytes that one command of three bytes can stand for, at most. */
const RATIO_MAX = COPY_MAX / 3

const TABLE_BITS = 14
/** Last place of each hash of three bytes, plus `epoch`: older entries count as empty. */
const places = new Int32Array(1 << TABLE_BITS)
const EPOCH_MAX = 2 ** 30
let epoch = 0

/** Whether `length` bytes can possibly have been compressed into `compressed`. */
export function isPlausible(compressed: number, length: number): boolean {
  return length <= Math.ceil(compressed * RATIO_MAX)
}

/** The compressed range, or undefined if that is not at least `gain` bytes shorter. */
export function compress(
  bytes: Uint8Array,
  start: number,
  end: number,
  gain: number,
): Uint8Array | undefined {
  const room = end - start - gain
  if (room <= 0) return undefined
  const out = Buffer.allocUnsafe(room)
  const base = nextEpoch(end - start) - start
  let at = start
  let literals = start
  let written = 0
  while (at + COPY_MIN <= end) {
    const hash = hashAt(bytes, at)
    const from = places[hash]! - base
    places[hash] = at + base
    const length = from >= start ? matchLength(bytes, from, at, end) : 0
    if (length < COPY_MIN) {
      at++
      continue
    }
    written = writeLiterals(bytes, literals, at, out, written)
    if (written < 0 || written + 3 > room) return undefined
    written = writeCopy(length, at - from, out, written)
    // The places inside a copy are entered too, but for the last, which the next search enters.
    const copied = at + length
    for (at++; at < copied && at + COPY_MIN <= end; at++) places[hashAt(bytes, at)] = at + base
    at = copied
    literals = at
  }
  written = writeLiterals(bytes, literals, end, out, written)
  return written < 0 ? undefined : out.subarray(0, written)
}

/** The `length` bytes that a compressed range stands for, or undefined if it is malformed. */
export function decompress(
  bytes: Uint8Array,
  start: number,
  end: number,
  length: number,
): Uint8Array | undefined {
  if (!isPlausible(end - start, length)) return undefined
  const out = Buffer.allocUnsafe(length)
  let at = start
  let written = 0
  while (at < end) {
    const command = bytes[at++]!
    if (command < LITERALS_MAX) {
      const literals = command + 1
      if (at + literals > end || written + literals > length) return undefined
      for (let i = 0; i < literals; i++) out[written++] = bytes[at++]!
      continue
    }
    let copies = command >> 5
    if (copies === 7) {
      if (at >= end) return undefined
      copies += bytes[at++]!
    }
    copies += 2
    if (at >= end) return undefined
    let from = written - (((command & 0x1f) << 8) | bytes[at++]!) - 1
    if (from < 0 || written + copies > length) return undefined
    for (let i = 0; i < copies; i++) out[written++] = out[from++]!
  }
  return written === length ? out : undefined
}

function nextEpoch(length: number): number {
  if (epoch > EPOCH_MAX) {
    epoch = 0
    places.fill(0)
  }
  // Entries of earlier calls are at most `epoch`, so they lie before the start of this one.
  const base = epoch + 1
  epoch += length
  return base
}

function hashAt(bytes: Uint8Array, at: number): number {
  const three = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
  return Math.imul(three, 0x9e3779b1) >>> (32 - TABLE_BITS)
}

function matchLength(bytes: Uint8Array, from: number, at: number, end: number): number {
  if (at - from > DISTANCE_MAX) return 0
  const max = Math.min(COPY_MAX, end - at)
  let length = 0
  while (length < max && bytes[from + length] === bytes[at + length]) length++
  return length
}

/** Writes literals in runs; -1 if they do not fit. */
function writeLiterals(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  let written = at
  for (let from = start; from < end; from += LITERALS_MAX) {
    const count = Math.min(LITERALS_MAX, end - from)
    if (written + 1 + count > out.length) return -1
    out[written++] = count - 1
    for (let i = 0; i < count; i++) out[written++] = bytes[from + i]!
  }
  return written
}

function writeCopy(length: number, distance: number, out: Uint8Array, at: number): number {
  const count = length - 2
  const back = distance - 1
  let written = at
  if (count < 7) {
    out[written++] = (count << 5) | (back >> 8)
  } else {
    out[written++] = (7 << 5) | (back >> 8)
    out[written++] = count - 7
  }
  out[written++] = back
  return written
}
