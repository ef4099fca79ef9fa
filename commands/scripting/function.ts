// function.ts — FUNCTION: libraries of functions.
//
// Libraries are data: what changes them is logged as it came, and copies follow.

import type { Call } from '../../src/call.ts'
import type { CommandSpec } from '../../src/command.ts'
import { ReplyError, subcommandSyntax } from '../../src/errors.ts'
import { compileGlob, type Glob } from '../../src/glob.ts'
import { replyHelp } from '../../src/help.ts'
import { PayloadError } from '../../src/rdb/reader.ts'
import type { Library } from '../../src/scripting/functions.ts'
import { dumpLibraries, readLibraries } from '../../src/scripting/library-dump.ts'
import type { RegisteredFunction } from '../../src/scripting/register.ts'
import { flagNames } from '../../src/scripting/shebang.ts'
import { notBusy } from './script.ts'

const flushOption = new ReplyError('ERR FUNCTION FLUSH only supports SYNC|ASYNC option')
const noPattern = new ReplyError('ERR library name argument was not given')
const noPolicy = new ReplyError(
  'ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.',
)
const malformed = new ReplyError('ERR failed loading the libraries from the payload')

const ENGINE = 'LUA'

function functionLoad(call: Call): void {
  let at = 2
  let replaces = false
  for (; at < call.count - 1; at++) {
    if (!call.is(at, 'REPLACE')) throw new ReplyError(`ERR Unknown option given: ${call.text(at)}`)
    replaces = true
  }
  const name = call.server.functions.load(call.text(at), replaces)
  call.server.keyspace.dirty++
  call.reply.bulk(name)
}

function functionDelete(call: Call): void {
  call.server.functions.delete(call.text(2))
  call.server.keyspace.dirty++
  call.reply.ok()
}

function functionFlush(call: Call): void {
  if (call.count > 3) throw subcommandSyntax(call.text(1), 'function')
  if (call.count === 3 && !call.is(2, 'ASYNC') && !call.is(2, 'SYNC')) throw flushOption
  call.server.functions.flush()
  call.server.keyspace.dirty++
  call.reply.ok()
}

function functionDump(call: Call): void {
  const codes = [...call.server.functions.libraries.values()].map(({ code }) => code)
  const bytes = dumpLibraries(codes, true)
  call.reply.bulkBytes(bytes, 0, bytes.length)
}

function functionRestore(call: Call): void {
  if (call.count > 4) throw subcommandSyntax(call.text(1), 'function')
  const policy = restorePolicy(call)
  let codes: string[]
  try {
    codes = readLibraries(call.bytes, call.start(2), call.end(2))
  } catch (error) {
    throw error instanceof PayloadError ? malformed : error
  }
  call.server.functions.restore(codes, policy)
  call.server.keyspace.dirty++
  call.reply.ok()
}

function restorePolicy(call: Call): 'flush' | 'append' | 'replace' {
  if (call.count === 3 || call.is(3, 'APPEND')) return 'append'
  if (call.is(3, 'REPLACE')) return 'replace'
  if (call.is(3, 'FLUSH')) return 'flush'
  throw noPolicy
}

/** Nothing runs while somebody can ask; see `scriptKill`. */
function functionKill(): void {
  throw notBusy
}

function functionStats(call: Call): void {
  const { reply, server } = call
  reply.map(2)
  reply.bulk('running_script')
  reply.null()
  reply.bulk('engines')
  reply.map(1)
  reply.bulk(ENGINE)
  reply.map(2)
  reply.bulk('libraries_count')
  reply.integer(server.functions.libraries.size)
  reply.bulk('functions_count')
  reply.integer(server.functions.size)
}

function functionList(call: Call): void {
  let withCode = false
  let pattern: Glob | undefined
  for (let i = 2; i < call.count; i++) {
    if (!withCode && call.is(i, 'WITHCODE')) {
      withCode = true
    } else if (pattern === undefined && call.is(i, 'LIBRARYNAME')) {
      if (++i === call.count) throw noPattern
      pattern = compileGlob(call.text(i), { nocase: true })
    } else {
      throw new ReplyError(`ERR Unknown argument ${call.text(i)}`)
    }
  }
  const libraries = [...call.server.functions.libraries.values()]
  const chosen = libraries.filter(({ name }) => pattern?.matches(name) ?? true)
  call.reply.array(chosen.length)
  for (const library of chosen) replyLibrary(call, library, withCode)
}

function replyLibrary(call: Call, library: Library, withCode: boolean): void {
  const { reply } = call
  reply.map(withCode ? 4 : 3)
  reply.bulk('library_name')
  reply.bulk(library.name)
  reply.bulk('engine')
  reply.bulk(ENGINE)
  reply.bulk('functions')
  reply.array(library.functions.size)
  for (const each of library.functions.values()) replyFunction(call, each)
  if (!withCode) return
  reply.bulk('library_code')
  reply.bulk(library.code)
}

function replyFunction(call: Call, { name, description, flags }: RegisteredFunction): void {
  const { reply } = call
  reply.map(3)
  reply.bulk('name')
  reply.bulk(name)
  reply.bulk('description')
  if (description === undefined) reply.null()
  else reply.bulk(description)
  reply.bulk('flags')
  const names = flagNames(flags)
  reply.set(names.length)
  for (const each of names) reply.status(each)
}

const functionHelp = replyHelp

export const functionCommands: readonly CommandSpec[] = [
  {
    name: 'function',
    arity: -2,
    flags: [],
    group: 'scripting',
    since: '7.0.0',
    complexity: 'Depends on the subcommand',
    summary: 'Manages libraries of functions.',
    subcommands: [
      {
        name: 'delete',
        arity: 3,
        flags: ['write', 'noscript'],
        acl: ['scripting'],
        group: 'scripting',
        since: '7.0.0',
        complexity: 'O(1)',
        summary: 'Deletes a library.',
        syntax: 'library-name',
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        handler: functionDelete,
      },
      {
        name: 'dump',
        arity: 2,
        flags: ['noscript'],
        acl: ['scripting'],
        group: 'scripting',
        since: '7.0.0',
        complexity: 'O(N) for N functions',
        summary: 'Returns all libraries in a serialized form.',
        handler: functionDump,
      },
      {
        name: 'flush',
        arity: -2,
        flags: ['write', 'noscript'],
        acl: ['scripting'],
        group: 'scripting',
        since: '7.0.0',
        complexity: 'O(N) for N functions',
        summary: 'Deletes all libraries.',
        syntax: '[async=(ASYNC|SYNC)]',
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        handler: functionFlush,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        acl: ['scripting'],
        group: 'scripting',
        since: '7.0.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: functionHelp,
      },
      {
        name: 'kill',
        arity: 2,
        flags: ['noscript', 'allow_busy'],
        acl: ['scripting'],
        group: 'scripting',
        since: '7.0.0',
        complexity: 'O(1)',
        summary: 'Stops the function that runs now.',
        tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
        handler: functionKill,
      },
      {
        name: 'list',
        arity: -2,
        flags: ['noscript'],
        acl: ['scripting'],
        group: 'scripting',
        since: '7.0.0',
        complexity: 'O(N) for N functions',
        summary: 'Describes the libraries and their functions.',
        syntax: '[LIBRARYNAME library-name-pattern] [WITHCODE]',
        tips: ['nondeterministic_output_order'],
        handler: functionList,
      },
      {
        name: 'load',
        arity: -3,
        flags: ['write', 'denyoom', 'noscript'],
        acl: ['scripting'],
        group: 'scripting',
        since: '7.0.0',
        complexity: 'O(N) for N bytes of code',
        summary: 'Loads a library.',
        syntax: '[REPLACE] function-code',
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        handler: functionLoad,
      },
      {
        name: 'restore',
        arity: -3,
        flags: ['write', 'denyoom', 'noscript'],
        acl: ['scripting'],
        group: 'scripting',
        since: '7.0.0',
        complexity: 'O(N) for N functions',
        summary: 'Loads the libraries that FUNCTION DUMP returned.',
        syntax: 'serialized-value [policy=(FLUSH|APPEND|REPLACE)]',
        tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
        handler: functionRestore,
      },
      {
        name: 'stats',
        arity: 2,
        flags: ['noscript', 'allow_busy'],
        acl: ['scripting'],
        group: 'scripting',
        since: '7.0.0',
        complexity: 'O(1)',
        summary: 'Describes the function that runs now, and the engines.',
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        handler: functionStats,
      },
    ],
  },
]
