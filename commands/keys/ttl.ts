// ttl.ts — How long keys have left: TTL, PTTL, EXPIRETIME, PEXPIRETIME.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { replyTime } from '../expiry-times.ts'

const NO_KEY = -2
const NO_EXPIRY = -1

function ttl(call: Call): void {
  replyExpiry(call, call.now, true)
}

function pttl(call: Call): void {
  replyExpiry(call, call.now, false)
}

function expireTime(call: Call): void {
  replyExpiry(call, 0, true)
}

function pexpireTime(call: Call): void {
  replyExpiry(call, 0, false)
}

/** Replies with the time of expiry, counted from `from`. */
function replyExpiry(call: Call, from: number, inSeconds: boolean): void {
  const entry = call.look(1)
  if (entry === 0) {
    call.reply.integer(NO_KEY)
    return
  }
  const at = call.db.expiry(entry)
  if (at < 0) call.reply.integer(NO_EXPIRY)
  else replyTime(call.reply, Math.max(0, at - from), inSeconds)
}

export const ttlCommands: readonly CommandSpec[] = [
  {
    name: 'expiretime',
    arity: 2,
    flags: ['readonly', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since: '7.0.0',
    complexity: 'O(1)',
    summary: 'Returns the Unix time in seconds at which a key expires.',
    syntax: 'key',
    handler: expireTime,
  },
  {
    name: 'pexpiretime',
    arity: 2,
    flags: ['readonly', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since: '7.0.0',
    complexity: 'O(1)',
    summary: 'Returns the Unix time in milliseconds at which a key expires.',
    syntax: 'key',
    handler: pexpireTime,
  },
  {
    name: 'pttl',
    arity: 2,
    flags: ['readonly', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since: '2.6.0',
    complexity: 'O(1)',
    summary: 'Returns the time that a key has left, in milliseconds.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    history: [['2.8.0', 'Answers -2 where the key does not exist.']],
    handler: pttl,
  },
  {
    name: 'ttl',
    arity: 2,
    flags: ['readonly', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns the time that a key has left, in seconds.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    history: [['2.8.0', 'Answers -2 where the key does not exist.']],
    handler: ttl,
  },
]
