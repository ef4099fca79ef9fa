import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { measureCommand } from '../../bench/coordination/commands.ts'
import { contests } from '../../bench/coordination/contests.ts'
import { measureLatch } from '../../bench/coordination/latch.ts'
import { measureLocking } from '../../bench/coordination/locking.ts'
import type { LockTask, Report } from '../../bench/coordination/orders.ts'
import { measureReplay, recordPair } from '../../bench/coordination/replay.ts'
import { coordinationTables } from '../../bench/coordination/report.ts'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const CONTENDERS = 3
const contest = { task: 'lock', contenders: CONTENDERS, connection: 'own' } as const

function measure({ port, pid }: ServerProcess, system: string, lock: LockTask['lock']) {
  return measureLocking({ ...contest, system, lock, port, pid, seconds: 0.2 })
}

describe('on a Latchkey', () => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await startLatchkeyServer()
  })
  afterAll(() => server.stop())

  it.each(['sdk', 'commands'])(
    '%s: in rounds every pair but the first is a hand-over',
    async name => {
      const { operations, handOvers, failures, p50Ms, p99Ms } = await measure(
        server,
        name,
        'rounds',
      )
      expect(failures).toBe(0)
      expect(operations).toBeGreaterThan(CONTENDERS)
      expect(handOvers / operations).toBeCloseTo((CONTENDERS - 1) / CONTENDERS, 1)
      expect(p50Ms).toBeGreaterThan(0)
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms)
    },
  )

  it('locks that nobody else wants are not handed over', async () => {
    const { operations, handOvers } = await measure(server, 'sdk', 'free')
    expect(operations).toBeGreaterThan(0)
    expect(handOvers).toBe(0)
  })

  it('a latch is opened so often, for so many', async () => {
    const { port, pid } = server
    const latch = { task: 'latch', awaiters: 5, rounds: 3, port, pid, seconds: 0 } as const
    const report = await measureLatch(latch)
    expect(report).toMatchObject({ operations: 15, handOvers: 3 })
    expect((await measureLatch(latch)).operations).toBe(15)
  })

  it.each(['counter', 'multimap'] as const)('%s: commands are counted', async command => {
    const { port, pid } = server
    const load = { task: 'command', command, connections: 2, pipeline: 4, seconds: 0.1 } as const
    const { operations } = await measureCommand({ ...load, port, pid })
    expect(operations).toBeGreaterThan(0)
    expect(operations % 4).toBe(0)
  })

  it('an error of the server is no figure', async () => {
    const { port, pid } = server
    const load = { task: 'replay', connections: 1, pipeline: 1, seconds: 0.1 } as const
    // The token that was recorded is stale when it is sent again.
    const replay = measureReplay({ ...load, system: 'sdk', port, pid })
    await expect(replay).rejects.toThrow('FENCED')
  })
})

describeWithRedis('on a Redis', () => {
  let redis: ServerProcess
  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(() => redis.stop())

  it.each(['redlock', 'redis-semaphore'])('%s locks and releases', async library => {
    const name = library === 'redlock' ? 'redlock' : 'semaphore'
    const { operations, failures } = await measure(redis, name, 'free')
    expect(operations).toBeGreaterThan(0)
    expect(failures).toBe(0)
  })

  it('a pair is recorded as a library sends it once its scripts are loaded', async () => {
    const { bytes, requests } = await recordPair('semaphore', redis.port)
    expect(requests).toBe(2)
    expect(bytes.toString('latin1')).toMatch(/set.*bench:0{12}.*evalsha.*bench:0{12}/s)
  })

  it('what was recorded is sent again', async () => {
    const load = { task: 'replay', connections: 2, pipeline: 3, seconds: 0.1 } as const
    const { operations } = await measureReplay({ ...load, system: 'redlock', ...redis })
    expect(operations).toBeGreaterThan(0)
    expect(operations % 3).toBe(0)
  })
})

describe('the tables', () => {
  const report = (scale: number): Report => ({
    operations: 100 * scale,
    seconds: 1,
    serverCpuSeconds: 0.01,
    clientCpuSeconds: 0.02,
    handOvers: 0,
    p50Ms: 2,
    p99Ms: 4 / scale,
    longestWaitMs: 5,
    failures: 0,
  })

  it('give every figure with the ratio of ours to it, contest by contest', () => {
    const contended = contests.find(each => each.isContended)!
    const free = contests.find(each => !each.isContended)!
    const tables = coordinationTables([
      { contest: free, label: 'ours', reports: [report(6), report(9)] },
      { contest: free, label: 'theirs', reports: [report(2), report(3)] },
      { contest: contended, label: 'ours', reports: [report(1)] },
    ])
    expect(tables).toContain(`### ${free.title}`)
    expect(tables).toMatch(/\| ours +\| +750 \| +1\.00 \|/)
    expect(tables).toMatch(/\| theirs +\| +250 \| +3\.00 \|/)
    // No ratio where there is nothing to divide by.
    expect(tables).toMatch(/\| ours +\| +100 \| +1\.00 \| +0 \| +\| +2\.000 \|/)
  })
})
