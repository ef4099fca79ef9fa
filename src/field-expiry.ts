// field-expiry.ts — Removes fields of hashes whose time is over: a few when a command comes by, the rest
// ten times a second.
//
// Whatever happens at once, no command and no cycle does more than a bounded part of it. What is
// still there after its time is hidden by those who read hashes. A removal is logged as HDEL; a backup
// removes nothing on its own.

import type { EffectPart } from './call.ts'
import type { Database } from './keyspace/database.ts'
import { HASH, OBJECT } from './keyspace/record.ts'
import type { Server } from './server.ts'
import type { Element } from './values/element.ts'
import type { Hash } from './values/hash.ts'

/** Fields that the command which meets them removes: some tens of microseconds of its time. */
const FIELDS_PER_COMMAND_MAX = 32
/** Fields of one hash that a cycle removes before it looks at others; they are one logged command. */
const FIELDS_PER_HASH_MAX = 1000

export class FieldExpiry {
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
  }

  /** Removes a few fields of a hash whose time is over; its entry, or 0 if no field is left. */
  settle(db: Database, entry: number): number {
    if (!this.#server.keyspace.expires) return entry
    this.#expire(db, entry, FIELDS_PER_COMMAND_MAX)
    const hash = db.object(entry) as Hash
    if (hash.size > 0) return entry
    this.#delete(db, entry)
    return 0
  }

  /** Removes one field whose time is over; the hash's entry, or 0 if no field is left. */
  remove(db: Database, entry: number, field: Element): number {
    const hash = db.object(entry) as Hash
    hash.remove(field)
    this.#tell(db, entry, [field.toString()], 1)
    if (hash.size > 0) return entry
    this.#delete(db, entry)
    return 0
  }

  /** Removes up to `limit` fields whose time is over, in all databases. */
  cycle(limit: number): void {
    const { keyspace, now, dispatch } = this.#server
    let left = limit
    for (const db of keyspace.databases) {
      while (left > 0) {
        const key = db.fieldDeadlines.take(now)
        if (key === undefined) break
        dispatch.perform(() => {
          left -= 1 + this.#visit(db, key, Math.min(left, FIELDS_PER_HASH_MAX))
        })
      }
    }
  }

  /** Looks at a key whose row was taken; answers how many fields went. */
  #visit(db: Database, key: string, max: number): number {
    const bytes = Buffer.from(key, 'latin1')
    const entry = db.find(bytes, 0, bytes.length)
    if (entry === 0 || db.type(entry) !== HASH || db.encoding(entry) !== OBJECT) return 0
    const hash = db.object(entry) as Hash
    const count = this.#expire(db, entry, max)
    const next = hash.nextExpiry()
    if (next !== Number.POSITIVE_INFINITY) db.fieldDeadlines.note(db.segmentOf(entry), key, next)
    if (hash.size === 0) this.#delete(db, entry)
    return count
  }

  #expire(db: Database, entry: number, max: number): number {
    const { keyspace, effects } = this.#server
    const fields: string[] = []
    const hash = db.object(entry) as Hash
    const count = hash.expire(keyspace.now, max, field => {
      if (effects.active) fields.push(field.toString())
    })
    if (count > 0) this.#tell(db, entry, fields, count)
    return count
  }

  /** Declares that `count` fields went. */
  #tell(db: Database, entry: number, fields: readonly EffectPart[], count: number): void {
    const server = this.#server
    const key = db.key(entry)
    server.stats.expiredFields += count
    server.effects.record(db.index, ['HDEL', key, ...fields])
    db.changed(entry)
    server.keyspace.lapsed++
    server.notify('h', 'hexpired', key, db)
  }

  /** The log's HDEL of the last field says it already. */
  #delete(db: Database, entry: number): void {
    const key = db.key(entry)
    db.deleteAt(entry)
    this.#server.keyspace.lapsed++
    this.#server.notify('g', 'del', key, db)
  }
}
