// slot.ts — Redis Cluster's hash slots: CRC-16/XMODEM of the key, or of its hash tag, modulo 16384.

export const SLOTS = 16384
/** A segment is 64 neighbouring slots: the unit of ownership, replication, transfer and flush. */
export const SEGMENTS = 256
export const SEGMENT_SHIFT = 6
/** The slot of what has no keys. */
export const NO_SLOT = -1

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const crcTable = new Uint16Array(256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  crcTable[byte] = crc
}

// The key that was routed last, and its slot: the handler looks for the same key a moment later, and
// the checksum would take as long again as all else that routing does.
let routedBytes: Uint8Array | undefined
let routedStart = 0
let routedEnd = 0
let routedSlot = 0

/** As `keySlot`, which need not work it out again until `forgetRoute`: the bytes must not change. */
export function routeKey(bytes: Uint8Array, start: number, end: number): number {
  const slot = computeSlot(bytes, start, end)
  if (routedBytes !== bytes) routedBytes = bytes
  routedStart = start
  routedEnd = end
  routedSlot = slot
  return slot
}

/** Other bytes may be in the place of the key that was routed. */
export function forgetRoute(): void {
  routedBytes = undefined
}

/**
 * The slot of the key `bytes[start, end)`. Where the key has a `{tag}` that is not empty, only the
 * tag counts (first opening brace, first closing brace after it).
 */
export function keySlot(bytes: Uint8Array, start: number, end: number): number {
  if (bytes === routedBytes && start === routedStart && end === routedEnd) return routedSlot
  return computeSlot(bytes, start, end)
}

function computeSlot(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    // The search for a tag shares the loop with the checksum: most keys have none.
    if (byte === OPEN_BRACE) return taggedSlot(bytes, start, i, end)
    crc = ((crc << 8) & 0xffff) ^ crcTable[(crc >>> 8) ^ byte]!
  }
  return crc & (SLOTS - 1)
}

/** The segment of a key that is given as a string. */
export function segmentOfKey(key: string): number {
  const bytes = Buffer.from(key, 'latin1')
  return keySlot(bytes, 0, bytes.length) >>> SEGMENT_SHIFT
}

function taggedSlot(bytes: Uint8Array, start: number, open: number, end: number): number {
  let close = open + 1
  while (close < end && bytes[close] !== CLOSE_BRACE) close++
  return close === end || close === open + 1
    ? checksum(bytes, start, end)
    : checksum(bytes, open + 1, close)
}

function checksum(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0
  for (let i = start; i < end; i++) {
    crc = ((crc << 8) & 0xffff) ^ crcTable[(crc >>> 8) ^ bytes[i]!]!
  }
  return crc & (SLOTS - 1)
}
