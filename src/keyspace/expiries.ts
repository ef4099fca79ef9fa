// expiries.ts — When the entries of a segment expire: a binary heap in typed arrays.
//
// The earliest expiry is on top, so active expiry takes exactly what is due and never samples.
// Each record knows its place in the heap (word EXPIRY), so changing or removing an expiry is
// O(log n). Any place serves as a random volatile entry for eviction.

import { type Arena, PAGE_SHIFT, UNIT_MASK } from './arena.ts'
import { EXPIRY } from './record.ts'
import type { ValueMemory } from './value-memory.ts'

const CAPACITY_MIN = 16
const NO_TIMES = new Float64Array(0)
const NO_ADDRESSES = new Uint32Array(0)

export class Expiries {
  count = 0
  readonly #memory: ValueMemory
  readonly #arena: Arena
  /** Bytes of the arrays. */
  bytes = 0
  // Most segments of most databases have no volatile entry, and take no room for one.
  #times = NO_TIMES
  #addresses = NO_ADDRESSES

  constructor(memory: ValueMemory) {
    this.#memory = memory
    this.#arena = memory.arena
  }

  /** Address with the earliest expiry. Only when `count` is not 0. */
  get first(): number {
    return this.#addresses[0]!
  }

  /** The earliest expiry in ms since the epoch; Infinity when there is none. */
  get firstAt(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!
  }

  addressAt(place: number): number {
    return this.#addresses[place]!
  }

  timeAt(place: number): number {
    return this.#times[place]!
  }

  /** Expiry of an entry in ms since the epoch, or -1. */
  at(address: number): number {
    const place = this.#placeOf(address)
    return place < 0 ? -1 : this.#times[place]!
  }

  /** Sets an entry's expiry. True if it had none. */
  set(address: number, at: number): boolean {
    const place = this.#placeOf(address)
    if (place >= 0) {
      this.#settle(place, at, address)
      return false
    }
    const added = this.count++
    if (added === this.#times.length) this.#grow()
    this.#settle(added, at, address)
    return true
  }

  /** Takes the expiry away. False if there was none. */
  remove(address: number): boolean {
    const place = this.#placeOf(address)
    if (place < 0) return false
    this.#link(address, -1)
    const last = --this.count
    if (place !== last) this.#settle(place, this.#times[last]!, this.#addresses[last]!)
    return true
  }

  /** The record has moved; its header, with the place in it, was copied. */
  move(from: number, to: number): void {
    const place = this.#placeOf(from)
    if (place >= 0) this.#addresses[place] = to
  }

  #placeOf(address: number): number {
    return this.#arena.words[address >>> PAGE_SHIFT]![((address & UNIT_MASK) << 2) + EXPIRY]! - 1
  }

  #link(address: number, place: number): void {
    this.#arena.words[address >>> PAGE_SHIFT]![((address & UNIT_MASK) << 2) + EXPIRY] = place + 1
  }

  #put(place: number, at: number, address: number): void {
    this.#times[place] = at
    this.#addresses[place] = address
    this.#link(address, place)
  }

  /** Puts an entry where `place` is, then up or down to where it belongs. */
  #settle(place: number, at: number, address: number): void {
    while (place > 0) {
      const parent = (place - 1) >>> 1
      if (this.#times[parent]! <= at) break
      this.#put(place, this.#times[parent]!, this.#addresses[parent]!)
      place = parent
    }
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.count) break
      if (child + 1 < this.count && this.#times[child + 1]! < this.#times[child]!) child++
      if (this.#times[child]! >= at) break
      this.#put(place, this.#times[child]!, this.#addresses[child]!)
      place = child
    }
    this.#put(place, at, address)
  }

  #grow(): void {
    const capacity = Math.max(CAPACITY_MIN, this.#times.length * 2)
    const times = new Float64Array(capacity)
    times.set(this.#times)
    this.#times = times
    const addresses = new Uint32Array(capacity)
    addresses.set(this.#addresses)
    this.#addresses = addresses
    const bytes = times.byteLength + addresses.byteLength
    this.#memory.indexBytes += bytes - this.bytes
    this.bytes = bytes
  }
}
