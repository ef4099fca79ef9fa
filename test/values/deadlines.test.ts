import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deadlines, type Due } from '../../src/values/deadlines.ts'
import { PROPERTY_RUNS } from './tokens.ts'

interface Named extends Due {
  readonly name: number
}

function due(name: number, expiresAt: number): Named {
  return { name, expiresAt, deadlineIndex: -1 }
}

test('an empty heap has no first and never ends', () => {
  const deadlines = new Deadlines<Named>()
  expect(deadlines.first).toBeUndefined()
  expect(deadlines.firstAt).toBe(Number.POSITIVE_INFINITY)
  expect(deadlines.due(1e15)).toEqual([])
})

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), at: fc.nat(50) }),
  fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('move' as const), pick: fc.nat(), at: fc.nat(50) }),
  fc.record({ kind: fc.constant('shift' as const), by: fc.nat(9) }),
)

test('the heap agrees with a plain array through any steps', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), steps => {
      const deadlines = new Deadlines<Named>()
      let model: Named[] = []
      for (const [index, action] of steps.entries()) {
        const chosen = 'pick' in action ? model[action.pick % model.length] : undefined
        if (action.kind === 'add') {
          const added = due(index, action.at)
          model.push(added)
          deadlines.add(added)
        } else if (action.kind === 'shift') {
          deadlines.shift(action.by)
        } else if (chosen !== undefined && action.kind === 'remove') {
          deadlines.remove(chosen)
          expect(chosen.deadlineIndex).toBe(-1)
          model = model.filter(other => other !== chosen)
        } else if (chosen !== undefined && action.kind === 'move') {
          chosen.expiresAt = action.at
          deadlines.moved(chosen)
        }
        expect(deadlines.size).toBe(model.length)
        const ends = model.map(other => other.expiresAt)
        expect(deadlines.firstAt).toBe(Math.min(...ends))
        const found = new Set(deadlines.due(25))
        expect(found).toEqual(new Set(model.filter(other => other.expiresAt <= 25)))
      }
      const order: number[] = []
      for (let first = deadlines.first; first !== undefined; first = deadlines.first) {
        order.push(first.expiresAt)
        deadlines.remove(first)
      }
      expect(order).toEqual(model.map(other => other.expiresAt).sort((a, b) => a - b))
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
