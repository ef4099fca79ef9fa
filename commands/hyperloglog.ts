// hyperloglog.ts — Counting different elements in little memory.
//
// A HyperLogLog is a string in Redis's own format, so its bytes are compared, copied and damaged by
// clients at will. A dense one is changed where it lies, a sparse one is small and written anew.
//
// PFCOUNT of one key may refresh the count that the value keeps: a read that changes the key, which
// is logged like a write.

import { type Call, fail } from '../src/call.ts'
import { type CommandSpec, keyAt, keyRange } from '../src/command.ts'
import { errors, printable, ReplyError } from '../src/errors.ts'
import { STRING } from '../src/keyspace/record.ts'
import { selfTest } from '../src/values/hyperloglog/selftest.ts'
import * as hll from '../src/values/hyperloglog.ts'
import { editable, unshare } from './strings/editable.ts'

const damaged = new ReplyError(hll.CORRUPTED)
const notHyperLogLog = new ReplyError('WRONGTYPE Key is not a valid HyperLogLog string value.')
const noKey = new ReplyError('ERR The specified key does not exist')
const notSparse = new ReplyError('ERR HLL encoding is not sparse')

function sparseBytesMax(call: Call): number {
  return call.server.config.values['hll-sparse-max-bytes']
}

/** Why an entry is no HyperLogLog, if it is none. */
function refusalOf({ db }: Call, entry: number): ReplyError | undefined {
  if (db.type(entry) !== STRING) return errors.wrongType
  return hll.isHyperLogLog(db.value(entry)) ? undefined : notHyperLogLog
}

/** Refuses an entry that is no HyperLogLog. 0 passes. */
function checkEntry(call: Call, entry: number): number {
  const refusal = entry === 0 ? undefined : refusalOf(call, entry)
  if (refusal !== undefined) throw refusal
  return entry
}

/**
 * Refuses a damaged value. That it was about to be changed shows in its encoding, as in Redis: it is
 * raw from now on, here and on every copy.
 */
function refuseDamaged(call: Call, i: number, entry: number): never {
  if (unshare(call, entry)) {
    call.db.changed(entry)
    call.effect('APPEND', call.view(i), '')
  }
  throw damaged
}

/** Makes the entry of key 1 (0 for none) hold these bytes, unless they are its own, changed in place. */
function store(call: Call, entry: number, bytes: Buffer): number {
  const { db } = call
  if (entry !== 0 && isOwn(call, entry, bytes)) {
    db.changed(entry)
    return entry
  }
  const kept = entry === 0 ? editable(call, 0, bytes.length) : db.resizeValue(entry, bytes.length)
  bytes.copy(db.page(kept), db.valueStart(kept))
  db.changed(kept)
  return kept
}

function isOwn({ db }: Call, entry: number, bytes: Buffer): boolean {
  const page = db.page(entry)
  return bytes.buffer === page.buffer && bytes.byteOffset === page.byteOffset + db.valueStart(entry)
}

function announce(call: Call): void {
  call.notify('$', 'pfadd', 1)
  call.signal(1)
}

function pfAdd(call: Call): void {
  const found = checkEntry(call, call.writeType(1, STRING))
  const { db } = call
  const entry = found === 0 ? 0 : db.ownValue(found)
  let bytes = entry === 0 ? hll.createHyperLogLog() : db.value(entry)
  let changed = entry === 0
  for (let i = 2; i < call.count; i++) {
    const added = hll.add(bytes, call.bytes, call.start(i), call.end(i), sparseBytesMax(call))
    if (added === undefined) {
      if (changed) keepAdded(call, entry, bytes, i)
      return refuseDamaged(call, 1, entry)
    }
    bytes = added.bytes
    if (added.changed) changed = true
  }
  if (entry !== 0) unshare(call, entry)
  if (changed) {
    store(call, entry, bytes)
    announce(call)
  }
  call.reply.integer(changed ? 1 : 0)
}

/** The elements before the one that met the damage, at argument `end`, stay added, as in Redis. */
function keepAdded(call: Call, entry: number, bytes: Buffer, end: number): void {
  unshare(call, entry)
  store(call, entry, bytes)
  const added: Buffer[] = []
  for (let i = 2; i < end; i++) added.push(call.view(i))
  call.effect('PFADD', call.view(1), ...added)
}

function pfCount(call: Call): void {
  if (call.count > 2) {
    call.reply.integer(hll.countUnion(readAll(call)) ?? fail(damaged))
    return
  }
  const found = checkEntry(call, call.readType(1, STRING))
  if (found === 0) {
    call.reply.integer(0)
    return
  }
  const { db } = call
  const entry = db.ownValue(found)
  const bytes = db.value(entry)
  const cached = hll.isCountCached(bytes)
  const count = hll.count(bytes) ?? refuseDamaged(call, 1, entry)
  const reencoded = unshare(call, entry)
  if (!cached) db.changed(entry)
  if (!cached || reencoded) call.effect('PFCOUNT', call.view(1))
  if (Number.isSafeInteger(count)) call.reply.integer(count)
  else call.reply.bigint(hll.keptCount(bytes))
}

/** The HyperLogLogs at the keys from argument 1 on, those that exist. */
function readAll(call: Call): Buffer[] {
  const values: Buffer[] = []
  for (let i = 1; i < call.count; i++) {
    const entry = call.read(i)
    if (entry === 0) continue
    const refusal = refusalOf(call, entry)
    // The first bad one decides, and a damaged one is found only by reading it.
    if (refusal !== undefined) throw hll.countUnion(values) === undefined ? damaged : refusal
    values.push(call.db.value(entry))
  }
  return values
}

function pfMerge(call: Call): void {
  const { db } = call
  const all = readAll(call)
  const found = call.peek(1)
  const entry = found === 0 ? 0 : db.ownValue(found)
  const target = entry === 0 ? undefined : db.value(entry)
  const sources = target === undefined ? all : all.slice(1)
  const merged = hll.merge(target, sources, sparseBytesMax(call)) ?? fail(damaged)
  if (entry !== 0) unshare(call, entry)
  store(call, entry, merged)
  announce(call)
  call.reply.ok()
}

const DEBUG_SUBCOMMANDS = new Map([
  ['GETREG', replyRegisters],
  ['DECODE', replyRuns],
  ['ENCODING', replyEncoding],
  ['TODENSE', replyConverted],
])

function pfDebug(call: Call): void {
  const entry = call.write(2)
  if (entry === 0) throw noKey
  checkEntry(call, entry)
  const answer = DEBUG_SUBCOMMANDS.get(call.text(1).toUpperCase())
  if (answer === undefined) {
    throw new ReplyError(`ERR Unknown PFDEBUG subcommand '${printable(call.text(1))}'`)
  }
  answer(call, entry)
}

function replyRegisters(call: Call, entry: number): void {
  const sparse = hll.encoding(call.db.value(entry)) === 'sparse'
  const dense = sparse ? makeDense(call, entry) : entry
  unshare(call, dense)
  const registers = hll.registers(call.db.value(dense))
  call.reply.array(registers.length)
  for (const register of registers) call.reply.integer(register)
}

function makeDense(call: Call, entry: number): number {
  const dense = hll.toDense(call.db.value(entry)) ?? refuseDamaged(call, 2, entry)
  unshare(call, entry)
  return store(call, entry, dense)
}

function replyEncoding(call: Call, entry: number): void {
  unshare(call, entry)
  call.reply.status(hll.encoding(call.db.value(entry)))
}

function replyConverted(call: Call, entry: number): void {
  const sparse = hll.encoding(call.db.value(entry)) === 'sparse'
  if (sparse) makeDense(call, entry)
  else unshare(call, entry)
  call.reply.integer(sparse ? 1 : 0)
}

function replyRuns(call: Call, entry: number): void {
  unshare(call, entry)
  const bytes = call.db.value(entry)
  if (hll.encoding(bytes) !== 'sparse') throw notSparse
  call.reply.bulk(hll.decode(bytes))
}

function pfSelfTest(call: Call): void {
  const failure = selfTest(() => call.random(), sparseBytesMax(call))
  if (failure !== undefined) throw new ReplyError(`ERR ${failure}`)
  call.reply.ok()
}

export const hyperloglogCommands: readonly CommandSpec[] = [
  {
    name: 'pfadd',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['hyperloglog'],
    keys: [keyAt(1, 'RW', 'insert')],
    group: 'hyperloglog',
    since: '2.8.9',
    complexity: 'O(N) for N elements',
    summary: 'Adds elements to a HyperLogLog.',
    syntax: 'key [element [element ...]]',
    handler: pfAdd,
  },
  {
    name: 'pfcount',
    arity: -2,
    flags: ['readonly', 'may_replicate'],
    acl: ['hyperloglog'],
    keys: [keyRange(1, -1, 1, 'RW', 'access')],
    group: 'hyperloglog',
    since: '2.8.9',
    complexity: 'O(1) for one key; O(N) for N keys, with a large constant',
    summary: 'Estimates how many different elements HyperLogLogs have seen together.',
    syntax: 'key [key ...]',
    handler: pfCount,
  },
  {
    name: 'pfdebug',
    arity: 3,
    flags: ['write', 'denyoom', 'admin'],
    acl: ['hyperloglog'],
    keys: [keyAt(2, 'RW', 'access')],
    group: 'hyperloglog',
    since: '2.8.9',
    complexity: 'O(1), with a large constant',
    summary: 'Looks at the registers of a HyperLogLog, for tests.',
    syntax: 'subcommand key',
    docFlags: ['syscmd'],
    handler: pfDebug,
  },
  {
    name: 'pfmerge',
    arity: -2,
    flags: ['write', 'denyoom'],
    acl: ['hyperloglog'],
    keys: [keyAt(1, 'RW', 'access', 'insert'), keyRange(2, -1, 1, 'RO', 'access')],
    // Without sources the second spec does not fit, and yet there is the destination.
    keysOf: args => Array.from({ length: args.count - 1 }, (_, i) => i + 1),
    group: 'hyperloglog',
    since: '2.8.9',
    complexity: 'O(N) for N keys, with a large constant',
    summary: 'Merges HyperLogLogs into one.',
    syntax: 'destkey sourcekey [sourcekey ...]',
    handler: pfMerge,
  },
  {
    name: 'pfselftest',
    arity: 1,
    flags: ['admin'],
    acl: ['hyperloglog'],
    group: 'hyperloglog',
    since: '2.8.9',
    complexity: 'O(1), with a large constant',
    summary: 'Tests the implementation of HyperLogLog.',
    docFlags: ['syscmd'],
    handler: pfSelfTest,
  },
]
