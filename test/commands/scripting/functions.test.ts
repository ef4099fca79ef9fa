// FUNCTION and FCALL by example: libraries as data, what is refused, what is logged.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'
import { RespError } from '../../harness/resp-value.ts'
import { logOf } from '../logged.ts'

const COUNTER = `#!lua name=counters
local function add(keys, args)
  redis.call('INCR', keys[1])
  return redis.call('INCRBY', keys[1], args[1])
end
redis.register_function('add', add)
redis.register_function{
  function_name = 'peek',
  callback = function(keys) return redis.call('GET', keys[1]) end,
  description = 'Reads a counter.',
  flags = { 'no-writes', 'allow-stale' },
}
`

function error(text: string): RespError {
  return new RespError(text)
}

/** A library with one function, whose body is given. */
function library(name: string, fn: string, body = 'return 1'): string {
  return `#!lua name=${name}\nredis.register_function('${fn}', function(keys, args) ${body} end)`
}

function connect(): InProcessClient {
  return new InProcessServer().connect()
}

describe('FUNCTION LOAD', () => {
  it('loads a library, whose functions can then be called in either case', () => {
    const client = connect()
    expect(client.call('FUNCTION', 'LOAD', COUNTER)).toBe('counters')
    expect(client.call('FCALL', 'add', '1', 'n', '5')).toBe(6)
    expect(client.call('FCALL', 'ADD', '1', 'n', '5')).toBe(12)
    expect(client.call('FCALL_RO', 'peek', '1', 'n')).toBe('12')
  })

  it('replaces a library only when it is told to', () => {
    const client = connect()
    client.call('FUNCTION', 'LOAD', library('a', 'f'))
    const other = library('a', 'g', 'return 2')
    expect(client.call('FUNCTION', 'LOAD', other)).toEqual(error("ERR Library 'a' already exists"))
    expect(client.call('FUNCTION', 'LOAD', 'REPLACE', other)).toBe('a')
    expect(client.call('FCALL', 'g', '0')).toBe(2)
    expect(client.call('FCALL', 'f', '0')).toEqual(error('ERR Function not found'))
  })

  it('that fails leaves the library as it was', () => {
    const client = connect()
    client.call('FUNCTION', 'LOAD', library('a', 'f'))
    client.call('FUNCTION', 'LOAD', library('b', 'g'))
    const failing = [
      '#!lua name=a\nlocal x = nil + 1',
      '#!lua name=a\nx =',
      '#!lua name=a\n',
      library('a', 'g'),
    ]
    expect(failing.map(code => client.call('FUNCTION', 'LOAD', 'REPLACE', code))).toEqual([
      error(
        'ERR Error registering functions: ERR user_function:2: attempt to perform arithmetic on a nil value',
      ),
      error("ERR Error compiling function: user_function:2: unexpected symbol near '<eof>'"),
      error('ERR No functions registered'),
      error('ERR Function g already exists'),
    ])
    expect([client.call('FCALL', 'f', '0'), client.call('FCALL', 'g', '0')]).toEqual([1, 1])
  })

  it('demands a first line that names the library', () => {
    const client = connect()
    const named: Record<string, string> = {
      '': 'Missing library metadata',
      'return 1': 'Missing library metadata',
      '#!lua name=a': 'Invalid library metadata',
      '#!lua name="a\n': 'Invalid library metadata',
      '#!lua\n': 'Library name was not given',
      '#!lua flags=no-writes\n': 'Invalid metadata value given: flags=no-writes',
      '#!lua name=a name=b\n': 'Invalid metadata value, name argument was given multiple times',
      '#!lua name=a-b\n':
        'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long',
      '#!js name=a\n': "Engine 'js' not found",
    }
    const texts = Object.keys(named).map(code => client.call('FUNCTION', 'LOAD', code))
    expect(texts).toEqual(Object.values(named).map(text => error(`ERR ${text}`)))
  })

  it('may do nothing but register functions', () => {
    const client = connect()
    const load = (code: string) => client.call('FUNCTION', 'LOAD', `#!lua name=a\n${code}`)
    const failed = (text: string) => error(`ERR Error registering functions: ${text}`)
    expect(load("redis.call('SET', 'k', 'v')")).toEqual(
      failed("ERR user_function:2: Script attempted to access nonexistent global variable 'call'"),
    )
    expect(load('x = 1')).toEqual(failed('ERR user_function:2: Attempt to modify a readonly table'))
    expect(load('math.random()')).toEqual(
      failed("ERR user_function:2: Script attempted to access nonexistent global variable 'math'"),
    )
  })

  it('checks what is registered', () => {
    const client = connect()
    const load = (code: string) =>
      client.call('FUNCTION', 'LOAD', `#!lua name=a\nredis.register_function${code}`)
    const failed = (text: string) => error(`ERR Error registering functions: ERR ${text}`)
    expect(load('()')).toEqual(failed('wrong number of arguments to redis.register_function'))
    expect(load("('f', 1)")).toEqual(
      failed('second argument to redis.register_function must be a function'),
    )
    expect(load("{function_name = 'f'}")).toEqual(
      failed('redis.register_function must get a callback argument'),
    )
    expect(load("{function_name = 'f', callback = redis.log, flags = {'fast'}}")).toEqual(
      failed('unknown flag given'),
    )
    expect(load("{function_name = 'f', callback = redis.log, colour = 1}")).toEqual(
      failed('unknown argument given to redis.register_function'),
    )
  })
})

describe('FUNCTION DELETE and FLUSH', () => {
  it('take functions away', () => {
    const client = connect()
    client.call('FUNCTION', 'LOAD', library('a', 'f'))
    client.call('FUNCTION', 'LOAD', library('b', 'g'))
    expect(client.call('FUNCTION', 'DELETE', 'a')).toBe('OK')
    expect(client.call('FUNCTION', 'DELETE', 'a')).toEqual(error('ERR Library not found'))
    expect(client.call('FCALL', 'g', '0')).toBe(1)
    expect(client.call('FUNCTION', 'FLUSH')).toBe('OK')
    expect(client.call('FCALL', 'g', '0')).toEqual(error('ERR Function not found'))
  })
})

describe('FUNCTION LIST and STATS', () => {
  it('describe libraries, chosen by a pattern', () => {
    const client = connect()
    client.call('FUNCTION', 'LOAD', COUNTER)
    client.call('FUNCTION', 'LOAD', library('other', 'f'))
    expect(client.call('FUNCTION', 'LIST', 'LIBRARYNAME', 'COUNT*', 'WITHCODE')).toEqual([
      [
        ...['library_name', 'counters', 'engine', 'LUA', 'functions'],
        [
          ['name', 'add', 'description', null, 'flags', []],
          [
            'name',
            'peek',
            'description',
            'Reads a counter.',
            'flags',
            ['no-writes', 'allow-stale'],
          ],
        ],
        ...['library_code', COUNTER],
      ],
    ])
    expect(client.call('FUNCTION', 'STATS')).toEqual([
      ...['running_script', null, 'engines'],
      ['LUA', ['libraries_count', 2, 'functions_count', 3]],
    ])
  })
})

describe('FUNCTION DUMP and RESTORE', () => {
  const payloadOf = (client: InProcessClient) =>
    Buffer.from(client.call('FUNCTION', 'DUMP') as string, 'latin1')

  it('carry libraries from one server to another', () => {
    const from = connect()
    from.call('FUNCTION', 'LOAD', COUNTER)
    const to = connect()
    expect(to.call('FUNCTION', 'RESTORE', payloadOf(from))).toBe('OK')
    expect(to.call('FUNCTION', 'LIST', 'WITHCODE')).toEqual(
      from.call('FUNCTION', 'LIST', 'WITHCODE'),
    )
    expect(to.call('FCALL', 'add', '1', 'n', '1')).toBe(2)
  })

  it('restore all libraries or none', () => {
    const from = connect()
    from.call('FUNCTION', 'LOAD', library('a', 'f', 'return 2'))
    from.call('FUNCTION', 'LOAD', library('b', 'g', 'return 2'))
    for (const policy of ['APPEND', 'REPLACE']) {
      const to = connect()
      to.call('FUNCTION', 'LOAD', library('a', 'f'))
      to.call('FUNCTION', 'LOAD', library('c', 'g'))
      const before = to.call('FUNCTION', 'LIST')
      expect(to.call('FUNCTION', 'RESTORE', payloadOf(from), policy)).toEqual(
        error(
          policy === 'APPEND' ? 'ERR Library a already exists' : 'ERR Function g already exists',
        ),
      )
      expect(to.call('FUNCTION', 'LIST')).toEqual(before)
      expect([to.call('FCALL', 'f', '0'), to.call('FCALL', 'g', '0')]).toEqual([1, 1])
      expect(to.call('FUNCTION', 'RESTORE', payloadOf(from), 'FLUSH')).toBe('OK')
      expect([to.call('FCALL', 'f', '0'), to.call('FCALL', 'g', '0')]).toEqual([2, 2])
    }
  })

  it('a function may move from one library to another that is replaced too', () => {
    const [from, to] = [connect(), connect()]
    from.call('FUNCTION', 'LOAD', library('a', 'f'))
    from.call('FUNCTION', 'LOAD', library('b', 'g'))
    to.call('FUNCTION', 'LOAD', library('a', 'g'))
    to.call('FUNCTION', 'LOAD', library('b', 'f'))
    expect(to.call('FUNCTION', 'RESTORE', payloadOf(from), 'REPLACE')).toBe('OK')
  })

  it('FLUSH leaves the libraries there when the payload is bad', () => {
    const client = connect()
    client.call('FUNCTION', 'LOAD', library('a', 'f'))
    const payload = payloadOf(client)
    payload[3]! ^= 1
    expect(client.call('FUNCTION', 'RESTORE', payload, 'FLUSH')).toEqual(
      error('ERR DUMP payload version or checksum are wrong'),
    )
    expect(client.call('FUNCTION', 'RESTORE', payload, 'MERGE')).toEqual(
      error('ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.'),
    )
    expect(client.call('FCALL', 'f', '0')).toBe(1)
  })
})

describe('FCALL', () => {
  it('checks the number of keys', () => {
    const client = connect()
    client.call('FUNCTION', 'LOAD', library('a', 'f', 'return {#keys, #args}'))
    expect(client.call('FCALL', 'f', '2', 'a', 'b', 'c')).toEqual([2, 1])
    expect(client.call('FCALL', 'f', 'x')).toEqual(error('ERR Bad number of keys provided'))
    expect(client.call('FCALL', 'f', '-1')).toEqual(error("ERR Number of keys can't be negative"))
    expect(client.call('FCALL', 'f', '1')).toEqual(
      error("ERR Number of keys can't be greater than number of args"),
    )
  })

  it('a function with no-writes may not write, and FCALL_RO runs only those', () => {
    const client = connect()
    client.call('FUNCTION', 'LOAD', COUNTER)
    expect(client.call('FCALL_RO', 'add', '1', 'n', '1')).toEqual(
      error('ERR Can not execute a script with write flag using *_ro command.'),
    )
    client.call(
      'FUNCTION',
      'LOAD',
      "#!lua name=b\nredis.register_function{function_name='w', flags={'no-writes'}, " +
        "callback=function(keys) return redis.call('SET', keys[1], 1) end}",
    )
    expect(client.call('FCALL', 'w', '1', 'n')).toEqual(
      error(
        'ERR Write commands are not allowed from read-only scripts. script: w, on @user_function:2.',
      ),
    )
  })

  it('a library keeps its own state between calls', () => {
    const client = connect()
    client.call(
      'FUNCTION',
      'LOAD',
      "#!lua name=a\nlocal n = 0\nredis.register_function('f', function() n = n + 1 return n end)",
    )
    expect([1, 2, 3].map(() => client.call('FCALL', 'f', '0'))).toEqual([1, 2, 3])
  })

  it('has no KEYS and no way to register more', () => {
    const client = connect()
    client.call('FUNCTION', 'LOAD', library('a', 'f', 'return KEYS'))
    client.call('FUNCTION', 'LOAD', library('b', 'g', "redis.register_function('h', pairs)"))
    expect(client.call('FCALL', 'f', '0')).toEqual(
      error(
        "ERR user_function:2: Script attempted to access nonexistent global variable 'KEYS' " +
          'script: f, on @user_function:2.',
      ),
    )
    expect((client.call('FCALL', 'g', '0') as RespError).text).toMatch(
      /^ERR user_function:2: attempt to call field 'register_function' \(a nil value\)/,
    )
  })
})

describe('the effect log', () => {
  it('has what changes libraries as it came, and what a function did as one entry', () => {
    const server = new InProcessServer()
    const log = logOf(server)
    const client = server.connect()
    client.call('FUNCTION', 'LOAD', COUNTER)
    client.call('FUNCTION', 'LOAD', COUNTER)
    client.call('FCALL', 'add', '1', 'n', '5')
    client.call('FCALL', 'peek', '1', 'n')
    client.call('FUNCTION', 'DELETE', 'counters')
    client.call('FUNCTION', 'FLUSH', 'ASYNC')
    expect(log).toEqual([
      [`FUNCTION LOAD ${COUNTER}`],
      ['INCR n', 'INCRBY n 5'],
      ['FUNCTION DELETE counters'],
      ['FUNCTION FLUSH ASYNC'],
    ])
  })
})
