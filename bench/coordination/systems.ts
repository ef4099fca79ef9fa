// The ways of locking that are compared, each over ioredis, with a connection per contender.
//
// Latchkey's own client opens a second connection where a contender must wait; the plain commands do
// without, and are what any Redis client can send. Polling libraries are shown with their defaults, and
// tuned to poll as often as one would dare.
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { Mutex } from 'redis-semaphore'
import Redlock from 'redlock'
import { latchkey } from '../../src/client/index.ts'
import { LEASE_MS } from './orders.ts'

export type Release = () => Promise<unknown>
/** Fails if the library gives up. */
export type Acquire = (key: string) => Promise<Release>

export interface LockSystem {
  readonly name: string
  readonly label: string
  readonly server: 'latchkey' | 'redis'
  /** How to lock over a connection. */
  readonly over: (redis: Redis) => Acquire
}

const REDLOCK_TUNED = { retryCount: -1, retryDelay: 5, retryJitter: 5 }
const SEMAPHORE_TUNED_MS = 1
/** The library's own limit of ten seconds would end waits that are only long because others poll faster. */
const SEMAPHORE_WAIT_MS = 60_000

export const systems: readonly LockSystem[] = [
  {
    name: 'sdk',
    label: 'Latchkey, latchkey/client',
    server: 'latchkey',
    over: redis => {
      const grid = latchkey(redis, { lease: LEASE_MS })
      return async key => {
        const held = await grid.lock(key).acquire()
        return () => held.release()
      }
    },
  },
  {
    name: 'commands',
    label: 'Latchkey, plain commands',
    server: 'latchkey',
    over: redis => async key => {
      const owner = randomUUID()
      await redis.call('LOCK.ACQUIRE', key, owner, 'PX', LEASE_MS, 'WAIT', 0)
      return () => redis.call('LOCK.RELEASE', key, owner)
    },
  },
  {
    name: 'redlock',
    label: 'redlock, defaults (200 ± 100 ms)',
    server: 'redis',
    over: redis => overRedlock(redis, {}),
  },
  {
    name: 'redlock-tuned',
    label: 'redlock, retry 5 ± 5 ms',
    server: 'redis',
    over: redis => overRedlock(redis, REDLOCK_TUNED),
  },
  {
    name: 'semaphore',
    label: 'redis-semaphore, defaults (10 ms)',
    server: 'redis',
    over: redis => overMutex(redis, undefined),
  },
  {
    name: 'semaphore-tuned',
    label: 'redis-semaphore, retry 1 ms',
    server: 'redis',
    over: redis => overMutex(redis, SEMAPHORE_TUNED_MS),
  },
]

export function systemNamed(name: string): LockSystem {
  const system = systems.find(each => each.name === name)
  if (system === undefined) throw new Error(`no way of locking is called ${name}`)
  return system
}

function overRedlock(redis: Redis, options: Redlock.Options): Acquire {
  // Its types are of another ioredis; it works with this one.
  const client = redis as unknown as Redlock.CompatibleRedisClient
  const redlock = new Redlock([client], options)
  // Without a listener an error of a server would be thrown where nobody can catch it.
  redlock.on('clientError', ignore)
  return async key => {
    const lock = await redlock.lock(key, LEASE_MS)
    return () => lock.unlock()
  }
}

function overMutex(redis: Redis, retryInterval: number | undefined): Acquire {
  const timing = { lockTimeout: LEASE_MS, acquireTimeout: SEMAPHORE_WAIT_MS }
  const options = retryInterval === undefined ? timing : { ...timing, retryInterval }
  return async key => {
    const mutex = new Mutex(redis, key, options)
    await mutex.acquire()
    return () => mutex.release()
  }
}

function ignore(): void {}
