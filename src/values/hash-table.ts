// hash-table.ts — From 32-bit hashes to references: an extendible hash table.
//
// A directory, indexed by the top bits of the hash, leads to buckets, each a small table of its own
// with open addressing. A bucket that is full is split in two, alone; when it needs more bits than
// the directory has, the directory doubles, which is only copying pointers. So no insertion ever
// stalls to place a million references again, and memory grows a bucket at a time.
//
// Whoever searches compares keys; the table knows only hashes and references, which are not 0.
//
// Invariant: every reference is in one slot, in the bucket of its hash; a bucket is at most three
// quarters full; the bucket at directory index i holds just the hashes that begin with its bits.

import { ARRAY_OVERHEAD_BYTES } from './bytes.ts'

/** Slots of a bucket before it splits: splitting one takes some tens of microseconds. */
const BUCKET_SLOTS_MAX = 4096
const BUCKET_SLOTS_MIN = 32
/** Buckets that have shrunk to this are joined instead of shrinking further. */
const BUCKET_SLOTS_JOINED = 512
/** Hashes are 32 bits. A bucket that would need more of them grows instead of splitting. */
const DEPTH_MAX = 24

const TABLE_BYTES = 120
const BUCKET_BYTES = 48 + ARRAY_OVERHEAD_BYTES

/** Linear probing over pairs of hash and reference; a slot with reference 0 is free. */
export class Bucket {
  slots: Int32Array
  used = 0
  /** Number of top bits that all hashes in this bucket share. */
  depth: number

  constructor(size: number, depth: number) {
    this.slots = new Int32Array(2 * size)
    this.depth = depth
  }

  get size(): number {
    return this.slots.length >> 1
  }

  place(hash: number, reference: number): void {
    const { slots } = this
    const mask = slots.length - 1
    let i = (hash << 1) & mask
    while (slots[i + 1] !== 0) i = (i + 2) & mask
    slots[i] = hash
    slots[i + 1] = reference
    this.used++
  }

  /** Index of the slot that holds a reference, which is there. */
  slotOf(hash: number, reference: number): number {
    const { slots } = this
    const mask = slots.length - 1
    let i = (hash << 1) & mask
    while (slots[i + 1] !== reference) i = (i + 2) & mask
    return i
  }

  /** Frees a slot and moves followers back, so that no probe ends before its time. */
  vacate(slot: number): void {
    const { slots } = this
    const mask = slots.length - 1
    let hole = slot
    for (let i = (hole + 2) & mask; slots[i + 1] !== 0; i = (i + 2) & mask) {
      const home = (slots[i]! << 1) & mask
      if (((i - home) & mask) < ((i - hole) & mask)) continue
      slots[hole] = slots[i]!
      slots[hole + 1] = slots[i + 1]!
      hole = i
    }
    slots[hole + 1] = 0
    this.used--
  }

  resize(size: number): void {
    const before = this.slots
    this.slots = new Int32Array(2 * size)
    this.used = 0
    this.takeAll(before)
  }

  takeAll(slots: Int32Array): void {
    for (let i = 0; i < slots.length; i += 2) {
      if (slots[i + 1] !== 0) this.place(slots[i]!, slots[i + 1]!)
    }
  }
}

export class HashTable {
  /** 2^depth buckets; one whose own depth is less appears several times in a row. */
  #directory: Bucket[] = [new Bucket(BUCKET_SLOTS_MIN, 0)]
  #depth = 0
  #buckets = 1
  #slots = BUCKET_SLOTS_MIN

  memory(): number {
    const directory = 8 * this.#directory.length
    return TABLE_BYTES + directory + this.#buckets * BUCKET_BYTES + 8 * this.#slots
  }

  /** The bucket in which a hash is, if it is anywhere. */
  bucketOf(hash: number): Bucket {
    return this.#directory[this.#indexOf(hash)]!
  }

  insert(hash: number, reference: number): void {
    for (;;) {
      const bucket = this.bucketOf(hash)
      const { size } = bucket
      if (bucket.used < size - (size >> 2)) {
        bucket.place(hash, reference)
        return
      }
      if (size < BUCKET_SLOTS_MAX || bucket.depth === DEPTH_MAX) {
        this.#resize(bucket, 2 * size)
      } else {
        this.#split(bucket, hash)
      }
    }
  }

  /** Removes what a slot of the bucket of this hash holds. */
  removeAt(hash: number, slot: number): void {
    const bucket = this.bucketOf(hash)
    bucket.vacate(slot)
    if (bucket.used < bucket.size >> 2) this.#contract(bucket, hash)
  }

  replace(hash: number, from: number, to: number): void {
    const bucket = this.bucketOf(hash)
    bucket.slots[bucket.slotOf(hash, from) + 1] = to
  }

  #indexOf(hash: number): number {
    // Two shifts, because a shift by 32 is a shift by nothing.
    return (hash >>> 1) >>> (31 - this.#depth)
  }

  /** Divides a bucket by the next bit of its hashes; `hash` is one that belongs to it. */
  #split(bucket: Bucket, hash: number): void {
    if (bucket.depth === this.#depth) this.#doubleDirectory()
    const depth = bucket.depth + 1
    const low = new Bucket(BUCKET_SLOTS_MAX, depth)
    const high = new Bucket(BUCKET_SLOTS_MAX, depth)
    const { slots } = bucket
    for (let i = 0; i < slots.length; i += 2) {
      if (slots[i + 1] === 0) continue
      const half = (slots[i]! >>> (32 - depth)) & 1 ? high : low
      half.place(slots[i]!, slots[i + 1]!)
    }
    const width = 1 << (this.#depth - depth)
    const first = this.#firstIndex(hash, width)
    this.#directory.fill(low, first, first + width)
    this.#directory.fill(high, first + width, first + 2 * width)
    this.#buckets++
    this.#slots += BUCKET_SLOTS_MAX
  }

  /** Where in the directory a bucket and its other half begin, each `width` entries wide. */
  #firstIndex(hash: number, width: number): number {
    return this.#indexOf(hash) & -(2 * width)
  }

  #doubleDirectory(): void {
    const doubled: Bucket[] = []
    for (const bucket of this.#directory) doubled.push(bucket, bucket)
    this.#directory = doubled
    this.#depth++
  }

  /** Halves a bucket that is not a quarter full, or joins it with its other half. */
  #contract(bucket: Bucket, hash: number): void {
    const { size, depth } = bucket
    if (depth > 0 && size <= BUCKET_SLOTS_JOINED) this.#join(depth, hash)
    else if (size > BUCKET_SLOTS_MIN) this.#resize(bucket, size >> 1)
  }

  #join(depth: number, hash: number): void {
    const width = 1 << (this.#depth - depth)
    const first = this.#firstIndex(hash, width)
    const low = this.#directory[first]!
    const high = this.#directory[first + width]!
    const used = low.used + high.used
    if (low.depth !== high.depth || used > BUCKET_SLOTS_JOINED >> 1) return
    this.#resize(low, BUCKET_SLOTS_JOINED)
    low.takeAll(high.slots)
    low.depth--
    this.#buckets--
    this.#slots -= high.size
    this.#directory.fill(low, first, first + 2 * width)
    this.#halveDirectory()
  }

  #resize(bucket: Bucket, size: number): void {
    this.#slots += size - bucket.size
    if (size !== bucket.size) bucket.resize(size)
  }

  /** Halves the directory while every bucket appears in it at least twice. */
  #halveDirectory(): void {
    while (this.#depth > 0 && this.#directory.every(bucket => bucket.depth < this.#depth)) {
      this.#directory = this.#directory.filter((_, i) => i % 2 === 0)
      this.#depth--
    }
  }
}
