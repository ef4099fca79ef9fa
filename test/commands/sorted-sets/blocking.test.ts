// BZPOPMIN, BZPOPMAX and BZMPOP: who is served, in which order, how often, and who is not.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'

function scene(waiters: number, protocol: 2 | 3 = 2) {
  const server = new InProcessServer()
  const actor = server.connect(protocol)
  const others = Array.from({ length: waiters }, () => server.connect(protocol))
  return { server, actor, others: others as [InProcessClient, ...InProcessClient[]] }
}

describe('BZPOPMIN and BZPOPMAX', () => {
  it('take what is there without waiting, from the first key that has any', () => {
    const { actor } = scene(0)
    actor.call('ZADD', 'b', '1', 'x', '2', 'y')
    expect(actor.call('BZPOPMIN', 'a', 'b', '0')).toEqual(['b', 'x', '1'])
    expect(actor.call('BZPOPMAX', 'b', 'a', '0')).toEqual(['b', 'y', '2'])
    expect(actor.call('EXISTS', 'b')).toBe(0)
  })

  it('serve in the order of arrival, one member each', () => {
    const { actor, others } = scene(3)
    for (const other of others) other.send('BZPOPMIN', 'z', '0')
    expect(actor.call('ZADD', 'z', '2', 'b', '1', 'a')).toBe(2)
    expect(others.map(other => other.replies())).toEqual([[['z', 'a', '1']], [['z', 'b', '2']], []])
    actor.call('ZINCRBY', 'z', '3', 'c')
    expect(others[2]!.replies()).toEqual([['z', 'c', '3']])
    expect(actor.call('EXISTS', 'z')).toBe(0)
  })

  it('are woken by everything that makes a sorted set', () => {
    const { actor, others } = scene(1)
    actor.call('ZADD', 'source', '2', 'b')
    for (const make of [
      ['ZUNIONSTORE', 'z', '1', 'source'],
      ['ZINTERSTORE', 'z', '1', 'source'],
      ['ZDIFFSTORE', 'z', '1', 'source'],
      ['ZRANGESTORE', 'z', 'source', '0', '-1'],
    ]) {
      others[0].send('BZPOPMAX', 'z', '0')
      actor.call(...make)
      expect(others[0].replies()).toEqual([['z', 'b', '2']])
    }
  })

  it('answer null when their time is over', () => {
    const { server, others } = scene(1)
    others[0].send('BZPOPMIN', 'z', '0.5')
    server.advance(499)
    expect(others[0].replies()).toEqual([])
    server.advance(1)
    expect(others[0].replies()).toEqual([null])
  })

  it('wait on where a key comes to hold something else', () => {
    const { actor, others } = scene(1)
    others[0].send('BZPOPMIN', 'z', '0')
    actor.call('SET', 'z', 'text')
    actor.call('MULTI')
    actor.call('SET', 'z', 'more')
    actor.call('EXEC')
    expect(others[0].replies()).toEqual([])
    actor.call('GETDEL', 'z')
    actor.call('FLUSHALL')
    actor.call('ZADD', 'z', '1', 'a')
    expect(others[0].replies()).toEqual([['z', 'a', '1']])
  })

  it('do not wait inside MULTI', () => {
    const { actor } = scene(0)
    actor.call('MULTI')
    actor.call('BZPOPMIN', 'z', '0')
    actor.call('BZMPOP', '0', '1', 'z', 'MIN')
    expect(actor.call('EXEC')).toEqual([null, null])
  })

  it('serve after the whole transaction', () => {
    const { actor, others } = scene(1)
    others[0].send('BZPOPMIN', 'z', '0')
    actor.call('MULTI')
    actor.call('ZADD', 'z', '2', 'b')
    actor.call('ZADD', 'z', '1', 'a')
    expect(actor.call('EXEC')).toEqual([1, 1])
    expect(others[0].replies()).toEqual([['z', 'a', '1']])
  })
})

describe('BZMPOP', () => {
  it('takes up to COUNT members of one key', () => {
    const { actor, others } = scene(2, 3)
    others[0].send('BZMPOP', '0', '2', 'y', 'z', 'MAX', 'COUNT', '2')
    others[1]!.send('BZMPOP', '0', '2', 'y', 'z', 'MAX')
    actor.call('ZADD', 'z', '1', 'a', '2', 'b', '3', 'c')
    expect(others[0].replies()).toEqual([
      [
        'z',
        [
          ['c', 3],
          ['b', 2],
        ],
      ],
    ])
    expect(others[1]!.replies()).toEqual([['z', [['a', 1]]]])
  })
})
