// counters.ts — COUNTER: exact 64-bit counters, strong within bounds, or weak and accepted anywhere.
//
// A counter lives until its key is deleted or expires; a strong one is made by the first command
// that gives it a value. What is logged is the value that a command left; of a weak counter, this
// node's own tally, which any copy can merge.

import { type Call, fail } from '../../src/call.ts'
import { type CommandSpec, keyAt } from '../../src/command.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { COUNTER } from '../../src/keyspace/record.ts'
import type { Refused } from '../../src/values/coordinated.ts'
import { Counter, type CounterBounds, UNBOUNDED } from '../../src/values/counter.ts'
import { INT64_MAX, INT64_MIN, type Int64, parseInt64 } from '../../src/values/int64.ts'
import { WeakCounter } from '../../src/values/weak-counter.ts'
import { awaitThreshold } from './counter-waits.ts'
import { Options } from './options.ts'
import { refusalError } from './refusals.ts'
import { answersAgain, remember } from './requests.ts'
import { coordinationRows, effectRow } from './rows.ts'
import { replyFacts } from './views.ts'

const weakCannot = new ReplyError('ERR not possible on a weak counter')

function int64At(call: Call, i: number): Int64 {
  return parseInt64(call.text(i)) ?? fail(errors.notInteger)
}

function replyInt64({ reply }: Call, value: Int64): void {
  if (typeof value === 'number') reply.integer(value)
  else reply.bigint(value)
}

/** The strong counter of key 1, if there is one. */
function findStrong(call: Call): Counter | undefined {
  const counter = call.server.coordination.find(call, 1, COUNTER)
  if (counter instanceof WeakCounter) throw weakCannot
  return counter
}

/** A strong counter for a key that has none. */
function newCounter(): Counter {
  return created(Counter.create(UNBOUNDED))
}

function created(answer: Counter | Refused<'OUTOFBOUNDS'>): Counter {
  return answer instanceof Counter ? answer : fail(refusalError(answer))
}

/** Puts down and logs the new value of a strong counter, and tells of it. */
function save(call: Call, counter: Counter, previous: Int64): void {
  call.server.coordination.save(call, 1, COUNTER, counter)
  call.effect('counter.assigned', call.text(1), counter.value)
  tell(call, previous, counter.value)
}

/** Tells of a new value. One that is what it was may still be the first that the counter has. */
function tell(call: Call, previous: Int64, value: Int64): void {
  call.server.coordination.reached(call.db, call.text(1), value)
  if (previous === value) return
  call.server.coordination.announce(call.db, call.text(1), 'counter:changed', previous, value)
}

/** Puts down a weak counter after this node has counted, and logs its tally. */
function saveWeak(call: Call, counter: WeakCounter, previous: Int64): void {
  const { coordination, runId } = call.server
  coordination.save(call, 1, COUNTER, counter)
  const { era, opener, base, tallies } = counter.share(runId)
  const [tally] = tallies
  const own = tally === undefined ? [] : [tally.node, tally.added, tally.subtracted]
  call.effect('counter.merged', call.text(1), era, opener, base, ...own)
  tell(call, previous, counter.value)
}

/** COUNTER.CREATE key [STRONG|WEAK] [INIT v] [MIN v] [MAX v] [EX s|PX ms] [NX] */
function create(call: Call): void {
  const options = new Options(call, 2)
  let initial: Int64 | undefined
  let minimum = INT64_MIN
  let maximum = INT64_MAX
  while (options.more) {
    if (options.takesLease() || options.takes('NX')) continue
    if (options.takes('STRONG') || options.takes('WEAK')) continue
    if (options.takes('INIT')) initial = int64At(call, options.argument())
    else if (options.takes('MIN')) minimum = int64At(call, options.argument())
    else if (options.takes('MAX')) maximum = int64At(call, options.argument())
    else options.refuse()
  }
  const isWeak = options.has('WEAK')
  if (isWeak && (options.has('STRONG') || options.has('MIN') || options.has('MAX')))
    options.refuse()
  if (initial === undefined) initial = within(0, minimum, maximum)
  const counter = makeCounter(isWeak, { initial, minimum, maximum })
  const { coordination } = call.server
  const old = coordination.find(call, 1, COUNTER)
  if (old !== undefined && options.has('NX')) return call.reply.integer(0)
  const expiresAt = options.leaseMs === 0 ? 0 : call.now + options.leaseMs
  place(call, counter, expiresAt)
  const kind = isWeak ? 'weak' : 'strong'
  call.effect('counter.created', call.text(1), kind, initial, minimum, maximum, expiresAt)
  tell(call, old?.value ?? 0, counter.value)
  call.reply.integer(1)
}

/** Where a counter starts that is not told: at 0, or where its bounds are nearest to that. */
function within(value: Int64, minimum: Int64, maximum: Int64): Int64 {
  if (value < minimum) return minimum
  return value > maximum ? maximum : value
}

function makeCounter(isWeak: boolean, bounds: CounterBounds): Counter | WeakCounter {
  const { initial, minimum, maximum } = bounds
  if (isWeak) return new WeakCounter(initial)
  const isPlain = initial === 0 && minimum === INT64_MIN && maximum === INT64_MAX
  return created(Counter.create(isPlain ? UNBOUNDED : bounds))
}

/** Makes key 1 hold this counter and no other, until `expiresAt` if that is not 0. */
function place(call: Call, counter: Counter | WeakCounter, expiresAt: number): void {
  const { db } = call
  call.delete(1)
  call.server.coordination.save(call, 1, COUNTER, counter)
  if (expiresAt > 0) db.setExpiry(call.peek(1), expiresAt)
}

/** COUNTER.ADD key delta [REQ id] */
function addDelta(call: Call): void {
  const delta = int64At(call, 2)
  add(call, delta, 3)
}

/** COUNTER.INCR key [REQ id] */
function incr(call: Call): void {
  add(call, 1, 2)
}

/** COUNTER.DECR key [REQ id] */
function decr(call: Call): void {
  add(call, -1, 2)
}

function add(call: Call, delta: Int64, from: number): void {
  const options = new Options(call, from)
  while (options.more) if (!options.takesRequest()) options.refuse()
  const { coordination, runId } = call.server
  const counter = coordination.find(call, 1, COUNTER) ?? newCounter()
  if (answersAgain(call, options.request)) return
  const previous = counter.value
  const answer = counter instanceof WeakCounter ? counter.add(runId, delta) : counter.add(delta)
  if (answer.kind === 'refused') throw refusalError(answer)
  if (counter instanceof WeakCounter) {
    saveWeak(call, counter, previous)
    remember(call, options.request, 'OK')
    call.reply.ok()
  } else {
    save(call, counter, previous)
    remember(call, options.request, counter.value)
    replyInt64(call, counter.value)
  }
}

/** COUNTER.GET key */
function get(call: Call): void {
  const counter = call.server.coordination.look(call, 1, COUNTER)
  if (counter === undefined) call.reply.null()
  else replyInt64(call, counter.value)
}

/** COUNTER.SET key v */
function set(call: Call): void {
  const value = int64At(call, 2)
  const counter = call.server.coordination.find(call, 1, COUNTER) ?? newCounter()
  setValue(call, counter, value)
  replyInt64(call, value)
}

function setValue(call: Call, counter: Counter | WeakCounter, value: Int64): void {
  const previous = counter.value
  if (counter instanceof WeakCounter) {
    counter.set(call.server.runId, value)
    saveWeak(call, counter, previous)
    return
  }
  const answer = counter.set(value)
  if (answer.kind === 'refused') throw refusalError(answer)
  save(call, counter, previous)
}

/** COUNTER.GETSET key v */
function getSet(call: Call): void {
  const value = int64At(call, 2)
  const old = findStrong(call)
  const previous = old?.value
  setValue(call, old ?? newCounter(), value)
  if (previous === undefined) call.reply.null()
  else replyInt64(call, previous)
}

/** COUNTER.RESET key */
function reset(call: Call): void {
  const counter = call.server.coordination.find(call, 1, COUNTER)
  if (counter === undefined) return call.reply.null()
  if (counter instanceof WeakCounter) setValue(call, counter, 0)
  else save(call, counter, counter.reset().previous)
  replyInt64(call, counter.value)
}

/** COUNTER.CAS key expect update: whether it was as expected, and was set. */
function compareAndSet(call: Call): void {
  call.reply.integer(exchange(call).isSet ? 1 : 0)
}

/** COUNTER.CMPSWAP key expect update: what it was. */
function compareAndSwap(call: Call): void {
  const { previous } = exchange(call)
  if (previous === undefined) call.reply.null()
  else replyInt64(call, previous)
}

function exchange(call: Call): { previous: Int64 | undefined; isSet: boolean } {
  const expected = int64At(call, 2)
  const update = int64At(call, 3)
  const counter = findStrong(call)
  if (counter === undefined) return { previous: undefined, isSet: false }
  const answer = counter.compareAndSet(expected, update)
  if (answer.kind === 'refused') throw refusalError(answer)
  if (answer.kind === 'mismatch') return { previous: answer.value, isSet: false }
  save(call, counter, answer.previous)
  return { previous: answer.previous, isSet: true }
}

/** COUNTER.NEXT key n: the first and the last of a block of ids. */
function next(call: Call): void {
  const count = int64At(call, 2)
  if (count <= 0) throw errors.notInteger
  const counter = findStrong(call) ?? newCounter()
  const previous = counter.value
  const answer = counter.next(count)
  if (answer.kind === 'refused') throw refusalError(answer)
  save(call, counter, previous)
  call.reply.array(2)
  replyInt64(call, answer.first)
  replyInt64(call, answer.last)
}

/** COUNTER.AWAIT key GE|LE|EQ v [WAIT ms] */
function awaitValue(call: Call): void {
  const comparison = (['GE', 'LE', 'EQ'] as const).find(word => call.is(2, word))
  if (comparison === undefined) throw errors.syntax
  const threshold = { comparison, value: int64At(call, 3) }
  const options = new Options(call, 4)
  while (options.more) if (!options.takesWait()) options.refuse()
  const counter = call.server.coordination.look(call, 1, COUNTER)
  if (counter !== undefined && holds(comparison, counter.value, threshold.value)) {
    replyInt64(call, counter.value)
  } else {
    awaitThreshold(call, threshold, options.deadline)
  }
}

function holds(comparison: 'GE' | 'LE' | 'EQ', value: Int64, threshold: Int64): boolean {
  if (comparison === 'GE') return value >= threshold
  return comparison === 'LE' ? value <= threshold : value === threshold
}

/** COUNTER.INFO key */
function info(call: Call): void {
  const counter = call.server.coordination.look(call, 1, COUNTER)
  if (counter === undefined) return call.reply.null()
  const bounds = counter instanceof Counter ? counter.bounds : undefined
  const expiresAt = call.db.expiry(call.peek(1))
  replyFacts(call, [
    ['strength', counter.strength],
    ['value', counter.value],
    ['initial', bounds?.initial ?? null],
    ['min', bounds?.minimum ?? null],
    ['max', bounds?.maximum ?? null],
    ['ttl-ms', expiresAt < 0 ? -1 : expiresAt - call.now],
  ])
}

/** counter.created key strength initial min max expires-at */
function replayCreated(call: Call): void {
  const [initial, minimum, maximum] = [int64At(call, 3), int64At(call, 4), int64At(call, 5)]
  place(call, makeCounter(call.is(2, 'WEAK'), { initial, minimum, maximum }), call.integer(6))
}

/** counter.assigned key value */
function replayAssigned(call: Call): void {
  const counter = findStrong(call) ?? newCounter()
  counter.assign(int64At(call, 2))
  call.server.coordination.save(call, 1, COUNTER, counter)
}

/** counter.merged key era opener base [node added subtracted] */
function replayMerged(call: Call): void {
  const { coordination } = call.server
  const counter = coordination.find(call, 1, COUNTER) ?? new WeakCounter(0)
  if (counter instanceof Counter) throw weakCannot
  const tally = () => ({ node: call.text(5), added: call.text(6), subtracted: call.text(7) })
  counter.merge({
    era: call.integer(2),
    opener: call.text(3),
    base: call.text(4),
    tallies: call.count > 5 ? [tally()] : [],
  })
  coordination.save(call, 1, COUNTER, counter)
}

const KEY_READ = keyAt(1, 'RO', 'access')
const KEY_CHANGED = keyAt(1, 'RW', 'access', 'update')

export const counterCommands: readonly CommandSpec[] = coordinationRows([
  {
    name: 'counter.add',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Adds a number; returns the new value, or OK of a weak counter.',
    syntax: 'key delta:integer [REQ id]',
    handler: addDelta,
  },
  {
    name: 'counter.await',
    arity: -4,
    flags: ['readonly', 'blocking'],
    keys: [KEY_READ],
    complexity: 'O(log N) for N thresholds that are waited for',
    summary: 'Waits until the value is at least, at most or exactly a number.',
    syntax: 'key (GE|LE|EQ) value:integer [WAIT milliseconds]',
    handler: awaitValue,
  },
  {
    name: 'counter.cas',
    arity: 4,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Sets the value if it is as expected; returns whether it was.',
    syntax: 'key expect:integer update:integer',
    handler: compareAndSet,
  },
  {
    name: 'counter.cmpswap',
    arity: 4,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Sets the value if it is as expected; returns what it was.',
    syntax: 'key expect:integer update:integer',
    handler: compareAndSwap,
  },
  {
    name: 'counter.create',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    keys: [keyAt(1, 'OW', 'insert', 'update')],
    complexity: 'O(1)',
    summary: 'Makes a counter, strong or weak, with bounds and a lifetime.',
    syntax:
      'key [STRONG|WEAK] [INIT value:integer] [MIN value:integer] [MAX value:integer] ' +
      '[EX seconds|PX milliseconds] [NX]',
    handler: create,
  },
  {
    name: 'counter.decr',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Subtracts one; returns the new value, or OK of a weak counter.',
    syntax: 'key [REQ id]',
    handler: decr,
  },
  {
    name: 'counter.get',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Returns the value.',
    syntax: 'key',
    handler: get,
  },
  {
    name: 'counter.getset',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Sets the value; returns what it was.',
    syntax: 'key value:integer',
    handler: getSet,
  },
  {
    name: 'counter.incr',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Adds one; returns the new value, or OK of a weak counter.',
    syntax: 'key [REQ id]',
    handler: incr,
  },
  {
    name: 'counter.info',
    arity: 2,
    flags: ['readonly', 'fast'],
    keys: [KEY_READ],
    complexity: 'O(1)',
    summary: 'Returns the value, the bounds and the lifetime.',
    syntax: 'key',
    tips: ['nondeterministic_output'],
    handler: info,
  },
  {
    name: 'counter.next',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Takes the next numbers, which nobody else gets; returns the first and the last.',
    syntax: 'key count',
    handler: next,
  },
  {
    name: 'counter.reset',
    arity: 2,
    flags: ['write', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Sets the value back to where the counter began.',
    syntax: 'key',
    handler: reset,
  },
  {
    name: 'counter.set',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keys: [KEY_CHANGED],
    complexity: 'O(1)',
    summary: 'Sets the value.',
    syntax: 'key value:integer',
    handler: set,
  },
  effectRow('counter.assigned', 3, 'A strong counter has this value.', replayAssigned),
  effectRow('counter.created', 7, 'A counter was made.', replayCreated),
  effectRow('counter.merged', -5, 'A node has counted so much in a weak counter.', replayMerged),
])
