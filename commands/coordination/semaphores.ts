// semaphores.ts — SEMAPHORE: permits that owners hold with tokens and leases, in strict order.
//
// A semaphore is made by INIT, or by an ACQUIRE that names its LIMIT; one made so disappears with
// its last permit. While there is none, it is as if there were no permits: who waits, waits for one
// to be made. ACQUIRE says how many permits the owner wants to hold in total, so that a repetition
// does no harm; with REQ it asks for so many more, and a repetition is known by its id.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { SEMAPHORE } from '../../src/keyspace/record.ts'
import { Semaphore } from '../../src/values/semaphore.ts'
import { granted, holdEffects, keep, released, timeLeft } from './holds.ts'
import { nameAt, Options } from './options.ts'
import { refusalError } from './refusals.ts'
import { answersAgain, remember } from './requests.ts'
import { coordinationRows, effectRow } from './rows.ts'
import { replyFacts, replyHolders, replyQueue } from './views.ts'
import { cancelWait, isQueued, waitForTurn } from './waits.ts'

const PERMITS_MAX = 2 ** 31 - 1

/** Puts down and logs the number of permits. */
function saveLimit(call: Call, semaphore: Semaphore): void {
  call.server.coordination.save(call, 1, SEMAPHORE, semaphore)
  const { limit, configured } = semaphore
  call.effect('semaphore.limited', call.text(1), limit, configured ? 1 : 0)
}

/** SEMAPHORE.INIT key permits [NX] */
function init(call: Call): void {
  const limit = call.integerIn(2, 0, PERMITS_MAX)
  const options = new Options(call, 3)
  while (options.more) if (!options.takes('NX')) options.refuse()
  const old = call.server.coordination.find(call, 1, SEMAPHORE)
  if (old !== undefined && options.has('NX')) return call.reply.integer(0)
  configure(call, old ?? new Semaphore(limit, true), limit)
}

/** SEMAPHORE.SETLIMIT key n */
function setLimit(call: Call): void {
  const limit = call.integerIn(2, 0, PERMITS_MAX)
  const semaphore = call.server.coordination.find(call, 1, SEMAPHORE)
  if (semaphore === undefined) return call.reply.integer(0)
  configure(call, semaphore, limit)
}

function configure(call: Call, semaphore: Semaphore, limit: number): void {
  semaphore.configure(limit)
  saveLimit(call, semaphore)
  call.signal(1)
  call.reply.integer(1)
}

/** SEMAPHORE.ACQUIRE key owner [PERMITS n] [EX s|PX ms|CONN] [WAIT ms] [LIMIT n] [REQ id] */
function acquire(call: Call): void {
  const owner = nameAt(call, 2)
  const options = new Options(call, 3)
  let permits = 1
  let limit: number | undefined
  while (options.more) {
    if (options.takesTerm() || options.takesWait() || options.takesRequest()) continue
    if (options.takes('PERMITS')) permits = options.integer(1, PERMITS_MAX)
    else if (options.takes('LIMIT')) limit = options.integer(1, PERMITS_MAX)
    else options.refuse()
  }
  const { coordination, monotonic } = call.server
  const old = coordination.find(call, 1, SEMAPHORE)
  if (answersAgain(call, options.request)) return
  // Who came while there was one waits for its like, though it is gone when the turn comes.
  const semaphore = old ?? new Semaphore(limit ?? call.parked?.memo[0] ?? 0, false)
  const { leaseMs, connection } = options.term()
  const request = {
    owner,
    permits,
    leaseMs,
    connection,
    add: options.request !== undefined,
    // Those who wait for a semaphore to be made do not keep anybody from making it.
    queued: old !== undefined && isQueued(call, 1),
  }
  const answer = semaphore.acquire(request, coordination.tokens(call, 1), monotonic)
  if (answer.kind === 'refused') throw refusalError(answer)
  if (answer.kind === 'busy') {
    waitForTurn(call, [call.text(1)], {
      deadline: options.deadline,
      identity: owner,
      wish: String(permits),
      memo: [semaphore.limit],
    })
    return
  }
  granted(call, 1, SEMAPHORE, semaphore, answer, 'semaphore:acquired')
  if (old === undefined) {
    saveLimit(call, semaphore)
    call.signal(1)
  }
  remember(call, options.request, answer.hold.token)
  call.reply.integer(answer.hold.token)
}

/** SEMAPHORE.DRAIN key owner [EX s|PX ms|CONN]: all permits that are free. */
function drain(call: Call): void {
  const owner = nameAt(call, 2)
  const options = new Options(call, 3)
  while (options.more) if (!options.takesTerm()) options.refuse()
  const { coordination, monotonic } = call.server
  const semaphore = coordination.find(call, 1, SEMAPHORE)
  if (semaphore === undefined) return call.reply.integer(0)
  const before = semaphore.find(owner)?.count ?? 0
  const { leaseMs, connection } = options.term()
  const queued = isQueued(call, 1)
  const request = { owner, permits: 1, add: true, leaseMs, connection, queued }
  const answer = semaphore.drain(request, coordination.tokens(call, 1), monotonic)
  if (answer.kind === 'busy') return call.reply.integer(0)
  granted(call, 1, SEMAPHORE, semaphore, answer, 'semaphore:acquired')
  call.reply.integer(answer.hold.count - before)
}

/** SEMAPHORE.RELEASE key owner [PERMITS n|ALL] [REQ id] */
function release(call: Call): void {
  const owner = nameAt(call, 2)
  const options = new Options(call, 3)
  let permits = 1
  while (options.more) {
    if (options.takes('PERMITS')) permits = options.integer(1, PERMITS_MAX)
    else if (options.takes('ALL')) permits = PERMITS_MAX
    else if (!options.takesRequest()) options.refuse()
  }
  if (options.has('PERMITS') && options.has('ALL')) options.refuse()
  if (answersAgain(call, options.request)) return
  const returned = giveBack(call, owner, permits)
  if (returned > 0) remember(call, options.request, returned)
  call.reply.integer(returned)
}

/** Gives back up to so many permits of an owner; answers how many. */
function giveBack(call: Call, owner: string, permits: number): number {
  const semaphore = call.server.coordination.find(call, 1, SEMAPHORE)
  const hold = semaphore?.find(owner)
  const answer = semaphore?.release(owner, permits)
  if (semaphore === undefined || hold === undefined || answer?.kind !== 'returned') return 0
  if (answer.hold === undefined) {
    released(call, 1, SEMAPHORE, semaphore, hold, 'semaphore:released')
  } else {
    keep(call, 1, SEMAPHORE, semaphore, answer.hold)
    call.signal(1)
  }
  return answer.permits
}

/** SEMAPHORE.CANCEL key owner */
function cancel(call: Call): void {
  const owner = nameAt(call, 2)
  call.server.coordination.find(call, 1, SEMAPHORE)
  const isDone = cancelWait(call, 1, owner) || giveBack(call, owner, PERMITS_MAX) > 0
  call.reply.integer(isDone ? 1 : 0)
}

/** SEMAPHORE.EXTEND key owner EX s|PX ms */
function extend(call: Call): void {
  const owner = nameAt(call, 2)
  const options = new Options(call, 3)
  while (options.more) if (!options.takesLease()) options.refuse()
  if (options.leaseMs === 0) options.refuse()
  const { coordination, monotonic } = call.server
  const semaphore = coordination.find(call, 1, SEMAPHORE)
  const answer = semaphore?.extend(owner, options.leaseMs, monotonic)
  if (semaphore === undefined || answer?.kind !== 'kept') return call.reply.integer(0)
  keep(call, 1, SEMAPHORE, semaphore, answer.hold)
  call.reply.integer(timeLeft(call, answer.hold))
}

/** SEMAPHORE.AVAILABLE key */
function available(call: Call): void {
  const semaphore = call.server.coordination.look(call, 1, SEMAPHORE)
  if (semaphore === undefined) call.reply.null()
  else call.reply.integer(Math.max(0, semaphore.available))
}

/** SEMAPHORE.INFO key */
function info(call: Call): void {
  const { coordination, waiting } = call.server
  const semaphore = coordination.look(call, 1, SEMAPHORE)
  const count = waiting.count(call.db, call.text(1), 'turn')
  if (semaphore === undefined && count === 0) return call.reply.null()
  replyFacts(call, [
    ['limit', semaphore?.limit ?? 0],
    ['available', semaphore?.available ?? 0],
    ['holders', semaphore?.size ?? 0],
    ['waiting', count],
  ])
}

/** SEMAPHORE.HOLDERS key */
function holders(call: Call): void {
  const semaphore = call.server.coordination.look(call, 1, SEMAPHORE)
  replyHolders(call, semaphore?.holders() ?? [], hold => [['permits', hold.count]])
}

/** SEMAPHORE.QUEUE key */
function queue(call: Call): void {
  call.server.coordination.look(call, 1, SEMAPHORE)
  replyQueue(call, 1)
}

/** semaphore.limited key limit configured */
function limited(call: Call): void {
  const { coordination } = call.server
  const semaphore = coordination.find(call, 1, SEMAPHORE) ?? new Semaphore(0, false)
  semaphore.assign(call.integer(2), call.is(3, '1'))
  coordination.save(call, 1, SEMAPHORE, semaphore)
}

const KEY_READ = keyAt(1, 'RO', 'access')
const KEY_CHANGED = keyAt(1, 'RW', 'access', 'update')
const KEY_TAKEN = keyAt(1, 'RW', 'access', 'insert', 'update')
const KEY_GIVEN_BACK = keyAt(1, 'RW', 'access', 'delete')

export const semaphoreCommands: readonly CommandSpec[] = coordinationRows([
  {
    name: 'semaphore.acquire',
    arity: -3,
    flags: ['write', 'denyoom', 'blocking', 'fast'],
    keys: [KEY_TAKEN],
    complexity: 'O(log N) for N holders',
    summary: 'Takes permits, or waits for them; returns the fencing token.',
    syntax:
      'key owner [PERMITS count] [EX seconds|PX milliseconds|CONN] [WAIT milliseconds] ' +
      '[LIMIT limit:integer] [REQ id]',
    handler: acquire,
  },
  {
    name: 'semaphore.available',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Returns how many permits are free.',
    syntax: 'key',
    handler: available,
  },
  {
    name: 'semaphore.cancel',
    arity: 3,
    flags: ['write', 'fast'],
    keys: [KEY_GIVEN_BACK],
    complexity: 'O(log N) for N holders',
    summary: 'Ends the wait of an owner, or gives back what it was granted unseen.',
    syntax: 'key owner',
    handler: cancel,
  },
  {
    name: 'semaphore.drain',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(log N) for N holders',
    summary: 'Takes all permits that are free; returns how many.',
    syntax: 'key owner [EX seconds|PX milliseconds|CONN]',
    handler: drain,
  },
  {
    name: 'semaphore.extend',
    arity: 5,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(log N) for N holders',
    summary: 'Starts a lease of the given length now.',
    syntax: 'key owner (EX seconds|PX milliseconds)',
    handler: extend,
  },
  {
    name: 'semaphore.holders',
    arity: 2,
    flags: ['readonly'],
    keys: [KEY_READ],
    complexity: 'O(N) for N holders',
    summary: 'Returns who holds permits, how many and for how long.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    handler: holders,
  },
  {
    name: 'semaphore.info',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Returns the limit, what is free, and how many hold and wait.',
    syntax: 'key',
    handler: info,
  },
  {
    name: 'semaphore.init',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_TAKEN],
    complexity: 'O(1)',
    summary: 'Makes a semaphore, or sets the limit of one.',
    syntax: 'key permits:integer [NX]',
    handler: init,
  },
  {
    name: 'semaphore.queue',
    arity: 2,
    flags: ['readonly'],
    keys: [KEY_READ],
    complexity: 'O(N) for N waiting owners',
    summary: 'Returns who waits for permits, for how many and since when.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    handler: queue,
  },
  {
    name: 'semaphore.release',
    arity: -3,
    flags: ['write', 'fast'],
    keys: [KEY_GIVEN_BACK],
    complexity: 'O(log N) for N holders',
    summary: 'Gives permits back; returns how many.',
    syntax: 'key owner [PERMITS count|ALL] [REQ id]',
    handler: release,
  },
  {
    name: 'semaphore.setlimit',
    arity: 3,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Sets the number of permits; what is held stays held.',
    syntax: 'key limit:integer',
    handler: setLimit,
  },
  ...holdEffects(SEMAPHORE, () => new Semaphore(0, false)),
  effectRow('semaphore.limited', 4, 'A semaphore has so many permits.', limited),
])
