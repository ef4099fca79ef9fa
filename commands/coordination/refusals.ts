// refusals.ts — The error that a client reads for each refusal of a value.

import { errors, ReplyError } from '../../src/errors.ts'
import type { Refused } from '../../src/values/coordinated.ts'
import type { Latch } from '../../src/values/latch.ts'

const REFUSALS = {
  NOTOWNER: errors.notOwner,
  NOTHELD: errors.notHeld,
  FENCED: errors.fenced,
  HOLDLIMIT: errors.holdLimit,
  DEADLOCK: errors.deadlock,
  OUTOFBOUNDS: errors.outOfBounds,
  LATCHOPEN: errors.latchOpen,
  BROKEN: new ReplyError('BROKEN the latch was broken'),
  EXPIRED: errors.latchExpired,
  NOTUPDOWN: new ReplyError('ERR the latch was not made with UPDOWN'),
  PARTIES: new ReplyError('ERR the others expect another number of parties'),
} as const

export type RefusalCode = keyof typeof REFUSALS

/** BROKEN says why. */
export function latchRefusal(code: RefusalCode, latch: Latch): ReplyError {
  if (code === 'BROKEN' && latch.reason !== '') return new ReplyError(`BROKEN ${latch.reason}`)
  return REFUSALS[code]
}

export function refusalError(refused: Refused<RefusalCode>): ReplyError {
  return REFUSALS[refused.code]
}
