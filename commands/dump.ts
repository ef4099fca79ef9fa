// dump.ts — DUMP and RESTORE: a value as bytes that any Redis from 7.0 on reads, and back.
//
// What is restored is logged with its expiry in absolute time. Objects that coordinate have no such
// form: their holders would be in two places.

import type { Call } from '../src/call.ts'
import { type CommandSpec, keyAt } from '../src/command.ts'
import { errors, ReplyError } from '../src/errors.ts'
import type { Database } from '../src/keyspace/database.ts'
import {
  FIRST_COORDINATION_TYPE,
  HASH,
  INTSET,
  LIST,
  LISTPACK,
  OBJECT,
  SET,
  STREAM,
  TYPE_NAMES,
  ZSET,
} from '../src/keyspace/record.ts'
import { dump as dumpValue, isIntact, restore as restoreValue } from '../src/rdb/dump.ts'
import { PayloadError } from '../src/rdb/reader.ts'
import type { Limits, PackedCollection, Value } from '../src/rdb/value.ts'
import type { Server } from '../src/server.ts'
import { Hash } from '../src/values/hash.ts'
import { List } from '../src/values/list.ts'
import { MemberSet } from '../src/values/member-set.ts'
import { Stream } from '../src/values/stream.ts'
import { checkReplaceable } from './keys/refusal.ts'
import { setPacked } from './packed.ts'

const wrongPayload = new ReplyError('ERR DUMP payload version or checksum are wrong')
const badFormat = new ReplyError('ERR Bad data format')
const busyKey = new ReplyError('BUSYKEY Target key name already exists.')
const negativeTtl = new ReplyError('ERR Invalid TTL value, must be >= 0')
const negativeIdle = new ReplyError('ERR Invalid IDLETIME value, must be >= 0')
const wrongFrequency = new ReplyError('ERR Invalid FREQ value, must be >= 0 and <= 255')

const FREQUENCY_MAX = 255n
const NOT_GIVEN = -1n

function dump(call: Call): void {
  const entry = call.read(1)
  if (entry === 0) return call.reply.null()
  const type = call.db.type(entry)
  if (type >= FIRST_COORDINATION_TYPE) {
    throw new ReplyError(`ERR DUMP does not apply to a ${TYPE_NAMES[type]}`)
  }
  const payload = dumpValue(valueAt(call.db, entry), true)
  call.reply.bulkBytes(payload, 0, payload.length)
}

/** The value of an entry, where it lies. */
function valueAt(db: Database, entry: number): Value {
  const encoding = db.encoding(entry)
  if (encoding === OBJECT) return db.object(entry) as unknown as Value
  const bytes = db.value(entry)
  if (encoding === INTSET) return { kind: 'intset', bytes }
  if (encoding !== LISTPACK) return { kind: 'string', bytes }
  return { kind: 'listpack', type: PACKED_TYPES.get(db.type(entry))!, bytes }
}

const PACKED_TYPES: ReadonlyMap<number, PackedCollection['type']> = new Map([
  [LIST, 'list'],
  [SET, 'set'],
  [ZSET, 'zset'],
  [HASH, 'hash'],
])

interface RestoreOptions {
  replaces: boolean
  isAbsolute: boolean
  /** Seconds; -1 where not given, as the next. */
  idle: bigint
  frequency: bigint
}

function restore(call: Call): void {
  const { db } = call
  const options = readOptions(call)
  const before = call.write(1)
  if (before !== 0 && !options.replaces) throw busyKey
  const ttl = call.int64(2)
  if (ttl < 0n) throw negativeTtl
  const value = readPayload(call)
  checkReplaceable(db, before)
  const expiresAt = expiryOf(call, ttl, options.isAbsolute)
  if (expiresAt !== undefined && expiresAt <= call.now) {
    forget(call)
    return
  }
  const entry = store(call, value)
  if (expiresAt !== undefined) db.setExpiry(entry, expiresAt)
  noteUse(call.server, db, entry, options)
  call.effect(...['RESTORE', call.copy(1), expiresAt ?? 0, call.copy(3), 'REPLACE', 'ABSTTL'])
  call.notify('g', 'restore', 1)
  call.signal(1)
  call.reply.ok()
}

function readOptions(call: Call): RestoreOptions {
  const options: RestoreOptions = {
    replaces: false,
    isAbsolute: false,
    idle: NOT_GIVEN,
    frequency: NOT_GIVEN,
  }
  for (let i = 4; i < call.count; i++) {
    const hasValue = i + 1 < call.count
    if (call.is(i, 'REPLACE')) {
      options.replaces = true
    } else if (call.is(i, 'ABSTTL')) {
      options.isAbsolute = true
    } else if (call.is(i, 'IDLETIME') && hasValue && options.frequency === NOT_GIVEN) {
      options.idle = call.int64(++i)
      if (options.idle < 0n) throw negativeIdle
    } else if (call.is(i, 'FREQ') && hasValue && options.idle === NOT_GIVEN) {
      options.frequency = call.int64(++i)
      if (options.frequency < 0n || options.frequency > FREQUENCY_MAX) throw wrongFrequency
    } else {
      throw errors.syntax
    }
  }
  return options
}

function readPayload(call: Call): Value {
  const start = call.start(3)
  const end = call.end(3)
  if (!isIntact(call.bytes, start, end)) throw wrongPayload
  try {
    return restoreValue(call.bytes, start, end, limitsOf(call.server))
  } catch (error) {
    // The payload has its checksum right but is no value: somebody made it up.
    if (error instanceof PayloadError) throw badFormat
    throw error
  }
}

function limitsOf(server: Server): Limits {
  const { values } = server.config
  return {
    stringBytesMax: values['proto-max-bulk-len'],
    listFill: values['list-max-listpack-size'],
    hashEntriesMax: values['hash-max-listpack-entries'],
    hashValueBytesMax: values['hash-max-listpack-value'],
    setIntegersMax: values['set-max-intset-entries'],
    setEntriesMax: values['set-max-listpack-entries'],
    setValueBytesMax: values['set-max-listpack-value'],
    zsetEntriesMax: values['zset-max-listpack-entries'],
    zsetValueBytesMax: values['zset-max-listpack-value'],
  }
}

/** When the key will expire; undefined for never. As in Redis a sum beyond 64 bits is in the past. */
function expiryOf(call: Call, ttl: bigint, isAbsolute: boolean): number | undefined {
  if (ttl === 0n) return undefined
  return Number(isAbsolute ? ttl : BigInt.asIntN(64, ttl + BigInt(call.now)))
}

/** A value whose time is over is not stored, but it does replace. */
function forget(call: Call): void {
  if (call.delete(1)) {
    call.effect('DEL', call.copy(1))
    call.notify('g', 'del', 1)
  }
  call.reply.ok()
}

function store(call: Call, value: Value): number {
  if (!('kind' in value)) return call.setObject(1, typeOf(value), value)
  if (value.kind === 'intset') return setPacked(call, 1, SET, INTSET, value.bytes)
  if (value.kind === 'string') return call.setBytes(1, Buffer.from(value.bytes), false)
  return setPacked(call, 1, TYPE_NAMES.indexOf(value.type), LISTPACK, value.bytes)
}

function typeOf(value: Exclude<Value, { kind: string }>): number {
  if (value instanceof List) return LIST
  if (value instanceof MemberSet) return SET
  if (value instanceof Hash) return HASH
  return value instanceof Stream ? STREAM : ZSET
}

function noteUse({ access }: Server, db: Database, entry: number, options: RestoreOptions): void {
  if (access.lfu && options.frequency !== NOT_GIVEN) {
    access.setFrequency(db, entry, Number(options.frequency))
  } else if (!access.lfu && options.idle !== NOT_GIVEN) {
    access.setIdle(db, entry, Number(options.idle))
  }
}

export const dumpCommands: readonly CommandSpec[] = [
  {
    name: 'dump',
    arity: 2,
    flags: ['readonly'],
    acl: ['keyspace'],
    keys: [keyAt(1, 'RO', 'access')],
    group: 'generic',
    since: '2.6.0',
    complexity: 'O(N*M) for N elements of M bytes on average',
    summary: 'Returns the value of a key in a serialized form.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    handler: dump,
  },
  {
    name: 'restore',
    arity: -4,
    flags: ['write', 'denyoom'],
    acl: ['keyspace', 'dangerous'],
    keys: [keyAt(1, 'OW', 'update')],
    group: 'generic',
    since: '2.6.0',
    complexity: 'O(N*M) for N elements of M bytes on average; O(N*M*log(N)) for a sorted set',
    summary: 'Makes a key from the serialized value that DUMP returned.',
    syntax:
      'key ttl serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds@5.0.0] ' +
      '[FREQ frequency@5.0.0]',
    handler: restore,
  },
]
