// hash.ts — A hash over Redis's thresholds: fields with values, some of which expire.
//
// A record holds the field, the value, and behind it the time of expiry if there is one. The times
// are also in a tree, so the caller takes exactly what is due: `expire` before any other use makes
// sure that no reader meets a field whose time is over. Fields have dense indexes, as the members
// of a set have: a random one is O(1), and a scan misses no field that stays.
//
// Invariant: a record whose VALUE_LENGTH is marked has one row (time, reference) in the tree, and
// there are no other rows. What is read is borrowed until the hash is next changed. Times are
// milliseconds, whole and not negative; there is no clock here.

import { copyBytes } from './bytes.ts'
import { Dict, KEY_LENGTH, type RecordOwner } from './dict.ts'
import { asElement, Element, type Text } from './element.ts'
import * as listpack from './listpack.ts'
import { readInt32, writeInt32 } from './packed-element.ts'
import { PAGE_SHIFT, WORD_MASK } from './records.ts'
import { Tree } from './tree.ts'

const HEADER_WORDS = 3
/** Word of a record: bytes of its value; the top bit tells that an expiry follows the value. */
const VALUE_LENGTH = 2
const EXPIRES = 0x80000000
const LENGTH_MASK = 0x7fffffff
const EXPIRY_BYTES = 8
const WORD = 4294967296
const HASH_BYTES = 120

/** What a field without expiry answers. */
export const NO_EXPIRY = -1

export class Hash implements RecordOwner {
  readonly #dict = new Dict(HEADER_WORDS, this)
  #expiries: Tree | undefined = undefined

  /** A hash of the pairs of field and value in a listpack that has been validated. */
  static fromListpack(lp: Uint8Array, base: number): Hash {
    const hash = new Hash()
    let at = listpack.first(lp, base)
    while (at >= 0) {
      listpack.get(lp, at, spareField)
      at = listpack.next(lp, at)
      listpack.get(lp, at, spareValue)
      at = listpack.next(lp, at)
      hash.set(spareField, spareValue)
    }
    return hash
  }

  get size(): number {
    return this.#dict.size
  }

  memory(): number {
    return HASH_BYTES + this.#dict.memory() + (this.#expiries?.memory() ?? 0)
  }

  has(field: Text): boolean {
    return this.#dict.find(asElement(field, spareField)) !== 0
  }

  get(field: Text): string | undefined {
    return this.read(field, spareValue) ? spareValue.toString() : undefined
  }

  /** Borrows the value of a field; false if there is no such field. */
  read(field: Text, into: Element): boolean {
    const reference = this.#dict.find(asElement(field, spareField))
    if (reference === 0) return false
    this.#readValue(reference, into)
    return true
  }

  /** Gives a field a value, and unless `keepsExpiry` for good; true if the field is new. */
  set(field: Text, value: Text, keepsExpiry = false): boolean {
    const key = asElement(field, spareField)
    const held = asElement(value, spareValue)
    const reference = this.#dict.find(key)
    if (reference === 0) {
      this.#write(this.#dict.insert(key, held.end - held.start), held, NO_EXPIRY)
      return true
    }
    this.#rewrite(reference, held, keepsExpiry ? this.#expiryOf(reference) : NO_EXPIRY)
    return false
  }

  /** False if there is no such field. */
  remove(field: Text): boolean {
    const reference = this.#dict.find(asElement(field, spareField))
    if (reference === 0) return false
    this.#remove(reference)
    return true
  }

  /** When a field expires: NO_EXPIRY if never, undefined if there is no such field. */
  expiresAt(field: Text): number | undefined {
    const reference = this.#dict.find(asElement(field, spareField))
    return reference === 0 ? undefined : this.#expiryOf(reference)
  }

  /** Sets when a field expires, NO_EXPIRY for never; false if there is no such field. */
  setExpiry(field: Text, at: number): boolean {
    const reference = this.#dict.find(asElement(field, spareField))
    if (reference === 0) return false
    if (this.#expiryOf(reference) === at) return true
    this.#readValue(reference, spareValue)
    this.#rewrite(reference, spareValue, at)
    return true
  }

  /** Number of fields that expire. */
  get expiryCount(): number {
    return this.#expiries?.size ?? 0
  }

  /** The earliest expiry of any field; Infinity if none expires. */
  nextExpiry(): number {
    const expiries = this.#expiries
    if (expiries === undefined || !expiries.seekFirst()) return Number.POSITIVE_INFINITY
    return (expiries.word(0) >>> 0) * WORD + (expiries.word(1) >>> 0)
  }

  /**
   * Removes fields whose time is not after `now`, the earliest first, at most `max` of them. `gone`
   * is told of each before it goes. Returns how many went.
   */
  expire(now: number, max: number, gone: (field: Element) => void): number {
    let count = 0
    while (count < max && this.nextExpiry() <= now) {
      const reference = this.#expiries!.word(2)
      this.#dict.readKey(reference, visited)
      gone(visited)
      this.#remove(reference)
      count++
    }
    return count
  }

  /** Borrows the field at an index from 0 to `size`, and its value. */
  readIndex(index: number, field: Element, value: Element): void {
    const reference = this.#dict.at(index)
    this.#dict.readKey(reference, field)
    this.#readValue(reference, value)
  }

  /** When the field at an index expires, or NO_EXPIRY. */
  expiresAtIndex(index: number): number {
    return this.#expiryOf(this.#dict.at(index))
  }

  /**
   * Visits up to `count` fields from a cursor on; returns the next cursor, 0 at the end. A scan
   * begins with cursor 0. Fields that stay throughout are visited at least once.
   */
  scan(cursor: number, count: number, visit: (field: Element, value: Element) => void): number {
    let index = cursor === 0 ? this.size : Math.min(cursor, this.size)
    for (let i = 0; i < count && index > 0; i++) {
      this.readIndex(--index, visited, visitedValue)
      visit(visited, visitedValue)
    }
    return index
  }

  /** The same hash, with its expiries, in memory of its own. */
  copy(): Hash {
    const hash = new Hash()
    for (let i = 0; i < this.size; i++) {
      this.readIndex(i, visited, visitedValue)
      hash.set(visited, visitedValue)
      const at = this.expiresAtIndex(i)
      if (at !== NO_EXPIRY) hash.setExpiry(visited, at)
    }
    return hash
  }

  /** The pairs of field and value as a listpack; it has no place for expiry. */
  toListpack(): Uint8Array {
    let lp: Uint8Array = listpack.create()
    for (let i = 0; i < this.size; i++) {
      this.readIndex(i, visited, visitedValue)
      lp = listpack.append(lp, 0, lp.length, visited)
      lp = listpack.append(lp, 0, lp.length, visitedValue)
    }
    return lp.subarray(0, listpack.byteLength(lp, 0))
  }

  /** For the dict: bytes of value and expiry. */
  tailBytes(words: Int32Array, at: number): number {
    return tailBytes(words[at + VALUE_LENGTH]!)
  }

  /** For the dict: the row of a record that moves takes its new reference. */
  moved(from: number, to: number): void {
    const expiresAt = this.#expiryOf(from)
    const expiries = this.#expiries
    if (expiresAt === NO_EXPIRY || expiries === undefined) return
    this.#aim(expiries, expiresAt, from)
    if (!expiries.remove()) return
    this.#aim(expiries, expiresAt, to)
    expiries.insert()
  }

  #remove(reference: number): void {
    this.#forgetExpiry(reference)
    this.#dict.remove(reference)
  }

  #readValue(reference: number, into: Element): void {
    const start = this.#dict.tailStart(reference)
    const length = this.#lengthWord(reference) & LENGTH_MASK
    into.fromBytes(this.#dict.records.bytes[reference >>> PAGE_SHIFT]!, start, start + length)
  }

  #lengthWord(reference: number): number {
    const words = this.#dict.records.words[reference >>> PAGE_SHIFT]!
    return words[(reference & WORD_MASK) + VALUE_LENGTH]!
  }

  #expiryOf(reference: number): number {
    const length = this.#lengthWord(reference)
    if (length >= 0) return NO_EXPIRY
    const bytes = this.#dict.records.bytes[reference >>> PAGE_SHIFT]!
    const at = this.#dict.tailStart(reference) + (length & LENGTH_MASK)
    return (readInt32(bytes, at + 4) >>> 0) * WORD + (readInt32(bytes, at) >>> 0)
  }

  /** Fills a record that has room for just this, and enters its expiry. */
  #write(reference: number, value: Element, expiresAt: number): void {
    const { records } = this.#dict
    const page = reference >>> PAGE_SHIFT
    const bytes = records.bytes[page]!
    const length = value.end - value.start
    const expires = expiresAt !== NO_EXPIRY
    const start = this.#dict.tailStart(reference)
    records.words[page]![(reference & WORD_MASK) + VALUE_LENGTH] = expires
      ? length | EXPIRES
      : length
    if (value.bytes !== bytes || value.start !== start) {
      copyBytes(value.bytes, value.start, value.end, bytes, start)
    }
    if (!expires) return
    writeInt32(bytes, start + length, expiresAt | 0)
    writeInt32(bytes, start + length + 4, Math.floor(expiresAt / WORD))
    this.#expiries ??= new Tree(3, 3)
    this.#aim(this.#expiries, expiresAt, reference)
    this.#expiries.insert()
  }

  /** Writes in place if the new content takes the same words, or else into a new record. */
  #rewrite(reference: number, value: Element, expiresAt: number): void {
    this.#forgetExpiry(reference)
    const held = tailBytes(this.#lengthWord(reference))
    const wanted = value.end - value.start + (expiresAt === NO_EXPIRY ? 0 : EXPIRY_BYTES)
    const words = this.#dict.records.words[reference >>> PAGE_SHIFT]!
    const kept = words[(reference & WORD_MASK) + KEY_LENGTH]!
    const fits = (kept + held + 3) >>> 2 === (kept + wanted + 3) >>> 2
    this.#write(fits ? reference : this.#dict.reallocate(reference, wanted), value, expiresAt)
    this.#dict.collect()
  }

  #forgetExpiry(reference: number): void {
    const expiresAt = this.#expiryOf(reference)
    if (expiresAt === NO_EXPIRY || this.#expiries === undefined) return
    this.#aim(this.#expiries, expiresAt, reference)
    this.#expiries.remove()
  }

  #aim(expiries: Tree, expiresAt: number, reference: number): void {
    expiries.key[0] = Math.floor(expiresAt / WORD)
    expiries.key[1] = expiresAt | 0
    expiries.key[2] = reference
  }
}

function tailBytes(lengthWord: number): number {
  return lengthWord < 0 ? (lengthWord & LENGTH_MASK) + EXPIRY_BYTES : lengthWord
}

const spareField = new Element()
const spareValue = new Element()
const visited = new Element()
const visitedValue = new Element()
