// segments.ts — Rows of the effect log that are about a segment as a whole.
//
// In a cluster FLUSHALL and FLUSHDB are logged segment by segment, since each has copies of its own. What a
// segment has beside its keys is sent by the others to a node that is to have a copy.

import type { Call } from '../src/call.ts'
import type { CommandSpec, Handler } from '../src/command.ts'
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

/** segment.tokens segment last */
function tokens(call: Call): void {
  call.server.keyspace.tokens.raise(call.integer(1), call.integer(2))
}

/** segment.remembered segment (name reply left-ms)… */
function remembered(call: Call): void {
  const { coordination, monotonic } = call.server
  const segment = call.integer(1)
  for (let i = 2; i + 2 < call.count; i += 3) {
    const expiresAt = monotonic + Number(call.text(i + 2))
    coordination.requests.restore(segment, call.text(i), call.text(i + 1), expiresAt)
  }
}

function row(name: string, arity: number, summary: string, handler: Handler): CommandSpec {
  return {
    name,
    arity,
    flags: ['write'],
    group: 'server',
    since: '0.1.0',
    complexity: 'O(N)',
    summary,
    internal: true,
    segmentAt: 1,
    handler,
  }
}

export const segmentEffects: readonly CommandSpec[] = [
  row('segment.flushed', 2, 'A segment of a database was emptied.', flushed),
  row('segment.remembered', -2, 'Answers that a segment remembers.', remembered),
  row('segment.tokens', 3, 'The last token of a segment.', tokens),
]
