// expiries.ts — When the entries of a database expire: a binary heap in typed arrays.
//
// The earliest expiry is on top, so active expiry takes exactly what is due and never samples.
// Each record knows its place in the heap (word EXPIRY), so changing or removing an expiry is
// O(log n). Any place serves as a random volatile entry for eviction.

import { type Arena, PAGE_SHIFT, UNIT_MASK } from './arena.ts'
import { EXPIRY } from './record.ts'

const CAPACITY_MIN = 16
const TTL_SAMPLES = 64

export class Expiries {
  count = 0
  readonly #arena: Arena
  #times = new Float64Array(CAPACITY_MIN)
  #addresses = new Uint32Array(CAPACITY_MIN)

  constructor(arena: Arena) {
    this.#arena = arena
  }

  get indexBytes(): number {
    return this.#times.byteLength + this.#addresses.byteLength
  }

  /** Address with the earliest expiry. Only when `count` is not 0. */
  get first(): number {
    return this.#addresses[0]!
  }

  /** The earliest expiry in ms since the epoch; Infinity when there is none. */
  get firstAt(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!
  }

  /** Mean time to live in ms of a sample of the entries, for INFO. */
  meanTtl(now: number): number {
    const sampled = Math.min(this.count, TTL_SAMPLES)
    if (sampled === 0) return 0
    let sum = 0
    for (let i = 0; i < sampled; i++) {
      sum += Math.max(0, this.#times[Math.floor((i * this.count) / sampled)]! - now)
    }
    return Math.floor(sum / sampled)
  }

  addressAt(place: number): number {
    return this.#addresses[place]!
  }

  /** Expiry of an entry in ms since the epoch, or -1. */
  at(address: number): number {
    const place = this.#placeOf(address)
    return place < 0 ? -1 : this.#times[place]!
  }

  set(address: number, at: number): void {
    let place = this.#placeOf(address)
    if (place < 0) {
      place = this.count++
      if (place === this.#times.length) this.#grow()
    }
    this.#settle(place, at, address)
  }

  remove(address: number): void {
    const place = this.#placeOf(address)
    if (place < 0) return
    this.#link(address, -1)
    const last = --this.count
    if (place !== last) this.#settle(place, this.#times[last]!, this.#addresses[last]!)
  }

  /** The record has moved; its header, with the place in it, was copied. */
  move(from: number, to: number): void {
    const place = this.#placeOf(from)
    if (place >= 0) this.#addresses[place] = to
  }

  clear(): void {
    this.count = 0
    this.#times = new Float64Array(CAPACITY_MIN)
    this.#addresses = new Uint32Array(CAPACITY_MIN)
  }

  /** Exchanges contents with another database's; places in the records stay right. */
  swap(other: Expiries): void {
    const { count } = this
    this.count = other.count
    other.count = count
    const times = this.#times
    this.#times = other.#times
    other.#times = times
    const addresses = this.#addresses
    this.#addresses = other.#addresses
    other.#addresses = addresses
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
    const times = new Float64Array(this.#times.length * 2)
    times.set(this.#times)
    this.#times = times
    const addresses = new Uint32Array(this.#addresses.length * 2)
    addresses.set(this.#addresses)
    this.#addresses = addresses
  }
}
