// Waiting for entries: who is served with what, and who hears that there is nothing to wait for any more.
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

/** The same, and a stream `s` with a group `g`; each of the others waits for the group's entries. */
function groupScene(waiters: number) {
  const all = scene(waiters)
  all.actor.call('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM')
  for (const [i, other] of all.others.entries()) {
    other.send('XREADGROUP', 'GROUP', 'g', `c${i}`, 'BLOCK', '0', 'STREAMS', 's', '>')
  }
  return all
}

const entry = (n: number) => [`${n}-0`, ['n', String(n)]]
const add = (client: InProcessClient, key: string, n: number) =>
  client.call('XADD', key, `${n}-0`, 'n', String(n))

describe('XREAD BLOCK', () => {
  it('gives what there is without waiting', () => {
    const { actor } = scene(0)
    add(actor, 's', 1)
    expect(actor.call('XREAD', 'BLOCK', '0', 'STREAMS', 's', '0')).toEqual([['s', [entry(1)]]])
  })

  it('gives an entry to all who wait for it', () => {
    const { actor, others } = scene(2)
    for (const other of others) other.send('XREAD', 'BLOCK', '0', 'STREAMS', 'a', 's', '$', '$')
    add(actor, 's', 1)
    for (const other of others) expect(other.replies()).toEqual([[['s', [entry(1)]]]])
  })

  it('takes $ for the last ID when the wait began, whatever comes between', () => {
    const { actor, others } = scene(1)
    add(actor, 's', 5)
    others[0].send('XREAD', 'BLOCK', '0', 'STREAMS', 's', '$')
    actor.call('DEL', 's')
    add(actor, 's', 3)
    expect(others[0].replies()).toEqual([])
    add(actor, 's', 6)
    expect(others[0].replies()).toEqual([[['s', [entry(6)]]]])
  })

  it('gives all that a transaction has added', () => {
    const { actor, others } = scene(1)
    others[0].send('XREAD', 'BLOCK', '0', 'STREAMS', 's', '$')
    actor.pipeline(['MULTI'], ['XADD', 's', '1-0', 'n', '1'], ['XADD', 's', '2-0', 'n', '2'])
    expect(others[0].replies()).toEqual([])
    actor.call('EXEC')
    expect(others[0].replies()).toEqual([[['s', [entry(1), entry(2)]]]])
  })

  it('gives no more than COUNT', () => {
    const { actor, others } = scene(1)
    others[0].send('XREAD', 'COUNT', '1', 'BLOCK', '0', 'STREAMS', 's', '$')
    actor.pipeline(
      ['MULTI'],
      ['XADD', 's', '1-0', 'n', '1'],
      ['XADD', 's', '2-0', 'n', '2'],
      ['EXEC'],
    )
    expect(others[0].replies()).toEqual([[['s', [entry(1)]]]])
  })

  it('answers null when its time is over, and not before', () => {
    const { server, others } = scene(1)
    others[0].send('XREAD', 'BLOCK', '500', 'STREAMS', 's', '$')
    server.advance(499)
    expect(others[0].replies()).toEqual([])
    server.advance(1)
    expect(others[0].replies()).toEqual([null])
  })

  it('waits on where the key becomes something else', () => {
    const { actor, others } = scene(1)
    others[0].send('XREAD', 'BLOCK', '0', 'STREAMS', 's', '$')
    actor.call('SET', 's', 'text')
    actor.call('DEL', 's')
    expect(others[0].replies()).toEqual([])
    add(actor, 's', 1)
    expect(others[0].replies()).toEqual([[['s', [entry(1)]]]])
  })

  it('hears of a stream that comes under another name', () => {
    const { actor, others } = scene(2)
    others[0].send('XREAD', 'BLOCK', '0', 'STREAMS', 's', '0')
    others[1]!.send('XREAD', 'BLOCK', '0', 'STREAMS', 't', '0')
    add(actor, 'other', 1)
    actor.call('COPY', 'other', 't')
    actor.call('RENAME', 'other', 's')
    expect(others[0].replies()).toEqual([[['s', [entry(1)]]]])
    expect(others[1]!.replies()).toEqual([[['t', [entry(1)]]]])
  })

  it('in a transaction does not wait', () => {
    const { actor } = scene(0)
    actor.pipeline(['MULTI'], ['XREAD', 'BLOCK', '0', 'STREAMS', 's', '$'])
    expect(actor.call('EXEC')).toEqual([null])
  })

  it('is not in the way of those who wait for a list', () => {
    const { actor, others } = scene(2)
    others[0].send('XREAD', 'BLOCK', '0', 'STREAMS', 'k', '$')
    others[1]!.send('BLPOP', 'k', '0')
    actor.call('RPUSH', 'k', 'x')
    expect(others[1]!.replies()).toEqual([['k', 'x']])
    add(actor, 'k', 1)
    expect(others[0].replies()).toEqual([[['k', [entry(1)]]]])
  })
})

describe('XREADGROUP BLOCK', () => {
  it('gives each entry to the one who has waited longest', () => {
    const { actor, others } = groupScene(3)
    add(actor, 's', 1)
    expect(others.map(other => other.replies())).toEqual([[[['s', [entry(1)]]]], [], []])
    others[0].send('XREADGROUP', 'GROUP', 'g', 'c0', 'BLOCK', '0', 'STREAMS', 's', '>')
    add(actor, 's', 2)
    add(actor, 's', 3)
    add(actor, 's', 4)
    expect(others.map(other => other.replies())).toEqual([
      [[['s', [entry(4)]]]],
      [[['s', [entry(2)]]]],
      [[['s', [entry(3)]]]],
    ])
    expect(actor.call('XPENDING', 's', 'g', '-', '+', '9')).toEqual([
      ['1-0', 'c0', 0, 1],
      ['2-0', 'c1', 0, 1],
      ['3-0', 'c2', 0, 1],
      ['4-0', 'c0', 0, 1],
    ])
  })

  it('gives an entry to one of each group', () => {
    const { server, actor, others } = groupScene(2)
    actor.call('XGROUP', 'CREATE', 's', 'h', '$')
    const ofAnother = server.connect()
    ofAnother.send('XREADGROUP', 'GROUP', 'h', 'c0', 'BLOCK', '0', 'STREAMS', 's', '>')
    add(actor, 's', 1)
    expect(others.map(other => other.replies())).toEqual([[[['s', [entry(1)]]]], []])
    expect(ofAnother.replies()).toEqual([[['s', [entry(1)]]]])
  })

  it('gives what is left to the next, where COUNT is less than there is', () => {
    const { actor, others } = scene(2)
    actor.call('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM')
    for (const [i, other] of others.entries()) {
      const words = ['XREADGROUP', 'GROUP', 'g', `c${i}`, 'COUNT', '1', 'BLOCK', '0']
      other.send(...words, 'STREAMS', 's', '>')
    }
    actor.pipeline(
      ['MULTI'],
      ['XADD', 's', '1-0', 'n', '1'],
      ['XADD', 's', '2-0', 'n', '2'],
      ['EXEC'],
    )
    expect(others[0].replies()).toEqual([[['s', [entry(1)]]]])
    expect(others[1]!.replies()).toEqual([[['s', [entry(2)]]]])
  })

  it('does not wait for a history', () => {
    const { actor } = scene(0)
    actor.call('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM')
    expect(
      actor.call('XREADGROUP', 'GROUP', 'g', 'ann', 'BLOCK', '0', 'STREAMS', 's', '0'),
    ).toEqual([['s', []]])
  })

  const gone = new RespError(
    "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option",
  )
  const wrongType = new RespError(
    'WRONGTYPE Operation against a key holding the wrong kind of value',
  )

  it.each<readonly [string, readonly string[], RespError]>([
    ['the group is destroyed', ['XGROUP', 'DESTROY', 's', 'g'], gone],
    ['the stream is deleted', ['DEL', 's'], gone],
    ['the stream is renamed', ['RENAME', 's', 't'], gone],
    ['the stream expires', ['PEXPIRE', 's', '1'], gone],
    ['all keys are deleted', ['FLUSHALL'], gone],
    ['another database comes in the place of this one', ['SWAPDB', '0', '1'], gone],
    ['the key becomes something else', ['SET', 's', 'text'], wrongType],
  ])('ends by an error when %s', (_what, command, error) => {
    const { server, actor, others } = groupScene(2)
    actor.call(...command)
    server.advance(1000)
    for (const other of others) expect(other.replies()).toEqual([error])
  })

  it('waits on when the stream is deleted and made again in one transaction', () => {
    const { actor, others } = groupScene(1)
    actor.pipeline(
      ['MULTI'],
      ['DEL', 's'],
      ['XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM'],
      ['EXEC'],
    )
    expect(others[0].replies()).toEqual([])
    add(actor, 's', 1)
    expect(others[0].replies()).toEqual([[['s', [entry(1)]]]])
  })

  it('answers null when its time is over, and has been seen', () => {
    const { server, actor, others } = scene(1)
    actor.call('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM')
    others[0].send('XREADGROUP', 'GROUP', 'g', 'ann', 'BLOCK', '50', 'STREAMS', 's', '>')
    server.advance(50)
    expect(others[0].replies()).toEqual([null])
    expect(actor.call('XINFO', 'CONSUMERS', 's', 'g')).toEqual([
      ['name', 'ann', 'pending', 0, 'idle', 50, 'inactive', -1],
    ])
  })

  it('ends by CLIENT UNBLOCK, with null or with an error', () => {
    const { actor, others } = groupScene(2)
    actor.call('CLIENT', 'UNBLOCK', String(others[0].id))
    actor.call('CLIENT', 'UNBLOCK', String(others[1]!.id), 'ERROR')
    expect(others[0].replies()).toEqual([null])
    expect(others[1]!.replies()).toEqual([
      new RespError('UNBLOCKED client unblocked via CLIENT UNBLOCK'),
    ])
  })

  it('gives nothing to a client that has gone', () => {
    const { actor, others } = groupScene(2)
    others[0].disconnect()
    add(actor, 's', 1)
    expect(others[1]!.replies()).toEqual([[['s', [entry(1)]]]])
  })
})
