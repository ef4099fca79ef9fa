// redis-cli as people use it: arguments, a pipe, formats, and its own modes.

import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'

describeWithRedis('redis-cli', () => {
  let server: ServerProcess

  beforeAll(async () => {
    server = await startLatchkeyServer()
  })

  afterAll(async () => {
    await server.stop()
  })

  const cli = (args: readonly string[], input = '') =>
    spawnSync('redis-cli', ['-p', String(server.port), ...args], { input, encoding: 'utf8' }).stdout

  test('sets and gets', () => {
    expect(cli(['SET', 'greeting', 'hello'])).toBe('OK\n')
    expect(cli(['GET', 'greeting'])).toBe('hello\n')
  })

  test('speaks RESP3 when asked to', () => {
    expect(cli(['-3', '--no-raw', 'HELLO', '3'])).toContain('"proto" => (integer) 3')
  })

  test('reads commands from a pipe', () => {
    expect(cli([], 'SET a 1\nINCR a\nGET a\n')).toBe('OK\n2\n2\n')
  })

  test('loads a mass of commands with --pipe', () => {
    const commands = Array.from({ length: 50_000 }, (_, i) => {
      const key = `mass:${i}`
      return `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$1\r\nv\r\n`
    })
    expect(cli(['--pipe'], commands.join(''))).toContain('errors: 0, replies: 50000')
  })

  test('prints errors as Redis words them', () => {
    expect(cli(['NOSUCH', 'a', 'b'])).toBe(
      "ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' \n\n",
    )
  })

  test('scans for keys', () => {
    cli([], 'SET scan:1 a\nSET scan:2 b\n')
    expect(cli(['--scan', '--pattern', 'scan:*']).split('\n').sort()).toEqual([
      '',
      'scan:1',
      'scan:2',
    ])
  })

  test('shows what INFO tells', () => {
    expect(cli(['INFO', 'server'])).toContain('redis_version:7.2')
  })
})
