import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LatencyHistogram } from '../src/latency.ts'
import { describeWithRedis } from './harness/redis-server.ts'
import { Reference } from './reference.ts'

const nanoseconds = fc.oneof(
  fc.integer({ min: 1, max: 1_000_000_000 }),
  fc.integer({ min: 0, max: 29 }).map(doublings => 2 ** doublings),
  fc.integer({ min: 1, max: 3000 }),
)

function histogramOf(times: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram()
  for (const time of times) histogram.record(time / 1000, 1)
  return histogram
}

describe('a latency histogram', () => {
  test('that is empty has no lines and answers 0', () => {
    const histogram = new LatencyHistogram()
    expect(histogram.percentile(99)).toBe(0)
    expect(histogram.lines()).toEqual([])
  })

  test('gives percentiles at most 1/128 above the exact ones, and never below', () => {
    const times = fc.array(nanoseconds, { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(times, fc.double({ min: 1e-9, max: 100, noNaN: true }), (recorded, percent) => {
        const sorted = [...recorded].sort((a, b) => a - b)
        const rank = Math.max(Math.floor((percent / 100) * sorted.length + 0.5), 1)
        const exact = sorted[rank - 1]!
        const given = Math.round(histogramOf(recorded).percentile(percent) * 1000)
        expect(given).toBeGreaterThanOrEqual(exact)
        expect(given).toBeLessThanOrEqual(exact + Math.floor(exact / 128))
      }),
      { numRuns: 1000 },
    )
  })

  test('counts cumulatively in doublings, up to all calls', () => {
    fc.assert(
      fc.property(fc.array(nanoseconds, { minLength: 1, maxLength: 50 }), recorded => {
        const lines = histogramOf(recorded).lines()
        expect(lines.at(-1)!.count).toBe(recorded.length)
        for (const { microseconds, count } of lines) {
          // The bound printed is in whole microseconds, so a little below the one counted to.
          expect(count).toBeGreaterThanOrEqual(
            recorded.filter(t => t <= microseconds * 1000).length,
          )
          expect(count).toBeLessThanOrEqual(
            recorded.filter(t => t < (microseconds + 1) * 1000).length,
          )
        }
      }),
    )
  })

  test('takes many calls at once, and fractions of a microsecond', () => {
    const histogram = new LatencyHistogram()
    histogram.record(0.25, 90)
    histogram.record(7.5, 10)
    expect(histogram.count).toBe(100)
    expect(histogram.percentile(50)).toBe(0.25)
    expect(histogram.percentile(99)).toBe(7.519)
    expect(histogram.lines()).toEqual([
      { microseconds: 1, count: 90 },
      { microseconds: 8, count: 100 },
    ])
  })

  test('prints times near the bound as Redis 7 did for sleeps of 0.3, 0.6 and 1.2 seconds', () => {
    const histogram = histogramOf([300_100_000, 600_100_000, 1_200_100_000])
    expect(histogram.lines()).toEqual([
      { microseconds: 541_065, count: 1 },
      { microseconds: 1_073_741, count: 3 },
    ])
    const percentiles = [0, 33, 50, 66, 100].map(percent => histogram.percentile(percent))
    expect(percentiles).toEqual([299892.736, 301989.887, 603979.775, 603979.775, 1002438.655])
  })

  test('bounds times to a nanosecond and a second', () => {
    const histogram = new LatencyHistogram()
    for (const time of [0, -5, Number.NaN, 5e9, Number.POSITIVE_INFINITY]) histogram.record(time, 1)
    expect(histogram.percentile(0)).toBe(0.001)
    expect(histogram.percentile(60)).toBe(0.001)
    expect(histogram.percentile(80)).toBeCloseTo(1_000_000, -4)
    expect(histogram.count).toBe(5)
  })
})

describeWithRedis('latency figures beside redis-server', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start('--enable-debug-command', 'yes')
  })
  afterAll(() => redis?.stop())

  const CALLS = 20

  async function percentilesOf(command: string, percentiles: readonly number[]): Promise<number[]> {
    await redis.call('CONFIG', 'SET', 'latency-tracking-info-percentiles', percentiles.join(' '))
    const info = (await redis.call('INFO', 'latencystats')) as string
    const line = new RegExp(`percentiles_usec_${command}:(.*)`).exec(info)![1]!
    return line.split(',').map(part => Number(part.split('=')[1]))
  }

  test('are the same for the same times', async () => {
    await redis.call('CONFIG', 'RESETSTAT')
    const calls = Array.from({ length: CALLS }, (_, i) => [
      ['DEBUG', 'SLEEP', String((1.7 ** i * 2) / 1e6)],
      ['SET', `key${i}`, 'x'.repeat(i ** 3)],
      ['LPUSH', 'list', ...Array.from({ length: 1 + i ** 2 }, String)],
    ])
    await redis.calls(calls.flat())
    // With as many percentiles as calls, each is one call's time.
    const each = Array.from({ length: CALLS }, (_, i) => ((i + 1) * 100) / CALLS)
    const probes = [0, 0.1, 12.5, 33.3, 50, 66.6, 99, 99.9, 100]
    for (const command of ['debug', 'set', 'lpush']) {
      const times = (await percentilesOf(command, each)).map(time => Math.round(time * 1000))
      const histogram = histogramOf(times)
      const probed = probes.map(percent => Number(histogram.percentile(percent).toFixed(3)))
      expect(probed, command).toEqual(await percentilesOf(command, probes))
      const [name, [, count, , printed]] = (await redis.call('LATENCY', 'HISTOGRAM', command)) as [
        string,
        [string, number, string, number[]],
      ]
      expect([name, count]).toEqual([command, CALLS])
      expect(histogram.lines().flatMap(line => [line.microseconds, line.count])).toEqual(printed)
    }
  })
})
