// Parts of one work over several processes, some of which die with a part in their hands.

import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { type ExampleProcess, killExamples, startExample } from './example-process.ts'

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

function start(program: string, patienceMs: number, ...args: string[]): ExampleProcess {
  return startExample(`fan-out-fan-in/${program}`, args, {
    REDIS_URL: `redis://${server.host}:${server.port}`,
    PATIENCE_MS: String(patienceMs),
  })
}

function counted(worker: ExampleProcess): string[] {
  return worker.lines.filter(line => line.startsWith('counting'))
}

test('four workers do all parts, each once, and the coordinator adds up', async () => {
  const workers = Array.from({ length: 4 }, () => start('worker', 0))
  const coordinator = start('coordinator', 60_000, '200000', '16')
  expect(await coordinator.ended).toBe(0)
  expect(coordinator.lines).toEqual(['handing out 16 of 16 parts', '17984 primes below 200000'])
  expect(new Set(workers.flatMap(counted)).size).toBe(16)
  expect(workers.flatMap(counted)).toHaveLength(16)
})

test('a part that is lost with its worker goes out again', async () => {
  // No worker is there yet, and the one that takes the first part is this test, which never does it.
  const coordinator = start('coordinator', 300, '1000', '4')
  await coordinator.line(/^handing out 4 of 4 parts$/)
  expect(await redis.brpop('primes:parts', 0)).not.toBeNull()
  const doomed = start('worker', 0)
  await doomed.line(/^counting/)
  doomed.signal('SIGKILL')
  start('worker', 0)
  start('worker', 0)
  expect(await coordinator.ended).toBe(0)
  expect(coordinator.lines.at(-1)).toBe('168 primes below 1000')
  expect(coordinator.lines.length).toBeGreaterThan(2)
})

test('a part of a run that is over is dropped, and the worker goes on', async () => {
  await redis.lpush('primes:parts', JSON.stringify({ run: 'primes:gone', from: 0, to: 10 }))
  const worker = start('worker', 0)
  await worker.line(/^counting 0-10$/)
  const coordinator = start('coordinator', 60_000, '100', '2')
  expect(await coordinator.ended).toBe(0)
  expect(coordinator.lines.at(-1)).toBe('25 primes below 100')
})
