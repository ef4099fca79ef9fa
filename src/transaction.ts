// transaction.ts — MULTI's queue and WATCH's table.
//
// A watched key is broken by any change of it, as Redis has it: a key that was created and deleted
// again counts as changed, since somebody may have read it in between.

import type { Call } from './call.ts'
import { type Client, IN_MULTI, type Transaction } from './client.ts'
import type { Database } from './keyspace/database.ts'
import type { Keyspace } from './keyspace/keyspace.ts'
import { copyArguments } from './waiting.ts'

export function beginTransaction(client: Client): void {
  client.transaction = { queue: [], bytes: 0, failed: false, bits: 0 }
  client.set(IN_MULTI, true)
}

export function endTransaction(client: Client): Transaction | undefined {
  const transaction = client.transaction
  client.transaction = undefined
  client.set(IN_MULTI, false)
  return transaction
}

export function queueCall(call: Call): void {
  const transaction = call.client.transaction!
  const { bytes, offsets } = copyArguments(call)
  transaction.queue.push({ command: call.command, bytes, offsets, count: call.count })
  transaction.bytes += bytes.length + offsets.byteLength
  transaction.bits |= call.command.bits
}

export class WatchTable {
  /** Clients by database and key. */
  readonly #watchers = new Map<string, Set<Client>>()

  get isEmpty(): boolean {
    return this.#watchers.size === 0
  }

  get keyCount(): number {
    return this.#watchers.size
  }

  watch(client: Client, db: Database, key: string, keyspace: Keyspace): void {
    if (client.watched.some(watched => watched.db === db && watched.key === key)) return
    client.watched.push({ db, key, expired: isPastExpiry(db, key) })
    const name = watchName(db, key)
    const watchers = this.#watchers.get(name)
    if (watchers === undefined) this.#watchers.set(name, new Set([client]))
    else watchers.add(client)
    keyspace.observed = true
  }

  unwatch(client: Client): void {
    for (const { db, key } of client.watched) {
      const name = watchName(db, key)
      const watchers = this.#watchers.get(name)
      watchers?.delete(client)
      if (watchers?.size === 0) this.#watchers.delete(name)
    }
    client.watched = []
    client.watchBroken = false
  }

  /** A key was changed or deleted (it is as it is now). */
  changed(db: Database, key: string): void {
    for (const client of this.#watchers.get(watchName(db, key)) ?? []) {
      const watched = client.watched.find(entry => entry.db === db && entry.key === key)!
      // Its time was over when WATCH came, and now it is gone: for the client it never was there.
      if (watched.expired && !exists(db, key)) watched.expired = false
      else client.watchBroken = true
    }
  }

  /** Whether EXEC must refuse: a watched key changed, or its time has run out since. */
  isBroken(client: Client): boolean {
    if (client.watchBroken) return true
    return client.watched.some(watched => !watched.expired && isPastExpiry(watched.db, watched.key))
  }
}

function exists(db: Database, key: string): boolean {
  const bytes = Buffer.from(key, 'latin1')
  return db.findStale(bytes, 0, bytes.length) !== 0
}

function isPastExpiry(db: Database, key: string): boolean {
  const bytes = Buffer.from(key, 'latin1')
  const address = db.findStale(bytes, 0, bytes.length)
  return address !== 0 && db.isExpired(address)
}

function watchName(db: Database, key: string): string {
  return `${db.index}:${key}`
}
