// Short decimals are read exactly as JavaScript reads them, or not at all.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseShortDecimal } from '../../src/values/decimal.ts'

function parse(text: string): number {
  const bytes = Buffer.from(`12${text}34`, 'latin1')
  return parseShortDecimal(bytes, 2, 2 + text.length)
}

describe('parseShortDecimal', () => {
  it.each([
    ['0', 0],
    ['-0', -0],
    ['+7', 7],
    ['007', 7],
    ['1.', 1],
    ['.5', 0.5],
    ['-1.25', -1.25],
    ['0.1', 0.1],
    ['000000000000123', 123],
    ['99999999999999.9', 99999999999999.9],
  ])('reads %s', (text, value) => {
    expect(parse(text)).toBe(value)
  })

  it.each(['', '-', '+', '.', '-.', '1e3', 'inf', 'nan', ' 1', '1 ', '1.2.3', '--1', '0x1'])(
    'leaves %j to others',
    text => {
      expect(parse(text)).toBeNaN()
    },
  )

  it('leaves numbers of more than fifteen digits to others', () => {
    expect(parse('1234567890123456')).toBeNaN()
    expect(parse('0.123456789012345')).toBeNaN()
  })

  it('agrees with JavaScript to the last bit', () => {
    const decimal = fc.stringMatching(/^[+-]?\d{0,15}(\.\d{0,15})?$/)
    fc.assert(
      fc.property(decimal, text => {
        const value = parse(text)
        if (!Number.isNaN(value)) expect(value).toBe(Number(text))
      }),
      { numRuns: 2000 },
    )
  })
})
