// holders.ts — Who holds something: holds by owner, by token, by lease end and by connection.
//
// Most locks have one holder, so a single hold is kept as it is; the indexes exist only while there
// are two or more. Lookups are O(1), changes O(log n) in the number of holders, and an end of a
// connection costs what that connection holds, not what all hold.
//
// Invariants: `#crowd` exists exactly while there are two or more holds, else `#sole` is the one;
// `total` is the sum of all counts; a hold is in the lease heap exactly if it has a lease and in
// the list of its connection exactly if it is bound to one. Iteration is in the order of grants.

import { refused } from './coordinated.ts'
import { Deadlines } from './deadlines.ts'
import {
  ARRAY_BYTES,
  ARRAY_ELEMENT_BYTES,
  MAP_BYTES,
  MAP_ENTRY_BYTES,
  OBJECT_BYTES,
  WORD_BYTES,
} from './footprint.ts'
import { Hold, type HoldState, leaseEnd, type NotHolder } from './hold.ts'

const NOTOWNER = refused('NOTOWNER')
const NOTHELD = refused('NOTHELD')

const NONE: readonly Hold[] = Object.freeze([])

const HOLDERS_BYTES = OBJECT_BYTES + 4 * WORD_BYTES
const CROWD_BYTES = 3 * MAP_BYTES + ARRAY_BYTES + 2 * OBJECT_BYTES + 5 * WORD_BYTES
const CROWD_HOLD_BYTES = 2 * MAP_ENTRY_BYTES + ARRAY_ELEMENT_BYTES

export class Holders {
  #sole: Hold | undefined = undefined
  #crowd: Crowd | undefined = undefined
  #total = 0
  #holdBytes = 0

  get size(): number {
    if (this.#crowd !== undefined) return this.#crowd.owners.size
    return this.#sole === undefined ? 0 : 1
  }

  /** The sum of the counts of all holds. */
  get total(): number {
    return this.#total
  }

  /** The only hold, if there is exactly one. */
  get sole(): Hold | undefined {
    return this.#sole
  }

  find(owner: string): Hold | undefined {
    if (this.#crowd !== undefined) return this.#crowd.owners.get(owner)
    return this.#sole?.owner === owner ? this.#sole : undefined
  }

  /** What an owner without a hold is told. */
  refusal(): NotHolder {
    return this.size === 0 ? NOTHELD : NOTOWNER
  }

  findToken(token: number): Hold | undefined {
    if (this.#crowd !== undefined) return this.#crowd.tokens.get(token)
    return token !== 0 && this.#sole?.token === token ? this.#sole : undefined
  }

  *[Symbol.iterator](): Generator<Hold> {
    if (this.#crowd !== undefined) yield* this.#crowd.owners.values()
    else if (this.#sole !== undefined) yield this.#sole
  }

  /** Adds a hold of an owner that has none. */
  add(state: HoldState, now: number): Hold {
    const hold = new Hold(state, now)
    if (this.#crowd !== undefined) {
      this.#crowd.add(hold)
    } else if (this.#sole === undefined) {
      this.#sole = hold
    } else {
      this.#crowd = new Crowd()
      this.#crowd.add(this.#sole)
      this.#crowd.add(hold)
      this.#sole = undefined
    }
    this.#total += hold.count
    this.#holdBytes += hold.memory()
    return hold
  }

  remove(hold: Hold): void {
    this.#total -= hold.count
    this.#holdBytes -= hold.memory()
    const crowd = this.#crowd
    if (crowd === undefined) {
      this.#sole = undefined
      return
    }
    crowd.remove(hold)
    if (crowd.owners.size > 1) return
    for (const last of crowd.owners.values()) {
      crowd.remove(last)
      this.#sole = last
    }
    this.#crowd = undefined
  }

  removeAll(): Hold[] {
    const removed = [...this]
    this.#sole = undefined
    this.#crowd = undefined
    this.#total = 0
    this.#holdBytes = 0
    return removed
  }

  /** Makes the owner's hold what `state` says, whatever it was, with a lease that starts now. */
  put(state: HoldState, now: number): Hold {
    const hold = this.find(state.owner)
    if (hold === undefined) return this.add(state, now)
    if (hold.token !== state.token) this.setToken(hold, state.token)
    hold.exclusive = state.exclusive
    this.setCount(hold, state.count)
    this.setMeta(hold, state.meta)
    this.setTerm(hold, state.leaseMs, state.connection, now)
    return hold
  }

  setToken(hold: Hold, token: number): void {
    this.#crowd?.tokens.delete(hold.token)
    hold.token = token
    if (this.#crowd !== undefined && token !== 0) this.#crowd.tokens.set(token, hold)
  }

  setCount(hold: Hold, count: number): void {
    this.#total += count - hold.count
    hold.count = count
  }

  setMeta(hold: Hold, meta: string): void {
    this.#holdBytes -= hold.memory()
    hold.meta = meta
    this.#holdBytes += hold.memory()
  }

  /** Starts the lease anew, and binds the hold to the connection (0: to none). */
  setTerm(hold: Hold, leaseMs: number, connection: number, now: number): void {
    const crowd = this.#crowd
    if (hold.connection !== connection) {
      crowd?.unbind(hold)
      hold.connection = connection
      crowd?.bind(hold)
    }
    hold.leaseMs = leaseMs
    hold.expiresAt = leaseEnd(leaseMs, now)
    crowd?.schedule(hold)
  }

  nextExpiry(): number {
    if (this.#crowd !== undefined) return this.#crowd.leases.firstAt
    return this.#sole === undefined ? Number.POSITIVE_INFINITY : this.#sole.expiresAt
  }

  /** Removes the holds whose lease has ended, the earliest first. */
  expire(now: number): readonly Hold[] {
    if (this.nextExpiry() > now) return NONE
    const expired: Hold[] = []
    while (this.nextExpiry() <= now) {
      const hold = this.#crowd?.leases.first ?? this.#sole!
      this.remove(hold)
      expired.push(hold)
    }
    return expired
  }

  extendAll(gapMs: number): void {
    if (this.#crowd !== undefined) this.#crowd.leases.shift(gapMs)
    else if (this.#sole !== undefined) this.#sole.expiresAt += gapMs
  }

  /**
   * What was bound to the connection: with a grace it becomes a lease of that length, without one
   * it is removed. Answers the holds concerned.
   */
  disconnected(connection: number, now: number, graceMs: number): readonly Hold[] {
    if (connection === 0) return NONE
    if (this.#crowd !== undefined) {
      return this.#unbindAll(this.#crowd.boundTo(connection), now, graceMs)
    }
    return this.#sole?.connection === connection
      ? this.#unbindAll([this.#sole], now, graceMs)
      : NONE
  }

  /** Starts every lease anew, at its full length: for a time nobody could renew one. */
  restart(now: number): void {
    for (const hold of this) {
      if (hold.leaseMs > 0) this.setTerm(hold, hold.leaseMs, hold.connection, now)
    }
  }

  /** The same for all connections: they were another node's, and that node is gone. */
  orphan(now: number, graceMs: number): readonly Hold[] {
    const bound: Hold[] = []
    for (const hold of this) if (hold.connection !== 0) bound.push(hold)
    return this.#unbindAll(bound, now, graceMs)
  }

  #unbindAll(holds: readonly Hold[], now: number, graceMs: number): readonly Hold[] {
    for (const hold of holds) {
      if (graceMs === 0) this.remove(hold)
      else this.setTerm(hold, graceMs, 0, now)
    }
    return holds
  }

  snapshot(): HoldState[] {
    const states: HoldState[] = []
    for (const hold of this) states.push(hold.state())
    return states
  }

  restore(states: readonly HoldState[], now: number): void {
    for (const state of states) this.add(state, now)
  }

  memory(): number {
    const indexes = this.#crowd === undefined ? 0 : this.#crowd.memory()
    return HOLDERS_BYTES + this.#holdBytes + indexes
  }
}

/** The indexes over two holds and more. */
class Crowd {
  readonly owners = new Map<string, Hold>()
  readonly tokens = new Map<number, Hold>()
  readonly leases = new Deadlines<Hold>()
  /** Head of the list of holds that are bound to a connection. */
  readonly #connections = new Map<number, Hold>()

  add(hold: Hold): void {
    this.owners.set(hold.owner, hold)
    if (hold.token !== 0) this.tokens.set(hold.token, hold)
    this.schedule(hold)
    this.bind(hold)
  }

  remove(hold: Hold): void {
    this.owners.delete(hold.owner)
    this.tokens.delete(hold.token)
    if (hold.deadlineIndex >= 0) this.leases.remove(hold)
    this.unbind(hold)
  }

  memory(): number {
    return (
      CROWD_BYTES + this.owners.size * CROWD_HOLD_BYTES + this.#connections.size * MAP_ENTRY_BYTES
    )
  }

  schedule(hold: Hold): void {
    const isIn = hold.deadlineIndex >= 0
    if (hold.expiresAt !== Number.POSITIVE_INFINITY) {
      if (isIn) this.leases.moved(hold)
      else this.leases.add(hold)
    } else if (isIn) {
      this.leases.remove(hold)
    }
  }

  bind(hold: Hold): void {
    if (hold.connection === 0) return
    const head = this.#connections.get(hold.connection)
    hold.next = head
    if (head !== undefined) head.previous = hold
    this.#connections.set(hold.connection, hold)
  }

  unbind(hold: Hold): void {
    if (hold.connection === 0) return
    const { next, previous } = hold
    if (next !== undefined) next.previous = previous
    if (previous !== undefined) previous.next = next
    else if (next !== undefined) this.#connections.set(hold.connection, next)
    else this.#connections.delete(hold.connection)
    hold.next = undefined
    hold.previous = undefined
  }

  boundTo(connection: number): Hold[] {
    const bound: Hold[] = []
    for (let hold = this.#connections.get(connection); hold !== undefined; hold = hold.next) {
      bound.push(hold)
    }
    return bound
  }
}
