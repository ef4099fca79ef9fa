// parts.ts — Parts of strings: APPEND, GETRANGE, SETRANGE, STRLEN.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { errors } from '../../src/errors.ts'
import { STRING } from '../../src/keyspace/record.ts'
import { isReversed } from '../ranges.ts'
import { checkLength, editable } from './editable.ts'

function append(call: Call): void {
  const entry = call.writeType(1, STRING)
  const added = call.length(2)
  const { db } = call
  if (entry === 0) {
    call.setString(1, 2, false)
    announce(call, 'append')
    call.reply.integer(added)
    return
  }
  const old = db.valueLength(entry)
  checkLength(call, old + added)
  const grown = editable(call, entry, old + added)
  call.bytes.copy(db.page(grown), db.valueStart(grown) + old, call.start(2), call.end(2))
  db.changed(grown)
  announce(call, 'append')
  call.reply.integer(old + added)
}

function announce(call: Call, event: string): void {
  call.notify('$', event, 1)
  call.signal(1)
}

function strLen(call: Call): void {
  const entry = call.readType(1, STRING)
  call.reply.integer(entry === 0 ? 0 : call.db.valueLength(entry))
}

function getRange(call: Call): void {
  let start = call.integer(2)
  let end = call.integer(3)
  const entry = call.readType(1, STRING)
  const length = entry === 0 ? 0 : call.db.valueLength(entry)
  if (start < 0) start = Math.max(0, start + length)
  if (end < 0) end = Math.max(0, end + length)
  end = Math.min(end, length - 1)
  if (isReversed(call, 2, 3) || start > end) call.reply.bulk('')
  else call.replyRange(entry, start, end + 1)
}

const substr = getRange

function setRange(call: Call): void {
  const offset = call.integer(2)
  if (offset < 0) throw errors.offsetOutOfRange
  const { db } = call
  const entry = call.writeType(1, STRING)
  const added = call.length(3)
  if (added === 0) {
    call.reply.integer(entry === 0 ? 0 : db.valueLength(entry))
    return
  }
  checkLength(call, offset + added)
  const grown = editable(call, entry, offset + added)
  call.bytes.copy(db.page(grown), db.valueStart(grown) + offset, call.start(3), call.end(3))
  db.changed(grown)
  announce(call, 'setrange')
  call.reply.integer(db.valueLength(grown))
}

export const partCommands: readonly CommandSpec[] = [
  {
    name: 'append',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'insert')],
    group: 'string',
    since: '2.0.0',
    complexity: 'O(1)',
    summary: 'Appends a value to a string, which is made if it does not exist.',
    syntax: 'key value',
    handler: append,
  },
  {
    name: 'getrange',
    arity: 4,
    flags: ['readonly'],
    acl: ['string'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'string',
    since: '2.4.0',
    complexity: 'O(N) for N bytes returned',
    summary: 'Returns the part of a string between two offsets.',
    syntax: 'key start end',
    handler: getRange,
  },
  {
    name: 'setrange',
    arity: 4,
    flags: ['write', 'denyoom'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'update')],
    group: 'string',
    since: '2.2.0',
    complexity: 'O(N) for N bytes written',
    summary: 'Overwrites a part of a string, from an offset on.',
    syntax: 'key offset value',
    handler: setRange,
  },
  {
    name: 'strlen',
    arity: 2,
    flags: ['readonly', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RO')],
    group: 'string',
    since: '2.2.0',
    complexity: 'O(1)',
    summary: 'Returns the length of a string in bytes.',
    syntax: 'key',
    handler: strLen,
  },
  {
    name: 'substr',
    arity: 4,
    flags: ['readonly'],
    acl: ['string'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(N) for N bytes returned',
    summary: 'Returns the part of a string between two offsets.',
    syntax: 'key start end',
    deprecated: { since: '2.0.0', replacedBy: '`GETRANGE`' },
    docFlags: ['deprecated'],
    handler: substr,
  },
]
