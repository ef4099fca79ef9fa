// effects.ts — The effect log: what every write has done, in a form that can be done again.
//
// Replication, persistence and state transfer all read this one log. An entry is what one command
// of a client did (a transaction or a script counts as one): its log sequence number, the time at
// which it ran, and its effects. An effect is a command in RESP with the database it belongs to;
// run against the same state at that time it has the same outcome. Times in effects are absolute;
// chance and iteration order do not occur. Deletions by expiry and eviction are effects too: a copy
// never deletes on its own.
//
// In a cluster the log is divided: an entry belongs to one segment, for each has copies of its own.
// What happened to several segments at once (the end of a connection that held locks in them,
// FLUSHALL) is an entry for each.
//
// Invariant: whoever applies the entries in order to an empty keyspace has, after each, the same
// keys, values and expiries as the primary had; of a divided log also who applies those of one
// segment, as to that segment.

import type { Call, EffectPart } from './call.ts'
import { FramedEffect, HEADER_BYTES } from './effect-codec.ts'
import type { EffectKeys } from './effect-keys.ts'

/** The segment of what belongs to none, and of every effect in a log that is not divided. */
export const NO_SEGMENT = -1

export interface Effect {
  readonly database: number
  /** The segment of its keys in a divided log, else NO_SEGMENT. */
  readonly segment: number
  /** The command as an array of bulk strings. */
  readonly bytes: Buffer
}

export interface LogEntry {
  /** Numbers entries without gaps, from 1. */
  readonly lsn: number
  /** Time of the command in ms since the epoch. */
  readonly now: number
  /** That of all its effects. */
  readonly segment: number
  readonly effects: readonly Effect[]
}

export type LogReader = (entry: LogEntry) => void

export class EffectLog {
  /** Number of the last entry. */
  lsn = 0
  /** Whether anybody reads: without readers nothing is written down, only counted. */
  active = false
  readonly #readers: LogReader[] = []
  #effects: Effect[] = []
  /** Tells the segments of effects; only in a divided log. */
  #keys: EffectKeys | undefined = undefined

  /** Divides the log by segments, from the first entry on. */
  divide(keys: EffectKeys): void {
    this.#keys = keys
  }

  get isDivided(): boolean {
    return this.#keys !== undefined
  }

  subscribe(reader: LogReader): void {
    this.#readers.push(reader)
    this.active = true
  }

  /** Notes an effect of the command that is running; `segment` where it is known already. */
  record(database: number, parts: readonly EffectPart[], segment = NO_SEGMENT): void {
    if (!this.active) return
    if (this.#keys === undefined) {
      this.#effects.push({ database, segment: NO_SEGMENT, bytes: encodeCommand(parts) })
      return
    }
    const known = segment === NO_SEGMENT ? this.#keys.segmentOf(parts) : segment
    this.#effects.push(new FramedEffect(database, known, encodeCommand(parts, HEADER_BYTES)))
  }

  /** Notes the command itself, as it came. */
  recordCall(call: Call): void {
    if (!this.active) return
    const database = call.db.index
    if (this.#keys === undefined) {
      this.#effects.push({ database, segment: NO_SEGMENT, bytes: encodeCall(call, 0) })
      return
    }
    const isKnown = call.segment !== NO_SEGMENT && call.command.spec.keys !== undefined
    const segment = isKnown ? call.segment : this.#keys.segmentOfCall(call)
    // Libraries of functions are no data of a segment.
    if (segment === NO_SEGMENT) return
    this.#effects.push(new FramedEffect(database, segment, encodeCall(call, HEADER_BYTES)))
  }

  /** Takes over an entry that another server made, and that was applied here. */
  adopt(entry: LogEntry): void {
    // What handlers have noted on the way is in the entry already.
    this.#effects = []
    this.lsn = entry.lsn
    for (const reader of this.#readers) reader(entry)
  }

  /** Ends the entry of the command that ran. `changed`: whether it changed anything. */
  commit(now: number, changed: boolean): void {
    const effects = this.#effects
    if (effects.length === 0) {
      if (changed) this.lsn++
      return
    }
    this.#effects = []
    const { segment } = effects[0]!
    for (let i = 1; i < effects.length; i++) {
      if (effects[i]!.segment !== segment) {
        this.#commitDivided(now, effects)
        return
      }
    }
    this.#publish({ lsn: ++this.lsn, now, segment, effects })
  }

  #commitDivided(now: number, effects: readonly Effect[]): void {
    const entries = new Map<number, Effect[]>()
    for (const effect of effects) {
      const same = entries.get(effect.segment)
      if (same === undefined) entries.set(effect.segment, [effect])
      else same.push(effect)
    }
    for (const [segment, own] of entries) {
      this.#publish({ lsn: ++this.lsn, now, segment, effects: own })
    }
  }

  #publish(entry: LogEntry): void {
    for (const reader of this.#readers) reader(entry)
  }
}

/** A command as an array of bulk strings, after so many free bytes. */
export function encodeCommand(parts: readonly EffectPart[], free = 0): Buffer {
  const given = parts.map(part => (typeof part === 'object' ? part : String(part)))
  let size = free + headerBytes(given.length)
  for (const { length } of given) size += headerBytes(length) + length + 2
  const encoded = Buffer.allocUnsafe(size)
  let at = writeHeader(encoded, free, STAR, given.length)
  for (const part of given) {
    at = writeHeader(encoded, at, DOLLAR, part.length)
    if (typeof part === 'string') encoded.latin1Write(part, at)
    else encoded.set(part, at)
    at = writeLineEnd(encoded, at + part.length)
  }
  return encoded
}

/** As `encodeCommand`, of the arguments where they lie. */
function encodeCall(call: Call, free: number): Buffer {
  const { bytes, count } = call
  let size = free + headerBytes(count)
  for (let i = 0; i < count; i++) {
    const length = call.length(i)
    size += headerBytes(length) + length + 2
  }
  const encoded = Buffer.allocUnsafe(size)
  let at = writeHeader(encoded, free, STAR, count)
  for (let i = 0; i < count; i++) {
    const start = call.start(i)
    const length = call.length(i)
    at = writeHeader(encoded, at, DOLLAR, length)
    if (length > COPIED_BYTE_BY_BYTE_MAX) bytes.copy(encoded, at, start, start + length)
    else for (let k = 0; k < length; k++) encoded[at + k] = bytes[start + k]!
    at = writeLineEnd(encoded, at + length)
  }
  return encoded
}

const STAR = 0x2a
const DOLLAR = 0x24
const CR = 13
const LF = 10
/** Beyond this a call into native code pays for itself. */
const COPIED_BYTE_BY_BYTE_MAX = 32

/** Bytes of `$123` and its line end. */
function headerBytes(count: number): number {
  let digits = 1
  for (let rest = count; rest >= 10; rest = Math.trunc(rest / 10)) digits++
  return digits + 3
}

function writeHeader(bytes: Buffer, at: number, type: number, count: number): number {
  const end = at + headerBytes(count) - 2
  bytes[at] = type
  let rest = count
  for (let i = end - 1; i > at; i--) {
    bytes[i] = 0x30 + (rest % 10)
    rest = Math.trunc(rest / 10)
  }
  return writeLineEnd(bytes, end)
}

function writeLineEnd(bytes: Buffer, at: number): number {
  bytes[at] = CR
  bytes[at + 1] = LF
  return at + 2
}
