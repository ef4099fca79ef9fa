// expiry.ts — When fields of a hash expire: HEXPIRE, HPERSIST, HTTL and their kind, of Redis 7.4.
//
// Each answers with one number for a field. Times are logged absolute, and only for the fields that took
// them; a time that is over already removes the field, and is logged as that.

import { type Call, fail } from '../../src/call.ts'
import { invalidExpireTime, ReplyError } from '../../src/errors.ts'
import { HASH, OBJECT } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import { type Hash, NO_EXPIRY } from '../../src/values/hash.ts'
import { readElement } from '../elements.ts'
import { hash } from './editable-hash.ts'
import { readHash, readValue } from './stored-hash.ts'

const INT64_MAX = Number(2n ** 63n - 1n)
/** Redis keeps expiries in 46 bits of milliseconds: up to the year 4199. */
const EXPIRY_MAX = 2 ** 46 - 1

// What is answered for a field.
const NO_FIELD = -2
const WITHOUT_EXPIRY = -1
const CONDITION_NOT_MET = 0
const DONE = 1
const REMOVED = 2

const negative = new ReplyError('ERR invalid expire time, must be >= 0')
const noFields = new ReplyError(
  'ERR Mandatory argument FIELDS is missing or not at the right position',
)
const countNotPositive = new ReplyError('ERR Parameter `numFields` should be greater than 0')
const noCount = new ReplyError('ERR Number of fields must be a positive integer')
const wrongCount = new ReplyError(
  'ERR The `numfields` parameter must match the number of arguments',
)

const field = new Element()
const value = new Element()

export function hExpire(call: Call): void {
  expire(call, 1000, call.now)
}

export function hpExpire(call: Call): void {
  expire(call, 1, call.now)
}

export function hExpireAt(call: Call): void {
  expire(call, 1000, 0)
}

export function hpExpireAt(call: Call): void {
  expire(call, 1, 0)
}

/** Sets an expiry given in units of `unitMs` since `base`. */
function expire(call: Call, unitMs: number, base: number): void {
  call.writeType(1, HASH)
  const at = readExpiry(call, unitMs, base)
  const condition = readCondition(call)
  const first = readFields(call, condition === undefined ? 3 : 4, countNotPositive)
  if (!hash.open(call, 1, first, 1)) return replyNoFields(call, call.count - first)
  const changed: Buffer[] = []
  call.reply.array(call.count - first)
  for (let i = first; i < call.count; i++) {
    const outcome = expireField(readElement(call, i, field), at, call.now, condition)
    if (outcome === DONE || outcome === REMOVED) changed.push(call.copy(i))
    call.reply.integer(outcome)
  }
  if (changed.length > 0) tell(call, at, changed)
  hash.close(changed.length > 0)
}

function readExpiry(call: Call, unitMs: number, base: number): number {
  const amount = call.integer(2)
  if (amount < 0) throw negative
  const at = amount * unitMs + base
  return at > EXPIRY_MAX ? fail(invalidExpireTime(call.command.fullName)) : at
}

type Condition = (old: number, at: number) => boolean

/** A field without expiry counts as one that expires never. */
const conditions: ReadonlyMap<string, Condition> = new Map([
  ['NX', old => old === NO_EXPIRY],
  ['XX', old => old !== NO_EXPIRY],
  ['GT', (old, at) => old !== NO_EXPIRY && at > old],
  ['LT', (old, at) => old === NO_EXPIRY || at < old],
])

function readCondition(call: Call): Condition | undefined {
  for (const [word, condition] of conditions) if (call.is(3, word)) return condition
  return undefined
}

/** Reads `FIELDS numfields` at argument i; answers where the fields begin, which go to the end. */
function readFields(call: Call, i: number, countError: ReplyError): number {
  if (!call.is(i, 'FIELDS')) throw noFields
  const count = call.integerIn(i + 1, 1, INT64_MAX, countError)
  if (count !== call.count - i - 2) throw wrongCount
  return i + 2
}

function expireField(
  wanted: Element,
  at: number,
  now: number,
  condition: Condition | undefined,
): number {
  if (!hash.has(wanted)) return NO_FIELD
  if (condition !== undefined && !condition(hash.expiresAt(wanted), at)) return CONDITION_NOT_MET
  if (at <= now) {
    hash.remove(wanted)
    return REMOVED
  }
  hash.enlarge().setExpiry(wanted, at)
  return DONE
}

/** Logs and publishes what became of the fields that were changed: all of them the same. */
function tell(call: Call, at: number, fields: readonly Buffer[]): void {
  const isOver = at <= call.now
  call.notify('h', isOver ? 'hdel' : 'hexpire', 1)
  if (!call.server.effects.active) return
  const key = call.copy(1)
  // There may be more fields than a call takes arguments.
  call.effects = isOver
    ? [['HDEL', key, ...fields]]
    : [['HPEXPIREAT', key, at, 'FIELDS', fields.length, ...fields]]
}

export function hPersist(call: Call): void {
  call.writeType(1, HASH)
  const first = readFields(call, 2, noCount)
  if (!hash.open(call, 1, first, 1)) return replyNoFields(call, call.count - first)
  let persisted = 0
  call.reply.array(call.count - first)
  for (let i = first; i < call.count; i++) {
    const outcome = persistField(readElement(call, i, field))
    if (outcome === DONE) persisted++
    call.reply.integer(outcome)
  }
  if (persisted > 0) call.notify('h', 'hpersist', 1)
  hash.close(persisted > 0)
}

function persistField(wanted: Element): number {
  if (!hash.has(wanted)) return NO_FIELD
  if (hash.expiresAt(wanted) === NO_EXPIRY) return WITHOUT_EXPIRY
  hash.enlarge().setExpiry(wanted, NO_EXPIRY)
  return DONE
}

export function hTtl(call: Call): void {
  replyTimes(call, 1000, call.now)
}

export function hpTtl(call: Call): void {
  replyTimes(call, 1, call.now)
}

export function hExpireTime(call: Call): void {
  replyTimes(call, 1000, 0)
}

export function hpExpireTime(call: Call): void {
  replyTimes(call, 1, 0)
}

/** Replies with the expiry of each field in units of `unitMs` since `base`, rounded up. */
function replyTimes(call: Call, unitMs: number, base: number): void {
  const entry = readHash(call, 1)
  const first = readFields(call, 2, noCount)
  call.reply.array(call.count - first)
  for (let i = first; i < call.count; i++) {
    const at = expiresAt(call, entry, readElement(call, i, field))
    call.reply.integer(at < 0 ? at : Math.ceil((at - base) / unitMs))
  }
}

function expiresAt(call: Call, entry: number, wanted: Element): number {
  if (entry === 0 || !readValue(call, entry, wanted, value)) return NO_FIELD
  if (call.db.encoding(entry) !== OBJECT) return WITHOUT_EXPIRY
  const at = (call.db.object(entry) as Hash).expiresAt(wanted)!
  return at === NO_EXPIRY ? WITHOUT_EXPIRY : at
}

function replyNoFields(call: Call, count: number): void {
  call.reply.array(count)
  for (let left = count; left > 0; left--) call.reply.integer(NO_FIELD)
}
