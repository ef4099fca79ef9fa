// hash.ts — Where an element falls in a HyperLogLog: MurmurHash64A with Redis's seed.
//
// Data files and peers carry registers, not elements, so the hash must stay Redis's, bit for bit,
// for ever. A 64-bit number is kept as two 32-bit halves: BigInt would allocate several times per
// eight bytes of input, and this runs once per element of PFADD.

/** Registers of a HyperLogLog, chosen by as many low bits of the hash. */
export const REGISTERS = 1 << 14
const INDEX_BITS = 14
/** The largest rank: all 50 bits that do not choose the register are zero. */
export const RANK_MAX = 64 - INDEX_BITS + 1

const SEED = 0xadc83b19
/** Murmur's multiplier 0xc6a4a7935bd1e995 in halves, the low half also in quarters. */
const M_HIGH = 0xc6a4a793
const M_LOW = 0x5bd1e995
const M_LOW_TOP = 0x5bd1
const M_LOW_BOTTOM = 0xe995

/** The high 32 bits of `low` times the low half of Murmur's multiplier. */
function carry(low: number): number {
  const bottom = low & 0xffff
  const top = low >>> 16
  const first = Math.imul(bottom, M_LOW_BOTTOM) >>> 16
  // A product of two 16-bit numbers plus a 16-bit number stays below 2^32, so wrapping is exact.
  const second = (Math.imul(top, M_LOW_BOTTOM) + first) >>> 0
  const third = (Math.imul(bottom, M_LOW_TOP) + (second & 0xffff)) >>> 0
  return (Math.imul(top, M_LOW_TOP) + (second >>> 16) + (third >>> 16)) | 0
}

/** The high half of the 64-bit product of (high, low) and Murmur's multiplier. */
function productHigh(high: number, low: number): number {
  return (carry(low) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) | 0
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/**
 * The register of the element in `bytes` from `start` to `end`, and its rank: the position of the
 * lowest set bit above those that choose the register, counted from 1. Packed into one number, so
 * that nothing is allocated: `rank << 14 | index`.
 */
export function locate(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  let low = Math.imul(length, M_LOW) ^ SEED
  let high = productHigh(0, length)
  let at = start
  for (const lastWhole = end - 8; at <= lastWhole; at += 8) {
    let keyLow = word(bytes, at)
    let keyHigh = word(bytes, at + 4)
    keyHigh = productHigh(keyHigh, keyLow)
    keyLow = Math.imul(keyLow, M_LOW)
    // A shift by 47 leaves the top 17 bits, which all come from the high half.
    keyLow ^= keyHigh >>> 15
    keyHigh = productHigh(keyHigh, keyLow)
    keyLow = Math.imul(keyLow, M_LOW)
    low ^= keyLow
    high ^= keyHigh
    high = productHigh(high, low)
    low = Math.imul(low, M_LOW)
  }
  if (at < end) {
    for (let shift = 0; at < end; at++, shift += 8) {
      if (shift < 32) low ^= bytes[at]! << shift
      else high ^= bytes[at]! << (shift - 32)
    }
    high = productHigh(high, low)
    low = Math.imul(low, M_LOW)
  }
  low ^= high >>> 15
  high = productHigh(high, low)
  low = Math.imul(low, M_LOW)
  low ^= high >>> 15
  return (rank(high, low) << INDEX_BITS) | (low & (REGISTERS - 1))
}

function rank(high: number, low: number): number {
  const lowRest = (low >>> INDEX_BITS) | (high << (32 - INDEX_BITS))
  if (lowRest !== 0) return 32 - Math.clz32(lowRest & -lowRest)
  // The bit above the hash ends the search where the hash has no bit left.
  const highRest = (high >>> INDEX_BITS) | (1 << (32 - INDEX_BITS))
  return 64 - Math.clz32(highRest & -highRest)
}
