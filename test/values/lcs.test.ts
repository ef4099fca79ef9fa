import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lcs, lcsLength, lcsTableBytes } from '../../src/values/lcs.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { RespError, type RespValue } from '../harness/resp-value.ts'
import { Reference } from '../reference.ts'

const SCALE = Number(process.env['TEST_SCALE'] ?? 1)

const bytes = (text: string) => Buffer.from(text, 'latin1')

/** Strings in which much repeats, so that there are several longest subsequences to choose from. */
const text = fc.oneof(
  fc.array(fc.constantFrom('a', 'b'), { maxLength: 70 }).map(parts => parts.join('')),
  fc
    .array(fc.constantFrom('a', 'b', 'abc', '\x00', '\xff'), { maxLength: 50 })
    .map(p => p.join('')),
)

describe('LCS', () => {
  test('finds the subsequence and its ranges, last range first', () => {
    const found = lcs(bytes('ohmytext'), bytes('mynewtext'))
    expect(found.bytes.toString('latin1')).toBe('mytext')
    expect(found.ranges).toEqual([
      { aStart: 4, aEnd: 7, bStart: 5, bEnd: 8, length: 4 },
      { aStart: 2, aEnd: 3, bStart: 0, bEnd: 1, length: 2 },
    ])
    expect(lcs(bytes('ohmytext'), bytes('mynewtext'), 4).ranges).toHaveLength(1)
  })

  test('of an empty string is empty', () => {
    expect(lcs(bytes(''), bytes('abc'))).toEqual({ bytes: bytes(''), ranges: [] })
    expect(lcs(bytes('abc'), bytes(''))).toEqual({ bytes: bytes(''), ranges: [] })
    expect(lcsLength(bytes(''), bytes(''))).toBe(0)
  })

  test('is a subsequence of both, made of its ranges, as long as the length alone says', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const { bytes: common, ranges } = lcs(bytes(a), bytes(b))
        expect(common.length).toBe(lcsLength(bytes(a), bytes(b)))
        const inOrder = [...ranges].reverse()
        const joined = (of: string, from: 'aStart' | 'bStart', to: 'aEnd' | 'bEnd') =>
          inOrder.map(range => of.slice(range[from], range[to] + 1)).join('')
        expect(joined(a, 'aStart', 'aEnd')).toBe(common.toString('latin1'))
        expect(joined(b, 'bStart', 'bEnd')).toBe(common.toString('latin1'))
      }),
      { numRuns: 500 * SCALE },
    )
  })

  test("weighs strings by Redis's table of lengths", () => {
    expect(lcsTableBytes(0, 0)).toBe(4)
    expect(lcsTableBytes(9, 99)).toBe(4000)
    expect(lcsTableBytes(2 ** 29, 2 ** 29)).toBeGreaterThan(2 ** 53)
  })
})

describeWithRedis('LCS beside redis-server', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start('--proto-max-bulk-len', '1mb')
  })
  afterAll(() => redis?.stop())

  test('returns the same subsequence, length and ranges', async () => {
    const minimum = fc.nat(4)
    await fc.assert(
      fc.asyncProperty(text, text, minimum, async (a, b, min) => {
        const [, , common, length, all, some] = await redis.calls([
          ['SET', 'a', a],
          ['SET', 'b', b],
          ['LCS', 'a', 'b'],
          ['LCS', 'a', 'b', 'LEN'],
          ['LCS', 'a', 'b', 'IDX', 'WITHMATCHLEN'],
          ['LCS', 'a', 'b', 'IDX', 'MINMATCHLEN', min, 'WITHMATCHLEN'],
        ])
        const idx = (rangeLengthMin: number): RespValue => {
          const { bytes: found, ranges } = lcs(bytes(a), bytes(b), rangeLengthMin)
          const rows = ranges.map(range => [
            [range.aStart, range.aEnd],
            [range.bStart, range.bEnd],
            range.length,
          ])
          return ['matches', rows, 'len', found.length]
        }
        expect(lcs(bytes(a), bytes(b)).bytes.toString('latin1')).toBe(common)
        expect(lcsLength(bytes(a), bytes(b))).toBe(length)
        expect(idx(0)).toEqual(all)
        expect(idx(min)).toEqual(some)
      }),
      { numRuns: 500 * SCALE },
    )
  })

  test('is refused from the same size on', async () => {
    const limit = 1024 * 1024
    for (const [a, b] of [
      [511, 511],
      [511, 512],
      [0, 262_143],
      [0, 262_144],
    ] as const) {
      await redis.calls([
        ['SET', 'a', 'x'.repeat(a)],
        ['SET', 'b', 'y'.repeat(b)],
      ])
      const refused = (await redis.call('LCS', 'a', 'b', 'LEN')) instanceof RespError
      expect(lcsTableBytes(a, b) > limit, `${a} ${b}`).toBe(refused)
    }
  })
})
