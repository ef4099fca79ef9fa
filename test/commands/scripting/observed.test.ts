// How scripts show in MONITOR, SLOWLOG, INFO and MEMORY STATS.
import { expect, it } from 'vitest'
import { scriptingFacts } from '../../../src/info/sections.ts'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'
import type { RespValue } from '../../harness/resp-value.ts'

const LIBRARY =
  "#!lua name=a\nredis.register_function('f', function(keys) return redis.call('GET', keys[1]) end)"

function section(client: InProcessClient, name: string): string[] {
  return (client.call('INFO', name) as string).trim().split('\r\n').slice(1).sort()
}

it('MONITOR shows a script, and after it its commands as those of lua', () => {
  const server = new InProcessServer()
  const [client, watcher] = [server.connect(), server.connect()]
  watcher.call('MONITOR')
  watcher.received()
  client.call('EVAL', "redis.call('SET', KEYS[1], 'v') return redis.call('GET', KEYS[1])", '1', 'k')
  client.call('FUNCTION', 'LOAD', LIBRARY)
  client.call('FCALL', 'f', '1', 'k')
  client.call('EVALSHA', 'ffff', '0')
  const lines = (watcher.received() as string[]).map(line => line.replace(/^[\d.]+ /, ''))
  const mine = `[0 ${client.address}]`
  expect(lines).toEqual([
    `${mine} "EVAL" "redis.call('SET', KEYS[1], 'v') return redis.call('GET', KEYS[1])" "1" "k"`,
    '[0 lua] "SET" "k" "v"',
    '[0 lua] "GET" "k"',
    expect.stringContaining(`${mine} "FUNCTION" "LOAD"`),
    `${mine} "FCALL" "f" "1" "k"`,
    '[0 lua] "GET" "k"',
    `${mine} "EVALSHA" "ffff" "0"`,
  ])
})

it('SLOWLOG has the commands of a script, and the script', () => {
  const server = new InProcessServer({ settings: [['slowlog-log-slower-than', '0']] })
  const client = server.connect()
  client.call('EVAL', "return redis.call('SET', 'k', 'v')", '0')
  const entries = client.call('SLOWLOG', 'GET') as RespValue[][]
  expect(entries.map(entry => [(entry[3] as string[])[0], entry[4]])).toEqual([
    ['EVAL', client.address],
    ['SET', '?:0'],
  ])
})

it('COMMANDSTATS and ERRORSTATS count each command, and each error once', () => {
  const client = new InProcessServer().connect()
  client.call('SET', 's', 'x')
  client.call('CONFIG', 'RESETSTAT')
  const scripts = [
    "return redis.call('LPUSH', 's', 1)",
    "return redis.pcall('LPUSH', 's', 1)",
    "redis.pcall('LPUSH', 's', 1) return redis.pcall('GET')",
    "return redis.error_reply('MINE is an error')",
    "error('x')",
    'x =',
    'return 1',
  ]
  for (const script of scripts) client.call('EVAL', script, '0')
  client.call('EVAL_RO', "return redis.call('SET', 'a', 'b')", '0')
  const stats = section(client, 'commandstats').map(line => line.replace(/usec.*call=[\d.]+,/, ''))
  expect(stats.filter(line => /eval|lpush|get|_set/.test(line))).toEqual(
    [
      'cmdstat_eval:calls=7,rejected_calls=0,failed_calls=6',
      'cmdstat_eval_ro:calls=1,rejected_calls=0,failed_calls=1',
      'cmdstat_lpush:calls=3,rejected_calls=0,failed_calls=3',
      // Neither ran.
      'cmdstat_get:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0',
      'cmdstat_set:calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0',
    ]
      .map(line => line.replace(/usec.*call=[\d.]+,/, ''))
      .sort(),
  )
  expect(section(client, 'errorstats')).toEqual([
    'errorstat_ERR:count=4',
    'errorstat_MINE:count=1',
    'errorstat_WRONGTYPE:count=3',
  ])
})

it('INFO and MEMORY STATS tell of scripts, functions and their interpreters', () => {
  const server = new InProcessServer()
  const client = server.connect()
  const facts = () => new Map(scriptingFacts(server.server))
  expect([...facts().values()].filter(value => value !== 0)).toEqual(['0B', '0B', '0B'])
  client.call('EVAL', 'return 1', '0')
  const before = server.server.usedMemory
  client.call('FUNCTION', 'LOAD', LIBRARY)
  expect(server.server.usedMemory - before).toBeGreaterThan(LIBRARY.length)
  const now = facts()
  expect(
    ['number_of_cached_scripts', 'number_of_functions', 'number_of_libraries'].map(name =>
      now.get(name),
    ),
  ).toEqual([1, 1, 1])
  expect(now.get('used_memory_vm_total')).toBe(
    Number(now.get('used_memory_vm_eval')) + Number(now.get('used_memory_vm_functions')),
  )
  expect(now.get('used_memory_vm_eval')).toBeGreaterThan(100_000)
  expect(now.get('used_memory_scripts_eval')).toBeGreaterThan(0)
  client.call('SCRIPT', 'FLUSH')
  client.call('FUNCTION', 'FLUSH')
  expect([...facts().values()].filter(value => value !== 0)).toEqual(['0B', '0B', '0B'])
  expect(server.server.usedMemory).toBeLessThan(before)
})
