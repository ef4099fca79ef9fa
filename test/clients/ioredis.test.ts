// ioredis as applications use it, in the two latest majors. The second speaks RESP3.

import { Redis as Redis5 } from 'ioredis'
import { Redis as Redis6 } from 'ioredis-6'
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

describe.each([
  ['5', Redis5],
  // The parts used here have the same types in both majors.
  ['6', Redis6 as unknown as typeof Redis5],
])('ioredis %s', (_, Redis) => {
  const open: InstanceType<typeof Redis5>[] = []
  const connect = () => {
    const redis = new Redis({ host: server.host, port: server.port })
    open.push(redis)
    return redis
  }

  afterEach(async () => {
    await connect().flushall()
    for (const redis of open.splice(0)) redis.disconnect()
  })

  test('sets, gets and expires', async () => {
    const redis = connect()
    expect(await redis.set('key', 'value', 'EX', 100)).toBe('OK')
    expect(await redis.get('key')).toBe('value')
    expect(await redis.ttl('key')).toBe(100)
    expect(await redis.get('absent')).toBeNull()
  })

  test('keeps binary keys and values as they are', async () => {
    const redis = connect()
    const value = Buffer.from([0, 255, 13, 10, 128, 0])
    await redis.set(Buffer.from([1, 0, 254]), value)
    expect(await redis.getBuffer(Buffer.from([1, 0, 254]))).toEqual(value)
  })

  test('pipelines ten thousand commands in order', async () => {
    const redis = connect()
    const pipeline = redis.pipeline()
    for (let i = 0; i < 10_000; i++) pipeline.set(`key:${i}`, i)
    for (let i = 0; i < 10_000; i++) pipeline.get(`key:${i}`)
    const results = (await pipeline.exec())!
    expect(results).toHaveLength(20_000)
    expect(results[19_999]).toEqual([null, '9999'])
  })

  test('runs transactions, and refuses one whose watched key changed', async () => {
    const redis = connect()
    const other = connect()
    expect(await redis.multi().set('a', '1').incr('a').exec()).toEqual([
      [null, 'OK'],
      [null, 2],
    ])
    await redis.watch('a')
    await other.set('a', '5')
    expect(await redis.multi().incr('a').exec()).toBeNull()
  })

  test('delivers messages to channels and patterns', async () => {
    const subscriber = connect()
    const publisher = connect()
    const heard: string[][] = []
    subscriber.on('message', (channel, message) => heard.push([channel, message]))
    const done = new Promise<void>(resolve => {
      subscriber.on('pmessage', (pattern, channel, message) => {
        heard.push([pattern, channel, message])
        resolve()
      })
    })
    await subscriber.subscribe('news')
    await subscriber.psubscribe('n*')
    expect(await publisher.publish('news', 'hello')).toBe(2)
    await done
    expect(heard).toEqual([
      ['news', 'hello'],
      ['n*', 'news', 'hello'],
    ])
  })

  test('answers errors as errors, with their code first', async () => {
    const redis = connect()
    await redis.set('text', 'abc')
    await expect(redis.incr('text')).rejects.toThrow('ERR value is not an integer or out of range')
    await expect(redis.call('NOSUCH', 'a')).rejects.toThrow("ERR unknown command 'NOSUCH'")
  })

  test('streams a scan over all keys', async () => {
    const redis = connect()
    for (let i = 0; i < 500; i++) await redis.set(`user:${i}`, 'x')
    const seen = new Set<string>()
    for await (const keys of redis.scanStream({ match: 'user:*', count: 50 })) {
      for (const key of keys as string[]) seen.add(key)
    }
    expect(seen.size).toBe(500)
  })
})
