// orders.ts — A table that refuses who is late.
//
// Each row keeps the token of whoever wrote it last. A write shows its own, and changes nothing if
// the row has seen a greater one: then a later holder of the lock has been here. Comparison and
// write are one statement, so there is no moment between them. PostgreSQL takes the same statement.

import sqlite, { type Database } from 'node-sqlite3-wasm'

export class Orders implements Disposable {
  readonly #db: Database

  constructor(file: string) {
    this.#db = new sqlite.Database(file)
    this.#db.exec(
      `CREATE TABLE IF NOT EXISTS orders (
         id INTEGER PRIMARY KEY, state TEXT NOT NULL, fence INTEGER NOT NULL
       )`,
    )
  }

  /** False if the token is stale; then nothing has changed. */
  write(id: number, state: string, token: number): boolean {
    const { changes } = this.#db.run(
      `INSERT INTO orders (id, state, fence) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, fence = excluded.fence
       WHERE orders.fence <= excluded.fence`,
      [id, state, token],
    )
    return changes === 1
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }
}
