import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const error = (text: string) => new RespError(text)
const invalidate = (...keys: string[]) => ['invalidate', keys]
const everything = ['invalidate', null]

function tracker(...options: string[]) {
  const server = new InProcessServer()
  const [reader, writer] = [server.connect(3), server.connect()]
  expect(reader.call('CLIENT', 'TRACKING', 'ON', ...options)).toBe('OK')
  reader.received()
  return { server, reader, writer }
}

/** What arrives with a command, in order. */
function conversation(client: InProcessClient, ...args: string[]) {
  client.received()
  client.send(...args)
  return client.received()
}

describe('CLIENT TRACKING in the default mode', () => {
  it('tells once of a key that was read and is changed', () => {
    const { reader, writer } = tracker()
    reader.call('MGET', 'a', 'b')
    writer.call('SET', 'a', '1')
    writer.call('SET', 'a', '2')
    writer.call('SET', 'unread', '1')
    expect(reader.pushes()).toEqual([invalidate('a')])
    writer.call('SET', 'b', '1')
    expect(reader.pushes()).toEqual([invalidate('b')])
  })

  it('tells of own changes after the reply, one message per key', () => {
    const { reader } = tracker()
    reader.call('MGET', 'a', 'b', 'c')
    expect(conversation(reader, 'MSET', 'a', '1', 'c', '2')).toEqual([
      'OK',
      invalidate('a'),
      invalidate('c'),
    ])
  })

  it("keeps messages out of EXEC's reply, and counts reads inside it", () => {
    const { reader } = tracker()
    reader.call('SET', 'k', '1')
    reader.pipeline(['MULTI'], ['GET', 'k'], ['SET', 'k', '2'], ['GET', 'k'])
    expect(conversation(reader, 'EXEC')).toEqual([['1', 'OK', '2'], invalidate('k')])
    expect(conversation(reader, 'SET', 'k', '3')).toEqual(['OK', invalidate('k')])
  })

  it('tells when a key expires, be it found by a read or by time', () => {
    const { server, reader, writer } = tracker()
    for (const byTime of [true, false]) {
      writer.call('SET', 'k', 'v', 'PX', '10')
      reader.call('GET', 'k')
      server.clock.advance(10)
      if (byTime) server.advance(0)
      else writer.call('GET', 'k')
      expect(reader.pushes()).toEqual([invalidate('k')])
    }
  })

  it('remembers a key that expires under the very read as missing', () => {
    const { server, reader, writer } = tracker()
    writer.call('SET', 'k', 'v', 'PX', '10')
    server.clock.advance(10)
    expect(reader.call('GET', 'k')).toBeNull()
    expect(reader.pushes()).toEqual([])
    writer.call('SET', 'k', 'v')
    expect(reader.pushes()).toEqual([invalidate('k')])
  })

  it('tells when a key is evicted', () => {
    const { reader, writer } = tracker()
    writer.call('SET', 'k', 'v')
    reader.call('GET', 'k')
    writer.call('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'allkeys-random')
    writer.call('SET', 'other', 'v')
    expect(reader.pushes()).toEqual([invalidate('k')])
  })

  it('tells of a flush by null, to everybody who tracks', () => {
    const { server, reader, writer } = tracker()
    const idle = server.connect(3)
    idle.call('CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'x')
    reader.call('GET', 'k')
    writer.call('FLUSHALL')
    expect(reader.pushes()).toEqual([everything])
    expect(idle.pushes()).toEqual([everything])
    writer.call('SET', 'k', 'v')
    expect(reader.pushes()).toEqual([])
    expect(conversation(reader, 'FLUSHDB')).toEqual(['OK', everything])
  })

  it('knows keys by name alone, whatever the database', () => {
    const { reader, writer } = tracker()
    reader.call('GET', 'k')
    writer.call('SELECT', '5')
    writer.call('SET', 'k', 'v')
    expect(reader.pushes()).toEqual([invalidate('k')])
  })

  it('NOLOOP leaves out what the client itself changes, and forgets it', () => {
    const { reader, writer } = tracker('NOLOOP')
    reader.call('GET', 'k')
    expect(conversation(reader, 'SET', 'k', '1')).toEqual(['OK'])
    writer.call('SET', 'k', '2')
    expect(reader.pushes()).toEqual([])
    reader.call('GET', 'k')
    writer.call('SET', 'k', '3')
    expect(reader.pushes()).toEqual([invalidate('k')])
  })

  it('says nothing to RESP2 clients that do not redirect', () => {
    const server = new InProcessServer()
    const [reader, writer] = [server.connect(), server.connect()]
    reader.call('CLIENT', 'TRACKING', 'ON')
    reader.call('GET', 'k')
    writer.call('SET', 'k', 'v')
    expect(reader.replies()).toEqual([])
  })

  it('OFF ends it', () => {
    const { server, reader, writer } = tracker()
    reader.call('GET', 'k')
    expect(reader.call('CLIENT', 'TRACKING', 'OFF')).toBe('OK')
    writer.call('SET', 'k', 'v')
    expect(reader.pushes()).toEqual([])
    expect(server.server.keyspace.observed).toBe(false)
    expect(server.server.tracking.keyCount).toBe(0)
  })
})

describe('CLIENT TRACKING OPTIN and OPTOUT', () => {
  it('OPTIN remembers only what follows CLIENT CACHING YES', () => {
    const { reader, writer } = tracker('OPTIN')
    reader.call('GET', 'a')
    reader.call('CLIENT', 'CACHING', 'YES')
    reader.call('GET', 'b')
    reader.call('GET', 'c')
    writer.call('MSET', 'a', '1', 'b', '1', 'c', '1')
    expect(reader.pushes()).toEqual([invalidate('b')])
  })

  it('OPTOUT remembers all but what follows CLIENT CACHING NO', () => {
    const { reader, writer } = tracker('OPTOUT')
    reader.call('GET', 'a')
    reader.call('CLIENT', 'CACHING', 'NO')
    reader.call('GET', 'b')
    writer.call('MSET', 'a', '1', 'b', '1')
    expect(reader.pushes()).toEqual([invalidate('a')])
  })

  it('CACHING holds for a whole transaction, and through other CLIENT commands', () => {
    const { reader, writer } = tracker('OPTIN')
    reader.call('CLIENT', 'CACHING', 'YES')
    reader.call('CLIENT', 'ID')
    reader.pipeline(['MULTI'], ['GET', 'a'], ['GET', 'b'], ['EXEC'])
    reader.call('GET', 'c')
    writer.call('MSET', 'a', '1', 'b', '1', 'c', '1')
    expect(reader.pushes()).toEqual([invalidate('a'), invalidate('b')])
  })

  it('CACHING is refused where it means nothing', () => {
    const client = new InProcessServer().connect()
    const caching = (mode: string) => client.call('CLIENT', 'CACHING', mode)
    expect(caching('YES')).toEqual(
      error(
        'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
      ),
    )
    client.call('CLIENT', 'TRACKING', 'ON', 'OPTIN')
    expect(caching('NO')).toEqual(
      error('ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.'),
    )
    expect(caching('MAYBE')).toEqual(error('ERR syntax error'))
  })
})

describe('CLIENT TRACKING BCAST', () => {
  it('tells all changes of a turn in one message per prefix, sorted', () => {
    const { reader, writer } = tracker('BCAST', 'PREFIX', 'user:', 'PREFIX', 'order:')
    writer.pipeline(['MSET', 'user:2', '1', 'order:1', '1', 'user:1', '1'], ['SET', 'other', '1'])
    expect(reader.pushes()).toEqual([invalidate('order:1'), invalidate('user:1', 'user:2')])
  })

  it('without a prefix tells of all keys, read or not', () => {
    const { reader, writer } = tracker('BCAST')
    writer.call('SET', 'k', '1')
    expect(reader.pushes()).toEqual([invalidate('k')])
  })

  it('comes after all replies of the turn', () => {
    const { reader } = tracker('BCAST')
    reader.pipeline(['SET', 'a', '1'], ['SET', 'b', '2'], ['PING'])
    expect(reader.received()).toEqual(['OK', 'OK', 'PONG', invalidate('a', 'b')])
  })

  it('NOLOOP leaves out the keys that the client changed first', () => {
    const { reader, writer } = tracker('BCAST', 'NOLOOP')
    reader.call('SET', 'mine', '1')
    expect(reader.pushes()).toEqual([])
    writer.call('SET', 'theirs', '1')
    expect(reader.pushes()).toEqual([invalidate('theirs')])
  })

  it('forgets a prefix when its last client goes', () => {
    const { server, reader } = tracker('BCAST', 'PREFIX', 'a', 'PREFIX', 'b')
    const other = server.connect(3)
    other.call('CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'a')
    expect(server.server.tracking.prefixCount).toBe(2)
    reader.disconnect()
    expect(server.server.tracking.prefixCount).toBe(1)
    other.call('CLIENT', 'TRACKING', 'OFF')
    expect(server.server.tracking.prefixCount).toBe(0)
  })
})

describe('CLIENT TRACKING REDIRECT', () => {
  it('tells a RESP2 subscriber through a channel of its own', () => {
    const server = new InProcessServer()
    const [reader, listener, writer] = [server.connect(), server.connect(), server.connect()]
    listener.send('SUBSCRIBE', '__redis__:invalidate')
    listener.replies()
    expect(reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', `${listener.id}`)).toBe('OK')
    expect(reader.call('CLIENT', 'GETREDIR')).toBe(listener.id)
    reader.call('GET', 'k')
    writer.call('SET', 'k', 'v')
    writer.call('FLUSHALL')
    expect(listener.replies()).toEqual([
      ['message', '__redis__:invalidate', ['k']],
      ['message', '__redis__:invalidate', null],
    ])
    expect(reader.replies()).toEqual([])
  })

  it('pushes to a RESP3 client', () => {
    const server = new InProcessServer()
    const [reader, listener] = [server.connect(), server.connect(3)]
    reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', `${listener.id}`)
    reader.call('GET', 'k')
    reader.call('SET', 'k', 'v')
    expect(listener.pushes()).toEqual([invalidate('k')])
  })

  it('tells when the receiver has gone', () => {
    const server = new InProcessServer()
    const [reader, listener, writer] = [server.connect(3), server.connect(3), server.connect()]
    const id = listener.id
    reader.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', `${id}`)
    reader.call('GET', 'k')
    listener.disconnect()
    writer.call('SET', 'k', 'v')
    expect(reader.pushes()).toEqual([['tracking-redir-broken', id]])
    const facts = reader.call('CLIENT', 'TRACKINGINFO') as Map<string, unknown>
    expect(facts.get('flags')).toEqual(new Set(['on', 'broken_redirect']))
    expect(facts.get('redirect')).toBe(id)
  })
})

describe('CLIENT TRACKING', () => {
  it('refuses options that contradict each other or what is on', () => {
    const client = new InProcessServer().connect()
    const on = (...options: string[]) => client.call('CLIENT', 'TRACKING', 'ON', ...options)
    expect(on('PREFIX', 'a')).toEqual(error('ERR PREFIX option requires BCAST mode to be enabled'))
    expect(on('OPTIN', 'OPTOUT')).toEqual(
      error("ERR You can't specify both OPTIN mode and OPTOUT mode"),
    )
    expect(on('BCAST', 'OPTIN')).toEqual(
      error('ERR OPTIN and OPTOUT are not compatible with BCAST'),
    )
    expect(on('REDIRECT', '999')).toEqual(
      error('ERR The client ID you want redirect to does not exist'),
    )
    expect(on('BCAST', 'PREFIX', 'foo', 'PREFIX', 'f')).toEqual(
      error(
        "ERR Prefix 'foo' overlaps with another provided prefix 'f'. Prefixes for a single client must not overlap.",
      ),
    )
    expect(on('NOSUCH')).toEqual(error('ERR syntax error'))
    expect(client.call('CLIENT', 'TRACKING', 'MAYBE')).toEqual(error('ERR syntax error'))
    expect(on('BCAST', 'PREFIX', 'foo')).toBe('OK')
    expect(on('BCAST', 'PREFIX', 'fo')).toEqual(
      error(
        "ERR Prefix 'fo' overlaps with an existing prefix 'foo'. Prefixes for a single client must not overlap.",
      ),
    )
    expect(on()).toEqual(
      error(
        "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
      ),
    )
  })

  it('TRACKINGINFO tells what is on', () => {
    const client = new InProcessServer().connect()
    const info = () => client.call('CLIENT', 'TRACKINGINFO')
    expect(info()).toEqual(['flags', ['off'], 'redirect', -1, 'prefixes', []])
    client.call('CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'b', 'PREFIX', 'a', 'NOLOOP')
    expect(info()).toEqual([
      'flags',
      ['on', 'bcast', 'noloop'],
      'redirect',
      0,
      'prefixes',
      ['a', 'b'],
    ])
    client.call('CLIENT', 'TRACKING', 'OFF')
    client.call('CLIENT', 'TRACKING', 'ON', 'OPTIN')
    client.call('CLIENT', 'CACHING', 'YES')
    expect(info()).toEqual(['flags', ['on', 'optin', 'caching-yes'], 'redirect', 0, 'prefixes', []])
    client.call('PING')
    expect(info()).toEqual(['flags', ['on', 'optin'], 'redirect', 0, 'prefixes', []])
  })

  it('remembers no more keys than tracking-table-max-keys, and tells whom it forgets', () => {
    const server = new InProcessServer({ settings: [['tracking-table-max-keys', '10']] })
    const reader = server.connect(3)
    reader.call('CLIENT', 'TRACKING', 'ON')
    const keys = Array.from({ length: 30 }, (_, i) => `key:${i}`)
    for (const key of keys) reader.call('GET', key)
    const { tracking } = server.server
    expect(tracking.keyCount).toBe(10)
    expect(tracking.itemCount).toBe(10)
    const forgotten = reader.pushes().map(push => ((push as unknown[])[1] as string[])[0]!)
    expect(new Set(forgotten).size).toBe(20)
    const writer = server.connect()
    for (const key of keys) writer.call('SET', key, 'v')
    const told = reader.pushes().map(push => ((push as unknown[])[1] as string[])[0]!)
    expect([...forgotten, ...told].sort()).toEqual([...keys].sort())
    expect(tracking.memory).toBe(0)
  })
})
