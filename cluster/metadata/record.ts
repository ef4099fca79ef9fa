// The file of a node's consensus: records, one for each write, in their order.
//
// A write survives a crash whole or not at all, and none without those before it. So it is one
// record with a checksum over all of it, and whoever reads stops at the first record that is not
// whole: what follows was never reported to be durable. A file begins with its format's version.

import { Crc64 } from '../../src/rdb/crc64.ts'
import { DecodeError, Reader, Writer } from '../raft/bytes.ts'
import {
  decodeEntry,
  decodeHardState,
  decodeSnapshot,
  encodeEntry,
  encodeHardState,
  encodeSnapshot,
} from '../raft/codec.ts'
import type { Entry } from '../raft/entry.ts'
import type { Write } from '../raft/event.ts'
import { BLANK, type Restored } from '../raft/raft.ts'

/** What a write changes on disk. */
export type Change = Omit<Write, 'number'>

/** Seven letters, and the version. */
export const FILE_HEADER = Buffer.from('LATCHKY\u0001', 'latin1')

/** The length of the rest, and a checksum over that length and the rest. */
const RECORD_HEADER_BYTES = 12
const LENGTH_BYTES = 4
const ENTRY_BYTES_MIN = 3

const HARD_STATE = 1
const SNAPSHOT = 2
const INSTALLED = 4

export interface FileContent {
  readonly restored: Restored
  /** Of records that are whole. Less than the file is long if its end was torn off. */
  readonly bytes: number
}

export function encodeRecord({
  hardState,
  snapshot,
  isSnapshotInstalled,
  entries,
}: Change): Buffer {
  const writer = new Writer()
  const flags =
    (hardState === undefined ? 0 : HARD_STATE) |
    (snapshot === undefined ? 0 : SNAPSHOT) |
    (isSnapshotInstalled ? INSTALLED : 0)
  writer.byte(flags)
  if (hardState !== undefined) writer.bytes(encodeHardState(hardState))
  if (snapshot !== undefined) writer.bytes(encodeSnapshot(snapshot))
  writer.number(entries.length)
  for (const entry of entries) writer.bytes(encodeEntry(entry))
  const body = writer.finish()
  const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + body.length)
  record.writeUInt32LE(body.length, 0)
  record.set(body, RECORD_HEADER_BYTES)
  const { high, low } = checksum(record)
  record.writeInt32LE(low, LENGTH_BYTES)
  record.writeInt32LE(high, LENGTH_BYTES + 4)
  return record
}

function checksum(record: Uint8Array): Crc64 {
  return new Crc64().update(record, 0, LENGTH_BYTES).update(record, RECORD_HEADER_BYTES)
}

function decodeRecord(body: Uint8Array): Change {
  const reader = new Reader(body)
  const flags = reader.byte()
  const hardState = flags & HARD_STATE ? decodeHardState(reader.bytes()) : undefined
  const snapshot = flags & SNAPSHOT ? decodeSnapshot(reader.bytes()) : undefined
  const entries: Entry[] = []
  for (let left = reader.count(ENTRY_BYTES_MIN); left > 0; left--) {
    entries.push(decodeEntry(reader.bytes()))
  }
  reader.end()
  return { hardState, snapshot, isSnapshotInstalled: (flags & INSTALLED) !== 0, entries }
}

/** Throws a DecodeError if this is no such file, or of another version. */
export function readFile(file: Buffer): FileContent {
  if (!file.subarray(0, FILE_HEADER.length).equals(FILE_HEADER)) {
    throw new DecodeError('not a file of this version')
  }
  const image = new DiskImage(BLANK)
  let at = FILE_HEADER.length
  while (at + RECORD_HEADER_BYTES <= file.length) {
    const end = at + RECORD_HEADER_BYTES + file.readUInt32LE(at)
    if (end > file.length) break
    const record = file.subarray(at, end)
    const { high, low } = checksum(record)
    const isWhole =
      record.readInt32LE(LENGTH_BYTES) === low && record.readInt32LE(LENGTH_BYTES + 4) === high
    if (!isWhole) break
    image.keep(decodeRecord(record.subarray(RECORD_HEADER_BYTES)))
    at = end
  }
  return { restored: image.restored, bytes: at }
}

/** What is on disk, as a process that starts would find it. */
export class DiskImage {
  #restored: Omit<Restored, 'entries'>
  #entries: Entry[]

  constructor({ entries, ...restored }: Restored) {
    this.#restored = restored
    this.#entries = [...entries]
  }

  get restored(): Restored {
    return { ...this.#restored, entries: [...this.#entries] }
  }

  keep({ hardState, snapshot, isSnapshotInstalled, entries }: Change): void {
    const { hardState: before, snapshot: older } = this.#restored
    this.#restored = { hardState: hardState ?? before, snapshot: snapshot ?? older }
    if (isSnapshotInstalled) this.#entries = []
    else if (snapshot !== undefined) {
      this.#entries = this.#entries.filter(entry => entry.index > snapshot.index)
    }
    const first = entries[0]?.index
    if (first === undefined) return
    while (this.#entries.length > 0 && this.#entries.at(-1)!.index >= first) this.#entries.pop()
    for (const entry of entries) this.#entries.push(entry)
  }
}
