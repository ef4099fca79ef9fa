// DUMP and RESTORE by example, and there and back between Latchkey and a real Redis.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { RespError, type RespValue } from '../harness/resp-value.ts'
import { Reference } from '../reference.ts'
import { logOf } from './logged.ts'

function connect(): InProcessClient {
  return new InProcessServer().connect()
}

function error(text: string): RespError {
  return new RespError(text)
}

/** A payload as DUMP gives it. */
function payloadOf(client: InProcessClient, key: string): Buffer {
  return Buffer.from(client.call('DUMP', key) as string, 'latin1')
}

describe('RESTORE', () => {
  it('makes a key from what DUMP returned', () => {
    const client = connect()
    client.call('RPUSH', 'l', 'a', '1', 'b')
    expect(client.call('RESTORE', 'copy', '0', payloadOf(client, 'l'))).toBe('OK')
    expect(client.call('LRANGE', 'copy', '0', '-1')).toEqual(['a', '1', 'b'])
    expect(client.call('DUMP', 'none')).toBe(null)
  })

  it('replaces only when it is told to', () => {
    const client = connect()
    client.call('SET', 's', 'text')
    client.call('SET', 'taken', 'other')
    const payload = payloadOf(client, 's')
    expect(client.call('RESTORE', 'taken', '0', payload)).toEqual(
      error('BUSYKEY Target key name already exists.'),
    )
    expect(client.call('RESTORE', 'taken', '0', payload, 'REPLACE')).toBe('OK')
    expect(client.call('GET', 'taken')).toBe('text')
  })

  it('sets an expiry, relative or absolute', () => {
    const server = new InProcessServer()
    const client = server.connect()
    client.call('SET', 's', 'text')
    const payload = payloadOf(client, 's')
    client.call('RESTORE', 'relative', '5000', payload)
    client.call('RESTORE', 'absolute', String(server.clock.now() + 7000), payload, 'ABSTTL')
    expect(client.call('PTTL', 'relative')).toBe(5000)
    expect(client.call('PTTL', 'absolute')).toBe(7000)
  })

  it('whose time is over stores nothing, but replaces', () => {
    const server = new InProcessServer()
    const client = server.connect()
    client.call('SET', 's', 'text')
    const log = logOf(server)
    expect(client.call('RESTORE', 's', '1', payloadOf(client, 's'), 'ABSTTL', 'REPLACE')).toBe('OK')
    expect(client.call('RESTORE', 't', '1', Buffer.alloc(0), 'ABSTTL')).toEqual(
      error('ERR DUMP payload version or checksum are wrong'),
    )
    expect(client.call('DBSIZE')).toBe(0)
    expect(log).toEqual([['DEL s']])
  })

  it('says when the key was last used, or how often', () => {
    const server = new InProcessServer()
    const client = server.connect()
    client.call('SET', 's', 'text')
    const payload = payloadOf(client, 's')
    client.call('RESTORE', 'idle', '0', payload, 'IDLETIME', '1000')
    expect(client.call('OBJECT', 'IDLETIME', 'idle')).toBe(1000)
    client.call('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lfu')
    client.call('RESTORE', 'often', '0', payload, 'FREQ', '200')
    expect(client.call('OBJECT', 'FREQ', 'often')).toBe(200)
  })

  it.each([
    [['x', 'P'], 'ERR value is not an integer or out of range'],
    [['-1', 'P'], 'ERR Invalid TTL value, must be >= 0'],
    [['0', 'P', 'IDLETIME', '-1'], 'ERR Invalid IDLETIME value, must be >= 0'],
    [['0', 'P', 'FREQ', '256'], 'ERR Invalid FREQ value, must be >= 0 and <= 255'],
    [['0', 'P', 'FREQ', '1', 'IDLETIME', '1'], 'ERR syntax error'],
    [['0', 'P', 'FREQ'], 'ERR syntax error'],
    [['0', 'garbage'], 'ERR DUMP payload version or checksum are wrong'],
  ])('refuses %j', (args, text) => {
    const client = connect()
    client.call('SET', 's', 'text')
    const words = args.map(word => (word === 'P' ? payloadOf(client, 's') : word))
    expect(client.call('RESTORE', 'k', ...words)).toEqual(error(text))
    expect(client.call('EXISTS', 'k')).toBe(0)
  })

  it('is logged with its expiry in absolute time', () => {
    const server = new InProcessServer()
    const client = server.connect()
    client.call('SET', 's', 'x')
    const payload = payloadOf(client, 's')
    const log = logOf(server)
    client.call('RESTORE', 'a', '5000', payload)
    client.call('RESTORE', 'b', '0', payload)
    const text = payload.toString('latin1')
    expect(log).toEqual([
      [`RESTORE a ${server.clock.now() + 5000} ${text} REPLACE ABSTTL`],
      [`RESTORE b 0 ${text} REPLACE ABSTTL`],
    ])
  })

  it('serves those who wait for the key', () => {
    const server = new InProcessServer()
    const [actor, waiter] = [server.connect(), server.connect()]
    actor.call('ZADD', 'z', '1', 'a')
    const payload = payloadOf(actor, 'z')
    actor.call('DEL', 'z')
    waiter.send('BZPOPMIN', 'z', '0')
    actor.call('RESTORE', 'z', '0', payload)
    expect(waiter.replies()).toEqual([['z', 'a', '1']])
  })
})

it('DUMP does not apply to objects that coordinate', () => {
  const client = connect()
  client.call('LOCK.ACQUIRE', 'lock', 'me')
  expect(client.call('DUMP', 'lock')).toEqual(error('ERR DUMP does not apply to a lock'))
})

/** Values of every type in every form, as commands that make them. */
const MAKERS: Record<string, readonly (readonly string[])[]> = {
  integer: [['SET', 'k', '12345']],
  text: [['SET', 'k', 'some text that is long enough to be compressed, '.repeat(20)]],
  bytes: [['SET', 'k', '\0\xff\r\n']],
  'empty string': [['SET', 'k', '']],
  'packed list': [['RPUSH', 'k', 'a', '1', '-70000', 'x'.repeat(100)]],
  'long list': [['RPUSH', 'k', ...Array.from({ length: 3000 }, (_, i) => `element ${i}`)]],
  'list with a huge element': [['RPUSH', 'k', 'a', 'x'.repeat(20_000), 'b']],
  intset: [['SADD', 'k', '1', '-5', '70000', '5000000000']],
  'packed set': [['SADD', 'k', 'a', 'b', '1']],
  'large set': [['SADD', 'k', ...Array.from({ length: 600 }, (_, i) => `member ${i}`)]],
  'packed hash': [['HSET', 'k', 'f', 'v', '1', '2']],
  'large hash': [
    ['HSET', 'k', ...Array.from({ length: 600 }, (_, i) => [`field ${i}`, `value ${i}`]).flat()],
  ],
  'packed sorted set': [['ZADD', 'k', '1', 'a', '0.1', 'b', '-inf', 'c', '1e300', 'd', '2', '5']],
  'large sorted set': [
    ['ZADD', 'k', ...Array.from({ length: 300 }, (_, i) => [`${i / 7}`, `member ${i}`]).flat()],
    ['ZADD', 'k', 'inf', 'highest', '-inf', 'lowest', '-0', 'zero'],
  ],
}

const CONTENTS: Record<string, readonly string[]> = {
  string: ['GET', 'k'],
  list: ['LRANGE', 'k', '0', '-1'],
  set: ['SMEMBERS', 'k'],
  hash: ['HGETALL', 'k'],
  zset: ['ZRANGE', 'k', '0', '-1', 'WITHSCORES'],
}

/** What is in no order in the reply is put in one. */
function inOrder(type: RespValue, contents: RespValue): RespValue {
  if (type === 'set') return [...(contents as string[])].sort()
  if (type !== 'hash') return contents
  const words = contents as string[]
  const pairs = words.flatMap((word, i) => (i % 2 === 0 ? [`${word} → ${words[i + 1]}`] : []))
  return pairs.sort()
}

describeWithRedis('a payload', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start()
  })
  afterAll(() => redis.stop())

  it.each(Object.keys(MAKERS))('of Latchkey, %s, restores on Redis', async name => {
    await redis.call('FLUSHALL')
    const client = connect()
    for (const maker of MAKERS[name]!) client.call(...maker)
    expect(await redis.call('RESTORE', 'k', '0', payloadOf(client, 'k'))).toBe('OK')
    const type = client.call('TYPE', 'k') as string
    expect(await redis.call('TYPE', 'k')).toBe(type)
    const ours = inOrder(type, client.call(...CONTENTS[type]!))
    expect(inOrder(type, await redis.call(...CONTENTS[type]!))).toEqual(ours)
  })

  it.each(Object.keys(MAKERS))('of Redis, %s, restores on Latchkey', async name => {
    await redis.call('FLUSHALL')
    for (const maker of MAKERS[name]!) await redis.call(...maker)
    const payload = Buffer.from((await redis.call('DUMP', 'k')) as string, 'latin1')
    const client = connect()
    expect(client.call('RESTORE', 'k', '0', payload)).toBe('OK')
    const type = (await redis.call('TYPE', 'k')) as string
    expect(client.call('TYPE', 'k')).toBe(type)
    const theirs = inOrder(type, await redis.call(...CONTENTS[type]!))
    expect(inOrder(type, client.call(...CONTENTS[type]!))).toEqual(theirs)
  })

  it('that was damaged is refused by both alike', async () => {
    const client = connect()
    client.call('RPUSH', 'k', 'a', 'b', 'c')
    const payload = payloadOf(client, 'k')
    for (let i = 0; i < payload.length; i++) {
      const damaged = Buffer.from(payload)
      damaged[i]! ^= 1
      const refusal = error('ERR DUMP payload version or checksum are wrong')
      expect(client.call('RESTORE', 'x', '0', damaged)).toEqual(refusal)
      expect(await redis.call('RESTORE', 'x', '0', damaged)).toEqual(refusal)
    }
  })
})
