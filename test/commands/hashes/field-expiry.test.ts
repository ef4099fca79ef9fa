// Fields that expire: what sets and removes a time, what is seen of a field that is over, and when it goes.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'
import type { RespError } from '../../harness/resp-value.ts'

const NOW = Date.UTC(2024, 0, 1)

/** A server with a hash of these fields, in which nothing expires by itself. */
function withFields(...fields: readonly string[]) {
  const server = new InProcessServer()
  server.server.activeExpire = false
  const client = server.connect()
  if (fields.length > 0) client.call('HSET', 'h', ...fields.flatMap(field => [field, `${field}!`]))
  return { server, client }
}

function keyspaceEvents(server: InProcessServer): InProcessClient {
  const listener = server.connect(3)
  listener.call('CONFIG', 'SET', 'notify-keyspace-events', 'Ehg')
  listener.send('PSUBSCRIBE', '*')
  listener.received()
  return listener
}

function eventsOf(listener: InProcessClient): string[] {
  return listener.pushes().map(push => (push as string[])[2]!.split(':')[1]!)
}

describe('HEXPIRE and its kind', () => {
  it('answer for each field: -2 for none, 0 for a condition not met, 1 for done, 2 for removed', () => {
    const { client } = withFields('a', 'b', 'c')
    expect(client.call('HEXPIRE', 'h', '10', 'FIELDS', '2', 'a', 'x')).toEqual([1, -2])
    expect(client.call('HEXPIRE', 'h', '20', 'NX', 'FIELDS', '2', 'a', 'b')).toEqual([0, 1])
    expect(client.call('HEXPIRE', 'h', '0', 'FIELDS', '1', 'c')).toEqual([2])
    expect(client.call('HEXPIRE', 'none', '10', 'FIELDS', '2', 'a', 'b')).toEqual([-2, -2])
    expect(client.call('HKEYS', 'h')).toEqual(['a', 'b'])
  })

  it('take seconds or milliseconds, from now or absolute', () => {
    const { client } = withFields('a', 'b', 'c', 'd')
    client.call('HEXPIRE', 'h', '10', 'FIELDS', '1', 'a')
    client.call('HPEXPIRE', 'h', '10', 'FIELDS', '1', 'b')
    client.call('HEXPIREAT', 'h', '1704067300', 'FIELDS', '1', 'c')
    client.call('HPEXPIREAT', 'h', '1704067200001', 'FIELDS', '1', 'd')
    expect(client.call('HPEXPIRETIME', 'h', 'FIELDS', '4', 'a', 'b', 'c', 'd')).toEqual([
      NOW + 10_000,
      NOW + 10,
      1704067300000,
      1704067200001,
    ])
  })

  it('NX, XX, GT and LT compare with the time that is there; without one it is never', () => {
    const { client } = withFields('a', 'b')
    const set = (seconds: string, condition: string) =>
      client.call('HEXPIRE', 'h', seconds, condition, 'FIELDS', '2', 'a', 'b')
    expect(set('10', 'XX')).toEqual([0, 0])
    expect(set('10', 'GT')).toEqual([0, 0])
    client.call('HEXPIRE', 'h', '20', 'FIELDS', '1', 'a')
    expect(set('30', 'LT')).toEqual([0, 1])
    expect(set('25', 'GT')).toEqual([1, 0])
    expect(set('25', 'GT')).toEqual([0, 0])
    expect(set('5', 'XX')).toEqual([1, 1])
    expect(set('5', 'NX')).toEqual([0, 0])
  })

  it('delete the hash whose last field they remove', () => {
    const { server, client } = withFields('a', 'b')
    const listener = keyspaceEvents(server)
    expect(client.call('HPEXPIREAT', 'h', '1', 'FIELDS', '3', 'a', 'b', 'a')).toEqual([2, 2, -2])
    expect(client.call('EXISTS', 'h')).toBe(0)
    expect(eventsOf(listener)).toEqual(['hdel', 'del'])
  })

  it('say what is wrong with their arguments', () => {
    const { client } = withFields('a')
    client.call('SET', 's', 'text')
    const error = (...words: string[]) => (client.call(...words) as RespError).text
    expect(error('HEXPIRE', 's', 'x', 'FIELDS', '1', 'a')).toMatch(/^WRONGTYPE/)
    expect(error('HEXPIRE', 'h', 'x', 'FIELDS', '1', 'a')).toBe(
      'ERR value is not an integer or out of range',
    )
    expect(error('HEXPIRE', 'h', '-1', 'FIELDS', '1', 'a')).toBe(
      'ERR invalid expire time, must be >= 0',
    )
    expect(error('HPEXPIREAT', 'h', '70368744177664', 'FIELDS', '1', 'a')).toBe(
      "ERR invalid expire time in 'hpexpireat' command",
    )
    expect(error('HEXPIRE', 'h', '70368744178', 'FIELDS', '1', 'a')).toBe(
      "ERR invalid expire time in 'hexpire' command",
    )
    expect(error('HEXPIRE', 'h', '1', 'FIELD', '1', 'a')).toBe(
      'ERR Mandatory argument FIELDS is missing or not at the right position',
    )
    expect(error('HEXPIRE', 'h', '1', 'FIELDS', '0', 'a')).toBe(
      'ERR Parameter `numFields` should be greater than 0',
    )
    expect(error('HEXPIRE', 'h', '1', 'NX', 'FIELDS', '2', 'a')).toBe(
      'ERR The `numfields` parameter must match the number of arguments',
    )
    expect(error('HTTL', 'h', 'FIELDS', '0', 'a')).toBe(
      'ERR Number of fields must be a positive integer',
    )
    expect(error('HTTL', 'h', 'NX', '1', 'a')).toBe(
      'ERR Mandatory argument FIELDS is missing or not at the right position',
    )
  })
})

it('HTTL, HPTTL, HEXPIRETIME and HPEXPIRETIME tell the time, seconds rounded up', () => {
  const { server, client } = withFields('a', 'b')
  client.call('HPEXPIRE', 'h', '1500', 'FIELDS', '1', 'a')
  server.clock.advance(400)
  const ask = (name: string) => client.call(name, 'h', 'FIELDS', '3', 'a', 'b', 'x')
  expect(ask('HPTTL')).toEqual([1100, -1, -2])
  expect(ask('HTTL')).toEqual([2, -1, -2])
  expect(ask('HPEXPIRETIME')).toEqual([NOW + 1500, -1, -2])
  expect(ask('HEXPIRETIME')).toEqual([NOW / 1000 + 2, -1, -2])
  expect(client.call('HTTL', 'none', 'FIELDS', '2', 'a', 'b')).toEqual([-2, -2])
})

it('HPERSIST takes the time away', () => {
  const { server, client } = withFields('a', 'b')
  client.call('HEXPIRE', 'h', '1', 'FIELDS', '1', 'a')
  expect(client.call('HPERSIST', 'h', 'FIELDS', '3', 'a', 'b', 'x')).toEqual([1, -1, -2])
  server.clock.advance(2000)
  expect(client.call('HKEYS', 'h')).toEqual(['a', 'b'])
})

describe('a field with a time', () => {
  it('loses it with a new value, and keeps it when it is counted up', () => {
    const { client } = withFields('a', 'b', 'c')
    client.call('HSET', 'h', 'b', '1', 'c', '1')
    client.call('HEXPIRE', 'h', '10', 'FIELDS', '3', 'a', 'b', 'c')
    client.call('HSET', 'h', 'a', 'new')
    client.call('HINCRBY', 'h', 'b', '1')
    client.call('HINCRBYFLOAT', 'h', 'c', '1')
    expect(client.call('HTTL', 'h', 'FIELDS', '3', 'a', 'b', 'c')).toEqual([-1, 10, 10])
  })

  it('keeps it through RENAME, COPY, MOVE and SWAPDB, and goes in time under its new key', () => {
    const { server, client } = withFields('a', 'b')
    client.call('HEXPIRE', 'h', '10', 'FIELDS', '1', 'a')
    client.call('COPY', 'h', 'copied')
    client.call('RENAME', 'h', 'renamed')
    client.call('COPY', 'copied', 'moved')
    client.call('MOVE', 'moved', '1')
    client.call('SWAPDB', '1', '2')
    server.server.activeExpire = true
    server.advance(10_000)
    expect(client.call('HLEN', 'copied')).toBe(1)
    expect(client.call('HLEN', 'renamed')).toBe(1)
    client.call('SELECT', '2')
    expect(client.call('HLEN', 'moved')).toBe(1)
  })
})

describe('a field whose time is over', () => {
  /** A hash of many such fields, more than a command removes, and one that stays. */
  function withEnded(count: number) {
    const fields = Array.from({ length: count }, (_, i) => `f${i}`)
    const scene = withFields(...fields, 'stays')
    scene.client.call('HPEXPIRE', 'h', '5', 'FIELDS', String(count), ...fields)
    scene.server.clock.advance(5)
    return scene
  }

  it('is seen by nobody, however many there are', () => {
    const calls: [words: string[], reply: unknown][] = [
      [['HGET', 'h', 'f999'], null],
      [
        ['HMGET', 'h', 'f999', 'stays'],
        [null, 'stays!'],
      ],
      [['HEXISTS', 'h', 'f999'], 0],
      [['HSTRLEN', 'h', 'f999'], 0],
      [
        ['HGETALL', 'h'],
        ['stays', 'stays!'],
      ],
      [['HKEYS', 'h'], ['stays']],
      [['HVALS', 'h'], ['stays!']],
      [['HTTL', 'h', 'FIELDS', '1', 'f999'], [-2]],
      [['HRANDFIELD', 'h'], 'stays'],
      [
        ['HRANDFIELD', 'h', '5', 'WITHVALUES'],
        ['stays', 'stays!'],
      ],
      [
        ['HRANDFIELD', 'h', '-2'],
        ['stays', 'stays'],
      ],
      [
        ['HSCAN', 'h', '0', 'COUNT', '5000'],
        ['0', ['stays', 'stays!']],
      ],
      [['HDEL', 'h', 'f999'], 0],
      [['HEXPIRE', 'h', '9', 'FIELDS', '1', 'f999'], [-2]],
      [['HPERSIST', 'h', 'FIELDS', '1', 'f999'], [-2]],
      [['HINCRBY', 'h', 'f999', '1'], 1],
      [['HINCRBYFLOAT', 'h', 'f999', '1'], '1'],
      [['HSETNX', 'h', 'f999', 'x'], 1],
      [['HSET', 'h', 'f999', 'x', 'f998', 'y'], 2],
    ]
    for (const [words, reply] of calls) {
      const { client } = withEnded(1000)
      expect([words, client.call(...words)]).toEqual([words, reply])
    }
  })

  it('makes room a bounded number at a time', () => {
    const { server, client } = withEnded(1000)
    client.call('HGET', 'h', 'stays')
    expect(client.call('HLEN', 'h')).toBeGreaterThan(900)
    server.server.activeExpire = true
    server.advance(100)
    expect(client.call('HLEN', 'h')).toBe(1)
  })

  it('is removed by many cycles where there are very many', () => {
    const { server, client } = withEnded(8000)
    server.server.activeExpire = true
    const sizes: number[] = []
    for (let i = 0; i < 3; i++) {
      server.advance(100)
      sizes.push(client.call('HLEN', 'h') as number)
    }
    expect(sizes[0]).toBeGreaterThan(2000)
    expect(sizes.at(-1)).toBe(1)
  })

  it('takes the key with it when it is the last, unless the command gives the key another', () => {
    const ended = () => {
      const { server, client } = withFields('a')
      client.call('HPEXPIRE', 'h', '5', 'FIELDS', '1', 'a')
      server.clock.advance(5)
      return client
    }
    const gone = ended()
    expect(gone.call('HGET', 'h', 'a')).toBe(null)
    expect(gone.call('EXISTS', 'h')).toBe(0)
    const given = ended()
    expect(given.call('HSETNX', 'h', 'a', 'new')).toBe(1)
    expect(given.call('HGETALL', 'h')).toEqual(['a', 'new'])
  })

  it('is told of by an event, and so is the key that goes with it', () => {
    const { server, client } = withFields('a', 'b')
    const listener = keyspaceEvents(server)
    client.call('HPEXPIRE', 'h', '5', 'FIELDS', '1', 'a')
    client.call('HPEXPIRE', 'h', '6', 'FIELDS', '1', 'b')
    server.server.activeExpire = true
    server.advance(5)
    server.advance(1)
    expect(eventsOf(listener)).toEqual(['hexpire', 'hexpire', 'hexpired', 'hexpired', 'del'])
    expect(client.call('INFO', 'stats')).toContain('expired_subkeys:2')
  })

  it('breaks a WATCH', () => {
    const { server, client } = withFields('a', 'b')
    client.call('HPEXPIRE', 'h', '5', 'FIELDS', '1', 'a')
    client.call('WATCH', 'h')
    server.server.activeExpire = true
    server.advance(5)
    client.call('MULTI')
    client.call('PING')
    expect(client.call('EXEC')).toBe(null)
  })
})

it('rows of hashes that are gone do not pile up', () => {
  const { server, client } = withFields()
  const { fieldDeadlines } = server.server.keyspace.databases[0]!
  for (let i = 0; i < 100; i++) {
    client.call('HSET', `h${i}`, 'a', '1')
    client.call('HEXPIRE', `h${i}`, '1000', 'FIELDS', '1', 'a')
  }
  expect(fieldDeadlines.size).toBe(100)
  for (let i = 0; i < 50; i++) client.call('DEL', `h${i}`)
  for (let i = 50; i < 75; i++) client.call('SET', `h${i}`, 'text')
  for (let i = 75; i < 99; i++) client.call('RENAME', `h${i}`, 'renamed')
  expect(fieldDeadlines.size).toBe(2)
  client.call('FLUSHALL')
  expect(fieldDeadlines.size).toBe(0)
})
