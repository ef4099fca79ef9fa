// rate-limiter-flexible over ioredis and node-redis: it counts in a script, or in MULTI.
import { Redis } from 'ioredis'
import {
  BurstyRateLimiter,
  RateLimiterQueue,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'

let server: ServerProcess
let ioredis: Redis
let nodeRedis: ReturnType<typeof createClient>

beforeAll(async () => {
  server = await startLatchkeyServer()
  ioredis = new Redis(server.port, server.host)
  nodeRedis = createClient({ socket: { host: server.host, port: server.port } })
  await nodeRedis.connect()
})

afterAll(async () => {
  ioredis.disconnect()
  nodeRedis.destroy()
  await server.stop()
})

beforeEach(() => ioredis.flushall())

describe.each(['ioredis', 'node-redis'])('over %s', library => {
  const limiter = (options: { points: number; duration: number; blockDuration?: number }) =>
    library === 'ioredis'
      ? new RateLimiterRedis({ storeClient: ioredis, ...options })
      : new RateLimiterRedis({ storeClient: nodeRedis, useRedisPackage: true, ...options })

  it('so many points may be consumed, and then one is told how long to wait', async () => {
    const api = limiter({ points: 3, duration: 60 })
    const first = await api.consume('ada')
    expect(first).toMatchObject({ consumedPoints: 1, remainingPoints: 2, isFirstInDuration: true })
    await api.consume('ada', 2)
    const refused = await api.consume('ada').catch(error => error)
    expect(refused).toBeInstanceOf(RateLimiterRes)
    expect(refused).toMatchObject({ remainingPoints: 0, consumedPoints: 4 })
    expect(refused.msBeforeNext).toBeGreaterThan(50_000)
    expect(refused.msBeforeNext).toBeLessThanOrEqual(60_000)
    expect(await api.consume('bob')).toMatchObject({ remainingPoints: 2 })
  })

  it('of many at once exactly the limit pass', async () => {
    const api = limiter({ points: 10, duration: 60 })
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => api.consume('ada')))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  })

  it('after the window all points are there again', async () => {
    const api = limiter({ points: 1, duration: 1 })
    await api.consume('ada')
    const refused: RateLimiterRes = await api.consume('ada').catch(error => error)
    await new Promise(resolve => setTimeout(resolve, refused.msBeforeNext + 20))
    expect(await api.consume('ada')).toMatchObject({ consumedPoints: 1 })
  })

  it('who is over the limit can be blocked for longer', async () => {
    const login = limiter({ points: 1, duration: 1, blockDuration: 600 })
    await login.consume('ada')
    const refused: RateLimiterRes = await login.consume('ada').catch(error => error)
    expect(refused.msBeforeNext).toBeGreaterThan(500_000)
    expect((await login.get('ada'))?.msBeforeNext).toBeGreaterThan(500_000)
  })

  it('points can be given as a reward, taken as a penalty, looked at, set and deleted', async () => {
    const api = limiter({ points: 5, duration: 60 })
    await api.consume('ada', 2)
    expect(await api.penalty('ada', 2)).toMatchObject({ consumedPoints: 4 })
    expect(await api.reward('ada', 1)).toMatchObject({ consumedPoints: 3 })
    expect(await api.get('ada')).toMatchObject({ remainingPoints: 2 })
    await api.set('ada', 5, 60)
    await expect(api.consume('ada')).rejects.toMatchObject({ remainingPoints: 0 })
    expect(await api.delete('ada')).toBe(true)
    expect(await api.get('ada')).toBeNull()
  })
})

it('a burst is let through beyond the steady rate', async () => {
  const steady = new RateLimiterRedis({ storeClient: ioredis, points: 2, duration: 60 })
  const burst = new RateLimiterRedis({
    storeClient: ioredis,
    keyPrefix: 'burst',
    points: 3,
    duration: 60,
  })
  const api = new BurstyRateLimiter(steady, burst)
  const outcomes = await Promise.allSettled(Array.from({ length: 9 }, () => api.consume('ada')))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
})

it('a queue makes those wait who come too fast', async () => {
  const limiter = new RateLimiterRedis({ storeClient: ioredis, points: 2, duration: 1 })
  const queue = new RateLimiterQueue(limiter, { maxQueueSize: 10 })
  const start = Date.now()
  await Promise.all([1, 2, 3].map(() => queue.removeTokens(1, 'ada')))
  expect(Date.now() - start).toBeGreaterThanOrEqual(900)
})
