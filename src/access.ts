// access.ts — How entries remember their use: Redis's LRU clock, or its LFU counter.
//
// Both share the 24 bits that an entry has for it. LRU: the second of the last use. LFU: the minute
// of the last decrement (16 bits) and a logarithmic counter (8 bits) that grows with a probability
// that falls as it grows, and decays with time.

import { type Client, NO_TOUCH } from './client.ts'
import type { Database } from './keyspace/database.ts'

const LRU_MASK = 0xffffff
const LFU_MINUTES_MASK = 0xffff
/** Where the counter of a new entry starts, so that it is not the first to be evicted. */
export const LFU_INITIAL = 5
const LFU_MAX = 255

export class Access {
  /** Whether the policy counts uses (LFU) rather than dating them (LRU). */
  lfu = false
  logFactor = 10
  decayMinutes = 1
  /** Seconds since the epoch, in 24 bits. */
  clock = 0
  /** Minutes since the epoch, in 16 bits. */
  minutes = 0
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  /** Takes the time from `now` (ms since the epoch). */
  tick(now: number): void {
    this.clock = Math.floor(now / 1000) & LRU_MASK
    this.minutes = Math.floor(now / 60_000) & LFU_MINUTES_MASK
  }

  /** The access word of an entry made now. */
  get fresh(): number {
    return this.lfu ? (this.minutes << 8) | LFU_INITIAL : this.clock
  }

  /** Notes a client's use of an entry, unless the client asked to leave no trace. */
  touch(db: Database, address: number, client: Client): void {
    if ((client.state & NO_TOUCH) === 0) this.use(db, address)
  }

  /** Notes a use of an entry. */
  use(db: Database, address: number): void {
    if (this.lfu) {
      const counter = this.#increment(this.frequency(db.access(address)))
      db.setAccess(address, (this.minutes << 8) | counter)
    } else {
      db.setAccess(address, this.clock)
    }
  }

  /** The LFU counter as it is now, decayed. */
  frequency(access: number): number {
    const counter = access & 0xff
    if (this.decayMinutes === 0) return counter
    const elapsed = (this.minutes - (access >>> 8)) & LFU_MINUTES_MASK
    const periods = Math.floor(elapsed / this.decayMinutes)
    return periods > counter ? 0 : counter - periods
  }

  /** Makes an entry as used as another server says that it is. */
  setFrequency(db: Database, address: number, counter: number): void {
    db.setAccess(address, (this.minutes << 8) | Math.min(counter, LFU_MAX))
  }

  /** Dates an entry's last use back by some seconds, or as far as the clock goes. */
  setIdle(db: Database, address: number, seconds: number): void {
    db.setAccess(address, (this.clock - Math.min(seconds, LRU_MASK)) & LRU_MASK)
  }

  /** Seconds since the last use. */
  idleSeconds(access: number): number {
    return (this.clock - access) & LRU_MASK
  }

  #increment(counter: number): number {
    if (counter === LFU_MAX) return counter
    const base = Math.max(0, counter - LFU_INITIAL)
    return this.#random() < 1 / (base * this.logFactor + 1) ? counter + 1 : counter
  }
}
