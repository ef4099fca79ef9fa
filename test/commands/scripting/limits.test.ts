// What a script may use up: time, memory, stack, the cache. Whatever it does, the server goes on.
import { expect, it } from 'vitest'
import { MEMORY_BYTES_MAX } from '../../../src/scripting/interpreter.ts'
import { sha1hex } from '../../../src/scripting/redis-library.ts'
import { EVALUATED_MAX } from '../../../src/scripting/scripts.ts'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'
import { RespError } from '../../harness/resp-value.ts'
import { logOf } from '../logged.ts'

const TIME_LIMIT_MS = 3
const WRITE_TIME_LIMIT_MS = 9
const ENDED = 'ERR Script ended by script-time-limit; it had not written anything'
const CUT_OFF = 'ERR Script ended by script-write-time-limit; what it wrote before stays'
const BROKEN =
  'ERR the interpreter ran out of stack or memory and was started anew; what the script wrote before stays'

/** A server on which each look at the clock takes a millisecond. */
function start(...settings: [string, string][]): InProcessServer {
  const server = new InProcessServer({
    settings: [
      ['script-time-limit', String(TIME_LIMIT_MS)],
      ['script-write-time-limit', String(WRITE_TIME_LIMIT_MS)],
      ...settings,
    ],
  })
  let microseconds = 0
  server.clock.microseconds = () => {
    microseconds += 1000
    return microseconds
  }
  return server
}

function textOf(client: InProcessClient, script: string): string {
  const reply = client.call('EVAL', script, '0')
  expect(reply).toBeInstanceOf(RespError)
  return (reply as RespError).text
}

function expectAlive(client: InProcessClient): void {
  expect(client.call('EVAL', 'return {redis.call("PING"), math.max(1, 2)}', '0')).toEqual([
    'PONG',
    2,
  ])
}

it.each([
  'while true do end',
  'while true do pcall(function() while true do end end) end',
  'while true do xpcall(function() while true do end end, function() while true do end end) end',
  'coroutine.wrap(function() while true do end end)()',
  'while true do coroutine.wrap(function() while true do pcall(error) end end)() end',
  'while true do pcall(redis.call, "PING") end',
  'while true do pcall(string.gsub, ("x"):rep(100), "x", function() while true do end end) end',
  'local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end',
])('a script that has not written is ended: %s', script => {
  const client = start().connect()
  expect(textOf(client, script)).toBe(`${ENDED} script: ${sha1hex(script)}.`)
  expectAlive(client)
})

it('a script that has written gets more time, and what it wrote stays, and is logged', () => {
  const server = start()
  const client = server.connect()
  const log = logOf(server)
  const script = 'local n = 0 while true do n = redis.call("INCR", "n") end'
  expect(textOf(client, script)).toBe(`${CUT_OFF} script: ${sha1hex(script)}.`)
  const count = Number(client.call('GET', 'n'))
  expect(count).toBeGreaterThan(0)
  expect(log).toEqual([Array(count).fill('INCR n')])
  expectAlive(client)
})

it('commands that take long count too, though a script needs few instructions to run them', () => {
  const client = start().connect()
  const script = 'for i = 1, 1000 do redis.call("PING") end'
  expect(textOf(client, script)).toBe(`${ENDED} script: ${sha1hex(script)}.`)
})

it('a limit of 0 is none', () => {
  const client = start(['script-time-limit', '0']).connect()
  expect(client.call('EVAL', 'for i = 1, 1000 do redis.call("PING") end return 1', '0')).toBe(1)
})

it('a function is ended like a script, and a library that takes long is not loaded', () => {
  const client = start().connect()
  client.call(
    'FUNCTION',
    'LOAD',
    "#!lua name=a\nredis.register_function('f', function() while true do end end)",
  )
  expect(client.call('FCALL', 'f', '0')).toEqual(new RespError(`${ENDED} script: f.`))
  expect(client.call('FUNCTION', 'LOAD', '#!lua name=b\nwhile true do end')).toEqual(
    new RespError('ERR Error registering functions: ERR FUNCTION LOAD timeout'),
  )
  expect(client.call('FCALL', 'f', '0')).toEqual(new RespError(`${ENDED} script: f.`))
})

it.each([
  ['local t = {} for i = 1, 1e9 do t[i] = i end', 'not enough memory'],
  ['local s = "x" while true do s = s .. s end', 'not enough memory'],
  ['local function f(n) return 1 + f(n + 1) end return f(1)', 'stack overflow'],
  [
    'local t = setmetatable({}, {}) getmetatable(t).__tostring = tostring return tostring(t)',
    'C stack overflow',
  ],
  ['local function f() return (("x"):gsub(".", f)) end return f()', 'C stack overflow'],
])('an error is the answer to %s', (script, expected) => {
  const client = start(['script-time-limit', '0']).connect()
  expect(textOf(client, script)).toContain(expected)
  expectAlive(client)
})

it('memory that a script has taken is given back', () => {
  const server = start(['script-time-limit', '0'])
  const client = server.connect()
  const cached = client.call('SCRIPT', 'LOAD', 'return "loaded before"') as string
  client.call('EVAL', 'return "evaluated before"', '0')
  expect(textOf(client, 'local s = "x" while true do s = s .. s end')).toContain(
    'not enough memory',
  )
  expect(server.server.scripts.engineMemory).toBeLessThan(MEMORY_BYTES_MAX / 4)
  expect(client.call('EVALSHA', cached, '0')).toBe('loaded before')
  expect(client.call('EVALSHA', sha1hex('return "evaluated before"'), '0')).toBe('evaluated before')
})

it('arguments that do not fit start the interpreter anew, which knows its scripts and functions', () => {
  const client = start(['proto-max-bulk-len', '512mb']).connect()
  const cached = client.call('SCRIPT', 'LOAD', 'return 7') as string
  client.call(
    'FUNCTION',
    'LOAD',
    "#!lua name=a\nredis.register_function('f', function() return 8 end)",
  )
  const large = [1, 2, 3].map(byte => Buffer.alloc(MEMORY_BYTES_MAX / 3, byte))
  expect(client.call('EVAL', 'return #ARGV', '0', ...large)).toEqual(new RespError(BROKEN))
  expect(client.call('EVALSHA', cached, '0')).toBe(7)
  expect(client.call('FCALL', 'f', '0', ...large)).toEqual(new RespError(BROKEN))
  expect(client.call('FCALL', 'f', '0')).toBe(8)
})

it('a result that contains itself ends, and so does a deep one', () => {
  const client = start().connect()
  const reply = client.callBytes('EVAL', 'local t = {} t[1] = t return t', '0').toString()
  expect(reply).toMatch(/^(\*1\r\n)+-ERR reached lua stack limit\r\n$/)
  expectAlive(client)
})

it(`of the scripts that only EVAL brought, ${EVALUATED_MAX} are kept, those that were used last`, () => {
  const server = start()
  const client = server.connect()
  const loaded = client.call('SCRIPT', 'LOAD', 'return "loaded"') as string
  const script = (i: number) => `return ${i}`
  for (let i = 0; i < EVALUATED_MAX; i++) client.call('EVAL', script(i), '0')
  client.call('EVALSHA', sha1hex(script(0)), '0')
  client.call('SCRIPT', 'LOAD', script(1))
  client.call('EVAL', script(EVALUATED_MAX), '0')
  client.call('EVAL', script(EVALUATED_MAX + 1), '0')
  const known = [0, 1, 2, 3, EVALUATED_MAX].map(i => sha1hex(script(i)))
  expect(client.call('SCRIPT', 'EXISTS', loaded, ...known)).toEqual([1, 1, 1, 0, 1, 1])
  expect(server.server.scripts.evictedCount).toBe(1)
})
