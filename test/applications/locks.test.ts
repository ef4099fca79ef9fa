// redlock and redis-semaphore: locks that are made of keys and scripts by the client.
import { Redis } from 'ioredis'
import {
  LostLockError,
  MultiSemaphore,
  Mutex,
  RedlockMutex,
  Semaphore,
  TimeoutError,
} from 'redis-semaphore'
import Redlock from 'redlock'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const PATIENCE = { timeout: 10_000 }

let servers: ServerProcess[]
let clients: Redis[]

beforeAll(async () => {
  servers = await Promise.all([1, 2, 3].map(() => startLatchkeyServer()))
  clients = servers.map(({ host, port }) => new Redis(port, host))
})

afterAll(async () => {
  for (const client of clients) client.disconnect()
  await Promise.all(servers.map(server => server.stop()))
})

beforeEach(async () => {
  await Promise.all(clients.map(client => client.flushall()))
})

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** The most that were at work at the same time. */
async function crowd(workers: number, work: (enter: () => Promise<void>) => Promise<void>) {
  let [now, most] = [0, 0]
  const enter = async () => {
    now += 1
    most = Math.max(most, now)
    await sleep(5)
    now -= 1
  }
  await Promise.all(Array.from({ length: workers }, () => work(enter)))
  return most
}

describe('redlock over three servers', () => {
  // Its types are of another ioredis.
  const redlock = (options: Redlock.Options = {}) =>
    new Redlock(clients as unknown as Redlock.CompatibleRedisClient[], options)

  it('a lock is held by one, on each of the servers, and ends on all', async () => {
    const lock = await redlock().lock('row', 5000)
    for (const client of clients) expect(await client.get('row')).toBe(lock.value)
    const others = redlock({ retryCount: 0 })
    await expect(others.lock('row', 5000)).rejects.toMatchObject({ name: 'LockError' })
    await lock.unlock()
    for (const client of clients) expect(await client.exists('row')).toBe(0)
    await (await others.lock('row', 5000)).unlock()
  })

  it('those who retry follow each other', async () => {
    const locks = redlock({ retryCount: -1, retryDelay: 5, retryJitter: 5 })
    const most = await crowd(10, async enter => {
      const lock = await locks.lock('row', 5000)
      await enter()
      await lock.unlock()
    })
    expect(most).toBe(1)
  })

  it('a lock can be extended by its holder, and by nobody after it is over', async () => {
    const lock = await redlock().lock('row', 200)
    await lock.extend(10_000)
    expect(await clients[0]!.pttl('row')).toBeGreaterThan(5000)
    const late = await redlock().lock('other', 30)
    await sleep(50)
    await expect(late.extend(1000)).rejects.toMatchObject({ name: 'LockError' })
  })

  it('several keys are locked together', async () => {
    const lock = await redlock().lock(['a', 'b'] as unknown as string, 5000)
    const others = redlock({ retryCount: 0 })
    await expect(others.lock('b', 5000)).rejects.toMatchObject({ name: 'LockError' })
    await lock.unlock()
    await (await others.lock('b', 5000)).unlock()
  })
})

describe('redis-semaphore', () => {
  it('a mutex lets one in at a time', async () => {
    const most = await crowd(10, async enter => {
      const mutex = new Mutex(clients[0]!, 'm', { retryInterval: 2 })
      await mutex.acquire()
      await enter()
      await mutex.release()
    })
    expect(most).toBe(1)
    expect(await clients[0]!.exists('mutex:m')).toBe(0)
  })

  it('a semaphore lets so many in', async () => {
    const most = await crowd(12, async enter => {
      const semaphore = new Semaphore(clients[0]!, 's', 3, { retryInterval: 2 })
      await semaphore.acquire()
      await enter()
      await semaphore.release()
    })
    expect(most).toBe(3)
  })

  it('a multi-semaphore counts permits', async () => {
    const three = new MultiSemaphore(clients[0]!, 'ms', 4, 3)
    await three.acquire()
    const impatient = { acquireTimeout: 50 }
    const two = new MultiSemaphore(clients[0]!, 'ms', 4, 2, impatient)
    await expect(two.acquire()).rejects.toBeInstanceOf(TimeoutError)
    const one = new MultiSemaphore(clients[0]!, 'ms', 4, 1, impatient)
    await one.acquire()
    await Promise.all([three.release(), one.release()])
    await two.acquire()
    await two.release()
  })

  it('a lock is refreshed while it is held, and its loss is told', async () => {
    let lost: Error | undefined
    const mutex = new Mutex(clients[0]!, 'm', {
      lockTimeout: 300,
      refreshInterval: 50,
      onLockLost: error => {
        lost = error
      },
    })
    await mutex.acquire()
    await sleep(500)
    expect(await clients[0]!.exists('mutex:m')).toBe(1)
    expect(lost).toBeUndefined()
    await clients[0]!.set('mutex:m', 'a thief')
    await expect.poll(() => lost, PATIENCE).toBeInstanceOf(LostLockError)
    await mutex.release()
    expect(await clients[0]!.get('mutex:m')).toBe('a thief')
  })

  it('a redlock mutex needs most of the servers', async () => {
    const options = { acquireTimeout: 60 }
    await clients[0]!.set('mutex:m', 'taken')
    const mutex = new RedlockMutex(clients, 'm', options)
    await mutex.acquire()
    await mutex.release()
    await clients[1]!.set('mutex:m', 'taken')
    await expect(mutex.acquire()).rejects.toBeInstanceOf(TimeoutError)
  })
})
