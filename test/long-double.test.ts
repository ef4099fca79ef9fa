import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addLongDouble, formatLongDouble, parseLongDouble } from '../src/long-double.ts'
import { describeWithRedis } from './harness/redis-server.ts'
import { RespError, type RespValue } from './harness/resp-value.ts'
import { Reference } from './reference.ts'

const SCALE = Number(process.env['TEST_SCALE'] ?? 1)

/** What INCRBYFLOAT answers to a stored text and an increment. */
function increment(stored: string, by: string): string {
  const a = parseLongDouble(stored)
  const b = parseLongDouble(by)
  if (a === undefined || b === undefined) return 'not a float'
  const sum = addLongDouble(a, b)
  return sum === undefined ? 'not finite' : formatLongDouble(sum)
}

describe('sums of long doubles', () => {
  test.each([
    ['0.1', '0.2', '0.3'],
    ['10.5', '0.1', '10.6'],
    ['5.0e3', '2.0e2', '5200'],
    ['1', '-1', '0'],
    ['-0.00000000000000000001', '0', '0'],
    ['3', '0x1.8p1', '6'],
    ['18446744073709551615', '1', '18446744073709551616'],
    // The mantissa has 64 bits: the last digit is lost to the tie that goes to even.
    ['18446744073709551616', '1', '18446744073709551616'],
    ['1e17', '0.1', '100000000000000000.10156250000000000'.replace(/0+$/, '')],
  ])('%s + %s is %s', (a, b, sum) => {
    expect(increment(a, b)).toBe(sum)
  })

  test.each([
    '',
    '.',
    '+',
    'e5',
    '1e',
    '0x',
    '0xp1',
    ' 1',
    '1 ',
    '1,5',
    'nan',
    'infinit',
    '1e4933',
    '1e-5000',
    '1e999999999999999999999999',
    '0x1p99999999999',
  ])('"%s" is no number', text => {
    expect(parseLongDouble(text)).toBeUndefined()
  })

  test('a text that would not fit the buffer of Redis is no number', () => {
    expect(parseLongDouble('0'.repeat(5119))).toBeDefined()
    expect(parseLongDouble('0'.repeat(5120))).toBeUndefined()
  })

  test.each(['inf', '-INF', '+Infinity'])('%s is a number, but no sum with it is', text => {
    expect(parseLongDouble(text)).toBeDefined()
    expect(increment(text, '1')).toBe('not finite')
    expect(increment('1', text)).toBe('not finite')
  })

  test('the largest and the smallest numbers are kept', () => {
    expect(increment('1.18973149535723176502e4932', '0')).toMatch(
      /^1189731495357231765021263\d{4908}$/,
    )
    expect(increment('1.18973149535723176502e4932', '1.1e4932')).toBe('not finite')
    expect(increment('3.6451995318824746025e-4951', '0')).toBe('0')
    expect(parseLongDouble('3.6451995318824746025e-4951')).toEqual({
      mantissa: 1n,
      exponent: -16445,
    })
    expect(parseLongDouble('1e-4951')).toBeUndefined()
  })
})

const digits = (max: number) =>
  fc.array(fc.nat(9), { minLength: 1, maxLength: max }).map(each => each.join(''))
const sign = fc.constantFrom('', '-', '+')
const plain = fc
  .tuple(sign, digits(25), fc.option(digits(30), { nil: undefined }))
  .map(([minus, whole, part]) => `${minus}${whole}${part === undefined ? '' : `.${part}`}`)
const scientific = fc
  .tuple(plain, fc.oneof(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -5000, max: 5000 })))
  .map(([text, exponent]) => `${text}e${exponent}`)
const hexadecimal = fc
  .tuple(
    sign,
    fc.bigInt({ min: 0n, max: 1n << 80n }),
    fc.option(fc.bigInt({ min: 0n, max: 1n << 70n }), { nil: undefined }),
    fc.option(
      fc.oneof(fc.integer({ min: -80, max: 80 }), fc.integer({ min: -17000, max: 17000 })),
      {
        nil: undefined,
      },
    ),
  )
  .map(
    ([minus, whole, part, exponent]) =>
      `${minus}0x${whole.toString(16)}${part === undefined ? '' : `.${part.toString(16)}`}` +
      `${exponent === undefined ? '' : `p${exponent}`}`,
  )
/** Halves of the last place, where rounding to even decides. */
const tie = fc
  .tuple(fc.bigInt({ min: 1n << 63n, max: (1n << 64n) - 1n }), fc.integer({ min: -2, max: 2 }))
  .map(([mantissa, offset]) => String(mantissa * 4n + 2n + BigInt(offset)))
const broken = fc.string({ maxLength: 6, unit: fc.constantFrom(...'0123456789.eEpPxX+- infa') })
const number = fc.oneof(plain, scientific, hexadecimal, tie, tie, broken)

describeWithRedis('sums of long doubles, beside Redis', () => {
  let reference: Reference
  beforeAll(async () => {
    reference = await Reference.start()
  })
  afterAll(() => reference.stop())

  test('are what INCRBYFLOAT answers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 50 }),
        async pairs => {
          const replies = await reference.calls(
            pairs.flatMap(([a, b]) => [
              ['SET', 'k', a],
              ['INCRBYFLOAT', 'k', b],
            ]),
          )
          pairs.forEach(([a, b], i) => {
            expect(increment(a, b), `${a} + ${b}`).toBe(answer(replies[2 * i + 1]!))
          })
        },
      ),
      { numRuns: 200 * SCALE },
    )
  })
})

function answer(reply: RespValue): string {
  if (!(reply instanceof RespError)) return reply as string
  return reply.text.includes('valid float') ? 'not a float' : 'not finite'
}
