import fc from 'fast-check'
import { expect, test } from 'vitest'
import { INT64_MAX, INT64_MIN } from '../../src/values/int64.ts'
import { WeakCounter } from '../../src/values/weak-counter.ts'
import { PROPERTY_RUNS } from './tokens.ts'

test('counts both ways from its initial value', () => {
  const counter = new WeakCounter(10)
  expect(counter.add('n1', 5)).toEqual({ kind: 'tallied' })
  counter.add('n1', -7)
  counter.add('n2', 1)
  expect(counter.value).toBe(9)
})

test('merging twice, or in any order, counts once', () => {
  const one = new WeakCounter(0)
  const two = new WeakCounter(0)
  one.add('n1', 3)
  two.add('n2', 4)
  expect(one.merge(two.snapshot())).toBe(true)
  expect(one.merge(two.share('n2'))).toBe(false)
  expect(two.merge(one.snapshot())).toBe(true)
  expect([one.value, two.value]).toEqual([7, 7])
  expect(one.snapshot()).toEqual(two.snapshot())
})

test('an older copy brings no news', () => {
  const counter = new WeakCounter(0)
  counter.add('n1', 1)
  const old = counter.snapshot()
  counter.add('n1', 1)
  expect(counter.merge(old)).toBe(false)
  expect(counter.value).toBe(2)
})

test('setting opens an era; what belongs to the old one is gone', () => {
  const one = new WeakCounter(0)
  const two = new WeakCounter(0)
  two.add('n2', 100)
  one.set('n1', 5)
  one.add('n1', 1)
  expect(one.merge(two.snapshot())).toBe(false)
  expect(two.merge(one.snapshot())).toBe(true)
  expect([one.value, two.value]).toEqual([6, 6])
})

test('of two eras opened at once everybody takes the same', () => {
  const one = new WeakCounter(0)
  const two = new WeakCounter(0)
  one.set('n1', 5)
  two.set('n2', 8)
  two.add('n2', 1)
  const snapshots = [one.snapshot(), two.snapshot()]
  one.merge(snapshots[1]!)
  two.merge(snapshots[0]!)
  expect([one.value, two.value]).toEqual([9, 9])
})

test('a tally beyond 64 bits is refused, a sum beyond them stays at the bound', () => {
  const counter = new WeakCounter(0)
  counter.add('n1', INT64_MAX)
  expect(counter.add('n1', 1)).toEqual({ kind: 'refused', code: 'OUTOFBOUNDS' })
  expect(counter.add('n9', INT64_MIN)).toEqual({ kind: 'refused', code: 'OUTOFBOUNDS' })
  counter.add('n2', 1)
  expect(counter.value).toBe(INT64_MAX)
  counter.add('n1', -1)
  expect(counter.value).toBe(INT64_MAX)
  counter.add('n1', -1)
  expect(counter.value).toBe(2n ** 63n - 2n)
})

const node = fc.constantFrom('n1', 'n2', 'n3')
const gossip = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ node, delta: fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }) }),
  },
  fc.record({ node, to: node, tallyOnly: fc.boolean() }),
)

test('after everybody has heard of everybody the value is the exact sum of all adds', () => {
  fc.assert(
    fc.property(fc.array(gossip, { maxLength: 80, size: 'max' }), steps => {
      const copies = new Map(['n1', 'n2', 'n3'].map(name => [name, new WeakCounter(7)]))
      let sum = 7n
      for (const step of steps) {
        const copy = copies.get(step.node)!
        if ('delta' in step) {
          copy.add(step.node, Number(step.delta))
          sum += step.delta
        } else {
          const heard = step.tallyOnly ? copy.share(step.node) : copy.snapshot()
          copies.get(step.to)!.merge(heard)
        }
      }
      for (const from of copies.values()) {
        for (const to of copies.values()) to.merge(from.snapshot())
      }
      for (const to of copies.values()) {
        expect(to.value).toBe(Number(sum))
        expect(to.snapshot()).toEqual(copies.get('n1')!.snapshot())
        expect(WeakCounter.restore(to.snapshot()).snapshot()).toEqual(to.snapshot())
        expect(to.memory()).toBe(copies.get('n1')!.memory())
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})

const lone = fc
  .array(fc.record({ node, delta: fc.integer(), open: fc.boolean() }), { maxLength: 6 })
  .map(steps => (name: string): WeakCounter => {
    // Each copy is a node of its own: nobody else raises its tally or opens its eras.
    const counter = new WeakCounter(0)
    for (const step of steps) {
      if (step.open) counter.set(name, step.delta)
      else counter.add(name, step.delta)
    }
    return counter
  })

test('merging is commutative, associative and idempotent', () => {
  const merged = (...all: WeakCounter[]): unknown => {
    const result = WeakCounter.restore(all[0]!.snapshot())
    for (const other of all.slice(1)) result.merge(other.snapshot())
    return result.snapshot()
  }
  fc.assert(
    fc.property(lone, lone, lone, (first, second, third) => {
      const [a, b, c] = [first('a'), second('b'), third('c')]
      const abc = merged(a, b, c)
      expect(merged(c, b, a)).toEqual(abc)
      expect(merged(b, a, c, b, a)).toEqual(abc)
      const bc = WeakCounter.restore(b.snapshot())
      bc.merge(c.snapshot())
      expect(merged(a, bc)).toEqual(abc)
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
