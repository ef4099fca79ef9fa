import { describe, expect, it } from 'vitest'
import { InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const notInThisContext = (command: string) =>
  new RespError(
    `ERR Can't execute '${command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  )

describe('SUBSCRIBE and PUBLISH', () => {
  it('deliver to subscribers of the channel and of patterns that match it', () => {
    const server = new InProcessServer()
    const [a, b, publisher] = [server.connect(), server.connect(3), server.connect()]
    a.send('SUBSCRIBE', 'news', 'weather')
    a.send('PSUBSCRIBE', 'n?ws')
    expect(a.replies()).toEqual([
      ['subscribe', 'news', 1],
      ['subscribe', 'weather', 2],
      ['psubscribe', 'n?ws', 3],
    ])
    b.send('PSUBSCRIBE', '*')
    expect(b.pushes()).toEqual([['psubscribe', '*', 1]])
    expect(publisher.call('PUBLISH', 'news', 'hello\r\n\xff')).toBe(3)
    expect(a.replies()).toEqual([
      ['message', 'news', 'hello\r\n\xff'],
      ['pmessage', 'n?ws', 'news', 'hello\r\n\xff'],
    ])
    expect(b.pushes()).toEqual([['pmessage', '*', 'news', 'hello\r\n\xff']])
    expect(publisher.call('PUBLISH', 'nobody', 'x')).toBe(1)
    expect(b.pushes()).toEqual([['pmessage', '*', 'nobody', 'x']])
  })

  it('confirm a second subscription to the same channel without counting it', () => {
    const client = new InProcessServer().connect()
    client.send('SUBSCRIBE', 'a', 'a')
    expect(client.replies()).toEqual([
      ['subscribe', 'a', 1],
      ['subscribe', 'a', 1],
    ])
  })

  it('send a RESP3 client its own message after the reply of PUBLISH', () => {
    const client = new InProcessServer().connect(3)
    client.send('SUBSCRIBE', 'a')
    client.received()
    client.send('PUBLISH', 'a', 'self')
    expect(client.received()).toEqual([1, ['message', 'a', 'self']])
  })

  it("keep messages to the client itself out of EXEC's reply", () => {
    const client = new InProcessServer().connect()
    client.pipeline(['MULTI'], ['SUBSCRIBE', 'a'], ['PUBLISH', 'a', 'x'])
    client.received()
    client.send('EXEC')
    expect(client.received()).toEqual([
      [['subscribe', 'a', 1], 1],
      ['message', 'a', 'x'],
    ])
  })

  it('come through CLIENT REPLY OFF', () => {
    const server = new InProcessServer()
    const [client, publisher] = [server.connect(), server.connect()]
    client.send('CLIENT', 'REPLY', 'OFF')
    client.send('SUBSCRIBE', 'a')
    publisher.call('PUBLISH', 'a', 'x')
    client.send('PING')
    expect(client.received()).toEqual([
      ['subscribe', 'a', 1],
      ['message', 'a', 'x'],
    ])
  })

  it('share one encoding among hundreds of subscribers', () => {
    const server = new InProcessServer()
    const subscribers = Array.from({ length: 300 }, (_, i) => server.connect(i % 2 === 0 ? 2 : 3))
    for (const each of subscribers) each.send('SUBSCRIBE', 'a')
    const publisher = server.connect()
    expect(publisher.call('PUBLISH', 'a', 'x'.repeat(100_000))).toBe(300)
    for (const each of subscribers) {
      expect(each.received().at(-1)).toEqual(['message', 'a', 'x'.repeat(100_000)])
    }
  })
})

describe('UNSUBSCRIBE', () => {
  it('without names leaves all channels, and says so even where there are none', () => {
    const client = new InProcessServer().connect()
    client.send('UNSUBSCRIBE')
    client.send('SUBSCRIBE', 'a', 'b')
    client.send('PSUBSCRIBE', 'p*')
    client.replies()
    client.send('UNSUBSCRIBE')
    client.send('UNSUBSCRIBE', 'never')
    client.send('PUNSUBSCRIBE')
    expect(client.replies()).toEqual([
      ['unsubscribe', 'a', 2],
      ['unsubscribe', 'b', 1],
      ['unsubscribe', 'never', 1],
      ['punsubscribe', 'p*', 0],
    ])
    expect(client.call('PING')).toBe('PONG')
  })

  it('writes null in the way of the protocol where there was no subscription', () => {
    const server = new InProcessServer()
    expect(server.connect().callBytes('UNSUBSCRIBE').toString()).toBe(
      '*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n',
    )
    const client = server.connect(3)
    client.send('PUNSUBSCRIBE')
    expect(client.pushes()).toEqual([['punsubscribe', null, 0]])
  })
})

describe('a RESP2 client with subscriptions', () => {
  it('may only subscribe, unsubscribe, PING, QUIT and RESET', () => {
    const client = new InProcessServer().connect()
    client.call('SUBSCRIBE', 'a')
    expect(client.call('GET', 'k')).toEqual(notInThisContext('get'))
    expect(client.call('CLIENT', 'ID')).toEqual(notInThisContext('client|id'))
    expect(client.call('PING')).toEqual(['pong', ''])
    expect(client.call('PING', 'x')).toEqual(['pong', 'x'])
    expect(client.call('SSUBSCRIBE', 's')).toEqual(['ssubscribe', 's', 1])
    expect(client.call('RESET')).toBe('RESET')
    expect(client.call('GET', 'k')).toBeNull()
  })

  it('is free to do all in RESP3', () => {
    const client = new InProcessServer().connect(3)
    client.send('SUBSCRIBE', 'a')
    expect(client.call('PING')).toBe('PONG')
    expect(client.call('SET', 'k', 'v')).toBe('OK')
  })

  it('leaves no trace when it disconnects', () => {
    const { server, client } = (() => {
      const server = new InProcessServer()
      return { server, client: server.connect() }
    })()
    client.send('SUBSCRIBE', 'a')
    client.send('PSUBSCRIBE', 'b*')
    client.send('SSUBSCRIBE', 'c')
    client.disconnect()
    const other = server.connect()
    expect(other.call('PUBSUB', 'CHANNELS')).toEqual([])
    expect(other.call('PUBSUB', 'SHARDCHANNELS')).toEqual([])
    expect(other.call('PUBSUB', 'NUMPAT')).toBe(0)
  })
})

describe('SSUBSCRIBE and SPUBLISH', () => {
  it('live apart from channels', () => {
    const server = new InProcessServer()
    const [shard, plain, publisher] = [server.connect(), server.connect(), server.connect()]
    expect(plain.call('SUBSCRIBE', 'a')).toEqual(['subscribe', 'a', 1])
    expect(shard.call('SSUBSCRIBE', 'a')).toEqual(['ssubscribe', 'a', 1])
    expect(publisher.call('SPUBLISH', 'a', 'x')).toBe(1)
    expect(publisher.call('PUBLISH', 'a', 'y')).toBe(1)
    expect(shard.replies()).toEqual([['smessage', 'a', 'x']])
    expect(plain.replies()).toEqual([['message', 'a', 'y']])
    expect(shard.call('SUNSUBSCRIBE')).toEqual(['sunsubscribe', 'a', 0])
  })
})

describe('PUBSUB', () => {
  it('counts subscribers of channels and lists those that match a pattern', () => {
    const server = new InProcessServer()
    const [a, b, c] = [server.connect(), server.connect(), server.connect()]
    a.send('SUBSCRIBE', 'one', 'two')
    b.send('SUBSCRIBE', 'one')
    b.send('PSUBSCRIBE', 'x*', 'y*')
    b.send('SSUBSCRIBE', 'shard')
    expect(c.call('PUBSUB', 'CHANNELS')).toEqual(['one', 'two'])
    expect(c.call('PUBSUB', 'CHANNELS', 'o*')).toEqual(['one'])
    expect(c.call('PUBSUB', 'NUMSUB', 'one', 'none')).toEqual(['one', 2, 'none', 0])
    expect(c.call('PUBSUB', 'NUMSUB')).toEqual([])
    expect(c.call('PUBSUB', 'NUMPAT')).toBe(2)
    expect(c.call('PUBSUB', 'SHARDCHANNELS')).toEqual(['shard'])
    expect(c.call('PUBSUB', 'SHARDNUMSUB', 'shard')).toEqual(['shard', 1])
  })

  it('refuses subcommands it does not know', () => {
    const client = new InProcessServer().connect()
    expect(client.call('PUBSUB', 'NOPE')).toEqual(
      new RespError("ERR unknown subcommand 'NOPE'. Try PUBSUB HELP."),
    )
    expect(client.call('PUBSUB', 'CHANNELS', 'a', 'b')).toEqual(
      new RespError(
        "ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.",
      ),
    )
  })
})

describe('keyspace events', () => {
  it('are published by key and by event, for the classes that are wanted', () => {
    const server = new InProcessServer({ settings: [['notify-keyspace-events', 'KE$']] })
    const [listener, client] = [server.connect(3), server.connect()]
    listener.send('PSUBSCRIBE', '__key*__:*')
    listener.pushes()
    client.call('SET', 'k', 'v')
    client.call('GETDEL', 'k')
    expect(listener.pushes()).toEqual([
      ['pmessage', '__key*__:*', '__keyspace@0__:k', 'set'],
      ['pmessage', '__key*__:*', '__keyevent@0__:set', 'k'],
    ])
  })

  it('tell of expiry when the key goes', () => {
    const server = new InProcessServer({ settings: [['notify-keyspace-events', 'Ex']] })
    const [listener, client] = [server.connect(3), server.connect()]
    listener.send('SUBSCRIBE', '__keyevent@3__:expired')
    listener.pushes()
    client.call('SELECT', '3')
    client.call('SET', 'k', 'v', 'PX', '50')
    server.advance(49)
    expect(listener.pushes()).toEqual([])
    server.advance(1)
    expect(listener.pushes()).toEqual([['message', '__keyevent@3__:expired', 'k']])
  })
})
