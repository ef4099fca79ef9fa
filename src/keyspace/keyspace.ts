// keyspace.ts — All databases of a node, and what they share: memory, objects, versions.
//
// The keyspace has no clock and no log. Whoever runs commands sets `now` and `version` before each,
// and learns of changes from `dirty` and the hooks.

import type { Arena } from './arena.ts'
import { Database, type ObjectValue } from './database.ts'
import type { Segment } from './segment.ts'
import { Tokens } from './tokens.ts'
import { ValueMemory } from './value-memory.ts'

/** What the keyspace tells its owner while it works. */
export interface KeyspaceHooks {
  /** A key was changed or deleted. Called only while `observed`. */
  changed(database: Database, key: string): void
  /** A key that coordinates is deleted now. */
  freed(database: Database, segment: Segment, key: string, type: number, object: ObjectValue): void
  /** All keys of a database are about to go. */
  flushing(database: Database): void
  /** All keys of a segment of a database are about to go. */
  leaving(database: Database, segment: Segment): void
  /** A key's time was over, and it is deleted now. */
  expired(database: Database, key: string): void
}

/** Databases and segments up to this size are freed while the client waits. */
const FLUSH_AT_ONCE_MAX = 10_000

export class Keyspace {
  readonly databases: readonly Database[]
  readonly hooks: KeyspaceHooks
  readonly tokens = new Tokens()
  /** Perhaps shared with other keyspaces. */
  readonly valueMemory: ValueMemory

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

  constructor(databaseCount: number, hooks: KeyspaceHooks, valueMemory = new ValueMemory()) {
    this.hooks = hooks
    this.valueMemory = valueMemory
    this.databases = Array.from({ length: databaseCount }, (_, index) => new Database(index, this))
  }

  get arena(): Arena {
    return this.valueMemory.arena
  }

  /** Bytes that the data takes, with that of other keyspaces that share the memory. */
  get memory(): number {
    return this.valueMemory.bytes
  }

  get objectBytes(): number {
    return this.valueMemory.objectBytes
  }

  get size(): number {
    let count = 0
    for (const database of this.databases) count += database.size
    return count
  }

  /** Empties one database. What is large is freed later, in slices, by `reclaim`. */
  flush(database: Database): void {
    const size = database.size
    this.hooks.flushing(database)
    for (const segment of database.detach()) {
      if (segment !== undefined) this.valueMemory.discard(segment)
    }
    this.dirty += size
    if (size <= FLUSH_AT_ONCE_MAX) while (this.reclaim());
  }

  /** Empties one segment of a database, likewise. */
  flushSegment(database: Database, number: number): void {
    const segment = this.takeSegment(database, number)
    if (segment === undefined) return
    const { count } = segment
    this.dirty += count
    this.valueMemory.discard(segment)
    if (count <= FLUSH_AT_ONCE_MAX) while (this.reclaim());
  }

  /** Takes a segment out of a database as it is; its keys are then nowhere. */
  takeSegment(database: Database, number: number): Segment | undefined {
    const segment = database.segments[number]
    if (segment === undefined) return undefined
    this.hooks.leaving(database, segment)
    database.detachSegment(number)
    return segment
  }

  /** Whether flushed entries wait to be freed. */
  get isReclaiming(): boolean {
    return this.valueMemory.isReclaiming
  }

  /** Frees a slice of what was flushed; true if more is left. */
  reclaim(): boolean {
    return this.valueMemory.reclaim()
  }
}
