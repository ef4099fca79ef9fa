// What SORT and SORT_RO do, by example.
import { describe, expect, it } from 'vitest'
import { sort } from '../differential/sort.ts'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'
import { logOf } from './logged.ts'
import { expectReplayEquivalence } from './replay.ts'

function connect(): InProcessClient {
  return new InProcessServer().connect()
}

function error(text: string): RespError {
  return new RespError(text)
}

/** A list of user numbers, with what is known of the users beside it. */
function withUsers(): InProcessClient {
  const client = connect()
  client.call('RPUSH', 'users', '3', '1', '2')
  for (const [id, name, age] of [
    ['1', 'ann', '40'],
    ['2', 'bob', '9'],
    ['3', 'cid', '20'],
  ] as const) {
    client.call('SET', `name:${id}`, name)
    client.call('HSET', `user:${id}`, 'age', age, 'name', name)
  }
  return client
}

describe('SORT', () => {
  it('sorts numbers, or texts with ALPHA, up or down', () => {
    const client = connect()
    client.call('RPUSH', 'l', '10', '9', '1.5', '-1')
    expect(client.call('SORT', 'l')).toEqual(['-1', '1.5', '9', '10'])
    expect(client.call('SORT', 'l', 'DESC')).toEqual(['10', '9', '1.5', '-1'])
    expect(client.call('SORT', 'l', 'ALPHA')).toEqual(['-1', '1.5', '10', '9'])
    expect(client.call('SORT', 'l', 'LIMIT', '1', '2')).toEqual(['1.5', '9'])
    expect(client.call('SORT', 'l', 'LIMIT', '9', '2')).toEqual([])
  })

  it('sorts sets and sorted sets by their members', () => {
    const client = connect()
    client.call('SADD', 's', '3', '1', '2')
    client.call('ZADD', 'z', '1', '30', '2', '20', '3', '10')
    expect(client.call('SORT', 's')).toEqual(['1', '2', '3'])
    expect(client.call('SORT', 'z')).toEqual(['10', '20', '30'])
    expect(client.call('SORT', 'z', 'BY', 'nosort')).toEqual(['30', '20', '10'])
    expect(client.call('SORT', 'z', 'BY', 'nosort', 'DESC', 'LIMIT', '0', '1')).toEqual(['10'])
    expect(client.call('SORT', 'none')).toEqual([])
  })

  it('sorts by other keys and by fields of hashes', () => {
    const client = withUsers()
    expect(client.call('SORT', 'users', 'BY', 'user:*->age')).toEqual(['2', '3', '1'])
    expect(client.call('SORT', 'users', 'BY', 'name:*', 'ALPHA', 'DESC')).toEqual(['3', '2', '1'])
    client.call('DEL', 'name:2')
    expect(client.call('SORT', 'users', 'BY', 'name:*', 'ALPHA')).toEqual(['2', '1', '3'])
  })

  it('gets what other keys hold', () => {
    const client = withUsers()
    expect(client.call('SORT', 'users', 'GET', '#', 'GET', 'user:*->name')).toEqual([
      ...['1', 'ann', '2', 'bob', '3', 'cid'],
    ])
    expect(client.call('SORT', 'users', 'GET', 'none:*', 'LIMIT', '0', '1')).toEqual([null])
    expect(client.call('SORT', 'users', 'GET', 'user:*', 'LIMIT', '0', '1')).toEqual([null])
  })

  it('stores a list, and empty strings for what is not there', () => {
    const client = withUsers()
    expect(client.call('SORT', 'users', 'STORE', 'users')).toBe(3)
    expect(client.call('LRANGE', 'users', '0', '-1')).toEqual(['1', '2', '3'])
    expect(client.call('SORT', 'users', 'GET', 'none:*', 'STORE', 'l')).toBe(3)
    expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(['', '', ''])
    expect(client.call('SORT', 'none', 'STORE', 'l')).toBe(0)
    expect(client.call('EXISTS', 'l')).toBe(0)
  })

  it('stores as many as a list of its kind takes packed, and more in chunks', () => {
    const client = connect()
    const numbers = Array.from({ length: 5000 }, (_, i) => String((i * 7919) % 5000))
    client.call('RPUSH', 'l', ...numbers)
    client.call('SORT', 'l', 'STORE', 'large')
    client.call('SORT', 'l', 'LIMIT', '0', '10', 'STORE', 'small')
    expect(client.call('OBJECT', 'ENCODING', 'large')).toBe('quicklist')
    expect(client.call('OBJECT', 'ENCODING', 'small')).toBe('listpack')
    expect(client.call('LRANGE', 'large', '4998', '-1')).toEqual(['4998', '4999'])
  })

  it.each([
    [['l', 'LIMIT', 'x', '1'], 'ERR value is not an integer or out of range'],
    [['l', 'NONSENSE'], 'ERR syntax error'],
    [['l'], "ERR One or more scores can't be converted into double"],
    [['hash'], 'WRONGTYPE Operation against a key holding the wrong kind of value'],
  ])('refuses %j', (args, text) => {
    const client = connect()
    client.call('RPUSH', 'l', '1', 'a')
    client.call('HSET', 'hash', 'f', 'v')
    expect(client.call('SORT', ...args)).toEqual(error(text))
  })

  it('serves those who wait for the list', () => {
    const server = new InProcessServer()
    const [actor, waiter] = [server.connect(), server.connect()]
    actor.call('SADD', 's', '2', '1')
    waiter.send('BLPOP', 'l', '0')
    actor.call('SORT', 's', 'STORE', 'l')
    expect(waiter.replies()).toEqual([['l', '1']])
  })

  it('of a set in no order is stored in one all the same', () => {
    const client = connect()
    client.call('SADD', 's', 'c', 'a', 'b')
    client.call('SORT', 's', 'BY', 'nosort', 'STORE', 'l')
    expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(['a', 'b', 'c'])
  })

  it('reads other keys only for users who may read all', () => {
    const server = new InProcessServer()
    const admin = server.connect()
    admin.call('RPUSH', 'l', '1')
    admin.call('ACL', 'SETUSER', 'ann', 'on', 'nopass', '~l', '+sort')
    const client = server.connect()
    client.call('AUTH', 'ann', '')
    expect(client.call('SORT', 'l')).toEqual(['1'])
    expect(client.call('SORT', 'l', 'BY', 'w_*')).toEqual(
      error('ERR BY option of SORT denied due to insufficient ACL permissions'),
    )
    expect(client.call('SORT', 'l', 'GET', '#')).toEqual(
      error('ERR GET option of SORT denied due to insufficient ACL permissions'),
    )
  })

  it('is logged where it stores', () => {
    const server = new InProcessServer()
    const client = server.connect()
    client.call('RPUSH', 'l', '2', '1')
    const log = logOf(server)
    client.call('SORT', 'l')
    client.call('SORT', 'l', 'STORE', 'm')
    expect(log).toEqual([['SORT l STORE m']])
  })

  it('replayed, makes the same lists', () => {
    expectReplayEquivalence(sort)
  })
})

it('SORT_RO stores nothing', () => {
  const client = withUsers()
  expect(client.call('SORT_RO', 'users', 'BY', 'user:*->age')).toEqual(['2', '3', '1'])
  expect(client.call('SORT_RO', 'users', 'STORE', 'l')).toEqual(error('ERR syntax error'))
})
