import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TrackedKeys } from '../src/tracked-keys.ts'

const key = fc.constantFrom('a', 'b', 'c', 'd')
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), key, client: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('take' as const), key }),
  fc.record({
    kind: fc.constant('random' as const),
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
)

it('holds what a map of sets would hold, and weighs nothing when it is empty', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), steps => {
      const tracked = new TrackedKeys()
      const model = new Map<string, Set<number>>()
      for (const each of steps) {
        if (each.kind === 'add') {
          tracked.add(each.key, each.client)
          model.set(each.key, (model.get(each.key) ?? new Set()).add(each.client))
        } else if (each.kind === 'take') {
          expect(new Set(tracked.take(each.key))).toEqual(model.get(each.key) ?? new Set())
          model.delete(each.key)
        } else if (model.size > 0) {
          expect(model.has(tracked.random(() => each.at))).toBe(true)
        }
        expect(tracked.count).toBe(model.size)
        expect(tracked.itemCount).toBe([...model.values()].reduce((sum, ids) => sum + ids.size, 0))
      }
      for (const left of model.keys()) tracked.take(left)
      expect([tracked.count, tracked.itemCount, tracked.memory]).toEqual([0, 0, 0])
    }),
  )
})
