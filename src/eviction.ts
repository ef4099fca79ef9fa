// eviction.ts — Makes room when the memory limit is reached, by Redis's eight policies.
//
// LRU and LFU are approximated as in Redis: a few random entries are looked at, the best to evict
// are kept in a small pool from one time to the next, and the best of the pool goes. `volatile-ttl`
// needs no sample: the expiry heaps have the earliest on top. Coordination objects are never evicted.

import type { Access } from './access.ts'
import type { Database } from './keyspace/database.ts'
import type { Keyspace } from './keyspace/keyspace.ts'
import { FIRST_COORDINATION_TYPE } from './keyspace/record.ts'

export type EvictionPolicy =
  | 'noeviction'
  | 'allkeys-lru'
  | 'allkeys-lfu'
  | 'allkeys-random'
  | 'volatile-lru'
  | 'volatile-lfu'
  | 'volatile-random'
  | 'volatile-ttl'

const POOL_SIZE = 16
/** Random entries tried before it is accepted that nothing can be evicted. */
const ATTEMPTS_MAX = 64

interface Candidate {
  readonly db: Database
  readonly key: string
  readonly score: number
}

export class Eviction {
  policy: EvictionPolicy = 'noeviction'
  samples = 5
  readonly #keyspace: Keyspace
  readonly #access: Access
  readonly #random: () => number
  /** Best candidates seen, the best last. Their keys may be gone by now. */
  readonly #pool: Candidate[] = []

  constructor(keyspace: Keyspace, access: Access, random: () => number) {
    this.#keyspace = keyspace
    this.#access = access
    this.#random = random
  }

  /** Changes the policy. Candidates of the old one are forgotten. */
  configure(policy: EvictionPolicy, samples: number): void {
    this.policy = policy
    this.samples = samples
    this.#pool.length = 0
  }

  /** The next entry to evict, as an address in the database that `db` of the answer names. */
  next(): { readonly db: Database; readonly address: number } | undefined {
    switch (this.policy) {
      case 'noeviction':
        return undefined
      case 'volatile-ttl':
        return this.#earliestExpiry()
      case 'allkeys-random':
      case 'volatile-random':
        return this.#anyEntry()
      default:
        return this.#bestOfPool()
    }
  }

  get #volatileOnly(): boolean {
    return this.policy.startsWith('volatile')
  }

  #count(db: Database): number {
    return this.#volatileOnly ? db.expiries.count : db.size
  }

  #sample(db: Database): number {
    return this.#volatileOnly ? db.expiries.random(this.#random) : db.random(this.#random)
  }

  #earliestExpiry(): { db: Database; address: number } | undefined {
    let best: Database | undefined
    let earliest = Number.POSITIVE_INFINITY
    for (const db of this.#keyspace.databases) {
      const at = db.expiries.firstAt
      if (at < earliest) {
        best = db
        earliest = at
      }
    }
    if (best === undefined) return undefined
    const address = best.expiries.first
    return isEvictable(best, address) ? { db: best, address } : this.#anyEntry()
  }

  #anyEntry(): { db: Database; address: number } | undefined {
    let total = 0
    for (const db of this.#keyspace.databases) total += this.#count(db)
    for (let attempt = 0; total > 0 && attempt < ATTEMPTS_MAX; attempt++) {
      let place = Math.floor(this.#random() * total)
      for (const db of this.#keyspace.databases) {
        const count = this.#count(db)
        if (place < count) {
          const address = this.#sample(db)
          if (isEvictable(db, address)) return { db, address }
          break
        }
        place -= count
      }
    }
    return undefined
  }

  #bestOfPool(): { db: Database; address: number } | undefined {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      this.#fillPool()
      for (let best = this.#pool.pop(); best !== undefined; best = this.#pool.pop()) {
        const key = Buffer.from(best.key, 'latin1')
        const address = best.db.findStale(key, 0, key.length)
        if (address === 0) continue
        if (this.#volatileOnly && best.db.expiry(address) < 0) continue
        return { db: best.db, address }
      }
    }
    return undefined
  }

  #fillPool(): void {
    for (const db of this.#keyspace.databases) {
      const count = Math.min(this.samples, this.#count(db))
      for (let i = 0; i < count; i++) {
        const address = this.#sample(db)
        if (address !== 0 && isEvictable(db, address)) this.#offer(db, address)
      }
    }
  }

  #offer(db: Database, address: number): void {
    const pool = this.#pool
    const score = this.#score(db, address)
    if (pool.length === POOL_SIZE && score <= pool[0]!.score) return
    const key = db.key(address)
    if (pool.some(candidate => candidate.db === db && candidate.key === key)) return
    let place = pool.length
    while (place > 0 && pool[place - 1]!.score > score) place--
    pool.splice(place, 0, { db, key, score })
    if (pool.length > POOL_SIZE) pool.shift()
  }

  /** The higher, the sooner it goes. */
  #score(db: Database, address: number): number {
    const access = db.access(address)
    return this.#access.lfu
      ? 255 - this.#access.frequency(access)
      : this.#access.idleSeconds(access)
  }
}

function isEvictable(db: Database, address: number): boolean {
  return db.type(address) < FIRST_COORDINATION_TYPE
}
