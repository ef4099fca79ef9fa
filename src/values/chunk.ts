// chunk.ts — A run of a list's elements: what a listpack holds between header and terminator.
//
// The run lies somewhere inside its array, with room before and behind, so that either end of a
// list takes and gives elements without moving the others. Header and terminator are written only
// when the chunk leaves the process.
//
// Invariant: 0 <= start <= end <= bytes.length; [start, end) holds exactly `count` elements, and no
// chunk that is linked into a list is empty. Positions are indexes into `bytes`, and every method
// that makes room may change them all.

import { ARRAY_OVERHEAD_BYTES } from './bytes.ts'
import type { Element } from './element.ts'
import { EMPTY_BYTES, HEADER_BYTES, TERMINATOR, writeHeader } from './listpack.ts'
import { before, elementBytes, equals, write } from './packed-element.ts'

/** What a chunk costs beyond its array's content. */
export const CHUNK_OVERHEAD_BYTES = 80 + ARRAY_OVERHEAD_BYTES

const CAPACITY_MIN = 128

export class Chunk {
  bytes: Uint8Array
  start: number
  end: number
  count = 0
  previous: Chunk | undefined = undefined
  next: Chunk | undefined = undefined

  /** An empty chunk; the first element goes where those that follow it will find room. */
  constructor(capacity: number, growsAtHead: boolean) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(capacity, CAPACITY_MIN))
    this.start = this.end = growsAtHead ? this.bytes.length : 0
  }

  /** Bytes of the listpack that these elements make. */
  get listpackBytes(): number {
    return this.end - this.start + EMPTY_BYTES
  }

  /** `size` is what the element takes; the array grows beyond `capacityMax` only if it must. */
  pushHead(element: Element, size: number, capacityMax: number): void {
    if (element.bytes === this.bytes) element.keep()
    if (this.start < size) this.#reserve(size, true, capacityMax)
    this.start -= size
    write(this.bytes, this.start, element)
    this.count++
  }

  pushTail(element: Element, size: number, capacityMax: number): void {
    if (element.bytes === this.bytes) element.keep()
    if (this.bytes.length - this.end < size) this.#reserve(size, false, capacityMax)
    write(this.bytes, this.end, element)
    this.end += size
    this.count++
  }

  /** Inserts before position `at`. */
  insert(at: number, element: Element, size: number, capacityMax: number): void {
    if (element.bytes === this.bytes) element.keep()
    const place = this.#splice(at, 0, size, capacityMax)
    write(this.bytes, place, element)
    this.count++
  }

  replace(at: number, element: Element, size: number, capacityMax: number): void {
    if (element.bytes === this.bytes) element.keep()
    const place = this.#splice(at, elementBytes(this.bytes, at), size, capacityMax)
    write(this.bytes, place, element)
  }

  /** Removes the element at `at`; its follower, or the end, is then at the position returned. */
  remove(at: number): number {
    this.count--
    return this.#splice(at, elementBytes(this.bytes, at), 0, this.bytes.length)
  }

  /** Removes the first elements equal to `wanted`, at most `max`; returns how many went. */
  removeEqual(wanted: Element, max: number, backward: boolean): number {
    const removed = backward ? this.#removeLast(wanted, max) : this.#removeFirst(wanted, max)
    this.count -= removed
    return removed
  }

  /** Position of the element at `index`, which must exist. */
  seek(index: number): number {
    const bytes = this.bytes
    let at: number
    if (index < this.count / 2) {
      at = this.start
      for (let i = 0; i < index; i++) at += elementBytes(bytes, at)
    } else {
      at = this.end
      for (let i = this.count; i > index; i--) at = before(bytes, at)
    }
    return at
  }

  /** Moves the elements from `at` (the one with this index) on into a new chunk, not yet linked. */
  split(at: number, index: number): Chunk {
    const rest = new Chunk(this.end - at, false)
    rest.append(this.bytes, at, this.end, this.count - index)
    this.end = at
    this.count = index
    return rest
  }

  /** Adds `count` encoded elements behind the last. */
  append(bytes: Uint8Array, start: number, end: number, count: number): void {
    const size = end - start
    if (this.bytes.length - this.end < size) this.#reserve(size, false, 0)
    this.bytes.set(bytes.subarray(start, end), this.end)
    this.end += size
    this.count += count
  }

  /** Moves the elements to an array of just their size. */
  shrink(): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(this.end - this.start, CAPACITY_MIN))
    bytes.set(this.bytes.subarray(this.start, this.end))
    this.end -= this.start
    this.start = 0
    this.bytes = bytes
  }

  /** Writes the elements as a listpack and returns where it ends. */
  writeListpack(to: Uint8Array, at: number): number {
    const size = this.listpackBytes
    writeHeader(to, at, size, this.count)
    to.set(this.bytes.subarray(this.start, this.end), at + HEADER_BYTES)
    to[at + size - 1] = TERMINATOR
    return at + size
  }

  /** One pass: what stays is moved down over what goes, a run at a time. */
  #removeFirst(wanted: Element, max: number): number {
    const { bytes, end } = this
    let removed = 0
    let kept = this.start
    let run = kept
    let at = kept
    while (at < end && removed < max) {
      const following = at + elementBytes(bytes, at)
      if (equals(bytes, at, wanted)) {
        if (kept !== run) bytes.copyWithin(kept, run, at)
        kept += at - run
        run = following
        removed++
      }
      at = following
    }
    if (removed > 0) bytes.copyWithin(kept, run, end)
    this.end -= run - kept
    return removed
  }

  #removeLast(wanted: Element, max: number): number {
    const { bytes, start } = this
    let removed = 0
    let kept = this.end
    let run = kept
    let at = kept
    while (at > start && removed < max) {
      const following = at
      at = before(bytes, at)
      if (equals(bytes, at, wanted)) {
        kept -= run - following
        if (kept !== following) bytes.copyWithin(kept, following, run)
        run = at
        removed++
      }
    }
    if (removed > 0) bytes.copyWithin(kept - (run - start), start, run)
    this.start += kept - run
    return removed
  }

  /** Makes `removed` bytes at `at` into `inserted`, moving the shorter side; returns where. */
  #splice(at: number, removed: number, inserted: number, capacityMax: number): number {
    const ahead = at - this.start
    const behind = this.end - at - removed
    const growth = inserted - removed
    if (ahead < behind) {
      if (this.start < growth) this.#reserve(growth, true, capacityMax)
      const start = this.start
      if (ahead > 0) this.bytes.copyWithin(start - growth, start, start + ahead)
      this.start -= growth
    } else {
      if (this.bytes.length - this.end < growth) this.#reserve(growth, false, capacityMax)
      const end = this.end
      if (behind > 0) this.bytes.copyWithin(end - behind + growth, end - behind, end)
      this.end += growth
    }
    return this.start + ahead
  }

  /**
   * Makes room for `size` bytes at one end. If a quarter of the array is free, or it may not grow,
   * the run slides, and what is left over goes half to each side: a queue that is pushed at one end
   * and popped at the other slides once in many pushes.
   */
  #reserve(size: number, atHead: boolean, capacityMax: number): void {
    const { bytes, start, end } = this
    const capacity = bytes.length
    const used = end - start
    const free = capacity - used
    if (free >= size && (free >= capacity >> 2 || capacity >= capacityMax)) {
      const spread = (free - size) >> 1
      this.start = atHead ? free - spread : spread
      bytes.copyWithin(this.start, start, end)
    } else {
      const doubled = Math.min(2 * capacity, capacityMax)
      const grown = Buffer.allocUnsafeSlow(Math.max(used + size, doubled))
      this.start = atHead ? grown.length - used : 0
      grown.set(bytes.subarray(start, end), this.start)
      this.bytes = grown
    }
    this.end = this.start + used
  }
}
