// multimaps.ts — MULTIMAP: many values per field, kept by the server.
//
// A multimap is a set of pairs, or with LIST one in which duplicates count and order stays. It is
// made by the first PUT, as a set, and disappears with its last pair; one that CREATE made stays.
// Fields may have a lifetime. What a command changed is logged as the command itself: the same
// changes come of it everywhere, for a field ends only when the log says so.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { errors } from '../../src/errors.ts'
import { MULTIMAP } from '../../src/keyspace/record.ts'
import { Multimap } from '../../src/values/multimap.ts'
import { LEASE_MS_MAX, Options } from './options.ts'
import { coordinationRows, effectRow } from './rows.ts'

const SCAN_PAIRS_DEFAULT = 100
const SCAN_PAIRS_MAX = 100_000

function look(call: Call): Multimap | undefined {
  return call.server.coordination.look(call, 1, MULTIMAP)
}

/** Puts down a change, and tells of it. */
function save(call: Call, multimap: Multimap): void {
  const { coordination } = call.server
  coordination.save(call, 1, MULTIMAP, multimap)
  coordination.announce(call.db, call.text(1), 'multimap:changed')
}

/** MULTIMAP.CREATE key SET|LIST */
function create(call: Call): void {
  const mode = call.is(2, 'LIST') ? 'list' : 'set'
  if (mode === 'set' && !call.is(2, 'SET')) throw errors.syntax
  if (call.server.coordination.find(call, 1, MULTIMAP) !== undefined) return call.reply.integer(0)
  save(call, new Multimap(mode, true))
  call.reply.integer(1)
}

/** MULTIMAP.PUT key field value… */
function put(call: Call): void {
  const multimap = call.server.coordination.find(call, 1, MULTIMAP) ?? new Multimap('set', false)
  const field = call.text(2)
  let added = 0
  for (let i = 3; i < call.count; i++) if (multimap.put(field, call.text(i))) added++
  if (added > 0) save(call, multimap)
  call.reply.integer(added)
}

/** MULTIMAP.GET key field */
function get(call: Call): void {
  const values = look(call)?.get(call.text(2), call.server.monotonic) ?? []
  call.reply.bulks(values, values.length)
}

/** MULTIMAP.REMOVE key field value… */
function remove(call: Call): void {
  const multimap = call.server.coordination.find(call, 1, MULTIMAP)
  if (multimap === undefined) return call.reply.integer(0)
  const field = call.text(2)
  let removed = 0
  for (let i = 3; i < call.count; i++) if (multimap.remove(field, call.text(i))) removed++
  if (removed > 0) save(call, multimap)
  call.reply.integer(removed)
}

/** MULTIMAP.DELETE key field… */
function deleteFields(call: Call): void {
  const multimap = call.server.coordination.find(call, 1, MULTIMAP)
  if (multimap === undefined) return call.reply.integer(0)
  let deleted = 0
  for (let i = 2; i < call.count; i++) if (multimap.delete(call.text(i))) deleted++
  if (deleted > 0) save(call, multimap)
  call.reply.integer(deleted)
}

/** MULTIMAP.TAKE key field */
function take(call: Call): void {
  const multimap = call.server.coordination.find(call, 1, MULTIMAP)
  const values = multimap?.take(call.text(2)) ?? []
  if (multimap !== undefined && values.length > 0) save(call, multimap)
  call.reply.bulks(values, values.length)
}

/** MULTIMAP.REPLACE key field value… */
function replace(call: Call): void {
  const multimap = call.server.coordination.find(call, 1, MULTIMAP) ?? new Multimap('set', false)
  const values: string[] = []
  for (let i = 3; i < call.count; i++) values.push(call.text(i))
  const previous = multimap.replace(call.text(2), values)
  save(call, multimap)
  call.reply.bulks(previous, previous.length)
}

/** MULTIMAP.HAS key field [value] */
function has(call: Call): void {
  if (call.count > 4) throw errors.syntax
  const { monotonic } = call.server
  const multimap = look(call)
  const field = call.text(2)
  const isIn =
    call.count === 3
      ? multimap?.has(field, monotonic)
      : multimap?.hasPair(field, call.text(3), monotonic)
  call.reply.integer(isIn === true ? 1 : 0)
}

/** MULTIMAP.HASVALUE key value */
function hasValue(call: Call): void {
  const isIn = look(call)?.hasValue(call.text(2), call.server.monotonic)
  call.reply.integer(isIn === true ? 1 : 0)
}

/** MULTIMAP.LEN key: pairs. */
function length(call: Call): void {
  call.reply.integer(look(call)?.pairs(call.server.monotonic) ?? 0)
}

/** MULTIMAP.COUNT key [field]: fields, or values of one. */
function count(call: Call): void {
  if (call.count > 3) throw errors.syntax
  const { monotonic } = call.server
  const multimap = look(call)
  const found =
    call.count === 2 ? multimap?.size(monotonic) : multimap?.count(call.text(2), monotonic)
  call.reply.integer(found ?? 0)
}

/** MULTIMAP.FIELDS key */
function fields(call: Call): void {
  const names = look(call)?.names(call.server.monotonic) ?? []
  call.reply.bulks(names, names.length)
}

/** MULTIMAP.SCAN key cursor [COUNT pairs]: the next cursor, and fields with their values. */
function scan(call: Call): void {
  const cursor = call.integerIn(2, 0, Number.MAX_SAFE_INTEGER, errors.invalidCursor)
  const options = new Options(call, 3)
  let pairs = SCAN_PAIRS_DEFAULT
  while (options.more) {
    if (options.takes('COUNT')) pairs = options.integer(1, SCAN_PAIRS_MAX)
    else options.refuse()
  }
  const { monotonic } = call.server
  const page = look(call)?.scan(cursor, pairs, monotonic) ?? { cursor: 0, fields: [] }
  const { reply } = call
  reply.array(2)
  reply.bulkInteger(page.cursor)
  reply.array(page.fields.length * 2)
  for (const { name, values } of page.fields) {
    reply.bulk(name)
    reply.bulks(values, values.length)
  }
}

/** MULTIMAP.EXPIRE key PX ms field…: 1 for each that lives so long from now, 0 where there is none. */
function expire(call: Call): void {
  const inSeconds = call.is(2, 'EX')
  if (!inSeconds && !call.is(2, 'PX')) throw errors.syntax
  const amount = call.integerIn(3, 1, inSeconds ? LEASE_MS_MAX / 1000 : LEASE_MS_MAX)
  const { coordination, monotonic } = call.server
  const multimap = coordination.find(call, 1, MULTIMAP)
  const lifetimeMs = inSeconds ? amount * 1000 : amount
  const set: boolean[] = []
  for (let i = 4; i < call.count; i++) {
    set.push(multimap?.expireField(call.text(i), lifetimeMs, monotonic) ?? false)
  }
  if (multimap !== undefined && set.includes(true)) save(call, multimap)
  call.reply.array(set.length)
  for (const each of set) call.reply.integer(each ? 1 : 0)
}

/** MULTIMAP.TTL key field…: milliseconds; -1 without a lifetime, -2 where there is no field. */
function ttl(call: Call): void {
  const { monotonic } = call.server
  const multimap = look(call)
  call.reply.array(call.count - 2)
  for (let i = 2; i < call.count; i++) {
    call.reply.integer(Math.ceil(multimap?.timeLeft(call.text(i), monotonic) ?? -2))
  }
}

/** multimap.expired key field… */
function replayExpired(call: Call): void {
  const { coordination } = call.server
  const multimap = coordination.find(call, 1, MULTIMAP)
  if (multimap === undefined) return
  for (let i = 2; i < call.count; i++) multimap.delete(call.text(i))
  coordination.save(call, 1, MULTIMAP, multimap)
}

const KEY_READ = keyAt(1, 'RO', 'access')
const KEY_FILLED = keyAt(1, 'RW', 'access', 'insert', 'update')
const KEY_EMPTIED = keyAt(1, 'RW', 'access', 'delete')

export const multimapCommands: readonly CommandSpec[] = coordinationRows([
  {
    name: 'multimap.count',
    arity: -2,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Returns the number of fields, or of values of one field.',
    syntax: 'key [field]',
    handler: count,
  },
  {
    name: 'multimap.create',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_FILLED],
    complexity: 'O(1)',
    summary: 'Makes a multimap in which duplicates do not count, or do; it stays when it is empty.',
    syntax: 'key (SET|LIST)',
    handler: create,
  },
  {
    name: 'multimap.delete',
    arity: -3,
    flags: ['write', 'fast'],
    keys: [KEY_EMPTIED],
    complexity: 'O(N) for N fields',
    summary: 'Removes fields with all their values; returns how many there were.',
    syntax: 'key field [field ...]',
    handler: deleteFields,
  },
  {
    name: 'multimap.expire',
    arity: -5,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'update')],
    complexity: 'O(N log M) for N of M fields',
    summary: 'Lets fields live for so long from now.',
    syntax: 'key (EX seconds|PX milliseconds) field [field ...]',
    handler: expire,
  },
  {
    name: 'multimap.fields',
    arity: 2,
    flags: ['readonly'],
    keys: [KEY_READ],
    complexity: 'O(N) for N fields',
    summary: 'Returns the names of all fields.',
    syntax: 'key',
    tips: ['nondeterministic_output_order'],
    handler: fields,
  },
  {
    name: 'multimap.get',
    arity: 3,
    flags: ['readonly'],
    keys: [KEY_READ],
    complexity: 'O(N) for N values',
    summary: 'Returns the values of a field.',
    syntax: 'key field',
    handler: get,
  },
  {
    name: 'multimap.has',
    arity: -3,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1), and O(N) for N values of a field in a LIST',
    summary: 'Tells whether there is a field, or a pair.',
    syntax: 'key field [value]',
    handler: has,
  },
  {
    name: 'multimap.hasvalue',
    arity: 3,
    flags: ['readonly'],
    keys: [KEY_READ],
    complexity: 'O(N) for N fields, or N pairs in a LIST',
    summary: 'Tells whether any field has a value.',
    syntax: 'key value',
    handler: hasValue,
  },
  {
    name: 'multimap.len',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Returns the number of pairs.',
    syntax: 'key',
    handler: length,
  },
  {
    name: 'multimap.put',
    arity: -4,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_FILLED],
    complexity: 'O(1) for each value',
    summary: 'Adds values to a field; returns how many are new.',
    syntax: 'key field value [value ...]',
    handler: put,
  },
  {
    name: 'multimap.remove',
    arity: -4,
    flags: ['write', 'fast'],
    keys: [KEY_EMPTIED],
    complexity: 'O(1) for each value, and O(N) for N values of the field in a LIST',
    summary: 'Removes values from a field; returns how many were there.',
    syntax: 'key field value [value ...]',
    handler: remove,
  },
  {
    name: 'multimap.replace',
    arity: -4,
    flags: ['write', 'denyoom'],
    keys: [KEY_FILLED],
    complexity: 'O(N) for N values, old and new',
    summary: 'Gives a field these values and no others; returns the previous ones.',
    syntax: 'key field value [value ...]',
    handler: replace,
  },
  {
    name: 'multimap.scan',
    arity: -3,
    flags: ['readonly'],
    keys: [KEY_READ],
    complexity: 'O(1) for each call, O(N) for a whole walk over N pairs',
    summary: 'Walks over all fields with their values.',
    syntax: 'key cursor [COUNT count]',
    tips: ['nondeterministic_output'],
    handler: scan,
  },
  {
    name: 'multimap.take',
    arity: 3,
    flags: ['write'],
    keys: [KEY_EMPTIED],
    complexity: 'O(N) for N values',
    summary: 'Removes a field; returns its values.',
    syntax: 'key field',
    handler: take,
  },
  {
    name: 'multimap.ttl',
    arity: -3,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(N) for N fields',
    summary: 'Returns how many milliseconds fields have left.',
    syntax: 'key field [field ...]',
    tips: ['nondeterministic_output'],
    handler: ttl,
  },
  effectRow('multimap.expired', -3, 'The time of fields is over.', replayExpired),
])
