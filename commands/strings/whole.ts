// whole.ts — Strings set and read as a whole: GET, SET and their variations.
//
// GET and SET without options are most of all traffic: they work on bytes where they lie and allocate
// nothing. The rest is written plainly.
//
// A time of expiry in the past does not keep SET from storing: the key is there until somebody looks,
// as in Redis, and its deletion is an effect of its own.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, type KeyFlag, keyAt } from '../../src/command.ts'
import { STRING } from '../../src/keyspace/record.ts'
import type { KeyArguments } from '../../src/keyspecs.ts'
import {
  MILLISECONDS,
  printedTime,
  readPositiveTime,
  SECONDS,
  type TimeUnit,
} from '../expiry-times.ts'
import {
  GET,
  GETEX_OPTIONS,
  KEEPTTL,
  NX,
  PERSIST,
  readOptions,
  SET_OPTIONS,
  TIME,
  timeOf,
  XX,
} from './options.ts'

function get(call: Call): void {
  const entry = call.readType(1, STRING)
  if (entry === 0) call.reply.null()
  else call.replyString(entry)
}

function set(call: Call): void {
  if (call.count > 3) {
    setWithOptions(call)
    return
  }
  call.setString(1, 2, false)
  announceSet(call)
  call.reply.ok()
}

function announceSet(call: Call): void {
  call.notify('$', 'set', 1)
  call.signal(1)
}

function setWithOptions(call: Call): void {
  const options = readOptions(call, 3, SET_OPTIONS)
  const at = timeOf(call, options)
  const { bits } = options
  let entry = 0
  if ((bits & GET) !== 0) {
    entry = call.readType(1, STRING)
    replyOld(call, entry)
  } else if ((bits & (NX | XX)) !== 0) {
    entry = call.write(1)
  }
  if ((bits & NX) !== 0 ? entry !== 0 : (bits & XX) !== 0 && entry === 0) {
    if ((bits & GET) === 0) call.reply.null()
    return
  }
  store(call, 2, at, (bits & KEEPTTL) !== 0)
  if ((bits & GET) === 0) call.reply.ok()
}

function replyOld(call: Call, entry: number): void {
  if (entry === 0) call.reply.null()
  else call.replyString(entry)
}

/** Makes key 1 hold argument `value`, with an expiry unless `at` is -1. */
function store(call: Call, value: number, at: number, keepExpiry: boolean): void {
  // A new expiry takes the place of the old one, which costs less than to remove and to add.
  const entry = call.setString(1, value, keepExpiry || at >= 0)
  if (at >= 0) {
    call.db.setExpiry(entry, at)
    if (call.isLogged) {
      call.effect('SET', call.view(1), call.view(value), 'PXAT', printedTime(at))
    }
  }
  announceSet(call)
  if (at >= 0) call.notify('g', 'expire', 1)
}

function setNx(call: Call): void {
  if (call.write(1) !== 0) {
    call.reply.integer(0)
    return
  }
  call.setString(1, 2, false)
  announceSet(call)
  call.reply.integer(1)
}

function setEx(call: Call): void {
  setWithTime(call, SECONDS)
}

function psetEx(call: Call): void {
  setWithTime(call, MILLISECONDS)
}

function setWithTime(call: Call, unit: TimeUnit): void {
  store(call, 3, readPositiveTime(call, 2, unit), false)
  call.reply.ok()
}

function getSet(call: Call): void {
  replyOld(call, call.readType(1, STRING))
  call.setString(1, 2, false)
  announceSet(call)
}

function getDel(call: Call): void {
  const entry = call.readType(1, STRING)
  replyOld(call, entry)
  if (entry === 0) return
  call.delete(1)
  call.effect('DEL', call.view(1))
  call.notify('g', 'del', 1)
  call.signal(1)
}

function getEx(call: Call): void {
  const options = readOptions(call, 2, GETEX_OPTIONS)
  const entry = call.readType(1, STRING)
  if (entry === 0) {
    call.reply.null()
    return
  }
  const at = timeOf(call, options)
  call.replyString(entry)
  if ((options.bits & TIME) !== 0) {
    expireAt(call, entry, at)
  } else if ((options.bits & PERSIST) !== 0 && call.db.clearExpiry(entry)) {
    call.effect('PERSIST', call.view(1))
    call.notify('g', 'persist', 1)
  }
}

function expireAt(call: Call, entry: number, at: number): void {
  if (at <= call.now) {
    call.delete(1)
    call.effect('DEL', call.view(1))
    call.notify('g', 'del', 1)
    call.signal(1)
    return
  }
  call.db.setExpiry(entry, at)
  if (call.isLogged) call.effect('PEXPIREAT', call.view(1), printedTime(at))
  call.notify('g', 'expire', 1)
}

const OVERWRITTEN: readonly KeyFlag[] = ['OW', 'update']
const READ_AND_WRITTEN: readonly KeyFlag[] = ['RW', 'access', 'update']

/** SET reads its key only if it is to give back what was there. */
function setKeyFlags(args: KeyArguments): readonly KeyFlag[] {
  for (let i = 3; i < args.count; i++) {
    if (args.text(i).toUpperCase() === 'GET') return READ_AND_WRITTEN
  }
  return OVERWRITTEN
}

export const wholeCommands: readonly CommandSpec[] = [
  {
    name: 'get',
    arity: 2,
    flags: ['readonly', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns the string that a key holds.',
    syntax: 'key',
    handler: get,
  },
  {
    name: 'getdel',
    arity: 2,
    flags: ['write', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'access', 'delete')],
    group: 'string',
    since: '6.2.0',
    complexity: 'O(1)',
    summary: 'Returns the string that a key holds, and deletes the key.',
    syntax: 'key',
    handler: getDel,
  },
  {
    name: 'getex',
    arity: -2,
    flags: ['write', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'string',
    since: '6.2.0',
    complexity: 'O(1)',
    summary: 'Returns the string that a key holds, and sets or removes its expiry.',
    syntax:
      'key [expiration=(EX seconds|PX milliseconds|EXAT unix-time-seconds' +
      '|PXAT unix-time-milliseconds|PERSIST)]',
    handler: getEx,
  },
  {
    name: 'getset',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Sets a key to a string and returns the string that it held before.',
    syntax: 'key value',
    deprecated: { since: '6.2.0', replacedBy: '`SET` with `GET`' },
    docFlags: ['deprecated'],
    handler: getSet,
  },
  {
    name: 'psetex',
    arity: 4,
    flags: ['write', 'denyoom'],
    acl: ['string'],
    keys: [keyAt(1, 'OW', 'update')],
    group: 'string',
    since: '2.6.0',
    complexity: 'O(1)',
    summary: 'Sets a key to a string that expires after some milliseconds.',
    syntax: 'key milliseconds value',
    handler: psetEx,
  },
  {
    name: 'set',
    arity: -3,
    flags: ['write', 'denyoom'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'access', 'update', 'variable_flags')],
    keyFlagsOf: setKeyFlags,
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Sets a key to a string, whatever it held before.',
    syntax:
      'key value [condition=(NX|XX)@2.6.12] [GET@6.2.0] ' +
      '[expiration=(EX seconds@2.6.12|PX milliseconds@2.6.12|EXAT unix-time-seconds@6.2.0' +
      '|PXAT unix-time-milliseconds@6.2.0|KEEPTTL@6.0.0)]',
    history: [['7.0.0', '`NX` and `GET` may stand together.']],
    handler: set,
  },
  {
    name: 'setex',
    arity: 4,
    flags: ['write', 'denyoom'],
    acl: ['string'],
    keys: [keyAt(1, 'OW', 'update')],
    group: 'string',
    since: '2.0.0',
    complexity: 'O(1)',
    summary: 'Sets a key to a string that expires after some seconds.',
    syntax: 'key seconds value',
    handler: setEx,
  },
  {
    name: 'setnx',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'OW', 'insert')],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Sets a key to a string if the key does not exist.',
    syntax: 'key value',
    handler: setNx,
  },
]
