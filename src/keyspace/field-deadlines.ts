// field-deadlines.ts — Which hashes of a segment have fields that expire, the earliest first.
//
// A row is a key and a time. A hash whose fields are given later times keeps its row, so whoever takes
// one looks at the hash itself.
//
// Invariant: a hash whose earliest field expires at `t` has a row with a time of at most `t` under its
// present key; there is one row for a key, and none for a key that is gone.

import { Deadlines, type Due } from '../values/deadlines.ts'

class Row implements Due {
  readonly key: string
  expiresAt: number
  deadlineIndex = -1

  constructor(key: string, expiresAt: number) {
    this.key = key
    this.expiresAt = expiresAt
  }
}

/** A row: object, key, its entries in the map and the heap. */
export const ROW_BYTES = 200

export class FieldDeadlines {
  readonly #heap = new Deadlines<Row>()
  readonly #rows = new Map<string, Row>()

  /** Number of rows. */
  get size(): number {
    return this.#rows.size
  }

  /** A field of the hash under `key` expires at `at`, and none before that. True if the row is new. */
  note(key: string, at: number): boolean {
    const row = this.#rows.get(key)
    if (row === undefined) {
      const added = new Row(key, at)
      this.#rows.set(key, added)
      this.#heap.add(added)
      return true
    }
    if (at < row.expiresAt) {
      row.expiresAt = at
      this.#heap.moved(row)
    }
    return false
  }

  /** The hash under `key` is gone. False if it had no row. */
  forget(key: string): boolean {
    const row = this.#rows.get(key)
    if (row === undefined) return false
    this.#heap.remove(row)
    return this.#rows.delete(key)
  }

  /** Takes out the earliest row if its time is not after `now`; its key. */
  take(now: number): string | undefined {
    const row = this.#heap.first
    if (row === undefined || row.expiresAt > now) return undefined
    this.#heap.remove(row)
    this.#rows.delete(row.key)
    return row.key
  }
}
