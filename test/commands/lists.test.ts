// What the commands on lists do, by example.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

function connect(): InProcessClient {
  return new InProcessServer().connect()
}

const wrongType = new RespError('WRONGTYPE Operation against a key holding the wrong kind of value')

describe('LPUSH and RPUSH', () => {
  it('add elements one after the other and answer the length', () => {
    const client = connect()
    expect(client.call('RPUSH', 'l', 'a', 'b')).toBe(2)
    expect(client.call('LPUSH', 'l', 'x', 'y')).toBe(4)
    expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(['y', 'x', 'a', 'b'])
  })

  it('keep every byte, and every spelling of a number', () => {
    const client = connect()
    const elements = ['', '\0\xff\r\n', '007', '+1', '-0', '1', '-1', '12345678901234567890', ' 1']
    client.call('RPUSH', 'l', ...elements)
    expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(elements)
  })

  it('refuse keys that hold something else', () => {
    const client = connect()
    client.call('SET', 's', 'text')
    expect(client.call('RPUSH', 's', 'a')).toEqual(wrongType)
    expect(client.call('GET', 's')).toBe('text')
  })
})

it('LPUSHX and RPUSHX make no list', () => {
  const client = connect()
  expect(client.call('LPUSHX', 'l', 'a')).toBe(0)
  client.call('RPUSH', 'l', 'b')
  expect(client.call('LPUSHX', 'l', 'a')).toBe(2)
  expect(client.call('RPUSHX', 'l', 'c')).toBe(3)
  expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(['a', 'b', 'c'])
})

describe('LPOP and RPOP', () => {
  it('take one element, and delete the key with the last', () => {
    const client = connect()
    client.call('RPUSH', 'l', 'a', 'b')
    expect(client.call('RPOP', 'l')).toBe('b')
    expect(client.call('LPOP', 'l')).toBe('a')
    expect(client.call('LPOP', 'l')).toBe(null)
    expect(client.call('DBSIZE')).toBe(0)
  })

  it('take several, in the order in which they go', () => {
    const client = connect()
    client.call('RPUSH', 'l', 'a', 'b', 'c', 'd', 'e')
    expect(client.call('LPOP', 'l', '2')).toEqual(['a', 'b'])
    expect(client.call('RPOP', 'l', '2')).toEqual(['e', 'd'])
    expect(client.call('RPOP', 'l', '0')).toEqual([])
    expect(client.call('RPOP', 'l', '9')).toEqual(['c'])
    expect(client.call('RPOP', 'l', '9')).toBe(null)
    expect(client.call('RPOP', 'l', '-1')).toEqual(
      new RespError('ERR value is out of range, must be positive'),
    )
  })
})

describe('LMPOP', () => {
  it('takes elements of the first list that has any, and says which', () => {
    const client = connect()
    client.call('RPUSH', 'b', '1', '2', '3')
    expect(client.call('LMPOP', '2', 'a', 'b', 'RIGHT', 'COUNT', '2')).toEqual(['b', ['3', '2']])
    expect(client.call('LMPOP', '2', 'a', 'b', 'LEFT')).toEqual(['b', ['1']])
    expect(client.call('LMPOP', '2', 'a', 'b', 'LEFT')).toBe(null)
  })

  it('says what is wrong with its counts', () => {
    const client = connect()
    expect(client.call('LMPOP', '0', 'a', 'LEFT')).toEqual(
      new RespError('ERR numkeys should be greater than 0'),
    )
    expect(client.call('LMPOP', '1', 'a', 'LEFT', 'COUNT', '0')).toEqual(
      new RespError('ERR count should be greater than 0'),
    )
    expect(client.call('LMPOP', '2', 'a', 'LEFT')).toEqual(new RespError('ERR syntax error'))
  })
})

it('LINDEX and LRANGE count from either end', () => {
  const client = connect()
  client.call('RPUSH', 'l', 'a', 'b', 'c')
  expect(client.call('LINDEX', 'l', '0')).toBe('a')
  expect(client.call('LINDEX', 'l', '-1')).toBe('c')
  expect(client.call('LINDEX', 'l', '3')).toBe(null)
  expect(client.call('LRANGE', 'l', '-2', '100')).toEqual(['b', 'c'])
  expect(client.call('LRANGE', 'l', '2', '1')).toEqual([])
})

it('LSET replaces, and knows its bounds', () => {
  const client = connect()
  expect(client.call('LSET', 'l', '0', 'x')).toEqual(new RespError('ERR no such key'))
  client.call('RPUSH', 'l', 'a', 'b')
  expect(client.call('LSET', 'l', '-1', 'x')).toBe('OK')
  expect(client.call('LSET', 'l', '2', 'x')).toEqual(new RespError('ERR index out of range'))
  expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(['a', 'x'])
})

it('LINSERT inserts beside the first match', () => {
  const client = connect()
  client.call('RPUSH', 'l', 'a', 'b', 'a')
  expect(client.call('LINSERT', 'l', 'BEFORE', 'b', 'x')).toBe(4)
  expect(client.call('LINSERT', 'l', 'AFTER', 'a', 'y')).toBe(5)
  expect(client.call('LINSERT', 'l', 'AFTER', 'no', 'z')).toBe(-1)
  expect(client.call('LINSERT', 'none', 'AFTER', 'a', 'z')).toBe(0)
  expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(['a', 'y', 'x', 'b', 'a'])
})

it('LREM removes from the head, from the tail, or all', () => {
  const client = connect()
  client.call('RPUSH', 'l', 'x', 'a', 'x', 'b', 'x', 'x')
  expect(client.call('LREM', 'l', '1', 'x')).toBe(1)
  expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(['a', 'x', 'b', 'x', 'x'])
  expect(client.call('LREM', 'l', '-2', 'x')).toBe(2)
  expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(['a', 'x', 'b'])
  expect(client.call('LREM', 'l', '0', 'x')).toBe(1)
  expect(client.call('LREM', 'l', '0', 'x')).toBe(0)
})

it('LTRIM keeps a range, and deletes the key if that is empty', () => {
  const client = connect()
  client.call('RPUSH', 'l', 'a', 'b', 'c', 'd')
  expect(client.call('LTRIM', 'l', '1', '-2')).toBe('OK')
  expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(['b', 'c'])
  expect(client.call('LTRIM', 'l', '5', '9')).toBe('OK')
  expect(client.call('DBSIZE')).toBe(0)
})

describe('LPOS', () => {
  it('finds matches by rank, count and distance', () => {
    const client = connect()
    client.call('RPUSH', 'l', 'a', 'b', 'c', '1', '2', '3', 'c', 'c')
    expect(client.call('LPOS', 'l', 'c')).toBe(2)
    expect(client.call('LPOS', 'l', 'c', 'RANK', '2')).toBe(6)
    expect(client.call('LPOS', 'l', 'c', 'RANK', '-1')).toBe(7)
    expect(client.call('LPOS', 'l', 'c', 'COUNT', '2')).toEqual([2, 6])
    expect(client.call('LPOS', 'l', 'c', 'RANK', '-1', 'COUNT', '0')).toEqual([7, 6, 2])
    expect(client.call('LPOS', 'l', 'c', 'COUNT', '0', 'MAXLEN', '7')).toEqual([2, 6])
    expect(client.call('LPOS', 'l', 'no')).toBe(null)
    expect(client.call('LPOS', 'l', 'no', 'COUNT', '1')).toEqual([])
  })

  it('refuses a rank of which there is no opposite', () => {
    const client = connect()
    const outOfRange = new RespError(
      'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
    )
    expect(client.call('LPOS', 'l', 'a', 'RANK', '-9223372036854775808')).toEqual(outOfRange)
    expect(client.call('LPOS', 'l', 'a', 'RANK', '-9223372036854775807')).toBe(null)
    expect(client.call('LPOS', 'l', 'a', 'RANK', '-9223372036854775798')).toBe(null)
  })
})

describe('LMOVE and RPOPLPUSH', () => {
  it('move an element between lists', () => {
    const client = connect()
    client.call('RPUSH', 'a', '1', '2', '3')
    expect(client.call('LMOVE', 'a', 'b', 'LEFT', 'RIGHT')).toBe('1')
    expect(client.call('RPOPLPUSH', 'a', 'b')).toBe('3')
    expect(client.call('LRANGE', 'b', '0', '-1')).toEqual(['3', '1'])
    expect(client.call('LMOVE', 'none', 'b', 'LEFT', 'RIGHT')).toBe(null)
  })

  it('turn a list that is both source and destination', () => {
    const client = connect()
    client.call('RPUSH', 'a', '1', '2', '3')
    expect(client.call('LMOVE', 'a', 'a', 'LEFT', 'RIGHT')).toBe('1')
    expect(client.call('LRANGE', 'a', '0', '-1')).toEqual(['2', '3', '1'])
    client.call('DEL', 'a')
  })

  it('leave the element where it is if the destination is no list', () => {
    const client = connect()
    client.call('RPUSH', 'a', '1')
    client.call('SET', 's', 'text')
    expect(client.call('LMOVE', 'a', 's', 'LEFT', 'RIGHT')).toEqual(wrongType)
    expect(client.call('LLEN', 'a')).toBe(1)
  })
})

it('a change of a watched list aborts the transaction', () => {
  const server = new InProcessServer()
  const [mine, other] = [server.connect(), server.connect()]
  for (const change of [
    ['RPUSH', 'l', 'a'],
    ['LSET', 'l', '0', 'b'],
    ['LPOP', 'l'],
  ]) {
    mine.call('WATCH', 'l')
    other.call(...change)
    mine.call('MULTI')
    mine.call('PING')
    expect(mine.call('EXEC')).toBe(null)
  }
})

it('keyspace events name what was done, and the key that is gone', () => {
  const server = new InProcessServer({ settings: [['notify-keyspace-events', 'Elg']] })
  const [client, listener] = [server.connect(), server.connect(3)]
  listener.send('PSUBSCRIBE', '*')
  listener.received()
  client.call('RPUSH', 'l', 'a', 'b', 'c')
  client.call('LSET', 'l', '0', 'x')
  client.call('LINSERT', 'l', 'AFTER', 'x', 'y')
  client.call('LREM', 'l', '0', 'y')
  client.call('LTRIM', 'l', '0', '1')
  client.call('LMOVE', 'l', 'm', 'LEFT', 'RIGHT')
  client.call('LPOP', 'l')
  const events = listener.pushes().map(push => (push as string[])[2]!.split(':')[1])
  expect(events).toEqual([
    ...['rpush', 'lset', 'linsert', 'lrem', 'ltrim'],
    ...['rpush', 'lpop', 'lpop', 'del'],
  ])
})
