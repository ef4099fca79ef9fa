// leases.ts — Which values have something that ends by time, or with a connection.
//
// One record per value, whoever many holders it has: the value keeps their order, the heap keeps
// that of the values. So a lease costs O(log n) when it changes and nothing while it lasts, and an
// end of a connection costs what that connection holds.
//
// The records of a segment are also in a list, so that they can go with it to another server.
//
// Invariants: a value has a record exactly while something of it has an end, a holder or a
// connection; a record is in the heap exactly if it has an end, and always in the list of its
// segment; `holders` is the sum over all records.

import type { Database } from './keyspace/database.ts'
import { TYPE_NAMES } from './keyspace/record.ts'
import type { Coordinated } from './values/coordinated.ts'
import { Deadlines, type Due } from './values/deadlines.ts'

export class Lease<Value extends Coordinated = Coordinated> implements Due {
  db: Database
  readonly key: string
  readonly type: number
  readonly value: Value
  readonly home: SegmentLeases
  next: Lease | undefined = undefined
  previous: Lease | undefined = undefined
  /** When the first thing of the value ends; Infinity if nothing does. */
  expiresAt = Number.POSITIVE_INFINITY
  deadlineIndex = -1
  holders = 0
  /** Connections whose end ends something of the value. One that does no more may still be here. */
  readonly connections = new Set<number>()

  constructor(db: Database, home: SegmentLeases, key: string, type: number, value: Value) {
    this.db = db
    this.home = home
    this.key = key
    this.type = type
    this.value = value
  }
}

/** What coordination keeps of a segment of a database, whichever server has it. */
export class SegmentLeases {
  /** Number of values by type, with a record or without. */
  readonly counts = new Uint32Array(TYPE_NAMES.length)
  #first: Lease | undefined = undefined
  #last: Lease | undefined = undefined

  append(lease: Lease): void {
    lease.previous = this.#last
    if (this.#last === undefined) this.#first = lease
    else this.#last.next = lease
    this.#last = lease
  }

  /** In the order in which they began. One that was just given may be taken out. */
  *[Symbol.iterator](): Generator<Lease> {
    let next = this.#first
    while (next !== undefined) {
      const lease = next
      next = lease.next
      yield lease
    }
  }

  remove(lease: Lease): void {
    const { next, previous } = lease
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    lease.next = undefined
    lease.previous = undefined
  }
}

export class Leases {
  /** Owners that hold something. */
  holders = 0
  readonly #byValue = new Map<Coordinated, Lease>()
  readonly #deadlines = new Deadlines<Lease>()
  readonly #byConnection = new Map<number, Set<Lease>>()

  /** Values of which something ends by time. */
  get count(): number {
    return this.#deadlines.size
  }

  get firstAt(): number {
    return this.#deadlines.firstAt
  }

  /** The value whose time is over first, if it is over. */
  due(now: number): Lease | undefined {
    return this.#deadlines.firstAt <= now ? this.#deadlines.first : undefined
  }

  /** Takes note of a value after it has changed. */
  follow(
    db: Database,
    home: SegmentLeases,
    key: string,
    type: number,
    value: Coordinated,
    holders: number,
  ): void {
    const at = value.nextExpiry()
    let lease = this.#byValue.get(value)
    if (lease === undefined) {
      if (at === Number.POSITIVE_INFINITY && holders === 0) return
      lease = new Lease(db, home, key, type, value)
      home.append(lease)
      this.#byValue.set(value, lease)
    } else if (at === Number.POSITIVE_INFINITY && holders === 0) {
      this.forget(value)
      return
    }
    this.holders += holders - lease.holders
    lease.holders = holders
    this.#schedule(lease, at)
  }

  #schedule(lease: Lease, at: number): void {
    if (at === lease.expiresAt) return
    lease.expiresAt = at
    if (at === Number.POSITIVE_INFINITY) this.#deadlines.remove(lease)
    else if (lease.deadlineIndex < 0) this.#deadlines.add(lease)
    else this.#deadlines.moved(lease)
  }

  /** Notes that an end of the connection is an end of something of the value, which is followed. */
  bind(connection: number, value: Coordinated): void {
    const lease = this.#byValue.get(value)
    if (lease === undefined) return
    lease.connections.add(connection)
    const leases = this.#byConnection.get(connection)
    if (leases === undefined) this.#byConnection.set(connection, new Set([lease]))
    else leases.add(lease)
  }

  /** The connection has ended: the values that may mind, which are bound to it no more. */
  unbind(connection: number): Iterable<Lease> {
    const leases = this.#byConnection.get(connection)
    if (leases === undefined) return []
    this.#byConnection.delete(connection)
    for (const lease of leases) lease.connections.delete(connection)
    return leases
  }

  /** The value is gone, or nothing of it can end. */
  forget(value: Coordinated): void {
    const lease = this.#byValue.get(value)
    if (lease === undefined) return
    lease.home.remove(lease)
    this.#drop(lease)
  }

  #drop(lease: Lease): void {
    this.#byValue.delete(lease.value)
    this.holders -= lease.holders
    if (lease.deadlineIndex >= 0) this.#deadlines.remove(lease)
    for (const connection of lease.connections) {
      const leases = this.#byConnection.get(connection)!
      leases.delete(lease)
      if (leases.size === 0) this.#byConnection.delete(connection)
    }
    lease.connections.clear()
  }

  /** A segment goes, with its values: their records stay with it, bound to no connection of ours. */
  depart(home: SegmentLeases): void {
    for (const lease of home) this.#drop(lease)
  }

  /** A segment has come from another server, with the records of its values. */
  arrive(home: SegmentLeases, db: Database): void {
    for (const lease of home) {
      lease.db = db
      this.#byValue.set(lease.value, lease)
      this.holders += lease.holders
      if (lease.expiresAt !== Number.POSITIVE_INFINITY) this.#deadlines.add(lease)
    }
  }

  /** All values of a database are gone. */
  forgetAll(db: Database): void {
    for (const lease of [...this.#byValue.values()]) if (lease.db === db) this.forget(lease.value)
  }

  /** The databases have exchanged their values. */
  swap(a: Database, b: Database): void {
    for (const lease of this.#byValue.values()) {
      if (lease.db === a) lease.db = b
      else if (lease.db === b) lease.db = a
    }
  }

  /** Extends all leases by a time in which nobody could renew one. */
  extendAll(gapMs: number): void {
    for (const lease of this.#byValue.values()) {
      lease.value.extendAll(gapMs)
      this.#schedule(lease, lease.value.nextExpiry())
    }
  }
}
