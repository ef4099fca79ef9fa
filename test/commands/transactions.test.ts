import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../src/effects.ts'
import { InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const error = (text: string) => new RespError(text)
const aborted = error('EXECABORT Transaction discarded because of previous errors.')

function pair() {
  const server = new InProcessServer()
  return { server, a: server.connect(), b: server.connect() }
}

describe('MULTI and EXEC', () => {
  it('run what was queued, and answer each in its place', () => {
    const { a } = pair()
    expect(
      a.pipeline(
        ['MULTI'],
        ['SET', 'k', '1'],
        ['INCR', 'k'],
        ['SELECT', '99'],
        ['GET', 'k'],
        ['EXEC'],
      ),
    ).toEqual([
      'OK',
      'QUEUED',
      'QUEUED',
      'QUEUED',
      'QUEUED',
      ['OK', 2, error('ERR DB index is out of range'), '2'],
    ])
    expect(a.call('EXEC')).toEqual(error('ERR EXEC without MULTI'))
  })

  it('go on after an error of one of the commands', () => {
    const { a } = pair()
    a.call('RPUSH', 'list', 'x')
    a.pipeline(['MULTI'], ['GET', 'list'], ['SET', 'k', 'v'])
    expect(a.call('EXEC')).toEqual([
      error('WRONGTYPE Operation against a key holding the wrong kind of value'),
      'OK',
    ])
  })

  it('are all off if a command could not be queued', () => {
    const { a } = pair()
    for (const wrong of [['NOSUCH'], ['GET'], ['CONFIG'], ['CLIENT', 'NOSUCH']]) {
      a.pipeline(['MULTI'], ['SET', 'k', 'v'], wrong)
      expect(a.call('EXEC')).toEqual(aborted)
    }
    expect(a.call('GET', 'k')).toBeNull()
  })

  it('cannot be nested, and WATCH cannot come in between; both leave the transaction whole', () => {
    const { a } = pair()
    expect(a.pipeline(['MULTI'], ['MULTI'], ['WATCH', 'k'], ['PING'], ['EXEC'])).toEqual([
      'OK',
      error('ERR MULTI calls can not be nested'),
      error('ERR WATCH inside MULTI is not allowed'),
      'QUEUED',
      ['PONG'],
    ])
  })

  it('end by an EXEC that itself is refused', () => {
    const { a } = pair()
    a.pipeline(['MULTI'], ['PING'])
    expect(a.call('EXEC', 'now')).toEqual(
      error(
        "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
      ),
    )
    expect(a.call('EXEC')).toEqual(error('ERR EXEC without MULTI'))
  })

  it('follow SELECT and HELLO from one command to the next', () => {
    const { a } = pair()
    a.call('SELECT', '1')
    a.call('SET', 'k', 'one')
    a.call('SELECT', '0')
    a.pipeline(['MULTI'], ['SELECT', '1'], ['GET', 'k'], ['HELLO', '3'], ['GET', 'none'])
    expect(a.callBytes('EXEC').toString()).toMatch(/^\*4\r\n\+OK\r\n\$3\r\none\r\n%7\r\n.*_\r\n$/s)
    expect(a.call('GET', 'k')).toBe('one')
  })

  it('answer at once in place of a command that would wait', () => {
    const { a } = pair()
    a.pipeline(['MULTI'], ['BLPOP', 'none', '0'])
    expect(a.call('EXEC')).toEqual([null])
  })

  it('are one entry of the effect log', () => {
    const { server, a } = pair()
    const entries: LogEntry[] = []
    server.server.effects.subscribe(entry => entries.push(entry))
    a.pipeline(['MULTI'], ['SET', 'x', '1'], ['GET', 'x'], ['SELECT', '2'], ['SET', 'y', '2'])
    a.call('EXEC')
    a.pipeline(['MULTI'], ['GET', 'x'], ['EXEC'])
    expect(
      entries.map(entry =>
        entry.effects.map(effect => [effect.database, effect.bytes.toString().split('\r\n')[4]]),
      ),
    ).toEqual([
      [
        [0, 'x'],
        [2, 'y'],
      ],
    ])
  })

  it('are refused at the memory limit: queueing anything, and EXEC if it writes', () => {
    const { server, a, b } = pair()
    a.call('SET', 'other', 'v')
    a.pipeline(['MULTI'], ['SET', 'k', 'v'])
    b.pipeline(['MULTI'], ['GET', 'k'])
    server.connect().call('CONFIG', 'SET', 'maxmemory', '1')
    expect(a.call('EXEC')).toEqual(
      error(
        "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
      ),
    )
    expect(b.call('GET', 'k')).toEqual(
      error("OOM command not allowed when used memory > 'maxmemory'."),
    )
    expect(b.call('EXEC')).toEqual(aborted)
  })
})

describe('DISCARD', () => {
  it('forgets the queue and what was watched', () => {
    const { server, a, b } = pair()
    a.call('WATCH', 'k')
    a.pipeline(['MULTI'], ['SET', 'k', 'a'])
    b.call('SET', 'k', 'b')
    expect(a.call('DISCARD')).toBe('OK')
    expect(a.pipeline(['MULTI'], ['GET', 'k'], ['EXEC']).at(-1)).toEqual(['b'])
    expect(a.call('DISCARD')).toEqual(error('ERR DISCARD without MULTI'))
    expect(server.server.watches.isEmpty).toBe(true)
  })
})

describe('WATCH', () => {
  const exec = (client: ReturnType<InProcessServer['connect']>) =>
    client.pipeline(['MULTI'], ['PING'], ['EXEC']).at(-1)

  it('makes EXEC answer null if a key was changed, created or deleted', () => {
    const { a, b } = pair()
    for (const change of [
      ['SET', 'k', 'v'],
      ['INCR', 'n'],
      ['SET', 'k', 'v', 'PX', '1000000'],
    ]) {
      a.call('WATCH', 'k', 'n')
      b.call(...change)
      expect(exec(a)).toBeNull()
      expect(exec(a)).toEqual(['PONG'])
    }
  })

  it('writes null in the way of the protocol', () => {
    const server = new InProcessServer()
    const [two, three] = [server.connect(2), server.connect(3)]
    for (const [client, reply] of [
      [two, '*-1\r\n'],
      [three, '_\r\n'],
    ] as const) {
      client.call('WATCH', 'k')
      server.connect().call('SET', 'k', 'v')
      client.pipeline(['MULTI'], ['PING'])
      expect(client.callBytes('EXEC').toString()).toBe(reply)
    }
  })

  it("is broken by the client's own changes too, and not by reads", () => {
    const { a, b } = pair()
    a.call('WATCH', 'k')
    b.call('GET', 'k')
    b.call('SET', 'other', 'v')
    expect(exec(a)).toEqual(['PONG'])
    a.call('WATCH', 'k')
    a.call('SET', 'k', 'v')
    expect(exec(a)).toBeNull()
  })

  it('tells databases apart', () => {
    const { a, b } = pair()
    a.call('WATCH', 'k')
    b.call('SELECT', '1')
    b.call('SET', 'k', 'v')
    expect(exec(a)).toEqual(['PONG'])
  })

  it('is undone by UNWATCH, also after the change', () => {
    const { a, b } = pair()
    a.call('WATCH', 'k')
    b.call('SET', 'k', 'v')
    expect(a.call('UNWATCH')).toBe('OK')
    expect(exec(a)).toEqual(['PONG'])
  })

  it('sees a key expire between WATCH and EXEC, whether or not somebody noticed', () => {
    const { server, a } = pair()
    for (const notices of [true, false]) {
      a.call('SET', 'k', 'v', 'PX', '10')
      a.call('WATCH', 'k')
      if (notices) server.advance(10)
      else server.clock.advance(10)
      expect(exec(a)).toBeNull()
    }
  })

  it('sees no change where a key that had expired before is removed', () => {
    const { server, a, b } = pair()
    a.call('SET', 'k', 'v', 'PX', '10')
    server.clock.advance(10)
    a.call('WATCH', 'k')
    b.call('GET', 'k')
    expect(exec(a)).toEqual(['PONG'])
    a.call('SET', 'k', 'v', 'PX', '10')
    server.clock.advance(10)
    a.call('WATCH', 'k')
    b.call('SET', 'k', 'v')
    expect(exec(a)).toBeNull()
  })

  it('is broken by a flush of keys that there are, and by nothing else of it', () => {
    const { a, b } = pair()
    a.call('WATCH', 'none')
    b.call('FLUSHALL')
    expect(exec(a)).toEqual(['PONG'])
    a.call('SET', 'k', 'v')
    a.call('WATCH', 'k')
    b.call('SELECT', '1')
    b.call('FLUSHDB')
    expect(exec(a)).toEqual(['PONG'])
    a.call('WATCH', 'k')
    b.call('FLUSHALL')
    expect(exec(a)).toBeNull()
  })

  it('is broken by SWAPDB where the key is in either database', () => {
    const { a, b } = pair()
    a.call('WATCH', 'k')
    b.call('SWAPDB', '0', '1')
    expect(exec(a)).toEqual(['PONG'])
    b.call('SELECT', '1')
    b.call('SET', 'k', 'v')
    a.call('WATCH', 'k')
    b.call('SWAPDB', '0', '1')
    expect(exec(a)).toBeNull()
  })

  it('goes with the connection', () => {
    const { server, a } = pair()
    a.call('WATCH', 'k', 'k', 'other')
    expect(server.server.watches.keyCount).toBe(2)
    a.disconnect()
    expect(server.server.watches.isEmpty).toBe(true)
    expect(server.server.keyspace.observed).toBe(false)
  })
})
