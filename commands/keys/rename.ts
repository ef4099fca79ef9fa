// rename.ts — RENAME, MOVE and COPY: a value under another key, or in another database.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { errors } from '../../src/errors.ts'
import type { Database } from '../../src/keyspace/database.ts'
import { FIRST_COORDINATION_TYPE } from '../../src/keyspace/record.ts'
import type { KeyArguments } from '../../src/keyspecs.ts'
import { sameBytes } from '../../src/values/bytes.ts'
import { databaseAt, readDatabaseIndex } from '../database-index.ts'
import { checkCopyable, checkNotHeld, checkReplaceable } from './refusal.ts'

function rename(call: Call): void {
  if (giveName(call, true)) call.reply.ok()
}

function renameNx(call: Call): void {
  call.reply.integer(giveName(call, false) && !isSameKey(call) ? 1 : 0)
}

function isSameKey(call: Call): boolean {
  const length = call.length(1)
  return (
    length === call.length(2) &&
    sameBytes(call.bytes, call.start(1), call.bytes, call.start(2), length)
  )
}

/** Gives an entry the name in argument i, in this database or another. */
function giveTo(call: Call, entry: number, target: Database, i: number): void {
  arrived(call, target, i, call.db.rename(entry, target, call.bytes, call.start(i), call.end(i)))
}

/** What coordinates is known by its key, which is argument i from now on. */
function arrived(call: Call, target: Database, i: number, entry: number): void {
  const type = target.type(entry)
  if (type < FIRST_COORDINATION_TYPE) return
  call.server.coordination.arrived(target, call.text(i), type, target.object(entry))
}

/** Gives key 1 the name 2; false if that is taken, and is not to be replaced. */
function giveName(call: Call, replace: boolean): boolean {
  const { db } = call
  const entry = call.write(1)
  if (entry === 0) throw errors.noSuchKey
  if (isSameKey(call)) return true
  const taken = call.write(2)
  if (taken !== 0 && !replace) return false
  checkNotHeld(call, entry)
  checkReplaceable(db, taken)
  giveTo(call, entry, db, 2)
  call.notify('g', 'rename_from', 1)
  call.notify('g', 'rename_to', 2)
  call.signal(1)
  call.signal(2)
  return true
}

function move(call: Call): void {
  const { bytes, db } = call
  const target = databaseAt(call, readDatabaseIndex(call, 2))
  if (target === db) throw errors.sameObject
  const entry = call.write(1)
  if (entry === 0 || target.find(bytes, call.start(1), call.end(1)) !== 0) {
    call.reply.integer(0)
    return
  }
  checkNotHeld(call, entry)
  giveTo(call, entry, target, 1)
  call.notify('g', 'move_from', 1)
  call.notifyKey('g', 'move_to', call.text(1), target)
  call.signal(1)
  call.server.waiting.signal(target, call.text(1))
  call.reply.integer(1)
}

function copy(call: Call): void {
  const { bytes, db } = call
  let target = db
  let replace = false
  for (let i = 3; i < call.count; i++) {
    if (call.is(i, 'REPLACE')) replace = true
    else if (call.is(i, 'DB') && i + 1 < call.count)
      target = databaseAt(call, readDatabaseIndex(call, ++i))
    else throw errors.syntax
  }
  if (target === db && isSameKey(call)) throw errors.sameObject
  const entry = call.read(1)
  if (entry === 0) {
    call.reply.integer(0)
    return
  }
  const taken = target.find(bytes, call.start(2), call.end(2))
  if (taken !== 0 && !replace) {
    call.reply.integer(0)
    return
  }
  checkCopyable(call, entry)
  checkReplaceable(target, taken)
  arrived(call, target, 2, db.copy(entry, target, bytes, call.start(2), call.end(2)))
  call.notifyKey('g', 'copy_to', call.text(2), target)
  call.server.waiting.signal(target, call.text(2))
  call.reply.integer(1)
}

/** The database after DB; the last one, if it comes twice. */
function copyTarget(args: KeyArguments): number | undefined {
  let target: number | undefined
  for (let i = 3; i + 1 < args.count; i++) {
    if (args.text(i).toUpperCase() === 'DB') target = Number(args.text(++i))
  }
  return target
}

export const renameCommands: readonly CommandSpec[] = [
  {
    name: 'copy',
    arity: -3,
    flags: ['write', 'denyoom'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RO', 'access'), keyAt(2, 'OW', 'update')],
    group: 'generic',
    since: '6.2.0',
    complexity: 'O(N) for N elements of a collection, O(1) for a string',
    summary: 'Copies the value and the expiry of a key to another key.',
    otherDatabase: copyTarget,
    syntax: 'source destination [DB destination-db] [REPLACE]',
    handler: copy,
  },
  {
    name: 'move',
    arity: 3,
    flags: ['write', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Moves a key to another database.',
    otherDatabase: args => Number(args.text(2)),
    syntax: 'key db',
    handler: move,
  },
  {
    name: 'rename',
    arity: 3,
    flags: ['write'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'update')],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Gives a key another name, replacing what has that name.',
    syntax: 'key newkey',
    handler: rename,
  },
  {
    name: 'renamenx',
    arity: 3,
    flags: ['write', 'fast'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'insert')],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Gives a key another name if nothing has that name.',
    syntax: 'key newkey',
    handler: renameNx,
  },
]
