// The reference for bytes is Redis itself: after the same commands GET must return the same string.

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { locate } from '../../src/values/hyperloglog/hash.ts'
import { selfTest } from '../../src/values/hyperloglog/selftest.ts'
import {
  add,
  CORRUPTED,
  count,
  countUnion,
  createHyperLogLog,
  decode,
  encoding,
  isCountCached,
  isHyperLogLog,
  merge,
  registers,
  toDense,
} from '../../src/values/hyperloglog.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { RespError, type RespValue } from '../harness/resp-value.ts'
import { Reference } from '../reference.ts'

const SCALE = Number(process.env['TEST_SCALE'] ?? 1)
const HEADER = Buffer.from('HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80', 'latin1')

function sparse(...runs: number[]): Buffer {
  return Buffer.concat([HEADER, Buffer.from(runs)])
}

function addAll(hll: Buffer, elements: readonly Buffer[], sparseBytesMax: number): Buffer {
  let bytes = hll
  for (const element of elements)
    bytes = add(bytes, element, 0, element.length, sparseBytesMax)!.bytes
  return bytes
}

/** Elements of all lengths around the hash's word of eight bytes, some of them repeated. */
function randomElements(next: () => number, size: number, distinct: number): Buffer[] {
  return Array.from({ length: size }, () => {
    const number = Math.floor(next() * distinct)
    const element = Buffer.alloc(4 + (number % 29), number % 251)
    element.writeUInt32LE(number, 0)
    return element.subarray(0, number < 256 ? 1 : undefined)
  })
}

/** A small generator, so that a failing seed can be run again. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** MurmurHash64A as its author wrote it, on BigInts. */
function plainLocate(bytes: Uint8Array): { index: number; rank: number } {
  const m = 0xc6a4a7935bd1e995n
  const mask = (1n << 64n) - 1n
  let h = (0xadc83b19n ^ (BigInt(bytes.length) * m)) & mask
  const tail = bytes.length & 7
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    let k = (Buffer.from(bytes).readBigUInt64LE(at) * m) & mask
    k ^= k >> 47n
    k = (k * m) & mask
    h = ((h ^ k) * m) & mask
  }
  for (let i = tail - 1; i >= 0; i--) h ^= BigInt(bytes[bytes.length - tail + i]!) << BigInt(8 * i)
  if (tail > 0) h = (h * m) & mask
  h = ((h ^ (h >> 47n)) * m) & mask
  h ^= h >> 47n
  let rank = 1
  for (let rest = h >> 14n; rank < 51 && (rest & 1n) === 0n; rest >>= 1n) rank++
  return { index: Number(h & 16383n), rank }
}

/** Sound values with runs that Redis itself would not write: split, unjoined, of any length. */
const oddlySpelt = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .tuple(fc.nat(2), fc.constantFrom(0, 0, 0, 1, 2, 3))
          .map(([v, n]) => [0x80 | (v << 2) | n]),
      },
      { weight: 1, arbitrary: fc.nat(20).map(n => [n]) },
      { weight: 1, arbitrary: fc.nat(300).map(n => [0x40 | (n >> 8), n & 255]) },
    ),
    { minLength: 5, maxLength: 60 },
  )
  .map(runs => {
    const covered = (decode(sparse(...runs.flat())).match(/\d+(?= |$)/g) ?? []).map(Number)
    const rest = 16384 - covered.reduce((sum, registers) => sum + registers, 0)
    return sparse(...runs.flat(), 0x40 | ((rest - 1) >> 8), (rest - 1) & 255)
  })

const hex = (value: RespValue | undefined) => Buffer.from(String(value), 'latin1').toString('hex')

function expectSame(
  actual: RespValue | undefined,
  expected: Buffer | undefined,
  label?: string,
): void {
  expect(hex(actual), label).toBe(expected?.toString('hex'))
}

describe('the hash', () => {
  test('on 32-bit halves equals MurmurHash64A on 64-bit numbers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(9), (element, offset) => {
        const shifted = Buffer.concat([Buffer.alloc(offset, 7), element, Buffer.alloc(3, 9)])
        const place = locate(shifted, offset, offset + element.length)
        expect({ index: place & 16383, rank: place >>> 14 }).toEqual(plainLocate(element))
      }),
      { numRuns: 3000 * SCALE },
    )
  })
})

describe('a HyperLogLog', () => {
  test('starts sparse, in one run, and counts nothing', () => {
    const hll = createHyperLogLog()
    expect(isHyperLogLog(hll)).toBe(true)
    expect(encoding(hll)).toBe('sparse')
    expect(decode(hll)).toBe('Z:16384')
    expect(isCountCached(hll)).toBe(false)
    expect(count(hll)).toBe(0)
    expect(isCountCached(hll)).toBe(true)
  })

  test('is known by its header, and a dense one by its length', () => {
    expect(isHyperLogLog(Buffer.from('HYLL'))).toBe(false)
    expect(isHyperLogLog(Buffer.from('HYLX\x01           '))).toBe(false)
    expect(isHyperLogLog(Buffer.concat([HEADER, Buffer.alloc(5)]))).toBe(true)
    expect(isHyperLogLog(Buffer.from('HYLL\x02           '))).toBe(false)
    expect(isHyperLogLog(Buffer.from('HYLL\x00           '))).toBe(false)
    expect(isHyperLogLog(toDense(createHyperLogLog())!)).toBe(true)
  })

  test('leaves a sparse value that it adds to as it was', () => {
    const hll = createHyperLogLog()
    const before = Buffer.from(hll)
    expect(add(hll, Buffer.from('a'), 0, 1, 3000)!.changed).toBe(true)
    expect(hll).toEqual(before)
  })

  test('passes its self-test', () => {
    expect(selfTest(generator(1), 3000)).toBeUndefined()
  })

  test('reports runs that do not cover all registers, and changes nothing', () => {
    for (const runs of [[], [0x7f], [0x7f, 0xfe], [0x7f, 0xff, 0x00], [0x7f, 0xfe, 0x81]]) {
      const hll = sparse(...runs)
      const before = Buffer.from(hll)
      expect(count(hll)).toBeUndefined()
      expect(toDense(hll)).toBeUndefined()
      expect(countUnion([createHyperLogLog(), hll])).toBeUndefined()
      expect(merge(hll, [], 3000)).toBeUndefined()
      expect(merge(undefined, [hll], 3000)).toBeUndefined()
      expect(hll).toEqual(before)
    }
    expect(add(sparse(), Buffer.from('a'), 0, 1, 3000)).toBeUndefined()
    expect(CORRUPTED).toMatch(/^INVALIDOBJ /)
  })

  test('survives any bytes after the header', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(fc.constantFrom(0x40, 0x7f, 0xff, 0x80, 0x83, 0x3f), { maxLength: 40 }),
    )
    fc.assert(
      fc.property(bytes, bytes, fc.uint8Array({ maxLength: 9 }), (a, b, element) => {
        const hll = sparse(...a)
        add(hll, element, 0, element.length, 3000)
        count(hll)
        decode(hll)
        toDense(hll)
        countUnion([hll, sparse(...b)])
        merge(hll, [sparse(...b)], 40)
      }),
      { numRuns: 2000 * SCALE },
    )
  })
})

describeWithRedis('bytes beside redis-server', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start()
  })
  afterAll(() => redis?.stop())

  for (const sparseBytesMax of [0, 100, 3000, 15000]) {
    test(`PFADD and PFCOUNT leave the same string, hll-sparse-max-bytes ${sparseBytesMax}`, async () => {
      await redis.call('CONFIG', 'SET', 'hll-sparse-max-bytes', sparseBytesMax)
      for (let seed = 1; seed <= 3 * SCALE; seed++) {
        const next = generator(seed * 7919 + sparseBytesMax)
        await redis.call('DEL', 'h')
        let mine = createHyperLogLog()
        // Batches grow, so that early ones catch every step and late ones reach the dense encoding.
        for (let batch = 0; batch < 26; batch++) {
          const size = batch < 12 ? batch % 4 : Math.floor(next() * 1.45 ** batch)
          const elements = randomElements(next, size, batch % 2 === 0 ? 500 : 1e8)
          mine = addAll(mine, elements, sparseBytesMax)
          const commands: (string | Buffer)[][] = [
            ['PFADD', 'h', ...elements],
            ['GET', 'h'],
          ]
          const counts = batch % 3 !== 0
          if (counts) commands.push(['PFCOUNT', 'h'], ['GET', 'h'])
          const replies = await redis.calls(commands)
          expectSame(replies[1], mine, `seed ${seed} batch ${batch}`)
          if (!counts) continue
          expect(count(mine)).toBe(replies[2])
          expectSame(replies[3], mine)
        }
      }
    })

    test(`PFMERGE and PFCOUNT of many keys, hll-sparse-max-bytes ${sparseBytesMax}`, async () => {
      await redis.call('CONFIG', 'SET', 'hll-sparse-max-bytes', sparseBytesMax)
      for (let seed = 1; seed <= 20 * SCALE; seed++) {
        const next = generator(seed * 104729 + sparseBytesMax)
        await redis.call('FLUSHALL')
        const hlls: Buffer[] = []
        for (let key = 0; key < 3; key++) {
          const elements = randomElements(next, Math.floor(next() ** 4 * 3000), 1e6)
          hlls.push(addAll(createHyperLogLog(), elements, sparseBytesMax))
          await redis.call('PFADD', `h${key}`, ...elements)
        }
        expect(await redis.call('PFCOUNT', 'h0', 'h1', 'missing', 'h2')).toBe(countUnion(hlls))
        await redis.call('PFMERGE', 'new', 'h1', 'h2')
        expectSame(await redis.call('GET', 'new'), merge(undefined, hlls.slice(1), sparseBytesMax))
        await redis.call('PFMERGE', 'h0', 'h1', 'h2', 'missing')
        expectSame(await redis.call('GET', 'h0'), merge(hlls[0], hlls.slice(1), sparseBytesMax))
      }
    })
  }

  test('edits of oddly spelt runs choose the same spelling', async () => {
    // Elements of the low registers, where the odd runs are.
    const low = Array.from({ length: 20_000 }, (_, i) => Buffer.from(`e${i}`)).filter(
      element => (locate(element, 0, element.length) & 16383) < 400,
    )
    const elements = fc.array(fc.constantFrom(...low), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(
        oddlySpelt,
        elements,
        fc.integer({ min: 16, max: 150 }),
        async (start, added, max) => {
          const replies = await redis.calls([
            ['CONFIG', 'SET', 'hll-sparse-max-bytes', max],
            ['SET', 'h', start],
            ['PFADD', 'h', ...added],
            ['GET', 'h'],
          ])
          expectSame(replies[3], addAll(start, added, max))
        },
      ),
      { numRuns: 400 * SCALE },
    )
  })

  test('merges of oddly spelt runs choose the same spelling', async () => {
    await fc.assert(
      fc.asyncProperty(
        oddlySpelt,
        oddlySpelt,
        fc.integer({ min: 16, max: 150 }),
        async (a, b, max) => {
          const replies = await redis.calls([
            ['CONFIG', 'SET', 'hll-sparse-max-bytes', max],
            ['SET', 'h', a],
            ['SET', 'other', b],
            ['PFMERGE', 'h', 'other'],
            ['GET', 'h'],
          ])
          expectSame(replies[4], merge(a, [b], max))
        },
      ),
      { numRuns: 1500 * SCALE },
    )
  })

  test('PFDEBUG shows the same runs and registers', async () => {
    await redis.call('CONFIG', 'SET', 'hll-sparse-max-bytes', 3000)
    const elements = randomElements(generator(5), 400, 1e6)
    const hll = addAll(createHyperLogLog(), elements, 3000)
    await redis.call('PFADD', 'debugged', ...elements)
    expect(await redis.call('PFDEBUG', 'DECODE', 'debugged')).toBe(decode(hll))
    expect(await redis.call('PFDEBUG', 'GETREG', 'debugged')).toEqual([...registers(toDense(hll)!)])
    expectSame(await redis.call('GET', 'debugged'), toDense(hll))
  })

  test('counts of dense registers that no hash produced', async () => {
    for (const three of ['ffffff', '33cf3c', '6ddbb6', '000000', '0000ff', 'f33ccf', 'ffff00']) {
      const dense = toDense(createHyperLogLog())!
      dense.fill(Buffer.from(three, 'hex'), 16)
      const [, , after] = await redis.calls([
        ['SET', 'h', dense],
        ['PFCOUNT', 'h'],
        ['GET', 'h'],
      ])
      count(dense)
      expectSame(after, dense)
    }
  })

  test('corrupt runs are refused by the same commands', async () => {
    const runs = fc.array(fc.constantFrom(0x7f, 0x7d, 0xff, 0xfe, 0x40, 0x00, 0x83), {
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(runs, async codes => {
        const hll = sparse(...codes)
        const replies = await redis.calls([
          ['SET', 'h', hll],
          ['PFCOUNT', 'h'],
          ['SET', 'h', hll],
          ['PFCOUNT', 'h', 'h'],
          ['PFADD', 'h', 'a'],
        ])
        const refused = (reply: unknown) => reply instanceof RespError && reply.text === CORRUPTED
        expect(countUnion([hll]) === undefined).toBe(refused(replies[3]))
        expect(add(hll, Buffer.from('a'), 0, 1, 3000) === undefined).toBe(refused(replies[4]))
        expect(count(hll) === undefined).toBe(refused(replies[1]))
      }),
      { numRuns: 300 * SCALE },
    )
  })
})
