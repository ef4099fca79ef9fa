// effects.ts — The effect log: what every write has done, in a form that can be done again.
//
// Replication, persistence and state transfer all read this one log. An entry is what one command
// of a client did (a transaction or a script counts as one): its log sequence number, the time at
// which it ran, and its effects. An effect is a command in RESP with the database it belongs to;
// run against the same state at that time it has the same outcome. Times in effects are absolute;
// chance and iteration order do not occur. Deletions by expiry and eviction are effects too: a copy
// never deletes on its own.
//
// Invariant: whoever applies the entries in order to an empty keyspace has, after each, the same
// keys, values and expiries as the primary had.

import type { Call, EffectPart } from './call.ts'

export interface Effect {
  readonly database: number
  /** The command as an array of bulk strings. */
  readonly bytes: Buffer
}

export interface LogEntry {
  /** Numbers entries without gaps, from 1. */
  readonly lsn: number
  /** Time of the command in ms since the epoch. */
  readonly now: number
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

  subscribe(reader: LogReader): void {
    this.#readers.push(reader)
    this.active = true
  }

  /** Notes an effect of the command that is running. */
  record(database: number, parts: readonly EffectPart[]): void {
    if (this.active) this.#effects.push({ database, bytes: encodeCommand(parts) })
  }

  /** Notes the command itself, as it came. */
  recordCall(call: Call): void {
    if (this.active) this.#effects.push({ database: call.db.index, bytes: encodeCall(call) })
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
    if (!changed && this.#effects.length === 0) return
    this.lsn++
    if (this.#effects.length === 0) return
    const entry: LogEntry = { lsn: this.lsn, now, effects: this.#effects }
    this.#effects = []
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
