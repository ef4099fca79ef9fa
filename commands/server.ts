// server.ts — Commands about the server as a whole.

import type { Call } from '../src/call.ts'
import type { CommandSpec } from '../src/command.ts'
import { errors, ReplyError } from '../src/errors.ts'
import { replyHelp } from '../src/help.ts'
import { infoText } from '../src/info/sections.ts'
import type { Database } from '../src/keyspace/database.ts'
import { lolwut } from '../src/lolwut.ts'
import { VERSION } from '../src/version.ts'
import { databaseAt, readDatabaseIndex } from './database-index.ts'
import { logFlush } from './segments.ts'

function dbSize(call: Call): void {
  call.reply.integer(call.db.size)
}

/** ASYNC and SYNC do the same: large databases are always freed in slices. */
function checkFlushOption(call: Call): void {
  if (call.count > 2 || (call.count === 2 && !call.is(1, 'ASYNC') && !call.is(1, 'SYNC'))) {
    throw errors.syntax
  }
}

function flush(call: Call, databases: readonly Database[]): void {
  if (call.server.effects.isDivided) logFlush(call, databases)
  for (const db of databases) {
    call.server.keyspace.flush(db)
    call.server.waiting.signalAll(db)
  }
  call.server.tracking.flushed()
}

function flushAll(call: Call): void {
  checkFlushOption(call)
  flush(call, call.server.keyspace.databases)
  call.reply.ok()
}

function flushDb(call: Call): void {
  checkFlushOption(call)
  flush(call, [call.db])
  call.reply.ok()
}

const swapInCluster = new ReplyError('ERR SWAPDB is not allowed in cluster mode')
const notFirst = new ReplyError('ERR invalid first DB index')
const notSecond = new ReplyError('ERR invalid second DB index')

function swapDb(call: Call): void {
  if (call.server.mode === 'cluster') throw swapInCluster
  const first = readDatabaseIndex(call, 1, notFirst)
  const second = readDatabaseIndex(call, 2, notSecond)
  const a = databaseAt(call, first)
  const b = databaseAt(call, second)
  if (a !== b) call.server.swap(a, b)
  call.reply.ok()
}

function time(call: Call): void {
  const microseconds = call.server.clock.now() * 1000
  call.reply.array(2)
  call.reply.bulkInteger(Math.floor(microseconds / 1_000_000))
  call.reply.bulkInteger(microseconds % 1_000_000)
}

function info(call: Call): void {
  const names: string[] = []
  for (let i = 1; i < call.count; i++) names.push(call.text(i))
  call.reply.verbatim(infoText(call.server, names))
}

function lolWut(call: Call): void {
  if (call.count >= 3 && call.is(1, 'VERSION')) call.integer(2)
  call.reply.verbatim(lolwut(() => call.random(), VERSION))
}

function monitor(call: Call): void {
  if (!call.mayBlock) throw new ReplyError('ERR MONITOR is not allowed in this context')
  call.server.monitor(call.client)
  call.reply.ok()
}

/** Every node is the primary of what it serves; those who keep copies of that are its replicas. */
function role({ reply, server }: Call): void {
  const { lsn } = server.effects
  const holders = server.copies?.holders ?? []
  reply.array(3)
  reply.bulk('master')
  reply.integer(lsn)
  reply.array(holders.length)
  for (const { host, port, lag } of holders) {
    reply.array(3)
    reply.bulk(host)
    reply.bulk(String(port))
    reply.bulk(String(Math.max(0, lsn - lag)))
  }
}

/** Being somebody's replica is what the grid is for; only leaving that state makes sense here. */
function replicaOf(call: Call): void {
  if (!call.is(1, 'NO') || !call.is(2, 'ONE')) {
    throw new ReplyError(
      'ERR REPLICAOF host port is not supported: nodes of a cluster replicate by themselves',
    )
  }
  call.reply.ok()
}

const slaveOf = replicaOf

function failover(call: Call): void {
  if (call.server.cluster !== undefined) {
    throw new ReplyError('ERR FAILOVER not allowed in cluster mode.')
  }
  throw new ReplyError('ERR FAILOVER requires connected replicas.')
}

function refuseReplica(): void {
  throw new ReplyError('ERR Redis replicas cannot follow a Latchkey node')
}

const psync = refuseReplica
const sync = refuseReplica
const replConf = refuseReplica

function lastSave(call: Call): void {
  call.reply.integer(Math.floor(call.server.startedAt / 1000))
}

function refuseSave(): void {
  throw new ReplyError('ERR there is no persistence in this version: data lives in memory only')
}

const save = refuseSave
const bgSave = refuseSave
const bgRewriteAof = refuseSave

function shutdown(call: Call): void {
  for (let i = 1; i < call.count; i++) {
    if (call.is(i, 'ABORT')) throw new ReplyError('ERR No shutdown in progress.')
    if (call.is(i, 'SAVE')) refuseSave()
    if (!call.is(i, 'NOSAVE') && !call.is(i, 'NOW') && !call.is(i, 'FORCE')) throw errors.syntax
  }
  call.server.host.shutdown('SHUTDOWN')
}

function moduleList(call: Call): void {
  call.reply.array(0)
}

function refuseModule(): void {
  throw new ReplyError('ERR Latchkey has no modules')
}

const moduleLoad = refuseModule
const moduleLoadEx = refuseModule
const moduleUnload = refuseModule
const moduleHelp = replyHelp

export const serverCommands: readonly CommandSpec[] = [
  {
    name: 'bgrewriteaof',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Rewrites the append-only file in the background.',
    handler: bgRewriteAof,
  },
  {
    name: 'bgsave',
    arity: -1,
    flags: ['admin', 'noscript', 'no_async_loading'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Saves the data to disk in the background.',
    syntax: '[SCHEDULE@3.2.2]',
    handler: bgSave,
  },
  {
    name: 'dbsize',
    arity: 1,
    flags: ['readonly', 'fast'],
    acl: ['keyspace'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns the number of keys in the database.',
    tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
    handler: dbSize,
  },
  {
    name: 'failover',
    arity: -1,
    flags: ['admin', 'noscript', 'stale'],
    group: 'server',
    since: '6.2.0',
    complexity: 'O(1)',
    summary: 'Hands the role of primary to a replica, once that has caught up.',
    syntax: '[TO target=(host port [FORCE])] [ABORT] [TIMEOUT milliseconds]',
    handler: failover,
  },
  {
    name: 'flushall',
    arity: -1,
    flags: ['write'],
    acl: ['keyspace', 'dangerous'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(N) for N keys in all databases',
    summary: 'Deletes all keys of all databases.',
    syntax: '[async=(ASYNC@4.0.0|SYNC@6.2.0)]',
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    handler: flushAll,
  },
  {
    name: 'flushdb',
    arity: -1,
    flags: ['write'],
    acl: ['keyspace', 'dangerous'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(N) for N keys in the database',
    summary: 'Deletes all keys of the database.',
    syntax: '[async=(ASYNC@4.0.0|SYNC@6.2.0)]',
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    handler: flushDb,
  },
  {
    name: 'info',
    arity: -1,
    flags: ['loading', 'stale'],
    acl: ['dangerous'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(N) for N sections',
    summary: 'Reports the state of the server and its counters.',
    syntax: '[section [section ...]]',
    tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
    history: [['7.0.0', 'Several sections may be given.']],
    handler: info,
  },
  {
    name: 'lastsave',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    acl: ['admin', 'dangerous'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns the Unix time of the last save to disk that succeeded.',
    tips: ['nondeterministic_output'],
    handler: lastSave,
  },
  {
    name: 'lolwut',
    arity: -1,
    flags: ['readonly', 'fast'],
    group: 'server',
    since: '5.0.0',
    complexity: 'O(1)',
    summary: 'Shows a piece of computer art and the version.',
    syntax: '[VERSION version]',
    handler: lolWut,
  },
  {
    name: 'module',
    arity: -2,
    flags: [],
    group: 'server',
    since: '4.0.0',
    complexity: 'Depends on the subcommand',
    summary: 'Manages modules.',
    subcommands: [
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        group: 'server',
        since: '5.0.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: moduleHelp,
      },
      {
        name: 'list',
        arity: 2,
        flags: ['admin', 'noscript'],
        group: 'server',
        since: '4.0.0',
        complexity: 'O(N) for N modules',
        summary: 'Lists the modules that are loaded.',
        tips: ['nondeterministic_output_order'],
        handler: moduleList,
      },
      {
        name: 'load',
        arity: -3,
        flags: ['admin', 'noscript', 'no_async_loading'],
        group: 'server',
        since: '4.0.0',
        complexity: 'O(1)',
        summary: 'Loads a module.',
        syntax: 'path [arg [arg ...]]',
        handler: moduleLoad,
      },
      {
        name: 'loadex',
        arity: -3,
        flags: ['admin', 'noscript', 'no_async_loading'],
        group: 'server',
        since: '7.0.0',
        complexity: 'O(1)',
        summary: 'Loads a module with settings and arguments.',
        syntax:
          'path [CONFIG configs=(name value) [CONFIG name value ...]] ' +
          '[ARGS args=(arg) [arg ...]]',
        handler: moduleLoadEx,
      },
      {
        name: 'unload',
        arity: 3,
        flags: ['admin', 'noscript', 'no_async_loading'],
        group: 'server',
        since: '4.0.0',
        complexity: 'O(1)',
        summary: 'Unloads a module.',
        syntax: 'name',
        handler: moduleUnload,
      },
    ],
  },
  {
    name: 'monitor',
    arity: 1,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Streams every command that the server runs to this connection.',
    handler: monitor,
  },
  {
    name: 'psync',
    arity: -3,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    group: 'server',
    since: '2.8.0',
    complexity: 'O(N) for N keys when everything has to be sent',
    summary: 'Starts or resumes the replication stream to this connection.',
    syntax: 'replicationid offset',
    handler: psync,
  },
  {
    name: 'replconf',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'allow_busy'],
    group: 'server',
    since: '3.0.0',
    complexity: 'O(1)',
    summary: 'Exchanges facts about a replication stream.',
    docFlags: ['syscmd'],
    handler: replConf,
  },
  {
    name: 'replicaof',
    arity: 3,
    flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
    group: 'server',
    since: '5.0.0',
    complexity: 'O(1)',
    summary: 'Makes the server a replica of another, or a primary.',
    syntax: 'args=(host-port=(host port)|no-one=(NO ONE))',
    handler: replicaOf,
  },
  {
    name: 'role',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast'],
    acl: ['admin', 'dangerous'],
    group: 'server',
    since: '2.8.12',
    complexity: 'O(1)',
    summary: 'Returns the replication role of the server.',
    handler: role,
  },
  {
    name: 'save',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(N) for N keys in all databases',
    summary: 'Saves the data to disk, while nothing else runs.',
    handler: save,
  },
  {
    name: 'shutdown',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(N) for N keys when saving, else O(1)',
    summary: 'Saves the data to disk where that is configured, and ends the server.',
    syntax: '[NOSAVE|SAVE] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]',
    handler: shutdown,
  },
  {
    name: 'slaveof',
    arity: 3,
    flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Makes the server a replica of another, or a primary.',
    syntax: 'args=(host-port=(host port)|no-one=(NO ONE))',
    deprecated: { since: '5.0.0', replacedBy: '`REPLICAOF`' },
    docFlags: ['deprecated'],
    handler: slaveOf,
  },
  {
    name: 'swapdb',
    arity: 3,
    flags: ['write', 'fast'],
    acl: ['keyspace', 'dangerous'],
    group: 'server',
    since: '4.0.0',
    complexity: 'O(N) for N clients that watch or wait for keys of the two',
    summary: 'Swaps the contents of two databases.',
    syntax: 'index1 index2',
    handler: swapDb,
  },
  {
    name: 'sync',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(N) for N keys',
    summary: 'Starts a replication stream to this connection, from the beginning.',
    handler: sync,
  },
  {
    name: 'time',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    group: 'server',
    since: '2.6.0',
    complexity: 'O(1)',
    summary: "Returns the server's time, in seconds and microseconds.",
    tips: ['nondeterministic_output'],
    handler: time,
  },
]
