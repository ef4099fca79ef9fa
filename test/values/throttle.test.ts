import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NEVER, replySeconds, retryMs, type Verdict } from '../../src/values/limiter.ts'
import { emissionIntervalNs, Throttle, type ThrottleRequest } from '../../src/values/throttle.ts'
import { PROPERTY_RUNS } from './tokens.ts'

function request(options: Partial<ThrottleRequest> = {}): ThrottleRequest {
  return { burst: 4, intervalNs: 1e9, quantity: 1, queued: false, ...options }
}

/** The five integers of the reply. */
function reply(verdict: Verdict): number[] {
  return [
    verdict.limited ? 1 : 0,
    verdict.limit,
    verdict.remaining,
    replySeconds(verdict.retryAfterNs),
    replySeconds(verdict.resetAfterNs),
  ]
}

test('replies as redis-cell does, step by step', () => {
  const throttle = new Throttle()
  // Milliseconds, quantity, and the reply. A rate of one per second with a burst of four.
  const steps: [number, number, number[]][] = [
    [0, 6, [1, 5, 5, -1, 0]],
    [0, 1, [0, 5, 4, -1, 1]],
    [0, 4, [0, 5, 0, -1, 5]],
    [0, 1, [1, 5, 0, 1, 5]],
    [600, 1, [1, 5, 0, 1, 5]],
    [1000, 1, [0, 5, 0, -1, 5]],
    [3500, 0, [0, 5, 2, -1, 3]],
    [3500, 3, [1, 5, 2, 1, 3]],
    [3500, 2, [0, 5, 0, -1, 5]],
    [7999, 0, [0, 5, 4, -1, 1]],
    [8000, 0, [0, 5, 5, -1, 0]],
    [99000, 5, [0, 5, 0, -1, 5]],
  ]
  for (const [now, quantity, expected] of steps) {
    expect([now, reply(throttle.admit(request({ quantity }), now))]).toEqual([now, expected])
  }
})

describe('seconds', () => {
  test('are rounded up from whole milliseconds', () => {
    expect(replySeconds(0)).toBe(0)
    expect(replySeconds(999_999)).toBe(0)
    expect(replySeconds(1_000_000)).toBe(1)
    expect(replySeconds(1e9)).toBe(1)
    expect(replySeconds(1e9 + 999_999)).toBe(1)
    expect(replySeconds(1e9 + 1_000_000)).toBe(2)
    expect(replySeconds(NEVER)).toBe(-1)
  })

  test('a wait is rounded up to whole milliseconds', () => {
    expect([retryMs(0), retryMs(1), retryMs(1e6), retryMs(1e6 + 1)]).toEqual([0, 1, 1, 2])
  })
})

test('the interval is cut to whole nanoseconds, and a rate of nothing has none', () => {
  expect(emissionIntervalNs(30, 60)).toBe(2e9)
  expect(emissionIntervalNs(3, 1)).toBe(333_333_333)
  expect(emissionIntervalNs(2_000_000_000, 1)).toBe(0)
  expect(emissionIntervalNs(0, 60)).toBe(0)
  expect(emissionIntervalNs(5, 0)).toBe(0)
})

test('more than a million per second still has a remainder', () => {
  const throttle = new Throttle()
  const intervalNs = emissionIntervalNs(2_000_000, 1)
  expect(throttle.admit(request({ burst: 9, intervalNs }), 0).remaining).toBe(9)
})

test('a newcomer does not overtake who waits, but may look', () => {
  const throttle = new Throttle()
  expect(throttle.admit(request({ queued: true }), 0).limited).toBe(true)
  expect(throttle.admit(request({ queued: true, quantity: 0 }), 0).limited).toBe(false)
  expect(throttle.isFree).toBe(true)
})

test('its state expires by itself', () => {
  const throttle = new Throttle()
  expect(throttle.nextExpiry()).toBe(Number.POSITIVE_INFINITY)
  throttle.admit(request({ quantity: 3 }), 100)
  expect(throttle.nextExpiry()).toBe(3100)
  expect(throttle.expire(3099)).toBe(false)
  expect(throttle.expire(3100)).toBe(true)
  expect(throttle.isFree).toBe(true)
})

/** GCRA in whole nanoseconds of any size: the theoretical arrival time, and nothing else. */
class Reference {
  arrival: bigint | undefined = undefined

  admit(burst: bigint, interval: bigint, quantity: bigint, nowMs: bigint): number[] {
    const now = nowMs * 1_000_000n
    const arrival = this.arrival === undefined || this.arrival < now ? now : this.arrival
    const tolerance = interval * (burst + 1n)
    const next = arrival + interval * quantity
    const limited = next - tolerance > now
    const seconds = (ns: bigint): number => Math.ceil(Number(ns / 1_000_000n) / 1000)
    const retry = limited && interval * quantity <= tolerance ? next - tolerance - now : -1n
    const reset = (limited ? arrival : next) - now
    const room = tolerance - reset
    const remaining = room > 0n ? room / 1000n / (interval / 1000n) : 0n
    if (!limited) this.arrival = next
    return [
      limited ? 1 : 0,
      Number(burst + 1n),
      Number(remaining),
      retry < 0n ? -1 : seconds(retry),
      seconds(reset),
    ]
  }
}

test('agrees with a reference in big integers, its backup with it', () => {
  const rate = fc.record({
    burst: fc.nat(50),
    count: fc.integer({ min: 1, max: 500 }),
    period: fc.integer({ min: 1, max: 3600 }),
  })
  const calls = fc.array(
    fc.record({ waitMs: fc.oneof(fc.nat(20), fc.nat(5000)), quantity: fc.nat(8) }),
    { maxLength: 60, size: 'max' },
  )
  fc.assert(
    fc.property(rate, calls, ({ burst, count, period }, script) => {
      const throttle = new Throttle()
      const backup = new Throttle()
      const reference = new Reference()
      const intervalNs = emissionIntervalNs(count, period)
      let now = 1_700_000_000_000
      for (const { waitMs, quantity } of script) {
        now += waitMs
        const expected = reference.admit(
          BigInt(burst),
          BigInt(intervalNs),
          BigInt(quantity),
          BigInt(now),
        )
        const before = throttle.snapshot(now)
        const verdict = throttle.admit(request({ burst, intervalNs, quantity }), now)
        expect(reply(verdict)).toEqual(expected)
        if (verdict.limited) expect(throttle.snapshot(now)).toEqual(before)
        else backup.assign(throttle.debtNs(now), now - 1e9)
        expect(backup.snapshot(now - 1e9)).toEqual(throttle.snapshot(now))
        expect(Throttle.restore(throttle.snapshot(now), 5).debtNs(5)).toBe(throttle.debtNs(now))
        // Who waits as long as it was told is granted, and not a millisecond earlier.
        if (verdict.limited && verdict.retryAfterNs !== NEVER) {
          const wait = retryMs(verdict.retryAfterNs)
          const later = (ms: number): boolean =>
            Throttle.restore(throttle.snapshot(now), now).admit(
              request({ burst, intervalNs, quantity }),
              now + ms,
            ).limited
          expect([later(wait), later(wait - 1)]).toEqual([false, true])
        }
      }
    }),
    { numRuns: PROPERTY_RUNS },
  )
})
