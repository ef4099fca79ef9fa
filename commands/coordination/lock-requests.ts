// lock-requests.ts — Asking for locks: LOCK.ACQUIRE of one, LOCK.MACQUIRE of several, LOCK.UPGRADE.
//
// Several are granted all or nothing, and whoever waits for them holds none of them meanwhile: it
// stands in every queue, and is granted when it is first in all and all are free. Calls join all
// their queues at once, so no two can stand in each other's way.

import type { Call } from '../../src/call.ts'
import { LOCK } from '../../src/keyspace/record.ts'
import { Lock, type LockMode, type LockRequest } from '../../src/values/lock.ts'
import { granted } from './holds.ts'
import { keysAt, nameAt, Options } from './options.ts'
import { refusalError } from './refusals.ts'
import { isQueued, waitForTurn } from './waits.ts'

interface Wish extends LockRequest {
  /** Set for each lock that is asked for. */
  queued: boolean
  readonly deadline: number | undefined
}

/** Reads the owner at argument i and the options behind it. */
function readWish(call: Call, i: number): Wish {
  const owner = nameAt(call, i)
  const options = new Options(call, i + 1)
  let mode: LockMode = 'write'
  let reentrant = false
  let maxHolds = 0
  let meta: string | undefined
  while (options.more) {
    if (options.takesTerm() || options.takesWait()) continue
    if (options.takes('READ')) mode = 'read'
    else if (options.takes('WRITE')) mode = 'write'
    else if (options.takes('REENTRANT')) reentrant = true
    else if (options.takes('MAXHOLDS')) maxHolds = options.integer(1, holdsLimit(call))
    else if (options.takes('META')) meta = options.text()
    else options.refuse()
  }
  if (mode === 'read' && options.has('WRITE')) options.refuse()
  if (mode === 'write' && options.has('READ')) options.refuse()
  if (maxHolds > 0 && !reentrant) options.refuse()
  if (reentrant && maxHolds === 0) maxHolds = holdsLimit(call)
  const { leaseMs, connection } = options.term()
  const { deadline } = options
  return { owner, mode, leaseMs, connection, reentrant, maxHolds, meta, queued: false, deadline }
}

function holdsLimit(call: Call): number {
  return call.server.config.values['lock-max-holds']
}

/** The wish as the lock of key i is to be asked. */
function requestFor(call: Call, i: number, wish: Wish): LockRequest {
  wish.queued = isQueued(call, i)
  return wish
}

/** LOCK.ACQUIRE key owner [READ|WRITE] [EX s|PX ms|CONN] [WAIT ms] [REENTRANT …] [META text] */
export function acquire(call: Call): void {
  const wish = readWish(call, 2)
  const { coordination, monotonic } = call.server
  const lock = coordination.find(call, 1, LOCK) ?? new Lock()
  const answer = lock.acquire(requestFor(call, 1, wish), coordination.tokens(call, 1), monotonic)
  if (answer.kind === 'refused') throw refusalError(answer)
  if (answer.kind === 'granted') {
    granted(call, 1, LOCK, lock, answer, 'lock:acquired')
    call.endsRound = answer.hold.exclusive
    call.reply.integer(answer.hold.token)
    return
  }
  const { owner, mode, deadline } = wish
  waitForTurn(call, [call.text(1)], { deadline, identity: owner, wish: mode })
}

/** LOCK.MACQUIRE numkeys key… owner [options as of LOCK.ACQUIRE] */
export function acquireAll(call: Call): void {
  const keys = keysAt(call, 1, 1)
  const wish = readWish(call, 2 + keys.length)
  const { coordination } = call.server
  const locks: Lock[] = []
  let isBusy = false
  for (const i of keys) {
    const lock = coordination.find(call, i, LOCK) ?? new Lock()
    const refusal = lock.refusal(requestFor(call, i, wish))
    if (refusal?.kind === 'refused') throw refusalError(refusal)
    if (refusal !== undefined) isBusy = true
    locks.push(lock)
  }
  if (!isBusy) {
    grantAll(call, keys, locks, wish)
    return
  }
  const { owner, mode, deadline } = wish
  const names = keys.map(i => call.text(i))
  waitForTurn(call, names, { deadline, identity: owner, wish: mode })
}

/** Nothing is in the way of any of them. */
function grantAll(call: Call, keys: readonly number[], locks: readonly Lock[], wish: Wish): void {
  const { coordination, monotonic } = call.server
  call.reply.array(keys.length)
  for (const [index, i] of keys.entries()) {
    const lock = locks[index]!
    const answer = lock.acquire(requestFor(call, i, wish), coordination.tokens(call, i), monotonic)
    if (answer.kind !== 'granted') throw new Error('a lock refused what it said it would grant')
    granted(call, i, LOCK, lock, answer, 'lock:acquired')
    call.reply.integer(answer.hold.token)
  }
}

/** LOCK.UPGRADE key owner [WAIT ms] */
export function upgrade(call: Call): void {
  const owner = nameAt(call, 2)
  const options = new Options(call, 3)
  while (options.more) if (!options.takesWait()) options.refuse()
  const { coordination, monotonic, waiting } = call.server
  const lock = coordination.find(call, 1, LOCK)
  const head = waiting.head(call.db, call.text(1), 'turn')
  const contended = head?.first === true && head.identity !== owner
  const answer = lock?.upgrade(owner, contended, coordination.tokens(call, 1), monotonic)
  if (lock === undefined || answer === undefined) return call.reply.null()
  switch (answer.kind) {
    case 'granted':
      granted(call, 1, LOCK, lock, answer, 'lock:acquired')
      return call.reply.integer(answer.hold.token)
    case 'refused':
      if (answer.code === 'DEADLOCK') throw refusalError(answer)
      // It holds nothing, or does so no more: there is nothing to upgrade.
      return call.reply.null()
    case 'busy':
      return waitForTurn(call, [call.text(1)], {
        deadline: options.deadline,
        identity: owner,
        wish: 'upgrade',
        first: true,
      })
  }
}
