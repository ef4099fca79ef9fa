// transaction.ts — MULTI's queue and WATCH's table.
//
// A watched key is broken by any change of it, as Redis has it: a key that was created and deleted
// again counts as changed, since somebody may have read it in between. A key whose time was over
// when it was watched is missing already: that it goes is no change.

import type { Call } from './call.ts'
import { type Client, IN_MULTI, type Transaction, type WatchedKey } from './client.ts'
import type { Database } from './keyspace/database.ts'
import { NO_SLOT, segmentOfKey } from './keyspace/slot.ts'
import type { Server } from './server.ts'
import { copyArguments } from './waiting.ts'

/** The slot of a transaction that cannot run in a cluster. */
export const SEVERAL_SLOTS = -2

export function beginTransaction(client: Client): void {
  client.transaction = { queue: [], bytes: 0, failed: false, bits: 0, slot: NO_SLOT }
  client.set(IN_MULTI, true)
}

/** Forgets the queue and what was watched for it; answers the transaction, if there was one. */
export function endTransaction(server: Server, client: Client): Transaction | undefined {
  const { transaction } = client
  client.transaction = undefined
  client.set(IN_MULTI, false)
  server.watches.unwatch(client)
  server.noteObservers()
  return transaction
}

export function queueCall(call: Call): void {
  const transaction = call.client.transaction!
  const { bytes, offsets } = copyArguments(call)
  transaction.queue.push({ command: call.command, bytes, offsets, count: call.count })
  transaction.bytes += bytes.length + offsets.byteLength
  transaction.bits |= call.command.bits
  if (call.slot === NO_SLOT || call.slot === transaction.slot) return
  transaction.slot = transaction.slot === NO_SLOT ? call.slot : SEVERAL_SLOTS
}

/** Who watches one key, and how it was for each of them. */
type Watchers = Map<Client, WatchedKey>

export class WatchTable {
  readonly #databases = new Map<Database, Map<string, Watchers>>()
  #keyCount = 0

  get isEmpty(): boolean {
    return this.#keyCount === 0
  }

  /** Keys that are watched, each once. */
  get keyCount(): number {
    return this.#keyCount
  }

  watch(client: Client, db: Database, key: string): void {
    // What is broken stays so until EXEC: there is no point in watching more.
    if (client.watchBroken) return
    let keys = this.#databases.get(db)
    if (keys === undefined) {
      keys = new Map()
      this.#databases.set(db, keys)
    }
    let watchers = keys.get(key)
    if (watchers === undefined) {
      watchers = new Map()
      keys.set(key, watchers)
      this.#keyCount++
    }
    if (watchers.has(client)) return
    const watched: WatchedKey = { db, key, expired: state(db, key) === 'expired' }
    watchers.set(client, watched)
    client.watched.push(watched)
  }

  unwatch(client: Client): void {
    client.watchBroken = false
    client.watchesAt = undefined
    if (client.watched.length === 0) return
    for (const { db, key } of client.watched) {
      const keys = this.#databases.get(db)!
      const watchers = keys.get(key)!
      watchers.delete(client)
      if (watchers.size > 0) continue
      keys.delete(key)
      this.#keyCount--
    }
    client.watched = []
  }

  /** A key was changed or deleted (it is as it is now). */
  changed(db: Database, key: string): void {
    const watchers = this.#databases.get(db)?.get(key)
    if (watchers === undefined) return
    for (const [client, watched] of watchers) {
      if (watched.expired && state(db, key) === 'missing') watched.expired = false
      else client.watchBroken = true
    }
  }

  /** All keys of a database are about to be replaced, by those of another one if there is one. */
  replacing(db: Database, other?: Database): void {
    for (const [key, watchers] of this.#databases.get(db) ?? []) {
      const before = state(db, key)
      const after = other === undefined ? 'missing' : state(other, key)
      if (before === 'missing' && after === 'missing') continue
      for (const [client, watched] of watchers) {
        if (watched.expired && after !== 'present') watched.expired = after === 'expired'
        else if (before === 'missing' && after === 'expired') watched.expired = true
        else client.watchBroken = true
      }
    }
  }

  /** A segment of a database is about to go: nobody here will hear of its keys any more. */
  leaving(db: Database, segment: number): void {
    for (const [key, watchers] of this.#databases.get(db) ?? []) {
      if (segmentOfKey(key) !== segment) continue
      for (const client of watchers.keys()) client.watchBroken = true
    }
  }

  /** Whether EXEC must refuse: a watched key changed, or its time has run out since. */
  isBroken(client: Client): boolean {
    if (client.watchBroken) return true
    return client.watched.some(({ db, key, expired }) => !expired && state(db, key) === 'expired')
  }
}

/** How a key is: `expired` if its time is over and nobody has noticed. */
function state(db: Database, key: string): 'missing' | 'expired' | 'present' {
  const bytes = Buffer.from(key, 'latin1')
  const address = db.findStale(bytes, 0, bytes.length)
  if (address === 0) return 'missing'
  return db.isExpired(address) ? 'expired' : 'present'
}
