// refusal.ts — What commands on keys must not do to coordination objects.
//
// A lock, a semaphore or an election has holders who know it by its name and who hold it by leases. To
// rename it, to copy it or to let it expire would take it from them or give it twice.

import type { Call } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import type { Database } from '../../src/keyspace/database.ts'
import {
  FIRST_COORDINATION_TYPE,
  LEADER,
  LOCK,
  SEMAPHORE,
  TYPE_NAMES,
} from '../../src/keyspace/record.ts'

/** Refuses the command for an entry that somebody holds. */
export function checkNotHeld(call: Call, entry: number): void {
  const type = call.db.type(entry)
  if (type === LOCK || type === SEMAPHORE || type === LEADER) throw notApplicable(call, type)
}

/** Refuses the command for an entry whose value cannot be had twice. */
export function checkCopyable(call: Call, entry: number): void {
  checkNotHeld(call, entry)
  const object = call.object(entry)
  if (object !== undefined && object.copy === undefined) {
    throw notApplicable(call, call.db.type(entry))
  }
}

function notApplicable(call: Call, type: number): ReplyError {
  const name = call.command.fullName.toUpperCase()
  return new ReplyError(`ERR ${name} does not apply to a ${TYPE_NAMES[type]}`)
}

/** Refuses to overwrite what coordinates: only what deletes a key may take that away. */
export function checkReplaceable(db: Database, entry: number): void {
  if (entry !== 0 && db.type(entry) >= FIRST_COORDINATION_TYPE) throw errors.wrongType
}
