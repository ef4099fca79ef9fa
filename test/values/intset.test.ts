import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Element } from '../../src/values/element.ts'
import * as intset from '../../src/values/intset.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { Reference } from '../reference.ts'
import { integerTexts, SCALE } from './texts.ts'

const element = new Element()
const boundaries = integerTexts.filter(text => element.fromString(text).integer)

const integerText = fc.oneof(
  fc.constantFrom(...boundaries),
  fc.integer({ min: -20, max: 20 }).map(String),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String),
)

function members(bytes: Uint8Array, base: number): string[] {
  return Array.from({ length: intset.length(bytes, base) }, (_, index) => {
    intset.get(bytes, base, index, element)
    return element.toString()
  })
}

function ascending(model: Iterable<string>): string[] {
  return [...model].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
}

function packed(values: Iterable<string>): Buffer {
  let bytes: Uint8Array = intset.create()
  for (const value of values) bytes = intset.add(bytes, 0, bytes.length, element.fromString(value))
  return Buffer.from(bytes.subarray(0, intset.byteLength(bytes, 0)))
}

describe('an intset', () => {
  it('behaves as a sorted set of integers under random edits, in place while there is room', () => {
    const step = fc.tuple(fc.boolean(), integerText)
    fc.assert(
      fc.property(fc.nat(200), fc.array(step, { maxLength: 60 }), (room, steps) => {
        const base = 3
        let at = base
        let limit = base + intset.HEADER_BYTES + room
        let bytes: Uint8Array = Buffer.alloc(limit + 4, '#')
        bytes.set(intset.create(), base)
        const model = new Set<string>()
        for (const [adds, value] of steps) {
          element.fromString(value)
          expect(intset.has(bytes, at, element)).toBe(model.has(value))
          if (adds) {
            const out = intset.add(bytes, at, limit, element)
            model.add(value)
            if (out !== bytes) {
              bytes = out
              at = 0
              limit = out.length
            }
          } else {
            expect(intset.remove(bytes, at, element)).toBe(model.delete(value))
          }
          expect(members(bytes, at)).toEqual(ascending(model))
          expect(intset.validate(bytes, at, at + intset.byteLength(bytes, at))).toBe(true)
          if (at === base) expect(Buffer.from(bytes.subarray(limit)).toString()).toBe('####')
        }
      }),
      { numRuns: 200 * SCALE },
    )
  })

  it('does not hold what is no integer', () => {
    const bytes = packed(['0', '1'])
    expect(intset.has(bytes, 0, element.fromString('01'))).toBe(false)
    expect(intset.has(bytes, 0, element.fromString('x'))).toBe(false)
  })

  it('keeps its width when the member that asked for it goes', () => {
    const bytes = packed(['1', '70000'])
    intset.remove(bytes, 0, element.fromString('70000'))
    expect(intset.byteLength(bytes, 0)).toBe(intset.HEADER_BYTES + 4)
  })
})

describe('validate', () => {
  it('accepts what was packed, and not a byte more or less', () => {
    for (const values of [[], ['1'], ['1', '-2', '70000'], boundaries]) {
      const bytes = packed(values)
      expect(intset.validate(bytes, 0, bytes.length)).toBe(true)
      expect(intset.validate(bytes, 0, bytes.length - 1)).toBe(false)
      expect(intset.validate(Buffer.concat([bytes, Buffer.alloc(1)]), 0, bytes.length + 1)).toBe(
        false,
      )
    }
  })

  it('refuses unknown widths, members out of order and members twice', () => {
    const set = (width: number, ...values: number[]) => {
      const bytes = Buffer.alloc(8 + values.length * width)
      bytes.writeUInt32LE(width, 0)
      bytes.writeUInt32LE(values.length, 4)
      values.forEach((value, i) => {
        bytes.writeIntLE(value, 8 + i * width, Math.min(width, 6))
      })
      return intset.validate(bytes, 0, bytes.length)
    }
    expect(set(2, -3, -1, 0, 5)).toBe(true)
    expect(set(4, -70000, 70000)).toBe(true)
    expect(set(3, 1, 2)).toBe(false)
    expect(set(0)).toBe(false)
    expect(set(2, 1, 1)).toBe(false)
    expect(set(2, 2, 1)).toBe(false)
    expect(set(4, 1, -1)).toBe(false)
    expect(set(8, 5, 4)).toBe(false)
  })
})

describeWithRedis('an intset beside that of Redis', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start('--rdbcompression', 'no')
  })
  afterAll(() => redis.stop())

  it('has the same bytes in every width, whatever the order of arrival', async () => {
    const groups = [['5', '-5', '0'], ['5', '-40000', '3'], boundaries, [...boundaries].reverse()]
    for (const values of groups) {
      await redis.call('DEL', 's')
      await redis.call('SADD', 's', ...values)
      const dump = Buffer.from((await redis.call('DUMP', 's')) as string, 'latin1')
      expect(dump[0]).toBe(11)
      const lengthBytes = dump[1]! < 0x40 ? 1 : 2
      expect(dump.subarray(1 + lengthBytes, dump.length - 10)).toEqual(packed(values))
    }
  })
})
