// Waiting for something: where the wait takes place, how it ends, and what it leaves behind.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Grid, type GridOptions } from '../../src/client/grid.ts'
import { type Answer, deferred, FakeTransport } from './fake-transport.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

function gridOver(answer: Answer, options: GridOptions = {}) {
  const transport = new FakeTransport(answer)
  return { transport, grid: new Grid(transport, options) }
}

const waits = (words: readonly string[]) => words.includes('WAIT')

/** A lock that is taken: tries answer nil, waits get what `turn` becomes. */
function busy(turn: Promise<unknown>): Answer {
  return words => {
    if (words[0] === 'LOCK.ACQUIRE') return waits(words) ? turn : null
    return words[0] === 'LOCK.EXTEND' ? 1000 : 1
  }
}

test('what is free is taken on the own connection of the caller, without a second one', async () => {
  const { transport, grid } = gridOver(() => 1)
  await grid.lock('a').acquire({ owner: 'me', wait: 5000 })
  expect(transport.sent).toEqual(['LOCK.ACQUIRE a me WRITE PX 30000'])
  expect(transport.duplicates).toHaveLength(0)
})

test('tryAcquire does not wait, and answers null', async () => {
  const { transport, grid } = gridOver(() => null)
  expect(await grid.lock('a').tryAcquire()).toBeNull()
  expect(transport.sent).toHaveLength(1)
})

test('a wait takes place on another connection, which the next wait uses again', async () => {
  const { transport, grid } = gridOver((words, connection) => {
    if (words[0] !== 'LOCK.ACQUIRE') return 1
    expect(connection).toBe(waits(words) ? 1 : 0)
    return waits(words) ? 7 : null
  })
  await grid.lock('a').acquire({ owner: 'me', wait: 5000 })
  await grid.lock('b').acquire({ owner: 'me' })
  expect(transport.sent[1]).toBe('LOCK.ACQUIRE a me WRITE PX 30000 WAIT 5000')
  expect(transport.sent[3]).toBe('LOCK.ACQUIRE b me WRITE PX 30000 WAIT 0')
  expect(transport.duplicates).toHaveLength(1)
})

test('a waiting connection that nobody needs is closed', async () => {
  const { transport, grid } = gridOver(words => (waits(words) ? 7 : null))
  await Promise.all([
    grid.lock('a').acquire({ renew: false }),
    grid.lock('b').acquire({ renew: false }),
  ])
  expect(transport.duplicates.map(each => each.isClosed)).toEqual([false, false])
  await vi.advanceTimersByTimeAsync(10_000)
  await grid.lock('c').acquire({ renew: false })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(transport.duplicates.map(each => each.isClosed)).toEqual([true, false])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(transport.duplicates.map(each => each.isClosed)).toEqual([true, true])
})

test('acquire fails with TIMEOUT when the time is over', async () => {
  const { grid } = gridOver(() => null)
  await expect(grid.lock('a').acquire({ wait: 10 })).rejects.toMatchObject({
    name: 'LatchkeyError',
    code: 'TIMEOUT',
  })
})

test('a grant after a long wait counts from a new lease, of which the beginning is known', async () => {
  const turn = deferred<number>()
  const { transport, grid } = gridOver(busy(turn.promise))
  const acquiring = grid.lock('a').acquire({ owner: 'me' })
  await vi.advanceTimersByTimeAsync(25_000)
  turn.resolve(9)
  const held = await acquiring
  expect(transport.sent.at(-1)).toBe('LOCK.EXTEND a me PX 30000 TOKEN 9')
  expect(held.remainingMs).toBeCloseTo(29_700, 0)
})

test('a grant that was over before it was heard of is waited for again', async () => {
  const first = deferred<number>()
  let turns = 0
  const { grid } = gridOver(words => {
    if (words[0] === 'LOCK.EXTEND') return 0
    if (!waits(words)) return words[0] === 'LOCK.ACQUIRE' ? null : 1
    return turns++ === 0 ? first.promise : 10
  })
  const acquiring = grid.lock('a').acquire()
  await vi.advanceTimersByTimeAsync(60_000)
  first.resolve(9)
  expect((await acquiring).token).toBe(10)
})

describe('an aborted wait', () => {
  test('fails at once with ABORTED, and is cancelled', async () => {
    const turn = deferred<unknown>()
    const { transport, grid } = gridOver(words => {
      if (words[0] === 'LOCK.CANCEL') turn.resolve(null)
      return busy(turn.promise)(words, 0)
    })
    const abort = new AbortController()
    const acquiring = grid.lock('a').acquire({ owner: 'me', signal: abort.signal })
    await vi.advanceTimersByTimeAsync(10)
    abort.abort('enough')
    await expect(acquiring).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(transport.sent.filter(line => line === 'LOCK.CANCEL a me')).toHaveLength(1)
    expect(transport.duplicates[0]!.isClosed).toBe(false)
  })

  test('gives back what was granted before the cancellation came', async () => {
    const turn = deferred<unknown>()
    let cancels = 0
    const { grid } = gridOver(words => {
      if (words[0] !== 'LOCK.CANCEL') return busy(turn.promise)(words, 0)
      cancels++
      if (cancels > 1) return 1
      // It overtook the wait that it was to end.
      turn.resolve(9)
      return 0
    })
    const abort = new AbortController()
    const acquiring = grid.lock('a').acquire({ signal: abort.signal })
    await vi.advanceTimersByTimeAsync(10)
    abort.abort()
    await expect(acquiring).rejects.toMatchObject({ code: 'ABORTED' })
    await vi.advanceTimersByTimeAsync(1000)
    expect(cancels).toBe(2)
  })

  test('loses its connection if the server does not answer', async () => {
    const { transport, grid } = gridOver(busy(new Promise(() => {})))
    const abort = new AbortController()
    const acquiring = grid.lock('a').acquire({ signal: abort.signal })
    await vi.advanceTimersByTimeAsync(10)
    abort.abort()
    await expect(acquiring).rejects.toMatchObject({ code: 'ABORTED' })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(transport.duplicates[0]!.isClosed).toBe(true)
  })

  test('before it began sends nothing', async () => {
    const { transport, grid } = gridOver(() => 1)
    const signal = AbortSignal.abort()
    await expect(grid.lock('a').acquire({ signal })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(transport.sent).toEqual([])
  })

  test('during the first try gives back what it got', async () => {
    const abort = new AbortController()
    const { transport, grid } = gridOver(words => {
      if (words[0] === 'LOCK.ACQUIRE') abort.abort()
      return 1
    })
    const acquiring = grid.lock('a').acquire({ owner: 'me', signal: abort.signal })
    await expect(acquiring).rejects.toMatchObject({ code: 'ABORTED' })
    expect(transport.sent.at(-1)).toBe('LOCK.CANCEL a me')
  })
})

describe('the limit of waiting connections', () => {
  test('lets others stand in line until one is free', async () => {
    const turns = [deferred<number>(), deferred<number>()]
    let begun = 0
    const { transport, grid } = gridOver(
      words => (waits(words) ? turns[begun++]!.promise : words[0] === 'LOCK.ACQUIRE' ? null : 1),
      { waitConnectionsMax: 1 },
    )
    const first = grid.lock('a').acquire()
    const second = grid.lock('b').acquire()
    await vi.advanceTimersByTimeAsync(10)
    expect(begun).toBe(1)
    turns[0]!.resolve(1)
    await first
    await vi.advanceTimersByTimeAsync(10)
    expect(begun).toBe(2)
    turns[1]!.resolve(2)
    expect((await second).token).toBe(2)
    expect(transport.duplicates).toHaveLength(1)
  })

  test('a wait in line ends with its time and with its signal', async () => {
    const { grid } = gridOver(busy(new Promise(() => {})), { waitConnectionsMax: 1 })
    const endless = grid.lock('a').acquire()
    endless.catch(() => {})
    const abort = new AbortController()
    const late = grid.lock('b').tryAcquire({ wait: 100 })
    const unwanted = grid.lock('c').acquire({ signal: abort.signal })
    await vi.advanceTimersByTimeAsync(10)
    abort.abort()
    await expect(unwanted).rejects.toMatchObject({ code: 'ABORTED' })
    await vi.advanceTimersByTimeAsync(100)
    expect(await late).toBeNull()
    grid.close()
    await expect(endless).rejects.toMatchObject({ code: 'CONNECTION' })
  })
})

test('a server that does not answer a wait is not waited for much longer than asked', async () => {
  const { grid } = gridOver(busy(new Promise(() => {})))
  const acquiring = grid.lock('a').tryAcquire({ wait: 1000 })
  await vi.advanceTimersByTimeAsync(3100)
  expect(await acquiring).toBeNull()
})

test('a try without an answer is cancelled, since it may have been granted', async () => {
  const { transport, grid } = gridOver(words => {
    if (words[0] === 'LOCK.ACQUIRE') throw new Error('Connection is closed.')
    return 1
  })
  const acquiring = grid.lock('a').acquire({ owner: 'me' })
  await expect(acquiring).rejects.toMatchObject({ code: 'CONNECTION' })
  expect(transport.sent.at(-1)).toBe('LOCK.CANCEL a me')
})

describe('errors', () => {
  test.each([
    ['WRONGTYPE Operation against a key', 'WRONGTYPE'],
    ['QUEUEFULL too many wait', 'QUEUEFULL'],
    ['Connection is closed.', 'CONNECTION'],
    ['connect ECONNREFUSED 127.0.0.1:1', 'CONNECTION'],
    ['Socket closed unexpectedly', 'CONNECTION'],
  ])('of "%s" have the code %s', async (message, code) => {
    const { grid } = gridOver(() => {
      throw new Error(message)
    })
    const error = await grid
      .lock('a')
      .acquire()
      .then(String, (thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'LatchkeyError', code, message })
  })

  test.each([
    { lease: 0 },
    { lease: 1.5 },
    { wait: -1 },
    { wait: Number.NaN },
    { owner: 'x'.repeat(257) },
    { maxHolds: 0 },
  ])('of %o are INVALID, and nothing is sent', async options => {
    const { transport, grid } = gridOver(() => 1)
    await expect(grid.lock('a').acquire(options)).rejects.toMatchObject({ code: 'INVALID' })
    expect(transport.sent).toEqual([])
  })
})
