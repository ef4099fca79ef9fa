// Every family over every Redis client, against a server as users start it.
//
// A family of which the server does not know a command is skipped, and said to be.

import { once } from 'node:events'
import { createConnection } from 'node:net'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  type TestContext,
  test,
} from 'vitest'
import { type Grid, json, latchkey } from '../../src/client/index.ts'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { type Connect, type Connection, redisClients } from './redis-clients.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await startLatchkeyServer()
})

afterAll(async () => {
  await server.stop()
})

/** The replies to inline commands, as they come. */
function inline(...lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(server.port, server.host)
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('end', () => resolve(text))
    socket.write(`${[...lines, 'QUIT'].join('\r\n')}\r\n`)
  })
}

async function needs(context: TestContext, ...commands: string[]): Promise<void> {
  for (const name of commands) {
    const known = await inline(`COMMAND INFO ${name}`)
    if (!known.includes(name.toLowerCase())) context.skip(`the server has no ${name} yet`)
  }
}

describe.each(redisClients)('over %s', (_, connect: Connect) => {
  let connection: Connection
  let grid: Grid

  beforeEach(async () => {
    await inline('FLUSHALL')
    connection = await connect(server.host, server.port)
    grid = latchkey(connection.redis)
  })

  afterEach(() => {
    grid.close()
    connection.close()
  })

  test('a lock has one holder at a time, with growing tokens', async () => {
    const lock = grid.lock('orders:42')
    const held = await lock.acquire()
    expect(await lock.tryAcquire()).toBeNull()
    await expect(lock.acquire({ wait: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    await held.assert()
    expect(await held.release()).toBe(true)
    await using next = await lock.acquire({ meta: 'nightly' })
    expect(next.token).toBeGreaterThan(held.token)
    expect(await lock.holders()).toMatchObject([{ owner: next.owner, meta: 'nightly', count: 1 }])
    expect(await lock.info()).toMatchObject({ mode: 'write', holders: 1, token: next.token })
  })

  test('waiting holders follow each other, and stall nobody', async () => {
    const lock = grid.lock('a')
    const order: number[] = []
    const first = await lock.acquire()
    const others = [1, 2, 3].map(async i => {
      const held = await lock.acquire({ owner: `o${i}`, wait: 20_000 })
      order.push(i)
      await held.release()
    })
    while ((await lock.queue()).length < 3);
    const queued = (await lock.queue()).map(({ owner }) => Number(owner.slice(1)))
    await first.release()
    await Promise.all(others)
    expect(order).toEqual(queued)
    expect(await lock.isLocked()).toBe(false)
  })

  test('an aborted wait leaves the queue', async () => {
    const lock = grid.lock('a')
    await using _held = await lock.acquire()
    const abort = new AbortController()
    const waiting = lock.acquire({ signal: abort.signal })
    while ((await lock.queue()).length < 1);
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
    while ((await lock.queue()).length > 0);
  })

  test('readers share a lock; one of them can become its writer', async () => {
    const lock = grid.lock('doc')
    await using reader = await lock.read().acquire()
    const other = await lock.read().acquire()
    expect(await lock.tryAcquire()).toBeNull()
    expect(await reader.upgrade()).toBe(false)
    const upgrading = reader.upgrade({ wait: 20_000 })
    while ((await lock.queue()).length < 1);
    await other.release()
    expect(await upgrading).toBe(true)
    await reader.assert()
    expect(await reader.extend()).toBe(true)
    expect(await reader.downgrade()).toBe(true)
  })

  test('several locks are held together, or none of them', async () => {
    const both = grid.locks('{t}:a', '{t}:b')
    const held = await both.acquire({ wait: 20_000 })
    expect(held.tokens).toHaveLength(2)
    expect(await grid.lock('{t}:b').tryAcquire()).toBeNull()
    expect(await both.tryAcquire()).toBeNull()
    const waiting = grid.locks('{t}:b', '{t}:a').acquire()
    while ((await grid.lock('{t}:a').queue()).length < 1);
    expect(await held.extend()).toBe(true)
    expect(await held.release()).toBe(true)
    await using next = await waiting
    expect(next.isHeld).toBe(true)
    await next.locks[0]!.assert()
    const abort = new AbortController()
    const unwanted = both.acquire({ signal: abort.signal })
    while ((await grid.lock('{t}:a').queue()).length < 1);
    abort.abort()
    await expect(unwanted).rejects.toMatchObject({ code: 'ABORTED' })
    while ((await grid.lock('{t}:a').queue()).length > 0);
  })

  test('a lock can be handed to another owner', async () => {
    const held = await grid.lock('a').acquire()
    const token = await held.handOff('worker', { lease: 5000 })
    expect(token).toBeGreaterThan(held.token)
    expect(held.isHeld).toBe(false)
    expect(await grid.lock('a').info()).toMatchObject({ owner: 'worker', token })
  })

  test('a loss is told, and the store refuses who was succeeded', async () => {
    const lock = grid.lock('{o}')
    const held = await lock.acquire({ lease: 300 })
    const { store } = held
    expect(await store.set('{o}:state', 'new')).toBe('OK')
    expect(await store.get('{o}:state')).toBe('new')
    expect(await lock.force()).toBe(1)
    await using _next = await lock.acquire()
    await expect(store.set('{o}:state', 'late')).rejects.toMatchObject({ code: 'FENCED' })
    // The renewal that fails may have been before this, and need not be.
    if (!held.signal.aborted) await once(held.signal, 'abort')
    expect(held.signal.reason).toMatchObject({ code: 'LOST' })
    expect(await held.release()).toBe(false)
  })

  test('a lease is renewed beyond its length', async () => {
    const lock = grid.lock('a')
    await using held = await lock.acquire({ lease: 150 })
    await new Promise(resolve => setTimeout(resolve, 500))
    expect(held.isHeld).toBe(true)
    await held.assert()
  })

  test('a bound lock lasts as long as its connection, and tells of its end', async () => {
    const lock = grid.lock('a')
    await using held = await lock.acquire({ bound: true })
    expect(await lock.holders()).toMatchObject([{ ttlMs: -1 }])
    expect(await lock.tryAcquire({ bound: true })).toBeNull()
    await expect(held.extend()).rejects.toMatchObject({ code: 'INVALID' })
    const next = lock.acquire({ bound: true })
    while ((await lock.info())?.waiting !== 1);
    expect(await held.release()).toBe(true)
    const second = await next
    expect(second.token).toBeGreaterThan(held.token)
    expect(second.isHeld).toBe(true)
    const told = new Promise(resolve => second.signal.addEventListener('abort', resolve))
    // The younger one of the two connections that have acquired.
    const acquirers = [...(await inline('CLIENT LIST')).matchAll(/id=(\d+) .* cmd=lock.acquire /g)]
    await inline(`CLIENT KILL ID ${acquirers.at(-1)![1]}`)
    await told
    expect(second.signal.reason).toMatchObject({ code: 'LOST' })
    expect(second.isHeld).toBe(false)
    await using third = await lock.acquire({ wait: 10_000 })
    expect(third.token).toBeGreaterThan(second.token)
  })

  test('a bound wait that is aborted leaves the queue', async () => {
    const lock = grid.lock('a')
    await using _held = await lock.acquire()
    const abort = new AbortController()
    const waiting = lock.acquire({ bound: true, signal: abort.signal })
    while ((await lock.info())?.waiting !== 1);
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' })
    while ((await lock.info())?.waiting !== 0);
    await expect(lock.acquire({ bound: true, wait: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('a wrong type is told by its code', async () => {
    await inline('SET a b')
    await expect(grid.lock('a').acquire()).rejects.toMatchObject({ code: 'WRONGTYPE' })
  })

  test('a semaphore has so many permits', async context => {
    await needs(context, 'SEMAPHORE.ACQUIRE')
    const pool = grid.semaphore('pool', 3)
    const two = await pool.acquire({ permits: 2 })
    expect(await pool.available()).toBe(1)
    expect(await pool.tryAcquire({ permits: 2 })).toBeNull()
    const waiting = pool.acquire({ permits: 2 })
    while ((await pool.info())?.waiting !== 1);
    expect(await two.extend()).toBe(true)
    expect(await two.release()).toBe(true)
    await using later = await waiting
    expect(await later.releaseSome(1)).toBe(1)
    await expect(later.releaseSome(1)).rejects.toMatchObject({ code: 'INVALID' })
    expect(await pool.available()).toBe(2)
    expect(later.permits).toBe(1)
    expect(await pool.holders()).toMatchObject([{ owner: later.owner, permits: 1 }])
    await using rest = await pool.drain()
    expect(rest?.permits).toBe(2)
  })

  test('a counter keeps its bounds', async context => {
    await needs(context, 'COUNTER.ADD')
    const seats = grid.counter('seats', { min: 0, max: 10, initial: 8 })
    expect(await seats.add(2)).toBe(10)
    await expect(seats.increment()).rejects.toMatchObject({ code: 'OUTOFBOUNDS' })
    expect(await seats.compareAndSet(10, 5)).toBe(true)
    expect(await seats.compareAndSwap(10, 6)).toBe(5)
    expect(await seats.getAndSet(1)).toBe(5)
    expect(await seats.next(3)).toEqual({ first: 2, last: 4 })
    expect(await seats.await('>=', 4)).toBe(4)
    const waiting = seats.await('==', 0)
    expect(await seats.set(0)).toBe(0)
    expect(await waiting).toBe(0)
    expect(await seats.await('>=', 9, { wait: 20 })).toBeNull()
    expect(await seats.reset()).toBe(8)
    expect(await seats.info()).toMatchObject({ strength: 'strong', value: 8 })
  })

  test('a number in a plain key keeps to the bounds of the call', async context => {
    await needs(context, 'INCREX')
    const number = grid.number('n')
    expect(await number.add(5, { max: 6, lifetime: 60_000 })).toEqual({ value: 5, added: 5 })
    expect(await number.add(5, { max: 6 })).toEqual({ value: 5, added: 0 })
    expect(await number.add(5, { max: 6, saturate: true })).toEqual({ value: 6, added: 1 })
    expect(await inline('TTL n', 'GET n')).toMatch(/^:[56]\d\r\n\$1\r\n6\r\n/)
    expect(await number.add(-7, { min: 0, persist: true })).toEqual({ value: 6, added: 0 })
    expect(await number.add(-6, { min: 0, persist: true })).toEqual({ value: 0, added: -6 })
    expect(await inline('TTL n')).toMatch(/^:-1\r\n/)
    expect(await number.add(0.5, { float: true })).toEqual({ value: 0.5, added: 0.5 })
    await expect(number.add(0.5)).rejects.toMatchObject({ code: 'INVALID' })
    await expect(number.add(1)).rejects.toMatchObject({ code: 'ERR' })
  })

  test('a weak counter counts', async context => {
    await needs(context, 'COUNTER.CREATE')
    const hits = grid.counter('hits', { weak: true })
    await hits.add(5)
    await hits.decrement()
    expect(await hits.get()).toBe(4)
    await inline('COUNTER.SET big 9223372036854775807')
    await expect(grid.counter('big').get()).rejects.toMatchObject({ code: 'INEXACT' })
  })

  test('a multimap has many values for a field', async context => {
    await needs(context, 'MULTIMAP.PUT')
    const sessions = grid.multimap('sessions')
    expect(await sessions.put('ada', 's1', 's2', 's1')).toBe(2)
    expect((await sessions.get('ada')).sort()).toEqual(['s1', 's2'])
    expect(await sessions.has('ada', 's2')).toBe(true)
    expect(await sessions.hasValue('s3')).toBe(false)
    await sessions.put('bob', 's3')
    expect([await sessions.size(), await sessions.count(), await sessions.count('ada')]).toEqual([
      3, 2, 2,
    ])
    const seen = new Map<string, string[]>()
    for await (const [field, values] of sessions.entries(1)) {
      seen.set(field, [...(seen.get(field) ?? []), ...values].sort())
    }
    expect(seen.get('ada')).toEqual(['s1', 's2'])
    expect(seen.get('bob')).toEqual(['s3'])
    expect(await sessions.expire(60_000, 'ada', 'eve')).toEqual([true, false])
    expect((await sessions.ttl('ada', 'bob')).map(ms => ms > 0)).toEqual([true, false])
    expect(await sessions.remove('ada', 's1')).toBe(1)
    expect(await sessions.take('ada')).toEqual(['s2'])
    expect(await sessions.fields()).toEqual(['bob'])
    const points = grid.multimap('points', json<{ x: number }>())
    expect(await points.create('list')).toBe(true)
    await points.put('p', { x: 1 }, { x: 1 })
    expect(await points.get('p')).toEqual([{ x: 1 }, { x: 1 }])
  })

  test('a latch opens at zero for all who wait', async context => {
    await needs(context, 'LATCH.CREATE')
    const latch = grid.latch('batch:7')
    await expect(latch.await()).rejects.toMatchObject({ code: 'NOLATCH' })
    expect(await latch.create(2)).toBe(true)
    expect(await latch.create(5)).toBe(false)
    expect(await latch.tryAwait()).toBe(false)
    const waiting = [latch.await({ wait: 20_000 }), latch.tryAwait({ wait: 20_000 })]
    while ((await latch.info())?.waiting !== 2);
    expect(await latch.down(1, { participant: 'w1', data: 'done' })).toBe(1)
    expect(await latch.down(1, { participant: 'w1' })).toBe(1)
    expect(await latch.down()).toBe(0)
    expect(await Promise.all(waiting)).toEqual([undefined, true])
    expect(await latch.results()).toEqual(new Map([['w1', 'done']]))
    expect(await grid.latches('batch:7').all()).toEqual(['batch:7'])
    await latch.reset(1)
    const broken = latch.await()
    while ((await latch.info())?.waiting !== 1);
    await latch.break('no input')
    await expect(broken).rejects.toMatchObject({ code: 'BROKEN' })
    expect(await latch.create(3, { replace: true, upDown: true, hold: true })).toBe(true)
    expect(await latch.up(2)).toBe(5)
  })

  test('a barrier lets all in together, and out together', async context => {
    await needs(context, 'BARRIER.ENTER')
    const barrier = grid.barrier('round', 2)
    expect(await barrier.tryEnter()).toBeNull()
    await expect(barrier.enter({ wait: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    const [a, b] = await Promise.all([barrier.enter(), barrier.enter()])
    expect(await Promise.all([a.leave(), b.leave()])).toEqual([true, true])
  })

  test('a leader is elected, heard and succeeded', async context => {
    await needs(context, 'LEADER.CAMPAIGN')
    const cron = grid.leader('cron')
    expect(await cron.get()).toBeNull()
    const first = await cron.campaign({ candidate: 'a', value: 'host-a' })
    expect(await cron.tryCampaign()).toBeNull()
    expect(await first.proclaim('host-a:2')).toBe(true)
    expect(await cron.get()).toMatchObject({ candidate: 'a', value: 'host-a:2' })
    const next = cron.await({ not: first.token })
    const second = cron.campaign({ candidate: 'b' })
    while ((await cron.members()).length < 2);
    expect(await cron.members()).toEqual(['a', 'b'])
    await first.release()
    await using leadership = await second
    expect(await next).toMatchObject({ candidate: 'b', token: leadership.token })
    expect(await leadership.store.incrBy('{cron}:runs', 1)).toBe(1)
    for await (const leader of cron.observe()) {
      expect(leader.candidate).toBe('b')
      break
    }
  })

  test('a rate limiter refuses what is too much', async context => {
    await needs(context, 'CL.THROTTLE', 'RATE.WINDOW')
    const api = grid.rateLimiter('api')
    const once = { limit: 1, window: 60_000 }
    expect(await api.window(once)).toMatchObject({ allowed: true, remaining: 0, retryAfter: null })
    expect(await api.window(once)).toMatchObject({ allowed: false, limit: 1 })
    const slow = grid.rateLimiter('slow')
    const rate = { burst: 0, count: 20, period: 1 }
    expect(await slow.throttle(rate)).toMatchObject({ allowed: true })
    expect(await slow.throttle({ ...rate, wait: 20_000 })).toMatchObject({ allowed: true })
  })

  test('a fence lets no token pass below one that did', async context => {
    await needs(context, 'FENCE.NEXT')
    const fence = grid.fence('row')
    const [first, second] = [await fence.next(), await fence.next()]
    expect(await fence.check(second)).toBe(true)
    expect(await fence.check(first)).toBe(false)
    expect(await fence.get()).toBe(second)
  })

  test('a closed grid leaves nothing that waits', async () => {
    await using _held = await grid.lock('a').acquire()
    const waiting = grid.lock('a').acquire()
    while ((await grid.lock('a').queue()).length < 1);
    grid.close()
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION' })
    while ((await grid.lock('a').queue()).length > 0);
  })
})
