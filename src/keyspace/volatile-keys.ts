// volatile-keys.ts — The entries of a database that expire, over all its segments.
//
// Each segment has the heap of its own, so that it can go elsewhere as it is. Whoever wants the earliest of
// all looks at the top of each: 256 comparisons, once per eviction or sweep and never per command.
//
// Invariant: `count` is the sum of the heaps' counts.

import type { Database } from './database.ts'
import type { Expiries } from './expiries.ts'
import { SEGMENTS } from './slot.ts'

const TTL_SAMPLES = 64

export class VolatileKeys {
  count = 0
  readonly #db: Database
  /** The segment that the sweep is at. */
  #swept = 0

  constructor(db: Database) {
    this.#db = db
  }

  /** Bytes of the heaps. */
  get indexBytes(): number {
    let bytes = 0
    for (const segment of this.#db.segments) bytes += segment?.expiries.bytes ?? 0
    return bytes
  }

  /** The entry that expires first of all, or 0. */
  get first(): number {
    return this.#earliest()?.first ?? 0
  }

  /** When it does, in ms since the epoch; Infinity when there is none. */
  get firstAt(): number {
    return this.#earliest()?.firstAt ?? Number.POSITIVE_INFINITY
  }

  #earliest(): Expiries | undefined {
    let best: Expiries | undefined
    if (this.count === 0) return undefined
    for (const segment of this.#db.segments) {
      if (segment === undefined || segment.expiries.count === 0) continue
      if (best === undefined || segment.expiries.firstAt < best.firstAt) best = segment.expiries
    }
    return best
  }

  /**
   * An entry whose time is over, or 0. Goes from segment to segment, and stays at one while it has more:
   * among many that are due the next is found at once.
   */
  due(now: number): number {
    if (this.count === 0) return 0
    const { segments } = this.#db
    for (let left = SEGMENTS; left > 0; left--) {
      const segment = segments[this.#swept]
      if (segment !== undefined && segment.expiries.firstAt <= now) return segment.expiries.first
      this.#swept = (this.#swept + 1) % SEGMENTS
    }
    return 0
  }

  /** A random entry that expires, each with the same chance, or 0. */
  random(random: () => number): number {
    let skip = Math.floor(random() * this.count)
    for (const segment of this.#db.segments) {
      if (segment === undefined) continue
      if (skip < segment.expiries.count) return segment.expiries.addressAt(skip)
      skip -= segment.expiries.count
    }
    return 0
  }

  /** Mean time to live in ms of a sample of the entries, for INFO. */
  meanTtl(now: number): number {
    const sampled = Math.min(this.count, TTL_SAMPLES)
    let sum = 0
    let taken = 0
    /** Entries in the segments before. */
    let before = 0
    for (const segment of this.#db.segments) {
      if (segment === undefined) continue
      const { expiries } = segment
      for (; taken < sampled; taken++) {
        const place = Math.floor((taken * this.count) / sampled) - before
        if (place >= expiries.count) break
        sum += Math.max(0, expiries.timeAt(place) - now)
      }
      before += expiries.count
    }
    return sampled === 0 ? 0 : Math.floor(sum / sampled)
  }

  /** The databases have exchanged their segments. */
  swap(other: VolatileKeys): void {
    const { count } = this
    this.count = other.count
    other.count = count
  }
}
