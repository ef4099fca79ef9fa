// The examples of docs/testing.md, each a function: checked by the compiler, run by kit.test.ts, which
// also sees that the page says the same.

import { Cluster, Redis } from 'ioredis'
import { startCluster, startServer } from 'latchkey/testing'

type Log = (...values: unknown[]) => void

export const examples: ((log: Log) => Promise<void>)[] = [
  async log => {
    const server = await startServer()
    const redis = new Redis(server.port, server.host)
    await redis.set('greeting', 'hello')
    log(await redis.get('greeting'))
    redis.disconnect()
    await server.stop()
  },
  async log => {
    await using server = await startServer({
      settings: { maxmemory: '64mb', 'maxmemory-policy': 'allkeys-lru' },
    })
    const redis = new Redis(server.port, server.host)
    log(await redis.config('GET', 'maxmemory-policy'))
    redis.disconnect()
  },
  async log => {
    await using cluster = await startCluster({ nodes: 3 })
    const redis = new Cluster([...cluster.nodes])
    await redis.set('order:42', 'paid')
    log(cluster.nodes.length, await redis.get('order:42'))
    redis.disconnect()
  },
  async log => {
    await using cluster = await startCluster({ nodes: 3 })
    const redis = new Cluster([...cluster.nodes])
    for (let i = 0; i < 20; i++) await redis.set(`order:${i}`, i)
    await cluster.kill(0)
    const orders = await Promise.all(Array.from({ length: 20 }, (_, i) => redis.get(`order:${i}`)))
    log(orders.every((order, i) => order === String(i)))
    await cluster.add()
    await cluster.stable()
    redis.disconnect()
  },
]
