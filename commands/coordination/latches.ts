// latches.ts — LATCH: countdowns that open once, for all who wait on any node.
//
// Whoever awaits a latch remembers the generation it saw, and learns how that one ended: open,
// broken, or out of time. A latch that is missing is an error, never "open".

import { type Call, fail } from '../../src/call.ts'
import { type CommandSpec, keyAt, keyNum } from '../../src/command.ts'
import { errors } from '../../src/errors.ts'
import { LATCH } from '../../src/keyspace/record.ts'
import type { Refused } from '../../src/values/coordinated.ts'
import { Latch, type LatchConfig, type LatchCount } from '../../src/values/latch.ts'
import { awaitAll, awaitOne } from './latch-waits.ts'
import { LEASE_MS_MAX, nameAt, Options, textAt } from './options.ts'
import { latchRefusal, type RefusalCode } from './refusals.ts'
import { answersAgain, remember } from './requests.ts'
import { coordinationRows, effectRow } from './rows.ts'
import { replyFacts } from './views.ts'
import { signalNews } from './waits.ts'

const LINGER_MS_DEFAULT = 60_000
const COUNT_MAX = Number.MAX_SAFE_INTEGER

/** The latch of key 1; an error if there is none. */
function findLatch(call: Call): Latch {
  return call.server.coordination.find(call, 1, LATCH) ?? fail(errors.noLatch)
}

/** A token that no generation of this latch has had, however often its key is made anew. */
function newGeneration(call: Call): number {
  return call.server.coordination.tokens(call, 1).nextToken()
}

/** Puts down a latch and logs what happened to it; tells those who wait if that ended it. */
function save(call: Call, latch: Latch, ...effect: (string | number)[]): void {
  const { coordination } = call.server
  const [name, ...words] = effect as [string, ...(string | number)[]]
  coordination.save(call, 1, LATCH, latch)
  call.effect(name, call.text(1), ...words)
}

function announce(call: Call, latch: Latch, event: string): void {
  call.server.coordination.announce(call.db, call.text(1), event, latch.generation)
  signalNews(call, 1)
}

function counted(answer: LatchCount | Refused<RefusalCode>, latch: Latch): LatchCount {
  if (answer.kind === 'refused') throw latchRefusal(answer.code, latch)
  return answer
}

/** The keywords of LATCH.CREATE. */
function readConfig(call: Call): { config: LatchConfig; options: Options } {
  const options = new Options(call, 3)
  let scope: LatchConfig['scope'] = 'dc'
  let onExpire: LatchConfig['onExpire'] = 'fail'
  let lingerMs = LINGER_MS_DEFAULT
  while (options.more) {
    if (options.takesLease() || options.takes('NX') || options.takes('XX')) continue
    if (options.takes('UPDOWN') || options.takes('HOLD')) continue
    if (options.takes('SCOPE')) scope = wordAt(call, options.argument(), 'DC', 'XDC')
    else if (options.takes('ONEXPIRE')) {
      onExpire = wordAt(call, options.argument(), 'FAIL', 'OPEN')
    } else if (options.takes('LINGER')) lingerMs = options.integer(1, LEASE_MS_MAX)
    else options.refuse()
  }
  if (options.has('NX') && options.has('XX')) options.refuse()
  const [upDown, hold] = [options.has('UPDOWN'), options.has('HOLD')]
  const config = { upDown, hold, scope, lifetimeMs: options.leaseMs, onExpire, lingerMs }
  return { config, options }
}

function wordAt<A extends string, B extends string>(
  call: Call,
  i: number,
  a: A,
  b: B,
): Lowercase<A | B> {
  const word = call.is(i, a) ? a : call.is(i, b) ? b : fail(errors.syntax)
  return word.toLowerCase() as Lowercase<A | B>
}

/** LATCH.CREATE key count [NX|XX] [UPDOWN] [HOLD] [SCOPE …] [EX s|PX ms] [ONEXPIRE …] [LINGER ms] */
function create(call: Call): void {
  const count = call.integerIn(2, 0, COUNT_MAX)
  const { config, options } = readConfig(call)
  const old = call.server.coordination.find(call, 1, LATCH)
  if (options.has('XX') ? old === undefined : old !== undefined) return call.reply.integer(0)
  const generation = newGeneration(call)
  const { upDown, hold, scope, lifetimeMs, onExpire, lingerMs } = config
  const latch = new Latch(config, count, generation, call.server.monotonic)
  // One that takes the place of another breaks it for those who wait.
  call.delete(1)
  save(
    call,
    latch,
    'latch.created',
    count,
    generation,
    upDown ? 1 : 0,
    hold ? 1 : 0,
    scope,
    lifetimeMs,
    onExpire,
    lingerMs,
  )
  if (latch.state === 'open') announce(call, latch, 'latch:open')
  call.reply.integer(1)
}

/** LATCH.DOWN key [n] [ID participant] [DATA text] [REQ id] */
function down(call: Call): void {
  const { amount, participant, data, options } = readStep(call, true)
  if (answersAgain(call, options.request)) return
  const latch = findLatch(call)
  const { monotonic } = call.server
  const isNew = participant === undefined || !latch.results.has(participant)
  const isChange = isNew && latch.state === 'closed'
  const { count, opened } = counted(latch.down(amount, participant, data, monotonic), latch)
  const id = participant === undefined ? [] : [participant, data]
  if (isChange) save(call, latch, 'latch.downed', amount, ...id)
  if (opened) announce(call, latch, 'latch:open')
  remember(call, options.request, count)
  call.reply.integer(count)
}

/** LATCH.UP key [n] [ID participant] [REQ id] */
function up(call: Call): void {
  const { amount, participant, options } = readStep(call, false)
  if (answersAgain(call, options.request)) return
  const latch = findLatch(call)
  const before = latch.count
  const { count } = counted(latch.up(amount, participant), latch)
  const id = participant === undefined ? [] : [participant]
  if (count !== before) save(call, latch, 'latch.upped', amount, ...id)
  remember(call, options.request, count)
  call.reply.integer(count)
}

interface Step {
  readonly amount: number
  readonly participant: string | undefined
  readonly data: string
  readonly options: Options
}

function readStep(call: Call, takesData: boolean): Step {
  const hasAmount = call.count > 2 && !['ID', 'DATA', 'REQ'].some(word => call.is(2, word))
  const amount = hasAmount ? call.integerIn(2, 1, COUNT_MAX) : 1
  const options = new Options(call, hasAmount ? 3 : 2)
  let participant: string | undefined
  let data = ''
  while (options.more) {
    if (options.takesRequest()) continue
    if (options.takes('ID')) participant = options.name()
    else if (takesData && options.takes('DATA')) data = options.text()
    else options.refuse()
  }
  if (options.has('DATA') && participant === undefined) options.refuse()
  return { amount, participant, data, options }
}

/** LATCH.ARM key */
function arm(call: Call): void {
  const latch = findLatch(call)
  const wasArmed = latch.armed
  const { count, opened } = counted(latch.arm(call.server.monotonic), latch)
  if (!wasArmed) save(call, latch, 'latch.armed')
  if (opened) announce(call, latch, 'latch:open')
  call.reply.integer(count)
}

/** LATCH.BREAK key [reason] */
function breakLatch(call: Call): void {
  if (call.count > 3) throw errors.syntax
  const reason = call.count > 2 ? textAt(call, 2) : ''
  const latch = findLatch(call)
  const wasClosed = latch.state === 'closed'
  counted(latch.break(reason, call.server.monotonic), latch)
  if (wasClosed) {
    save(call, latch, 'latch.broken', reason)
    announce(call, latch, 'latch:broken')
  }
  call.reply.integer(1)
}

/** LATCH.RESET key count */
function reset(call: Call): void {
  const count = call.integerIn(2, 0, COUNT_MAX)
  const latch = findLatch(call)
  const generation = newGeneration(call)
  latch.reset(count, generation, call.server.monotonic)
  save(call, latch, 'latch.reset-to', count, generation)
  announce(call, latch, latch.state === 'open' ? 'latch:open' : 'latch:reset')
  call.reply.integer(1)
}

/** LATCH.COUNT key */
function count(call: Call): void {
  const latch = call.server.coordination.look(call, 1, LATCH) ?? fail(errors.noLatch)
  call.reply.integer(latch.count)
}

/** LATCH.RESULTS key */
function results(call: Call): void {
  const latch = call.server.coordination.look(call, 1, LATCH) ?? fail(errors.noLatch)
  replyFacts(call, [...latch.results])
}

/** LATCH.INFO key */
function info(call: Call): void {
  const { coordination, monotonic, waiting } = call.server
  const latch = coordination.look(call, 1, LATCH)
  if (latch === undefined) return call.reply.null()
  const endsAt = latch.nextExpiry()
  replyFacts(call, [
    ['state', latch.state],
    ['count', latch.count],
    ['armed', latch.armed ? 1 : 0],
    ['generation', latch.generation],
    ['waiting', waiting.count(call.db, call.text(1), 'news')],
    ['participants', latch.results.size],
    ['updown', latch.config.upDown ? 1 : 0],
    ['scope', latch.config.scope],
    ['reason', latch.reason],
    ['ttl-ms', endsAt === Number.POSITIVE_INFINITY ? -1 : Math.ceil(endsAt - monotonic)],
  ])
}

/** latch.created key count generation updown hold scope lifetime-ms onexpire linger-ms */
function replayCreated(call: Call): void {
  const config: LatchConfig = {
    upDown: call.is(4, '1'),
    hold: call.is(5, '1'),
    scope: wordAt(call, 6, 'DC', 'XDC'),
    lifetimeMs: call.integer(7),
    onExpire: wordAt(call, 8, 'FAIL', 'OPEN'),
    lingerMs: call.integer(9),
  }
  const { coordination, monotonic } = call.server
  const generation = call.integer(3)
  call.delete(1)
  coordination.learnToken(call, 1, generation)
  coordination.save(call, 1, LATCH, new Latch(config, call.integer(2), generation, monotonic))
}

function replay(change: (call: Call, latch: Latch, now: number) => void) {
  return (call: Call): void => {
    const { coordination, monotonic } = call.server
    const latch = findLatch(call)
    change(call, latch, monotonic)
    coordination.save(call, 1, LATCH, latch)
  }
}

const replayDown = replay((call, latch, now) => {
  const participant = call.count > 3 ? nameAt(call, 3) : undefined
  latch.down(call.integer(2), participant, call.count > 4 ? call.text(4) : '', now)
})

const replayUp = replay((call, latch) => {
  latch.up(call.integer(2), call.count > 3 ? nameAt(call, 3) : undefined)
})

const replayReset = replay((call, latch, now) => {
  const generation = call.integer(3)
  call.server.coordination.learnToken(call, 1, generation)
  latch.reset(call.integer(2), generation, now)
})

const KEY_READ = keyAt(1, 'RO', 'access')
const KEY_CHANGED = keyAt(1, 'RW', 'access', 'update')

export const latchCommands: readonly CommandSpec[] = coordinationRows([
  {
    name: 'latch.arm',
    arity: 2,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1), and O(N) for N waiting clients if it opens',
    summary: 'Lets a latch that was made with HOLD open at zero; returns the count.',
    syntax: 'key',
    handler: arm,
  },
  {
    name: 'latch.await',
    arity: -2,
    flags: ['readonly', 'blocking'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Waits until the latch opens: 1, or 0 if the time is over before.',
    syntax: 'key [WAIT milliseconds]',
    handler: awaitOne,
  },
  {
    name: 'latch.break',
    arity: -2,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1), and O(N) for N waiting clients',
    summary: 'Ends the latch for all who wait, with a reason.',
    syntax: 'key [reason]',
    handler: breakLatch,
  },
  {
    name: 'latch.count',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Returns the count.',
    syntax: 'key',
    handler: count,
  },
  {
    name: 'latch.create',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [keyAt(1, 'RW', 'access', 'insert', 'update')],
    complexity: 'O(1)',
    summary: 'Makes a latch with a count, unless there is one.',
    syntax:
      'key count [NX|XX] [UPDOWN] [HOLD] [SCOPE (DC|XDC)] [EX seconds|PX milliseconds] ' +
      '[ONEXPIRE (FAIL|OPEN)] [LINGER milliseconds]',
    handler: create,
  },
  {
    name: 'latch.down',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1), and O(N) for N waiting clients if it opens',
    summary: 'Counts down, once for each participant; returns the count.',
    syntax: 'key [count] [ID participant] [DATA text] [REQ id]',
    handler: down,
  },
  {
    name: 'latch.info',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Returns the state, the count and how many wait.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    handler: info,
  },
  {
    name: 'latch.mawait',
    arity: -4,
    flags: ['readonly', 'blocking'],
    keys: [keyNum(1, 'RO', 'access')],
    complexity: 'O(K) for K latches',
    summary: 'Waits until any or all of several latches are open; returns which are.',
    syntax: 'numkeys key [key ...] (ANY|ALL) [WAIT milliseconds]',
    handler: awaitAll,
  },
  {
    name: 'latch.reset',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1), and O(N) for N waiting clients',
    summary:
      'Starts a new generation with a count; who still waits for the old one finds it broken.',
    syntax: 'key count',
    handler: reset,
  },
  {
    name: 'latch.results',
    arity: 2,
    flags: ['readonly'],
    keys: [KEY_READ],
    complexity: 'O(N) for N participants',
    summary: 'Returns what each participant said.',
    syntax: 'key',
    handler: results,
  },
  {
    name: 'latch.up',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Counts up, once for each participant; returns the count.',
    syntax: 'key [count] [ID participant] [REQ id]',
    handler: up,
  },
  effectRow(
    'latch.armed',
    2,
    'A latch was armed.',
    replay((_, latch, now) => latch.arm(now)),
  ),
  effectRow(
    'latch.broken',
    3,
    'A latch was broken.',
    replay((call, latch, now) => {
      latch.break(call.text(2), now)
    }),
  ),
  effectRow('latch.created', 10, 'A latch was made.', replayCreated),
  effectRow('latch.downed', -3, 'A latch was counted down.', replayDown),
  effectRow(
    'latch.lapsed',
    2,
    'The time of a latch is over.',
    replay((_, latch, now) => {
      latch.lapse(now)
    }),
  ),
  effectRow('latch.reset-to', 4, 'A latch began a new generation.', replayReset),
  effectRow('latch.upped', -3, 'A latch was counted up.', replayUp),
])
