import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Latch, type LatchConfig } from '../../src/values/latch.ts'
import { CountingTokens, PROPERTY_RUNS } from './tokens.ts'

function config(options: Partial<LatchConfig> = {}): LatchConfig {
  return {
    upDown: false,
    hold: false,
    scope: 'dc',
    lifetimeMs: 0,
    onExpire: 'fail',
    lingerMs: 60,
    ...options,
  }
}

function latchOf(count: number, options: Partial<LatchConfig> = {}): Latch {
  return new Latch(config(options), count, 1, 0)
}

describe('counting', () => {
  test('the last DOWN opens it, and only that', () => {
    const latch = latchOf(3)
    expect(latch.down(2, undefined, '', 0)).toEqual({ kind: 'count', count: 1, opened: false })
    expect(latch.stateOf(1)).toBe('closed')
    expect(latch.down(5, undefined, '', 0)).toEqual({ kind: 'count', count: 0, opened: true })
    expect(latch.stateOf(1)).toBe('open')
    expect(latch.down(1, undefined, '', 0)).toEqual({ kind: 'count', count: 0, opened: false })
  })

  test('a latch of nothing is open at once', () => {
    expect(latchOf(0).state).toBe('open')
  })

  test('a participant counts once, and its first data stays', () => {
    const latch = latchOf(3)
    latch.down(1, 'a', 'first', 0)
    expect(latch.down(1, 'a', 'second', 0)).toMatchObject({ count: 2 })
    latch.down(1, 'b', '', 0)
    expect([...latch.results]).toEqual([
      ['a', 'first'],
      ['b', ''],
    ])
  })

  test('results are final once it is open', () => {
    const latch = latchOf(1)
    latch.down(1, 'a', 'x', 0)
    latch.down(1, 'b', 'y', 0)
    expect([...latch.results.keys()]).toEqual(['a'])
  })

  test('only an UPDOWN latch counts up, and not once it is open', () => {
    expect(latchOf(1).up(1, undefined)).toEqual({ kind: 'refused', code: 'NOTUPDOWN' })
    const latch = latchOf(1, { upDown: true })
    expect(latch.up(2, 'a')).toMatchObject({ count: 3 })
    expect(latch.up(2, 'a')).toMatchObject({ count: 3 })
    expect(latch.up(Number.MAX_SAFE_INTEGER, 'b')).toMatchObject({ code: 'OUTOFBOUNDS' })
    expect(latch.up(1, 'b')).toMatchObject({ count: 4 })
    latch.down(4, 'a', '', 0)
    expect(latch.up(1, undefined)).toEqual({ kind: 'refused', code: 'LATCHOPEN' })
  })

  test('with HOLD zero waits for ARM', () => {
    const latch = latchOf(0, { hold: true, upDown: true })
    latch.up(1, undefined)
    expect(latch.down(1, undefined, '', 0)).toMatchObject({ count: 0, opened: false })
    latch.up(1, undefined)
    expect(latch.arm(0)).toMatchObject({ opened: false })
    expect(latch.down(1, undefined, '', 0)).toMatchObject({ opened: true })
  })
})

describe('ends', () => {
  test('BREAK ends it for all who wait, but not once it is open', () => {
    const latch = latchOf(1)
    latch.break('no space left', 0)
    expect([latch.state, latch.reason]).toEqual(['broken', 'no space left'])
    latch.break('again', 0)
    expect(latch.reason).toBe('no space left')
    expect(latch.down(1, undefined, '', 0)).toEqual({ kind: 'refused', code: 'BROKEN' })
    expect(latch.arm(0)).toEqual({ kind: 'refused', code: 'BROKEN' })
    expect(latchOf(0).break('late', 0)).toEqual({ kind: 'refused', code: 'LATCHOPEN' })
  })

  test('the end of its lifetime is a failure, or opens it', () => {
    const failing = latchOf(1, { lifetimeMs: 100 })
    expect(failing.nextExpiry()).toBe(100)
    expect(failing.expire(99)).toBeUndefined()
    expect(failing.expire(100)).toBe('expired')
    expect(failing.down(1, undefined, '', 100)).toEqual({ kind: 'refused', code: 'EXPIRED' })
    expect(failing.break('late', 100)).toEqual({ kind: 'refused', code: 'EXPIRED' })
    const opening = latchOf(1, { lifetimeMs: 100, onExpire: 'open' })
    opening.extendAll(50)
    expect(opening.expire(149)).toBeUndefined()
    expect(opening.expire(150)).toBe('opened')
    expect([opening.state, opening.count]).toEqual(['open', 0])
  })

  test('an end stays readable for the linger time, then the latch is gone', () => {
    const latch = latchOf(1)
    expect(latch.nextExpiry()).toBe(Number.POSITIVE_INFINITY)
    latch.down(1, undefined, '', 10)
    expect(latch.nextExpiry()).toBe(70)
    expect(latch.isFree).toBe(false)
    expect(latch.expire(70)).toBe('gone')
    expect(latch.isFree).toBe(true)
    expect(latch.nextExpiry()).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('generations', () => {
  test('RESET breaks the old one for those who wait on it', () => {
    const latch = latchOf(2)
    latch.down(1, 'a', 'x', 0)
    latch.reset(3, 8, 0)
    expect([latch.stateOf(1), latch.stateOf(8)]).toEqual(['broken', 'closed'])
    expect([latch.count, latch.results.size]).toEqual([3, 0])
    expect(latch.down(1, 'a', '', 0)).toMatchObject({ count: 2 })
  })

  test('who waited on one that opened learns that, even after RESET', () => {
    const latch = latchOf(1)
    latch.down(1, undefined, '', 0)
    latch.reset(1, 8, 0)
    expect([latch.stateOf(1), latch.stateOf(8)]).toEqual(['open', 'closed'])
  })

  test('one that nobody remembers was another latch of that name', () => {
    expect(latchOf(1).stateOf(99)).toBe('broken')
  })
})

const participant = fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined })
const amount = fc.integer({ min: 1, max: 3 })
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('down' as const), amount, participant }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('up' as const), amount, participant }) },
  fc.record({ kind: fc.constant('arm' as const) }),
  fc.record({ kind: fc.constant('break' as const) }),
  fc.record({ kind: fc.constant('reset' as const), count: fc.nat(5) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(30) }) },
)
const configs = fc.record({
  upDown: fc.boolean(),
  hold: fc.boolean(),
  scope: fc.constantFrom('dc' as const, 'xdc' as const),
  lifetimeMs: fc.constantFrom(0, 50),
  onExpire: fc.constantFrom('fail' as const, 'open' as const),
  lingerMs: fc.constantFrom(1, 40),
})

test('no latch opens early, twice, or after it has ended otherwise', () => {
  const script = fc.array(action, { maxLength: 80, size: 'max' })
  fc.assert(
    fc.property(configs, fc.nat(6), script, (settings, start, steps) => {
      const tokens = new CountingTokens()
      let now = 0
      let due = start
      let armed = !settings.hold
      let downs = new Set<string>()
      let ups = new Set<string>()
      let end = 'closed'
      let endsAt = settings.lifetimeMs || Number.POSITIVE_INFINITY
      let gone = false

      const generation = tokens.nextToken()
      const latch = new Latch(settings, start, generation, now)
      const backup = new Latch(settings, start, generation, 1e9)
      const finish = (state: string): void => {
        end = state
        endsAt = now + settings.lingerMs
      }
      const settle = (): void => {
        if (end === 'closed' && due === 0 && armed) finish('open')
      }
      settle()

      for (const [index, step] of steps.entries()) {
        const counts = end === 'closed'
        if (step.kind === 'down') {
          const id = step.participant
          if (counts && !(id !== undefined && downs.has(id))) {
            if (id !== undefined) downs.add(id)
            due = Math.max(0, due - step.amount)
          }
          const answer = latch.down(step.amount, id, `${id} was here`, now)
          backup.down(step.amount, id, `${id} was here`, 1e9)
          settle()
          expect(answer.kind).toBe(end === 'closed' || end === 'open' ? 'count' : 'refused')
          if (answer.kind === 'count') {
            expect(answer).toMatchObject({ count: due, opened: counts && end === 'open' })
          }
        } else if (step.kind === 'up') {
          const id = step.participant
          if (counts && settings.upDown && !(id !== undefined && ups.has(id))) {
            if (id !== undefined) ups.add(id)
            due += step.amount
          }
          const answer = latch.up(step.amount, id)
          backup.up(step.amount, id)
          expect(answer.kind).toBe(settings.upDown && counts ? 'count' : 'refused')
        } else if (step.kind === 'arm') {
          if (counts) armed = true
          latch.arm(now)
          backup.arm(1e9)
          settle()
        } else if (step.kind === 'break') {
          latch.break('why', now)
          backup.break('why', 1e9)
          if (counts) finish('broken')
        } else if (step.kind === 'reset') {
          const previous = latch.generation
          const next = tokens.nextToken()
          latch.reset(step.count, next, now)
          backup.reset(step.count, next, 1e9)
          expect(latch.stateOf(previous)).toBe(end === 'closed' ? 'broken' : end)
          due = step.count
          armed = !settings.hold
          downs = new Set()
          ups = new Set()
          end = 'closed'
          endsAt = settings.lifetimeMs ? now + settings.lifetimeMs : Number.POSITIVE_INFINITY
          settle()
        } else {
          now += step.ms
          for (let lapse = latch.expire(now); lapse !== undefined; lapse = latch.expire(now)) {
            backup.lapse(1e9)
            expect(endsAt).toBeLessThanOrEqual(now)
            gone = end !== 'closed'
            expect(lapse === 'gone').toBe(gone)
            if (!gone && settings.onExpire === 'open') due = 0
            if (!gone) finish(settings.onExpire === 'open' ? 'open' : 'expired')
          }
        }
        expect(latch.isFree).toBe(gone)
        if (gone) break
        expect(latch.state).toBe(end)
        expect(latch.count).toBe(due)
        expect(new Set(latch.results.keys())).toEqual(downs)
        expect(latch.nextExpiry()).toBe(endsAt)
        expect(backup.snapshot()).toEqual(latch.snapshot())
        if (index % 10 > 0) continue
        const copy = Latch.restore(latch.snapshot(), 3)
        expect(copy.snapshot()).toEqual(latch.snapshot())
        expect(copy.memory()).toBe(latch.memory())
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
