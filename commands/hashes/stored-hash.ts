// stored-hash.ts — Reading a hash under its key, in either of its two forms.
//
// A small hash is a listpack of fields and values in the record, a large one a Hash, and so is every hash
// that has fields with an expiry. A field whose time is over is gone for every reader here, though it may
// still take up room: on a backup until the primary says so, elsewhere until somebody comes by.
//
// Fields have indexes from 0 to the size, good until the hash changes. Elements that are read are
// borrowed until then.

import type { Call } from '../../src/call.ts'
import type { Database } from '../../src/keyspace/database.ts'
import { HASH, OBJECT } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import type { Hash } from '../../src/values/hash.ts'
import * as listpack from '../../src/values/listpack.ts'
import { readElement } from '../elements.ts'

/** In a listpack fields are searched with their values passed over. */
export const VALUE_SKIPPED = 1

/** The hash of key i, for a command that only reads it; 0 if there is none. */
export function readHash(call: Call, i: number): number {
  return settle(call, call.readType(i, HASH))
}

/**
 * The hash of key i, for a command that changes it; 0 if there is none. The command names the fields in
 * arguments `first`, `first + step` and so on. Those of them whose time is over go before it changes
 * anything: so their ends can be logged before what it does.
 */
export function writeHash(call: Call, i: number, first: number, step: number): number {
  let entry = settle(call, call.writeType(i, HASH))
  if (entry === 0 || call.db.encoding(entry) !== OBJECT) return entry
  const { keyspace, fieldExpiry } = call.server
  const hash = call.db.object(entry) as Hash
  if (hash.nextExpiry() > keyspace.now) return entry
  for (let a = first; a < call.count && entry !== 0; a += step) {
    if (isExpired(hash, readElement(call, a, named), keyspace.now)) {
      entry = fieldExpiry.remove(call.db, entry, named)
    }
  }
  return entry
}

const named = new Element()

/** Removes some of the fields whose time is over. The hash may go with them. */
function settle(call: Call, entry: number): number {
  if (entry === 0 || call.db.encoding(entry) !== OBJECT) return entry
  const hash = call.db.object(entry) as Hash
  const { keyspace, fieldExpiry } = call.server
  return hash.nextExpiry() > keyspace.now ? entry : fieldExpiry.settle(call.db, entry)
}

/** Number of fields. As in Redis, one whose time is over counts until it is removed. */
export function hashSize(db: Database, entry: number): number {
  if (db.encoding(entry) === OBJECT) return (db.object(entry) as Hash).size
  return listpack.length(db.page(entry), db.valueStart(entry)) / 2
}

/** Whether the time of a field of a large hash is over. */
export function isExpired(hash: Hash, field: Element, now: number): boolean {
  if (hash.nextExpiry() > now) return false
  const at = hash.expiresAt(field)
  return at !== undefined && at >= 0 && at <= now
}

/** Borrows the value of a field; false if there is no such field. */
export function readValue(call: Call, entry: number, field: Element, into: Element): boolean {
  const { db } = call
  if (db.encoding(entry) === OBJECT) {
    const hash = db.object(entry) as Hash
    return hash.read(field, into) && !isExpired(hash, field, call.server.keyspace.now)
  }
  const page = db.page(entry)
  const at = listpack.find(page, db.valueStart(entry), field, VALUE_SKIPPED)
  if (at < 0) return false
  listpack.get(page, listpack.next(page, at), into)
  return true
}

/** A walk over the fields and values in the order of their indexes. The hash must not change meanwhile. */
export class FieldWalk {
  /** Number of fields that the walk will give. */
  readonly size: number
  /** Fields looked at: the next one's index. */
  #index = 0
  readonly #end: number
  readonly #now: number
  readonly #large: Hash | undefined
  readonly #bytes: Uint8Array
  /** Position of the next field in a listpack. */
  #at: number

  constructor(call: Call, entry: number) {
    const { db } = call
    const large = db.encoding(entry) === OBJECT ? (db.object(entry) as Hash) : undefined
    this.#large = large
    this.#end = hashSize(db, entry)
    const { now } = call.server.keyspace
    this.#now = large !== undefined && large.nextExpiry() <= now ? now : NOBODY
    this.#bytes = db.page(entry)
    this.#at = large === undefined ? db.valueStart(entry) + listpack.HEADER_BYTES : 0
    this.size = this.#now === NOBODY ? this.#end : this.#countLiving()
  }

  /** Borrows the next field and its value; false at the end. */
  next(field: Element, value: Element): boolean {
    if (this.#index === this.#end) return false
    if (this.#large === undefined) {
      this.#index++
      listpack.get(this.#bytes, this.#at, field)
      this.#at += listpack.elementBytes(this.#bytes, this.#at)
      listpack.get(this.#bytes, this.#at, value)
      this.#at += listpack.elementBytes(this.#bytes, this.#at)
      return true
    }
    while (this.#isExpired(this.#index)) if (++this.#index === this.#end) return false
    this.#large.readIndex(this.#index++, field, value)
    return true
  }

  #isExpired(index: number): boolean {
    if (this.#now === NOBODY) return false
    const at = this.#large!.expiresAtIndex(index)
    return at >= 0 && at <= this.#now
  }

  #countLiving(): number {
    let count = 0
    for (let index = 0; index < this.#end; index++) if (!this.#isExpired(index)) count++
    return count
  }
}

/** A time at which no field is over. */
const NOBODY = -1
