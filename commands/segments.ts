// segments.ts — Rows of the effect log that are about a segment as a whole.
//
// In a cluster FLUSHALL and FLUSHDB are logged segment by segment, since each has copies of its own.

import type { Call } from '../src/call.ts'
import type { CommandSpec } from '../src/command.ts'
import type { Database } from '../src/keyspace/database.ts'
import { SEGMENTS } from '../src/keyspace/slot.ts'

/** Logs that databases are about to be emptied, as what it is for each segment. */
export function logFlush(call: Call, databases: readonly Database[]): void {
  const { effects } = call.server
  if (!effects.active) return
  // These stand for the command itself.
  call.effects ??= []
  for (const db of databases) {
    for (let number = 0; number < SEGMENTS; number++) {
      if (db.countOf(number) === 0) continue
      effects.record(db.index, ['segment.flushed', number], number)
    }
  }
}

/** segment.flushed segment: in one database. */
function flushed(call: Call): void {
  call.server.keyspace.flushSegment(call.db, call.integer(1))
}

export const segmentEffects: readonly CommandSpec[] = [
  {
    name: 'segment.flushed',
    arity: 2,
    flags: ['write'],
    group: 'server',
    since: '0.1.0',
    complexity: 'O(N) for N keys',
    summary: 'A segment of a database was emptied.',
    internal: true,
    segmentAt: 1,
    handler: flushed,
  },
]
