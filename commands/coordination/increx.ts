// increx.ts — INCREX of Redis 8.8: adds to the number that a string holds, within bounds, and says
// what becomes of its expiry, in one step.
//
// A result beyond the bounds, or beyond the type, is either not put down at all (then the reply is
// the value as it was, and 0), or with SATURATE brought to the bound. What is logged is the outcome.

import { type Call, fail } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { EMBSTR, EMBSTR_BYTES_MAX, RAW, STRING } from '../../src/keyspace/record.ts'
import {
  addLongDouble,
  formatLongDouble,
  LONG_DOUBLE_ZERO,
  type LongDouble,
  parseLongDouble,
} from '../../src/long-double.ts'
import {
  addInt64,
  INT64_MAX,
  INT64_MIN,
  type Int64,
  parseInt64,
  subtractInt64,
} from '../../src/values/int64.ts'
import {
  MILLISECONDS,
  readPositiveTime,
  SECONDS,
  UNIX_MILLISECONDS,
  UNIX_SECONDS,
} from '../expiry-times.ts'
import { Options } from './options.ts'

const incrementNotInteger = new ReplyError('ERR Increment is not an integer or out of range')
const incrementNotFloat = new ReplyError('ERR Increment is not a valid float')
const incrementInfinite = new ReplyError('ERR BYFLOAT increment cannot be Infinity')
const valueInfinite = new ReplyError('ERR value cannot be Infinity')
const boundNotInteger = new ReplyError('ERR LBOUND/UBOUND is not an integer or out of range')
const boundNotFloat = new ReplyError('ERR LBOUND/UBOUND is not a valid float')
const boundsCrossed = new ReplyError("ERR LBOUND can't be greater than UBOUND")
const enxAlone = new ReplyError('ERR ENX flag requires an expiration')
const appliedOverflow = new ReplyError('ERR applied increment would overflow')

/** The numbers of one mode: 64-bit integers, or floats as wide as Redis's. */
interface Arithmetic<N> {
  readonly readIncrement: (text: string) => N
  readonly readBound: (text: string) => N
  readonly readValue: (text: string) => N
  readonly zero: N
  readonly one: N
  readonly isLess: (a: N, b: N) => boolean
  /** Undefined beyond the type: `end` says at which end. */
  readonly add: (a: N, b: N) => N | undefined
  readonly subtract: (a: N, b: N) => N | undefined
  readonly isNegative: (n: N) => boolean
  /** The ends of the type. */
  readonly lowest: N
  readonly highest: N
  readonly print: (n: N) => string
  readonly event: string
}

const INTEGERS: Arithmetic<Int64> = {
  readIncrement: text => parseInt64(text) ?? fail(incrementNotInteger),
  readBound: text => parseInt64(text) ?? fail(boundNotInteger),
  readValue: text => parseInt64(text) ?? fail(errors.notInteger),
  zero: 0,
  one: 1,
  isLess: (a, b) => a < b,
  add: addInt64,
  subtract: subtractInt64,
  isNegative: n => n < 0,
  lowest: INT64_MIN,
  highest: INT64_MAX,
  print: String,
  event: 'incrby',
}

/** 2^16384 less half a step of 64 bits. */
const LONG_DOUBLE_MAX: LongDouble = { mantissa: 2n ** 64n - 1n, exponent: 16384 - 64 }

const FLOATS: Arithmetic<LongDouble> = {
  readIncrement: text => {
    const value = parseLongDouble(text) ?? fail(incrementNotFloat)
    return Number.isFinite(value.exponent) ? value : fail(incrementInfinite)
  },
  readBound: text => parseLongDouble(text) ?? fail(boundNotFloat),
  readValue: text => {
    const value = parseLongDouble(text) ?? fail(errors.notFloat)
    return Number.isFinite(value.exponent) ? value : fail(valueInfinite)
  },
  zero: LONG_DOUBLE_ZERO,
  one: { mantissa: 1n, exponent: 0 },
  isLess: isLessLongDouble,
  add: addLongDouble,
  subtract: (a, b) => addLongDouble(a, { mantissa: -b.mantissa, exponent: b.exponent }),
  isNegative: n => n.mantissa < 0n,
  lowest: { mantissa: -LONG_DOUBLE_MAX.mantissa, exponent: LONG_DOUBLE_MAX.exponent },
  highest: LONG_DOUBLE_MAX,
  print: formatLongDouble,
  event: 'incrbyfloat',
}

function isLessLongDouble(a: LongDouble, b: LongDouble): boolean {
  const [aIsFinite, bIsFinite] = [Number.isFinite(a.exponent), Number.isFinite(b.exponent)]
  if (!aIsFinite) return a.mantissa < 0n && (bIsFinite || b.mantissa > 0n)
  if (!bIsFinite) return b.mantissa > 0n
  const exponent = Math.min(a.exponent, b.exponent)
  return a.mantissa << BigInt(a.exponent - exponent) < b.mantissa << BigInt(b.exponent - exponent)
}

/** The options as they were said; what they mean depends on each other. */
interface Words {
  readonly byInt: string | undefined
  readonly byFloat: string | undefined
  readonly lower: string | undefined
  readonly upper: string | undefined
  readonly saturate: boolean
  readonly persist: boolean
  readonly enx: boolean
  /** Of the expiry, ms since the epoch; undefined for none. */
  readonly expiresAt: number | undefined
}

const TIMES = [
  ['EX', SECONDS],
  ['PX', MILLISECONDS],
  ['EXAT', UNIX_SECONDS],
  ['PXAT', UNIX_MILLISECONDS],
] as const

function readWords(call: Call): Words {
  const options = new Options(call, 2)
  const said = new Map<string, number>()
  let time: (typeof TIMES)[number] | undefined
  while (options.more) {
    const word = ['BYINT', 'BYFLOAT', 'LBOUND', 'UBOUND'].find(each => options.takes(each))
    if (word !== undefined) {
      said.set(word, options.argument())
      continue
    }
    if (['SATURATE', 'PERSIST', 'ENX'].some(each => options.takes(each))) continue
    const found = TIMES.find(([each]) => options.takes(each))
    if (found === undefined || time !== undefined) options.refuse()
    time = found
    said.set('time', options.argument())
  }
  if (said.has('BYINT') && said.has('BYFLOAT')) options.refuse()
  if (options.has('PERSIST') && (time !== undefined || options.has('ENX'))) options.refuse()
  if (options.has('ENX') && time === undefined) throw enxAlone
  const text = (word: string) => (said.has(word) ? call.text(said.get(word)!) : undefined)
  return {
    byInt: text('BYINT'),
    byFloat: text('BYFLOAT'),
    lower: text('LBOUND'),
    upper: text('UBOUND'),
    saturate: options.has('SATURATE'),
    persist: options.has('PERSIST'),
    enx: options.has('ENX'),
    expiresAt: time === undefined ? undefined : readPositiveTime(call, said.get('time')!, time[1]),
  }
}

/** INCREX key [BYINT n|BYFLOAT f] [LBOUND l] [UBOUND u] [SATURATE] [EX s|…|PERSIST] [ENX] */
function increx(call: Call): void {
  const words = readWords(call)
  if (words.byFloat === undefined) run(call, INTEGERS, words, words.byInt)
  else run(call, FLOATS, words, words.byFloat)
}

interface Outcome<N> {
  readonly value: N
  readonly applied: N
}

function run<N>(call: Call, math: Arithmetic<N>, words: Words, by: string | undefined): void {
  const increment = by === undefined ? math.one : math.readIncrement(by)
  const lower = words.lower === undefined ? math.lowest : math.readBound(words.lower)
  const upper = words.upper === undefined ? math.highest : math.readBound(words.upper)
  if (math.isLess(upper, lower)) throw boundsCrossed
  const entry = call.writeType(1, STRING)
  const text = entry === 0 ? undefined : call.db.value(entry).latin1Slice()
  const value = text === undefined ? math.zero : math.readValue(text)
  const outcome = compute(math, value, increment, lower, upper, words.saturate)
  if (outcome !== undefined) store(call, entry, math.print(outcome.value), math.event, words)
  call.reply.array(2)
  replyNumber(call, math, outcome === undefined ? value : outcome.value)
  replyNumber(call, math, outcome === undefined ? math.zero : outcome.applied)
}

/** What to put down; undefined for nothing. */
function compute<N>(
  math: Arithmetic<N>,
  value: N,
  increment: N,
  lower: N,
  upper: N,
  saturate: boolean,
): Outcome<N> | undefined {
  const sum = math.add(value, increment)
  if (sum !== undefined && !math.isLess(sum, lower) && !math.isLess(upper, sum)) {
    return { value: sum, applied: increment }
  }
  if (!saturate) return undefined
  // A sum beyond the type lies where the increment points.
  const isBelow = sum === undefined ? math.isNegative(increment) : math.isLess(sum, lower)
  // Beyond one end of the type, it may be the other bound that is nearest.
  const bound = isBelow ? lower : upper
  return { value: bound, applied: math.subtract(bound, value) ?? fail(appliedOverflow) }
}

/** Puts down a new value with the expiry that was asked for, and logs both. */
function store(call: Call, entry: number, text: string, event: string, words: Words): void {
  const { db } = call
  const key = call.text(1)
  const hasExpiry = entry !== 0 && db.expiry(entry) >= 0
  const expiresAt = words.enx && hasExpiry ? undefined : words.expiresAt
  if (expiresAt !== undefined && expiresAt <= call.now) {
    if (!call.delete(1)) return
    call.effect('DEL', key)
    call.notify('g', 'del', 1)
    return
  }
  const keeps = expiresAt === undefined && !words.persist
  const stored = call.setBytes(1, Buffer.from(text, 'latin1'), keeps)
  if (event === 'incrbyfloat') db.setKind(stored, STRING, rawOrEmbedded(text))
  call.notify('$', event, 1)
  call.signal(1)
  if (expiresAt !== undefined) {
    db.setExpiry(stored, expiresAt)
    call.effect('SET', key, text, 'PXAT', expiresAt)
    call.notify('g', 'expire', 1)
  } else if (keeps) {
    call.effect('SET', key, text, 'KEEPTTL')
  } else {
    call.effect('SET', key, text)
    if (hasExpiry) call.notify('g', 'persist', 1)
  }
}

/** A sum of floats may look like an integer, but it is not kept as one. */
function rawOrEmbedded(text: string): number {
  return text.length > EMBSTR_BYTES_MAX ? RAW : EMBSTR
}

function replyNumber<N>({ reply }: Call, math: Arithmetic<N>, value: N): void {
  const text = math.print(value)
  if (math.event === 'incrby') reply.raw(`:${text}\r\n`)
  else if (reply.protocol === 2) reply.bulk(text)
  else reply.raw(`,${text}\r\n`)
}

export const increxCommands: readonly CommandSpec[] = [
  {
    name: 'increx',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    acl: ['string'],
    keys: [keyAt(1, 'RW', 'access', 'update')],
    group: 'string',
    since: '8.8.0',
    complexity: 'O(1)',
    summary: 'Adds to the number that a key holds, within bounds, and sets its expiry.',
    syntax:
      'key [increment=(BYFLOAT float:double|BYINT integer)] [SATURATE] [LBOUND lowerbound] ' +
      '[UBOUND upperbound] [expiration=(EX seconds|PX milliseconds|EXAT unix-time-seconds|' +
      'PXAT unix-time-milliseconds|PERSIST)] [ENX]',
    handler: increx,
  },
]
