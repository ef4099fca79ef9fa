// What the commands on hashes do, by example. Expiry of fields has a file of its own.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

function connect(protocol: 2 | 3 = 2): InProcessClient {
  return new InProcessServer().connect(protocol)
}

const wrongType = new RespError('WRONGTYPE Operation against a key holding the wrong kind of value')

describe('HSET', () => {
  it('sets fields and answers how many are new', () => {
    const client = connect()
    expect(client.call('HSET', 'h', 'a', '1', 'b', '2')).toBe(2)
    expect(client.call('HSET', 'h', 'b', '3', 'c', '4', 'c', '5')).toBe(1)
    expect(client.call('HGETALL', 'h')).toEqual(['a', '1', 'b', '3', 'c', '5'])
    expect(client.call('HMSET', 'h', 'd', '6')).toBe('OK')
  })

  it('keeps every byte of fields and values', () => {
    const client = connect()
    const pairs = ['', '\0\r\n', '\xff', '', '01', '007', '-0', '1.0', '12345678901234567890', ' ']
    client.call('HSET', 'h', ...pairs)
    expect(client.call('HGETALL', 'h')).toEqual(pairs)
  })

  it('refuses a field without a value, and keys that hold something else', () => {
    const client = connect()
    client.call('SET', 's', 'text')
    expect(client.call('HSET', 'h', 'a', '1', 'b')).toEqual(
      new RespError("ERR wrong number of arguments for 'hset' command"),
    )
    expect(client.call('HSET', 's', 'a', '1')).toEqual(wrongType)
    expect(client.call('HGET', 's', 'a')).toEqual(wrongType)
  })
})

it('HSETNX leaves what is there', () => {
  const client = connect()
  expect(client.call('HSETNX', 'h', 'a', '1')).toBe(1)
  expect(client.call('HSETNX', 'h', 'a', '2')).toBe(0)
  expect(client.call('HGET', 'h', 'a')).toBe('1')
})

it('HGET, HMGET, HEXISTS and HSTRLEN look at fields', () => {
  const client = connect()
  client.call('HSET', 'h', 'a', 'hello', 'n', '-12345')
  expect(client.call('HGET', 'h', 'a')).toBe('hello')
  expect(client.call('HGET', 'h', 'x')).toBe(null)
  expect(client.call('HMGET', 'h', 'n', 'x', 'a')).toEqual(['-12345', null, 'hello'])
  expect(client.call('HMGET', 'none', 'n', 'x')).toEqual([null, null])
  expect(client.call('HEXISTS', 'h', 'a')).toBe(1)
  expect(client.call('HEXISTS', 'h', 'x')).toBe(0)
  expect(client.call('HSTRLEN', 'h', 'a')).toBe(5)
  expect(client.call('HSTRLEN', 'h', 'n')).toBe(6)
  expect(client.call('HSTRLEN', 'h', 'x')).toBe(0)
})

it('HDEL deletes the key with the last field', () => {
  const client = connect()
  client.call('HSET', 'h', 'a', '1', 'b', '2')
  expect(client.call('HDEL', 'h', 'a', 'a', 'x')).toBe(1)
  expect(client.call('HLEN', 'h')).toBe(1)
  expect(client.call('HDEL', 'h', 'b')).toBe(1)
  expect(client.call('EXISTS', 'h')).toBe(0)
})

it('HGETALL is a map in RESP3; HKEYS and HVALS are its halves', () => {
  const client = connect(3)
  client.call('HSET', 'h', 'a', '1', 'b', '2')
  expect(client.call('HGETALL', 'h')).toEqual(
    new Map([
      ['a', '1'],
      ['b', '2'],
    ]),
  )
  expect(client.call('HGETALL', 'none')).toEqual(new Map())
  expect(client.call('HKEYS', 'h')).toEqual(['a', 'b'])
  expect(client.call('HVALS', 'h')).toEqual(['1', '2'])
})

describe('HINCRBY', () => {
  it('counts over all of 64 bits', () => {
    const client = connect()
    expect(client.call('HINCRBY', 'h', 'a', '5')).toBe(5)
    expect(client.call('HINCRBY', 'h', 'a', '-7')).toBe(-2)
    client.call('HSET', 'h', 'a', '9223372036854775800')
    expect(client.call('HINCRBY', 'h', 'a', '7')).toBe(9223372036854775807n)
    expect(client.call('HINCRBY', 'h', 'a', '1')).toEqual(
      new RespError('ERR increment or decrement would overflow'),
    )
    expect(client.call('HINCRBY', 'h', 'a', '-9223372036854775808')).toBe(-1)
  })

  it('refuses what is no number, in the field or as an argument', () => {
    const client = connect()
    client.call('HSET', 'h', 'a', 'text', 'b', ' 1')
    const notInteger = new RespError('ERR hash value is not an integer')
    expect(client.call('HINCRBY', 'h', 'a', '1')).toEqual(notInteger)
    expect(client.call('HINCRBY', 'h', 'b', '1')).toEqual(notInteger)
    expect(client.call('HINCRBY', 'none', 'a', '1.5')).toEqual(
      new RespError('ERR value is not an integer or out of range'),
    )
    expect(client.call('EXISTS', 'none')).toBe(0)
  })
})

it('HINCRBYFLOAT adds as a decimal would', () => {
  const client = connect()
  expect(client.call('HINCRBYFLOAT', 'h', 'a', '0.1')).toBe('0.1')
  expect(client.call('HINCRBYFLOAT', 'h', 'a', '0.2')).toBe('0.3')
  expect(client.call('HINCRBYFLOAT', 'h', 'b', '5.0e3')).toBe('5000')
  expect(client.call('HINCRBYFLOAT', 'h', 'a', 'inf')).toEqual(
    new RespError('ERR value is NaN or Infinity'),
  )
  client.call('HSET', 'h', 'b', 'text')
  expect(client.call('HINCRBYFLOAT', 'h', 'b', '1')).toEqual(
    new RespError('ERR hash value is not a float'),
  )
})

describe('HRANDFIELD', () => {
  it('draws fields, with their values if asked', () => {
    const client = connect()
    client.call('HSET', 'h', 'a', '1', 'b', '2', 'c', '3')
    expect(['a', 'b', 'c']).toContain(client.call('HRANDFIELD', 'h'))
    const drawn = client.call('HRANDFIELD', 'h', '2') as string[]
    expect(new Set(drawn).size).toBe(2)
    expect(client.call('HRANDFIELD', 'h', '-5')).toHaveLength(5)
    expect(client.call('HRANDFIELD', 'h', '9', 'WITHVALUES')).toEqual([
      'a',
      '1',
      'b',
      '2',
      'c',
      '3',
    ])
    expect(client.call('HRANDFIELD', 'none')).toBe(null)
    expect(client.call('HRANDFIELD', 'none', '3')).toEqual([])
  })

  it('answers pairs in RESP3', () => {
    const client = connect(3)
    client.call('HSET', 'h', 'a', '1')
    expect(client.call('HRANDFIELD', 'h', '-2', 'WITHVALUES')).toEqual([
      ['a', '1'],
      ['a', '1'],
    ])
  })
})

describe('HSCAN', () => {
  it('answers a packed hash at once, whatever COUNT says', () => {
    const client = connect()
    client.call('HSET', 'h', 'a', '1', 'b', '2')
    expect(client.call('HSCAN', 'h', '0', 'COUNT', '1')).toEqual(['0', ['a', '1', 'b', '2']])
    expect(client.call('HSCAN', 'h', '0', 'MATCH', 'b')).toEqual(['0', ['b', '2']])
    expect(client.call('HSCAN', 'h', '0', 'NOVALUES')).toEqual(['0', ['a', 'b']])
    expect(client.call('HSCAN', 'none', '0')).toEqual(['0', []])
  })

  it('meets every field of a large hash that stays, while others come and go', () => {
    const client = connect()
    const fields = Array.from({ length: 1000 }, (_, i) => `stays:${i}`)
    client.call('HSET', 'h', ...fields.flatMap(field => [field, field]))
    const met = new Set<string>()
    let cursor = '0'
    let step = 0
    do {
      const scan = ['HSCAN', 'h', cursor, 'COUNT', '25', 'NOVALUES']
      const [next, found] = client.call(...scan) as [string, string[]]
      for (const field of found) met.add(field)
      client.call('HSET', 'h', `comes:${step}`, 'x')
      if (step > 3) client.call('HDEL', 'h', `comes:${step - 3}`)
      step++
      cursor = next
    } while (cursor !== '0')
    expect(fields.filter(field => !met.has(field))).toEqual([])
  })
})

it('keyspace events name what was done, and the key that is gone', () => {
  const server = new InProcessServer({ settings: [['notify-keyspace-events', 'Ehg']] })
  const [client, listener] = [server.connect(), server.connect(3)]
  listener.send('PSUBSCRIBE', '*')
  listener.received()
  client.call('HSET', 'h', 'a', '1')
  client.call('HSETNX', 'h', 'a', '1')
  client.call('HMSET', 'h', 'b', '1')
  client.call('HINCRBY', 'h', 'a', '1')
  client.call('HINCRBYFLOAT', 'h', 'a', '1')
  client.call('HDEL', 'h', 'a', 'b')
  const events = listener.pushes().map(push => (push as string[])[2]!.split(':')[1])
  expect(events).toEqual(['hset', 'hset', 'hincrby', 'hincrbyfloat', 'hdel', 'del'])
})
