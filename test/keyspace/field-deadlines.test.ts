// The rows that tell which hash has a field to expire next.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FieldDeadlines } from '../../src/keyspace/field-deadlines.ts'

it('gives keys in the order of their times, and only those that are due', () => {
  const deadlines = new FieldDeadlines()
  deadlines.note('late', 30)
  deadlines.note('early', 10)
  deadlines.note('middle', 20)
  expect(deadlines.take(9)).toBeUndefined()
  expect([deadlines.take(20), deadlines.take(20), deadlines.take(20)]).toEqual([
    'early',
    'middle',
    undefined,
  ])
  expect(deadlines.size).toBe(1)
})

it('keeps one row for a key, with the earliest of its times', () => {
  const deadlines = new FieldDeadlines()
  deadlines.note('a', 20)
  deadlines.note('a', 10)
  deadlines.note('a', 30)
  expect(deadlines.size).toBe(1)
  expect(deadlines.take(10)).toBe('a')
  expect(deadlines.take(100)).toBeUndefined()
})

it('agrees with a sorted list, whatever is noted, forgotten and taken', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const time = fc.nat({ max: 50 })
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('note' as const), name, time }),
    fc.record({ kind: fc.constant('forget' as const), name, time }),
    fc.record({ kind: fc.constant('take' as const), name, time }),
  )
  fc.assert(
    fc.property(fc.array(operation), operations => {
      const deadlines = new FieldDeadlines()
      const model = new Map<string, number>()
      for (const { kind, name, time } of operations) {
        if (kind === 'note') {
          deadlines.note(name, time)
          model.set(name, Math.min(time, model.get(name) ?? time))
        } else if (kind === 'forget') {
          deadlines.forget(name)
          model.delete(name)
        } else {
          const taken = deadlines.take(time)
          const first = Math.min(...model.values())
          expect(taken === undefined).toBe(!(first <= time))
          if (taken === undefined) continue
          expect(model.get(taken)).toBe(first)
          model.delete(taken)
        }
        expect(deadlines.size).toBe(model.size)
      }
    }),
  )
})
