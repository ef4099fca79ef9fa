// add.ts — ZADD and ZINCRBY: members get scores, under conditions.

import type { Call } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { Element } from '../../src/values/element.ts'
import { readElement } from '../elements.ts'
import { opened, openSortedSet } from './entry.ts'

const notNumber = new ReplyError('ERR resulting score is not a number (NaN)')
const bothConditions = new ReplyError('ERR XX and NX options at the same time are not compatible')
const comparisons = new ReplyError(
  'ERR GT, LT, and/or NX options at the same time are not compatible',
)
const onePair = new ReplyError('ERR INCR option supports a single increment-element pair')

// What the options ask for, as bits.
/** Only new members. */
export const NX = 1 << 0
/** Only members that are there. */
export const XX = 1 << 1
/** Only to a higher score. */
const GT = 1 << 2
/** Only to a lower score. */
const LT = 1 << 3
/** Answer how many changed, not only how many were added. */
export const CH = 1 << 4
/** The score is what to add. */
const INCR = 1 << 5

const CONDITIONS = NX | XX | GT | LT

export function zAdd(call: Call): void {
  addPairs(call, 0)
}

export function zIncrBy(call: Call): void {
  addPairs(call, INCR)
}

function addPairs(call: Call, given: number): void {
  let first = 2
  let options = given
  for (let bit = optionAt(call, first); bit !== 0; bit = optionAt(call, first)) {
    options |= bit
    first++
  }
  const rest = call.count - first
  if (rest % 2 !== 0 || rest === 0) throw errors.syntax
  checkOptions(options, rest)
  const scores = readScores(call, first)
  if (options & INCR) increment(call, first + 1, scores[0]!, options)
  else addMembers(call, first + 1, 2, scores, options)
}

function optionAt(call: Call, i: number): number {
  // Nearly always a score stands here, and no score begins like an option.
  if (i >= call.count || call.length(i) < 2 || call.length(i) > 4) return 0
  if (call.bytes[call.start(i)]! < 0x41) return 0
  if (call.is(i, 'NX')) return NX
  if (call.is(i, 'XX')) return XX
  if (call.is(i, 'CH')) return CH
  if (call.is(i, 'INCR')) return INCR
  if (call.is(i, 'GT')) return GT
  return call.is(i, 'LT') ? LT : 0
}

function checkOptions(options: number, rest: number): void {
  if (options & NX && options & XX) throw bothConditions
  if ((options & (GT | NX)) === (GT | NX)) throw comparisons
  if ((options & (LT | NX)) === (LT | NX) || (options & (GT | LT)) === (GT | LT)) throw comparisons
  if (options & INCR && rest > 2) throw onePair
}

/** All scores are read before anything is changed. */
function readScores(call: Call, first: number): readonly number[] {
  scores.length = 0
  for (let i = first; i < call.count; i += 2) scores.push(call.float(i))
  return scores
}

const scores: number[] = []

/**
 * Gives scores to the members in arguments `first`, `first + step`, … of a command whose key is
 * argument 1, and replies how many were added, or changed.
 */
export function addMembers(
  call: Call,
  first: number,
  step: number,
  scores: readonly number[],
  options: number,
): void {
  let set = openSortedSet(call, 1)
  if (set === undefined && options & XX) return call.reply.integer(0)
  let added = 0
  let updated = 0
  for (let i = first, k = 0; i < call.count; i += step, k++) {
    const score = scores[k]!
    readElement(call, i, member)
    set ??= opened.create(call, 1, member, score)
    const before = set.score(member)
    if (before === undefined) {
      if (options & XX) continue
      opened.insert(member, score)
      set = opened.set
      added++
    } else if (score !== before && isWanted(score, before, options)) {
      opened.update(member, score)
      updated++
    }
  }
  if (added + updated > 0) {
    call.notify('z', 'zadd', 1)
    opened.close()
    if (added > 0) call.signal(1)
  }
  call.reply.integer(options & CH ? added + updated : added)
}

function increment(call: Call, i: number, amount: number, options: number): void {
  let set = openSortedSet(call, 1)
  if (set === undefined && options & XX) return call.reply.null()
  readElement(call, i, member)
  const before = set?.score(member)
  const score = before === undefined ? amount : before + amount
  if (before === undefined ? options & XX : !isWanted(score, before, options)) {
    return call.reply.null()
  }
  if (Number.isNaN(score)) throw notNumber
  if (before === undefined) {
    set ??= opened.create(call, 1, member, score)
    opened.insert(member, score)
  } else if (score !== before) {
    opened.update(member, score)
  }
  if (score !== before) {
    call.notify('z', 'zincr', 1)
    opened.close()
    call.signal(1)
  }
  call.reply.double(score)
}

/** Whether a member that is there may get a score. */
function isWanted(score: number, before: number, options: number): boolean {
  if ((options & CONDITIONS) === 0) return true
  if (options & NX) return false
  if (options & GT) return !(score <= before)
  return !(options & LT && score >= before)
}

const member = new Element()
