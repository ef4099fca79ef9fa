// dict.ts — Records found by a byte string: what large hashes, sets and sorted sets stand on.
//
// A record is HEADER words of the owner's (of which word 0, its index, and word 1, the length of
// its key, are ours), the key, and a tail of the owner's. Records are found through a hash table
// and are also listed in a dense array, from which a removed one is swapped out. The array gives
// random members in O(1), and an order in which a scan can walk downwards: removal only ever moves
// the last record, so one that stays is never missed.
//
// A handful of records needs no table at all: looking at each is as fast, and there are many
// collections of a few long values.
//
// Invariant: every record is at exactly one index, and if there is a table it is there once. A
// reference is good until the next call that may move records; the owner is told.

import { hashBytes } from '../keyspace/hash.ts'
import { ARRAY_OVERHEAD_BYTES, copyBytes, sameBytes } from './bytes.ts'
import type { Element } from './element.ts'
import { HashTable } from './hash-table.ts'
import { DEAD, PAGE_SHIFT, Records, WORD_MASK } from './records.ts'

/** Words of a record that are the dict's own. */
export const INDEX = 0
export const KEY_LENGTH = 1

/** So many records do without a table; half as many do without it again. */
const UNINDEXED_MAX = 16

/** References in one piece of the dense array. */
const PIECE_SHIFT = 12
const PIECE_SIZE = 1 << PIECE_SHIFT
const PIECE_MASK = PIECE_SIZE - 1
const PIECE_SIZE_MIN = 16

const DICT_BYTES = 400

/** What a dict must know of its records, and tell of them. */
export interface RecordOwner {
  /** Bytes behind the key of the record whose word 0 is `words[at]`. */
  tailBytes(words: Int32Array, at: number): number
  /** A record is to be known by another reference; both can still be read. */
  moved(from: number, to: number): void
}

export class Dict {
  size = 0
  readonly records = new Records()
  readonly #headerBytes: number
  readonly #owner: RecordOwner

  #table: HashTable | undefined = undefined
  readonly #dense: Int32Array[] = [new Int32Array(PIECE_SIZE_MIN)]
  // Registers of the last search: an insertion follows the search that found nothing, and a removal
  // nearly always the one that found the record.
  #hash = 0
  #slot = 0

  constructor(headerWords: number, owner: RecordOwner) {
    this.#headerBytes = headerWords * 4
    this.#owner = owner
  }

  memory(): number {
    const dense = this.#dense
    const pieces = dense.length * ARRAY_OVERHEAD_BYTES + 4 * this.#denseCapacity()
    return DICT_BYTES + pieces + (this.#table?.memory() ?? 0) + this.records.memory()
  }

  /** The record of a key, or 0. */
  find(key: Element): number {
    const { bytes, start, end } = key
    const table = this.#table
    if (table === undefined) return this.#findUnindexed(bytes, start, end)
    const hash = hashBytes(bytes, start, end) | 0
    this.#hash = hash
    const { slots } = table.bucketOf(hash)
    const mask = slots.length - 1
    let i = (hash << 1) & mask
    for (;;) {
      const reference = slots[i + 1]!
      if (reference === 0) return 0
      if (slots[i] === hash && this.#hasKey(reference, bytes, start, end)) {
        this.#slot = i
        return reference
      }
      i = (i + 2) & mask
    }
  }

  /**
   * Makes a record for the key that `find` has just not found. The header's other words and the
   * tail are the caller's to fill, before anything else is called.
   */
  insert(key: Element, tailBytes: number): number {
    const length = key.end - key.start
    const reference = this.records.allocate(this.#headerBytes + length + tailBytes)
    const page = reference >>> PAGE_SHIFT
    const at = reference & WORD_MASK
    const words = this.records.words[page]!
    words[at + INDEX] = this.size
    words[at + KEY_LENGTH] = length
    copyBytes(key.bytes, key.start, key.end, this.records.bytes[page]!, at * 4 + this.#headerBytes)
    this.#append(reference)
    if (this.#table !== undefined) this.#table.insert(this.#hash, reference)
    else if (this.size > UNINDEXED_MAX) this.#table = this.#index()
    return reference
  }

  remove(reference: number): void {
    this.discard(reference)
    this.collect()
  }

  /**
   * Removes a record from a collection that is being drained. Fewer records move for nothing: emptying
   * a sorted set of a million moves half a million so, where `remove` would move more than a million.
   */
  take(reference: number): void {
    this.discard(reference)
    if (this.records.wastefulWhenDrained) this.collect()
  }

  /** Removes a record, and moves none: for many in a row, with `collectAll` at the end. */
  discard(reference: number): void {
    const page = reference >>> PAGE_SHIFT
    const at = reference & WORD_MASK
    const words = this.records.words[page]!
    if (this.#table !== undefined) this.#unindex(this.#table, reference)
    this.#dropIndex(words[at + INDEX]!)
    this.records.free(reference, this.#sizeOf(words, at))
  }

  /** Gives a record a tail of another size; only header and key are kept. Old content is freed. */
  reallocate(reference: number, tailBytes: number): number {
    const words = this.records.words[reference >>> PAGE_SHIFT]!
    const at = reference & WORD_MASK
    const kept = this.#headerBytes + words[at + KEY_LENGTH]!
    const moved = this.records.allocate(kept + tailBytes)
    const before = this.#sizeOf(words, at)
    this.#move(reference, moved, kept)
    this.records.free(reference, before)
    return moved
  }

  /** Gives back memory: moves records together if too much is dead. References change. */
  collect(): void {
    const { records } = this
    records.trim()
    if (!records.wasteful) return
    const page = records.victim()
    const words = records.words[page]!
    const end = records.usedWords(page)
    for (let at = 0; at < end; ) {
      const size = this.#sizeOf(words, at)
      if (words[at] !== DEAD) {
        this.#move((page << PAGE_SHIFT) | at, records.allocate(size), size)
      }
      at += (size + 3) >>> 2
    }
    records.release(page)
  }

  /** Each round clears a page that has dead records, so there are less of them after it. */
  collectAll(): void {
    do this.collect()
    while (this.records.wasteful)
  }

  /** The record at an index; indexes run from 0 to `size` and change with every removal. */
  at(index: number): number {
    return this.#dense[index >>> PIECE_SHIFT]![index & PIECE_MASK]!
  }

  /** Borrows the key of a record. */
  readKey(reference: number, into: Element): void {
    const page = reference >>> PAGE_SHIFT
    const at = reference & WORD_MASK
    const start = at * 4 + this.#headerBytes
    const end = start + this.records.words[page]![at + KEY_LENGTH]!
    into.fromBytes(this.records.bytes[page]!, start, end)
  }

  /** Index in its page's bytes of what follows the key. */
  tailStart(reference: number): number {
    const at = reference & WORD_MASK
    const words = this.records.words[reference >>> PAGE_SHIFT]!
    return at * 4 + this.#headerBytes + words[at + KEY_LENGTH]!
  }

  #findUnindexed(bytes: Uint8Array, start: number, end: number): number {
    const references = this.#dense[0]!
    for (let i = 0; i < this.size; i++) {
      if (this.#hasKey(references[i]!, bytes, start, end)) return references[i]!
    }
    return 0
  }

  #index(): HashTable {
    const table = new HashTable()
    for (let i = 0; i < this.size; i++) table.insert(this.#hashOf(this.at(i)), this.at(i))
    return table
  }

  #unindex(table: HashTable, reference: number): void {
    if (this.size <= UNINDEXED_MAX >> 1) {
      this.#table = undefined
    } else if (table.bucketOf(this.#hash).slots[this.#slot + 1] === reference) {
      table.removeAt(this.#hash, this.#slot)
    } else {
      const hash = this.#hashOf(reference)
      table.removeAt(hash, table.bucketOf(hash).slotOf(hash, reference))
    }
  }

  #hasKey(reference: number, bytes: Uint8Array, start: number, end: number): boolean {
    const page = reference >>> PAGE_SHIFT
    const at = reference & WORD_MASK
    const length = end - start
    if (this.records.words[page]![at + KEY_LENGTH] !== length) return false
    return sameBytes(this.records.bytes[page]!, at * 4 + this.#headerBytes, bytes, start, length)
  }

  #hashOf(reference: number): number {
    const page = reference >>> PAGE_SHIFT
    const at = reference & WORD_MASK
    const start = at * 4 + this.#headerBytes
    const end = start + this.records.words[page]![at + KEY_LENGTH]!
    return hashBytes(this.records.bytes[page]!, start, end) | 0
  }

  #sizeOf(words: Int32Array, at: number): number {
    return this.#headerBytes + words[at + KEY_LENGTH]! + this.#owner.tailBytes(words, at)
  }

  #move(from: number, to: number, bytes: number): void {
    const { records } = this
    const start = (from & WORD_MASK) * 4
    const source = records.bytes[from >>> PAGE_SHIFT]!
    copyBytes(source, start, start + bytes, records.bytes[to >>> PAGE_SHIFT]!, (to & WORD_MASK) * 4)
    const index = records.words[from >>> PAGE_SHIFT]![from & WORD_MASK]!
    this.#dense[index >>> PIECE_SHIFT]![index & PIECE_MASK] = to
    this.#table?.replace(this.#hashOf(from), from, to)
    this.#owner.moved(from, to)
  }

  #denseCapacity(): number {
    const pieces = this.#dense.length
    return (pieces - 1) * PIECE_SIZE + this.#dense[pieces - 1]!.length
  }

  #append(reference: number): void {
    const index = this.size++
    const piece = this.#dense[index >>> PIECE_SHIFT]
    if (piece === undefined) {
      this.#dense.push(new Int32Array(PIECE_SIZE))
    } else if ((index & PIECE_MASK) === piece.length) {
      const grown = new Int32Array(2 * piece.length)
      grown.set(piece)
      this.#dense[index >>> PIECE_SHIFT] = grown
    }
    this.#dense[index >>> PIECE_SHIFT]![index & PIECE_MASK] = reference
  }

  /** Puts the last record at an index that has become free. */
  #dropIndex(index: number): void {
    const last = --this.size
    const reference = this.at(last)
    this.#dense[index >>> PIECE_SHIFT]![index & PIECE_MASK] = reference
    this.records.words[reference >>> PAGE_SHIFT]![reference & WORD_MASK] = index
    this.#trimDense(last)
  }

  /** Gives back room far above `size`; one that swings around a bound allocates nothing. */
  #trimDense(size: number): void {
    const dense = this.#dense
    const only = dense.length === 1 ? dense[0]!.length : 0
    if (size >>> PIECE_SHIFT < dense.length - 2 || (dense.length === 2 && size < PIECE_SIZE >> 1)) {
      dense.pop()
    } else if (only > PIECE_SIZE_MIN && size < only >> 2) {
      dense[0] = dense[0]!.slice(0, only >> 1)
    }
  }
}
