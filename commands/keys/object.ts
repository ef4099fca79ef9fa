// object.ts — OBJECT: how values are kept.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { ReplyError } from '../../src/errors.ts'
import { replyHelp } from '../../src/help.ts'
import { INT } from '../../src/keyspace/record.ts'

const SWITCHED =
  'Please note that when switching between policies at runtime LRU and LFU data will take some ' +
  'time to adjust.'
const notLfu = new ReplyError(
  `ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${SWITCHED}`,
)
const lfu = new ReplyError(
  `ERR An LFU maxmemory policy is selected, idle time not tracked. ${SWITCHED}`,
)

/** Redis shares the integers below this among keys, unless their use is tracked for eviction. */
const SHARED_INTEGERS = 10_000
const SHARED_REFERENCES = 2147483647

function objectEncoding(call: Call): void {
  const entry = call.peek(2)
  if (entry === 0) call.reply.null()
  else call.reply.bulk(call.db.encodingName(entry))
}

function objectFreq(call: Call): void {
  const entry = call.peek(2)
  if (entry === 0) {
    call.reply.null()
    return
  }
  const { access } = call.server
  if (!access.lfu) throw notLfu
  call.reply.integer(access.frequency(call.db.access(entry)))
}

function objectIdleTime(call: Call): void {
  const entry = call.peek(2)
  if (entry === 0) {
    call.reply.null()
    return
  }
  const { access } = call.server
  if (access.lfu) throw lfu
  call.reply.integer(access.idleSeconds(call.db.access(entry)))
}

function objectRefCount(call: Call): void {
  const entry = call.peek(2)
  if (entry === 0) call.reply.null()
  else call.reply.integer(holdsSharedInteger(call, entry) ? SHARED_REFERENCES : 1)
}

function holdsSharedInteger({ db, server }: Call, entry: number): boolean {
  if (db.encoding(entry) !== INT) return false
  const value = db.integer(entry)
  if (!(value >= 0 && value < SHARED_INTEGERS)) return false
  return server.memoryLimit === 0 || !/l[rf]u$/.test(server.eviction.policy)
}

const objectHelp = replyHelp

export const objectCommands: readonly CommandSpec[] = [
  {
    name: 'object',
    arity: -2,
    flags: [],
    group: 'generic',
    since: '2.2.3',
    complexity: 'Depends on the subcommand',
    summary: 'Looks at how the value of a key is stored.',
    subcommands: [
      {
        name: 'encoding',
        arity: 3,
        flags: ['readonly'],
        acl: ['keyspace'],
        keys: [keyAt(2, 'RO')],
        group: 'generic',
        since: '2.2.3',
        complexity: 'O(1)',
        summary: 'Returns the name of the encoding in which a value is stored.',
        syntax: 'key',
        tips: ['nondeterministic_output'],
        handler: objectEncoding,
      },
      {
        name: 'freq',
        arity: 3,
        flags: ['readonly'],
        acl: ['keyspace'],
        keys: [keyAt(2, 'RO')],
        group: 'generic',
        since: '4.0.0',
        complexity: 'O(1)',
        summary: 'Returns the logarithmic counter of how often a key is used.',
        syntax: 'key',
        tips: ['nondeterministic_output'],
        handler: objectFreq,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        acl: ['keyspace'],
        group: 'generic',
        since: '6.2.0',
        complexity: 'O(1)',
        summary: 'Lists the subcommands.',
        handler: objectHelp,
      },
      {
        name: 'idletime',
        arity: 3,
        flags: ['readonly'],
        acl: ['keyspace'],
        keys: [keyAt(2, 'RO')],
        group: 'generic',
        since: '2.2.3',
        complexity: 'O(1)',
        summary: 'Returns the seconds since a key was last used.',
        syntax: 'key',
        tips: ['nondeterministic_output'],
        handler: objectIdleTime,
      },
      {
        name: 'refcount',
        arity: 3,
        flags: ['readonly'],
        acl: ['keyspace'],
        keys: [keyAt(2, 'RO')],
        group: 'generic',
        since: '2.2.3',
        complexity: 'O(1)',
        summary: 'Returns the number of references to a value.',
        syntax: 'key',
        tips: ['nondeterministic_output'],
        handler: objectRefCount,
      },
    ],
  },
]
