// editable-hash.ts — The hash of a key while a command changes it.
//
// Here is decided when a hash changes its form, as Redis decides it: a listpack becomes a Hash, for good, when
// it has too many fields, or a field or value that is too long; and here also when a field is given an
// expiry, for which a listpack has no place.
//
// Whoever opened a hash calls `close` once, after the last change; no empty hash is left behind. One
// instance serves all commands, since they run one after the other. The texts of the elements that
// come in must be present.

import type { Call } from '../../src/call.ts'
import { HASH, OBJECT } from '../../src/keyspace/record.ts'
import type { Element } from '../../src/values/element.ts'
import { Hash, NO_EXPIRY } from '../../src/values/hash.ts'
import * as listpack from '../../src/values/listpack.ts'
import { sizeOf } from '../../src/values/packed-element.ts'
import { createListpack, keepPacked, makeRoom } from '../packed.ts'
import { hashSize, VALUE_SKIPPED, writeHash } from './stored-hash.ts'

class EditableHash {
  #call!: Call
  #i = 0
  #entry = 0
  #large: Hash | undefined = undefined

  /**
   * Opens the hash of key i; false if there is none. The fields that the command names stand in
   * arguments `first`, `first + step` and so on; of these none is past its time from here on.
   */
  open(call: Call, i: number, first: number, step: number): boolean {
    const entry = writeHash(call, i, first, step)
    if (entry === 0) return false
    this.#aim(call, i, entry)
    return true
  }

  /** Makes an empty hash for key i, which holds none; the first field, of so many bytes, comes next. */
  create(call: Call, i: number, bytes: number): void {
    this.#aim(call, i, createListpack(call, i, HASH, bytes))
  }

  get size(): number {
    return hashSize(this.#call.db, this.#entry)
  }

  has(field: Element): boolean {
    return this.#large === undefined ? this.#find(field) >= 0 : this.#large.has(field)
  }

  /** Borrows the value of a field; false if there is no such field. */
  read(field: Element, into: Element): boolean {
    if (this.#large !== undefined) return this.#large.read(field, into)
    const at = this.#find(field)
    if (at < 0) return false
    const page = this.#call.db.page(this.#entry)
    listpack.get(page, listpack.next(page, at), into)
    return true
  }

  /** Gives a field a value, and unless `keepsExpiry` for good; true if the field is new. */
  set(field: Element, value: Element, keepsExpiry = false): boolean {
    if (this.#large === undefined) {
      const at = this.#find(field)
      if (this.#takes(field, value, at < 0)) {
        if (at < 0) this.#append(field, value)
        else this.#replace(at, value)
        return at < 0
      }
      this.enlarge()
    }
    return this.#large!.set(field, value, keepsExpiry)
  }

  /** False if there is no such field. */
  remove(field: Element): boolean {
    if (this.#large !== undefined) return this.#large.remove(field)
    const at = this.#find(field)
    if (at < 0) return false
    const { db } = this.#call
    const page = db.page(this.#entry)
    const base = db.valueStart(this.#entry)
    listpack.remove(page, base, at, 2)
    this.#entry = db.storePacked(this.#entry, page, listpack.byteLength(page, base))
    return true
  }

  /** When a field that is there expires, or NO_EXPIRY. */
  expiresAt(field: Element): number {
    return this.#large?.expiresAt(field) ?? NO_EXPIRY
  }

  /** The hash as an object, which it becomes for good. */
  enlarge(): Hash {
    if (this.#large === undefined) {
      const { db } = this.#call
      this.#large = Hash.fromListpack(db.page(this.#entry), db.valueStart(this.#entry))
      this.#entry = db.storeObject(this.#entry, this.#large)
    }
    return this.#large
  }

  /** Declares the key changed, if it was, or deletes it if nothing is left. */
  close(changed = true): void {
    const { db } = this.#call
    if (!changed) return
    if (this.size === 0) {
      db.deleteAt(this.#entry)
      this.#call.notify('g', 'del', this.#i)
      return
    }
    if (this.#large === undefined) {
      const page = db.page(this.#entry)
      const length = listpack.byteLength(page, db.valueStart(this.#entry))
      this.#entry = keepPacked(db, this.#entry, page, length)
    }
    db.changed(this.#entry)
  }

  #aim(call: Call, i: number, entry: number): void {
    this.#call = call
    this.#i = i
    this.#entry = entry
    this.#large = call.db.encoding(entry) === OBJECT ? (call.db.object(entry) as Hash) : undefined
  }

  /** Position of a field in the listpack, or -1. */
  #find(field: Element): number {
    const { db } = this.#call
    return listpack.find(db.page(this.#entry), db.valueStart(this.#entry), field, VALUE_SKIPPED)
  }

  #takes(field: Element, value: Element, isNew: boolean): boolean {
    const { db, server } = this.#call
    const { values } = server.config
    const lengthMax = values['hash-max-listpack-value']
    const length = db.valueLength(this.#entry)
    return (
      value.end - value.start <= lengthMax &&
      field.end - field.start <= lengthMax &&
      (!isNew || this.size < values['hash-max-listpack-entries']) &&
      length + sizeOf(field) + sizeOf(value) <= listpack.LISTPACK_BYTES_MAX
    )
  }

  #append(field: Element, value: Element): void {
    const { db } = this.#call
    const entry = makeRoom(db, this.#entry, sizeOf(field) + sizeOf(value))
    const page = db.page(entry)
    const base = db.valueStart(entry)
    const limit = db.valueLimit(entry)
    listpack.append(page, base, limit, field)
    listpack.append(page, base, limit, value)
    this.#entry = db.storePacked(entry, page, listpack.byteLength(page, base))
  }

  #replace(at: number, value: Element): void {
    const { db } = this.#call
    const valueAt = listpack.next(db.page(this.#entry), at)
    const place = valueAt - db.valueStart(this.#entry)
    const growth = sizeOf(value) - listpack.elementBytes(db.page(this.#entry), valueAt)
    const entry = makeRoom(db, this.#entry, growth)
    const page = db.page(entry)
    const base = db.valueStart(entry)
    listpack.replace(page, base, db.valueLimit(entry), base + place, value)
    this.#entry = db.storePacked(entry, page, listpack.byteLength(page, base))
  }
}

export const hash = new EditableHash()
