import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bytesForField,
  type FieldType,
  incrementField,
  type Overflow,
  parseFieldType,
  readField,
  setField,
} from '../../src/values/bitfield.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { RespError } from '../harness/resp-value.ts'
import { Reference } from '../reference.ts'

const SCALE = Number(process.env['TEST_SCALE'] ?? 1)

const fieldType: fc.Arbitrary<FieldType> = fc.oneof(
  fc.integer({ min: 1, max: 64 }).map(bits => ({ signed: true, bits })),
  fc.integer({ min: 1, max: 63 }).map(bits => ({ signed: false, bits })),
)
const overflow = fc.constantFrom<Overflow>('wrap', 'sat', 'fail')

/** Signed 64-bit integers, thick around powers of two; a number wherever a number is exact. */
const integer = fc
  .oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc
      .tuple(fc.nat(63), fc.integer({ min: -3, max: 3 }), fc.boolean())
      .map(([shift, by, minus]) => {
        const value = (1n << BigInt(shift)) + BigInt(by)
        return BigInt.asIntN(64, minus ? -value : value)
      }),
  )
  .map(value => (Number.isSafeInteger(Number(value)) ? Number(value) : value))

const bitsOf = (string: Uint8Array) =>
  [...string].map(byte => byte.toString(2).padStart(8, '0')).join('')

function plainRead(bytes: Uint8Array, offset: number, { signed, bits }: FieldType): bigint {
  const field = BigInt(
    `0b${bitsOf(bytes)
      .padEnd(offset + bits, '0')
      .slice(offset, offset + bits)}`,
  )
  return signed ? BigInt.asIntN(bits, field) : field
}

describe('a bit field', () => {
  test('has a type of i and 1 to 64, or u and 1 to 63', () => {
    expect(parseFieldType('i1')).toEqual({ signed: true, bits: 1 })
    expect(parseFieldType('i64')).toEqual({ signed: true, bits: 64 })
    expect(parseFieldType('u63')).toEqual({ signed: false, bits: 63 })
    const others = [
      '',
      'i',
      'u',
      'i0',
      'i65',
      'u0',
      'u64',
      'I8',
      'U8',
      'i08',
      'i+8',
      'i 8',
      'i8 ',
      'i-8',
    ]
    for (const text of [...others, 'i8.0', 'i1e1', 'u0x8', 'uNaN', 'iInfinity', '8', 'x8']) {
      expect(parseFieldType(text), text).toBeUndefined()
    }
  })

  test('is read at any bit, with zeros after the end', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20 }),
        fc.nat(180),
        fieldType,
        (bytes, offset, type) => {
          const value = readField(bytes, offset, type)
          expect(BigInt(value)).toBe(plainRead(bytes, offset, type))
          expect(typeof value).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'bigint')
        },
      ),
      { numRuns: 3000 * SCALE },
    )
  })

  test('is written without touching the bits around it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 24, maxLength: 24 }),
        fc.nat(128),
        fieldType,
        integer,
        (before, offset, type, value) => {
          const bytes = Uint8Array.from(before)
          expect(setField(bytes, offset, type, value, 'wrap')).toBe(readField(before, offset, type))
          const field = BigInt.asUintN(type.bits, BigInt(value))
            .toString(2)
            .padStart(type.bits, '0')
          const old = bitsOf(before)
          expect(bitsOf(bytes)).toBe(old.slice(0, offset) + field + old.slice(offset + type.bits))
        },
      ),
      { numRuns: 2000 * SCALE },
    )
  })

  test('that is not to overflow stays as it was', () => {
    const bytes = Buffer.of(0xff, 0x0f)
    expect(incrementField(bytes, 0, { signed: false, bits: 8 }, 1, 'fail')).toBeUndefined()
    expect(setField(bytes, 8, { signed: false, bits: 4 }, 16, 'fail')).toBeUndefined()
    expect(setField(bytes, 8, { signed: false, bits: 4 }, -1, 'fail')).toBeUndefined()
    expect([...bytes]).toEqual([0xff, 0x0f])
  })

  test('works at the highest offset that Redis allows', () => {
    const type = { signed: true, bits: 64 }
    const offset = 2 ** 32 - 64
    expect(bytesForField(offset, type)).toBe(2 ** 29)
    expect(bytesForField(0, { signed: true, bits: 1 })).toBe(1)
    expect(bytesForField(7, { signed: true, bits: 2 })).toBe(2)
    expect(readField(Buffer.of(1), offset, type)).toBe(0)
  })
})

describeWithRedis('bit fields beside redis-server', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start()
  })
  afterAll(() => redis?.stop())

  test('SET and INCRBY reply and store the same', async () => {
    const change = fc.record({
      set: fc.boolean(),
      type: fieldType,
      offset: fc.nat(90),
      value: integer,
      overflow,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async changes => {
        const bytes = Buffer.alloc(20)
        const args: string[] = []
        const mine = changes.map(({ set, type, offset, value, overflow: how }) => {
          const name = (type.signed ? 'i' : 'u') + type.bits
          args.push('OVERFLOW', how, set ? 'SET' : 'INCRBY', name, String(offset), String(value))
          const field = set ? setField : incrementField
          return field(bytes, offset, type, value, how) ?? null
        })
        const [, replies, stored] = await redis.calls([
          ['SET', 's', Buffer.alloc(20)],
          ['BITFIELD', 's', ...args],
          ['GET', 's'],
        ])
        expect(mine).toEqual(replies)
        expect(bytes.toString('latin1')).toBe(stored)
      }),
      { numRuns: 2000 * SCALE },
    )
  })

  test('types are told from other words in the same way', async () => {
    const word = fc.oneof(
      fc.integer({ min: -2, max: 70 }).map(bits => `i${bits}`),
      fc.integer({ min: -2, max: 70 }).map(bits => `u${bits}`),
      fc.string({ maxLength: 4 }),
      fc
        .array(fc.constantFrom('i', 'u', '0', '1', '8', '+', ' '), { maxLength: 4 })
        .map(p => p.join('')),
    )
    for (const text of fc.sample(word, 300 * SCALE)) {
      const latin1 = Buffer.from(text).toString('latin1')
      const refused = (await redis.call('BITFIELD', 's', 'GET', latin1, '0')) instanceof RespError
      expect(parseFieldType(latin1) === undefined, JSON.stringify(latin1)).toBe(refused)
    }
  })
})
