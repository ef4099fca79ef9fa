// What the commands on sets do, by example.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

function connect(protocol: 2 | 3 = 2): InProcessClient {
  return new InProcessServer().connect(protocol)
}

const wrongType = new RespError('WRONGTYPE Operation against a key holding the wrong kind of value')

/** A server with sets by name. */
function withSets(sets: Readonly<Record<string, readonly string[]>>): InProcessClient {
  const client = connect()
  for (const [name, members] of Object.entries(sets)) client.call('SADD', name, ...members)
  return client
}

function sorted(reply: unknown): unknown[] {
  return [...(reply as unknown[])].sort()
}

describe('SADD and SREM', () => {
  it('answer how many members came or went, and delete the empty set', () => {
    const client = connect()
    expect(client.call('SADD', 's', 'a', 'b', 'a')).toBe(2)
    expect(client.call('SADD', 's', 'b', 'c')).toBe(1)
    expect(client.call('SREM', 's', 'a', 'x')).toBe(1)
    expect(client.call('SREM', 's', 'b', 'c')).toBe(2)
    expect(client.call('EXISTS', 's')).toBe(0)
  })

  it('tell apart what only looks like the same number', () => {
    const client = connect()
    const members = ['1', '01', '+1', '1.0', ' 1', '-0', '0', '9223372036854775808', '']
    expect(client.call('SADD', 's', ...members)).toBe(members.length)
    expect(sorted(client.call('SMEMBERS', 's'))).toEqual([...members].sort())
  })

  it('refuse keys that hold something else', () => {
    const client = connect()
    client.call('SET', 's', 'text')
    expect(client.call('SADD', 's', 'a')).toEqual(wrongType)
    expect(client.call('SMEMBERS', 's')).toEqual(wrongType)
  })
})

it('SISMEMBER and SMISMEMBER tell who is a member', () => {
  const client = withSets({ s: ['1', 'a'] })
  expect(client.call('SISMEMBER', 's', 'a')).toBe(1)
  expect(client.call('SISMEMBER', 's', 'x')).toBe(0)
  expect(client.call('SMISMEMBER', 's', '1', 'x', 'a')).toEqual([1, 0, 1])
  expect(client.call('SMISMEMBER', 'none', '1', 'x')).toEqual([0, 0])
})

it('SMEMBERS is a set in RESP3', () => {
  const client = connect(3)
  client.call('SADD', 's', '2', '1')
  expect(client.call('SMEMBERS', 's')).toEqual(new Set(['1', '2']))
  expect(client.call('SINTER', 's', 'none')).toEqual(new Set())
})

describe('SMOVE', () => {
  it('moves a member, which the destination may have already', () => {
    const client = withSets({ a: ['x', 'y'], b: ['y'] })
    expect(client.call('SMOVE', 'a', 'b', 'x')).toBe(1)
    expect(client.call('SMOVE', 'a', 'b', 'y')).toBe(1)
    expect(client.call('SMOVE', 'a', 'b', 'y')).toBe(0)
    expect(sorted(client.call('SMEMBERS', 'b'))).toEqual(['x', 'y'])
    expect(client.call('EXISTS', 'a')).toBe(0)
  })

  it('onto the same set changes nothing', () => {
    const client = withSets({ a: ['x'] })
    expect(client.call('SMOVE', 'a', 'a', 'x')).toBe(1)
    expect(client.call('SMOVE', 'a', 'a', 'z')).toBe(0)
    expect(client.call('SMEMBERS', 'a')).toEqual(['x'])
  })
})

describe('SINTER, SUNION and SDIFF', () => {
  it('combine sets', () => {
    const client = withSets({ a: ['1', '2', '3', 'x'], b: ['2', '3', '4'], c: ['3', 'x', 'y'] })
    expect(client.call('SINTER', 'a', 'b', 'c')).toEqual(['3'])
    expect(sorted(client.call('SUNION', 'a', 'b', 'c'))).toEqual(['1', '2', '3', '4', 'x', 'y'])
    expect(client.call('SDIFF', 'a', 'b', 'c')).toEqual(['1'])
    expect(client.call('SDIFF', 'a', 'a')).toEqual([])
    expect(client.call('SINTER', 'a', 'none')).toEqual([])
    expect(sorted(client.call('SDIFF', 'a', 'none', 'b'))).toEqual(['1', 'x'])
  })

  it('store what they found, or delete the destination if that is nothing', () => {
    const client = withSets({ a: ['1', '2'], b: ['2', '3'] })
    client.call('SET', 'd', 'text')
    expect(client.call('SUNIONSTORE', 'd', 'a', 'b')).toBe(3)
    expect(client.call('SMEMBERS', 'd')).toEqual(['1', '2', '3'])
    expect(client.call('SINTERSTORE', 'a', 'a', 'b')).toBe(1)
    expect(client.call('SMEMBERS', 'a')).toEqual(['2'])
    expect(client.call('SDIFFSTORE', 'd', 'a', 'b')).toBe(0)
    expect(client.call('EXISTS', 'd')).toBe(0)
  })

  it('drop the expiry of the destination', () => {
    const client = withSets({ a: ['1'], d: ['9'] })
    client.call('EXPIRE', 'd', '100')
    client.call('SUNIONSTORE', 'd', 'a')
    expect(client.call('TTL', 'd')).toBe(-1)
  })

  it('read every key before they answer, so that a wrong one is never overlooked', () => {
    const client = withSets({ a: ['1'] })
    client.call('SET', 's', 'text')
    expect(client.call('SINTER', 'none', 's')).toEqual(wrongType)
    expect(client.call('SDIFF', 'a', 'none', 's')).toEqual(wrongType)
  })
})

it('SINTERCARD counts, up to a limit', () => {
  const client = withSets({ a: ['1', '2', '3'], b: ['2', '3', '4'] })
  expect(client.call('SINTERCARD', '2', 'a', 'b')).toBe(2)
  expect(client.call('SINTERCARD', '2', 'a', 'b', 'LIMIT', '1')).toBe(1)
  expect(client.call('SINTERCARD', '2', 'a', 'b', 'LIMIT', '0')).toBe(2)
  expect(client.call('SINTERCARD', '3', 'a', 'b')).toEqual(
    new RespError("ERR Number of keys can't be greater than number of args"),
  )
})

describe('SPOP and SRANDMEMBER', () => {
  it('with a count take so many different members', () => {
    const client = withSets({ s: ['1', '2', '3', 'a', 'b'] })
    const drawn = client.call('SRANDMEMBER', 's', '3') as string[]
    expect(new Set(drawn).size).toBe(3)
    expect(client.call('SRANDMEMBER', 's', '-7')).toHaveLength(7)
    expect(sorted(client.call('SRANDMEMBER', 's', '9'))).toEqual(['1', '2', '3', 'a', 'b'])
    const popped = client.call('SPOP', 's', '2') as string[]
    const rest = client.call('SPOP', 's', '9') as string[]
    expect([...popped, ...rest].sort()).toEqual(['1', '2', '3', 'a', 'b'])
    expect(client.call('EXISTS', 's')).toBe(0)
  })

  it('answer nothing for no set: null, or an empty array', () => {
    const client = connect()
    expect(client.call('SPOP', 's')).toBe(null)
    expect(client.call('SPOP', 's', '2')).toEqual([])
    expect(client.call('SRANDMEMBER', 's')).toBe(null)
    expect(client.call('SRANDMEMBER', 's', '-2')).toEqual([])
  })

  it('refuse a reply of thousands of millions, which Redis would try', () => {
    const client = withSets({ s: ['1'] })
    expect(client.call('SRANDMEMBER', 's', '-4000000000')).toEqual(
      new RespError('ERR value is out of range'),
    )
  })
})

describe('SSCAN', () => {
  it('answers a packed set at once, whatever COUNT says', () => {
    const client = withSets({ s: ['1', '2', '3', 'a', 'b'] })
    expect(client.call('SSCAN', 's', '0', 'COUNT', '1')).toEqual(['0', ['1', '2', '3', 'a', 'b']])
    expect(client.call('SSCAN', 's', '0', 'MATCH', '[12a]')).toEqual(['0', ['1', '2', 'a']])
  })

  it('meets every member of a large set that stays, while others come and go', () => {
    const members = Array.from({ length: 1000 }, (_, i) => `stays:${i}`)
    const client = withSets({ s: members })
    const met = new Set<string>()
    let cursor = '0'
    let step = 0
    do {
      const [next, found] = client.call('SSCAN', 's', cursor, 'COUNT', '25') as [string, string[]]
      for (const member of found) met.add(member)
      client.call('SADD', 's', `comes:${step}`)
      if (step > 3) client.call('SREM', 's', `comes:${step - 3}`)
      step++
      cursor = next
    } while (cursor !== '0')
    expect(members.filter(member => !met.has(member))).toEqual([])
  })
})

it('keyspace events name what was done, and the key that is gone', () => {
  const server = new InProcessServer({ settings: [['notify-keyspace-events', 'Esg']] })
  const [client, listener] = [server.connect(), server.connect(3)]
  listener.send('PSUBSCRIBE', '*')
  listener.received()
  client.call('SADD', 's', 'a', 'b')
  client.call('SADD', 's', 'a')
  client.call('SMOVE', 's', 't', 'a')
  client.call('SUNIONSTORE', 'u', 's', 't')
  client.call('SPOP', 's')
  client.call('SREM', 't', 'a', 'x')
  const events = listener.pushes().map(push => (push as string[])[2]!.split(':')[1])
  expect(events).toEqual([
    ...['sadd', 'srem', 'sadd', 'sunionstore'],
    ...['spop', 'del', 'srem', 'del'],
  ])
})
