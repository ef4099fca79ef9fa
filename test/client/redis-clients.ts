// The Redis clients that the client is used over, in their majors and protocols, as it sees them.

import { Redis as Redis5 } from 'ioredis'
import { Redis as Redis6 } from 'ioredis-6'
import { createClient as createClient6 } from 'redis'
import { createClient as createClient5 } from 'redis-5'
import type { AnyRedis } from '../../src/client/index.ts'

export interface Connection {
  readonly redis: AnyRedis
  close(): void
}

export type Connect = (host: string, port: number) => Promise<Connection>

// The assignments to AnyRedis are the proof that the types of all four fit.
export const redisClients: readonly (readonly [name: string, connect: Connect])[] = [
  [
    'ioredis 5',
    async (host, port) => {
      const redis = new Redis5({ host, port })
      return { redis, close: () => redis.disconnect() }
    },
  ],
  [
    'ioredis 6',
    async (host, port) => {
      const redis = new Redis6({ host, port })
      return { redis, close: () => redis.disconnect() }
    },
  ],
  [
    'node-redis 5, RESP2',
    async (host, port) => {
      const redis = createClient5({ socket: { host, port }, RESP: 2 })
      await redis.connect()
      return { redis, close: () => redis.destroy() }
    },
  ],
  [
    'node-redis 5, RESP3',
    async (host, port) => {
      const redis = createClient5({ socket: { host, port }, RESP: 3 })
      await redis.connect()
      return { redis, close: () => redis.destroy() }
    },
  ],
  [
    'node-redis 6, RESP3',
    async (host, port) => {
      const redis = createClient6({ socket: { host, port } })
      await redis.connect()
      return { redis, close: () => redis.destroy() }
    },
  ],
]
