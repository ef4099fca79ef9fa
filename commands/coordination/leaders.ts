// leaders.ts — LEADER: elections of one candidate, with a value that it proclaims.
//
// The engine is an exclusive lock's: candidates queue, the leader's term is a lease or lasts as long
// as its connection, and its token fences it. LOCK.DO accepts that token.

import type { Call } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { errors, type ReplyError } from '../../src/errors.ts'
import { LEADER } from '../../src/keyspace/record.ts'
import { Leader } from '../../src/values/leader.ts'
import { changedHands, granted, holdEffects, keep, released, timeLeft } from './holds.ts'
import { nameAt, Options, textAt } from './options.ts'
import { refusalError } from './refusals.ts'
import { coordinationRows } from './rows.ts'
import { cancelWait, isQueued, signalNews, waitForNews, waitForTurn } from './waits.ts'

/** LEADER.CAMPAIGN name candidate [VALUE v] [EX s|PX ms|CONN] [WAIT ms] */
function campaign(call: Call): void {
  const candidate = nameAt(call, 2)
  const options = new Options(call, 3)
  let value: string | undefined
  while (options.more) {
    if (options.takesTerm() || options.takesWait()) continue
    if (options.takes('VALUE')) value = options.text()
    else options.refuse()
  }
  const { coordination, monotonic } = call.server
  const leader = coordination.find(call, 1, LEADER) ?? new Leader()
  const { leaseMs, connection } = options.term()
  const request = { candidate, value, leaseMs, connection, queued: isQueued(call, 1) }
  const answer = leader.campaign(request, coordination.tokens(call, 1), monotonic)
  if (answer.kind === 'busy') {
    const { deadline } = options
    waitForTurn(call, [call.text(1)], { deadline, identity: candidate, wish: 'lead' })
    return
  }
  granted(call, 1, LEADER, leader, answer, 'leader:elected')
  if (answer.fresh) signalNews(call, 1)
  call.endsRound = true
  call.reply.integer(answer.hold.token)
}

function resignOne(call: Call, candidate: string): boolean {
  const leader = call.server.coordination.find(call, 1, LEADER)
  const answer = leader?.resign(candidate)
  if (leader === undefined || answer?.kind !== 'released') return false
  released(call, 1, LEADER, leader, answer.hold, 'leader:resigned')
  return true
}

/** LEADER.RESIGN name candidate */
function resign(call: Call): void {
  call.reply.integer(resignOne(call, nameAt(call, 2)) ? 1 : 0)
}

/** LEADER.CANCEL name candidate */
function cancel(call: Call): void {
  const candidate = nameAt(call, 2)
  call.server.coordination.find(call, 1, LEADER)
  call.reply.integer(cancelWait(call, 1, candidate) || resignOne(call, candidate) ? 1 : 0)
}

/** LEADER.EXTEND name candidate EX s|PX ms [TOKEN t] */
function extend(call: Call): void {
  const candidate = nameAt(call, 2)
  const options = new Options(call, 3)
  let token: number | undefined
  while (options.more) {
    if (options.takes('TOKEN')) token = options.token()
    else if (!options.takesLease()) options.refuse()
  }
  if (options.leaseMs === 0) options.refuse()
  const { coordination, monotonic } = call.server
  const leader = coordination.find(call, 1, LEADER)
  const answer = leader?.extend(candidate, options.leaseMs, token, monotonic)
  if (leader === undefined || answer === undefined) return call.reply.integer(0)
  if (answer.kind === 'refused') {
    if (answer.code === 'FENCED') throw errors.fenced
    return call.reply.integer(0)
  }
  keep(call, 1, LEADER, leader, answer.hold)
  call.reply.integer(timeLeft(call, answer.hold))
}

/** LEADER.PROCLAIM name candidate value */
function proclaim(call: Call): void {
  const candidate = nameAt(call, 2)
  const value = textAt(call, 3)
  const { coordination } = call.server
  const leader = coordination.find(call, 1, LEADER)
  const answer = leader?.proclaim(candidate, value)
  if (leader === undefined || answer?.kind !== 'kept') return call.reply.integer(0)
  keep(call, 1, LEADER, leader, answer.hold)
  coordination.announce(call.db, call.text(1), 'leader:proclaimed', candidate, answer.hold.token)
  call.reply.integer(1)
}

/** LEADER.TRANSFER name candidate to [EX s|PX ms] */
function transfer(call: Call): void {
  const candidate = nameAt(call, 2)
  const heir = nameAt(call, 3)
  const options = new Options(call, 4)
  while (options.more) if (!options.takesLease()) options.refuse()
  const { coordination, monotonic, waiting } = call.server
  const leader = coordination.find(call, 1, LEADER)
  const hold = leader?.current
  if (leader === undefined || hold?.owner !== candidate) return call.reply.null()
  const { leaseMs } = options.term()
  const tokens = coordination.tokens(call, 1)
  const answer = leader.transfer(candidate, heir, leaseMs, tokens, monotonic)
  if (answer.kind === 'refused') throw refusalError(answer)
  if (candidate !== heir) released(call, 1, LEADER, leader, hold, 'leader:resigned')
  keep(call, 1, LEADER, leader, answer.hold)
  if (answer.fresh) changedHands(call, 1, answer.hold, 'leader:elected')
  const parked = waiting.find(call.db, call.text(1), 'turn', heir)
  if (parked !== undefined) waiting.summon(parked)
  signalNews(call, 1)
  call.reply.integer(answer.hold.token)
}

function replyLeader(call: Call, leader: Leader | undefined): void {
  const { reply } = call
  const hold = leader?.current
  if (hold === undefined) return reply.nullArray()
  reply.array(4)
  reply.bulk(hold.owner)
  reply.bulk(hold.meta)
  reply.integer(hold.token)
  reply.integer(timeLeft(call, hold))
}

/** LEADER.GET name */
function get(call: Call): void {
  replyLeader(call, call.server.coordination.look(call, 1, LEADER))
}

/** LEADER.AWAIT name [NOT token] [WAIT ms]: until there is a leader on another token. */
function awaitLeader(call: Call): void {
  const options = new Options(call, 2)
  let not: number | undefined
  while (options.more) {
    if (options.takes('NOT')) not = options.token()
    else if (!options.takesWait()) options.refuse()
  }
  const leader = call.server.coordination.look(call, 1, LEADER)
  const token = leader?.current?.token
  const known = call.parked?.memo[0] ?? not ?? token ?? 0
  if (token !== undefined && token !== known) return replyLeader(call, leader)
  waitForNews(call, [call.text(1)], {
    deadline: options.deadline,
    wish: 'news',
    memo: [known],
    onTimeout: reply => reply.nullArray(),
  })
}

/** LEADER.MEMBERS name: the leader, then the candidates in their order. */
function members(call: Call): void {
  const { coordination, waiting } = call.server
  const names: string[] = []
  const leader = coordination.look(call, 1, LEADER)?.current
  if (leader !== undefined) names.push(leader.owner)
  for (const { identity } of waiting.at(call.db, call.text(1), 'turn')) {
    if (identity !== undefined) names.push(identity)
  }
  call.reply.bulks(names, names.length)
}

/** Why LEADER.ASSERT name candidate [TOKEN t] fails; undefined if it holds. */
function assertion(call: Call): ReplyError | undefined {
  const candidate = nameAt(call, 2)
  const options = new Options(call, 3)
  let token: number | undefined
  while (options.more) {
    if (options.takes('TOKEN')) token = options.token()
    else options.refuse()
  }
  const leader = call.server.coordination.look(call, 1, LEADER)
  if (leader === undefined) return errors.notHeld
  const answer = leader.check(candidate, token)
  return answer.kind === 'refused' ? refusalError(answer) : undefined
}

function assertLeads(call: Call): void {
  const error = assertion(call)
  if (error !== undefined) throw error
  call.reply.ok()
}

const KEY_READ = keyAt(1, 'RO', 'access')
const KEY_CHANGED = keyAt(1, 'RW', 'access', 'update')

export const leaderCommands: readonly CommandSpec[] = coordinationRows([
  {
    name: 'leader.assert',
    arity: -3,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Fails unless the candidate leads; inside MULTI it fails the whole EXEC.',
    syntax: 'name:key candidate [TOKEN token:integer]',
    guard: assertion,
    handler: assertLeads,
  },
  {
    name: 'leader.await',
    arity: -2,
    flags: ['readonly', 'blocking'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Waits until somebody leads on another token, and returns who.',
    syntax: 'name:key [NOT token:integer] [WAIT milliseconds]',
    handler: awaitLeader,
  },
  {
    name: 'leader.campaign',
    arity: -3,
    flags: ['write', 'denyoom', 'blocking', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'insert', 'update')],
    complexity: 'O(1)',
    summary: 'Becomes the leader, or waits for that; returns the token of the term.',
    syntax:
      'name:key candidate [VALUE value] [EX seconds|PX milliseconds|CONN] [WAIT milliseconds]',
    handler: campaign,
  },
  {
    name: 'leader.cancel',
    arity: 3,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'delete')],
    complexity: 'O(1)',
    summary: 'Ends the wait of a candidate, or a term that it was given unseen.',
    syntax: 'name:key candidate',
    handler: cancel,
  },
  {
    name: 'leader.extend',
    arity: -5,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Starts a lease of the given length now.',
    syntax: 'name:key candidate (EX seconds|PX milliseconds) [TOKEN token:integer]',
    handler: extend,
  },
  {
    name: 'leader.get',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Returns who leads, what it proclaimed, its token, and the milliseconds left.',
    syntax: 'name:key',
    tips: ['nondeterministic_output'],
    handler: get,
  },
  {
    name: 'leader.members',
    arity: 2,
    flags: ['readonly'],
    keys: [KEY_READ],
    complexity: 'O(N) for N candidates',
    summary: 'Returns the leader and those who wait to lead.',
    syntax: 'name:key',
    handler: members,
  },
  {
    name: 'leader.proclaim',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Sets the value of the present leader.',
    syntax: 'name:key candidate value',
    handler: proclaim,
  },
  {
    name: 'leader.resign',
    arity: 3,
    flags: ['write', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'delete')],
    complexity: 'O(1)',
    summary: 'Ends the term of a candidate; the next one leads.',
    syntax: 'name:key candidate',
    handler: resign,
  },
  {
    name: 'leader.transfer',
    arity: -4,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Passes leadership to another candidate under a new token.',
    syntax: 'name:key candidate to [EX seconds|PX milliseconds]',
    handler: transfer,
  },
  ...holdEffects(LEADER, () => new Leader()),
])
