// latch-waits.ts — LATCH.AWAIT and LATCH.MAWAIT: until a latch opens, or can no more.
//
// What a waiter is told is how the generation ended that it saw when it came. A latch that is gone
// when the waiter is woken was deleted, since an open one stays readable for those it has woken.

import type { Call } from '../../src/call.ts'
import { errors, type ReplyError } from '../../src/errors.ts'
import { LATCH } from '../../src/keyspace/record.ts'
import type { Latch } from '../../src/values/latch.ts'
import { keysAt, Options } from './options.ts'
import { latchRefusal } from './refusals.ts'
import { waitForNews } from './waits.ts'

/** Neither open nor dead: there is something to wait for. */
type Standing = 'open' | 'closed' | ReplyError

/** How the latch of key i stands for somebody who saw this generation, or comes now. */
function standing(latch: Latch | undefined, generation: number | undefined): Standing {
  if (latch === undefined) return errors.noLatch
  const state = latch.stateOf(generation ?? latch.generation)
  if (state === 'open' || state === 'closed') return state
  if (state === 'expired') return errors.latchExpired
  return latchRefusal('BROKEN', latch)
}

/** LATCH.AWAIT key [WAIT ms] */
export function awaitOne(call: Call): void {
  const options = new Options(call, 2)
  while (options.more) if (!options.takesWait()) options.refuse()
  const latch = call.server.coordination.look(call, 1, LATCH)
  const stands = standing(latch, call.parked?.memo[0])
  if (stands === 'open') return call.reply.integer(1)
  if (stands !== 'closed') throw stands
  waitForNews(call, [call.text(1)], {
    deadline: options.deadline,
    wish: 'open',
    memo: [latch!.generation],
    onTimeout: reply => reply.integer(0),
  })
}

/** LATCH.MAWAIT numkeys key… ANY|ALL [WAIT ms] */
export function awaitAll(call: Call): void {
  const keys = keysAt(call, 1, 1)
  const options = new Options(call, 2 + keys.length)
  const wantsAll = options.takes('ALL')
  if (!wantsAll && !options.takes('ANY')) options.refuse()
  while (options.more) if (!options.takesWait()) options.refuse()
  const { coordination } = call.server
  const latches = keys.map(i => coordination.look(call, i, LATCH))
  const memo = call.parked?.memo
  const stands = latches.map((latch, k) => standing(latch, memo?.[k]))
  const open = keys.filter((_, k) => stands[k] === 'open').map(i => call.text(i))
  const dead = stands.filter((each): each is ReplyError => typeof each !== 'string')
  if (wantsAll ? open.length === keys.length : open.length > 0) {
    return call.reply.bulks(open, open.length)
  }
  // One that is dead keeps ALL from ever coming true; ANY still has the others.
  const [first] = dead
  if (first !== undefined && (wantsAll || dead.length === keys.length)) throw first
  waitForNews(
    call,
    keys.map(i => call.text(i)),
    {
      deadline: options.deadline,
      wish: wantsAll ? 'all open' : 'any open',
      memo: latches.map(latch => latch?.generation ?? 0),
      onTimeout: reply => reply.nullArray(),
    },
  )
}
