// acl.ts — ACL: users, their rules, and what was refused to them.

import { hexPassword } from '../src/acl/password.ts'
import { commandsOf } from '../src/acl/rules.ts'
import type { Call } from '../src/call.ts'
import { ACL_CATEGORIES, type CommandSpec } from '../src/command.ts'
import { ReplyError, subcommandSyntax, wrongArity } from '../src/errors.ts'
import { replyHelp } from '../src/help.ts'
import {
  aclDelUser,
  aclGetUser,
  aclList,
  aclSetUser,
  aclUsers,
  aclWhoAmI,
  ruleSecrets,
} from './acl-users.ts'
import { CommandLine } from './command-line.ts'

const LOG_ENTRIES_DEFAULT = 10
const PASSWORD_BITS_DEFAULT = 256
const PASSWORD_BITS_MAX = 4096

const passwordBits = new ReplyError(
  'ERR ACL GENPASS argument must be the number of bits for the output password, a positive ' +
    `number up to ${PASSWORD_BITS_MAX}`,
)

function aclCat(call: Call): void {
  const { reply } = call
  if (call.count > 3) throw subcommandSyntax(call.text(1), 'acl')
  if (call.count === 2) {
    reply.bulks(ACL_CATEGORIES, ACL_CATEGORIES.length)
    return
  }
  const name = call.text(2)
  const category = ACL_CATEGORIES.find(each => each === name.toLowerCase())
  if (category === undefined) throw new ReplyError(`ERR Unknown category '${name}'`)
  const commands = commandsOf(call.server.registry, category)
  reply.array(commands.length)
  for (const command of commands) reply.bulk(command.fullName)
}

function aclGenPass(call: Call): void {
  if (call.count > 3) throw subcommandSyntax(call.text(1), 'acl')
  const bits = call.count === 3 ? call.integer(2) : PASSWORD_BITS_DEFAULT
  if (bits <= 0 || bits > PASSWORD_BITS_MAX) throw passwordBits
  call.reply.bulk(hexPassword(bits))
}

function aclLog(call: Call): void {
  const { acl, now } = call.server
  const { reply } = call
  if (call.count > 3) throw subcommandSyntax(call.text(1), 'acl')
  if (call.count === 3 && call.is(2, 'RESET')) {
    acl.log.reset()
    reply.ok()
    return
  }
  const countMax = call.count === 3 ? Math.max(0, call.integer(2)) : LOG_ENTRIES_DEFAULT
  const entries = acl.log.entries.slice(0, countMax)
  reply.array(entries.length)
  for (const entry of entries) {
    reply.map(10)
    reply.bulk('count')
    reply.integer(entry.count)
    reply.bulk('reason')
    reply.bulk(entry.reason)
    reply.bulk('context')
    reply.bulk(entry.context)
    reply.bulk('object')
    reply.bulk(entry.object)
    reply.bulk('username')
    reply.bulk(entry.userName)
    reply.bulk('age-seconds')
    reply.double((now - entry.updatedAt) / 1000)
    reply.bulk('client-info')
    reply.bulk(entry.client)
    reply.bulk('entry-id')
    reply.integer(entry.id)
    reply.bulk('timestamp-created')
    reply.integer(entry.createdAt)
    reply.bulk('timestamp-last-updated')
    reply.integer(entry.updatedAt)
  }
}

function aclDryRun(call: Call): void {
  const { acl, registry } = call.server
  const user = acl.user(call.text(2))
  if (user === undefined) throw new ReplyError(`ERR User '${call.text(2)}' not found`)
  const line = new CommandLine(call, 3)
  const command = line.find(registry)
  if (command === undefined) throw new ReplyError(`ERR Command '${line.text(0)}' not found`)
  if (!line.fits(command)) throw wrongArity(command.fullName)
  const denial = acl.dryRun(user, command, line)
  if (denial === undefined) call.reply.ok()
  else call.reply.bulk(denial)
}

function aclLoad(call: Call): void {
  call.server.acl.reload()
  call.reply.ok()
}

function aclSave(call: Call): void {
  call.server.acl.save()
  call.reply.ok()
}

const aclHelp = replyHelp

export const aclCommands: readonly CommandSpec[] = [
  {
    name: 'acl',
    arity: -2,
    flags: [],
    group: 'server',
    since: '6.0.0',
    complexity: 'Depends on the subcommand',
    summary: 'Manages users and what they may do.',
    subcommands: [
      {
        name: 'cat',
        arity: -2,
        flags: ['noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(1), since categories and commands are fixed',
        summary: 'Lists the command categories, or the commands of one.',
        syntax: '[categoryname]',
        handler: aclCat,
      },
      {
        name: 'deluser',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(N) for N users',
        summary: 'Deletes users and closes their connections.',
        syntax: 'username [username ...]',
        hides: ruleSecrets,
        handler: aclDelUser,
      },
      {
        name: 'dryrun',
        arity: -4,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '7.0.0',
        complexity: 'O(1)',
        summary: 'Tells whether a user may run a command, without running it.',
        syntax: 'username command [arg [arg ...]]',
        handler: aclDryRun,
      },
      {
        name: 'genpass',
        arity: -2,
        flags: ['noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(1)',
        summary: 'Makes a password that is hard to guess.',
        syntax: '[bits]',
        handler: aclGenPass,
      },
      {
        name: 'getuser',
        arity: 3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(N) for N rules of the user',
        summary: 'Returns the rules of a user.',
        syntax: 'username',
        hides: ruleSecrets,
        handler: aclGetUser,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: aclHelp,
      },
      {
        name: 'list',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(N) for N users',
        summary: 'Lists all users with their rules, as an ACL file has them.',
        handler: aclList,
      },
      {
        name: 'load',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(N) for N users',
        summary: 'Reads the users from the ACL file again.',
        handler: aclLoad,
      },
      {
        name: 'log',
        arity: -2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(N) for N entries',
        summary: 'Lists the latest refusals, or forgets them.',
        syntax: '[operation=(count|RESET)]',
        handler: aclLog,
      },
      {
        name: 'save',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(N) for N users',
        summary: 'Writes the users to the ACL file.',
        handler: aclSave,
      },
      {
        name: 'setuser',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(N) for N rules',
        summary: 'Makes a user, or changes the rules of one.',
        syntax: 'username [rule [rule ...]]',
        hides: ruleSecrets,
        handler: aclSetUser,
      },
      {
        name: 'users',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(N) for N users',
        summary: 'Lists the names of all users.',
        handler: aclUsers,
      },
      {
        name: 'whoami',
        arity: 2,
        flags: ['noscript', 'loading', 'stale'],
        group: 'server',
        since: '6.0.0',
        complexity: 'O(1)',
        summary: "Returns the name of this connection's user.",
        handler: aclWhoAmI,
      },
    ],
  },
]
