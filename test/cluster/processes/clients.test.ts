// What people have already, unmodified, on a cluster of real processes: Redis's own tools, and the
// cluster clients as their first examples show them.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Cluster as Cluster5 } from 'ioredis'
import { Cluster as Cluster6 } from 'ioredis-6'
import { createCluster as createCluster6 } from 'redis'
import { createCluster as createCluster5 } from 'redis-5'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeWithRedis } from '../../harness/redis-server.ts'
import type { Address } from './place.ts'
import { ProcessCluster } from './process-cluster.ts'

const NODES = 3
const KEYS = 200
const TIMEOUT_MS = 120_000
const run = promisify(execFile)

const cluster = new ProcessCluster({ nodes: NODES })
let seed: Address

beforeAll(async () => {
  for (let i = 0; i < NODES; i++) await cluster.add()
  await cluster.stable(NODES, TIMEOUT_MS)
  seed = cluster.addresses[0]!
}, TIMEOUT_MS)

afterAll(async () => {
  await cluster.close()
  cluster.forget()
})

describeWithRedis('tools of Redis', () => {
  test('redis-cli --cluster check is content', async () => {
    const { stdout } = await run('redis-cli', ['--cluster', 'check', `${seed.host}:${seed.port}`])
    expect(stdout).toContain('[OK] All nodes agree about slots configuration.')
    expect(stdout).toContain('[OK] All 16384 slots covered.')
    expect(stdout).not.toContain('[ERR]')
    expect(stdout).not.toContain('[WARNING]')
  })

  test('redis-cli --cluster info and call reach all nodes', async () => {
    const where = `${seed.host}:${seed.port}`
    const { stdout } = await run('redis-cli', ['--cluster', 'info', where])
    expect(stdout).toMatch(/keys in 3 masters/)
    const call = await run('redis-cli', ['--cluster', 'call', where, 'ping'])
    expect(call.stdout.match(/PONG/g)).toHaveLength(NODES)
  })

  test('redis-cli -c follows redirections', async () => {
    const cli = ['-c', '-h', seed.host, '-p', String(seed.port)]
    for (const key of ['a', 'b', 'c', 'd']) {
      expect((await run('redis-cli', [...cli, 'SET', key, `of ${key}`])).stdout).toContain('OK')
      expect((await run('redis-cli', [...cli, 'GET', key])).stdout).toContain(`of ${key}`)
    }
  })

  test.each([1, 16])('redis-benchmark --cluster runs with pipeline %i', async pipeline => {
    const load = ['-c', '10', '-n', '3000', '-P', String(pipeline), '-r', '1000', '-t', 'set,get']
    const where = ['-h', seed.host, '-p', String(seed.port)]
    const args = ['--cluster', ...where, ...load, '--csv']
    const { stdout, stderr } = await run('redis-benchmark', args)
    expect(stdout).toContain(`Cluster has ${NODES} master nodes`)
    expect(stdout).toMatch(/^"SET",/m)
    expect(stdout).toMatch(/^"GET",/m)
    expect(stdout + stderr).not.toMatch(/error/i)
  })
})

describe.each([
  ['5', Cluster5],
  ['6', Cluster6 as unknown as typeof Cluster5],
])('ioredis %s', (major, Cluster) => {
  const prefix = `ioredis-${major}`
  let redis: Cluster5

  beforeAll(() => {
    redis = new Cluster([{ ...seed }])
  })

  afterAll(() => {
    redis.disconnect()
  })

  test('reads what it wrote, on all nodes', async () => {
    const keys = Array.from({ length: KEYS }, (_, i) => `${prefix}:${i}`)
    await Promise.all(keys.map(key => redis.set(key, key)))
    expect(await Promise.all(keys.map(key => redis.get(key)))).toEqual(keys)
    expect(redis.nodes('master')).toHaveLength(NODES)
  })

  test('finds all keys when it scans every node', async () => {
    const found = new Set<string>()
    for (const node of redis.nodes('master')) {
      let cursor = '0'
      do {
        const [next, keys] = await node.scan(cursor, 'MATCH', `${prefix}:*`, 'COUNT', 100)
        for (const key of keys) found.add(key)
        cursor = next
      } while (cursor !== '0')
    }
    expect(found.size).toBe(KEYS)
  })

  test('runs pipelines, transactions and scripts on one slot', async () => {
    const key = `{${prefix}}:n`
    const piped = await redis.pipeline().set(key, 1).incr(key).get(key).exec()
    expect(piped?.map(([, reply]) => reply)).toEqual(['OK', 2, '2'])
    const queued = await redis.multi().incr(key).get(key).exec()
    expect(queued?.map(([, reply]) => reply)).toEqual([3, '3'])
    expect(await redis.eval("return redis.call('INCRBY', KEYS[1], ARGV[1])", 1, key, 4)).toBe(7)
    await expect(redis.mget(`${prefix}:1`, `${prefix}:2`)).rejects.toThrow('CROSSSLOT')
  })
})

describe.each([
  ['5', createCluster5],
  ['6', createCluster6 as unknown as typeof createCluster5],
])('node-redis %s', (major, createCluster) => {
  const prefix = `node-redis-${major}`
  let redis: ReturnType<typeof createCluster5>

  beforeAll(async () => {
    redis = createCluster({ rootNodes: [{ socket: { ...seed } }] })
    redis.on('error', () => undefined)
    await redis.connect()
  })

  afterAll(() => {
    redis.destroy()
  })

  test('reads what it wrote, on all nodes', async () => {
    const keys = Array.from({ length: KEYS }, (_, i) => `${prefix}:${i}`)
    await Promise.all(keys.map(key => redis.set(key, key)))
    expect(await Promise.all(keys.map(key => redis.get(key)))).toEqual(keys)
    expect(redis.masters).toHaveLength(NODES)
  })

  test('finds all keys when it scans every node', async () => {
    let found = 0
    for (const master of redis.masters) {
      const client = await redis.nodeClient(master)
      for await (const keys of client.scanIterator({ MATCH: `${prefix}:*`, COUNT: 100 })) {
        found += keys.length
      }
    }
    expect(found).toBe(KEYS)
  })

  test('runs transactions and scripts on one slot', async () => {
    const key = `{${prefix}}:n`
    expect(await redis.multi().set(key, 1).incr(key).get(key).exec()).toEqual(['OK', 2, '2'])
    const script = "return redis.call('INCRBY', KEYS[1], ARGV[1])"
    expect(await redis.eval(script, { keys: [key], arguments: ['4'] })).toBe(6)
  })
})
