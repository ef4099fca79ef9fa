// command.ts — COMMAND: what the server can do, told to clients and tools.

import type { Call } from '../src/call.ts'
import { ACL_CATEGORIES, type Command, type CommandSpec } from '../src/command.ts'
import { ReplyError } from '../src/errors.ts'
import { compileGlob } from '../src/glob.ts'
import { replyHelp } from '../src/help.ts'
import { replyCommandDocs, replyCommandInfo, sortedKeyFlags } from '../src/introspection.ts'
import { KeyPositions } from '../src/keyspecs.ts'
import { CommandLine } from './command-line.ts'

function allCommands(call: Call): Command[] {
  return [...call.server.registry.commands.values()].filter(each => !each.spec.internal)
}

function command(call: Call): void {
  const all = allCommands(call)
  call.reply.array(all.length)
  for (const each of all) replyCommandInfo(call.reply, each)
}

function commandCount(call: Call): void {
  call.reply.integer(allCommands(call).length)
}

function commandInfo(call: Call): void {
  if (call.count === 2) return command(call)
  call.reply.array(call.count - 2)
  for (let i = 2; i < call.count; i++) {
    const found = call.server.registry.named(call.text(i).toLowerCase())
    if (found === undefined) call.reply.nullArray()
    else replyCommandInfo(call.reply, found)
  }
}

function commandDocs(call: Call): void {
  let found = allCommands(call)
  if (call.count > 2) {
    found = []
    for (let i = 2; i < call.count; i++) {
      const each = call.server.registry.named(call.text(i).toLowerCase())
      if (each !== undefined) found.push(each)
    }
  }
  call.reply.map(found.length)
  for (const each of found) {
    call.reply.bulk(each.fullName)
    replyCommandDocs(call.reply, each)
  }
}

function commandList(call: Call): void {
  const matches = listFilter(call)
  const names: string[] = []
  for (const each of call.server.registry.all) {
    // As in Redis, only a filter by category or pattern looks into containers.
    if (each.spec.internal || (call.count === 2 && each.parent !== undefined)) continue
    if (matches(each)) names.push(each.fullName)
  }
  call.reply.bulks(names, names.length)
}

function listFilter(call: Call): (command: Command) => boolean {
  if (call.count === 2) return () => true
  if (call.count !== 5 || !call.is(2, 'FILTERBY')) throw new ReplyError('ERR syntax error')
  const value = call.text(4)
  if (call.is(3, 'MODULE')) return () => false
  if (call.is(3, 'ACLCAT')) {
    const category = ACL_CATEGORIES.find(each => each === value.toLowerCase())
    return each => category !== undefined && each.categories.has(category)
  }
  if (!call.is(3, 'PATTERN')) throw new ReplyError('ERR syntax error')
  const glob = compileGlob(value, { nocase: true })
  return each => glob.matches(each.fullName)
}

function findKeys(call: Call): KeyPositions {
  const line = new CommandLine(call, 2)
  const found = line.find(call.server.registry)
  if (found === undefined) throw new ReplyError('ERR Invalid command specified')
  const { spec } = found
  if (!line.fits(found)) {
    throw new ReplyError('ERR Invalid number of arguments specified for command')
  }
  if ((spec.keys ?? []).length === 0) {
    throw new ReplyError('ERR The command has no key arguments')
  }
  const keys = new KeyPositions()
  if (keys.find(spec, line) === 0) {
    if (!spec.flags.includes('no_mandatory_keys')) {
      throw new ReplyError('ERR Invalid arguments specified for command')
    }
  }
  return keys
}

function commandGetKeys(call: Call): void {
  const keys = findKeys(call)
  call.reply.array(keys.count)
  for (let i = 0; i < keys.count; i++) call.reply.bulk(call.text(keys.positions[i]! + 2))
}

function commandGetKeysAndFlags(call: Call): void {
  const keys = findKeys(call)
  call.reply.array(keys.count)
  for (let i = 0; i < keys.count; i++) {
    call.reply.array(2)
    call.reply.bulk(call.text(keys.positions[i]! + 2))
    const flags = sortedKeyFlags(keys.flags[i]!)
    call.reply.set(flags.length)
    for (const flag of flags) call.reply.status(flag)
  }
}

const commandHelp = replyHelp

export const commandCommands: readonly CommandSpec[] = [
  {
    name: 'command',
    arity: -1,
    flags: ['loading', 'stale'],
    acl: ['connection'],
    group: 'server',
    since: '2.8.13',
    complexity: 'O(N) for N commands',
    summary: 'Describes all commands.',
    tips: ['nondeterministic_output_order'],
    subcommands: [
      {
        name: 'count',
        arity: 2,
        flags: ['loading', 'stale'],
        acl: ['connection'],
        group: 'server',
        since: '2.8.13',
        complexity: 'O(1)',
        summary: 'Returns the number of commands.',
        handler: commandCount,
      },
      {
        name: 'docs',
        arity: -2,
        flags: ['loading', 'stale'],
        acl: ['connection'],
        group: 'server',
        since: '7.0.0',
        complexity: 'O(N) for N commands',
        summary: 'Returns the documentation of commands.',
        syntax: '[command-name [command-name ...]]',
        tips: ['nondeterministic_output_order'],
        handler: commandDocs,
      },
      {
        name: 'getkeys',
        arity: -4,
        flags: ['loading', 'stale'],
        acl: ['connection'],
        group: 'server',
        since: '2.8.13',
        complexity: 'O(N) for N arguments',
        summary: "Returns the keys in a command's arguments.",
        handler: commandGetKeys,
      },
      {
        name: 'getkeysandflags',
        arity: -4,
        flags: ['loading', 'stale'],
        acl: ['connection'],
        group: 'server',
        since: '7.0.0',
        complexity: 'O(N) for N arguments',
        summary: "Returns the keys in a command's arguments, and what the command does with each.",
        handler: commandGetKeysAndFlags,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        acl: ['connection'],
        group: 'server',
        since: '5.0.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: commandHelp,
      },
      {
        name: 'info',
        arity: -2,
        flags: ['loading', 'stale'],
        acl: ['connection'],
        group: 'server',
        since: '2.8.13',
        complexity: 'O(N) for N commands',
        summary: 'Describes the given commands, or all.',
        syntax: '[command-name [command-name ...]]',
        tips: ['nondeterministic_output_order'],
        history: [['7.0.0', 'Without names, describes all commands.']],
        handler: commandInfo,
      },
      {
        name: 'list',
        arity: -2,
        flags: ['loading', 'stale'],
        acl: ['connection'],
        group: 'server',
        since: '7.0.0',
        complexity: 'O(N) for N commands',
        summary: 'Returns the names of commands.',
        syntax: '[FILTERBY filterby=(MODULE module-name|ACLCAT category|PATTERN pattern)]',
        tips: ['nondeterministic_output_order'],
        handler: commandList,
      },
    ],
    handler: command,
  },
]
