// script.ts — SCRIPT: the cache of scripts.

import type { Call } from '../../src/call.ts'
import type { CommandSpec } from '../../src/command.ts'
import { ReplyError } from '../../src/errors.ts'
import { replyHelp } from '../../src/help.ts'

const flushOption = new ReplyError('ERR SCRIPT FLUSH only support SYNC|ASYNC option')
const debugMode = new ReplyError('ERR Use SCRIPT DEBUG YES/SYNC/NO')
const noDebugger = new ReplyError(
  'ERR scripts cannot be debugged here: all clients would wait for the debugger',
)
export const notBusy = new ReplyError('NOTBUSY No scripts in execution right now.')

/** Only NO, which is how it is already. */
function scriptDebug(call: Call): void {
  if (call.is(2, 'YES') || call.is(2, 'SYNC')) throw noDebugger
  if (!call.is(2, 'NO')) throw debugMode
  call.reply.ok()
}

function scriptExists(call: Call): void {
  call.reply.array(call.count - 2)
  for (let i = 2; i < call.count; i++) {
    call.reply.integer(call.server.scripts.has(call.text(i)) ? 1 : 0)
  }
}

function scriptFlush(call: Call): void {
  if (call.count > 3 || (call.count === 3 && !call.is(2, 'ASYNC') && !call.is(2, 'SYNC'))) {
    throw flushOption
  }
  call.server.scripts.flush()
  call.reply.ok()
}

/** Whoever can ask is served, so nothing runs: `script-time-limit` ends what runs for too long. */
function scriptKill(): void {
  throw notBusy
}

function scriptLoad(call: Call): void {
  call.reply.bulk(call.server.scripts.load(call.text(2)))
}

const scriptHelp = replyHelp

export const scriptCommands: readonly CommandSpec[] = [
  {
    name: 'script',
    arity: -2,
    flags: [],
    group: 'scripting',
    since: '2.6.0',
    complexity: 'Depends on the subcommand',
    summary: 'Manages the cache of scripts.',
    subcommands: [
      {
        name: 'debug',
        arity: 3,
        flags: ['noscript'],
        acl: ['scripting'],
        group: 'scripting',
        since: '3.2.0',
        complexity: 'O(1)',
        summary: 'Chooses how the scripts of this connection are debugged.',
        syntax: 'mode=(YES|SYNC|NO)',
        handler: scriptDebug,
      },
      {
        name: 'exists',
        arity: -3,
        flags: ['noscript'],
        acl: ['scripting'],
        group: 'scripting',
        since: '2.6.0',
        complexity: 'O(N) for N scripts',
        summary: 'Tells for each of several scripts whether the server knows it.',
        syntax: 'sha1 [sha1 ...]',
        tips: ['request_policy:all_shards', 'response_policy:agg_logical_and'],
        handler: scriptExists,
      },
      {
        name: 'flush',
        arity: -2,
        flags: ['noscript'],
        acl: ['scripting'],
        group: 'scripting',
        since: '2.6.0',
        complexity: 'O(N) for N scripts',
        summary: 'Forgets all scripts.',
        syntax: '[async=(ASYNC|SYNC)@6.2.0]',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        handler: scriptFlush,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        acl: ['scripting'],
        group: 'scripting',
        since: '5.0.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: scriptHelp,
      },
      {
        name: 'kill',
        arity: 2,
        flags: ['noscript', 'allow_busy'],
        acl: ['scripting'],
        group: 'scripting',
        since: '2.6.0',
        complexity: 'O(1)',
        summary: 'Stops the script that runs now.',
        tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
        handler: scriptKill,
      },
      {
        name: 'load',
        arity: 3,
        flags: ['noscript', 'stale'],
        acl: ['scripting'],
        group: 'scripting',
        since: '2.6.0',
        complexity: 'O(N) for N bytes of code',
        summary: 'Stores a script without running it, and returns its SHA-1.',
        syntax: 'script',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        handler: scriptLoad,
      },
    ],
  },
]
