// debug.ts — DEBUG: for tests. Refused unless `enable-debug-command` says otherwise.

import type { Call } from '../src/call.ts'
import type { CommandSpec } from '../src/command.ts'
import { errors, ReplyError, unknownSubcommand } from '../src/errors.ts'

/** A sleep stops the whole server; longer ones are a mistake. */
const SLEEP_SECONDS_MAX = 3600

const HELP = [
  'DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'SLEEP <seconds>',
  '    Stops the server for some seconds. Decimals are allowed.',
  'OBJECT <key>',
  '    Shows how a key is kept.',
  'SET-ACTIVE-EXPIRE <0|1>',
  '    Turns the deletion of expired keys that nobody asks for off or on.',
  'JMAP',
  '    Shows what the JavaScript heap holds.',
  'LOG <message>',
  '    Writes a message to the log.',
  'ERROR <text>',
  '    Answers an error.',
  'PROTOCOL <type>',
  '    Answers a value of a type: string, integer, double, null, array, set, map, attrib, push,',
  '    verbatim, true, false, bignum.',
  'HELP',
  '    Prints this help.',
]

function debug(call: Call): void {
  checkAllowed(call)
  if (call.is(1, 'SLEEP') && call.count === 3) return sleep(call)
  if (call.is(1, 'OBJECT') && call.count >= 3) return object(call)
  if (call.is(1, 'SET-ACTIVE-EXPIRE') && call.count === 3) {
    call.server.activeExpire = call.integer(2) !== 0
    return call.reply.ok()
  }
  if (call.is(1, 'JMAP')) return heap(call)
  if (call.is(1, 'LOG') && call.count === 3) {
    call.server.log.warn({ message: call.text(2) }, 'DEBUG LOG')
    return call.reply.ok()
  }
  if (call.is(1, 'ERROR') && call.count === 3) throw new ReplyError(call.text(2))
  if (call.is(1, 'PROTOCOL') && call.count === 3) return protocol(call)
  if (call.is(1, 'HELP')) {
    call.reply.array(HELP.length)
    for (const line of HELP) call.reply.status(line)
    return
  }
  throw unknownSubcommand(call.text(1), 'debug')
}

function checkAllowed(call: Call): void {
  const allowed = call.server.config.values['enable-debug-command']
  if (allowed === 'yes') return
  if (allowed === 'local' && call.client.link.isLocal) return
  throw new ReplyError(
    'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can ' +
      'run it from a local connection, otherwise you need to set this option in the configuration ' +
      'file, and then restart the server.',
  )
}

function sleep(call: Call): void {
  const seconds = call.float(2)
  if (seconds < 0 || seconds > SLEEP_SECONDS_MAX) throw errors.notFloat
  call.server.host.stall(seconds * 1000)
  call.reply.ok()
}

function object(call: Call): void {
  const entry = call.peek(2)
  if (entry === 0) throw errors.noSuchKey
  const { db, server } = call
  const idle = server.access.lfu ? 0 : server.access.idleSeconds(db.access(entry))
  call.reply.status(
    `Value at:${entry} refcount:1 encoding:${db.encodingName(entry)} ` +
      `serializedlength:${db.valueBytes(entry)} lru:${db.access(entry)} lru_seconds_idle:${idle}`,
  )
}

function heap(call: Call): void {
  const { heapUsed, rss } = call.server.host.report()
  call.reply.verbatim(
    `heap_used:${heapUsed}\r\nrss:${rss}\r\npages:${call.server.keyspace.arena.pageBytes}\r\n` +
      `objects:${call.server.keyspace.valueMemory.objects.length}\r\n`,
  )
}

function protocol(call: Call): void {
  const { reply } = call
  switch (call.text(2).toLowerCase()) {
    case 'string':
      return reply.bulk('Hello World')
    case 'integer':
      return reply.integer(12345)
    case 'double':
      // biome-ignore lint/suspicious/noApproximativeNumericConstant: The value that clients' tests expect.
      return reply.double(3.141)
    case 'null':
      return reply.null()
    case 'array':
      reply.array(3)
      for (let i = 0; i < 3; i++) reply.integer(i)
      return
    case 'set':
      reply.set(3)
      for (let i = 0; i < 3; i++) reply.integer(i)
      return
    case 'map':
      reply.map(3)
      for (let i = 0; i < 3; i++) {
        reply.integer(i)
        reply.boolean(i === 1)
      }
      return
    case 'attrib':
      if (reply.protocol > 2) {
        reply.raw('|1\r\n')
        reply.bulk('key-popularity')
        reply.array(2)
        reply.bulk('key:123')
        reply.integer(90)
      }
      return reply.bulk('Some real reply following the attribute')
    case 'push':
      if (reply.protocol < 3) throw new ReplyError('ERR RESP2 is not supported by this command')
      reply.push(2)
      reply.bulk('server-cpu-usage')
      reply.integer(42)
      return
    case 'true':
      return reply.boolean(true)
    case 'false':
      return reply.boolean(false)
    case 'verbatim':
      return reply.verbatim('This is a verbatim\nstring')
    case 'bignum':
      return reply.bigNumber('1234567999999999999999999999999999999')
    default:
      throw new ReplyError(
        'ERR Wrong protocol type name. Please use one of the following: ' +
          'string|integer|double|null|array|set|map|attrib|push|verbatim|true|false',
      )
  }
}

export const debugCommands: readonly CommandSpec[] = [
  {
    name: 'debug',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    group: 'server',
    since: '1.0.0',
    complexity: 'Depends on the subcommand',
    summary: 'Looks inside the server, or disturbs it, for tests.',
    docFlags: ['syscmd'],
    handler: debug,
  },
]
