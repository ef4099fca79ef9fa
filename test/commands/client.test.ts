import { describe, expect, it } from 'vitest'
import { InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const error = (text: string) => new RespError(text)
const syntaxError = error('ERR syntax error')

describe('CLIENT LIST and CLIENT INFO', () => {
  it('have the fields of Redis 7.2 in its order', () => {
    const server = new InProcessServer()
    const client = server.connect()
    client.call('CLIENT', 'SETNAME', 'me')
    client.call('CLIENT', 'SETINFO', 'LIB-NAME', 'lib(x)')
    client.call('CLIENT', 'SETINFO', 'lib-ver', '1.2')
    server.clock.advance(2500)
    client.call('SELECT', '1')
    server.clock.advance(1500)
    expect(client.call('CLIENT', 'INFO')).toBe(
      `id=${client.id} addr=${client.address} laddr=127.0.0.1:6379 fd=0 name=me age=4 idle=0 flags=N` +
        ' db=1 sub=0 psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=10 multi-mem=0 rbs=0 rbp=0' +
        ' obl=0 oll=0 omem=0 tot-mem=2058 events=r cmd=client|info user=default redir=-1 resp=2' +
        ' lib-name=lib(x) lib-ver=1.2\n',
    )
  })

  it('show what other clients are about', () => {
    const server = new InProcessServer()
    const [a, b, c] = [server.connect(), server.connect(3), server.connect()]
    a.call('WATCH', 'k')
    a.call('MULTI')
    a.call('PING')
    b.call('CLIENT', 'TRACKING', 'ON', 'BCAST')
    b.send('SUBSCRIBE', 'x')
    c.call('SET', 'k', 'v')
    server.clock.advance(7000)
    c.call('CLIENT', 'NO-EVICT', 'ON')
    c.call('CLIENT', 'NO-TOUCH', 'ON')
    const lines = (c.call('CLIENT', 'LIST') as string).split('\n')
    expect(lines.slice(0, 3)).toEqual([
      expect.stringMatching(/ idle=7 flags=xd .* multi=1 .* multi-mem=[1-9]\d* .* cmd=ping /),
      expect.stringMatching(/ flags=PtB .* sub=1 .* redir=0 resp=3 /),
      expect.stringMatching(/ idle=0 flags=eT .* cmd=client\|list /),
    ])
    expect(lines.slice(3)).toEqual([''])
  })

  it('can be asked for a type, or for ids', () => {
    const server = new InProcessServer()
    const [a, b] = [server.connect(), server.connect()]
    b.send('SUBSCRIBE', 'x')
    const ids = (...args: string[]) =>
      [...String(a.call('CLIENT', 'LIST', ...args)).matchAll(/^id=(\d+)/gm)].map(m => Number(m[1]))
    expect(ids('TYPE', 'pubsub')).toEqual([b.id])
    expect(ids('TYPE', 'NORMAL')).toEqual([a.id])
    expect(ids('TYPE', 'slave')).toEqual([])
    expect(ids('ID', `${b.id}`, '999', `${a.id}`)).toEqual([b.id, a.id])
    expect(a.call('CLIENT', 'LIST', 'TYPE', 'x')).toEqual(error("ERR Unknown client type 'x'"))
    expect(a.call('CLIENT', 'LIST', 'ID', 'x')).toEqual(error('ERR Invalid client ID'))
    expect(a.call('CLIENT', 'LIST', 'ID')).toEqual(syntaxError)
  })

  it('are verbatim strings in RESP3', () => {
    const client = new InProcessServer().connect(3)
    expect(client.callBytes('CLIENT', 'INFO').toString()).toMatch(/^=\d+\r\ntxt:id=/)
  })
})

describe('CLIENT SETNAME and SETINFO', () => {
  it('refuse what would break the lines of CLIENT LIST', () => {
    const client = new InProcessServer().connect()
    expect(client.call('CLIENT', 'SETNAME', 'a\nb')).toEqual(
      error('ERR Client names cannot contain spaces, newlines or special characters.'),
    )
    expect(client.call('CLIENT', 'SETINFO', 'lib-name', 'a b')).toEqual(
      error('ERR lib-name cannot contain spaces, newlines or special characters.'),
    )
    expect(client.call('CLIENT', 'SETINFO', 'lib-x', 'a')).toEqual(
      error("ERR Unrecognized option 'lib-x'"),
    )
  })

  it('forget an empty name', () => {
    const client = new InProcessServer().connect()
    client.call('CLIENT', 'SETNAME', 'x')
    expect(client.call('CLIENT', 'GETNAME')).toBe('x')
    client.call('CLIENT', 'SETNAME', '')
    expect(client.call('CLIENT', 'GETNAME')).toBeNull()
  })
})

describe('CLIENT KILL', () => {
  it('by address answers OK or that there is no such client', () => {
    const server = new InProcessServer()
    const [a, b] = [server.connect(), server.connect()]
    expect(a.call('CLIENT', 'KILL', b.address)).toBe('OK')
    expect(b.closed).toBe(true)
    expect(a.call('CLIENT', 'KILL', b.address)).toEqual(error('ERR No such client'))
  })

  it('counts those that pass all filters, itself only with SKIPME no', () => {
    const server = new InProcessServer()
    const [a, b, c] = [server.connect(), server.connect(), server.connect()]
    b.send('SUBSCRIBE', 'x')
    expect(a.call('CLIENT', 'KILL', 'TYPE', 'normal', 'ID', `${b.id}`)).toBe(0)
    expect(a.call('CLIENT', 'KILL', 'TYPE', 'pubsub')).toBe(1)
    expect(a.call('CLIENT', 'KILL', 'LADDR', '127.0.0.1:6379', 'USER', 'default')).toBe(1)
    expect([a.closed, b.closed, c.closed]).toEqual([false, true, true])
    expect(a.call('CLIENT', 'KILL', 'ADDR', a.address, 'SKIPME', 'no')).toBe(1)
    expect(a.closed).toBe(true)
    expect(server.server.pubsub.channels.size).toBe(0)
  })

  it('refuses filters it does not know', () => {
    const client = new InProcessServer().connect()
    const kill = (...args: string[]) => client.call('CLIENT', 'KILL', ...args)
    expect(kill('ID', '0')).toEqual(error('ERR client-id should be greater than 0'))
    expect(kill('USER', 'nobody')).toEqual(error("ERR No such user 'nobody'"))
    expect(kill('TYPE', 'x')).toEqual(error("ERR Unknown client type 'x'"))
    expect(kill('MAXAGE', '1')).toEqual(syntaxError)
    expect(kill('SKIPME', 'maybe')).toEqual(syntaxError)
    expect(kill('ID', '1', 'TYPE')).toEqual(syntaxError)
  })
})

describe('CLIENT PAUSE', () => {
  it('WRITE holds back writes, and runs them in order when it ends', () => {
    const server = new InProcessServer()
    const [a, b] = [server.connect(), server.connect()]
    expect(a.call('CLIENT', 'PAUSE', '100', 'WRITE')).toBe('OK')
    b.send('SET', 'k', 'v')
    b.send('GET', 'k')
    expect(b.replies()).toEqual([])
    expect(a.call('GET', 'k')).toBeNull()
    server.advance(99)
    expect(b.replies()).toEqual([])
    server.advance(1)
    expect(b.replies()).toEqual(['OK', 'v'])
  })

  it('holds a transaction that writes at EXEC, and not one that reads', () => {
    const server = new InProcessServer()
    const [a, b, c] = [server.connect(), server.connect(), server.connect()]
    expect(b.pipeline(['MULTI'], ['SET', 'k', 'v'])).toEqual(['OK', 'QUEUED'])
    expect(c.pipeline(['MULTI'], ['GET', 'k'])).toEqual(['OK', 'QUEUED'])
    a.call('CLIENT', 'PAUSE', '100', 'WRITE')
    b.send('EXEC')
    expect(c.call('EXEC')).toEqual([null])
    expect(b.replies()).toEqual([])
    expect(a.call('CLIENT', 'UNPAUSE')).toBe('OK')
    expect(b.replies()).toEqual([['OK']])
  })

  it('lets DISCARD through', () => {
    const server = new InProcessServer()
    const [a, b] = [server.connect(), server.connect()]
    b.pipeline(['MULTI'], ['SET', 'k', 'v'])
    a.call('CLIENT', 'PAUSE', '100', 'WRITE')
    expect(b.call('DISCARD')).toBe('OK')
  })

  it('ALL holds everything', () => {
    const server = new InProcessServer()
    const client = server.connect()
    client.call('CLIENT', 'PAUSE', '100')
    client.send('PING')
    client.send('CLIENT', 'UNPAUSE')
    expect(client.replies()).toEqual([])
    server.advance(100)
    expect(client.replies()).toEqual(['PONG', 'OK'])
  })

  it('refuses bad times and modes', () => {
    const client = new InProcessServer().connect()
    const pause = (...args: string[]) => client.call('CLIENT', 'PAUSE', ...args)
    expect(pause('x')).toEqual(error('ERR timeout is not an integer or out of range'))
    expect(pause('-1')).toEqual(error('ERR timeout is negative'))
    expect(pause('1', 'READ')).toEqual(error('ERR CLIENT PAUSE mode must be WRITE or ALL'))
    expect(pause('1', 'ALL', 'x')).toEqual(
      error("ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."),
    )
  })
})

describe('CLIENT REPLY', () => {
  it('SKIP drops one reply, OFF all until ON', () => {
    const client = new InProcessServer().connect()
    expect(
      client.pipeline(
        ['CLIENT', 'REPLY', 'SKIP'],
        ['ECHO', '1'],
        ['ECHO', '2'],
        ['CLIENT', 'REPLY', 'OFF'],
        ['ECHO', '3'],
        ['NOSUCH'],
        ['CLIENT', 'REPLY', 'SKIP'],
        ['ECHO', '4'],
        ['ECHO', '5'],
        ['CLIENT', 'REPLY', 'ON'],
        ['ECHO', '6'],
      ),
    ).toEqual(['2', 'OK', '6'])
  })

  it('holds for a call that waits', () => {
    const server = new InProcessServer()
    const [a, b] = [server.connect(), server.connect()]
    a.send('CLIENT', 'REPLY', 'SKIP')
    a.send('BLPOP', 'list', '0')
    a.send('PING')
    expect(a.replies()).toEqual([])
    b.call('RPUSH', 'list', 'x')
    expect(a.replies()).toEqual(['PONG'])
    expect(b.call('LLEN', 'list')).toBe(0)
  })
})

describe('CLIENT UNBLOCK', () => {
  it('ends a wait as its time would, or by an error', () => {
    const server = new InProcessServer()
    const [a, b] = [server.connect(), server.connect()]
    a.send('BLPOP', 'list', '0')
    expect(b.call('CLIENT', 'UNBLOCK', `${a.id}`)).toBe(1)
    expect(a.replies()).toEqual([null])
    expect(b.call('CLIENT', 'UNBLOCK', `${a.id}`)).toBe(0)
    a.send('BLPOP', 'list', '0')
    expect(b.call('CLIENT', 'UNBLOCK', `${a.id}`, 'ERROR')).toBe(1)
    expect(a.replies()).toEqual([error('UNBLOCKED client unblocked via CLIENT UNBLOCK')])
    expect(b.call('CLIENT', 'UNBLOCK', '1', 'NOW')).toEqual(
      error('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR'),
    )
  })
})

describe('CLIENT', () => {
  it('refuses subcommands it does not know, which tells libraries that a feature is missing', () => {
    const client = new InProcessServer().connect()
    expect(client.call('CLIENT', 'MAINT_NOTIFICATIONS', 'ON')).toEqual(
      error("ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP."),
    )
    expect(client.call('CLIENT')).toEqual(
      error("ERR wrong number of arguments for 'client' command"),
    )
  })

  it('answers the handshakes of the known client libraries', () => {
    const client = new InProcessServer().connect()
    expect(
      client
        .pipeline(
          ['HELLO', '3'],
          ['CLIENT', 'SETNAME', 'ioredis-cluster(refresher)'],
          ['CLIENT', 'SETINFO', 'LIB-NAME', 'go-redis(,go1.22)'],
          ['CLIENT', 'SETINFO', 'LIB-VER', '9.5.1'],
          ['CLIENT', 'ID'],
          ['CLIENT', 'NO-EVICT', 'ON'],
          ['CLIENT', 'NO-TOUCH', 'ON'],
        )
        .slice(1),
    ).toEqual(['OK', 'OK', 'OK', client.id, 'OK', 'OK'])
  })
})
