import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Deadline, Deadlines } from '../src/deadlines.ts'

const SCALE = Number(process.env['TEST_SCALE'] ?? 1)

class Timer implements Deadline {
  readonly name: string
  deadline: number
  heapIndex = -1

  constructor(name: string, deadline: number) {
    this.name = name
    this.deadline = deadline
  }
}

const names = (timers: readonly Timer[]) => timers.map(timer => timer.name)

describe('deadlines', () => {
  test('come out earliest first, equal ones in the order in which they were set', () => {
    const deadlines = new Deadlines<Timer>()
    const at = [30, 10, 20, 10, 30, 10, 20, 10]
    const timers = at.map((deadline, i) => new Timer(`${deadline}#${i}`, deadline))
    for (const timer of timers) deadlines.add(timer)
    deadlines.update(timers[1]!, 10)
    expect(deadlines.peek()?.name).toBe('10#3')
    expect(names(deadlines.popDue(20, 4))).toEqual(['10#3', '10#5', '10#7', '10#1'])
    expect(names(deadlines.popDue(29, 10))).toEqual(['20#2', '20#6'])
    expect(deadlines.popDue(29, 10)).toEqual([])
    expect(deadlines.size).toBe(2)
  })

  test('that are due are appended to the array given', () => {
    const deadlines = new Deadlines<Timer>()
    deadlines.add(new Timer('a', 1))
    const due = [new Timer('earlier', 0)]
    expect(deadlines.popDue(1, 1, due)).toBe(due)
    expect(names(due)).toEqual(['earlier', 'a'])
  })

  test('that never come are never due before the end of time', () => {
    const deadlines = new Deadlines<Timer>()
    deadlines.add(new Timer('never', Number.POSITIVE_INFINITY))
    expect(deadlines.popDue(Number.MAX_VALUE, 1)).toEqual([])
    expect(deadlines.size).toBe(1)
  })

  test('refuse elements that are in no heap, in another one, or in one already', () => {
    const deadlines = new Deadlines<Timer>()
    const other = new Deadlines<Timer>()
    const [a, b] = [new Timer('a', 1), new Timer('b', 1)]
    deadlines.add(a)
    other.add(b)
    expect(() => deadlines.add(a)).toThrow('already')
    expect(() => deadlines.remove(b)).toThrow('not in this heap')
    expect(() => deadlines.update(new Timer('c', 1), 2)).toThrow('not in this heap')
    expect(() => deadlines.update(a, Number.NaN)).toThrow('number')
    expect(() => deadlines.add(new Timer('nan', Number.NaN))).toThrow('number')
    expect(deadlines.popDue(1, 10)).toEqual([a])
    expect(a.heapIndex).toBe(-1)
  })

  test('behave like a list sorted by deadline and turn', () => {
    const time = fc.integer({ min: 0, max: 12 })
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ op: fc.constant('add' as const), time }) },
      {
        weight: 2,
        arbitrary: fc.record({ op: fc.constant('update' as const), time, pick: fc.nat() }),
      },
      { weight: 2, arbitrary: fc.record({ op: fc.constant('remove' as const), pick: fc.nat() }) },
      {
        weight: 1,
        arbitrary: fc.record({ op: fc.constant('pop' as const), time, limit: fc.nat(5) }),
      },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), steps => {
        const deadlines = new Deadlines<Timer>()
        let model: { timer: Timer; turn: number }[] = []
        let turn = 0
        const sort = () =>
          model.sort((a, b) => a.timer.deadline - b.timer.deadline || a.turn - b.turn)
        for (const now of steps) {
          const picked =
            'pick' in now && model.length > 0 ? model[now.pick % model.length]! : undefined
          if (now.op === 'add') {
            const timer = new Timer(`${turn}`, now.time)
            deadlines.add(timer)
            model.push({ timer, turn: turn++ })
          } else if (now.op === 'pop') {
            const due = model.filter(({ timer }) => timer.deadline <= now.time).slice(0, now.limit)
            expect(names(deadlines.popDue(now.time, now.limit))).toEqual(
              names(due.map(d => d.timer)),
            )
            model = model.filter(entry => !due.includes(entry))
          } else if (picked !== undefined && now.op === 'update') {
            deadlines.update(picked.timer, now.time)
            picked.turn = turn++
          } else if (picked !== undefined) {
            deadlines.remove(picked.timer)
            expect(picked.timer.heapIndex).toBe(-1)
            model = model.filter(entry => entry !== picked)
          }
          sort()
          expect(deadlines.size).toBe(model.length)
          expect(deadlines.peek()).toBe(model[0]?.timer)
        }
        const rest = deadlines.popDue(Number.POSITIVE_INFINITY, model.length)
        expect(names(rest)).toEqual(names(model.map(entry => entry.timer)))
      }),
      { numRuns: 500 * SCALE },
    )
  })
})
