// Keyv over @keyv/redis: a cache with namespaces and times to live.
import KeyvRedis, { createKeyv } from '@keyv/redis'
import Keyv from 'keyv'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const PATIENCE = { timeout: 10_000 }

let server: ServerProcess
let uri: string
let redis: ReturnType<typeof createClient>
const open: Keyv[] = []

beforeAll(async () => {
  server = await startLatchkeyServer()
  uri = `redis://${server.host}:${server.port}`
  redis = createClient({ url: uri })
  await redis.connect()
})

afterAll(async () => {
  redis.destroy()
  await server.stop()
})

afterEach(async () => {
  await Promise.all(open.splice(0).map(each => each.disconnect()))
  await redis.flushAll()
})

function cache(namespace: string): Keyv {
  const keyv = new Keyv({ store: new KeyvRedis(uri), namespace, useKeyPrefix: false })
  open.push(keyv)
  return keyv
}

it('what was set is got as it was, until it is deleted', async () => {
  const keyv = cache('users')
  const ada = { name: 'Ada', born: 1815, tags: ['math', 'ünïcode'], image: null }
  expect(await keyv.set('ada', ada)).toBe(true)
  expect(await keyv.get('ada')).toEqual(ada)
  expect(await keyv.has('ada')).toBe(true)
  expect(await keyv.delete('ada')).toBe(true)
  expect(await keyv.delete('ada')).toBe(false)
  expect(await keyv.get('ada')).toBeUndefined()
})

it('a time to live is kept by the server', async () => {
  const keyv = cache('users')
  await keyv.set('soon', 'gone', 40)
  await keyv.set('later', 'there', 60_000)
  expect(await keyv.get('soon')).toBe('gone')
  await expect.poll(() => keyv.get('soon'), PATIENCE).toBeUndefined()
  expect(await keyv.get('later')).toBe('there')
  const [key] = await redis.keys('*')
  expect(await redis.pTTL(key!)).toBeGreaterThan(50_000)
})

it('many are set, got and deleted together', async () => {
  const keyv = cache('users')
  await keyv.setMany([1, 2, 3].map(n => ({ key: `k${n}`, value: n })))
  expect(await keyv.getMany(['k1', 'none', 'k3'])).toEqual([1, undefined, 3])
  expect(await keyv.hasMany(['k1', 'none'])).toEqual([true, false])
  expect(await keyv.deleteMany(['k1', 'k2'])).toBe(true)
  expect(await keyv.getMany(['k1', 'k2', 'k3'])).toEqual([undefined, undefined, 3])
})

it('namespaces are apart: listing or clearing one leaves the other', async () => {
  const [users, orders] = [cache('users'), cache('orders')]
  await users.setMany(Array.from({ length: 500 }, (_, n) => ({ key: `u${n}`, value: n })))
  await orders.set('o1', 'kept')
  expect(await orders.get('u1')).toBeUndefined()
  const listed = new Map<string, number>()
  for await (const [key, value] of users.iterator!(undefined)) listed.set(key, value)
  expect(listed.size).toBe(500)
  await users.clear()
  expect(await users.get('u1')).toBeUndefined()
  expect(await orders.get('o1')).toBe('kept')
})

it('two applications share what one has set', async () => {
  const [one, other] = [createKeyv(uri), createKeyv(uri)]
  open.push(one, other)
  await one.set('a', { n: 1 })
  expect(await other.get('a')).toEqual({ n: 1 })
})
