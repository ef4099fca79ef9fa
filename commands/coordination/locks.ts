// locks.ts — LOCK: mutual exclusion with owners, leases and fencing tokens, shared or exclusive.
//
// What a lock promises is in `src/values/lock.ts`; here is how clients ask for it. Releasing,
// extending and cancelling never wait.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt, keyNum } from '../../src/command.ts'
import { errors, type ReplyError } from '../../src/errors.ts'
import { LOCK } from '../../src/keyspace/record.ts'
import type { Granted } from '../../src/values/hold.ts'
import { Lock } from '../../src/values/lock.ts'
import { changedHands, holdEffects, keep, released, timeLeft } from './holds.ts'
import { acquire, acquireAll, upgrade } from './lock-requests.ts'
import { keysAt, nameAt, Options } from './options.ts'
import { refusalError } from './refusals.ts'
import { coordinationRows } from './rows.ts'
import { replyFacts, replyHolders, replyQueue } from './views.ts'
import { cancelWait } from './waits.ts'

/** LOCK.RELEASE key owner [TOKEN t] [ALL] [STRICT] */
function release(call: Call): void {
  const owner = nameAt(call, 2)
  const options = new Options(call, 3)
  let token: number | undefined
  while (options.more) {
    if (options.takes('TOKEN')) token = options.token()
    else if (!options.takes('ALL') && !options.takes('STRICT')) options.refuse()
  }
  const error = releaseOne(call, 1, owner, token, options.has('ALL'))
  if (error !== undefined && (options.has('STRICT') || error === errors.fenced)) throw error
  call.reply.integer(error === undefined ? 1 : 0)
}

/** Gives back one entry of an owner, or all of them; the error if there is none to give back. */
function releaseOne(
  call: Call,
  i: number,
  owner: string,
  token: number | undefined,
  all: boolean,
): ReplyError | undefined {
  const lock = call.server.coordination.find(call, i, LOCK)
  if (lock === undefined) return errors.notHeld
  const answer = lock.release(owner, token, all)
  if (answer.kind === 'refused') return refusalError(answer)
  if (answer.held) keep(call, i, LOCK, lock, answer.hold)
  else released(call, i, LOCK, lock, answer.hold, 'lock:released')
  return undefined
}

/** LOCK.MRELEASE numkeys key… owner */
function releaseAll(call: Call): void {
  const keys = keysAt(call, 1, 1)
  const owner = nameAt(call, 2 + keys.length)
  if (call.count > 3 + keys.length) throw errors.syntax
  // All keys are looked at before one of them changes: a wrong type changes nothing.
  for (const i of keys) call.server.coordination.find(call, i, LOCK)
  let count = 0
  for (const i of keys) if (releaseOne(call, i, owner, undefined, false) === undefined) count++
  call.reply.integer(count)
}

/** LOCK.EXTEND key owner EX s|PX ms [TOKEN t] */
function extend(call: Call): void {
  const owner = nameAt(call, 2)
  const options = new Options(call, 3)
  let token: number | undefined
  while (options.more) {
    if (options.takes('TOKEN')) token = options.token()
    else if (!options.takesLease()) options.refuse()
  }
  if (options.leaseMs === 0) options.refuse()
  const { coordination, monotonic } = call.server
  const lock = coordination.find(call, 1, LOCK)
  const answer = lock?.extend(owner, options.leaseMs, token, monotonic)
  if (lock === undefined || answer === undefined) return call.reply.integer(0)
  if (answer.kind === 'refused') {
    if (answer.code === 'FENCED') throw errors.fenced
    return call.reply.integer(0)
  }
  keep(call, 1, LOCK, lock, answer.hold)
  call.reply.integer(timeLeft(call, answer.hold))
}

/** LOCK.CANCEL key owner: out of the queue, or out of a grant of which the caller never heard. */
function cancel(call: Call): void {
  const owner = nameAt(call, 2)
  const lock = call.server.coordination.find(call, 1, LOCK)
  if (cancelWait(call, 1, owner)) return call.reply.integer(1)
  const answer = lock?.release(owner, undefined, true)
  if (lock === undefined || answer?.kind !== 'released') return call.reply.integer(0)
  released(call, 1, LOCK, lock, answer.hold, 'lock:released')
  call.reply.integer(1)
}

/** LOCK.DOWNGRADE key owner */
function downgrade(call: Call): void {
  const owner = nameAt(call, 2)
  const lock = call.server.coordination.find(call, 1, LOCK)
  const answer = lock?.downgrade(owner)
  if (lock === undefined || answer?.kind !== 'kept') return call.reply.integer(0)
  keep(call, 1, LOCK, lock, answer.hold)
  call.signal(1)
  call.reply.integer(1)
}

/** LOCK.HANDOFF key owner newowner [EX s|PX ms] */
function handOff(call: Call): void {
  const owner = nameAt(call, 2)
  const heir = nameAt(call, 3)
  const options = new Options(call, 4)
  while (options.more) if (!options.takesLease()) options.refuse()
  const { leaseMs } = options.term()
  const { coordination, monotonic } = call.server
  const lock = coordination.find(call, 1, LOCK)
  const hold = lock?.find(owner)
  if (lock === undefined || hold === undefined) return call.reply.null()
  const answer = lock.handOff(owner, heir, leaseMs, coordination.tokens(call, 1), monotonic)
  if (answer.kind === 'refused') throw refusalError(answer)
  if (owner !== heir) released(call, 1, LOCK, lock, hold, 'lock:released')
  inherit(call, heir, lock, answer)
  call.reply.integer(answer.hold.token)
}

/** Somebody holds it now who did not ask, or asked and waits: that call is answered. */
function inherit(call: Call, heir: string, lock: Lock, answer: Granted): void {
  keep(call, 1, LOCK, lock, answer.hold)
  if (answer.fresh) changedHands(call, 1, answer.hold, 'lock:acquired')
  const { waiting } = call.server
  const parked = waiting.find(call.db, call.text(1), 'turn', heir)
  if (parked !== undefined) waiting.summon(parked)
}

/** Why LOCK.ASSERT key owner [TOKEN t] fails; undefined if it holds. */
function assertion(call: Call): ReplyError | undefined {
  const owner = nameAt(call, 2)
  const options = new Options(call, 3)
  let token: number | undefined
  while (options.more) {
    if (options.takes('TOKEN')) token = options.token()
    else options.refuse()
  }
  const lock = call.server.coordination.look(call, 1, LOCK)
  if (lock === undefined) return errors.notHeld
  const answer = lock.check(owner, token)
  return answer.kind === 'refused' ? refusalError(answer) : undefined
}

function assertHeld(call: Call): void {
  const error = assertion(call)
  if (error !== undefined) throw error
  call.reply.ok()
}

/** LOCK.FORCE key */
function force(call: Call): void {
  const lock = call.server.coordination.find(call, 1, LOCK)
  if (lock === undefined) return call.reply.integer(0)
  const holds = lock.force()
  for (const hold of holds) released(call, 1, LOCK, lock, hold, 'lock:forced')
  call.reply.integer(holds.length)
}

/** LOCK.INFO key */
function info(call: Call): void {
  const { coordination, waiting } = call.server
  const lock = coordination.look(call, 1, LOCK)
  const count = waiting.count(call.db, call.text(1), 'turn')
  if (lock === undefined && count === 0) return call.reply.null()
  const [first] = lock?.holders() ?? []
  replyFacts(call, [
    ['mode', lock?.mode ?? 'free'],
    ['holders', lock?.size ?? 0],
    ['waiting', count],
    ['owner', first?.owner ?? null],
    ['token', first?.token ?? null],
    ['ttl-ms', first === undefined ? null : timeLeft(call, first)],
  ])
}

/** LOCK.HOLDERS key */
function holders(call: Call): void {
  const lock = call.server.coordination.look(call, 1, LOCK)
  replyHolders(call, lock?.holders() ?? [], hold => [
    ['mode', hold.exclusive ? 'write' : 'read'],
    ['count', hold.count],
    ['meta', hold.meta],
  ])
}

/** LOCK.QUEUE key */
function queue(call: Call): void {
  call.server.coordination.look(call, 1, LOCK)
  replyQueue(call, 1)
}

const KEY_READ = keyAt(1, 'RO', 'access')
const KEY_CHANGED = keyAt(1, 'RW', 'access', 'update')
const KEY_TAKEN = keyAt(1, 'RW', 'access', 'insert', 'update')
const KEY_GIVEN_BACK = keyAt(1, 'RW', 'access', 'delete')
const TERM = '[EX seconds|PX milliseconds|CONN] [WAIT milliseconds]'
const ENTRY = '[REENTRANT [MAXHOLDS count]] [META text]'

export const lockCommands: readonly CommandSpec[] = coordinationRows([
  {
    name: 'lock.acquire',
    arity: -3,
    flags: ['write', 'denyoom', 'blocking', 'fast'],
    keys: [KEY_TAKEN],
    complexity: 'O(log N) for N holders',
    summary: 'Takes the lock, or waits for it; returns the fencing token.',
    syntax: `key owner [READ|WRITE] ${TERM} ${ENTRY}`,
    handler: acquire,
  },
  {
    name: 'lock.assert',
    arity: -3,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Fails unless the owner holds the lock; inside MULTI it fails the whole EXEC.',
    syntax: 'key owner [TOKEN token:integer]',
    guard: assertion,
    handler: assertHeld,
  },
  {
    name: 'lock.cancel',
    arity: 3,
    flags: ['write', 'fast'],
    keys: [KEY_GIVEN_BACK],
    complexity: 'O(log N) for N holders',
    summary: 'Ends the wait of an owner, or gives back what it was granted unseen.',
    syntax: 'key owner',
    handler: cancel,
  },
  {
    name: 'lock.downgrade',
    arity: 3,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Turns an exclusive hold into a shared one; the token stays.',
    syntax: 'key owner',
    handler: downgrade,
  },
  {
    name: 'lock.extend',
    arity: -5,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(log N) for N holders',
    summary: 'Starts a lease of the given length now.',
    syntax: 'key owner (EX seconds|PX milliseconds) [TOKEN token:integer]',
    handler: extend,
  },
  {
    name: 'lock.force',
    arity: 2,
    flags: ['write'],
    keys: [KEY_GIVEN_BACK],
    complexity: 'O(N) for N holders',
    summary: 'Takes the lock from all who hold it.',
    syntax: 'key',
    handler: force,
  },
  {
    name: 'lock.handoff',
    arity: -4,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(log N) for N holders',
    summary: 'Passes the lock to another owner under a new token.',
    syntax: 'key owner newowner [EX seconds|PX milliseconds]',
    handler: handOff,
  },
  {
    name: 'lock.holders',
    arity: 2,
    flags: ['readonly'],
    keys: [KEY_READ],
    complexity: 'O(N) for N holders',
    summary: 'Returns who holds the lock, on which tokens and for how long.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    handler: holders,
  },
  {
    name: 'lock.info',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Returns how the lock is held, by how many, and how many wait.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    handler: info,
  },
  {
    name: 'lock.macquire',
    arity: -4,
    flags: ['write', 'denyoom', 'blocking'],
    keys: [keyNum(1, 'RW', 'access', 'insert', 'update')],
    complexity: 'O(K log N) for K keys with N holders',
    summary: 'Takes several locks, all or none, or waits for them holding none.',
    syntax: `numkeys key [key ...] owner [READ|WRITE] ${TERM} ${ENTRY}`,
    handler: acquireAll,
  },
  {
    name: 'lock.mrelease',
    arity: -4,
    flags: ['write'],
    keys: [keyNum(1, 'RW', 'access', 'delete')],
    complexity: 'O(K log N) for K keys with N holders',
    summary: 'Gives back several locks; returns how many the owner held.',
    syntax: 'numkeys key [key ...] owner',
    handler: releaseAll,
  },
  {
    name: 'lock.queue',
    arity: 2,
    flags: ['readonly'],
    keys: [KEY_READ],
    complexity: 'O(N) for N waiting owners',
    summary: 'Returns who waits for the lock, and since when.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    handler: queue,
  },
  {
    name: 'lock.release',
    arity: -3,
    flags: ['write', 'fast'],
    keys: [KEY_GIVEN_BACK],
    complexity: 'O(log N) for N holders',
    summary: 'Gives the lock back, or one entry of it.',
    syntax: 'key owner [TOKEN token:integer] [ALL] [STRICT]',
    handler: release,
  },
  {
    name: 'lock.upgrade',
    arity: -3,
    flags: ['write', 'blocking', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Turns a shared hold into the exclusive one, or waits for the other readers.',
    syntax: 'key owner [WAIT milliseconds]',
    handler: upgrade,
  },
  ...holdEffects(LOCK, () => new Lock()),
])
