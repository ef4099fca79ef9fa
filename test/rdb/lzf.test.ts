import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compress, decompress } from '../../src/rdb/lzf.ts'
import { generator, SCALE } from '../values/texts.ts'

function roundTrip(bytes: Buffer): number {
  const compressed = compress(bytes, 0, bytes.length, 1)
  if (compressed === undefined) return bytes.length
  const back = decompress(compressed, 0, compressed.length, bytes.length)
  expect(back === undefined ? undefined : Buffer.from(back).equals(bytes)).toBe(true)
  expect(compressed.length).toBeLessThan(bytes.length)
  return compressed.length
}

/** Bytes with repetitions at all distances. */
function redundant(length: number, seed: number): Buffer {
  const random = generator(seed)
  const bytes = Buffer.alloc(length)
  let at = 0
  while (at < length) {
    const run = Math.min(1 + Math.floor(random() ** 4 * 600), length - at)
    const from = Math.floor(random() * at)
    for (let i = 0; i < run; i++) {
      bytes[at + i] = at > 0 && run % 3 !== 0 ? bytes[from + i]! : Math.floor(random() * 256)
    }
    at += run
  }
  return bytes
}

describe('LZF', () => {
  it('gives back what it compressed', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.integer(), (length, seed) => {
        roundTrip(redundant(length, seed))
      }),
      { numRuns: 100 * SCALE },
    )
  })

  it('compresses runs as far as the format goes', () => {
    expect(roundTrip(Buffer.alloc(10_000, 'a'))).toBeLessThan(130)
    expect(roundTrip(Buffer.from('abc'.repeat(1000)))).toBeLessThan(50)
  })

  it('declines what does not get shorter by the gain', () => {
    const random = generator(5)
    const noise = Buffer.from(Array.from({ length: 1000 }, () => Math.floor(random() * 256)))
    expect(compress(noise, 0, noise.length, 1)).toBeUndefined()
    expect(compress(Buffer.alloc(0), 0, 0, 1)).toBeUndefined()
    expect(compress(Buffer.from('aaaa'), 0, 4, 4)).toBeUndefined()
  })

  it('compresses a range within a larger array, again and again', () => {
    for (let i = 0; i < 50; i++) {
      const bytes = redundant(3000, i)
      const compressed = compress(bytes, 500, 2500, 1)
      if (compressed === undefined) continue
      const back = decompress(compressed, 0, compressed.length, 2000)
      expect(Buffer.from(back!).equals(bytes.subarray(500, 2500))).toBe(true)
    }
  })

  it('reads a stream written by hand', () => {
    const decode = (stream: number[], length: number) => {
      const out = decompress(Uint8Array.from(stream), 0, stream.length, length)
      return out === undefined ? undefined : Buffer.from(out).toString()
    }
    expect(decode([2, 0x61, 0x62, 0x63], 3)).toBe('abc')
    expect(decode([1, 0x61, 0x62, 0x20, 1], 5)).toBe('ababa')
    expect(decode([0, 0x61, 0xe0, 1, 0], 11)).toBe('a'.repeat(11))
    expect(decode([], 0)).toBe('')
    // One byte short, one too many, a copy from before the beginning, a command cut off.
    expect(decode([2, 0x61, 0x62, 0x63], 4)).toBeUndefined()
    expect(decode([2, 0x61, 0x62, 0x63], 2)).toBeUndefined()
    expect(decode([0, 0x61, 0x20, 1], 4)).toBeUndefined()
    expect(decode([5, 0x61], 6)).toBeUndefined()
    expect(decode([0, 0x61, 0xe0], 10)).toBeUndefined()
    expect(decode([0, 0x61, 0x20], 4)).toBeUndefined()
  })

  it('does not allocate for a length that cannot be', () => {
    expect(decompress(Uint8Array.from([0, 0x61]), 0, 2, 2 ** 40)).toBeUndefined()
  })

  it('never reads or writes out of bounds, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(500), (bytes, length) => {
        const out = decompress(bytes, 0, bytes.length, length)
        if (out !== undefined) expect(out.length).toBe(length)
      }),
      { numRuns: 2000 * SCALE },
    )
  })
})
