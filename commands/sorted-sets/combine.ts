// combine.ts — ZUNION, ZINTER, ZDIFF, the forms that store, and ZINTERCARD.
//
// Scores that meet are aggregated in the order of the sources, the smallest first, as Redis does it:
// sums of doubles depend on it. What would be no number is 0.

import { type Call, fail } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { Element } from '../../src/values/element.ts'
import { Zset } from '../../src/values/zset.ts'
import { storeSortedSet } from './entry.ts'
import { replyRange } from './replies.ts'
import { readSource, type Source } from './source.ts'

const weightNotFloat = new ReplyError('ERR weight value is not a float')
const limitNegative = new ReplyError("ERR LIMIT can't be negative")

interface Input {
  readonly source: Source
  weight: number
}

type Aggregate = (a: number, b: number) => number

const sum: Aggregate = (a, b) => number(a + b)
// Not Math.min and Math.max: a NaN, such as infinity times 0, leaves the score as it is.
const min: Aggregate = (a, b) => {
  if (b < a) return b
  return a
}
const max: Aggregate = (a, b) => {
  if (b > a) return b
  return a
}

/** Infinity less infinity, and infinity times 0, count as 0. */
function number(value: number): number {
  return Number.isNaN(value) ? 0 : value
}

interface Operation {
  readonly inputs: Input[]
  aggregate: Aggregate
  withScores: boolean
  /** Of ZINTERCARD; 0 for none. */
  limit: number
}

/** Which options a command has. */
interface Form {
  readonly numkeys: number
  readonly combine: (operation: Operation) => Zset
  readonly weighted?: boolean
  /** The event of the forms that store. */
  readonly event?: string
}

const UNION: Form = { numkeys: 1, combine: unite, weighted: true }
const INTERSECTION: Form = { numkeys: 1, combine: intersect, weighted: true }
const DIFFERENCE: Form = { numkeys: 1, combine: subtract }
const UNION_STORE: Form = { ...UNION, numkeys: 2, event: 'zunionstore' }
const INTERSECTION_STORE: Form = { ...INTERSECTION, numkeys: 2, event: 'zinterstore' }
const DIFFERENCE_STORE: Form = { ...DIFFERENCE, numkeys: 2, event: 'zdiffstore' }

export function zUnion(call: Call): void {
  replyWith(call, UNION)
}

export function zInter(call: Call): void {
  replyWith(call, INTERSECTION)
}

export function zDiff(call: Call): void {
  replyWith(call, DIFFERENCE)
}

export function zUnionStore(call: Call): void {
  store(call, UNION_STORE)
}

export function zInterStore(call: Call): void {
  store(call, INTERSECTION_STORE)
}

export function zDiffStore(call: Call): void {
  store(call, DIFFERENCE_STORE)
}

export function zInterCard(call: Call): void {
  const operation = readInputs(call, 1)
  for (let i = 2 + operation.inputs.length; i < call.count; i += 2) {
    if (!call.is(i, 'LIMIT') || i + 1 === call.count) throw errors.syntax
    operation.limit = call.integerIn(i + 1, 0, Number.MAX_VALUE, limitNegative)
  }
  let count = 0
  forEachCommon(operation, () => ++count !== operation.limit)
  call.reply.integer(count)
}

function replyWith(call: Call, form: Form): void {
  const operation = readOperation(call, form)
  const result = form.combine(operation)
  replyRange(call, result, 0, result.size, false, operation.withScores)
}

function store(call: Call, form: Form): void {
  const result = form.combine(readOperation(call, form))
  const { size } = result
  storeSortedSet(call, 1, result, form.event!)
  call.reply.integer(size)
}

/** The sources, which follow their number in argument `numkeys`. */
function readInputs(call: Call, numkeys: number): Operation {
  const count = call.integer(numkeys)
  if (count < 1) {
    const name = call.command.fullName
    throw new ReplyError(`ERR at least 1 input key is needed for '${name}' command`)
  }
  if (count > call.count - numkeys - 1) throw errors.syntax
  const inputs: Input[] = []
  for (let k = 1; k <= count; k++) {
    inputs.push({ source: readSource(call, numkeys + k), weight: 1 })
  }
  return { inputs, aggregate: sum, withScores: false, limit: 0 }
}

function readOperation(call: Call, form: Form): Operation {
  const operation = readInputs(call, form.numkeys)
  const { inputs } = operation
  let i = form.numkeys + 1 + inputs.length
  while (i < call.count) {
    if (form.weighted && call.is(i, 'WEIGHTS') && i + inputs.length < call.count) {
      i++
      for (const input of inputs) input.weight = call.float(i++, weightNotFloat)
    } else if (form.weighted && call.is(i, 'AGGREGATE') && i + 1 < call.count) {
      operation.aggregate = readAggregate(call, i + 1)
      i += 2
    } else if (form.event === undefined && call.is(i, 'WITHSCORES')) {
      operation.withScores = true
      i++
    } else {
      throw errors.syntax
    }
  }
  return operation
}

function readAggregate(call: Call, i: number): Aggregate {
  if (call.is(i, 'SUM')) return sum
  if (call.is(i, 'MIN')) return min
  return call.is(i, 'MAX') ? max : fail(errors.syntax)
}

function smallestFirst(inputs: Input[]): Input[] {
  return inputs.sort((a, b) => a.source.size - b.source.size)
}

function unite({ inputs, aggregate }: Operation): Zset {
  const result = new Zset()
  for (const { source, weight } of smallestFirst(inputs)) {
    for (let own = source.next(member); own !== undefined; own = source.next(member)) {
      const score = number(own * weight)
      const before = result.score(member)
      const total = before === undefined ? score : aggregate(before, score)
      // A set leaves an equal score as it is, but -0 becomes 0 here.
      if (total === 0 && before === 0) result.remove(member)
      result.set(member, total)
    }
  }
  return result
}

function intersect(operation: Operation): Zset {
  const result = new Zset()
  forEachCommon(operation, score => {
    result.set(member, score)
    return true
  })
  return result
}

/**
 * Visits the members that all sources have, each in `member`, with their scores, until the visitor
 * answers false.
 */
function forEachCommon(operation: Operation, visit: (score: number) => boolean): void {
  const { inputs, aggregate } = operation
  const [first, ...others] = smallestFirst(inputs)
  const { source, weight } = first!
  for (let own = source.next(member); own !== undefined; own = source.next(member)) {
    let score = number(own * weight)
    let isCommon = true
    for (const other of others) {
      const found = other.source.score(member)
      if (found === undefined) {
        isCommon = false
        break
      }
      score = aggregate(score, found * other.weight)
    }
    if (isCommon && !visit(score)) return
  }
}

function subtract({ inputs }: Operation): Zset {
  const result = new Zset()
  const [first, ...others] = inputs
  const { source } = first!
  for (let score = source.next(member); score !== undefined; score = source.next(member)) {
    if (others.every(other => other.source.score(member) === undefined)) result.set(member, score)
  }
  return result
}

const member = new Element()
