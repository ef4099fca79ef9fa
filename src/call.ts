// call.ts — One command being executed: its arguments, its client, its reply, its effect.
//
// Arguments are views into the bytes that were read; they are good only while the handler runs.
// The readers check and throw `ReplyError`, so handlers read all their arguments before they change
// anything. Strings are latin1, one character per byte.

import type { Client } from './client.ts'
import type { Command } from './command.ts'
import { NO_SEGMENT } from './effects.ts'
import { errors, type ReplyError } from './errors.ts'
import type { Database, ObjectValue } from './keyspace/database.ts'
import { INT, OBJECT, STRING } from './keyspace/record.ts'
import { NO_SLOT } from './keyspace/slot.ts'
import type { Server } from './server.ts'
import { parseShortDecimal } from './values/decimal.ts'
import type { Parked } from './waiting.ts'
import { parseInteger } from './wire/integer.ts'
import { LEND_BYTES_MIN, type Reply } from './wire/reply.ts'

/** A part of an effect: bytes as latin1, a number, or bytes. */
export type EffectPart = string | number | bigint | Buffer

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

/** What a call has before it gets its arguments; shared, since making them takes longer than a GET. */
const NO_BYTES = Buffer.alloc(0)
const NO_OFFSETS = new Int32Array(0)

export class Call {
  readonly server: Server
  readonly reply: Reply
  client!: Client
  command!: Command
  db!: Database
  /** Time of this command in ms since the epoch: the same for all that it does. */
  now = 0
  /** The segment of its keys, where the router has told it; else NO_SEGMENT. */
  segment = NO_SEGMENT
  /** The slot of its keys, where the router has told it; else NO_SLOT. */
  slot = NO_SLOT
  /** Number of arguments, the command's name included. */
  count = 0
  /** The bytes in which the arguments lie, and their bounds: [offsets[2i], offsets[2i + 1]). */
  bytes: Buffer = NO_BYTES
  offsets: Int32Array = NO_OFFSETS
  /** False inside MULTI and scripts: commands that would wait answer at once instead. */
  mayBlock = true
  /** A script runs it, on behalf of its client. */
  isScripted = false
  /** How the call waits, if it is being run again because its key may be ready now. */
  parked: Parked | undefined = undefined
  /** It has taken all there was: those who wait behind it need not be tried. */
  endsRound = false
  /** The effect that replaces the command in the log; undefined: the command as it came. */
  effects: EffectPart[][] | undefined = undefined

  constructor(server: Server, reply: Reply) {
    this.server = server
    this.reply = reply
  }

  /** A random number in [0, 1). */
  random(): number {
    return this.server.random()
  }

  // Arguments

  start(i: number): number {
    return this.offsets[i << 1]!
  }

  end(i: number): number {
    return this.offsets[(i << 1) | 1]!
  }

  length(i: number): number {
    return this.offsets[(i << 1) | 1]! - this.offsets[i << 1]!
  }

  /** The argument as a latin1 string. */
  text(i: number): string {
    return this.bytes.latin1Slice(this.offsets[i << 1]!, this.offsets[(i << 1) | 1]!)
  }

  /** The argument as a view: good until the handler returns. */
  view(i: number): Buffer {
    return this.bytes.subarray(this.offsets[i << 1]!, this.offsets[(i << 1) | 1]!)
  }

  /** The argument as a copy that may be kept. */
  copy(i: number): Buffer {
    return Buffer.from(this.view(i))
  }

  /** Whether the argument is this word, in either case. `word` is given in upper case. */
  is(i: number, word: string): boolean {
    const start = this.offsets[i << 1]!
    const length = this.offsets[(i << 1) | 1]! - start
    if (length !== word.length) return false
    const bytes = this.bytes
    for (let k = 0; k < length; k++) {
      let byte = bytes[start + k]!
      if (byte >= 0x61 && byte <= 0x7a) byte -= 0x20
      if (byte !== word.charCodeAt(k)) return false
    }
    return true
  }

  /**
   * The argument as a 64-bit integer, as Redis reads it (no spaces, no plus, no leading zeros).
   * Beyond 2^53 the number is the nearest double; use `int64` where every digit counts.
   */
  integer(i: number, error: ReplyError = errors.notInteger): number {
    const start = this.offsets[i << 1]!
    const end = this.offsets[(i << 1) | 1]!
    const value = parseInteger(this.bytes, start, end)
    return Number.isNaN(value) ? Number(this.int64(i, error)) : value
  }

  /** The argument as an integer between bounds. */
  integerIn(i: number, min: number, max: number, error: ReplyError = errors.notInteger): number {
    const value = this.integer(i, error)
    if (value < min || value > max) throw error
    return value
  }

  /** The argument as an exact 64-bit integer. */
  int64(i: number, error: ReplyError = errors.notInteger): bigint {
    return parseInt64(this.text(i)) ?? fail(error)
  }

  /** The argument as a finite or infinite number; never NaN. */
  float(i: number, error: ReplyError = errors.notFloat): number {
    const short = parseShortDecimal(this.bytes, this.start(i), this.end(i))
    if (!Number.isNaN(short)) return short
    const value = parseFloatStrict(this.text(i))
    if (value === undefined) throw error
    return value
  }

  // Keys. An entry is an address, 0 for none; see `src/keyspace/database.ts`.

  /** The key's entry, for a command that reads it: counts a hit or a miss, notes the access. */
  read(i: number): number {
    const address = this.db.find(this.bytes, this.offsets[i << 1]!, this.offsets[(i << 1) | 1]!)
    const server = this.server
    if (address === 0) {
      server.stats.keyspaceMisses++
      if (server.notifiesMisses) server.notify('m', 'keymiss', this.text(i), this.db)
    } else {
      server.stats.keyspaceHits++
      server.access.touch(this.db, address, this.client)
    }
    return address
  }

  /** As `read`, but no use of the entry: for commands that ask about the key rather than for it. */
  look(i: number): number {
    const address = this.peek(i)
    const { server } = this
    if (address === 0) {
      server.stats.keyspaceMisses++
      if (server.notifiesMisses) server.notify('m', 'keymiss', this.text(i), this.db)
    } else {
      server.stats.keyspaceHits++
    }
    return address
  }

  /** The key's entry, for a command that changes it. */
  write(i: number): number {
    const address = this.db.find(this.bytes, this.offsets[i << 1]!, this.offsets[(i << 1) | 1]!)
    if (address !== 0) this.server.access.touch(this.db, address, this.client)
    return address
  }

  /** The key's entry, leaving no trace of the look. */
  peek(i: number): number {
    return this.db.find(this.bytes, this.offsets[i << 1]!, this.offsets[(i << 1) | 1]!)
  }

  /** As `read`; throws WRONGTYPE unless the key holds `type` or nothing. */
  readType(i: number, type: number): number {
    const address = this.read(i)
    if (address !== 0 && this.db.type(address) !== type) throw errors.wrongType
    return address
  }

  /** As `write`; throws WRONGTYPE unless the key holds `type` or nothing. */
  writeType(i: number, type: number): number {
    const address = this.write(i)
    if (address !== 0 && this.db.type(address) !== type) throw errors.wrongType
    return address
  }

  /** The object that the entry is, or undefined where it is packed bytes. */
  object(address: number): ObjectValue | undefined {
    return this.db.encoding(address) === OBJECT ? this.db.object(address) : undefined
  }

  /** Makes key i hold argument `value` as a string. */
  setString(i: number, value: number, keepExpiry: boolean): number {
    const { offsets, bytes } = this
    return this.db.setString(
      bytes,
      offsets[i << 1]!,
      offsets[(i << 1) | 1]!,
      bytes,
      offsets[value << 1]!,
      offsets[(value << 1) | 1]!,
      keepExpiry,
    )
  }

  /** Makes key i hold these bytes as a string. */
  setBytes(i: number, value: Buffer, keepExpiry: boolean): number {
    const { offsets, bytes } = this
    return this.db.setString(
      bytes,
      offsets[i << 1]!,
      offsets[(i << 1) | 1]!,
      value,
      0,
      value.length,
      keepExpiry,
    )
  }

  /** Makes key i hold an object of a type. */
  setObject(i: number, type: number, object: ObjectValue, keepExpiry = false): number {
    const { offsets, bytes } = this
    return this.db.setObject(
      bytes,
      offsets[i << 1]!,
      offsets[(i << 1) | 1]!,
      type,
      object,
      keepExpiry,
    )
  }

  /** Deletes key i; false if there was none. */
  delete(i: number): boolean {
    return this.db.delete(this.bytes, this.offsets[i << 1]!, this.offsets[(i << 1) | 1]!)
  }

  /** Replies with the string that the entry holds. */
  replyString(address: number): void {
    this.replyRange(address, 0, this.db.valueLength(address))
  }

  /** Replies with the bytes from `first` up to `end` of the string that the entry holds. */
  replyRange(address: number, first: number, end: number): void {
    const { db, reply } = this
    const page = db.page(address)
    const start = db.valueStart(address)
    if (end - first < LEND_BYTES_MIN) {
      reply.bulkBytes(page, start + first, start + end)
    } else {
      // A value of this size has a page to itself, which is never reused: it can be sent from
      // where it is, if nobody changes it in place meanwhile.
      db.lend(address)
      reply.bulkLent(page, start + first, start + end)
    }
  }

  // Effects

  /** Whether effects are written down. Where commands are many, they are made only then. */
  get isLogged(): boolean {
    return this.server.effects.active
  }

  /** Logs this command instead of the one that came. Times in it are absolute. */
  effect(...parts: EffectPart[]): void {
    if (!this.server.effects.active) return
    this.effects ??= []
    this.effects.push(parts)
  }

  /** Publishes a keyspace event about key i. */
  notify(type: string, event: string, i: number): void {
    if (this.server.notifies) this.server.notify(type, event, this.text(i), this.db)
  }

  /** Publishes a keyspace event about a key by name. */
  notifyKey(type: string, event: string, key: string, db: Database = this.db): void {
    if (this.server.notifies) this.server.notify(type, event, key, db)
  }

  /** Whether the call waited, and runs again. */
  get resumed(): boolean {
    return this.parked !== undefined
  }

  /** Tells those who wait for key i that it may be ready for them. */
  signal(i: number): void {
    if (this.server.waiting.size > 0) this.server.waiting.signal(this.db, this.text(i))
  }
}

/** For expressions that must not go on. */
export function fail(error: ReplyError): never {
  throw error
}

/** A 64-bit integer, strictly as Redis reads it, or undefined. */
export function parseInt64(text: string): bigint | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined
  const value = BigInt(text)
  return value > INT64_MAX || value < INT64_MIN ? undefined : value
}

/**
 * A number as clients may give it: all of the text and no spaces; undefined for NaN and the rest, and
 * as in Redis for numbers that only their size makes infinite or zero.
 */
export function parseFloatStrict(text: string): number | undefined {
  const value = parseFloatLoose(text)
  if (value === undefined || isInfinity(text)) return value
  const vanished = value === 0 && /^[+-]?(0x[^p]*[1-9a-f]|[\d.]*[1-9])/i.test(text)
  return vanished || !Number.isFinite(value) ? undefined : value
}

/** A number as strtod reads it: beyond the range of a double it is infinite or zero. */
export function parseFloatLoose(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text)
  if (isInfinity(text)) {
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  if (/^[+-]?0x([\da-f]+\.?[\da-f]*|\.[\da-f]+)(p[+-]?\d+)?$/i.test(text))
    return parseHexFloat(text)
  return undefined
}

function isInfinity(text: string): boolean {
  return /^[+-]?inf(inity)?$/i.test(text)
}

function parseHexFloat(text: string): number {
  const [, sign, whole, fraction, exponent] =
    /^([+-]?)0x([\da-f]*)\.?([\da-f]*)(?:p([+-]?\d+))?$/i.exec(text)!
  const digits = Number.parseInt(`${whole}${fraction}` || '0', 16)
  const value = digits * 2 ** (Number(exponent ?? 0) - 4 * fraction!.length)
  return sign === '-' ? -value : value
}

/** Whether an entry is a string that holds an integer in decimal. */
export function holdsInteger(db: Database, address: number): boolean {
  return db.type(address) === STRING && db.encoding(address) === INT
}
