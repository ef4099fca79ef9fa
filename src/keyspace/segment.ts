// segment.ts — The keys of 64 slots of one database: a hash table of addresses, and a dense array. It also has
// their expiries, so it can go to another keyspace that shares its memory, as it is.
//
// The table is open addressing with linear probing over pairs (address, hash); removal shifts the
// followers back, so there are no tombstones and a miss stays short. The dense array gives a random
// entry in O(1), and an order in which SCAN can walk downwards: an entry that stays is never
// skipped, because removal only ever moves the last entry, which a walk from the top has passed.
//
// Invariant: dense[words(address)[INDEX]] === address for every address in the table, and count is
// the number of both.

import type { SegmentLeases } from '../leases.ts'
import { type Arena, PAGE_SHIFT, UNIT_MASK } from './arena.ts'
import { Expiries } from './expiries.ts'
import { type FieldDeadlines, ROW_BYTES } from './field-deadlines.ts'
import { hashBytes } from './hash.ts'
import { HEADER_BYTES, INDEX, KEY_LENGTH } from './record.ts'
import type { ValueMemory } from './value-memory.ts'

const TABLE_SLOTS_MIN = 8
const DENSE_MIN = 8

export class Segment {
  count = 0
  table = new Uint32Array(2 * TABLE_SLOTS_MIN)
  dense = new Uint32Array(DENSE_MIN)
  /** The log sequence number of the last deletion: a read of an absent key depends on it. */
  deletedVersion = 0
  /** Where the last `find` ended: the place of that entry, as long as the table has it there. */
  position = 0

  /** When its entries expire. */
  readonly expiries: Expiries
  /** When fields of its hashes do; undefined until one is to. */
  fieldDeadlines: FieldDeadlines | undefined = undefined
  /** What coordination keeps of its values; undefined until there is one. */
  leases: SegmentLeases | undefined = undefined

  readonly #memory: ValueMemory
  readonly #arena: Arena
  #mask = TABLE_SLOTS_MIN - 1

  constructor(memory: ValueMemory) {
    this.#memory = memory
    this.#arena = memory.arena
    this.expiries = new Expiries(memory)
    memory.indexBytes += this.indexBytes
  }

  /** Bytes of all that belongs to it, beside its records. */
  get bytes(): number {
    const rows = this.fieldDeadlines?.size ?? 0
    return this.indexBytes + this.expiries.bytes + rows * ROW_BYTES
  }

  /** Bytes of table and dense array. */
  get indexBytes(): number {
    return this.table.byteLength + this.dense.byteLength
  }

  /** The address of the key `bytes[start, end)` whose hash is `hash`, or 0. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const table = this.table
    const mask = this.#mask
    const pages = this.#arena.words
    const length = end - start
    let place = hash & mask
    for (;;) {
      const address = table[place << 1]!
      if (address === 0) return 0
      if (table[(place << 1) | 1] === hash) {
        const page = address >>> PAGE_SHIFT
        const unit = address & UNIT_MASK
        if (pages[page]![(unit << 2) + KEY_LENGTH] === length) {
          const stored = this.#arena.bytes[page]!
          let at = (unit << 4) + HEADER_BYTES
          let i = start
          while (i < end && stored[at] === bytes[i]) {
            at++
            i++
          }
          if (i === end) {
            this.position = place
            return address
          }
        }
      }
      place = (place + 1) & mask
    }
  }

  /** Adds an entry that is not there yet. */
  insert(hash: number, address: number): void {
    if (this.count + 1 > (this.#mask + 1) * 0.75) this.#resize((this.#mask + 1) * 2)
    this.#place(hash, address)
    const index = this.count++
    if (index === this.dense.length) {
      const grown = new Uint32Array(index + (index >>> 1))
      grown.set(this.dense)
      this.#memory.indexBytes += grown.byteLength - this.dense.byteLength
      this.dense = grown
    }
    this.dense[index] = address
    this.#arena.words[address >>> PAGE_SHIFT]![((address & UNIT_MASK) << 2) + INDEX] = index
  }

  /** An entry has moved from its address to another; the record of the first is still there. */
  move(from: number, to: number): void {
    this.#aim(from)
    this.table[this.position << 1] = to
    const words = this.#arena.words[from >>> PAGE_SHIFT]!
    this.dense[words[((from & UNIT_MASK) << 2) + INDEX]!] = to
  }

  /** Takes out an entry; the record itself is the caller's to free. */
  remove(address: number): void {
    this.#aim(address)
    const arena = this.#arena
    const index = arena.words[address >>> PAGE_SHIFT]![((address & UNIT_MASK) << 2) + INDEX]!
    const last = --this.count
    if (index !== last) {
      const moved = this.dense[last]!
      this.dense[index] = moved
      arena.words[moved >>> PAGE_SHIFT]![((moved & UNIT_MASK) << 2) + INDEX] = index
    }
    this.#vacate(this.position)
    const slots = this.#mask + 1
    if (slots > TABLE_SLOTS_MIN && this.count < slots >>> 3) this.#shrink(slots >>> 1)
  }

  /** Makes `position` the place of a stored entry: mostly it is, from the last `find`. */
  #aim(address: number): void {
    if (this.table[this.position << 1] === address) return
    let place = this.#hashAt(address) & this.#mask
    while (this.table[place << 1] !== address) place = (place + 1) & this.#mask
    this.position = place
  }

  #hashAt(address: number): number {
    const page = address >>> PAGE_SHIFT
    const unit = address & UNIT_MASK
    const start = (unit << 4) + HEADER_BYTES
    const length = this.#arena.words[page]![(unit << 2) + KEY_LENGTH]!
    return hashBytes(this.#arena.bytes[page]!, start, start + length)
  }

  #place(hash: number, address: number): void {
    const table = this.table
    let place = hash & this.#mask
    while (table[place << 1] !== 0) place = (place + 1) & this.#mask
    table[place << 1] = address
    table[(place << 1) | 1] = hash
  }

  /** Empties a place and moves back the followers that it kept from their home. */
  #vacate(hole: number): void {
    const table = this.table
    const mask = this.#mask
    let place = (hole + 1) & mask
    for (;;) {
      const address = table[place << 1]!
      if (address === 0) break
      const hash = table[(place << 1) | 1]!
      // The entry may fill the hole if its home is not between the hole and where it stands.
      if (((place - (hash & mask)) & mask) >= ((place - hole) & mask)) {
        table[hole << 1] = address
        table[(hole << 1) | 1] = hash
        hole = place
      }
      place = (place + 1) & mask
    }
    table[hole << 1] = 0
  }

  #shrink(slots: number): void {
    this.#resize(slots)
    if (this.dense.length > DENSE_MIN && this.count < this.dense.length >>> 2) {
      const { byteLength } = this.dense
      this.dense = this.dense.slice(0, Math.max(DENSE_MIN, this.dense.length >>> 1))
      this.#memory.indexBytes += this.dense.byteLength - byteLength
    }
  }

  #resize(slots: number): void {
    const old = this.table
    this.table = new Uint32Array(2 * slots)
    this.#memory.indexBytes += this.table.byteLength - old.byteLength
    this.#mask = slots - 1
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] !== 0) this.#place(old[i + 1]!, old[i]!)
    }
  }
}
