// config.ts — CONFIG: settings of the running server, and the counters that INFO reports.
import type { Call } from '../src/call.ts'
import type { CommandSpec } from '../src/command.ts'
import { Config, type Pair } from '../src/config/config.ts'
import { errors } from '../src/errors.ts'
import { replyHelp } from '../src/help.ts'

function configGet(call: Call): void {
  const patterns: string[] = []
  for (let i = 2; i < call.count; i++) patterns.push(call.text(i))
  const found = call.server.config.get(patterns)
  call.reply.map(found.length)
  for (const [name, value] of found) {
    call.reply.bulk(name)
    call.reply.bulk(value)
  }
}

/** The values of settings such as `requirepass`. */
function sensitiveValues(call: Call): ReadonlySet<number> {
  const hidden = new Set<number>()
  for (let i = 2; i + 1 < call.count; i += 2) {
    if (Config.isSensitive(call.text(i))) hidden.add(i + 1)
  }
  return hidden
}

function configSet(call: Call): void {
  if (call.count % 2 !== 0) throw errors.syntax
  const pairs: Pair[] = []
  for (let i = 2; i < call.count; i += 2) pairs.push([call.text(i), call.text(i + 1)])
  call.server.config.set(pairs, mayChangeProtected(call))
  call.reply.ok()
}

function mayChangeProtected(call: Call): boolean {
  const allowed = call.server.config.values['enable-protected-configs']
  const { kind, address } = call.client.link
  const local = kind !== 'tcp' || address.startsWith('127.') || address.startsWith('[::1]')
  return allowed === 'yes' || (allowed === 'local' && local)
}

function configRewrite(call: Call): void {
  call.server.config.rewrite()
  call.reply.ok()
}

function configResetStat(call: Call): void {
  const { stats, registry } = call.server
  stats.reset()
  call.server.dispatch.settle()
  for (const command of registry.commands.values()) command.resetStatistics()
  call.reply.ok()
}

export const configCommands: readonly CommandSpec[] = [
  {
    name: 'config',
    arity: -2,
    flags: [],
    group: 'server',
    since: '2.0.0',
    complexity: 'Depends on the subcommand',
    summary: 'Reads and changes the configuration.',
    subcommands: [
      {
        name: 'get',
        arity: -3,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '2.0.0',
        complexity: 'O(N) for N parameters',
        summary: 'Returns the parameters that match the patterns.',
        syntax: '(parameter) [parameter ...]',
        history: [['7.0.0', 'Several patterns may be given.']],
        handler: configGet,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'server',
        since: '5.0.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: replyHelp,
      },
      {
        name: 'resetstat',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '2.0.0',
        complexity: 'O(1)',
        summary: 'Sets the counters that INFO reports to zero.',
        handler: configResetStat,
      },
      {
        name: 'rewrite',
        arity: 2,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '2.8.0',
        complexity: 'O(N) for N parameters',
        summary: 'Writes the configuration in use to the configuration file.',
        handler: configRewrite,
      },
      {
        name: 'set',
        arity: -4,
        flags: ['admin', 'noscript', 'loading', 'stale'],
        group: 'server',
        since: '2.0.0',
        complexity: 'O(N) for N parameters',
        summary: 'Sets parameters, all of them or none.',
        syntax: 'parameter value [parameter value ...]',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        history: [['7.0.0', 'Several parameters may be given.']],
        hides: sensitiveValues,
        handler: configSet,
      },
    ],
  },
]
