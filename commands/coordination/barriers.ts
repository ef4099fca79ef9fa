// barriers.ts — BARRIER: a number of parties enter together and leave together.
//
// A participant is in as long as its connection lasts, unless it asks for a lease: the dead do not
// keep the living. Whoever gives up waiting to enter is out again; whoever gives up waiting for the
// others to leave has left all the same.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { BARRIER } from '../../src/keyspace/record.ts'
import { Barrier } from '../../src/values/barrier.ts'
import { nameAt, Options, type Term } from './options.ts'
import { refusalError } from './refusals.ts'
import { coordinationRows, effectRow } from './rows.ts'
import { checkQueues, signalNews, waitForNews } from './waits.ts'

const PARTIES_MAX = 2 ** 31 - 1

/** BARRIER.ENTER key participant parties [EX s|PX ms|CONN] [WAIT ms] */
function enter(call: Call): void {
  const participant = nameAt(call, 2)
  const parties = call.integerIn(3, 1, PARTIES_MAX)
  const options = new Options(call, 4)
  while (options.more) if (!options.takesTerm() && !options.takesWait()) options.refuse()
  const { coordination, monotonic } = call.server
  const old = coordination.find(call, 1, BARRIER)
  const { deadline, leaseMs } = options
  // Woken, and everybody is in. A lease begins only now, so with one it enters once more.
  if (call.resumed && leaseMs === 0 && old?.phase === 'full' && old.has(participant)) {
    return call.reply.integer(1)
  }
  const barrier = old ?? new Barrier(parties, coordination.tokens(call, 1).nextToken())
  const canWait = deadline !== undefined && call.mayBlock
  const waits = parties === barrier.parties && !completes(barrier, participant)
  // Alone and unwilling to wait, it would be in for no time at all.
  if (waits && !canWait) return call.reply.null()
  if (canWait) mustHaveRoom(call, participant)
  // Who waits for the others is in as long as it waits.
  const bound = waits || leaseMs === 0
  const term = { leaseMs: bound ? 0 : leaseMs, connection: bound ? call.client.id : 0 }
  const answer = barrier.enter({ participant, parties, ...term }, monotonic)
  if (answer.kind === 'refused') throw refusalError(answer)
  if (answer.kind !== 'busy') save(call, barrier, participant, term)
  if (answer.kind === 'entered') {
    if (answer.opened) announce(call, barrier, 'barrier:full')
    return call.reply.integer(1)
  }
  const { db, server } = call
  const key = call.text(1)
  waitForNews(call, [key], {
    deadline,
    identity: participant,
    wish: 'enter',
    // Whoever stops waiting before the barrier is full has never come.
    onEnd: end => {
      if (end === 'abandoned') server.coordination.withdraw(db, key, participant)
    },
  })
}

function save(call: Call, barrier: Barrier, participant: string, term: Term): void {
  const { coordination } = call.server
  coordination.save(call, 1, BARRIER, barrier)
  if (term.connection !== 0) coordination.bind(call.client, barrier)
  const { parties, generation } = barrier
  call.effect(
    'barrier.entered',
    call.text(1),
    participant,
    parties,
    generation,
    term.leaseMs,
    term.connection,
  )
}

/** A change that ends in a wait is not begun where there is no room to wait. */
function mustHaveRoom(call: Call, participant: string): void {
  if (!call.resumed) checkQueues(call, [call.text(1)], 'news', participant)
}

/** Whether the participant needs to wait for nobody. */
function completes(barrier: Barrier, participant: string): boolean {
  if (barrier.phase !== 'gathering') return true
  const others = barrier.has(participant) ? barrier.size - 1 : barrier.size
  return others + 1 >= barrier.parties
}

function announce(call: Call, barrier: Barrier, event: string): void {
  call.server.coordination.announce(call.db, call.text(1), event, barrier.generation)
  signalNews(call, 1)
}

/** BARRIER.LEAVE key participant [WAIT ms] */
function leave(call: Call): void {
  const participant = nameAt(call, 2)
  const options = new Options(call, 3)
  while (options.more) if (!options.takesWait()) options.refuse()
  const { coordination } = call.server
  const generation = call.parked?.memo[0]
  if (generation === undefined && givesUpEntering(call, participant)) return call.reply.integer(1)
  const barrier = coordination.find(call, 1, BARRIER)
  if (barrier === undefined) {
    // The round whose end was waited for is over: nobody is in any more.
    return generation === undefined ? call.reply.null() : call.reply.integer(1)
  }
  if (options.deadline !== undefined) mustHaveRoom(call, participant)
  const wasIn = barrier.has(participant)
  const answer = barrier.leave(participant, generation)
  if (answer.kind === 'absent') return call.reply.null()
  if (wasIn && generation === undefined) left(call, barrier, participant)
  if (answer.kind === 'left') return call.reply.integer(1)
  waitForNews(call, [call.text(1)], {
    deadline: options.deadline,
    identity: participant,
    wish: 'leave',
    memo: [barrier.generation],
  })
}

/** Whoever leaves does not wait to enter any more; true if that was all there was to leave. */
function givesUpEntering(call: Call, participant: string): boolean {
  const { dispatch, waiting } = call.server
  const parked = waiting.find(call.db, call.text(1), 'news', participant)
  if (parked?.wish !== 'enter') return false
  dispatch.releaseWith(parked, parked.onTimeout)
  return true
}

function left(call: Call, barrier: Barrier, participant: string): void {
  const { coordination } = call.server
  const isLast = barrier.isFree
  coordination.save(call, 1, BARRIER, barrier)
  call.effect('barrier.released', call.text(1), participant)
  if (isLast) announce(call, barrier, 'barrier:empty')
  else signalNews(call, 1)
}

/** barrier.entered key participant parties generation lease-ms connection */
function replayEntered(call: Call): void {
  const { coordination, monotonic } = call.server
  const [participant, parties, generation] = [call.text(2), call.integer(3), call.integer(4)]
  const barrier = coordination.find(call, 1, BARRIER) ?? new Barrier(parties, generation)
  const [leaseMs, connection] = [call.integer(5), call.integer(6)]
  barrier.enter({ participant, parties, leaseMs, connection }, monotonic)
  coordination.learnToken(call, 1, generation)
  coordination.save(call, 1, BARRIER, barrier)
}

/** barrier.released key participant */
function replayReleased(call: Call): void {
  const { coordination } = call.server
  const barrier = coordination.find(call, 1, BARRIER)
  barrier?.remove(call.text(2))
  if (barrier !== undefined) coordination.save(call, 1, BARRIER, barrier)
}

export const barrierCommands: readonly CommandSpec[] = coordinationRows([
  {
    name: 'barrier.enter',
    arity: -4,
    flags: ['write', 'denyoom', 'blocking', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'insert', 'update')],
    complexity: 'O(log N), and O(N) for N participants when it becomes full',
    summary: 'Enters and waits until all parties are in: 1, or nil.',
    syntax: 'key participant parties:integer [EX seconds|PX milliseconds|CONN] [WAIT milliseconds]',
    handler: enter,
  },
  {
    name: 'barrier.leave',
    arity: -3,
    flags: ['write', 'blocking', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'delete')],
    complexity: 'O(log N), and O(N) for N participants when the last one leaves',
    summary: 'Leaves and waits until all others have: 1, or nil.',
    syntax: 'key participant [WAIT milliseconds]',
    handler: leave,
  },
  effectRow('barrier.entered', 7, 'A participant is in.', replayEntered),
  effectRow('barrier.released', 3, 'A participant is in no more.', replayReleased),
])
