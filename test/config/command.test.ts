// CONFIG as clients see it: a server without sockets, and a real Redis where there is one.

import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configCommands } from '../../commands/config.ts'
import type { Link } from '../../src/client.ts'
import type { CommandSpec } from '../../src/command.ts'
import { Config, type ConfigFile } from '../../src/config/config.ts'
import { type Host, Server } from '../../src/server.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { encodeCommand } from '../harness/resp-client.ts'
import { decodeFrame, RespError, type RespValue } from '../harness/resp-value.ts'
import { Reference } from '../reference.ts'

const ignore = () => undefined

const host: Host = {
  requestFlush: ignore,
  requestWake: ignore,
  shutdown: ignore,
  stall: ignore,
  report: () => {
    throw new Error('no process here')
  },
}

const switchProtocol: CommandSpec = {
  name: 'hello',
  arity: 2,
  flags: [],
  group: 'connection',
  since: '6.0.0',
  complexity: 'O(1)',
  summary: 'Changes the protocol of this test.',
  handler(call) {
    call.client.protocol = call.integer(1)
    call.reply.ok()
  },
}

function start(settings: Readonly<Record<string, string>> = {}, address = '127.0.0.1:5') {
  const config = new Config()
  config.load(
    Object.entries(settings).map(([name, value]) => ({ name, words: [value], origin: name })),
  )
  const replies: Buffer[] = []
  const link: Link = {
    kind: 'tcp',
    isLocal: false,
    address,
    localAddress: '127.0.0.1:6379',
    fd: -1,
    unsentBytes: 0,
    send(output) {
      for (let i = 0; i < output.ranges; i++) {
        const range = output.buffers[i]!.subarray(output.starts[i], output.ends[i])
        replies.push(Buffer.from(range))
      }
      return true
    },
    close: ignore,
    holdReading: ignore,
  }
  const server = new Server({
    config,
    families: [configCommands, [switchProtocol]],
    clock: { now: () => 0, monotonic: () => 0, microseconds: () => 0 },
    random: () => 0.5,
    log: pino({ level: 'silent' }),
    host,
    runId: '0'.repeat(40),
  })
  const client = server.connect(link)
  const send = (...args: string[]): RespValue => {
    const request = encodeCommand(args)
    server.beginTurn()
    server.receive(client, request, request.length)
    server.flush()
    return decodeFrame(Buffer.concat(replies.splice(0)))
  }
  return { config, server, send }
}

class MemoryFile implements ConfigFile {
  readonly path = '/latchkey.conf'
  text: string

  constructor(text: string) {
    this.text = text
  }

  read(): Buffer {
    return Buffer.from(this.text, 'latin1')
  }

  replace(text: Buffer): void {
    this.text = text.toString('latin1')
  }
}

describe('CONFIG', () => {
  test('sets what the server then does', () => {
    const { config, server, send } = start()
    expect(send('CONFIG', 'SET', 'proto-max-bulk-len', '2mb')).toBe('OK')
    expect(config.values['proto-max-bulk-len']).toBe(2 * 1024 * 1024)
    expect(server.decoderLimits.bulkBytesMax).toBe(2 * 1024 * 1024)
  })

  test.each([
    ['no', '127.0.0.1:5', false],
    ['local', '127.0.0.1:5', true],
    ['local', '[::1]:5', true],
    ['local', '192.0.2.1:5', false],
    ['yes', '192.0.2.1:5', true],
  ])('with enable-protected-configs %s a client at %s may set dir: %s', (enabled, address, may) => {
    const { send } = start({ 'enable-protected-configs': enabled }, address)
    const reply = send('CONFIG', 'SET', 'dbfilename', 'other.rdb')
    expect(reply instanceof RespError ? reply.text : reply).toMatch(may ? /^OK$/ : /protected/)
  })

  test('REWRITE brings the file up to date', () => {
    const { config, send } = start({ timeout: '5' })
    const file = new MemoryFile('# caffè\ntimeout 5\n')
    config.file = file
    expect(send('CONFIG', 'SET', 'timeout', '6')).toBe('OK')
    expect(send('CONFIG', 'REWRITE')).toBe('OK')
    expect(file.text).toBe('# caffè\ntimeout 6\n')
  })

  test('REWRITE tells why the file cannot be written', () => {
    const { config, send } = start()
    config.file = Object.assign(new MemoryFile(''), {
      replace() {
        throw new Error('the disk is full')
      },
    })
    expect(send('CONFIG', 'REWRITE')).toEqual(
      new RespError('ERR Rewriting config file: the disk is full'),
    )
  })

  test('RESETSTAT sets the counters to zero', () => {
    const { server, send } = start()
    send('CONFIG', 'SET', 'nothing', '1')
    expect(server.stats.totalErrorReplies).toBe(1)
    expect(send('CONFIG', 'RESETSTAT')).toBe('OK')
    expect(server.stats.totalErrorReplies).toBe(0)
    expect(server.stats.errors.size).toBe(0)
    expect(server.registry.named('config|set')?.failed).toBe(0)
  })
})

describeWithRedis('CONFIG answers as Redis does', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start()
  })
  afterAll(() => redis?.stop())

  const commands = [
    ['CONFIG'],
    ['CONFIG', 'GET'],
    ['CONFIG', 'GET', 'save'],
    ['CONFIG', 'GET', 'appendonly'],
    ['config', 'get', 'MaxMemory-Policy'],
    ['CONFIG', 'GET', 'no-such-setting', '[', '\\*', ''],
    ['CONFIG', 'SET'],
    ['CONFIG', 'SET', 'timeout'],
    ['CONFIG', 'SET', 'timeout', '1', 'hz'],
    ['CONFIG', 'SET', 'timeout', '1', 'hz', '9'],
    ['CONFIG', 'SET', 'timeout', 'soon'],
    ['CONFIG', 'SET', 'no\r\nsuch', '1'],
    ['CONFIG', 'SET', 'databases', '1'],
    ['CONFIG', 'REWRITE', 'now'],
    ['CONFIG', 'REWRITE'],
    ['CONFIG', 'RESETSTAT', 'now'],
    ['CONFIG', 'RESETSTAT'],
    ['CONFIG', 'FLUSH'],
  ]

  test.each(['2', '3'])('in RESP%s', async protocol => {
    const { send } = start()
    await redis.call('HELLO', protocol)
    send('HELLO', protocol)
    for (const command of commands) {
      const expected = await redis.call(...command)
      expect({ command, reply: send(...command) }).toEqual({ command, reply: expected })
    }
  })
})
