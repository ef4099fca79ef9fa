// existence.ts — Whether keys are there, what they are, and their end.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt, keyRange } from '../../src/command.ts'
import type { Database } from '../../src/keyspace/database.ts'
import { TYPE_NAMES } from '../../src/keyspace/record.ts'

/** Random keys that RANDOMKEY looks at before it takes the first that it finds alive. */
const RANDOM_TRIES_MAX = 100

function del(call: Call): void {
  let count = 0
  for (let i = 1; i < call.count; i++) {
    if (!call.delete(i)) continue
    count++
    call.notify('g', 'del', i)
    call.signal(i)
  }
  call.reply.integer(count)
}

/** What is large is freed by the collector, after the reply, whichever of the two was asked. */
const unlink = del

function exists(call: Call): void {
  let count = 0
  for (let i = 1; i < call.count; i++) if (call.look(i) !== 0) count++
  call.reply.integer(count)
}

function touch(call: Call): void {
  let count = 0
  for (let i = 1; i < call.count; i++) if (call.read(i) !== 0) count++
  call.reply.integer(count)
}

function type(call: Call): void {
  const entry = call.look(1)
  call.reply.status(entry === 0 ? 'none' : TYPE_NAMES[call.db.type(entry)]!)
}

function randomKey(call: Call): void {
  const entry = randomEntry(call)
  if (entry === 0) call.reply.null()
  else call.reply.bulk(call.db.key(entry))
}

/** A random entry that is not past its expiry, or 0. */
function randomEntry(call: Call): number {
  const { db } = call
  for (let tries = 0; tries < RANDOM_TRIES_MAX; tries++) {
    const entry = db.random(() => call.random())
    if (entry === 0 || !db.isExpired(entry)) return entry
    expire(db, entry)
  }
  let alive = 0
  db.forEach(entry => {
    if (alive === 0 && !db.isExpired(entry)) alive = entry
  })
  return alive
}

/** Deletes an entry past its expiry, by looking for it. */
function expire(db: Database, entry: number): void {
  const key = Buffer.from(db.key(entry), 'latin1')
  db.find(key, 0, key.length)
}

export const existenceCommands: readonly CommandSpec[] = [
  {
    name: 'del',
    arity: -2,
    flags: ['write'],
    acl: ['keyspace'],
    keys: [keyRange(1, -1, 1, 'RM', 'delete')],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(N) for N keys, and O(M) for each collection of M elements',
    summary: 'Deletes keys.',
    syntax: 'key [key ...]',
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    handler: del,
  },
  {
    name: 'exists',
    arity: -2,
    flags: ['readonly', 'fast'],
    acl: ['keyspace'],
    keys: [keyRange(1, -1, 1, 'RO')],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(N) for N keys',
    summary: 'Counts how many of the given keys exist.',
    syntax: 'key [key ...]',
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    history: [['3.0.3', 'Several keys may be given.']],
    handler: exists,
  },
  {
    name: 'randomkey',
    arity: 1,
    flags: ['readonly'],
    acl: ['keyspace'],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns a key chosen at random.',
    tips: ['request_policy:all_shards', 'nondeterministic_output'],
    handler: randomKey,
  },
  {
    name: 'touch',
    arity: -2,
    flags: ['readonly', 'fast'],
    acl: ['keyspace'],
    keys: [keyRange(1, -1, 1, 'RO')],
    group: 'generic',
    since: '3.2.1',
    complexity: 'O(N) for N keys',
    summary: 'Marks keys as used now, and counts those that exist.',
    syntax: 'key [key ...]',
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    handler: touch,
  },
  {
    name: 'type',
    arity: 2,
    flags: ['readonly', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RO')],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns the name of the type of value that a key holds.',
    syntax: 'key',
    handler: type,
  },
  {
    name: 'unlink',
    arity: -2,
    flags: ['write', 'fast'],
    acl: ['keyspace'],
    keys: [keyRange(1, -1, 1, 'RM', 'delete')],
    group: 'generic',
    since: '4.0.0',
    complexity: 'O(1) for each key; its memory is freed later, in O(M) for M elements',
    summary: 'Deletes keys, and frees their memory later.',
    syntax: 'key [key ...]',
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    handler: unlink,
  },
]
