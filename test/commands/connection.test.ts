import { describe, expect, it } from 'vitest'
import { InProcessServer } from '../harness/in-process.ts'
import { RespError } from '../harness/resp-value.ts'

const error = (text: string) => new RespError(text)
const connect = (...settings: [string, ...string[]][]) =>
  new InProcessServer({ settings }).connect()

describe('PING and ECHO', () => {
  it('give back what they are given', () => {
    const client = connect()
    expect(client.callBytes('PING').toString()).toBe('+PONG\r\n')
    expect(client.callBytes('PING', '\x00\xff').toString('latin1')).toBe('$2\r\n\x00\xff\r\n')
    expect(client.call('ECHO', 'a b')).toBe('a b')
    expect(client.call('PING', 'a', 'b')).toEqual(
      error("ERR wrong number of arguments for 'ping' command"),
    )
  })
})

describe('HELLO', () => {
  it('describes the server, in the order in which Redis does', () => {
    const client = connect()
    const facts = client.call('HELLO')
    expect(facts).toEqual([
      'server',
      'redis',
      'version',
      expect.stringMatching(/^7\.2\.\d+$/),
      'proto',
      2,
      'id',
      client.id,
      'mode',
      'standalone',
      'role',
      'master',
      'modules',
      [],
    ])
    const map = client.call('HELLO', '3') as Map<string, unknown>
    expect([...map.keys()]).toEqual(['server', 'version', 'proto', 'id', 'mode', 'role', 'modules'])
    expect(map.get('proto')).toBe(3)
    expect(client.callBytes('GET', 'none').toString()).toBe('_\r\n')
  })

  it('refuses other protocols, and changes nothing then', () => {
    const client = connect()
    expect(client.call('HELLO', '4')).toEqual(error('NOPROTO unsupported protocol version'))
    expect(client.call('HELLO', 'x')).toEqual(
      error('ERR Protocol version is not an integer or out of range'),
    )
    expect(client.call('HELLO', '3', 'SETNAME', 'a b')).toEqual(
      error('ERR Client names cannot contain spaces, newlines or special characters.'),
    )
    expect(client.call('HELLO', '3', 'AUTH', 'x')).toEqual(
      error("ERR Syntax error in HELLO option 'AUTH'"),
    )
    expect(client.callBytes('GET', 'none').toString()).toBe('$-1\r\n')
  })

  it('logs in and names the connection at once', () => {
    const client = connect(['requirepass', 'secret'])
    expect(client.call('HELLO', '3')).toEqual(
      error(
        'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
      ),
    )
    expect(client.call('HELLO', '3', 'AUTH', 'default', 'wrong', 'SETNAME', 'x')).toEqual(
      error('WRONGPASS invalid username-password pair or user is disabled.'),
    )
    expect(client.call('HELLO', '3', 'AUTH', 'default', 'secret', 'SETNAME', 'x')).toBeInstanceOf(
      Map,
    )
    expect(client.call('CLIENT', 'GETNAME')).toBe('x')
  })
})

describe('AUTH', () => {
  it('is needed before anything else where there is a password', () => {
    const client = connect(['requirepass', 'secret'])
    expect(client.call('GET', 'k')).toEqual(error('NOAUTH Authentication required.'))
    expect(client.call('NOSUCH')).toEqual(
      error("ERR unknown command 'NOSUCH', with args beginning with: "),
    )
    expect(client.call('AUTH', 'wrong')).toEqual(
      error('WRONGPASS invalid username-password pair or user is disabled.'),
    )
    expect(client.call('AUTH', 'secret')).toBe('OK')
    expect(client.call('GET', 'k')).toBeNull()
  })

  it('with one argument says that there is no password to check', () => {
    const client = connect()
    expect(client.call('AUTH', 'x')).toEqual(
      error(
        'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
      ),
    )
    expect(client.call('AUTH', 'default', 'x')).toBe('OK')
    expect(client.call('AUTH', 'a', 'b', 'c')).toEqual(error('ERR syntax error'))
  })

  it('leaves those who were let in before a password was set', () => {
    const server = new InProcessServer()
    const [early, admin] = [server.connect(), server.connect()]
    expect(admin.call('CONFIG', 'SET', 'requirepass', 'secret')).toBe('OK')
    expect(early.call('PING')).toBe('PONG')
    const late = server.connect()
    expect(late.call('PING')).toEqual(error('NOAUTH Authentication required.'))
    expect(admin.call('CONFIG', 'SET', 'requirepass', '')).toBe('OK')
    expect(late.call('PING')).toBe('PONG')
  })
})

describe('SELECT', () => {
  it('chooses a database for this connection only', () => {
    const server = new InProcessServer()
    const [a, b] = [server.connect(), server.connect()]
    a.call('SELECT', '3')
    a.call('SET', 'k', 'v')
    expect(b.call('GET', 'k')).toBeNull()
    expect(a.call('GET', 'k')).toBe('v')
  })

  it('refuses what is no database', () => {
    const client = connect()
    expect(client.call('SELECT', 'x')).toEqual(error('ERR value is not an integer or out of range'))
    expect(client.call('SELECT', '16')).toEqual(error('ERR DB index is out of range'))
    expect(client.call('SELECT', '-1')).toEqual(error('ERR DB index is out of range'))
    expect(client.call('SELECT', '99999999999')).toEqual(
      error('ERR value is out of range, value must between -2147483648 and 2147483647'),
    )
  })
})

describe('RESET', () => {
  it('makes the connection what it was at first', () => {
    const server = new InProcessServer()
    const client = server.connect(3)
    client.call('SELECT', '2')
    client.call('CLIENT', 'SETNAME', 'x')
    client.call('CLIENT', 'TRACKING', 'ON')
    client.send('SUBSCRIBE', 'a')
    client.call('WATCH', 'k')
    client.call('MULTI')
    expect(client.call('RESET')).toBe('RESET')
    expect(client.callBytes('CLIENT', 'GETNAME').toString()).toBe('$-1\r\n')
    expect(client.call('EXEC')).toEqual(error('ERR EXEC without MULTI'))
    expect(client.call('CLIENT', 'GETREDIR')).toBe(-1)
    expect(client.call('CLIENT', 'INFO')).toMatch(/ flags=N db=0 sub=0 .* resp=2 /)
    expect(server.server.watches.isEmpty).toBe(true)
  })

  it('takes the rights of a user back', () => {
    const server = new InProcessServer({ settings: [['requirepass', 'secret']] })
    const client = server.connect()
    client.call('AUTH', 'secret')
    expect(client.call('RESET')).toBe('RESET')
    expect(client.call('GET', 'k')).toEqual(error('NOAUTH Authentication required.'))
  })
})

describe('QUIT', () => {
  it('answers OK, runs nothing more, and closes', () => {
    const server = new InProcessServer()
    const client = server.connect()
    expect(client.pipeline(['QUIT'], ['SET', 'k', 'v'])).toEqual(['OK'])
    expect(client.closed).toBe(true)
    expect(server.connect().call('GET', 'k')).toBeNull()
  })

  it('closes a silenced client too', () => {
    const client = connect()
    client.send('CLIENT', 'REPLY', 'OFF')
    client.send('QUIT')
    expect(client.closed).toBe(true)
  })
})
