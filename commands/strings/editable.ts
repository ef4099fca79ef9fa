// editable.ts — Strings changed in place: what SETRANGE, SETBIT, BITFIELD and PFADD have in common.
//
// A change in place costs what it changes, not what the string weighs: a bit of a megabyte is set
// without copying the megabyte. Only where a reply still shows the string's memory is it copied first.

import type { Call } from '../../src/call.ts'
import { REPLAY } from '../../src/client.ts'
import { errors } from '../../src/errors.ts'
import { RAW, STRING } from '../../src/keyspace/record.ts'

/** Refuses strings beyond `proto-max-bulk-len`; what a primary has accepted is not refused again. */
export function checkLength(call: Call, length: number): void {
  if (length <= call.server.config.values['proto-max-bulk-len'] || call.client.is(REPLAY)) return
  throw errors.stringTooLong
}

/**
 * Keeps a string raw that is about to be changed in place; as in Redis it stays so, changed or not.
 * True if it was not kept so before.
 */
export function unshare({ db }: Call, entry: number): boolean {
  if (db.encoding(entry) === RAW) return false
  db.reencode(entry, RAW)
  return true
}

/**
 * Makes the string at key 1 (its entry, 0 for none) at least `length` bytes long and ready to be
 * changed where it lies; new bytes are zero. The caller declares the change. Answers the address.
 */
export function editable(call: Call, entry: number, length: number): number {
  const { db } = call
  if (entry === 0) {
    const made = db.prepare(call.bytes, call.start(1), call.end(1), length, false)
    db.setKind(made, STRING, RAW)
    const start = db.valueStart(made)
    db.page(made).fill(0, start, start + length)
    return made
  }
  const own = length > db.valueLength(entry) ? db.resizeValue(entry, length) : db.ownValue(entry)
  unshare(call, own)
  return own
}
