// packed.ts — Collections kept as packed bytes in the arena: how they begin, grow and are replaced.
//
// Edits are done where the value lies. What will not fit moves to a larger record first, so that no
// array is made only to be copied. An entry is known by its address, which every function here that
// may move it returns.

import type { Call } from '../src/call.ts'
import type { Database } from '../src/keyspace/database.ts'
import { LISTPACK } from '../src/keyspace/record.ts'
import { EMPTY_BYTES, HEADER_BYTES, TERMINATOR, writeHeader } from '../src/values/listpack.ts'

/** An entry for key i, which has none, with an empty listpack and room for `growth` bytes more. */
export function createListpack(call: Call, i: number, type: number, growth: number): number {
  const { db } = call
  const entry = db.prepare(call.bytes, call.start(i), call.end(i), EMPTY_BYTES + growth, false)
  db.setKind(entry, type, LISTPACK)
  const page = db.page(entry)
  const base = db.valueStart(entry)
  writeHeader(page, base, EMPTY_BYTES, 0)
  page[base + HEADER_BYTES] = TERMINATOR
  return db.storePacked(entry, page, EMPTY_BYTES)
}

/** Makes sure that a packed value can grow by `growth` bytes in place. */
export function makeRoom(db: Database, entry: number, growth: number): number {
  const length = db.valueLength(entry)
  if (db.valueStart(entry) + length + growth <= db.valueLimit(entry)) return entry
  const moved = db.resizeValue(entry, length + growth)
  return db.storePacked(moved, db.page(moved), length)
}

/** Makes key i hold a packed value, which is copied. What it held is gone, and its expiry. */
export function setPacked(
  call: Call,
  i: number,
  type: number,
  encoding: number,
  bytes: Uint8Array,
): number {
  const { db } = call
  const entry = db.prepare(call.bytes, call.start(i), call.end(i), bytes.length, false)
  db.setKind(entry, type, encoding)
  db.page(entry).set(bytes, db.valueStart(entry))
  db.changed(entry)
  return entry
}

/**
 * Takes over a packed value that was edited, as `Database.storePacked`, and gives back room when more
 * than half of the record has become empty.
 */
export function keepPacked(db: Database, entry: number, bytes: Uint8Array, length: number): number {
  const stored = db.storePacked(entry, bytes, length)
  const room = db.valueLimit(stored) - db.valueStart(stored)
  return room > SHRINK_BYTES_MIN && length < room >>> 1 ? db.resizeValue(stored, length) : stored
}

/** Records below this size are not worth moving to save the half of them. */
const SHRINK_BYTES_MIN = 256
