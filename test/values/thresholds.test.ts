import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Threshold, Thresholds } from '../../src/values/thresholds.ts'

const threshold = fc.record<Threshold>({
  comparison: fc.constantFrom('GE', 'LE', 'EQ'),
  value: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(2n ** 62n, -(2n ** 62n))),
})

function holds({ comparison, value }: Threshold, now: number | bigint): boolean {
  if (comparison === 'GE') return now >= value
  if (comparison === 'LE') return now <= value
  return now === value
}

describe('thresholds', () => {
  test('a value reaches exactly the thresholds that hold, each once', () => {
    const steps = fc.array(fc.tuple(threshold, fc.boolean()), { maxLength: 40 })
    fc.assert(
      fc.property(steps, threshold, (all, { value }) => {
        const thresholds = new Thresholds()
        const kept: Threshold[] = []
        for (const [each, removes] of all) {
          const index = kept.findIndex(
            other => other.comparison === each.comparison && other.value === each.value,
          )
          if (removes && index >= 0) {
            thresholds.remove(each)
            kept.splice(index, 1)
          } else {
            thresholds.add(each)
            kept.push(each)
          }
        }
        const name = (each: Threshold) => `${each.comparison}${each.value}`
        const expected = new Set(kept.filter(each => holds(each, value)).map(name))
        const reached = thresholds.reached(value).map(name)
        expect(reached.length).toBe(expected.size)
        expect(new Set(reached)).toEqual(expected)
        expect(thresholds.isEmpty).toBe(kept.length === 0)
      }),
    )
  })
})
