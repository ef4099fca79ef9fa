// keyspace.ts — All databases of a node, and what they share: memory, objects, versions.
//
// The keyspace has no clock and no log. Whoever runs commands sets `now` and `version` before each,
// and learns of changes from `dirty` and the hooks.

import { Arena } from './arena.ts'
import { Database, type ObjectValue } from './database.ts'
import type { Segment } from './segment.ts'
import { Tokens } from './tokens.ts'

/** What the keyspace tells its owner while it works. */
export interface KeyspaceHooks {
  /** A key was changed or deleted. Called only while `observed`. */
  changed(database: Database, key: string): void
  /** A key that coordinates is deleted now. */
  freed(database: Database, key: string, type: number, object: ObjectValue): void
  /** All keys of a database are about to go. */
  flushing(database: Database): void
  /** A key's time was over, and it is deleted now. */
  expired(database: Database, key: string): void
}

/** Entries of a flushed database that are freed per step, so that no step stalls the loop. */
const RECLAIM_ENTRIES = 20_000
/** Databases up to this size are freed while the client waits. */
const FLUSH_AT_ONCE_MAX = 10_000

export class Keyspace {
  readonly arena = new Arena()
  readonly databases: readonly Database[]
  readonly hooks: KeyspaceHooks
  readonly tokens = new Tokens()

  /** Time of the command being run, ms since the epoch. */
  now = 0
  /** Log sequence number that changes are stamped with. */
  version = 0
  /** Counts changes. A command that leaves it alone has no effect to log. */
  dirty = 0
  /** Counts those among the changes that were deletions of keys whose time was over. */
  lapsed = 0
  /** Called with every new key, by whoever wants to hear of them. */
  created: ((database: Database, key: string) => void) | undefined = undefined
  /** Whether anybody watches or caches keys: only then are `changed` hooks worth their strings. */
  observed = false
  /** False on a backup: it never deletes on its own, it only treats expired entries as missing. */
  expires = true
  /** Access word of new entries; the eviction policy keeps it current. */
  newAccess = 0

  /** Objects by number; entries refer to them. */
  readonly objects: (ObjectValue | undefined)[] = []
  readonly #freeObjects: number[] = []
  readonly #objectBytes: number[] = []
  objectBytes = 0
  indexBytes = 0

  readonly #reclaim: Segment[] = []

  constructor(databaseCount: number, hooks: KeyspaceHooks) {
    this.hooks = hooks
    this.databases = Array.from({ length: databaseCount }, (_, index) => new Database(index, this))
  }

  /** Bytes that the data takes: records, tables, expiries, objects. */
  get memory(): number {
    let bytes = this.arena.liveBytes + this.indexBytes + this.objectBytes
    for (const { expiries, fieldDeadlines } of this.databases) {
      bytes += expiries.indexBytes + fieldDeadlines.memory()
    }
    return bytes
  }

  get size(): number {
    let count = 0
    for (const database of this.databases) count += database.size
    return count
  }

  keepObject(object: ObjectValue): number {
    const number = this.#freeObjects.pop() ?? this.objects.length
    this.objects[number] = object
    this.#objectBytes[number] = 0
    return number
  }

  /** Takes note of what an object weighs now. */
  measureObject(number: number): void {
    const bytes = this.objects[number]!.memory()
    this.objectBytes += bytes - this.#objectBytes[number]!
    this.#objectBytes[number] = bytes
  }

  releaseObject(number: number): void {
    this.objectBytes -= this.#objectBytes[number]!
    this.#objectBytes[number] = 0
    this.objects[number] = undefined
    this.#freeObjects.push(number)
  }

  /** Empties one database. What is large is freed later, in slices, by `reclaim`. */
  flush(database: Database): void {
    const size = database.size
    this.hooks.flushing(database)
    for (const segment of database.detach()) {
      if (segment === undefined) continue
      this.indexBytes -= segment.indexBytes
      this.#reclaim.push(segment)
    }
    this.dirty += size
    if (size <= FLUSH_AT_ONCE_MAX) while (this.reclaim());
  }

  /** Empties one segment of a database. */
  flushSegment(database: Database, number: number): void {
    const segment = database.segments[number]
    while (segment !== undefined && segment.count > 0) {
      database.deleteAt(segment.dense[segment.count - 1]!)
    }
  }

  /** Whether flushed entries wait to be freed. */
  get isReclaiming(): boolean {
    return this.#reclaim.length > 0
  }

  /** Frees a slice of what was flushed; true if more is left. */
  reclaim(): boolean {
    const segment = this.#reclaim.at(-1)
    if (segment === undefined) return false
    // Any database reads records alike; the first one serves.
    const reader = this.databases[0]!
    for (let i = 0; i < RECLAIM_ENTRIES && segment.count > 0; i++) {
      const address = segment.dense[--segment.count]!
      const object = reader.objectNumber(address)
      if (object >= 0) this.releaseObject(object)
      this.arena.free(address)
    }
    if (segment.count === 0) this.#reclaim.pop()
    return this.#reclaim.length > 0
  }
}
