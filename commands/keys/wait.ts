// wait.ts — WAIT and WAITAOF: until others have this connection's writes.
//
// Others are the nodes that keep copies of what was written. Where replies wait for those anyhow, they
// have everything before the client can ask. A node alone has no such others, and none has a file:
// then only the timeout ends the wait for more than nothing.

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

/** How often acknowledgements are looked at. */
const LOOK_MS = 5

function wait(call: Call): void {
  const replicas = call.integer(1)
  const deadline = readTimeoutMs(call, 2)
  const { client, reply } = call
  const { copies, monotonic } = call.server
  const acknowledged = () => copies?.acknowledged(client) ?? 0
  if (acknowledged() >= replicas) {
    reply.integer(acknowledged())
    return
  }
  call.server.dispatch.park(call, {
    // Nobody signals it: acknowledgements are too many for that.
    keys: [`wait:${client.id}`],
    deadline,
    onTimeout: late => late.integer(acknowledged()),
    ...(copies === undefined ? {} : { retryAt: monotonic + LOOK_MS }),
  })
}

function waitAof(call: Call): void {
  const local = call.integer(1)
  if (local !== 0 && local !== 1) throw notZeroOrOne
  const replicas = call.integer(2)
  if (replicas < 0) throw notPositive
  const deadline = readTimeoutMs(call, 3)
  if (local === 1) throw noFile
  if (replicas <= 0) replyNone(call.reply)
  else call.server.dispatch.park(call, { keys: [], deadline, onTimeout: replyNone })
}

function replyNone(reply: Reply): void {
  reply.array(2)
  reply.integer(0)
  reply.integer(0)
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
