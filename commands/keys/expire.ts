// expire.ts — When keys end: EXPIRE and its kind, PERSIST.
//
// A time is logged as the ms since the epoch that it means, and one that is over as the deletion that
// it is.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { printable, ReplyError } from '../../src/errors.ts'
import {
  MILLISECONDS,
  printedTime,
  readTime,
  SECONDS,
  type TimeUnit,
  UNIX_MILLISECONDS,
  UNIX_SECONDS,
} from '../expiry-times.ts'
import { checkNotHeld } from './refusal.ts'

const NX = 1 << 0
const XX = 1 << 1
const GT = 1 << 2
const LT = 1 << 3

const nxWithOther = new ReplyError(
  'ERR NX and XX, GT or LT options at the same time are not compatible',
)
const gtWithLt = new ReplyError('ERR GT and LT options at the same time are not compatible')

function expire(call: Call): void {
  setExpiry(call, SECONDS)
}

function pexpire(call: Call): void {
  setExpiry(call, MILLISECONDS)
}

function expireAt(call: Call): void {
  setExpiry(call, UNIX_SECONDS)
}

function pexpireAt(call: Call): void {
  setExpiry(call, UNIX_MILLISECONDS)
}

function setExpiry(call: Call, unit: TimeUnit): void {
  const conditions = readConditions(call)
  const at = readTime(call, 2, unit)
  const entry = call.write(1)
  if (entry === 0 || !isWanted(conditions, at, call.db.expiry(entry))) {
    call.reply.integer(0)
    return
  }
  checkNotHeld(call, entry)
  if (at <= call.now) {
    call.delete(1)
    call.effect('DEL', call.view(1))
    call.notify('g', 'del', 1)
    call.signal(1)
  } else {
    call.db.setExpiry(entry, at)
    if (call.isLogged) call.effect('PEXPIREAT', call.view(1), printedTime(at))
    call.notify('g', 'expire', 1)
  }
  call.reply.integer(1)
}

function readConditions(call: Call): number {
  let conditions = 0
  for (let i = 3; i < call.count; i++) {
    if (call.is(i, 'NX')) conditions |= NX
    else if (call.is(i, 'XX')) conditions |= XX
    else if (call.is(i, 'GT')) conditions |= GT
    else if (call.is(i, 'LT')) conditions |= LT
    else throw new ReplyError(`ERR Unsupported option ${printable(call.text(i))}`)
  }
  if ((conditions & NX) !== 0 && conditions !== NX) throw nxWithOther
  if ((conditions & GT) !== 0 && (conditions & LT) !== 0) throw gtWithLt
  return conditions
}

/** Whether the conditions let `at` take the place of `current`, which is -1 for a key without expiry. */
function isWanted(conditions: number, at: number, current: number): boolean {
  const currentEnd = current < 0 ? Number.POSITIVE_INFINITY : current
  if ((conditions & NX) !== 0 && current >= 0) return false
  if ((conditions & XX) !== 0 && current < 0) return false
  if ((conditions & GT) !== 0 && at <= currentEnd) return false
  return (conditions & LT) === 0 || at < currentEnd
}

function persist(call: Call): void {
  const entry = call.write(1)
  if (entry === 0 || !call.db.clearExpiry(entry)) {
    call.reply.integer(0)
    return
  }
  call.notify('g', 'persist', 1)
  call.reply.integer(1)
}

export const expireCommands: readonly CommandSpec[] = [
  {
    name: 'expire',
    arity: -3,
    flags: ['write', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Sets the time that a key has left, in seconds.',
    syntax: 'key seconds [condition=(NX|XX|GT|LT)@7.0.0]',
    handler: expire,
  },
  {
    name: 'expireat',
    arity: -3,
    flags: ['write', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '1.2.0',
    complexity: 'O(1)',
    summary: 'Sets the Unix time in seconds at which a key expires.',
    syntax: 'key unix-time-seconds [condition=(NX|XX|GT|LT)@7.0.0]',
    handler: expireAt,
  },
  {
    name: 'persist',
    arity: 2,
    flags: ['write', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '2.2.0',
    complexity: 'O(1)',
    summary: 'Removes the expiry of a key.',
    syntax: 'key',
    handler: persist,
  },
  {
    name: 'pexpire',
    arity: -3,
    flags: ['write', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '2.6.0',
    complexity: 'O(1)',
    summary: 'Sets the time that a key has left, in milliseconds.',
    syntax: 'key milliseconds [condition=(NX|XX|GT|LT)@7.0.0]',
    handler: pexpire,
  },
  {
    name: 'pexpireat',
    arity: -3,
    flags: ['write', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'generic',
    since: '2.6.0',
    complexity: 'O(1)',
    summary: 'Sets the Unix time in milliseconds at which a key expires.',
    syntax: 'key unix-time-milliseconds [condition=(NX|XX|GT|LT)@7.0.0]',
    handler: pexpireAt,
  },
]
