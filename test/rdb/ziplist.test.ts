import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PayloadError } from '../../src/rdb/reader.ts'
import { listpackOfZiplist } from '../../src/rdb/ziplist.ts'
import { listpackOfZipmap } from '../../src/rdb/zipmap.ts'
import * as listpack from '../../src/values/listpack.ts'
import { almostIntegers, integerTexts, lengths, repeated, SCALE, text } from '../values/texts.ts'
import { ziplist, zipmap } from './old-forms.ts'

type Convert = (bytes: Uint8Array, start: number, end: number) => Uint8Array

/** The strings in a ziplist or zipmap, or undefined if it is refused. */
function read(convert: Convert, bytes: Buffer): string[] | undefined {
  try {
    const lp = convert(
      Buffer.concat([Buffer.from('..'), bytes, Buffer.from('..')]),
      2,
      2 + bytes.length,
    )
    expect(listpack.validate(lp, 0, listpack.byteLength(lp, 0))).toBe(true)
    return listpack.strings(lp, 0)
  } catch (error) {
    expect(error).toBeInstanceOf(PayloadError)
    return undefined
  }
}

const readZiplist = (bytes: Buffer) => read(listpackOfZiplist, bytes)
const readZipmap = (bytes: Buffer) => read(listpackOfZipmap, bytes)

describe('a ziplist', () => {
  it('gives every integer and every length of string', () => {
    const values = [...integerTexts, ...almostIntegers, ...lengths.map(repeated), repeated(20_000)]
    expect(readZiplist(ziplist(values))).toEqual(values)
    expect(readZiplist(ziplist([]))).toEqual([])
    const many = Array.from({ length: 70_000 }, (_, i) => String(i % 50))
    expect(readZiplist(ziplist(many))).toEqual(many)
  })

  it('is refused for every kind of damage', () => {
    const good = ziplist(['abc', '1000', repeated(300), '5'])
    const damaged = (where: number, value: number) => {
      const bytes = Buffer.from(good)
      bytes[where] = value
      return readZiplist(bytes)
    }
    expect(readZiplist(good)).toEqual(['abc', '1000', repeated(300), '5'])
    expect(damaged(0, good[0]! + 1)).toBeUndefined()
    expect(damaged(4, good[4]! + 1)).toBeUndefined()
    expect(damaged(8, 5)).toBeUndefined()
    expect(damaged(10, 1)).toBeUndefined()
    expect(damaged(11, 0x3f)).toBeUndefined()
    expect(damaged(11, 0xc1)).toBeUndefined()
    expect(damaged(15, 6)).toBeUndefined()
    expect(damaged(good.length - 1, 0)).toBeUndefined()
    expect(readZiplist(good.subarray(0, 10))).toBeUndefined()
    expect(readZiplist(Buffer.alloc(0))).toBeUndefined()
  })

  it('is read in bounds or refused, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 5 }),
        fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { maxLength: 3 }),
        (values, changes) => {
          const bytes = ziplist(values)
          for (const [where, value] of changes) bytes[where % bytes.length] = value
          readZiplist(bytes)
        },
      ),
      { numRuns: 1000 * SCALE },
    )
  })
})

describe('a zipmap', () => {
  it('gives its fields and values', () => {
    const parts = ['a', '1', '', '', repeated(253), repeated(254), 'x', repeated(70_000)]
    expect(readZipmap(zipmap(parts))).toEqual(parts)
    expect(readZipmap(zipmap(parts, 3))).toEqual(parts)
    expect(readZipmap(zipmap([]))).toEqual([])
    const many = Array.from({ length: 600 }, (_, i) => `p${i}`)
    expect(readZipmap(zipmap(many))).toEqual(many)
  })

  it('is refused for every kind of damage', () => {
    const good = zipmap(['ab', 'cd', 'e', 'f'])
    for (const [where, value] of [
      [0, 3],
      [1, 200],
      [1, 255],
      [4, 9],
      [5, 1],
      [good.length - 1, 0],
    ] as const) {
      const bytes = Buffer.from(good)
      bytes[where] = value
      expect(readZipmap(bytes)).toBeUndefined()
    }
    expect(readZipmap(Buffer.from([0]))).toBeUndefined()
  })

  it('is read in bounds or refused, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), bytes => {
        readZipmap(Buffer.from(bytes))
      }),
      { numRuns: 1000 * SCALE },
    )
  })
})
