// EVAL and SCRIPT by example: what scripts have to do with the rest of the server.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'
import { RespError, type RespValue } from '../../harness/resp-value.ts'
import { logOf } from '../logged.ts'

function connect(...settings: [string, ...string[]][]): InProcessClient {
  return new InProcessServer({ settings }).connect()
}

function run(client: InProcessClient, script: string, ...args: string[]): RespValue {
  return client.call('EVAL', script, '0', ...args)
}

/** The text of an error, without the name of the script and the place. */
function errorOf(reply: RespValue): string {
  expect(reply).toBeInstanceOf(RespError)
  return (reply as RespError).text.replace(/ script: [0-9a-f]{40}.*$/, '')
}

describe('EVAL', () => {
  it('gets keys and arguments as they came, any bytes', () => {
    const client = connect()
    const bytes = '\0\r\n\xff\x80'
    expect(
      client.call(
        'EVAL',
        'return {KEYS[1], KEYS[2], ARGV[1], #KEYS, #ARGV}',
        '2',
        'a',
        bytes,
        bytes,
      ),
    ).toEqual(['a', bytes, bytes, 2, 1])
  })

  it('may use keys that it was not given', () => {
    const client = connect()
    expect(run(client, "redis.call('SET', 'other', 1) return redis.call('GET', 'other')")).toBe('1')
  })

  it('answers commands that would wait at once; those of Redis 6 and before are refused', () => {
    const client = connect()
    client.call('LOCK.ACQUIRE', 'lock', 'first')
    const replies = [
      "'BLPOP', 'l', 0",
      "'BLMOVE', 'l', 'm', 'LEFT', 'LEFT', 0",
      "'BZPOPMIN', 'z', 0",
      "'BLMPOP', 0, 1, 'l', 'LEFT'",
      "'BZMPOP', 0, 1, 'z', 'MIN'",
      "'LOCK.ACQUIRE', 'lock', 'second', 'WAIT', 0",
      "'XREAD', 'BLOCK', 0, 'STREAMS', 'x', '$'",
    ].map(words => run(client, `return redis.call(${words})`))
    const refused = replies.splice(0, 3)
    for (const reply of [...refused, replies.pop()!]) expect(errorOf(reply)).toMatch(/not allowed/)
    expect(replies).toEqual([null, null, null])
  })

  it("a script's SELECT ends with it", () => {
    const client = connect()
    run(client, "redis.call('SELECT', 3) redis.call('SET', 'k', 'v')")
    expect(client.call('EXISTS', 'k')).toBe(0)
    client.call('SELECT', '3')
    expect(client.call('EXISTS', 'k')).toBe(1)
  })

  it('wakes who waits for a key when it has ended', () => {
    const server = new InProcessServer()
    const [client, waiter] = [server.connect(), server.connect()]
    waiter.send('BLPOP', 'l', '0')
    const script =
      "redis.call('RPUSH', 'l', 'a', 'b') redis.call('LSET', 'l', 0, 'c') return redis.call('LLEN', 'l')"
    expect(run(client, script)).toBe(2)
    expect(waiter.received()).toEqual([['l', 'c']])
  })

  it('an error ends it, and what it did before stays and is logged', () => {
    const server = new InProcessServer()
    const log = logOf(server)
    const client = server.connect()
    expect(errorOf(run(client, "redis.call('SET', 'k', 1) redis.call('LPUSH', 'k', 2)"))).toMatch(
      /^WRONGTYPE/,
    )
    expect(client.call('GET', 'k')).toBe('1')
    expect(log).toEqual([['SET k 1']])
  })

  it('only the commands of a read-only one are refused if they write', () => {
    const client = connect()
    const script = "redis.call('GET', 'k') return redis.pcall('SET', 'k', 1).err"
    expect(client.call('EVAL_RO', script, '0')).toBe(
      'ERR Write commands are not allowed from read-only scripts.',
    )
    expect(errorOf(client.call('EVAL_RO', '#!lua\nreturn 1', '0'))).toBe(
      'ERR Can not execute a script with write flag using *_ro command.',
    )
  })
})

describe('transactions', () => {
  it('a script in EXEC is part of its entry of the log', () => {
    const server = new InProcessServer()
    const log = logOf(server)
    const client = server.connect()
    client.call('MULTI')
    client.call('SET', 'a', '1')
    run(client, "redis.call('INCR', 'a') redis.call('INCR', 'a')")
    run(client, 'error("no")')
    client.call('INCR', 'a')
    const replies = client.call('EXEC') as RespValue[]
    expect([replies[0], replies[1], replies[3]]).toEqual(['OK', null, 4])
    expect(log).toEqual([['SET a 1', 'INCR a', 'INCR a', 'INCR a']])
  })

  it('a script breaks what others watch, also when it undoes its change', () => {
    const server = new InProcessServer()
    const [client, other] = [server.connect(), server.connect()]
    for (const [script, broken] of [
      ["redis.call('SET', 'k', 1) redis.call('DEL', 'k')", true],
      ["redis.call('GET', 'k') redis.call('DEL', 'k')", false],
    ] as const) {
      client.call('WATCH', 'k')
      run(other, script)
      client.call('MULTI')
      client.call('PING')
      expect(client.call('EXEC')).toEqual(broken ? null : ['PONG'])
    }
  })

  it('may be begun neither by a script nor watched from one', () => {
    const client = connect()
    for (const words of [
      "'MULTI'",
      "'EXEC'",
      "'WATCH', 'k'",
      "'SUBSCRIBE', 'c'",
      "'EVAL', 'return 1', 0",
    ]) {
      expect(errorOf(run(client, `return redis.call(${words})`))).toBe(
        'ERR This Redis command is not allowed from script',
      )
    }
  })
})

describe('locks', () => {
  it('LOCK.DO runs a command for the holder of the token only', () => {
    const server = new InProcessServer()
    const client = server.connect()
    const token = String(client.call('LOCK.ACQUIRE', 'lock', 'me'))
    const log = logOf(server)
    const script = "return redis.call('LOCK.DO', KEYS[1], ARGV[1], 'SET', KEYS[2], ARGV[2])"
    expect(client.call('EVAL', script, '2', 'lock', 'k', token, 'v')).toBe('OK')
    expect(log).toEqual([['SET k v']])
    const stale = String(Number(token) + 1)
    expect(errorOf(client.call('EVAL', script, '2', 'lock', 'k', stale, 'w'))).toMatch(/^FENCED/)
    expect(client.call('GET', 'k')).toBe('v')
    expect(client.call('EVAL_RO', script, '2', 'lock', 'k', token, 'w')).toBeInstanceOf(RespError)
  })

  it('LOCK.ASSERT ends a script of somebody who does not hold the lock, before it writes', () => {
    const client = connect()
    client.call('LOCK.ACQUIRE', 'lock', 'me')
    const script = "redis.call('LOCK.ASSERT', KEYS[1], ARGV[1]) return redis.call('INCR', KEYS[2])"
    expect(client.call('EVAL', script, '2', 'lock', 'n', 'me')).toBe(1)
    expect(client.call('EVAL', script, '2', 'lock', 'n', 'other')).toBeInstanceOf(RespError)
    expect(client.call('GET', 'n')).toBe('1')
  })
})

describe('rights', () => {
  it('are those of the user who runs the script', () => {
    const server = new InProcessServer()
    const [admin, client] = [server.connect(), server.connect()]
    admin.call('ACL', 'SETUSER', 'u', 'on', 'nopass', '+@all', '-get', '~mine:*')
    client.call('AUTH', 'u', 'x')
    expect(run(client, "return redis.call('SET', 'mine:k', 1)")).toBe('OK')
    expect(errorOf(run(client, "return redis.call('SET', 'other', 1)"))).toMatch(
      /^NOPERM|^ERR The user executing the script can't access/,
    )
    expect(errorOf(run(client, "return redis.call('GET', 'mine:k')"))).toMatch(
      /^NOPERM|^ERR The user executing the script can't run this command/,
    )
    const checks = ["'SET', 'mine:k', 1", "'SET', 'other', 1", "'GET', 'mine:k'"].map(words =>
      run(client, `return redis.acl_check_cmd(${words})`),
    )
    expect(checks).toEqual([1, null, null])
  })
})

describe('at the limit of memory', () => {
  function full(): InProcessClient {
    const client = connect()
    client.call('SET', 'k', 'v')
    client.call('CONFIG', 'SET', 'maxmemory', '1')
    return client
  }
  const OOM = "OOM command not allowed when used memory > 'maxmemory'."

  it('a script without flags is refused what needs memory, until it has written', () => {
    const client = full()
    expect(run(client, "return redis.call('GET', 'k')")).toBe('v')
    expect(errorOf(run(client, "return redis.call('SET', 'x', 1)"))).toBe(OOM)
    expect(run(client, "redis.call('DEL', 'k') return redis.call('SET', 'x', 1)")).toBe('OK')
  })

  it('flags decide before it runs', () => {
    const client = full()
    expect(errorOf(run(client, "#!lua\nreturn redis.call('GET', 'k')"))).toBe(OOM)
    expect(run(client, "#!lua flags=no-writes\nreturn redis.call('GET', 'k')")).toBe('v')
    expect(run(client, "#!lua flags=allow-oom\nreturn redis.call('SET', 'x', 1)")).toBe('OK')
  })
})

describe('in a cluster', () => {
  it('a script with no-cluster is refused, and one without runs', () => {
    const client = connect(['cluster-enabled', 'yes'])
    expect(errorOf(run(client, '#!lua flags=no-cluster\nreturn 1'))).toBe(
      "ERR Can not run script on cluster, 'no-cluster' flag is set.",
    )
    expect(run(client, '#!lua\nreturn 1')).toBe(1)
  })
})

describe('SCRIPT', () => {
  it('LOAD, EXISTS and FLUSH keep the cache', () => {
    const client = connect()
    const sha = client.call('SCRIPT', 'LOAD', 'return ARGV[1]') as string
    expect(sha).toMatch(/^[0-9a-f]{40}$/)
    expect(client.call('EVALSHA', sha.toUpperCase(), '0', 'x')).toBe('x')
    expect(client.call('SCRIPT', 'EXISTS', sha, 'f'.repeat(40))).toEqual([1, 0])
    expect(client.call('SCRIPT', 'FLUSH', 'ASYNC')).toBe('OK')
    expect(errorOf(client.call('EVALSHA', sha, '0'))).toBe(
      'NOSCRIPT No matching script. Please use EVAL.',
    )
  })

  it('KILL finds nothing to stop, like FUNCTION KILL: who can ask is not kept waiting', () => {
    const client = connect()
    for (const command of ['SCRIPT', 'FUNCTION']) {
      expect(errorOf(client.call(command, 'KILL'))).toBe(
        'NOTBUSY No scripts in execution right now.',
      )
    }
  })

  it('what one script leaves behind no other one sees', () => {
    const client = connect()
    run(client, 'KEYS.x = 1 ARGV.x = 1 local t = {} t.x = 1')
    expect(run(client, 'return {tostring(KEYS.x), tostring(ARGV.x)}')).toEqual(['nil', 'nil'])
    for (const script of ['x = 1', 'redis.x = 1', '_G.x = 1', 'string.x = 1', 'cjson.x = 1']) {
      expect(errorOf(run(client, script))).toMatch(/Attempt to modify a readonly table$/)
    }
  })
})
