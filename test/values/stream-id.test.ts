import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StreamId } from '../../src/values/stream-id.ts'
import { StreamIdText } from '../../src/values/stream-id-text.ts'

const MAX = 2n ** 64n - 1n
const part = fc.oneof(
  fc.bigInt(0n, MAX),
  fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, MAX - 1n, MAX),
)
const pair = fc.tuple(part, part)
const idOf = ([ms, seq]: readonly [bigint, bigint]) => StreamId.parse(`${ms}-${seq}`)!
const numberOf = ([ms, seq]: readonly [bigint, bigint]) => (ms << 64n) | seq
const textOf = (value: bigint) => `${value >> 64n}-${value & MAX}`

describe('a stream ID', () => {
  it('is read and written in decimal, all 128 bits of it', () => {
    fc.assert(
      fc.property(pair, ([ms, seq]) => {
        expect(idOf([ms, seq]).toString()).toBe(`${ms}-${seq}`)
      }),
    )
  })

  it('takes the sequence that the caller wants where the text has none', () => {
    expect(StreamId.parse('5')?.toString()).toBe('5-0')
    expect(StreamId.parse('5', StreamId.MAX)?.toString()).toBe(`5-${MAX}`)
    expect(StreamId.parse('007-01')?.toString()).toBe('7-1')
  })

  it('is not read from anything else', () => {
    for (const text of [
      '',
      '-',
      '1-',
      '-1',
      '1-2-3',
      'a',
      '1-a',
      ' 1-1',
      '1-1 ',
      '+1',
      '1.0',
      `${MAX + 1n}-0`,
      `0-${MAX + 1n}`,
      '123456789012345678901',
    ]) {
      expect([text, StreamId.parse(text)]).toEqual([text, undefined])
    }
  })

  it('sorts as one number of 128 bits', () => {
    fc.assert(
      fc.property(pair, pair, (a, b) => {
        const order = numberOf(a) < numberOf(b) ? -1 : numberOf(a) > numberOf(b) ? 1 : 0
        expect(idOf(a).compare(idOf(b))).toBe(order)
      }),
    )
  })

  it('has neighbours, but for the first and the last', () => {
    fc.assert(
      fc.property(pair, id => {
        const value = numberOf(id)
        const next = value === ((MAX << 64n) | MAX) ? undefined : textOf(value + 1n)
        expect(idOf(id).next()?.toString()).toBe(next)
        expect(idOf(id).previous()?.toString()).toBe(value === 0n ? undefined : textOf(value - 1n))
      }),
    )
    expect(StreamId.MAX.next()).toBeUndefined()
    expect(StreamId.MIN.previous()).toBeUndefined()
    expect(idOf([5n, MAX]).next()?.toString()).toBe('6-0')
    expect(idOf([6n, 0n]).previous()?.toString()).toBe(`5-${MAX}`)
  })

  it('is made of numbers', () => {
    expect(StreamId.of(1_700_000_000_000, 3).toString()).toBe('1700000000000-3')
    expect(StreamId.of(1_700_000_000_000, 3).ms).toBe(1_700_000_000_000)
    expect(StreamId.of(0, 0).isZero).toBe(true)
    expect(StreamId.of(0, 1).isZero).toBe(false)
  })
})

it('its text can be had as bytes, whatever was spelled before', () => {
  const text = new StreamIdText()
  const half = fc.oneof(fc.constantFrom(0, 1, -1, 2147483647, -2147483648), fc.integer())
  const words = fc.array(
    fc.tuple(fc.constantFrom(0, 1, 381), half, fc.constantFrom(0, 0, -1), half),
  )
  fc.assert(
    fc.property(words, all => {
      for (const [msHigh, msLow, seqHigh, seqLow] of all) {
        for (const id of [
          new StreamId(msHigh, msLow, seqHigh, seqLow),
          new StreamId(msHigh, msLow, seqHigh, seqLow).next() ?? StreamId.MAX,
        ]) {
          text.spell(id)
          expect(text.bytes.latin1Slice(0, text.end)).toBe(id.toString())
        }
      }
    }),
  )
})
