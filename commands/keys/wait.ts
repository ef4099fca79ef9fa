// wait.ts — WAIT and WAITAOF: until others have this connection's writes.
//
// Redis's replicas and files are what they ask for, and a node has none of either: nothing is ever
// acknowledged, so only the timeout ends the wait for more than nothing.

import type { Call } from '../../src/call.ts'
import type { CommandSpec } from '../../src/command.ts'
import { ReplyError } from '../../src/errors.ts'
import type { Reply } from '../../src/wire/reply.ts'
import { readTimeoutMs } from '../timeout.ts'

const notZeroOrOne = new ReplyError('ERR value is out of range, value must between 0 and 1')
const notPositive = new ReplyError('ERR value is out of range, must be positive')
const noFile = new ReplyError(
  'ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.',
)

function wait(call: Call): void {
  const replicas = call.integer(1)
  const deadline = readTimeoutMs(call, 2)
  waitFor(call, replicas, deadline, reply => reply.integer(0))
}

function waitAof(call: Call): void {
  const local = call.integer(1)
  if (local !== 0 && local !== 1) throw notZeroOrOne
  const replicas = call.integer(2)
  if (replicas < 0) throw notPositive
  const deadline = readTimeoutMs(call, 3)
  if (local === 1) throw noFile
  waitFor(call, replicas, deadline, replyNone)
}

function replyNone(reply: Reply): void {
  reply.array(2)
  reply.integer(0)
  reply.integer(0)
}

function waitFor(
  call: Call,
  replicas: number,
  deadline: number,
  onTimeout: (reply: Reply) => void,
): void {
  if (replicas <= 0) onTimeout(call.reply)
  else call.server.dispatch.park(call, { keys: [], deadline, onTimeout })
}

export const waitCommands: readonly CommandSpec[] = [
  {
    name: 'wait',
    arity: 3,
    flags: ['noscript'],
    acl: ['connection'],
    group: 'generic',
    since: '3.0.0',
    complexity: 'O(1)',
    summary: "Waits until enough replicas have acknowledged this connection's writes.",
    syntax: 'numreplicas timeout:integer',
    tips: ['request_policy:all_shards', 'response_policy:agg_min'],
    handler: wait,
  },
  {
    name: 'waitaof',
    arity: 4,
    flags: ['noscript'],
    acl: ['connection'],
    group: 'generic',
    since: '7.2.0',
    complexity: 'O(1)',
    summary:
      "Waits until this connection's writes are in enough append-only files, here and on " +
      'replicas.',
    syntax: 'numlocal numreplicas timeout:integer',
    tips: ['request_policy:all_shards', 'response_policy:agg_min'],
    handler: waitAof,
  },
]
