import { cpus } from 'node:os'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fillings } from '../../bench/fillings.ts'
import { readLatencies } from '../../bench/latency.ts'
import { loadKeys, SetTemplate } from '../../bench/loader.ts'
import { measure } from '../../bench/redis-benchmark.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import { RespClient } from '../harness/resp-client.ts'
import type { ServerProcess } from '../harness/server-process.ts'

it('SetTemplate writes the key number in twelve digits', () => {
  const set = new SetTemplate(2)
  set.aim(98765)
  const request = '*3\r\n$3\r\nSET\r\n$16\r\nkey:000000098765\r\n$2\r\nxx\r\n'
  expect(set.bytes.toString('latin1')).toBe(request)
  set.aim(1)
  expect(set.bytes.toString('latin1')).toContain('key:000000000001\r\n')
})

describeWithRedis('against a real server', () => {
  let redis: ServerProcess
  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(() => redis.stop())

  it('loadKeys sets each key once', async () => {
    await loadKeys(redis.port, 1234, 100)
    const client = await RespClient.connect(redis.port)
    expect(await client.call('DBSIZE')).toBe(1234)
    expect(await client.call('STRLEN', 'key:000000001233')).toBe(100)
    await client.close()
  })

  it('loadKeys tells of a server that refuses', async () => {
    const full = await startRedisServer('--maxmemory', '1')
    await expect(loadKeys(full.port, 10, 100)).rejects.toThrow('OOM')
    await full.stop()
  })

  it.each(fillings.map(each => [each.title, each] as const))(
    'fills with %s',
    async (_, filling) => {
      const client = await RespClient.connect(redis.port)
      await client.call('FLUSHALL')
      await filling.fill(redis.port, 1234)
      const counts = [await client.call('DBSIZE')]
      for (const [command, key] of [
        ['LLEN', 'list'],
        ['SCARD', 'set'],
        ['ZCARD', 'zset'],
      ] as const) {
        counts.push(await client.call(command, key))
      }
      expect(counts).toContain(1234)
      await client.close()
    },
  )

  it('readLatencies gives one latency per GET, ascending', async () => {
    await loadKeys(redis.port, 1000, 100)
    const latencies = await readLatencies({ port: redis.port, keys: 1000, seconds: 0.2 })
    expect(latencies).toHaveLength(1000)
    expect(latencies[0]).toBeGreaterThan(0)
    expect(latencies.at(-1)).toBeGreaterThanOrEqual(latencies[0]!)
  })

  const canPin = process.platform === 'linux' && cpus().length > 1
  it.skipIf(!canPin)('redis-benchmark measures the test it is asked for', async () => {
    const load = { test: 'ping_mbulk', pipeline: 16, requests: 20_000 }
    const measurement = await measure(redis, load)
    expect(measurement.requestsPerSecond).toBeGreaterThan(0)
    await measure(redis, { test: 'xadd', pipeline: 16, requests: 5000 })
    const client = await RespClient.connect(redis.port)
    expect(await client.call('XLEN', 'mystream')).toBeGreaterThanOrEqual(5000)
    await client.close()
    expect(measurement.p99Ms).toBeGreaterThanOrEqual(measurement.p50Ms)
  })
})
