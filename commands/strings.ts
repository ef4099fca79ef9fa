// strings.ts — Commands on strings.
//
// GET, SET, INCR and MSET are what every benchmark and most traffic is made of: they work on bytes
// where they lie and allocate nothing. The rest is written plainly.

import { type Call, fail } from '../src/call.ts'
import type { CommandSpec } from '../src/command.ts'
import { keyAt, keyRange } from '../src/command.ts'
import { errors, invalidExpireTime, ReplyError } from '../src/errors.ts'
import { INT, RAW, STRING } from '../src/keyspace/record.ts'
import { formatLongDouble, parseLongDouble } from '../src/long-double.ts'

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

function get(call: Call): void {
  const entry = call.readType(1, STRING)
  if (entry === 0) call.reply.null()
  else call.replyString(entry)
}

/** What SET and GETEX say about expiry: when, or to keep it, or to drop it. */
interface ExpiryOption {
  /** ms since the epoch; -1 for none given. */
  at: number
  keep: boolean
  persist: boolean
}

/** Reads one expiry option at argument i if it is one; answers the number of arguments it took. */
function readExpiry(call: Call, i: number, option: ExpiryOption): number {
  const relative = call.is(i, 'EX') || call.is(i, 'PX')
  if (!relative && !call.is(i, 'EXAT') && !call.is(i, 'PXAT')) return 0
  if (option.at >= 0 || option.keep || option.persist || i + 1 >= call.count) throw errors.syntax
  const inSeconds = call.is(i, 'EX') || call.is(i, 'EXAT')
  option.at = expiryAt(call, i + 1, inSeconds, relative)
  return 2
}

/** The absolute expiry that argument i means, in ms since the epoch. */
function expiryAt(call: Call, i: number, inSeconds: boolean, relative: boolean): number {
  const amount = call.integer(i)
  const invalid = () => fail(invalidExpireTime(call.command.fullName))
  if (amount <= 0) invalid()
  if (inSeconds && amount > Number(INT64_MAX / 1000n)) invalid()
  const milliseconds = inSeconds ? amount * 1000 : amount
  if (relative && milliseconds > Number(INT64_MAX) - call.now) invalid()
  return relative ? milliseconds + call.now : milliseconds
}

function set(call: Call): void {
  if (call.count === 3) {
    const entry = call.setString(1, 2, false)
    finishSet(call, entry)
    call.reply.ok()
    return
  }
  setWithOptions(call)
}

/** What follows every change of a whole string. */
function finishSet(call: Call, _entry: number): void {
  call.notify('$', 'set', 1)
  call.signal(1)
}

function setWithOptions(call: Call): void {
  const option: ExpiryOption = { at: -1, keep: false, persist: false }
  let onlyIfAbsent = false
  let onlyIfPresent = false
  let wantsOld = false
  for (let i = 3; i < call.count; ) {
    const taken = readExpiry(call, i, option)
    if (taken > 0) {
      i += taken
      continue
    }
    if (call.is(i, 'NX') && !onlyIfPresent) onlyIfAbsent = true
    else if (call.is(i, 'XX') && !onlyIfAbsent) onlyIfPresent = true
    else if (call.is(i, 'GET')) wantsOld = true
    else if (call.is(i, 'KEEPTTL') && option.at < 0) option.keep = true
    else throw errors.syntax
    i++
  }
  const entry = call.write(1)
  if (wantsOld) replyOld(call, entry)
  if (onlyIfAbsent ? entry !== 0 : onlyIfPresent && entry === 0) {
    if (!wantsOld) call.reply.null()
    return
  }
  storeWithExpiry(call, 2, option)
  if (!wantsOld) call.reply.ok()
}

function replyOld(call: Call, entry: number): void {
  if (entry === 0) return call.reply.null()
  if (call.db.type(entry) !== STRING) throw errors.wrongType
  call.replyString(entry)
}

/** Stores argument `value` under key 1 with an expiry, and logs it with the expiry made absolute. */
function storeWithExpiry(call: Call, value: number, option: ExpiryOption): void {
  // An expiry in the past deletes, as EXPIREAT with one would.
  if (option.at >= 0 && option.at <= call.now) {
    if (call.delete(1)) {
      call.effect('DEL', call.copy(1))
      call.notify('g', 'del', 1)
    }
    return
  }
  const entry = call.setString(1, value, option.keep)
  if (option.at >= 0) {
    call.db.setExpiry(entry, option.at)
    call.effect('SET', call.copy(1), call.copy(value), 'PXAT', option.at)
  } else if (option.keep) {
    call.effect('SET', call.copy(1), call.copy(value), 'KEEPTTL')
  } else {
    call.effect('SET', call.copy(1), call.copy(value))
  }
  finishSet(call, entry)
  if (option.at >= 0) call.notify('g', 'expire', 1)
}

function setnx(call: Call): void {
  if (call.write(1) !== 0) return call.reply.integer(0)
  finishSet(call, call.setString(1, 2, false))
  call.reply.integer(1)
}

function setex(call: Call): void {
  setWithDuration(call, true)
}

function psetex(call: Call): void {
  setWithDuration(call, false)
}

function setWithDuration(call: Call, inSeconds: boolean): void {
  const at = expiryAt(call, 2, inSeconds, true)
  storeWithExpiry(call, 3, { at, keep: false, persist: false })
  call.reply.ok()
}

function getset(call: Call): void {
  const entry = call.writeType(1, STRING)
  replyOld(call, entry)
  finishSet(call, call.setString(1, 2, false))
  call.effect('SET', call.copy(1), call.copy(2))
}

function getdel(call: Call): void {
  const entry = call.writeType(1, STRING)
  if (entry === 0) return call.reply.null()
  call.replyString(entry)
  call.delete(1)
  call.effect('DEL', call.copy(1))
  call.notify('g', 'del', 1)
}

function getex(call: Call): void {
  const option: ExpiryOption = { at: -1, keep: false, persist: false }
  for (let i = 2; i < call.count; ) {
    const taken = readExpiry(call, i, option)
    if (taken > 0) {
      i += taken
      continue
    }
    if (!call.is(i, 'PERSIST') || option.at >= 0) throw errors.syntax
    option.persist = true
    i++
  }
  const entry = call.readType(1, STRING)
  if (entry === 0) return call.reply.null()
  call.replyString(entry)
  if (option.at >= 0 && option.at <= call.now) {
    call.delete(1)
    call.effect('DEL', call.copy(1))
    call.notify('g', 'del', 1)
  } else if (option.at >= 0) {
    call.db.setExpiry(entry, option.at)
    call.effect('PEXPIREAT', call.copy(1), option.at)
    call.notify('g', 'expire', 1)
  } else if (option.persist && call.db.clearExpiry(entry)) {
    call.effect('PERSIST', call.copy(1))
    call.notify('g', 'persist', 1)
  }
}

function mget(call: Call): void {
  call.reply.array(call.count - 1)
  for (let i = 1; i < call.count; i++) {
    const entry = call.read(i)
    if (entry === 0 || call.db.type(entry) !== STRING) call.reply.null()
    else call.replyString(entry)
  }
}

function mset(call: Call): void {
  if (call.count % 2 === 0) throw wrongPairs(call)
  setPairs(call)
  call.reply.ok()
}

function msetnx(call: Call): void {
  if (call.count % 2 === 0) throw wrongPairs(call)
  for (let i = 1; i < call.count; i += 2) {
    if (call.write(i) !== 0) return call.reply.integer(0)
  }
  setPairs(call)
  call.reply.integer(1)
}

function wrongPairs(call: Call): ReplyError {
  return new ReplyError(`ERR wrong number of arguments for '${call.command.fullName}' command`)
}

function setPairs(call: Call): void {
  for (let i = 1; i < call.count; i += 2) {
    call.setString(i, i + 1, false)
    call.notify('$', 'set', i)
    call.signal(i)
  }
}

function incr(call: Call): void {
  addInteger(call, 1)
}

function decr(call: Call): void {
  addInteger(call, -1)
}

function incrby(call: Call): void {
  const delta = call.integer(2)
  if (Number.isSafeInteger(delta)) addInteger(call, delta)
  else addBigInteger(call, call.int64(2))
}

function decrby(call: Call): void {
  const delta = call.int64(2)
  if (delta === INT64_MIN) throw new ReplyError('ERR decrement would overflow')
  const number = -Number(delta)
  if (Number.isSafeInteger(number)) addInteger(call, number)
  else addBigInteger(call, -delta)
}

/** The common case: all numbers fit a double, and no BigInt is made. */
function addInteger(call: Call, delta: number): void {
  const entry = call.writeType(1, STRING)
  const value = entry === 0 ? 0 : storedInteger(call, entry)
  const sum = value + delta
  if (!Number.isSafeInteger(sum)) return addBigInteger(call, BigInt(delta))
  call.db.setInteger(call.bytes, call.start(1), call.end(1), entry, sum)
  call.notify('$', 'incrby', 1)
  call.signal(1)
  call.reply.integer(sum)
}

/** The integer that a string holds; NaN if it has more digits than a double. */
function storedInteger(call: Call, entry: number): number {
  const { db } = call
  const value = db.integer(entry)
  if (value !== value && !isStoredInt64(call, entry)) throw errors.notInteger
  return value
}

function isStoredInt64(call: Call, entry: number): boolean {
  return /^-?[1-9]\d{0,18}$/.test(call.db.value(entry).latin1Slice())
}

function addBigInteger(call: Call, delta: bigint): void {
  const entry = call.writeType(1, STRING)
  const text = entry === 0 ? '0' : call.db.value(entry).latin1Slice()
  const value = BigInt(text)
  if (value > INT64_MAX || value < INT64_MIN) throw errors.notInteger
  const sum = value + delta
  if (sum > INT64_MAX || sum < INT64_MIN) throw errors.incrementOverflow
  call.setBytes(1, Buffer.from(sum.toString()), true)
  call.notify('$', 'incrby', 1)
  call.signal(1)
  call.reply.bigint(sum)
}

function incrbyfloat(call: Call): void {
  const entry = call.writeType(1, STRING)
  const text = entry === 0 ? '0' : call.db.value(entry).latin1Slice()
  const value = parseLongDouble(text) ?? fail(errors.notFloat)
  const delta = parseLongDouble(call.text(2)) ?? fail(errors.notFloat)
  const sum = formatLongDouble(value, delta) ?? fail(errors.incrementNaN)
  call.setBytes(1, Buffer.from(sum, 'latin1'), true)
  call.effect('SET', call.copy(1), sum, 'KEEPTTL')
  call.notify('$', 'incrbyfloat', 1)
  call.signal(1)
  call.reply.bulk(sum)
}

function append(call: Call): void {
  const entry = call.writeType(1, STRING)
  const added = call.length(2)
  if (entry === 0) {
    call.setString(1, 2, false)
    call.notify('$', 'append', 1)
    call.signal(1)
    return call.reply.integer(added)
  }
  const { db } = call
  const old = db.valueLength(entry)
  checkLength(call, old + added)
  const grown = db.resizeValue(entry, old + added)
  call.bytes.copy(db.page(grown), db.valueStart(grown) + old, call.start(2), call.end(2))
  db.setKind(grown, STRING, RAW)
  db.changed(grown)
  call.notify('$', 'append', 1)
  call.reply.integer(old + added)
}

function checkLength(call: Call, length: number): void {
  if (length > call.server.config.values['proto-max-bulk-len']) throw errors.stringTooLong
}

function strlen(call: Call): void {
  const entry = call.readType(1, STRING)
  call.reply.integer(entry === 0 ? 0 : call.db.valueLength(entry))
}

function getrange(call: Call): void {
  let start = call.integer(2)
  let end = call.integer(3)
  const entry = call.readType(1, STRING)
  const length = entry === 0 ? 0 : call.db.valueLength(entry)
  // Both negative and in the wrong order is empty even where clamping would make them meet.
  if (start < 0 && end < 0 && start > end) return call.reply.bulk('')
  if (start < 0) start = Math.max(0, start + length)
  if (end < 0) end = Math.max(0, end + length)
  end = Math.min(end, length - 1)
  if (entry === 0 || start > end || length === 0) return call.reply.bulk('')
  const { db } = call
  const from = db.valueStart(entry)
  call.reply.bulkBytes(db.page(entry), from + start, from + end + 1)
}

function setrange(call: Call): void {
  const offset = call.integer(2)
  if (offset < 0) throw errors.offsetOutOfRange
  const added = call.length(3)
  const { db } = call
  let entry = call.writeType(1, STRING)
  if (added === 0) return call.reply.integer(entry === 0 ? 0 : db.valueLength(entry))
  checkLength(call, offset + added)
  if (entry === 0) {
    entry = db.prepare(call.bytes, call.start(1), call.end(1), 0, false)
  }
  entry = db.resizeValue(entry, Math.max(db.valueLength(entry), offset + added))
  call.bytes.copy(db.page(entry), db.valueStart(entry) + offset, call.start(3), call.end(3))
  db.setKind(entry, STRING, RAW)
  db.changed(entry)
  call.notify('$', 'setrange', 1)
  call.signal(1)
  call.reply.integer(db.valueLength(entry))
}

export const handlers = {
  get,
  set,
  setnx,
  setex,
  psetex,
  getset,
  getdel,
  getex,
  mget,
  mset,
  msetnx,
  incr,
  decr,
  incrby,
  decrby,
  incrbyfloat,
  append,
  strlen,
  getrange,
  setrange,
}
void INT
void keyAt
void keyRange
export const strings: readonly CommandSpec[] = []
