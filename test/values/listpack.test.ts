import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Element } from '../../src/values/element.ts'
import * as listpack from '../../src/values/listpack.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { Reference } from '../reference.ts'
import { almostIntegers, integerTexts, lengths, member, repeated, SCALE, text } from './texts.ts'

const element = new Element()

/** A listpack somewhere inside a larger array, with some room behind it. */
class Placed {
  bytes: Uint8Array
  base: number
  limit: number

  constructor(room: number, base = 5) {
    this.bytes = Buffer.alloc(base + listpack.EMPTY_BYTES + room + 3, '#')
    this.base = base
    this.limit = base + listpack.EMPTY_BYTES + room
    this.bytes.set(listpack.create(), base)
  }

  get end(): number {
    return this.base + listpack.byteLength(this.bytes, this.base)
  }

  at(index: number): number {
    return listpack.seek(this.bytes, this.base, index)
  }

  insert(index: number, value: string): void {
    const at = index === listpack.length(this.bytes, this.base) ? this.end - 1 : this.at(index)
    this.#take(listpack.insert(this.bytes, this.base, this.limit, at, element.fromString(value)))
  }

  replace(index: number, value: string): void {
    const at = this.at(index)
    this.#take(listpack.replace(this.bytes, this.base, this.limit, at, element.fromString(value)))
  }

  /** Checks everything that can be read against the model. */
  check(model: readonly string[]): void {
    const { bytes, base } = this
    expect(listpack.validate(bytes, base, this.end)).toBe(true)
    expect(listpack.length(bytes, base)).toBe(model.length)
    expect(listpack.strings(bytes, base)).toEqual(model)
    const backward: string[] = []
    for (let at = listpack.last(bytes, base); at >= 0; at = listpack.previous(bytes, base, at)) {
      backward.unshift(listpack.string(bytes, at))
    }
    expect(backward).toEqual(model)
    if (this.limit < bytes.length) expect(bytes.subarray(this.limit).toString()).toBe('###')
  }

  #take(out: Uint8Array): void {
    if (out === this.bytes) return
    this.bytes = out
    this.base = 0
    this.limit = out.length
  }
}

function packed(values: readonly string[]): Buffer {
  let bytes: Uint8Array = listpack.create()
  for (const value of values) {
    bytes = listpack.append(bytes, 0, bytes.length, element.fromString(value))
  }
  return Buffer.from(bytes.subarray(0, listpack.byteLength(bytes, 0)))
}

type Step =
  | { kind: 'insert' | 'replace'; where: number; value: string }
  | { kind: 'remove'; where: number; count: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom<'insert' | 'replace'>('insert', 'insert', 'replace'),
    where: fc.nat(1000),
    value: text,
  }),
  fc.record({
    kind: fc.constant('remove' as const),
    where: fc.nat(1000),
    count: fc.constantFrom(1, 1, 1, 2, 5),
  }),
)

describe('a listpack', () => {
  it('behaves as an array of strings under random edits', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.array(step, { maxLength: 40 }), (room, steps) => {
        const placed = new Placed(room)
        const model: string[] = []
        for (const { kind, where, ...rest } of steps) {
          if (kind === 'insert') {
            const index = where % (model.length + 1)
            const { value } = rest as { value: string }
            placed.insert(index, value)
            model.splice(index, 0, value)
          } else if (model.length > 0) {
            const index = where % model.length
            if (kind === 'replace') {
              const { value } = rest as { value: string }
              placed.replace(index, value)
              model[index] = value
            } else {
              const { count } = rest as { count: number }
              listpack.removeRange(placed.bytes, placed.base, index - model.length, count)
              model.splice(index, count)
            }
          }
          placed.check(model)
        }
      }),
      { numRuns: 100 * SCALE },
    )
  })

  it('gives back every integer and every length of string', () => {
    const values = [...integerTexts, ...almostIntegers, ...lengths.map(repeated)]
    const bytes = packed(values)
    expect(listpack.strings(bytes, 0)).toEqual(values)
    expect(listpack.validate(bytes, 0, bytes.length)).toBe(true)
  })

  it('gives integers as numbers, and NaN for strings', () => {
    const bytes = packed(['-4097', 'x'])
    expect(listpack.integer(bytes, listpack.seek(bytes, 0, 0))).toBe(-4097)
    expect(listpack.integer(bytes, listpack.seek(bytes, 0, 1))).toBeNaN()
  })

  it('finds by text, passing over `skip` elements after each it looks at', () => {
    fc.assert(
      fc.property(fc.array(member), member, fc.nat(2), (values, wanted, skip) => {
        const bytes = packed(values)
        const at = listpack.find(bytes, 0, element.fromString(wanted), skip)
        const index = values.findIndex((value, i) => i % (skip + 1) === 0 && value === wanted)
        expect(at).toBe(index < 0 ? -1 : listpack.seek(bytes, 0, index))
      }),
    )
  })

  it('finds an integer that somebody stored as a string', () => {
    const bytes = packed(['x2', 'b'])
    bytes[listpack.HEADER_BYTES + 1] = 0x31
    expect(listpack.find(bytes, 0, element.fromString('12'))).toBe(listpack.HEADER_BYTES)
    expect(listpack.find(bytes, 0, element.fromInteger(12))).toBe(listpack.HEADER_BYTES)
    expect(listpack.find(bytes, 0, element.fromInteger(13))).toBe(-1)
  })

  it('seeks from either end, and not beyond', () => {
    const bytes = packed(['a', 'b', 'c'])
    const read = (index: number) => {
      const at = listpack.seek(bytes, 0, index)
      return at < 0 ? undefined : listpack.string(bytes, at)
    }
    expect([-4, -3, -2, -1, 0, 1, 2, 3].map(read)).toEqual([
      undefined,
      'a',
      'b',
      'c',
      'a',
      'b',
      'c',
      undefined,
    ])
  })

  it('counts by walking once the header cannot say, and says again after removals', () => {
    let bytes: Uint8Array = listpack.create(200_000)
    for (let i = 0; i < 65_536; i++) {
      bytes = listpack.append(bytes, 0, bytes.length, element.fromInteger(i & 63))
    }
    expect(Buffer.from(bytes).readUInt16LE(4)).toBe(0xffff)
    expect(listpack.length(bytes, 0)).toBe(65_536)
    listpack.removeRange(bytes, 0, 10, 2)
    expect(Buffer.from(bytes).readUInt16LE(4)).toBe(65_534)
    expect(listpack.validate(bytes, 0, listpack.byteLength(bytes, 0))).toBe(true)
  })

  it('takes an element that lies in the listpack itself', () => {
    const bytes = listpack.append(listpack.create(400), 0, 400, element.fromString(repeated(90)))
    const own = new Element()
    listpack.get(bytes, listpack.HEADER_BYTES, own)
    expect(listpack.prepend(bytes, 0, 400, own)).toBe(bytes)
    expect(listpack.strings(bytes, 0)).toEqual([repeated(90), repeated(90)])
  })

  it('leaves the original alone when the result does not fit', () => {
    const bytes = packed(['a', 'b'])
    const before = Buffer.from(bytes)
    const out = listpack.append(bytes, 0, bytes.length, element.fromString('c'))
    expect(out).not.toBe(bytes)
    expect(bytes).toEqual(before)
    expect(listpack.strings(out, 0)).toEqual(['a', 'b', 'c'])
  })
})

describe('validate', () => {
  it('accepts what was packed, and not a byte more or less', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), values => {
        const bytes = packed(values)
        const placed = Buffer.concat([Buffer.from('..'), bytes, Buffer.from('..')])
        expect(listpack.validate(placed, 2, 2 + bytes.length)).toBe(true)
        expect(listpack.validate(placed, 2, 1 + bytes.length)).toBe(false)
        expect(listpack.validate(placed, 2, 3 + bytes.length)).toBe(false)
      }),
    )
  })

  it('makes every mutation it accepts safe to read, forward and backward', () => {
    let accepted = 0
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (values, changes) => {
          const bytes = packed(values)
          for (const [where, value] of changes) bytes[where % bytes.length] = value
          if (!listpack.validate(bytes, 0, bytes.length)) return
          accepted++
          const forward = listpack.strings(bytes, 0)
          const backward: string[] = []
          for (let at = listpack.last(bytes, 0); at >= 0; at = listpack.previous(bytes, 0, at)) {
            backward.unshift(listpack.string(bytes, at))
          }
          expect(backward).toEqual(forward)
          expect(listpack.length(bytes, 0)).toBe(forward.length)
        },
      ),
      { numRuns: 2000 * SCALE },
    )
    expect(accepted).toBeGreaterThan(0)
  })

  it('refuses each kind of damage', () => {
    const good = packed(['abc', '300', '5'])
    const damaged = (where: number, value: number) => {
      const bytes = Buffer.from(good)
      bytes[where] = value
      return listpack.validate(bytes, 0, bytes.length)
    }
    expect(listpack.validate(good, 0, good.length)).toBe(true)
    expect(damaged(0, good.length + 1)).toBe(false)
    expect(damaged(4, 4)).toBe(false)
    expect(damaged(6, 0xbf)).toBe(false)
    expect(damaged(6, 0xf0)).toBe(false)
    expect(damaged(6, 0xf5)).toBe(false)
    expect(damaged(6, 0xff)).toBe(false)
    expect(damaged(10, 0x03)).toBe(false)
    expect(damaged(10, 0x84)).toBe(false)
    expect(damaged(good.length - 1, 0)).toBe(false)
    expect(listpack.validate(Buffer.alloc(3), 0, 3)).toBe(false)
  })
})

describeWithRedis('a listpack beside that of Redis', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start('--rdbcompression', 'no', '--list-max-listpack-size', '-5')
  })
  afterAll(() => redis.stop())

  /** The listpack in a DUMP of a hash that is packed: after the type byte and its length. */
  async function packedHash(pairs: readonly string[]): Promise<Buffer> {
    await redis.call('CONFIG', 'SET', 'hash-max-listpack-value', 100_000)
    await redis.call('DEL', 'h')
    await redis.call('HSET', 'h', ...pairs)
    const dump = Buffer.from((await redis.call('DUMP', 'h')) as string, 'latin1')
    expect(dump[0]).toBe(16)
    const lengthBytes = dump[1]! < 0x40 ? 1 : dump[1]! < 0x80 ? 2 : 5
    return dump.subarray(1 + lengthBytes, dump.length - 10)
  }

  it('has the same bytes for every integer and every length of string', async () => {
    const values = [...integerTexts, ...almostIntegers, ...lengths.map(repeated)]
    for (let i = 0; i < values.length; i += 40) {
      const part = [...new Set(values.slice(i, i + 40))].flatMap((value, k) => [`f${k}`, value])
      expect(await packedHash(part)).toEqual(packed(part))
    }
  })

  it('has the same bytes where the trailing length changes its size', async () => {
    for (const bytes of [125, 126, 127, 16376, 16377, 16378, 16379, 16380]) {
      const pair = ['f', repeated(bytes)]
      expect(await packedHash(pair)).toEqual(packed(pair))
    }
  })
})
