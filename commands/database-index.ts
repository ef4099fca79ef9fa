// database-index.ts — Numbers of databases as arguments: SELECT, SWAPDB, MOVE, COPY.

import type { Call } from '../src/call.ts'
import { errors, ReplyError } from '../src/errors.ts'
import type { Database } from '../src/keyspace/database.ts'

const INT32_MAX = 2 ** 31 - 1
const INT32_MIN = -(2 ** 31)

const notInt32 = new ReplyError(
  `ERR value is out of range, value must between ${INT32_MIN} and ${INT32_MAX}`,
)

/** The number in argument i, as large as a C int; `error` replaces the usual ones. */
export function readDatabaseIndex(call: Call, i: number, error?: ReplyError): number {
  const index = call.integer(i, error)
  if (index > INT32_MAX || index < INT32_MIN) throw error ?? notInt32
  return index
}

/** The database of a number, where there is one. */
export function databaseAt(call: Call, index: number): Database {
  const db = call.server.keyspace.databases[index]
  if (db === undefined) throw errors.databaseOutOfRange
  return db
}
