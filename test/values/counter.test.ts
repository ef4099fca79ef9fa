import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Counter, type CounterBounds, UNBOUNDED } from '../../src/values/counter.ts'
import { INT64_MAX, INT64_MIN, type Int64, int64 } from '../../src/values/int64.ts'
import { PROPERTY_RUNS } from './tokens.ts'

function counter(bounds: Partial<CounterBounds> = {}): Counter {
  const created = Counter.create(
    Object.keys(bounds).length ? { ...UNBOUNDED, ...bounds } : UNBOUNDED,
  )
  if (!(created instanceof Counter)) throw new Error('refused')
  return created
}

const OUTOFBOUNDS = { kind: 'refused', code: 'OUTOFBOUNDS' }

describe('bounds', () => {
  test('an initial value outside them is refused, and so are bounds that exclude each other', () => {
    expect(Counter.create({ initial: 0, minimum: 1, maximum: 9 })).toEqual(OUTOFBOUNDS)
    expect(Counter.create({ initial: 5, minimum: 9, maximum: 1 })).toEqual(OUTOFBOUNDS)
  })

  test('what would leave them changes nothing', () => {
    const seats = counter({ initial: 99, minimum: 0, maximum: 100 })
    expect(seats.add(1)).toEqual({ kind: 'counted', previous: 99, value: 100 })
    expect(seats.add(1)).toEqual(OUTOFBOUNDS)
    expect(seats.set(-1)).toEqual(OUTOFBOUNDS)
    expect(seats.compareAndSet(100, 101)).toEqual(OUTOFBOUNDS)
    expect(seats.next(1)).toEqual(OUTOFBOUNDS)
    expect(seats.value).toBe(100)
  })

  test('64 bits are exact to the end, and overflow is an error', () => {
    const wide = counter({ initial: INT64_MAX })
    expect(wide.add(1)).toEqual(OUTOFBOUNDS)
    expect(wide.add(-1)).toMatchObject({ value: 2n ** 63n - 2n })
    expect(wide.add(INT64_MIN)).toMatchObject({ value: -2 })
    expect(wide.set(INT64_MIN)).toMatchObject({ previous: -2 })
    expect(wide.add(-1)).toEqual(OUTOFBOUNDS)
  })
})

test('compare and set takes effect on the expected value only', () => {
  const value = counter({ initial: 2n ** 60n })
  expect(value.compareAndSet(7, 8)).toEqual({ kind: 'mismatch', value: 2n ** 60n })
  expect(value.compareAndSet(2n ** 60n, 8)).toEqual({
    kind: 'counted',
    previous: 2n ** 60n,
    value: 8,
  })
})

test('NEXT hands out blocks that do not overlap', () => {
  const ids = counter()
  expect(ids.next(10)).toEqual({ kind: 'block', first: 1, last: 10 })
  expect(ids.next(1)).toEqual({ kind: 'block', first: 11, last: 11 })
  expect(ids.next(INT64_MAX)).toEqual(OUTOFBOUNDS)
  expect(ids.value).toBe(11)
})

test('RESET goes back to the initial value', () => {
  const value = counter({ initial: 5 })
  value.add(3)
  expect(value.reset()).toEqual({ kind: 'counted', previous: 8, value: 5 })
})

test('thresholds compare exactly', () => {
  const value = counter({ initial: 2n ** 53n + 1n })
  expect(value.satisfies('GE', 2n ** 53n + 1n)).toBe(true)
  expect(value.satisfies('GE', 2n ** 53n + 2n)).toBe(false)
  expect(value.satisfies('LE', 2n ** 53n)).toBe(false)
  expect(value.satisfies('EQ', 2n ** 53n + 1n)).toBe(true)
})

const number = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -20, max: 20 }) },
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(value => int64(value)!),
)
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), by: number }) },
  fc.record({ kind: fc.constant('set' as const), to: number }),
  fc.record({ kind: fc.constant('cas' as const), hit: fc.boolean(), other: number, to: number }),
  fc.record({ kind: fc.constant('next' as const), count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant('reset' as const) }),
)
const limits = fc
  .tuple(number, number, number)
  .map(three => three.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))

test('the counter agrees with arithmetic on big integers', () => {
  fc.assert(
    fc.property(limits, fc.array(action, { maxLength: 60, size: 'max' }), (three, steps) => {
      const [minimum, initial, maximum] = three as [Int64, Int64, Int64]
      const real = counter({ initial, minimum, maximum })
      const backup = Counter.restore(real.snapshot())
      let model = BigInt(initial)
      const fits = (value: bigint): boolean => value >= BigInt(minimum) && value <= BigInt(maximum)
      for (const step of steps) {
        const before = real.value
        let wanted = model
        let kind: string
        if (step.kind === 'add') {
          wanted += BigInt(step.by)
          kind = real.add(step.by).kind
        } else if (step.kind === 'set') {
          wanted = BigInt(step.to)
          kind = real.set(step.to).kind
        } else if (step.kind === 'cas') {
          const expected = step.hit ? real.value : step.other
          if (expected === real.value) wanted = BigInt(step.to)
          kind = real.compareAndSet(expected, step.to).kind
          expect(kind === 'mismatch').toBe(expected !== before)
        } else if (step.kind === 'next') {
          wanted += BigInt(step.count)
          const block = real.next(step.count)
          kind = block.kind
          if (block.kind === 'block') {
            expect([BigInt(block.first), BigInt(block.last)]).toEqual([model + 1n, wanted])
          }
        } else {
          wanted = BigInt(initial)
          kind = real.reset().kind
        }
        expect(kind === 'refused').toBe(!fits(wanted))
        if (fits(wanted)) model = wanted
        expect(real.value).toBe(int64(model))
        backup.assign(real.value)
        expect(backup.snapshot()).toEqual(real.snapshot())
        expect(Counter.restore(real.snapshot()).memory()).toBe(real.memory())
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
