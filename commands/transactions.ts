// transactions.ts — MULTI, EXEC, DISCARD, WATCH, UNWATCH.
//
// What one EXEC does is one entry of the effect log, and nothing comes between its commands. An
// error of one of them is its reply; the others run all the same, as in Redis.

import type { Call } from '../src/call.ts'
import { type CommandSpec, keyRange } from '../src/command.ts'
import { errors } from '../src/errors.ts'
import { beginTransaction, endTransaction } from '../src/transaction.ts'

function multi(call: Call): void {
  if (call.client.transaction !== undefined) throw errors.nestedMulti
  beginTransaction(call.client)
  call.reply.ok()
}

function exec(call: Call): void {
  const { client, reply, server } = call
  if (client.transaction === undefined) throw errors.execWithoutMulti
  const broken = server.watches.isBroken(client)
  const { failed, queue } = endTransaction(server, client)!
  if (failed) throw errors.executionAborted
  if (broken) {
    reply.nullArray()
    return
  }
  for (const queued of queue) {
    const error = queued.command.spec.guard?.(server.dispatch.nest(call, queued))
    if (error !== undefined) throw error
  }
  reply.array(queue.length)
  for (const queued of queue)
    server.dispatch.runNested(call, queued, inner => server.acl.checkQueued(inner))
}

function discard(call: Call): void {
  const { client, server } = call
  if (client.transaction === undefined) throw errors.discardWithoutMulti
  endTransaction(server, client)
  call.reply.ok()
}

function watch(call: Call): void {
  const { client, server } = call
  if (client.transaction !== undefined) throw errors.watchInMulti
  for (let i = 1; i < call.count; i++) server.watches.watch(client, call.db, call.text(i))
  server.noteObservers()
  call.reply.ok()
}

function unwatch(call: Call): void {
  const { client, server } = call
  server.watches.unwatch(client)
  server.noteObservers()
  call.reply.ok()
}

export const transactionCommands: readonly CommandSpec[] = [
  {
    name: 'discard',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['transaction'],
    group: 'transactions',
    since: '2.0.0',
    complexity: 'O(N) for N queued commands',
    summary: 'Gives up the transaction and forgets its commands.',
    immediate: true,
    handler: discard,
  },
  {
    name: 'exec',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    acl: ['transaction'],
    group: 'transactions',
    since: '1.2.0',
    complexity: 'Depends on the queued commands',
    summary: 'Runs the commands of the transaction, unless a watched key has changed.',
    immediate: true,
    runsQueue: true,
    handler: exec,
  },
  {
    name: 'multi',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['transaction'],
    group: 'transactions',
    since: '1.2.0',
    complexity: 'O(1)',
    summary: 'Starts a transaction: the commands that follow are queued.',
    immediate: true,
    handler: multi,
  },
  {
    name: 'unwatch',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['transaction'],
    group: 'transactions',
    since: '2.2.0',
    complexity: 'O(1)',
    summary: 'Stops watching keys.',
    handler: unwatch,
  },
  {
    name: 'watch',
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'allow_busy'],
    acl: ['transaction'],
    keys: [keyRange(1, -1, 1, 'RO')],
    group: 'transactions',
    since: '2.2.0',
    complexity: 'O(N) for N keys',
    summary: 'Watches keys: if one changes, the next EXEC does nothing.',
    syntax: 'key [key ...]',
    immediate: true,
    handler: watch,
  },
]
