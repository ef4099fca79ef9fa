// limits.ts — CL.THROTTLE and RATE.WINDOW: how often something may be done.
//
// Both answer five integers: whether it was refused, the limit, what is left, the seconds until it
// would be granted (-1 if it was, or never will be), and the seconds until all is forgiven. The
// first is redis-cell's, and answers as it does. Whoever gives WAIT queues for capacity: it comes
// back by time alone, so the first in the queue is tried again when it should be there.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { LIMITER } from '../../src/keyspace/record.ts'
import { FixedWindow, type WindowRequest } from '../../src/values/fixed-window.ts'
import {
  type Limiter,
  NEVER,
  replySeconds,
  retryMs,
  type Verdict,
} from '../../src/values/limiter.ts'
import { SlidingWindow } from '../../src/values/sliding-window.ts'
import { emissionIntervalNs, Throttle, type ThrottleRequest } from '../../src/values/throttle.ts'
import type { Reply } from '../../src/wire/reply.ts'
import { LEASE_MS_MAX, Options } from './options.ts'
import { coordinationRows, effectRow } from './rows.ts'
import { isQueued, waitForTurn } from './waits.ts'

const UNITS_MAX = 2 ** 31 - 1

const zeroRate = new ReplyError('ERR the rate must be above zero')

/** An algorithm: how a limiter of it is made, asked, and logged. */
interface Algorithm<Request extends Asking> {
  /** The limiter, if it is one of this algorithm. */
  readonly known: (limiter: Limiter) => limiter is Limiter & Asked<Request>
  readonly make: () => Limiter & Asked<Request>
  /** Logs what a grant has left. */
  readonly log: (call: Call, limiter: Limiter, verdict: Verdict) => void
}

interface Asked<Request> {
  admit(request: Request, now: number): Verdict
}

interface Asking {
  readonly quantity: number
  /** Set each time that it is asked. */
  queued: boolean
}

const THROTTLE: Algorithm<ThrottleRequest & Asking> = {
  known: limiter => limiter instanceof Throttle,
  make: () => new Throttle(),
  log: (call, limiter) => {
    const { debtNs } = (limiter as Throttle).snapshot(call.server.monotonic)
    call.effect('limiter.throttled', call.text(1), debtNs)
  },
}

const FIXED: Algorithm<WindowRequest & Asking> = {
  known: limiter => limiter instanceof FixedWindow,
  make: () => new FixedWindow(),
  log: (call, limiter) => {
    const { used, windowMs, openMs } = (limiter as FixedWindow).snapshot(call.server.monotonic)
    call.effect('limiter.counted', call.text(1), used, windowMs, openMs)
  },
}

const SLIDING: Algorithm<WindowRequest & Asking> = {
  known: limiter => limiter instanceof SlidingWindow,
  make: () => new SlidingWindow(),
  log: (call, _limiter, verdict) => {
    const change = (verdict as ReturnType<SlidingWindow['admit']>).change!
    const { dropped, joined, units, windowMs } = change
    call.effect('limiter.slid', call.text(1), dropped, joined ? 1 : 0, units, windowMs)
  },
}

/** Asks the limiter of key 1, and answers now or when there is capacity. */
function ask<Request extends Asking>(
  call: Call,
  algorithm: Algorithm<Request>,
  request: Request,
  deadline: number | undefined,
): void {
  const { db, server } = call
  const { coordination, monotonic } = server
  const limiter = coordination.find(call, 1, LIMITER) ?? algorithm.make()
  if (!algorithm.known(limiter)) throw errors.wrongType
  request.queued = isQueued(call, 1)
  const { queued } = request
  const verdict = limiter.admit(request, monotonic)
  if (!verdict.limited && request.quantity > 0) {
    coordination.save(call, 1, LIMITER, limiter)
    algorithm.log(call, limiter, verdict)
  }
  if (!verdict.limited || verdict.retryAfterNs === NEVER || deadline === undefined) {
    replyVerdict(call.reply, verdict)
    return
  }
  const key = call.text(1)
  waitForTurn(call, [key], {
    deadline,
    wish: String(request.quantity),
    // Those behind the first are tried when it has been served.
    ...(queued ? {} : { retryAt: monotonic + Math.max(1, retryMs(verdict.retryAfterNs)) }),
    onTimeout: reply => {
      // Asked as if others were ahead, a limiter gives nothing.
      const now = server.monotonic
      const known = coordination.valueAt(db, key, LIMITER) ?? algorithm.make()
      const asked = algorithm.known(known) ? known : algorithm.make()
      request.queued = true
      replyVerdict(reply, asked.admit(request, now))
    },
  })
}

function replyVerdict(reply: Reply, verdict: Verdict): void {
  reply.array(5)
  reply.integer(verdict.limited ? 1 : 0)
  reply.integer(verdict.limit)
  reply.integer(verdict.remaining)
  reply.integer(replySeconds(verdict.retryAfterNs))
  reply.integer(replySeconds(verdict.resetAfterNs))
}

/** CL.THROTTLE key burst count period [quantity] [WAIT ms] */
function throttle(call: Call): void {
  const burst = call.integerIn(2, 0, UNITS_MAX)
  const count = call.integerIn(3, 0, UNITS_MAX)
  const period = call.integerIn(4, 0, UNITS_MAX)
  const hasQuantity = call.count > 5 && !call.is(5, 'WAIT')
  const quantity = hasQuantity ? call.integerIn(5, 0, UNITS_MAX) : 1
  const options = new Options(call, hasQuantity ? 6 : 5)
  while (options.more) if (!options.takesWait()) options.refuse()
  const intervalNs = emissionIntervalNs(count, period)
  if (intervalNs === 0) throw zeroRate
  ask(call, THROTTLE, { burst, intervalNs, quantity, queued: false }, options.deadline)
}

/** RATE.WINDOW key limit ms [SLIDING] [QUANTITY n] [WAIT ms] */
function window(call: Call): void {
  const limit = call.integerIn(2, 1, UNITS_MAX)
  const windowMs = call.integerIn(3, 1, LEASE_MS_MAX)
  const options = new Options(call, 4)
  let quantity = 1
  while (options.more) {
    if (options.takesWait() || options.takes('SLIDING')) continue
    if (options.takes('QUANTITY')) quantity = options.integer(0, UNITS_MAX)
    else options.refuse()
  }
  const algorithm = options.has('SLIDING') ? SLIDING : FIXED
  ask(call, algorithm, { limit, windowMs, quantity, queued: false }, options.deadline)
}

/** Replays onto the limiter of key 1, which is made if there is none. */
function replayOn<L extends Limiter>(
  make: () => L,
  change: (call: Call, limiter: L, now: number) => void,
) {
  return (call: Call): void => {
    const { coordination, monotonic } = call.server
    const limiter = (coordination.find(call, 1, LIMITER) as L | undefined) ?? make()
    change(call, limiter, monotonic)
    coordination.save(call, 1, LIMITER, limiter)
  }
}

/** limiter.throttled key debt-ns */
const replayThrottled = replayOn(
  () => new Throttle(),
  (call, limiter, now) => limiter.assign(Number(call.text(2)), now),
)

/** limiter.counted key used window-ms open-ms */
const replayCounted = replayOn(
  () => new FixedWindow(),
  (call, limiter, now) => {
    const [used, windowMs] = [call.integer(2), call.integer(3)]
    limiter.assign({ used, windowMs, openMs: Number(call.text(4)) }, now)
  },
)

/** limiter.slid key dropped joined units window-ms */
const replaySlid = replayOn(
  () => new SlidingWindow(),
  (call, limiter, now) => {
    const [dropped, units, windowMs] = [call.integer(2), call.integer(4), call.integer(5)]
    limiter.apply({ dropped, joined: call.is(3, '1'), units, windowMs }, now)
  },
)

/** limiter.expired key */
function replayExpired(call: Call): void {
  call.delete(1)
}

const KEY = keyAt(1, 'RW', 'access', 'insert', 'update')

export const limitCommands: readonly CommandSpec[] = coordinationRows([
  {
    name: 'cl.throttle',
    arity: -5,
    flags: ['write', 'denyoom', 'blocking', 'fast'],
    keys: [KEY],
    complexity: 'O(1)',
    summary: 'Limits a rate with bursts, as redis-cell does.',
    syntax:
      'key max_burst:integer count_per_period:integer period:integer [quantity:integer] ' +
      '[WAIT milliseconds]',
    tips: ['nondeterministic_output'],
    handler: throttle,
  },
  {
    name: 'rate.window',
    arity: -4,
    flags: ['write', 'denyoom', 'blocking', 'fast'],
    keys: [KEY],
    complexity: 'O(1)',
    summary: 'Limits how often something happens in a window of time, fixed or sliding.',
    syntax:
      'key limit:integer milliseconds [SLIDING] [QUANTITY quantity:integer] [WAIT milliseconds]',
    tips: ['nondeterministic_output'],
    handler: window,
  },
  effectRow('limiter.counted', 5, 'A fixed window has so many units.', replayCounted),
  effectRow('limiter.expired', 2, 'A limiter has forgiven everything.', replayExpired),
  effectRow('limiter.slid', 6, 'A sliding window took units.', replaySlid),
  effectRow('limiter.throttled', 3, 'A throttle has so much debt.', replayThrottled),
])
