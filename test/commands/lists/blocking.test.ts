// Waiting for elements: who is served, in which order, how often, and who is not.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'
import { RespError } from '../../harness/resp-value.ts'

/** A server with one client that acts and some that wait. */
function scene(waiters: number) {
  const server = new InProcessServer()
  const actor = server.connect()
  const others = Array.from({ length: waiters }, () => server.connect())
  return { server, actor, others: others as [InProcessClient, ...InProcessClient[]] }
}

describe('BLPOP', () => {
  it('takes what is there without waiting, from the first key that has any', () => {
    const { actor } = scene(0)
    actor.call('RPUSH', 'b', '1', '2')
    actor.call('RPUSH', 'c', '3')
    expect(actor.call('BLPOP', 'a', 'b', 'c', '0')).toEqual(['b', '1'])
    expect(actor.call('BRPOP', 'c', 'b', '0')).toEqual(['c', '3'])
  })

  it('serves in the order of arrival, one element each', () => {
    const { actor, others } = scene(3)
    for (const other of others) other.send('BLPOP', 'l', '0')
    actor.call('RPUSH', 'l', 'a')
    expect(others.map(other => other.replies())).toEqual([[['l', 'a']], [], []])
    actor.call('RPUSH', 'l', 'b')
    expect(others.map(other => other.replies())).toEqual([[], [['l', 'b']], []])
    expect(actor.call('LLEN', 'l')).toBe(0)
  })

  it('wakes as many as there are elements, and the pusher hears the length before that', () => {
    const { actor, others } = scene(3)
    for (const other of others) other.send('BLPOP', 'l', '0')
    expect(actor.call('RPUSH', 'l', 'a', 'b')).toBe(2)
    expect(others.map(other => other.replies())).toEqual([[['l', 'a']], [['l', 'b']], []])
    expect(actor.call('RPUSH', 'l', 'c', 'd')).toBe(2)
    expect(others[2]!.replies()).toEqual([['l', 'c']])
    expect(actor.call('LRANGE', 'l', '0', '-1')).toEqual(['d'])
  })

  it('under several keys is served once, and leaves all queues', () => {
    const { server, actor, others } = scene(2)
    others[0].send('BLPOP', 'a', 'b', '0')
    others[1]!.send('BLPOP', 'b', '0')
    actor.call('RPUSH', 'a', '1')
    expect(others[0].replies()).toEqual([['a', '1']])
    actor.call('RPUSH', 'b', '2')
    expect(others[0].replies()).toEqual([])
    expect(others[1]!.replies()).toEqual([['b', '2']])
    expect(server.server.waiting.size).toBe(0)
    expect(server.server.waiting.keyCount).toBe(0)
  })

  it('names a key only once where it is given twice', () => {
    const { server, actor, others } = scene(1)
    others[0].send('BLPOP', 'l', 'l', '0')
    actor.call('RPUSH', 'l', 'a', 'b')
    expect(others[0].replies()).toEqual([['l', 'a']])
    expect(server.server.waiting.keyCount).toBe(0)
    expect(actor.call('LLEN', 'l')).toBe(1)
  })

  it('answers null when its time is over, and not before', () => {
    const { server, others } = scene(1)
    others[0].send('BLPOP', 'l', '0.5')
    server.advance(499)
    expect(others[0].replies()).toEqual([])
    server.advance(1)
    expect(others[0].replies()).toEqual([null])
  })

  it('goes on with what its client sent meanwhile', () => {
    const { actor, others } = scene(1)
    others[0].pipeline(['BLPOP', 'l', '0'], ['RPUSH', 'other', 'x'], ['LLEN', 'l'])
    expect(actor.call('LLEN', 'other')).toBe(0)
    actor.call('RPUSH', 'l', 'a', 'b')
    expect(others[0].replies()).toEqual([['l', 'a'], 1, 1])
  })

  it('is not woken by a value of another type, which it does not take for an error', () => {
    const { actor, others } = scene(1)
    others[0].send('BLPOP', 'a', 'b', '0')
    actor.call('SET', 'a', 'text')
    expect(others[0].replies()).toEqual([])
    actor.call('RPUSH', 'b', 'x')
    expect(others[0].replies()).toEqual([['b', 'x']])
  })

  it('refuses a key of another type when it comes', () => {
    const { actor } = scene(0)
    actor.call('SET', 'a', 'text')
    expect(actor.call('BLPOP', 'none', 'a', '0')).toBeInstanceOf(RespError)
  })

  it('ends by CLIENT UNBLOCK, with null or with an error', () => {
    const { actor, others } = scene(2)
    for (const other of others) other.send('BLPOP', 'l', '0')
    expect(actor.call('CLIENT', 'UNBLOCK', String(others[0].id))).toBe(1)
    expect(actor.call('CLIENT', 'UNBLOCK', String(others[1]!.id), 'ERROR')).toBe(1)
    expect(others[0].replies()).toEqual([null])
    expect(others[1]!.replies()).toEqual([
      new RespError('UNBLOCKED client unblocked via CLIENT UNBLOCK'),
    ])
  })

  it('lets no element go to a client that died while it waited', () => {
    const { server, actor, others } = scene(2)
    for (const other of others) other.send('BLPOP', 'l', '0')
    others[0].disconnect()
    expect(server.server.waiting.size).toBe(1)
    actor.call('RPUSH', 'l', 'a')
    expect(others[1]!.replies()).toEqual([['l', 'a']])
  })

  it('waits in the database that its client had chosen', () => {
    const { actor, others } = scene(1)
    others[0].call('SELECT', '3')
    others[0].send('BLPOP', 'l', '0')
    actor.call('RPUSH', 'l', 'a')
    expect(others[0].replies()).toEqual([])
    actor.call('SELECT', '3')
    actor.call('RPUSH', 'l', 'b')
    expect(others[0].replies()).toEqual([['l', 'b']])
  })

  it('is served by SWAPDB', () => {
    const { actor, others } = scene(1)
    others[0].send('BLPOP', 'l', '0')
    actor.call('SELECT', '1')
    actor.call('RPUSH', 'l', 'a')
    expect(others[0].replies()).toEqual([])
    actor.call('SWAPDB', '0', '1')
    expect(others[0].replies()).toEqual([['l', 'a']])
  })
})

describe('inside MULTI', () => {
  it('nobody waits', () => {
    const { actor } = scene(0)
    actor.call('MULTI')
    actor.call('BLPOP', 'a', '0')
    actor.call('BLMOVE', 'a', 'b', 'LEFT', 'LEFT', '0')
    actor.call('BLMPOP', '0', '1', 'a', 'LEFT')
    actor.call('RPUSH', 'a', 'x')
    actor.call('BRPOP', 'a', '0')
    expect(actor.callBytes('EXEC').toString()).toBe(
      '*5\r\n*-1\r\n$-1\r\n*-1\r\n:1\r\n*2\r\n$1\r\na\r\n$1\r\nx\r\n',
    )
  })

  it('pushes serve those who wait only when the transaction is over', () => {
    const { actor, others } = scene(1)
    others[0].send('BLPOP', 'l', '0')
    actor.pipeline(['MULTI'], ['RPUSH', 'l', 'a'], ['LPUSH', 'l', 'b'], ['LLEN', 'l'])
    expect(others[0].replies()).toEqual([])
    expect(actor.call('EXEC')).toEqual([1, 2, 2])
    expect(others[0].replies()).toEqual([['l', 'b']])
  })

  it('elements that are gone again at its end wake nobody', () => {
    const { actor, others } = scene(1)
    others[0].send('BLPOP', 'l', '0')
    actor.pipeline(['MULTI'], ['RPUSH', 'l', 'a'], ['LPOP', 'l'], ['SET', 'l', 'x'], ['EXEC'])
    expect(others[0].replies()).toEqual([])
  })
})

describe('BLMOVE and BRPOPLPUSH', () => {
  it('pass an element along a chain of those who wait', () => {
    const { actor, others } = scene(3)
    others[0].send('BLMOVE', 'a', 'b', 'LEFT', 'RIGHT', '0')
    others[1]!.send('BRPOPLPUSH', 'b', 'c', '0')
    others[2]!.send('BLPOP', 'c', '0')
    actor.call('RPUSH', 'a', 'x')
    expect(others.map(other => other.replies())).toEqual([['x'], ['x'], [['c', 'x']]])
    expect(actor.call('DBSIZE')).toBe(0)
  })

  it('in a ring are each served once', () => {
    const { actor, others } = scene(2)
    others[0].send('BLMOVE', 'a', 'b', 'LEFT', 'RIGHT', '0')
    others[1]!.send('BLMOVE', 'b', 'a', 'LEFT', 'RIGHT', '0')
    actor.call('RPUSH', 'a', 'x')
    expect(others.map(other => other.replies())).toEqual([['x'], ['x']])
    expect(actor.call('LRANGE', 'a', '0', '-1')).toEqual(['x'])
  })

  it('onto the list itself serve all who wait with one element', () => {
    const { actor, others } = scene(3)
    for (const other of others) other.send('BLMOVE', 'a', 'a', 'LEFT', 'RIGHT', '0')
    actor.call('RPUSH', 'a', 'x')
    expect(others.map(other => other.replies())).toEqual([['x'], ['x'], ['x']])
    expect(actor.call('LRANGE', 'a', '0', '-1')).toEqual(['x'])
  })

  it('fail where the destination is no list, and the next in line gets the element', () => {
    const { actor, others } = scene(2)
    actor.call('SET', 's', 'text')
    others[0].send('BLMOVE', 'a', 's', 'LEFT', 'RIGHT', '0')
    others[1]!.send('BLPOP', 'a', '0')
    actor.call('RPUSH', 'a', 'x')
    expect(others[0].replies()[0]).toBeInstanceOf(RespError)
    expect(others[1]!.replies()).toEqual([['a', 'x']])
  })

  it('answer a null array when the time is over, though an element would be a bulk string', () => {
    const { server, others } = scene(1)
    others[0].send('BLMOVE', 'a', 'b', 'LEFT', 'RIGHT', '1')
    server.advance(1000)
    expect(others[0].replies()).toEqual([null])
  })
})

describe('BLMPOP', () => {
  it('takes up to so many elements at once', () => {
    const { actor, others } = scene(2)
    others[0].send('BLMPOP', '0', '2', 'a', 'b', 'RIGHT', 'COUNT', '2')
    others[1]!.send('BLMPOP', '0', '1', 'b', 'LEFT', 'COUNT', '10')
    actor.call('RPUSH', 'b', '1', '2', '3')
    expect(others[0].replies()).toEqual([['b', ['3', '2']]])
    expect(others[1]!.replies()).toEqual([['b', ['1']]])
  })
})

describe('those who wait for another type under the same key', () => {
  it('are not in the way of whoever waits behind them', () => {
    const { actor, others } = scene(2)
    others[0].send('BLPOP', 'k', '0')
    others[1]!.send('BZPOPMIN', 'k', '0')
    actor.call('ZADD', 'k', '1', 'm')
    expect(others[0].replies()).toEqual([])
    expect(others[1]!.replies()).toEqual([['k', 'm', '1']])
    actor.call('RPUSH', 'k', 'a')
    expect(others[0].replies()).toEqual([['k', 'a']])
  })
})

describe('a thousand who wait', () => {
  it('are served in the order in which they came', () => {
    const { actor, others } = scene(1000)
    for (const other of others) other.send('BLPOP', 'l', '0')
    for (let i = 0; i < 1000; i++) actor.call('RPUSH', 'l', String(i))
    const served = others.map(other => (other.replies() as [[string, string]])[0][1])
    expect(served).toEqual(others.map((_, i) => String(i)))
  })
})
