// numbers.ts — Strings that are numbers: INCR and its kind, INCRBYFLOAT.
//
// Integers are exact over all of 64 bits. While they fit a double, as nearly all do, they are added
// as doubles and written where they stand; INCR is in every benchmark and allocates nothing.
//
// INCRBYFLOAT adds exactly (see long-double.ts), so it comes to the same on every copy and is logged
// as it came. Redis must log its result instead, for its floats differ from machine to machine.

import { type Call, fail } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { EMBSTR, EMBSTR_BYTES_MAX, RAW, STRING } from '../../src/keyspace/record.ts'
import {
  addLongDouble,
  formatLongDouble,
  LONG_DOUBLE_ZERO,
  parseLongDouble,
} from '../../src/long-double.ts'
import { addInt64, INT64_MIN, type Int64, int64, parseInt64 } from '../../src/values/int64.ts'

const decrementOverflow = new ReplyError('ERR decrement would overflow')

function incr(call: Call): void {
  add(call, 1)
}

function decr(call: Call): void {
  add(call, -1)
}

function incrBy(call: Call): void {
  add(call, readInt64(call, 2))
}

function decrBy(call: Call): void {
  const decrement = readInt64(call, 2)
  if (decrement === INT64_MIN) throw decrementOverflow
  // As a difference from zero, which is never the negative zero.
  add(call, typeof decrement === 'number' ? 0 - decrement : int64(-decrement)!)
}

function readInt64(call: Call, i: number): Int64 {
  const small = call.integer(i)
  return Number.isSafeInteger(small) ? small : int64(call.int64(i))!
}

function add(call: Call, delta: Int64): void {
  const entry = call.writeType(1, STRING)
  const { db } = call
  const small = entry === 0 ? 0 : db.integer(entry)
  if (typeof delta === 'number' && Number.isSafeInteger(small + delta)) {
    store(call, entry, small + delta)
    return
  }
  const value = entry === 0 ? 0 : parseInt64(db.value(entry).latin1Slice())
  if (value === undefined) throw errors.notInteger
  store(call, entry, addInt64(value, delta) ?? fail(errors.incrementOverflow))
}

function store(call: Call, entry: number, sum: Int64): void {
  if (typeof sum === 'number') {
    call.db.setInteger(call.bytes, call.start(1), call.end(1), entry, sum)
    call.reply.integer(sum)
  } else {
    call.setBytes(1, Buffer.from(String(sum), 'latin1'), true)
    call.reply.bigint(sum)
  }
  call.notify('$', 'incrby', 1)
  call.signal(1)
}

function incrByFloat(call: Call): void {
  const entry = call.writeType(1, STRING)
  const { db } = call
  const value =
    entry === 0
      ? LONG_DOUBLE_ZERO
      : (parseLongDouble(db.value(entry).latin1Slice()) ?? fail(errors.notFloat))
  const increment = parseLongDouble(call.text(2)) ?? fail(errors.notFloat)
  const sum = formatLongDouble(addLongDouble(value, increment) ?? fail(errors.incrementNaN))
  const stored = call.setBytes(1, Buffer.from(sum, 'latin1'), true)
  // A sum without decimals looks like an integer, but it is not kept as one.
  db.setKind(stored, STRING, sum.length > EMBSTR_BYTES_MAX ? RAW : EMBSTR)
  call.notify('$', 'incrbyfloat', 1)
  call.signal(1)
  call.reply.bulk(sum)
}

export const numberCommands: readonly CommandSpec[] = [
  {
    name: 'decr',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Subtracts one from the integer that a key holds.',
    syntax: 'key',
    handler: decr,
  },
  {
    name: 'decrby',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Subtracts a number from the integer that a key holds.',
    syntax: 'key decrement',
    handler: decrBy,
  },
  {
    name: 'incr',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Adds one to the integer that a key holds.',
    syntax: 'key',
    handler: incr,
  },
  {
    name: 'incrby',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Adds a number to the integer that a key holds.',
    syntax: 'key increment',
    handler: incrBy,
  },
  {
    name: 'incrbyfloat',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'string',
    since: '2.6.0',
    complexity: 'O(1)',
    summary: 'Adds a floating-point number to the number that a key holds.',
    syntax: 'key increment:double',
    handler: incrByFloat,
  },
]
