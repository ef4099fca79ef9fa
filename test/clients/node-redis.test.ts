// node-redis as applications use it, in the two latest majors, in RESP2 and RESP3.

import { createClient as createClient6 } from 'redis'
import { createClient as createClient5 } from 'redis-5'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await startLatchkeyServer()
})

afterAll(async () => {
  await server.stop()
})

type Client = ReturnType<typeof createClient6>

describe.each([
  ['5', 2, createClient5],
  ['5', 3, createClient5],
  ['6', 2, createClient6],
  ['6', 3, createClient6],
] as const)('node-redis %s, RESP%i', (_, protocol, create) => {
  const open: Client[] = []
  const connect = async () => {
    // The parts used here have the same types in both majors.
    const client = (create as typeof createClient6)({
      url: `redis://${server.host}:${server.port}`,
      RESP: protocol,
    }) as unknown as Client
    open.push(client)
    await client.connect()
    return client
  }

  afterEach(async () => {
    const client = await connect()
    await client.flushAll()
    for (const each of open.splice(0)) each.destroy()
  })

  test('sets, gets and expires', async () => {
    const client = await connect()
    expect(await client.set('key', 'value', { expiration: { type: 'PX', value: 50_000 } })).toBe(
      'OK',
    )
    expect(await client.get('key')).toBe('value')
    expect(await client.pTTL('key')).toBeGreaterThan(40_000)
    expect(await client.get('absent')).toBeNull()
  })

  test('pipelines by itself what is called together', async () => {
    const client = await connect()
    const replies = await Promise.all(Array.from({ length: 5000 }, () => client.incr('counter')))
    expect(replies.at(-1)).toBe(5000)
  })

  test('runs transactions', async () => {
    const client = await connect()
    expect(await client.multi().set('a', '1').incr('a').get('a').exec()).toEqual(['OK', 2, '2'])
  })

  test('delivers messages', async () => {
    const publisher = await connect()
    const subscriber = await connect()
    const heard = new Promise(resolve => {
      void subscriber.subscribe('news', (message, channel) => resolve([channel, message]))
    })
    while ((await publisher.publish('news', 'hello')) === 0);
    expect(await heard).toEqual(['news', 'hello'])
  })

  test('iterates over all keys', async () => {
    const client = await connect()
    await client.mSet(Array.from({ length: 300 }, (_, i) => [`key:${i}`, 'v'] as [string, string]))
    const seen = new Set<string>()
    for await (const keys of client.scanIterator({ COUNT: 20 })) {
      for (const key of keys) seen.add(key)
    }
    expect(seen.size).toBe(300)
  })

  test('answers errors as errors', async () => {
    const client = await connect()
    await client.set('text', 'abc')
    await expect(client.incr('text')).rejects.toThrow('ERR value is not an integer or out of range')
  })
})
