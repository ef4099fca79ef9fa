// editable-hash.ts — The hash of a key while a command changes it.
//
// Here is decided when a hash changes its form, as Redis decides it: a listpack becomes a Hash, for good, when
// it has too many fields, or a field or value that is too long; and here also when a field is given an
// expiry, for which a listpack has no place.
//
// Whoever opened a hash calls `close` once, after the last change; no empty hash is left behind. The texts
// of the elements that come in must be present.

import type { Call } from '../../src/call.ts'
import { HASH, OBJECT } from '../../src/keyspace/record.ts'
import type { Element } from '../../src/values/element.ts'
import { Hash, NO_EXPIRY } from '../../src/values/hash.ts'
import * as listpack from '../../src/values/listpack.ts'
import { sizeOf, write } from '../../src/values/packed-element.ts'
import { createListpack, keepPacked, makeRoom } from '../packed.ts'
import { VALUE_SKIPPED, writeHash } from './stored-hash.ts'

const NOTHING = Buffer.alloc(0)
/** What Redis lets a listpack grow to, less the lengths that stand around a field and a value. */
const HASH_BYTES_MAX = listpack.LISTPACK_BYTES_MAX - 20

class EditableHash {
  #call!: Call
  #i = 0
  #entry = 0
  #large: Hash | undefined = undefined
  // A packed hash lies in bytes[base, limit), and takes `length` bytes of it.
  #bytes: Uint8Array = NOTHING
  #base = 0
  #limit = 0
  #length = 0
  #hasShrunk = false

  /**
   * Opens the hash of key i; false if there is none. The fields that the command names stand in
   * arguments `first`, `first + step` and so on; of these none is past its time from here on.
   */
  open(call: Call, i: number, first: number, step: number): boolean {
    const entry = writeHash(call, i, first, step)
    if (entry === 0) return false
    this.#openEntry(call, i, entry)
    return true
  }

  /** Makes an empty hash for key i, which holds none; the first field, of so many bytes, comes next. */
  create(call: Call, i: number, bytes: number): void {
    this.#openEntry(call, i, createListpack(call, i, HASH, bytes))
  }

  has(field: Element): boolean {
    return this.#large === undefined ? this.#find(field) >= 0 : this.#large.has(field)
  }

  /** Borrows the value of a field; false if there is no such field. */
  read(field: Element, into: Element): boolean {
    if (this.#large !== undefined) return this.#large.read(field, into)
    const at = this.#find(field)
    if (at < 0) return false
    listpack.get(this.#bytes, listpack.next(this.#bytes, at), into)
    return true
  }

  /** Gives a field a value, and unless `keepsExpiry` for good; true if the field is new. */
  set(field: Element, value: Element, keepsExpiry = false): boolean {
    if (this.#large === undefined) {
      const at = this.#find(field)
      if (this.#takes(field, value, at < 0)) {
        if (at < 0) this.#append(field, value)
        else this.#replace(listpack.next(this.#bytes, at), value)
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
    listpack.remove(this.#bytes, this.#base, at, 2)
    this.#resized()
    return true
  }

  /** When a field that is there expires, or NO_EXPIRY. */
  expiresAt(field: Element): number {
    return this.#large?.expiresAt(field) ?? NO_EXPIRY
  }

  /** The hash as an object, which it becomes for good. */
  enlarge(): Hash {
    if (this.#large === undefined) {
      this.#large = Hash.fromListpack(this.#bytes, this.#base)
      this.#entry = this.#call.db.storeObject(this.#entry, this.#large)
    }
    return this.#large
  }

  /** Declares the key changed, if it was, or deletes it if nothing is left. */
  close(changed = true): void {
    if (!changed) return
    const { db } = this.#call
    const isEmpty =
      this.#large === undefined ? this.#length === listpack.EMPTY_BYTES : this.#large.size === 0
    if (isEmpty) {
      db.deleteAt(this.#entry)
      this.#call.notify('g', 'del', this.#i)
      return
    }
    if (this.#large === undefined && this.#hasShrunk) {
      this.#entry = keepPacked(db, this.#entry, this.#bytes, this.#length)
    }
    db.changed(this.#entry)
  }

  #openEntry(call: Call, i: number, entry: number): void {
    const { db } = call
    this.#call = call
    this.#i = i
    this.#entry = entry
    this.#hasShrunk = false
    this.#large = db.encoding(entry) === OBJECT ? (db.object(entry) as Hash) : undefined
    if (this.#large === undefined) this.#aim()
  }

  /** Finds out where the packed hash lies. */
  #aim(): void {
    const { db } = this.#call
    const entry = this.#entry
    this.#bytes = db.page(entry)
    this.#base = db.valueStart(entry)
    this.#limit = db.valueLimit(entry)
    this.#length = db.valueLength(entry)
  }

  /** Position of a field in the listpack, or -1. */
  #find(field: Element): number {
    return listpack.find(this.#bytes, this.#base, field, VALUE_SKIPPED)
  }

  #takes(field: Element, value: Element, isNew: boolean): boolean {
    const { values } = this.#call.server.config
    const lengthMax = values['hash-max-listpack-value']
    const fieldBytes = field.end - field.start
    const valueBytes = value.end - value.start
    if (fieldBytes > lengthMax || valueBytes > lengthMax) return false
    if (this.#length + fieldBytes + valueBytes > HASH_BYTES_MAX) return false
    const count = listpack.length(this.#bytes, this.#base) / 2
    return !isNew || count < values['hash-max-listpack-entries']
  }

  #append(field: Element, value: Element): void {
    this.#makeRoom(sizeOf(field) + sizeOf(value))
    listpack.append(this.#bytes, this.#base, this.#limit, field)
    listpack.append(this.#bytes, this.#base, this.#limit, value)
    this.#resized()
  }

  /** Replaces the value at a position. */
  #replace(at: number, value: Element): void {
    const growth = sizeOf(value) - listpack.elementBytes(this.#bytes, at)
    if (growth === 0) {
      write(this.#bytes, at, value)
      return
    }
    const place = at - this.#base
    this.#makeRoom(growth)
    listpack.replace(this.#bytes, this.#base, this.#limit, this.#base + place, value)
    this.#resized()
  }

  #makeRoom(growth: number): void {
    if (this.#base + this.#length + growth <= this.#limit) return
    this.#entry = makeRoom(this.#call.db, this.#entry, growth)
    this.#aim()
  }

  /** Takes note of the length that an edit has left. */
  #resized(): void {
    const length = listpack.byteLength(this.#bytes, this.#base)
    if (length < this.#length) this.#hasShrunk = true
    this.#length = length
    this.#entry = this.#call.db.storePacked(this.#entry, this.#bytes, this.#length)
  }
}

/** One serves all commands, since they run one after the other. */
export const hash = new EditableHash()
