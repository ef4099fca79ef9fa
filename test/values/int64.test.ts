import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addInt64,
  INT64_MAX,
  INT64_MIN,
  type Int64,
  int64,
  parseInt64,
  subtractInt64,
  writtenInt64,
} from '../../src/values/int64.ts'
import { PROPERTY_RUNS } from './tokens.ts'

const edges = [0n, 1n, -1n, 2n ** 53n, 2n ** 53n - 1n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]
const wide = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(...edges),
  fc
    .tuple(fc.constantFrom(...edges), fc.integer({ min: -3, max: 3 }))
    .map(([edge, off]) => BigInt.asIntN(64, edge + BigInt(off))),
)

/** What an Int64 must look like: a number exactly if that is safe. */
function expectNormal(value: Int64 | undefined, exact: bigint): void {
  if (exact > 2n ** 63n - 1n || exact < -(2n ** 63n)) {
    expect(value).toBeUndefined()
  } else {
    expect(value).toBe(Number.isSafeInteger(Number(exact)) ? Number(exact) : exact)
  }
}

test('sums and differences are exact, or undefined beyond 64 bits', () => {
  fc.assert(
    fc.property(wide, wide, (a, b) => {
      expectNormal(addInt64(int64(a)!, int64(b)!), a + b)
      expectNormal(subtractInt64(int64(a)!, int64(b)!), a - b)
    }),
    { numRuns: 10 * PROPERTY_RUNS },
  )
})

test('equal values are identical, others compare exactly', () => {
  fc.assert(
    fc.property(wide, wide, (a, b) => {
      expect(int64(a) === int64(b)).toBe(a === b)
      expect(int64(a)! < int64(b)!).toBe(a < b)
    }),
    { numRuns: 10 * PROPERTY_RUNS },
  )
})

test('decimals are read back as they were printed', () => {
  fc.assert(
    fc.property(wide, value => {
      expectNormal(parseInt64(String(value)), value)
      expect(writtenInt64(String(int64(value)))).toBe(int64(value))
    }),
    { numRuns: 10 * PROPERTY_RUNS },
  )
})

test.each([
  '',
  '-',
  '+1',
  ' 1',
  '1 ',
  '01',
  '-0',
  '-01',
  '1.0',
  '1e3',
  '0x10',
  '9223372036854775808',
  '-9223372036854775809',
  '99999999999999999999999',
])('%j is not a 64-bit integer', text => {
  expect(parseInt64(text)).toBeUndefined()
  expect(() => writtenInt64(text)).toThrow()
})

test('both bounds can be read', () => {
  expect(parseInt64('9223372036854775807')).toBe(INT64_MAX)
  expect(parseInt64('-9223372036854775808')).toBe(INT64_MIN)
})
