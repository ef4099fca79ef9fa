// requests.ts — REQ: a command that is sent again after its reply was lost counts once.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { coordinationRows, effectRow } from './rows.ts'

/** Answers what this request was answered before; false if it is a new one, or none at all. */
export function answersAgain(call: Call, id: string | undefined): boolean {
  if (id === undefined) return false
  const reply = call.server.coordination.requests.recall(call, 1, id)
  if (reply === undefined) return false
  if (reply === 'OK') call.reply.ok()
  else call.reply.bigint(BigInt(reply))
  return true
}

/** Remembers what this request is answered: an integer, or OK. */
export function remember(call: Call, id: string | undefined, reply: number | bigint | 'OK'): void {
  if (id !== undefined) call.server.coordination.requests.remember(call, 1, id, String(reply))
}

/** request.remembered key id reply */
function remembered(call: Call): void {
  call.server.coordination.requests.remember(call, 1, call.text(2), call.text(3))
}

/** request.forgotten segment count */
function forgotten(call: Call): void {
  call.server.coordination.requests.forget(call.integer(1), call.integer(2))
}

export const requestEffects: readonly CommandSpec[] = coordinationRows([
  {
    // The key tells the segment, and is itself not changed.
    ...effectRow('request.remembered', 4, 'A request was answered so.', remembered),
    keys: [keyAt(1, 'RO')],
  },
  {
    ...effectRow('request.forgotten', 3, 'The oldest requests are forgotten.', forgotten),
    keys: [],
    segmentAt: 1,
  },
])
