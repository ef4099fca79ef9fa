// volatile-fields.ts — The hashes of a database that have fields which expire, over all its segments.
//
// Each segment has the rows of its own; see `FieldDeadlines`. Invariant: `size` is the sum of theirs.

import type { Database } from './database.ts'
import { FieldDeadlines, ROW_BYTES } from './field-deadlines.ts'
import type { Segment } from './segment.ts'
import { SEGMENTS } from './slot.ts'
import type { ValueMemory } from './value-memory.ts'

export class VolatileFields {
  /** Number of rows. */
  size = 0
  readonly #db: Database
  readonly #memory: ValueMemory
  /** The segment that the sweep is at. */
  #swept = 0

  constructor(db: Database, memory: ValueMemory) {
    this.#db = db
    this.#memory = memory
  }

  /** A field of the hash under `key`, a key of the segment, expires at `at`, and none before that. */
  note(segment: Segment, key: string, at: number): void {
    segment.fieldDeadlines ??= new FieldDeadlines()
    if (segment.fieldDeadlines.note(key, at)) this.#counted(1)
  }

  /** The hash under `key` is gone. */
  forget(segment: Segment, key: string): void {
    if (segment.fieldDeadlines?.forget(key)) this.#counted(-1)
  }

  /** Takes out a row whose time is not after `now`; its key. */
  take(now: number): string | undefined {
    if (this.size === 0) return undefined
    const { segments } = this.#db
    for (let left = SEGMENTS; left > 0; left--) {
      const key = segments[this.#swept]?.fieldDeadlines?.take(now)
      if (key !== undefined) {
        this.#counted(-1)
        return key
      }
      this.#swept = (this.#swept + 1) % SEGMENTS
    }
    return undefined
  }

  #counted(rows: number): void {
    this.size += rows
    this.#memory.indexBytes += rows * ROW_BYTES
  }

  /** The databases have exchanged their segments. */
  swap(other: VolatileFields): void {
    const { size } = this
    this.size = other.size
    other.size = size
  }
}
