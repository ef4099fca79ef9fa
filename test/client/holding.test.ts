// What this side believes of what it holds: renewal, loss, deadlines, blocked event loops.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Grid } from '../../src/client/grid.ts'
import { LatchkeyError } from '../../src/client/index.ts'
import { type Answer, deferred, FakeTransport } from './fake-transport.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

/** Grants everything, and renews everything. */
const generous: Answer = words =>
  words[0] === 'LOCK.EXTEND' ? 1000 : words[0] === 'LOCK.ACQUIRE' ? 7 : 1

function gridOver(answer: Answer, lease = 30_000) {
  const transport = new FakeTransport(answer)
  return { transport, grid: new Grid(transport, { lease }) }
}

const count = (sent: readonly string[], name: string) =>
  sent.filter(line => line.startsWith(`${name} `)).length

describe('renewal', () => {
  test('a lease is renewed at a third of it, again and again', async () => {
    const { transport, grid } = gridOver(generous)
    const held = await grid.lock('a').acquire({ owner: 'me' })
    await vi.advanceTimersByTimeAsync(9_990)
    expect(count(transport.sent, 'LOCK.EXTEND')).toBe(0)
    await vi.advanceTimersByTimeAsync(20)
    expect(transport.sent.at(-1)).toBe('LOCK.EXTEND a me PX 30000 TOKEN 7')
    await vi.advanceTimersByTimeAsync(90_000)
    expect(count(transport.sent, 'LOCK.EXTEND')).toBe(10)
    expect(held.isHeld).toBe(true)
    expect(held.signal.aborted).toBe(false)
  })

  test('what is due together goes in one pipeline', async () => {
    const { transport, grid } = gridOver(generous)
    for (let i = 0; i < 50; i++) {
      await grid.lock(`k${i}`).acquire()
      await vi.advanceTimersByTimeAsync(10)
    }
    await vi.advanceTimersByTimeAsync(10_000)
    expect(transport.pipelines).toEqual([50])
  })

  test('what is asked for and not yet answered is not asked for along with others', async () => {
    const answer = deferred<number>()
    const { transport, grid } = gridOver(words =>
      words[0] === 'LOCK.EXTEND' ? answer.promise : generous(words, 0),
    )
    await grid.lock('a').acquire()
    await vi.advanceTimersByTimeAsync(5000)
    await grid.lock('b').acquire()
    await vi.advanceTimersByTimeAsync(5010)
    expect(transport.pipelines).toEqual([1])
    answer.resolve(1000)
    await vi.advanceTimersByTimeAsync(5000)
    expect(transport.pipelines).toEqual([1, 1])
  })

  test('what was given back is not renewed', async () => {
    const { transport, grid } = gridOver(generous)
    const held = await grid.lock('a').acquire()
    expect(await held.release()).toBe(true)
    expect(held.isHeld).toBe(false)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(count(transport.sent, 'LOCK.EXTEND')).toBe(0)
    expect(held.signal.aborted).toBe(false)
  })

  test('a lease that is not to be renewed ends at its deadline', async () => {
    const { transport, grid } = gridOver(generous)
    const held = await grid.lock('a').acquire({ renew: false, lease: 1000 })
    await vi.advanceTimersByTimeAsync(989)
    expect(held.isHeld).toBe(true)
    await vi.advanceTimersByTimeAsync(2)
    expect(held.isHeld).toBe(false)
    expect(held.signal.reason).toMatchObject({ code: 'LOST' })
    expect(count(transport.sent, 'LOCK.EXTEND')).toBe(0)
  })

  test('an extension that makes a lease shorter moves the deadline at once', async () => {
    const { grid } = gridOver(generous)
    const held = await grid.lock('a').acquire({ renew: false })
    expect(held.remainingMs).toBeCloseTo(29_700, 0)
    expect(await held.extend(1000)).toBe(true)
    expect(held.remainingMs).toBeCloseTo(990, 0)
    await vi.advanceTimersByTimeAsync(1000)
    expect(held.signal.aborted).toBe(true)
  })
})

describe('loss', () => {
  test.each([
    ['nobody knows it any more', () => 0],
    [
      'somebody else has it',
      () => {
        throw new Error('FENCED the token is stale')
      },
    ],
  ])('is told when the server says that %s', async (_, extend) => {
    const { transport, grid } = gridOver(words =>
      words[0] === 'LOCK.EXTEND' ? extend() : generous(words, 0),
    )
    const held = await grid.lock('a').acquire()
    await vi.advanceTimersByTimeAsync(10_010)
    expect(held.signal.reason).toBeInstanceOf(LatchkeyError)
    expect(held.signal.reason).toMatchObject({ code: 'LOST' })
    expect(held.isHeld).toBe(false)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(count(transport.sent, 'LOCK.EXTEND')).toBe(1)
  })

  test('is told at the deadline when renewals are not answered', async () => {
    const { transport, grid } = gridOver(words =>
      words[0] === 'LOCK.EXTEND' ? new Promise(() => {}) : generous(words, 0),
    )
    const held = await grid.lock('a').acquire()
    await vi.advanceTimersByTimeAsync(29_690)
    expect(held.isHeld).toBe(true)
    await vi.advanceTimersByTimeAsync(20)
    expect(held.signal.aborted).toBe(true)
    // Once at a third, then every tenth of the lease.
    expect(count(transport.sent, 'LOCK.EXTEND')).toBe(7)
  })

  test('is averted when the connection comes back before the deadline', async () => {
    let isBroken = true
    const { grid } = gridOver(words => {
      if (words[0] === 'LOCK.EXTEND' && isBroken) throw new Error('Connection is closed.')
      return generous(words, 0)
    })
    const held = await grid.lock('a').acquire()
    await vi.advanceTimersByTimeAsync(20_000)
    isBroken = false
    await vi.advanceTimersByTimeAsync(60_000)
    expect(held.isHeld).toBe(true)
  })

  test('shows on the clock even while timers cannot run', async () => {
    const { grid } = gridOver(generous)
    const held = await grid.lock('a').acquire()
    const start = performance.now()
    vi.spyOn(performance, 'now').mockImplementation(() => start + 29_701)
    expect(held.isHeld).toBe(false)
    expect(held.signal.aborted).toBe(false)
    vi.restoreAllMocks()
  })

  test('a hold that outlived its deadline in a blocked event loop is lost, not renewed', async () => {
    const { transport, grid } = gridOver(generous)
    const held = await grid.lock('a').acquire()
    const start = performance.now()
    vi.spyOn(performance, 'now').mockImplementation(() => start + 29_701)
    vi.advanceTimersToNextTimer()
    expect(held.signal.aborted).toBe(true)
    expect(count(transport.sent, 'LOCK.EXTEND')).toBe(0)
    vi.restoreAllMocks()
  })

  test('closing the grid tells all that is held', async () => {
    const { grid } = gridOver(generous)
    const held = await grid.lock('a').acquire()
    grid.close()
    expect(held.signal.reason).toMatchObject({ code: 'LOST' })
  })
})

describe('giving back', () => {
  test('await using releases by the token', async () => {
    const { transport, grid } = gridOver(generous)
    {
      await using held = await grid.lock('a').acquire({ owner: 'me' })
      expect(held.token).toBe(7)
    }
    expect(transport.sent.at(-1)).toBe('LOCK.RELEASE a me TOKEN 7')
  })

  test('happens once, however often it is asked for', async () => {
    const { transport, grid } = gridOver(generous)
    const held = await grid.lock('a').acquire()
    await Promise.all([held.release(), held.release()])
    expect(count(transport.sent, 'LOCK.RELEASE')).toBe(1)
  })

  test('a stale token is no error', async () => {
    const { grid } = gridOver(words => {
      if (words[0] === 'LOCK.RELEASE') throw new Error('FENCED the token is stale')
      return generous(words, 0)
    })
    const held = await grid.lock('a').acquire()
    expect(await held.release()).toBe(false)
  })

  test('using releases after a failure, which is what the caller hears of', async () => {
    const { transport, grid } = gridOver(words => {
      if (words[0] === 'LOCK.RELEASE') throw new Error('Connection is closed.')
      return generous(words, 0)
    })
    const failure = new Error('work')
    const run = grid.lock('a').using(() => {
      throw failure
    })
    await expect(run).rejects.toBe(failure)
    expect(count(transport.sent, 'LOCK.RELEASE')).toBe(1)
    await expect(grid.lock('a').using(() => 1)).rejects.toMatchObject({ code: 'CONNECTION' })
  })
})

describe('upgrading', () => {
  test('while it waits, the hold is renewed by its owner alone; then by the new token', async () => {
    const turn = deferred<number>()
    const { transport, grid } = gridOver(words =>
      words[0] === 'LOCK.UPGRADE' ? turn.promise : generous(words, 0),
    )
    const held = await grid.lock('a').read().acquire({ owner: 'me' })
    const upgrading = held.upgrade({ wait: 60_000 })
    await vi.advanceTimersByTimeAsync(10_010)
    expect(transport.sent.at(-1)).toBe('LOCK.EXTEND a me PX 30000')
    turn.resolve(8)
    expect(await upgrading).toBe(true)
    expect(held.token).toBe(8)
    await vi.advanceTimersByTimeAsync(10_010)
    expect(transport.sent.at(-1)).toBe('LOCK.EXTEND a me PX 30000 TOKEN 8')
  })
})

describe('what is bound to a connection', () => {
  test('is asked for on a connection of its own, without a lease, and never renewed', async () => {
    const { transport, grid } = gridOver(generous)
    const held = await grid.lock('a').acquire({ owner: 'me', bound: true })
    expect(transport.sent).toEqual(['LOCK.ACQUIRE a me WRITE CONN WAIT 0'])
    expect(transport.duplicates).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(transport.sent).toHaveLength(1)
    expect(held.isHeld).toBe(true)
    expect(held.remainingMs).toBe(Number.POSITIVE_INFINITY)
  })

  test('is lost with it, and the connection is not used again', async () => {
    const { transport, grid } = gridOver(generous)
    const held = await grid.lock('a').acquire({ bound: true })
    transport.duplicates[0]!.breakDown()
    expect(held.isHeld).toBe(false)
    expect(held.signal.reason).toMatchObject({ code: 'LOST' })
    expect(transport.duplicates[0]!.isClosed).toBe(true)
    await held.release()
    await grid.lock('b').acquire({ bound: true })
    expect(transport.duplicates).toHaveLength(2)
  })

  test('leaves its connection to others when it is given back', async () => {
    const { transport, grid } = gridOver(generous)
    const held = await grid.lock('a').acquire({ bound: true })
    await held.release()
    transport.duplicates[0]!.breakDown()
    expect(held.signal.aborted).toBe(false)
    const next = await grid.lock('b').acquire({ bound: true })
    expect(transport.duplicates).toHaveLength(1)
    await next.handOff('another')
    await grid.lock('c').acquire({ bound: true })
    expect(transport.duplicates).toHaveLength(1)
  })

  test('has no lease', async () => {
    const { transport, grid } = gridOver(generous)
    const asked = grid.lock('a').acquire({ bound: true, lease: 1000 })
    await expect(asked).rejects.toMatchObject({ code: 'INVALID' })
    expect(transport.sent).toEqual([])
  })

  test('is refused where no connection can be watched', async () => {
    const { transport, grid } = gridOver(generous)
    const duplicate = transport.duplicate.bind(transport)
    transport.duplicate = async () => Object.assign(await duplicate(), { watch: () => undefined })
    const asked = grid.lock('a').acquire({ bound: true })
    await expect(asked).rejects.toMatchObject({ code: 'INVALID' })
    expect(transport.duplicates[0]!.isClosed).toBe(true)
  })
})
