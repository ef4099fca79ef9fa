// Five instances with one timetable: each run happens once, also when the one at work dies or is paused.

import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { type ExampleProcess, killExamples, startExample } from './example-process.ts'

const DUE = '2026-07-01T02'
/** Longer than any test waits: an instance that is at work still when it is killed. */
const FOREVER_MS = 600_000

let server: ServerProcess
let redis: Redis

beforeAll(async () => {
  server = await startLatchkeyServer()
  redis = new Redis({ host: server.host, port: server.port })
})

beforeEach(async () => {
  await redis.flushall()
})

afterEach(killExamples)

afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

function start(due: string, reportMs: number, leaseMs = 30_000): ExampleProcess {
  return startExample('cron-guard/nightly-report', [due], {
    REDIS_URL: `redis://${server.host}:${server.port}`,
    REPORT_MS: String(reportMs),
    LEASE_MS: String(leaseMs),
  })
}

/** The outcome of each, when all have ended. */
async function outcomes(instances: readonly ExampleProcess[]): Promise<string[]> {
  await Promise.all(instances.map(each => each.ended))
  return instances.map(each => /(ran|done already)$/.exec(each.lines.at(-1) ?? '')?.[1] ?? 'failed')
}

function tokenOf(line: string): number {
  return Number(/token (\d+)$/.exec(line)?.[1])
}

const ONE_OF_FIVE = ['done already', 'done already', 'done already', 'done already', 'ran']

test('of five instances one does the run, and the next run is done by one again', async () => {
  for (const due of [DUE, '2026-07-02T02']) {
    const five = Array.from({ length: 5 }, () => start(due, 50))
    expect((await outcomes(five)).sort()).toEqual(ONE_OF_FIVE)
  }
  expect(Object.keys(await redis.hgetall('{cron:nightly-report}:reports'))).toEqual([
    DUE,
    '2026-07-02T02',
  ])
  expect(await redis.keys('*lock*'), 'the lock is gone when nobody wants it').toEqual([])
})

test('an instance that comes late, even with an older run, does nothing', async () => {
  await outcomes([start(DUE, 1)])
  expect(await outcomes([start(DUE, 1), start('2026-06-30T02', 1)])).toEqual([
    'done already',
    'done already',
  ])
})

test('if the one at work is killed, one of the others does the run, with a greater token', async () => {
  const first = start(DUE, FOREVER_MS, 1_000)
  const working = await first.line(/^writing/)
  const four = Array.from({ length: 4 }, () => start(DUE, 50))
  first.signal('SIGKILL')
  expect((await outcomes(four)).sort()).toEqual(ONE_OF_FIVE.slice(1))
  const successor = four.flatMap(each => each.lines).find(line => line.startsWith('writing'))
  expect(tokenOf(successor!)).toBeGreaterThan(tokenOf(working))
  expect(await redis.hget('{cron:nightly-report}:reports', DUE)).toBe(`by ${tokenOf(successor!)}`)
})

test('one that was paused past its lease hears that it has lost, and spoils nothing', async () => {
  const first = start(DUE, FOREVER_MS, 1_000)
  await first.line(/^writing/)
  first.signal('SIGSTOP')
  const second = start(DUE, 50)
  expect(await outcomes([second])).toEqual(['ran'])
  first.signal('SIGCONT')
  expect(await first.ended).toBe(1)
  expect(first.lines.join('\n')).toMatch(/gave up.*(ABORT|LOST)/s)
  expect(await redis.hlen('{cron:nightly-report}:reports')).toBe(1)
})
