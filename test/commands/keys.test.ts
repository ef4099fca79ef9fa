import { beforeEach, describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError, type RespValue } from '../harness/resp-value.ts'

const SYNTAX = new RespError('ERR syntax error')
const WRONG_TYPE = new RespError(
  'WRONGTYPE Operation against a key holding the wrong kind of value',
)
const NO_KEY = new RespError('ERR no such key')
const SAME = new RespError('ERR source and destination objects are the same')
const NO_DATABASE = new RespError('ERR DB index is out of range')

let server: InProcessServer
let client: InProcessClient
beforeEach(() => {
  server = new InProcessServer()
  client = server.connect()
})
const call = (line: string) => client.call(...line.split(' '))

describe('DEL, UNLINK, EXISTS, TOUCH, TYPE', () => {
  it('count the keys that were there', () => {
    call('MSET a 1 b 2 c 3')
    expect(call('EXISTS a a b nosuch')).toBe(3)
    expect(call('TOUCH a b nosuch')).toBe(2)
    expect(call('DEL a nosuch a')).toBe(1)
    expect(call('UNLINK b c')).toBe(2)
    expect(call('DBSIZE')).toBe(0)
  })

  it('TYPE names what a key holds', () => {
    call('SET s 1')
    call('RPUSH l x')
    call('LOCK.ACQUIRE k me')
    expect(['s', 'l', 'k', 'nosuch'].map(key => call(`TYPE ${key}`))).toEqual([
      'string',
      'list',
      'lock',
      'none',
    ])
  })

  it('TOUCH uses a key, EXISTS and TYPE do not', () => {
    call('SET a 1')
    server.advance(30_000)
    call('EXISTS a')
    call('TYPE a')
    call('TTL a')
    expect(call('OBJECT IDLETIME a')).toBe(30)
    call('TOUCH a')
    expect(call('OBJECT IDLETIME a')).toBe(0)
  })
})

describe('RANDOMKEY', () => {
  it('answers each key now and then, and nothing where there is none', () => {
    expect(call('RANDOMKEY')).toBeNull()
    call('MSET a 1 b 2 c 3')
    const seen = new Set(Array.from({ length: 200 }, () => call('RANDOMKEY')))
    expect(seen).toEqual(new Set(['a', 'b', 'c']))
  })

  it('never answers a key whose time is over', () => {
    call('SET alive 1')
    for (let i = 0; i < 300; i++) call(`SET dead${i} 1 PX 1`)
    server.clock.advance(5)
    expect(call('RANDOMKEY')).toBe('alive')
    server.server.keyspace.expires = false
    for (let i = 0; i < 300; i++) call(`SET dead${i} 1 PX 1`)
    server.clock.advance(5)
    expect(call('RANDOMKEY')).toBe('alive')
  })
})

describe('RENAME and RENAMENX', () => {
  it('give a value another name, with its expiry, in place of what had that name', () => {
    call('SET a 1 EX 100')
    call('RPUSH b x')
    expect(call('RENAME a b')).toBe('OK')
    expect([call('GET b'), call('TTL b'), call('EXISTS a')]).toEqual(['1', 100, 0])
    call('SET c 3')
    expect([call('RENAMENX b c'), call('RENAMENX b d'), call('GET d')]).toEqual([0, 1, '1'])
  })

  it('of a key to itself does nothing, of a missing one is an error', () => {
    call('SET a 1')
    expect([call('RENAME a a'), call('RENAMENX a a')]).toEqual(['OK', 0])
    expect([call('RENAME x y'), call('RENAMENX x x')]).toEqual([NO_KEY, NO_KEY])
  })

  it('do not copy a collection', () => {
    client.call('RPUSH', 'a', ...Array.from({ length: 5000 }, (_, i) => `element ${i}`))
    const { db } = client.client
    const objectOf = (key: string) => db.object(db.find(Buffer.from(key), 0, key.length))
    const list = objectOf('a')
    call('RENAME a another')
    expect(objectOf('another')).toBe(list)
    call('MOVE another 1')
    expect(call('EXISTS another')).toBe(0)
    call('SELECT 1')
    expect(call('LINDEX another -1')).toBe('element 4999')
  })

  it('account for the memory of what moves and of what goes', () => {
    const { keyspace } = server.server
    const before = keyspace.memory
    client.call('RPUSH', 'a', ...Array.from({ length: 5000 }, (_, i) => `element ${i}`))
    client.call('RPUSH', 'b', ...Array.from({ length: 5000 }, (_, i) => `element ${i}`))
    call('RENAME a b')
    call('COPY b c')
    call('MOVE c 3')
    call('FLUSHALL')
    expect(keyspace.objectBytes).toBe(0)
    expect(keyspace.memory).toBeLessThanOrEqual(before + 1000)
  })
})

describe('MOVE and COPY', () => {
  it('MOVE gives a key to another database where that has no such key', () => {
    call('SET a 1 EX 100')
    expect([call('MOVE a 1'), call('MOVE a 1'), call('EXISTS a')]).toEqual([1, 0, 0])
    call('SET a 2')
    expect(call('MOVE a 1')).toBe(0)
    call('SELECT 1')
    expect([call('GET a'), call('TTL a')]).toEqual(['1', 100])
    expect(call('MOVE a 1')).toEqual(SAME)
    expect([call('MOVE a 16'), call('MOVE a -1')]).toEqual([NO_DATABASE, NO_DATABASE])
    expect(call('MOVE a x')).toEqual(new RespError('ERR value is not an integer or out of range'))
  })

  it('COPY leaves the original, and replaces only where it may', () => {
    call('SET a 1 EX 100')
    expect([call('COPY a b'), call('COPY a b'), call('COPY nosuch b')]).toEqual([1, 0, 0])
    call('SET a 2 KEEPTTL')
    expect([call('GET b'), call('TTL b')]).toEqual(['1', 100])
    expect([call('COPY a b REPLACE'), call('GET b')]).toEqual([1, '2'])
    expect([call('COPY a a DB 3'), call('COPY a a DB 3')]).toEqual([1, 0])
    expect([call('COPY a a'), call('COPY a a DB 0')]).toEqual([SAME, SAME])
    expect([call('COPY a b DB'), call('COPY a b DB 99')]).toEqual([SYNTAX, NO_DATABASE])
  })

  it('COPY makes collections of their own', () => {
    const many = Array.from({ length: 1000 }, (_, i) => `m${i}`)
    client.call('RPUSH', 'list', ...many)
    client.call('SADD', 'set', ...many)
    client.call('ZADD', 'zset', ...many.flatMap((member, i) => [String(i), member]))
    for (const key of ['list', 'set', 'zset']) expect(call(`COPY ${key} copy:${key}`)).toBe(1)
    call('LPOP list')
    call('SREM set m0')
    call('ZREM zset m0')
    expect([call('LINDEX copy:list 0'), call('LLEN copy:list')]).toEqual(['m0', 1000])
    expect([call('SISMEMBER copy:set m0'), call('SCARD copy:set')]).toEqual([1, 1000])
    expect([call('ZSCORE copy:zset m0'), call('ZCARD copy:zset')]).toEqual(['0', 1000])
  })
})

describe('coordination objects', () => {
  beforeEach(() => {
    call('LOCK.ACQUIRE lock me')
    call('SET s 1')
  })

  it('keep their name and their time while somebody holds them', () => {
    const refused = (name: string) => new RespError(`ERR ${name} does not apply to a lock`)
    expect(call('RENAME lock other')).toEqual(refused('RENAME'))
    expect(call('RENAMENX lock other')).toEqual(refused('RENAMENX'))
    expect(call('COPY lock other')).toEqual(refused('COPY'))
    expect(call('MOVE lock 1')).toEqual(refused('MOVE'))
    expect(call('EXPIRE lock 1')).toEqual(refused('EXPIRE'))
    expect(call('PEXPIREAT lock 1')).toEqual(refused('PEXPIREAT'))
    expect([call('TTL lock'), call('PERSIST lock'), call('TYPE lock')]).toEqual([-1, 0, 'lock'])
  })

  it('are not overwritten, but deleted by those who ask for that', () => {
    expect(call('RENAME s lock')).toEqual(WRONG_TYPE)
    expect(call('COPY s lock REPLACE')).toEqual(WRONG_TYPE)
    expect(call('GET s')).toBe('1')
    expect([call('DEL lock'), call('EXISTS lock')]).toEqual([1, 0])
  })
})

describe('KEYS and SCAN', () => {
  it('KEYS answers those that match, and none whose time is over', () => {
    call('MSET one 1 two 2 three 3')
    call('SET dead 1 PX 1')
    server.clock.advance(5)
    expect(new Set(call('KEYS *') as string[])).toEqual(new Set(['one', 'two', 'three']))
    expect(new Set(call('KEYS t*') as string[])).toEqual(new Set(['two', 'three']))
    expect(call('KEYS nosuch')).toEqual([])
    expect(call('DBSIZE')).toBe(4)
  })

  function scanAll(options = ''): string[] {
    const keys: string[] = []
    let cursor = '0'
    do {
      const [next, found] = call(`SCAN ${cursor}${options}`) as [string, string[]]
      keys.push(...found)
      cursor = next
    } while (cursor !== '0')
    return keys
  }

  it('SCAN meets every key that stays, whatever comes and goes meanwhile', () => {
    for (let i = 0; i < 1000; i++) call(`SET stays${i} 1`)
    for (let i = 0; i < 1000; i++) call(`SET goes${i} 1`)
    const seen = new Set<RespValue>()
    let cursor = '0'
    let gone = 0
    do {
      const [next, found] = call(`SCAN ${cursor} COUNT 7`) as [string, string[]]
      for (const key of found) seen.add(key)
      for (let i = 0; i < 5; i++) call(`DEL goes${gone++}`)
      call(`SET comes${gone} 1`)
      cursor = next
    } while (cursor !== '0')
    for (let i = 0; i < 1000; i++) expect(seen.has(`stays${i}`)).toBe(true)
  })

  it('SCAN filters by pattern and by type', () => {
    call('MSET a 1 ab 2 b 3')
    call('RPUSH al x')
    expect(new Set(scanAll(' MATCH a*'))).toEqual(new Set(['a', 'ab', 'al']))
    expect(scanAll(' TYPE list')).toEqual(['al'])
    expect(new Set(scanAll(' MATCH a* TYPE STRING COUNT 1'))).toEqual(new Set(['a', 'ab']))
    expect(scanAll(' TYPE nosuch')).toEqual([])
  })

  it('SCAN deletes the keys that it meets after their time', () => {
    call('SET dead 1 PX 1')
    server.clock.advance(5)
    expect(scanAll()).toEqual([])
    expect(call('DBSIZE')).toBe(0)
  })

  it('SCAN refuses what is no cursor, and options that are none', () => {
    const invalid = new RespError('ERR invalid cursor')
    expect([call('SCAN x'), call('SCAN 1x'), call('SCAN 18446744073709551616')]).toEqual([
      invalid,
      invalid,
      invalid,
    ])
    expect([call('SCAN 0 COUNT 0'), call('SCAN 0 NOSUCH 1'), call('SCAN 0 MATCH')]).toEqual([
      SYNTAX,
      SYNTAX,
      SYNTAX,
    ])
    expect(call('SCAN 18446744073709551615')).toEqual(['0', []])
  })
})

describe('OBJECT', () => {
  it('ENCODING names how a value is kept', () => {
    call('MSET int 12 embstr text')
    client.call('SET', 'raw', 'x'.repeat(45))
    expect(['int', 'embstr', 'raw', 'nosuch'].map(key => call(`OBJECT ENCODING ${key}`))).toEqual([
      'int',
      'embstr',
      'raw',
      null,
    ])
  })

  it('IDLETIME and FREQ go with the policy', () => {
    call('SET a 1')
    server.advance(90_000)
    expect(call('OBJECT IDLETIME a')).toBe(90)
    expect(call('OBJECT FREQ a')).toMatchObject({ text: expect.stringContaining('not tracked') })
    call('CONFIG SET maxmemory-policy allkeys-lfu')
    call('SET b 1')
    for (let i = 0; i < 100; i++) call('GET b')
    expect(call('OBJECT FREQ b')).toBeGreaterThan(5)
    expect(call('OBJECT IDLETIME b')).toMatchObject({
      text: expect.stringContaining('idle time not tracked'),
    })
    expect([call('OBJECT FREQ nosuch'), call('OBJECT IDLETIME nosuch')]).toEqual([null, null])
  })

  it('REFCOUNT tells integers that Redis shares', () => {
    call('MSET a 9999 b 10000 c text')
    expect(['a', 'b', 'c', 'nosuch'].map(key => call(`OBJECT REFCOUNT ${key}`))).toEqual([
      2147483647,
      1,
      1,
      null,
    ])
  })

  it('HELP lists the subcommands', () => {
    const help = call('OBJECT HELP') as string[]
    expect(help[0]).toMatch(/^OBJECT <subcommand>/)
    expect(help.some(line => /ENCODING/i.test(line))).toBe(true)
    expect(call('OBJECT NOSUCH')).toEqual(
      new RespError("ERR unknown subcommand 'NOSUCH'. Try OBJECT HELP."),
    )
  })
})

describe('WAIT and WAITAOF', () => {
  it('answer nothing at once where nothing is asked for', () => {
    expect([call('WAIT 0 1000'), call('WAITAOF 0 0 1000')]).toEqual([0, [0, 0]])
  })

  it('wait to the end of their time for what never comes', () => {
    client.send('WAIT', '1', '100')
    client.send('PING')
    server.advance(99)
    expect(client.replies()).toEqual([])
    server.advance(1)
    expect(client.replies()).toEqual([0, 'PONG'])
    client.send('WAITAOF', '0', '2', '50')
    server.advance(50)
    expect(client.replies()).toEqual([[0, 0]])
  })

  it('do not wait in a transaction', () => {
    expect(
      client.pipeline(['MULTI'], ['WAIT', '1', '0'], ['WAITAOF', '0', '1', '0'], ['EXEC']),
    ).toEqual(['OK', 'QUEUED', 'QUEUED', [0, [0, 0]]])
  })

  it('refuse numbers and times that are none', () => {
    const notInteger = new RespError('ERR value is not an integer or out of range')
    expect(call('WAIT x 0')).toEqual(notInteger)
    expect(call('WAIT 1 x')).toEqual(new RespError('ERR timeout is not an integer or out of range'))
    expect(call('WAIT 1 -1')).toEqual(new RespError('ERR timeout is negative'))
    expect(call('WAITAOF 2 0 0')).toEqual(
      new RespError('ERR value is out of range, value must between 0 and 1'),
    )
    expect(call('WAITAOF 0 -1 0')).toEqual(
      new RespError('ERR value is out of range, must be positive'),
    )
    expect(call('WAITAOF 1 0 0')).toEqual(
      new RespError('ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.'),
    )
  })
})

describe('MIGRATE', () => {
  it('is refused, and says what to do instead', () => {
    expect(call('MIGRATE host 6379 key 0 1000')).toMatchObject({
      text: expect.stringContaining('DUMP and RESTORE'),
    })
    expect(call('COMMAND GETKEYS MIGRATE host 6379 key 0 1000')).toEqual(['key'])
    expect(
      client.call(
        ...'COMMAND GETKEYS MIGRATE h 1'.split(' '),
        '',
        ...'0 9 COPY AUTH KEYS KEYS a b'.split(' '),
      ),
    ).toEqual(['a', 'b'])
  })
})
