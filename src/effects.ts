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
    this.#effects.push({ database, segment: known, bytes: encodeCommand(parts) })
  }

  /** Notes the command itself, as it came. */
  recordCall(call: Call): void {
    if (!this.active) return
    let segment = NO_SEGMENT
    if (this.#keys !== undefined) {
      const isKnown = call.segment !== NO_SEGMENT && call.command.spec.keys !== undefined
      segment = isKnown ? call.segment : this.#keys.segmentOfCall(call)
      // Libraries of functions are no data of a segment.
      if (segment === NO_SEGMENT) return
    }
    this.#effects.push({ database: call.db.index, segment, bytes: encodeCall(call) })
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

/** A command as an array of bulk strings. */
export function encodeCommand(parts: readonly EffectPart[]): Buffer {
  const pieces: Buffer[] = [Buffer.from(`*${parts.length}\r\n`)]
  for (const part of parts) {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(String(part), 'latin1')
    pieces.push(Buffer.from(`$${bytes.length}\r\n`), bytes, LINE_END)
  }
  return Buffer.concat(pieces)
}

const LINE_END = Buffer.from('\r\n')

function encodeCall(call: Call): Buffer {
  const parts: Buffer[] = []
  for (let i = 0; i < call.count; i++) parts.push(call.view(i))
  return encodeCommand(parts)
}
