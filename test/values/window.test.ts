import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FixedWindow, type WindowRequest } from '../../src/values/fixed-window.ts'
import { NEVER, retryMs } from '../../src/values/limiter.ts'
import { SlidingWindow } from '../../src/values/sliding-window.ts'
import { PROPERTY_RUNS } from './tokens.ts'

function request(options: Partial<WindowRequest> = {}): WindowRequest {
  return { limit: 3, windowMs: 100, quantity: 1, queued: false, ...options }
}

describe('fixed window', () => {
  test('begins with the first unit and forgives all at once', () => {
    const window = new FixedWindow()
    expect(window.admit(request({ quantity: 0 }), 0)).toMatchObject({ resetAfterNs: 0 })
    expect(window.admit(request(), 10)).toMatchObject({ remaining: 2, resetAfterNs: 100e6 })
    expect(window.admit(request({ quantity: 2 }), 60)).toMatchObject({ resetAfterNs: 50e6 })
    expect(window.admit(request(), 70)).toEqual({
      limited: true,
      limit: 3,
      remaining: 0,
      retryAfterNs: 40e6,
      resetAfterNs: 40e6,
    })
    expect(window.admit(request(), 110)).toMatchObject({ limited: false, remaining: 2 })
  })

  test('what exceeds the limit will never be granted', () => {
    const window = new FixedWindow()
    expect(window.admit(request({ quantity: 4 }), 0)).toMatchObject({
      limited: true,
      remaining: 3,
      retryAfterNs: NEVER,
    })
    expect(window.isFree).toBe(true)
  })

  test('its state expires by itself, and moves to another node as ages', () => {
    const window = new FixedWindow()
    window.admit(request({ quantity: 3 }), 10)
    const copy = FixedWindow.restore(window.snapshot(50), 7000)
    expect(copy.admit(request(), 7059)).toMatchObject({ limited: true, retryAfterNs: 1e6 })
    expect(copy.expire(7060)).toBe(true)
    expect(window.nextExpiry()).toBe(110)
    expect(window.expire(109)).toBe(false)
    expect(window.expire(110)).toBe(true)
    expect(window.isFree).toBe(true)
  })
})

describe('sliding window', () => {
  test('gives back unit by unit as they leave', () => {
    const window = new SlidingWindow()
    window.admit(request(), 0)
    window.admit(request({ quantity: 2 }), 40)
    expect(window.admit(request(), 99)).toMatchObject({ limited: true, retryAfterNs: 1e6 })
    expect(window.admit(request({ quantity: 2 }), 99)).toMatchObject({ retryAfterNs: 41e6 })
    expect(window.admit(request(), 100)).toMatchObject({ limited: false, remaining: 0 })
    expect(window.admit(request({ quantity: 4 }), 100).retryAfterNs).toBe(NEVER)
    expect(window.nextExpiry()).toBe(200)
    expect(window.expire(199)).toBe(false)
    expect(window.expire(200)).toBe(true)
    expect(window.isFree).toBe(true)
  })

  test('memory is bounded however many units pass', () => {
    const window = new SlidingWindow()
    const large = request({ limit: 1e9, windowMs: 60_000 })
    for (let now = 0; now < 200_000; now += 7) window.admit(large, now)
    expect(window.snapshot(200_000).slices.length).toBeLessThan(135)
  })
})

test.each([
  ['fixed window', FixedWindow],
  ['sliding window', SlidingWindow],
] as const)('a newcomer does not overtake who waits for a %s, but may look', (_, Window) => {
  const window = new Window()
  expect(window.admit(request({ queued: true }), 0)).toMatchObject({
    limited: true,
    retryAfterNs: 0,
  })
  expect(window.admit(request({ queued: true, quantity: 0 }), 0).limited).toBe(false)
  expect(window.isFree).toBe(true)
})

const calls = fc.array(fc.record({ waitMs: fc.nat(25), quantity: fc.nat(4) }), {
  maxLength: 120,
  size: 'max',
})

test('a fixed window agrees with a count per window', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), calls, (limit, script) => {
      const window = new FixedWindow()
      const backup = new FixedWindow()
      let now = 50
      let opened = Number.NEGATIVE_INFINITY
      let used = 0
      for (const { waitMs, quantity } of script) {
        now += waitMs
        if (now >= opened + 100) used = 0
        const limited = used + quantity > limit
        if (!limited && quantity > 0) {
          if (used === 0) opened = now
          used += quantity
        }
        const verdict = window.admit(request({ limit, quantity }), now)
        const end = used === 0 ? 0 : opened + 100 - now
        const retry = limited && quantity <= limit ? end * 1e6 : NEVER
        expect(verdict).toEqual({
          limited,
          limit,
          remaining: limit - used,
          retryAfterNs: retry,
          resetAfterNs: end * 1e6,
        })
        if (!limited) backup.assign(window.snapshot(now), now + 1e6)
        expect(backup.snapshot(now + 1e6)).toEqual(window.snapshot(now))
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})

test('a sliding window never passes more than the limit, and up to 128 exactly the limit', () => {
  const limits = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 129, max: 140 }))
  // A slice is 5 ms here: most calls are near enough to share one, some are not.
  const dense = fc.array(
    fc.record({ waitMs: fc.oneof(fc.nat(4), fc.nat(60)), quantity: fc.nat(4) }),
    { maxLength: 120, size: 'max' },
  )
  fc.assert(
    fc.property(limits, dense, (limit, script) => {
      const windowMs = 640
      const window = new SlidingWindow()
      const backup = new SlidingWindow()
      const taken: { at: number; units: number }[] = []
      let now = 0
      for (const { waitMs, quantity: asked } of script) {
        now += waitMs
        const quantity = limit > 128 ? 10 * asked : asked
        const used = taken
          .filter(({ at }) => at + windowMs > now)
          .reduce((sum, { units }) => sum + units, 0)
        const before = window.snapshot(now)
        const verdict = window.admit(request({ limit, windowMs, quantity }), now)
        if (used + quantity > limit) expect(verdict.limited).toBe(true)
        if (limit <= 128) expect(verdict.limited).toBe(used + quantity > limit)
        if (verdict.change === undefined) {
          expect(window.snapshot(now)).toEqual(before)
        } else {
          taken.push({ at: now, units: quantity })
          backup.apply(verdict.change, now + 1e6)
        }
        expect(backup.snapshot(now + 1e6)).toEqual(window.snapshot(now))
        expect(backup.memory()).toBe(window.memory())
        const copy = SlidingWindow.restore(window.snapshot(now), now)
        if (verdict.limited && verdict.retryAfterNs !== NEVER) {
          const later = now + retryMs(verdict.retryAfterNs)
          expect(copy.admit(request({ limit, windowMs, quantity }), later).limited).toBe(false)
        }
        const reset = now + verdict.resetAfterNs / 1e6
        const all = SlidingWindow.restore(window.snapshot(now), now)
        expect(all.admit(request({ limit, windowMs, quantity: limit }), reset).limited).toBe(false)
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
