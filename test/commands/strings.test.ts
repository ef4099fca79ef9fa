import { beforeEach, describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const NOW = Date.UTC(2024, 0, 1)
const SYNTAX = new RespError('ERR syntax error')
const WRONG_TYPE = new RespError(
  'WRONGTYPE Operation against a key holding the wrong kind of value',
)
const NOT_INTEGER = new RespError('ERR value is not an integer or out of range')
const invalidExpire = (command: string) =>
  new RespError(`ERR invalid expire time in '${command}' command`)

let server: InProcessServer
let client: InProcessClient
beforeEach(() => {
  server = new InProcessServer({ settings: [['proto-max-bulk-len', '1mb']] })
  client = server.connect()
})
const call = (line: string) => client.call(...line.split(' '))

describe('SET', () => {
  it('replaces whatever was there, with its expiry', () => {
    call('RPUSH k a')
    call('EXPIRE k 100')
    expect(call('SET k v')).toBe('OK')
    expect([call('GET k'), call('TTL k')]).toEqual(['v', -1])
  })

  it('keeps any bytes', () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1')
    client.call('SET', every, every + every)
    expect(client.call('GET', every)).toBe(every + every)
    client.call('SET', '', '')
    expect(client.call('GET', '')).toBe('')
  })

  it('NX sets what is not there, XX what is', () => {
    expect(call('SET k v XX')).toBeNull()
    expect(call('SET k v NX')).toBe('OK')
    expect(call('SET k w NX')).toBeNull()
    expect(call('SET k w XX')).toBe('OK')
    expect(call('GET k')).toBe('w')
    expect(call('SET k v NX XX')).toEqual(SYNTAX)
  })

  it('GET answers what was there, whether or not it was replaced', () => {
    expect(call('SET k 1 GET')).toBeNull()
    expect(call('SET k 2 GET')).toBe('1')
    expect(call('SET k 3 NX GET')).toBe('2')
    expect(call('GET k')).toBe('2')
    call('RPUSH l a')
    expect(call('SET l 1 GET')).toEqual(WRONG_TYPE)
    expect(call('TYPE l')).toBe('list')
  })

  it('takes an expiry in four ways, or keeps the one there was', () => {
    call('SET k v EX 100')
    expect(call('PTTL k')).toBe(100_000)
    call('SET k v PX 1500')
    expect(call('PTTL k')).toBe(1500)
    call(`SET k v EXAT ${NOW / 1000 + 7}`)
    expect(call('PTTL k')).toBe(7000)
    call(`SET k v PXAT ${NOW + 42}`)
    expect(call('PTTL k')).toBe(42)
    call('SET k w KEEPTTL')
    expect([call('GET k'), call('PTTL k')]).toEqual(['w', 42])
    call('SET k w')
    expect(call('PTTL k')).toBe(-1)
  })

  it.each(['EX 10 PX 10', 'EX 10 KEEPTTL', 'KEEPTTL PXAT 1', 'PERSIST', 'EX', 'EX abc ZZ'])(
    'refuses the options %s',
    options => {
      expect(call(`SET k v ${options}`)).toEqual(SYNTAX)
      expect(call('EXISTS k')).toBe(0)
    },
  )

  it.each(['EX 0', 'PX -1', 'EXAT 0', 'EX 9223372036854776', 'PX 9223372036854775807'])(
    'refuses the time %s',
    option => {
      expect(call(`SET k v ${option}`)).toEqual(invalidExpire('set'))
      expect(call('EXISTS k')).toBe(0)
    },
  )

  it('looks at the time before it looks at the key', () => {
    call('SET k v')
    expect(call('SET k w EX abc NX')).toEqual(NOT_INTEGER)
    expect(call('SET k w EX 0 NX')).toEqual(invalidExpire('set'))
  })

  it('with a time in the past stores what nobody can read', () => {
    expect(call('SET k v PXAT 1')).toBe('OK')
    expect(call('DBSIZE')).toBe(1)
    expect(call('GET k')).toBeNull()
    expect(call('DBSIZE')).toBe(0)
  })

  it('takes the last of an option that is said twice', () => {
    call('SET k v PX 5 PX 7')
    expect(call('PTTL k')).toBe(7)
  })

  it('never takes away what coordinates, alone or among others', () => {
    call('LOCK.ACQUIRE lock me')
    expect(call('SET lock v')).toEqual(WRONG_TYPE)
    expect(call('SET lock v GET')).toEqual(WRONG_TYPE)
    expect(call('MSET a 1 lock v')).toEqual(WRONG_TYPE)
    expect(call('EXISTS a')).toBe(0)
    expect(call('BITOP NOT lock a')).toEqual(WRONG_TYPE)
    expect(call('TYPE lock')).toBe('lock')
  })
})

describe('SETNX, SETEX, PSETEX, GETSET, GETDEL', () => {
  it('are SET and GET in other words', () => {
    expect([call('SETNX k 1'), call('SETNX k 2'), call('GET k')]).toEqual([1, 0, '1'])
    expect([call('SETEX k 10 v'), call('TTL k')]).toEqual(['OK', 10])
    expect([call('PSETEX k 10 v'), call('PTTL k')]).toEqual(['OK', 10])
    expect([call('GETSET k w'), call('PTTL k')]).toEqual(['v', -1])
    expect([call('GETDEL k'), call('GETDEL k'), call('EXISTS k')]).toEqual(['w', null, 0])
    expect(call('SETEX k 0 v')).toEqual(invalidExpire('setex'))
    expect(call('PSETEX k -1 v')).toEqual(invalidExpire('psetex'))
    expect(call('SETEX k x v')).toEqual(NOT_INTEGER)
    call('RPUSH l a')
    expect([call('GETSET l v'), call('GETDEL l')]).toEqual([WRONG_TYPE, WRONG_TYPE])
  })
})

describe('GETEX', () => {
  it('reads, and sets the expiry or takes it away', () => {
    call('SET k v')
    expect([call('GETEX k'), call('TTL k')]).toEqual(['v', -1])
    expect([call('GETEX k EX 10'), call('TTL k')]).toEqual(['v', 10])
    expect([call('GETEX k PERSIST'), call('TTL k')]).toEqual(['v', -1])
    expect([call('GETEX k PXAT 1'), call('EXISTS k')]).toEqual(['v', 0])
  })

  it('looks at the key before it looks at the time, and at the syntax before both', () => {
    expect(call('GETEX k EX abc')).toBeNull()
    expect(call('GETEX k EX 1 PERSIST')).toEqual(SYNTAX)
    expect(call('GETEX k NX')).toEqual(SYNTAX)
    call('RPUSH l a')
    expect(call('GETEX l EX abc')).toEqual(WRONG_TYPE)
    call('SET k v')
    expect(call('GETEX k EX abc')).toEqual(NOT_INTEGER)
    expect(call('GETEX k EX 0')).toEqual(invalidExpire('getex'))
  })
})

describe('MGET, MSET, MSETNX', () => {
  it('work on several keys at once', () => {
    expect(call('MSET a 1 b 2 a 3')).toBe('OK')
    call('RPUSH l x')
    expect(call('MGET a b nosuch l')).toEqual(['3', '2', null, null])
    expect(call('MSETNX c 1 a 2')).toBe(0)
    expect(call('EXISTS c')).toBe(0)
    expect(call('MSETNX c 1 d 2')).toBe(1)
    const wrong = (name: string) =>
      new RespError(`ERR wrong number of arguments for '${name}' command`)
    expect(call('MSET a 1 b')).toEqual(wrong('mset'))
    expect(call('MSETNX a 1 b')).toEqual(wrong('msetnx'))
  })
})

describe('INCR, DECR, INCRBY, DECRBY', () => {
  it('count from nothing, and keep the expiry', () => {
    expect([call('INCR k'), call('INCRBY k 41'), call('DECR k'), call('DECRBY k 1')]).toEqual([
      1, 42, 41, 40,
    ])
    call('EXPIRE k 10')
    call('INCR k')
    expect([call('GET k'), call('TTL k')]).toEqual(['41', 10])
  })

  it('are exact to the last of 64 bits, and go no further', () => {
    call('SET k 9223372036854775806')
    expect(call('INCR k')).toBe(9223372036854775807n)
    expect(call('INCR k')).toEqual(new RespError('ERR increment or decrement would overflow'))
    call('SET k 9007199254740991')
    expect(call('INCRBY k 2')).toBe(9007199254740993n)
    expect(call('DECRBY k 9007199254740993')).toBe(0)
    call('SET k -9223372036854775807')
    expect(call('DECR k')).toBe(-9223372036854775808n)
    expect(call('DECR k')).toEqual(new RespError('ERR increment or decrement would overflow'))
    expect(call('DECRBY k -9223372036854775808')).toEqual(
      new RespError('ERR decrement would overflow'),
    )
  })

  it.each(['abc', '', ' 1', '1 ', '+1', '007', '1.0', '9223372036854775808', '0x10'])(
    'refuse "%s", stored or given',
    text => {
      client.call('SET', 'k', text)
      expect(call('INCR k')).toEqual(NOT_INTEGER)
      expect(call('INCRBY k 9223372036854775807')).toEqual(NOT_INTEGER)
      expect(client.call('GET', 'k')).toBe(text)
      expect(client.call('INCRBY', 'n', text)).toEqual(NOT_INTEGER)
      expect(call('EXISTS n')).toBe(0)
    },
  )
})

describe('INCRBYFLOAT', () => {
  it('adds decimals without the noise of doubles', () => {
    call('SET k 0.1')
    expect(call('INCRBYFLOAT k 0.2')).toBe('0.3')
    expect(call('INCRBYFLOAT k -0.3')).toBe('0')
    expect(call('INCRBYFLOAT k 5.0e3')).toBe('5000')
    expect(call('INCRBYFLOAT k 0x1p3')).toBe('5008')
  })

  it('keeps its sum as a string', () => {
    call('INCRBYFLOAT k 3')
    expect(call('OBJECT ENCODING k')).toBe('embstr')
    expect(call('INCR k')).toBe(4)
    expect(call('OBJECT ENCODING k')).toBe('int')
  })

  it('refuses what is no number, and sums that are none', () => {
    expect(call('INCRBYFLOAT k abc')).toEqual(new RespError('ERR value is not a valid float'))
    const notFinite = new RespError('ERR increment would produce NaN or Infinity')
    expect(call('INCRBYFLOAT k inf')).toEqual(notFinite)
    expect(call('EXISTS k')).toBe(0)
  })
})

describe('APPEND, STRLEN, GETRANGE, SETRANGE', () => {
  it('work on parts of a string', () => {
    expect([call('APPEND k Hello'), call('APPEND k World'), call('STRLEN k')]).toEqual([5, 10, 10])
    expect([call('GETRANGE k 0 4'), call('GETRANGE k -5 -1'), call('SUBSTR k 3 100')]).toEqual([
      'Hello',
      'World',
      'loWorld',
    ])
    expect([call('GETRANGE k -1 -3'), call('GETRANGE k 20 30'), call('GETRANGE no 0 -1')]).toEqual([
      '',
      '',
      '',
    ])
    expect([call('SETRANGE k 5 Redis'), call('GET k')]).toEqual([10, 'HelloRedis'])
    expect([call('SETRANGE new 3 x'), call('GET new')]).toEqual([4, '\0\0\0x'])
  })

  it('SETRANGE of nothing changes nothing', () => {
    expect(client.call('SETRANGE', 'k', '10', '')).toBe(0)
    expect(call('EXISTS k')).toBe(0)
    call('SET k 123')
    expect(client.call('SETRANGE', 'k', '10', '')).toBe(3)
    expect(call('OBJECT ENCODING k')).toBe('int')
  })

  it('go no further than proto-max-bulk-len', () => {
    const tooLong = new RespError('ERR string exceeds maximum allowed size (proto-max-bulk-len)')
    expect(call('SETRANGE k 1048576 x')).toEqual(tooLong)
    expect(call('SETRANGE k 9223372036854775807 x')).toEqual(tooLong)
    expect(call('EXISTS k')).toBe(0)
    expect(call('SETRANGE k 1048575 x')).toBe(1048576)
    expect(call('APPEND k y')).toEqual(tooLong)
    expect(call('SETRANGE k -1 x')).toEqual(new RespError('ERR offset is out of range'))
  })

  it('change a large string where it lies, unless a reply still shows it', () => {
    call('SETRANGE k 1000000 x')
    const { db } = client.client
    const pageOf = () => db.page(db.find(Buffer.from('k'), 0, 1))
    const page = pageOf()
    call('SETRANGE k 5 y')
    call('SETBIT k 0 1')
    expect(pageOf()).toBe(page)
    const before = client.callBytes('GET', 'k').toString('latin1')
    call('SETRANGE k 7 z')
    expect(pageOf()).not.toBe(page)
    expect(page.includes('z')).toBe(false)
    expect(client.callBytes('GET', 'k').toString('latin1')).toBe(before.replace('y\0\0', 'y\0z'))
  })
})

describe('LCS', () => {
  beforeEach(() => {
    call('MSET a ohmytext b mynewtext')
  })

  it('answers the subsequence, its length, or where it lies', () => {
    expect(call('LCS a b')).toBe('mytext')
    expect(call('LCS a b LEN')).toBe(6)
    expect(call('LCS a b IDX')).toEqual([
      'matches',
      [
        [
          [4, 7],
          [5, 8],
        ],
        [
          [2, 3],
          [0, 1],
        ],
      ],
      'len',
      6,
    ])
    expect(call('LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN')).toEqual([
      'matches',
      [[[4, 7], [5, 8], 4]],
      'len',
      6,
    ])
    expect(server.connect(3).call('LCS', 'a', 'nosuch', 'IDX')).toEqual(
      new Map<string, unknown>([
        ['matches', []],
        ['len', 0],
      ]),
    )
  })

  it('refuses contradictions, other types, and tables too large', () => {
    expect(call('LCS a b LEN IDX')).toEqual(
      new RespError('ERR If you want both the length and indexes, please just use IDX.'),
    )
    expect(call('LCS a b NOSUCH')).toEqual(SYNTAX)
    call('RPUSH l x')
    expect(call('LCS a l')).toEqual(
      new RespError('ERR The specified keys must contain string values'),
    )
    call('SETRANGE a 1000 x')
    call('SETRANGE b 1000 x')
    expect(call('LCS a b')).toEqual(
      new RespError('ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len'),
    )
  })
})
