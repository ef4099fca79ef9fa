// field-deadlines.ts — Which hashes of a database have fields that expire, the earliest first.
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
const ROW_BYTES = 200

export class FieldDeadlines {
  #heap = new Deadlines<Row>()
  #rows = new Map<string, Row>()

  /** Number of rows. */
  get size(): number {
    return this.#rows.size
  }

  memory(): number {
    return this.#rows.size * ROW_BYTES
  }

  /** A field of the hash under `key` expires at `at`, and none before that. */
  note(key: string, at: number): void {
    const row = this.#rows.get(key)
    if (row === undefined) {
      const added = new Row(key, at)
      this.#rows.set(key, added)
      this.#heap.add(added)
    } else if (at < row.expiresAt) {
      row.expiresAt = at
      this.#heap.moved(row)
    }
  }

  /** The hash under `key` is gone. */
  forget(key: string): void {
    const row = this.#rows.get(key)
    if (row === undefined) return
    this.#heap.remove(row)
    this.#rows.delete(key)
  }

  /** Takes out the earliest row if its time is not after `now`; its key. */
  take(now: number): string | undefined {
    const row = this.#heap.first
    if (row === undefined || row.expiresAt > now) return undefined
    this.#heap.remove(row)
    this.#rows.delete(row.key)
    return row.key
  }

  clear(): void {
    this.#heap = new Deadlines()
    this.#rows = new Map()
  }

  /** Exchanges the rows with those of another database. */
  swap(other: FieldDeadlines): void {
    const heap = this.#heap
    this.#heap = other.#heap
    other.#heap = heap
    const rows = this.#rows
    this.#rows = other.#rows
    other.#rows = rows
  }
}
