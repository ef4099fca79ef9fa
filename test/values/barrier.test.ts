import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Barrier, type BarrierEntry } from '../../src/values/barrier.ts'
import { PROPERTY_RUNS } from './tokens.ts'

function entry(participant: string, options: Partial<BarrierEntry> = {}): BarrierEntry {
  return { participant, parties: 2, leaseMs: 0, connection: 0, ...options }
}

function full(): Barrier {
  const barrier = new Barrier(2, 1)
  barrier.enter(entry('a'), 0)
  barrier.enter(entry('b'), 0)
  return barrier
}

describe('entering', () => {
  test('all wait for the last of the parties', () => {
    const barrier = new Barrier(2, 1)
    expect(barrier.enter(entry('a'), 0)).toEqual({ kind: 'gathering' })
    expect(barrier.enter(entry('a'), 0)).toEqual({ kind: 'gathering' })
    expect(barrier.enter(entry('b'), 0)).toEqual({ kind: 'entered', opened: true })
    expect(barrier.enter(entry('a'), 0)).toEqual({ kind: 'entered', opened: false })
    expect(barrier.phase).toBe('full')
  })

  test('who expects another number of parties is refused', () => {
    const barrier = full()
    expect(barrier.enter(entry('c', { parties: 3 }), 0)).toMatchObject({ code: 'PARTIES' })
    expect(barrier.size).toBe(2)
  })

  test('who gives up waiting was never in', () => {
    const barrier = new Barrier(2, 1)
    barrier.enter(entry('a'), 0)
    expect(barrier.withdraw('a')).toBe(true)
    expect(barrier.withdraw('a')).toBe(false)
    expect(barrier.isFree).toBe(true)
    expect(full().withdraw('a')).toBe(false)
  })

  test('who comes while it is full joins the run', () => {
    expect(full().enter(entry('c'), 0)).toEqual({ kind: 'entered', opened: false })
  })

  test('who comes while others leave waits for the next round', () => {
    const barrier = full()
    barrier.leave('a', undefined)
    expect(barrier.enter(entry('a'), 0).kind).toBe('busy')
    expect(barrier.enter(entry('b'), 0).kind).toBe('entered')
  })
})

describe('leaving', () => {
  test('all wait until nobody is in any more', () => {
    const barrier = full()
    expect(barrier.leave('a', undefined)).toEqual({ kind: 'leaving' })
    expect(barrier.leave('a', 1)).toEqual({ kind: 'leaving' })
    expect(barrier.isFree).toBe(false)
    expect(barrier.leave('b', undefined)).toEqual({ kind: 'left' })
    expect(barrier.isFree).toBe(true)
  })

  test('a later round tells that the earlier one is over', () => {
    const next = new Barrier(2, 9)
    next.enter(entry('b'), 0)
    expect(next.leave('b', 1)).toEqual({ kind: 'left' })
    expect(next.has('b')).toBe(true)
  })

  test('while it is gathering there is nobody to wait for', () => {
    const barrier = new Barrier(3, 1)
    barrier.enter(entry('a', { parties: 3 }), 0)
    barrier.enter(entry('b', { parties: 3 }), 0)
    expect(barrier.leave('x', undefined)).toEqual({ kind: 'absent' })
    expect(barrier.leave('a', undefined)).toEqual({ kind: 'left' })
    expect(barrier.size).toBe(1)
    expect(full().leave('x', undefined)).toEqual({ kind: 'absent' })
  })
})

test('the dead do not keep the living', () => {
  const barrier = new Barrier(2, 1)
  barrier.enter(entry('a', { connection: 5 }), 0)
  barrier.enter(entry('b', { leaseMs: 100 }), 0)
  expect(barrier.disconnected(5, 10, 0)).toHaveLength(1)
  expect(barrier.phase).toBe('leaving')
  barrier.extendAll(10)
  expect(barrier.expire(109)).toEqual([])
  expect(barrier.expire(110)).toMatchObject([{ owner: 'b' }])
  expect(barrier.isFree).toBe(true)
  const gathering = new Barrier(2, 1)
  gathering.enter(entry('a', { connection: 5 }), 0)
  gathering.enter(entry('c', { connection: 6 }), 0)
  expect(gathering.orphan(0, 50)).toHaveLength(2)
  expect(gathering.phase).toBe('full')
  expect(gathering.nextExpiry()).toBe(50)
})

const participant = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('enter' as const),
      participant,
      leaseMs: fc.constantFrom(0, 0, 30),
      connection: fc.constantFrom(0, 0, 1, 2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('leave' as const), participant }) },
  fc.record({ kind: fc.constant('withdraw' as const), participant }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(20) }),
  fc.record({
    kind: fc.constant('disconnect' as const),
    connection: fc.constantFrom(1, 2),
    grace: fc.constantFrom(0, 15),
  }),
)

test('nobody runs before all are in, nobody is done before all are out, a backup agrees', () => {
  const script = fc.array(action, { maxLength: 120, size: 'max' })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), script, (parties, steps) => {
      let generation = 1
      let barrier = new Barrier(parties, generation)
      let backup = new Barrier(parties, generation)
      let now = 0
      let inside = new Set<string>()
      let phase = 'gathering'
      const lose = (name: string): void => {
        if (inside.delete(name) && phase === 'full') phase = 'leaving'
      }
      for (const [index, step] of steps.entries()) {
        if (step.kind === 'enter') {
          const asked = { ...step, parties }
          const admitted = phase !== 'leaving' || inside.has(step.participant)
          if (admitted) inside.add(step.participant)
          const fills = phase === 'gathering' && inside.size === parties
          if (fills) phase = 'full'
          const answer = barrier.enter(asked, now)
          backup.enter(asked, 1e9)
          const runs = phase === 'gathering' ? 'gathering' : 'entered'
          expect(answer.kind).toBe(admitted ? runs : 'busy')
          if (answer.kind === 'entered') expect(answer.opened).toBe(fills)
        } else if (step.kind === 'leave') {
          const wasIn = inside.has(step.participant)
          lose(step.participant)
          const answer = barrier.leave(step.participant, undefined)
          backup.leave(step.participant, undefined)
          const over = phase !== 'leaving' || inside.size === 0
          expect(answer.kind).toBe(
            wasIn || phase === 'leaving' ? (over ? 'left' : 'leaving') : 'absent',
          )
        } else if (step.kind === 'withdraw') {
          if (phase === 'gathering') inside.delete(step.participant)
          barrier.withdraw(step.participant)
          backup.withdraw(step.participant)
        } else {
          now += step.kind === 'pass' ? step.ms : 0
          const lost =
            step.kind === 'pass'
              ? barrier.expire(now)
              : barrier.disconnected(step.connection, now, step.grace)
          for (const hold of lost) {
            if (step.kind === 'disconnect' && step.grace > 0) {
              backup.grant(hold.state(), 1e9)
            } else {
              lose(hold.owner)
              backup.remove(hold.owner)
            }
          }
        }
        expect(new Set([...barrier.participants()].map(hold => hold.owner))).toEqual(inside)
        expect(barrier.isFree).toBe(inside.size === 0)
        expect(backup.snapshot()).toEqual(barrier.snapshot())
        if (index % 10 === 0) {
          const copy = Barrier.restore(barrier.snapshot(), 3)
          expect(copy.snapshot()).toEqual(barrier.snapshot())
          expect(copy.memory()).toBe(barrier.memory())
        }
        if (barrier.isFree) {
          // The key is deleted; the next to enter makes another.
          generation++
          barrier = new Barrier(parties, generation)
          backup = new Barrier(parties, generation)
          inside = new Set()
          phase = 'gathering'
        }
        expect(barrier.phase).toBe(phase)
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
