import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Element, spellInteger } from '../../src/values/element.ts'
import { almostIntegers, integerTexts, repeated, text } from './texts.ts'

const fromBytes = (value: string) => {
  const bytes = Buffer.from(`..${value}..`, 'latin1')
  return new Element().fromBytes(bytes, 2, bytes.length - 2)
}

const isInt64 = (value: string) =>
  /^(0|-?[1-9]\d{0,18})$/.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value)

describe('an element', () => {
  it('is an integer exactly where the text is the one spelling of a 64-bit integer', () => {
    for (const value of [...integerTexts, ...almostIntegers]) {
      const element = fromBytes(value)
      expect([value, element.integer]).toEqual([value, isInt64(value)])
      if (element.integer) expect(element.toBigInt()).toBe(BigInt(value))
    }
  })

  it('spells an integer as it was given', () => {
    for (const value of integerTexts.filter(isInt64)) {
      const given = fromBytes(value)
      const element = new Element().fromInt64(given.high, given.low)
      expect(element.toString()).toBe(value)
      element.text()
      expect(element.bytes.subarray(element.start, element.end).toString()).toBe(value)
      expect(element.toString()).toBe(value)
    }
  })

  it('takes safe integers as numbers', () => {
    for (const value of [0, -0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32, -(2 ** 32), 2 ** 53 - 1]) {
      const element = new Element().fromInteger(value)
      expect(element.toInteger()).toBe(value + 0)
      expect(element.toString()).toBe(String(value + 0))
    }
  })

  it('gives back any text, from a string or from bytes', () => {
    fc.assert(
      fc.property(text, value => {
        expect(fromBytes(value).toString()).toBe(value)
        const element = new Element().fromString(value)
        expect(element.toString()).toBe(value)
        expect(element.integer).toBe(isInt64(value))
      }),
    )
  })

  it('equals and sorts by its text, whichever way it is held', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const one = fromBytes(a)
        const other = fromBytes(b)
        if (other.integer) other.fromInt64(other.high, other.low)
        expect(one.equals(other)).toBe(a === b)
        expect(Math.sign(one.compare(other))).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
  })

  it('keeps its text when the source changes', () => {
    for (const value of ['', 'abc', repeated(100), repeated(70_000)]) {
      const bytes = Buffer.from(value, 'latin1')
      const element = new Element().fromBytes(bytes).keep()
      bytes.fill(0)
      expect(element.toString()).toBe(value)
    }
  })

  it('reads a stored string without looking for an integer in it', () => {
    expect(new Element().fromStored(Buffer.from('12'), 0, 2).integer).toBe(false)
  })

  it('can be refilled with smaller and larger strings', () => {
    const element = new Element()
    for (const length of [1, 100_000, 5, 30, 70_000, 0]) {
      expect(element.fromString(repeated(length)).toString()).toBe(repeated(length))
    }
  })
})

describe('spellInteger', () => {
  it('writes what String does, and nothing beyond', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), value => {
        const bytes = Buffer.alloc(24, '#')
        const end = spellInteger(value, bytes, 1)
        expect(bytes.toString('latin1', 0, end + 1)).toBe(`#${value}#`)
      }),
    )
  })
})
