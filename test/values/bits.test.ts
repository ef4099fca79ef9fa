import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type BitOperation,
  bitAt,
  bitCount,
  bitOperation,
  bitPosition,
  popcount,
  setBit,
} from '../../src/values/bits.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { Reference } from '../reference.ts'

const SCALE = Number(process.env['TEST_SCALE'] ?? 1)
const OPERATIONS: readonly BitOperation[] = ['and', 'or', 'xor', 'not']

/** Strings that begin at any address and in which long runs of one byte are common. */
const bytes = fc
  .tuple(
    fc.nat(7),
    fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 6 }),
        fc
          .tuple(fc.constantFrom(0, 255), fc.nat(70))
          .map(([byte, n]) => new Uint8Array(n).fill(byte)),
      ),
      { maxLength: 6 },
    ),
  )
  .map(([offset, parts]) => {
    const memory = Buffer.concat([
      new Uint8Array(offset).fill(0xa5),
      ...parts,
      Buffer.of(0xa5, 0xa5),
    ])
    return new Uint8Array(Uint8Array.from(memory).buffer, offset, memory.length - offset - 2)
  })
const unit = fc.constantFrom('byte' as const, 'bit' as const)
const index = fc.oneof(fc.integer({ min: -12, max: 12 }), fc.integer({ min: -3500, max: 3500 }))

const bitsOf = (string: Uint8Array) =>
  [...string].map(byte => byte.toString(2).padStart(8, '0')).join('')

describe('bits of a string', () => {
  test('popcount counts the bits of a word', () => {
    fc.assert(
      fc.property(fc.integer(), word => {
        expect(popcount(word)).toBe((word >>> 0).toString(2).replaceAll('0', '').length)
      }),
    )
  })

  test('are counted within inclusive bounds', () => {
    fc.assert(
      fc.property(bytes, fc.nat(3000), fc.nat(3000), unit, (string, start, end, of) => {
        const scale = of === 'bit' ? 1 : 8
        const range = bitsOf(string).slice(start * scale, (end + 1) * scale)
        expect(bitCount(string, start, end, of)).toBe(range.replaceAll('0', '').length)
      }),
      { numRuns: 1000 * SCALE },
    )
  })

  test('are counted in long strings at every alignment', () => {
    const long = Uint8Array.from({ length: 5003 }, (_, i) => (i * 2654435761) >>> 13)
    for (let start = 0; start < 9; start++) {
      for (let cut = 0; cut < 9; cut++) {
        const part = long.subarray(start, long.length - cut)
        const plain = part.reduce((sum, byte) => sum + popcount(byte), 0)
        expect(bitCount(part)).toBe(plain)
      }
    }
    expect(bitCount(new Uint8Array(1 << 20).fill(255))).toBe(8 << 20)
  })

  test('are found from the first on', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom(0 as const, 1 as const),
        fc.nat(3000),
        (string, bit, start) => {
          const text = bitsOf(string)
          const found = text.indexOf(String(bit), start)
          const last = Math.max(text.length - 1, 0)
          expect(bitPosition(string, bit, start, last, 'bit')).toBe(found)
        },
      ),
      { numRuns: 1000 * SCALE },
    )
  })

  test('that are 0 go on after the string, unless an end is given', () => {
    const ones = Buffer.of(0xff, 0xff)
    expect(bitPosition(ones, 0)).toBe(16)
    expect(bitPosition(ones, 0, 1)).toBe(16)
    expect(bitPosition(ones, 0, 2)).toBe(-1)
    expect(bitPosition(ones, 0, 0, -1)).toBe(-1)
    expect(bitPosition(ones, 1, 1)).toBe(8)
    expect(bitPosition(Buffer.alloc(2), 1)).toBe(-1)
    expect(bitPosition(Buffer.alloc(0), 0)).toBe(-1)
  })

  test('are combined as if shorter strings ended in zeros', () => {
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 4 }), strings => {
        const before = strings.map(string => Uint8Array.from(string))
        const length = Math.max(...strings.map(string => string.length))
        for (const operation of OPERATIONS) {
          const inputs = operation === 'not' ? strings.slice(0, 1) : strings
          const plain = Array.from(
            { length: operation === 'not' ? strings[0]!.length : length },
            (_, i) => {
              const column = inputs.map(string => string[i] ?? 0)
              if (operation === 'not') return ~column[0]! & 255
              return column.reduce((a, b) =>
                operation === 'and' ? a & b : operation === 'or' ? a | b : a ^ b,
              )
            },
          )
          expect([...bitOperation(operation, inputs)]).toEqual(plain)
        }
        expect(strings.map(string => Uint8Array.from(string))).toEqual(before)
      }),
      { numRuns: 300 * SCALE },
    )
  })

  test('are read one by one, zero beyond the end, and set one by one', () => {
    const string = Buffer.of(0b1000_0001, 0)
    expect([0, 1, 7, 8, 16, 2 ** 32].map(offset => bitAt(string, offset))).toEqual([
      1, 0, 1, 0, 0, 0,
    ])
    setBit(string, 0, 0)
    setBit(string, 9, 1)
    expect([...string]).toEqual([0b0000_0001, 0b0100_0000])
  })
})

describeWithRedis('bits beside redis-server', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start()
  })
  afterAll(() => redis?.stop())

  test('BITCOUNT and BITPOS answer the same for any range', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.constantFrom(0 as const, 1 as const),
        index,
        index,
        unit,
        async (s, bit, a, b, of) => {
          const replies = await redis.calls([
            ['SET', 's', Buffer.from(s)],
            ['BITCOUNT', 's'],
            ['BITCOUNT', 's', a, b, of],
            ['BITPOS', 's', bit],
            ['BITPOS', 's', bit, a],
            ['BITPOS', 's', bit, a, b],
            ['BITPOS', 's', bit, a, b, of],
          ])
          expect([
            bitCount(s),
            bitCount(s, a, b, of),
            bitPosition(s, bit),
            bitPosition(s, bit, a),
            bitPosition(s, bit, a, b),
            bitPosition(s, bit, a, b, of),
          ]).toEqual(replies.slice(1))
        },
      ),
      { numRuns: 1500 * SCALE },
    )
  })

  test('BITOP stores the same string', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 5 }), async strings => {
        const keys = strings.map((_, i) => `s${i}`)
        await redis.calls(strings.map((string, i) => ['SET', keys[i]!, Buffer.from(string)]))
        for (const operation of OPERATIONS) {
          const count = operation === 'not' ? 1 : strings.length
          const [, stored] = await redis.calls([
            ['BITOP', operation, 'result', ...keys.slice(0, count)],
            ['GET', 'result'],
          ])
          const mine = bitOperation(operation, strings.slice(0, count)).toString('latin1')
          expect(mine).toBe(stored ?? '')
        }
      }),
      { numRuns: 150 * SCALE },
    )
  })
})
