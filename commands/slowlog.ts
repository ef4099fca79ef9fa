// slowlog.ts — SLOWLOG: the commands that took long.

import type { Call } from '../src/call.ts'
import type { CommandSpec } from '../src/command.ts'
import { ReplyError } from '../src/errors.ts'
import { replyHelp } from '../src/help.ts'

const ENTRIES_DEFAULT = 10

function slowlogGet(call: Call): void {
  const { entries } = call.server.slowlog
  let count = ENTRIES_DEFAULT
  if (call.count > 3) throw new ReplyError('ERR syntax error')
  if (call.count === 3) {
    count = call.integer(2)
    if (count < -1) {
      throw new ReplyError('ERR count should be greater than or equal to -1')
    }
  }
  if (count === -1 || count > entries.length) count = entries.length
  const { reply } = call
  reply.array(count)
  for (const entry of entries.slice(0, count)) {
    reply.array(6)
    reply.integer(entry.id)
    reply.integer(entry.at)
    reply.integer(entry.microseconds)
    reply.bulks(entry.args, entry.args.length)
    reply.bulk(entry.address)
    reply.bulk(entry.clientName)
  }
}

function slowlogLen(call: Call): void {
  call.reply.integer(call.server.slowlog.entries.length)
}

function slowlogReset(call: Call): void {
  call.server.slowlog.reset()
  call.reply.ok()
}

const slowlogHelp = replyHelp

export const slowlogCommands: readonly CommandSpec[] = [
  {
    name: 'slowlog',
    arity: -2,
    flags: [],
    group: 'server',
    since: '2.2.12',
    complexity: 'Depends on the subcommand',
    summary: 'Tells which commands took long.',
    subcommands: [
      {
        name: 'get',
        arity: -2,
        flags: ['admin', 'loading', 'stale'],
        group: 'server',
        since: '2.2.12',
        complexity: 'O(N) for N entries',
        summary: 'Returns the latest entries of the slow log.',
        syntax: '[count]',
        tips: ['request_policy:all_nodes', 'nondeterministic_output'],
        handler: slowlogGet,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'server',
        since: '6.2.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: slowlogHelp,
      },
      {
        name: 'len',
        arity: 2,
        flags: ['admin', 'loading', 'stale'],
        group: 'server',
        since: '2.2.12',
        complexity: 'O(1)',
        summary: 'Returns the number of entries in the slow log.',
        tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
        handler: slowlogLen,
      },
      {
        name: 'reset',
        arity: 2,
        flags: ['admin', 'loading', 'stale'],
        group: 'server',
        since: '2.2.12',
        complexity: 'O(N) for N entries',
        summary: 'Clears the slow log.',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        handler: slowlogReset,
      },
    ],
  },
]
