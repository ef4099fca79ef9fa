// read.ts — Commands that look into a list: its length, elements by index, indexes by element.

import type { Call } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { LIST } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import { before, elementBytes, equals } from '../../src/values/packed-element.ts'
import { readElement, replyElement } from '../elements.ts'
import { firstRun, listLength, type Run, readAt, replyRange } from './stored-list.ts'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = Number(2n ** 63n - 1n)

const rankZero = new ReplyError(
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use " +
    'negative to start from the end of the list',
)
const rankOutOfRange = new ReplyError(
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
)
const countNegative = new ReplyError("ERR COUNT can't be negative")
const lengthNegative = new ReplyError("ERR MAXLEN can't be negative")

const element = new Element()

export function lLen(call: Call): void {
  const entry = call.readType(1, LIST)
  call.reply.integer(entry === 0 ? 0 : listLength(call.db, entry))
}

export function lIndex(call: Call): void {
  const entry = call.readType(1, LIST)
  if (entry === 0) return call.reply.null()
  if (readAt(call.db, entry, call.integer(2), element)) replyElement(call.reply, element)
  else call.reply.null()
}

export function lRange(call: Call): void {
  let start = call.integer(2)
  let stop = call.integer(3)
  const entry = call.readType(1, LIST)
  const length = entry === 0 ? 0 : listLength(call.db, entry)
  if (start < 0) start = Math.max(start + length, 0)
  if (stop < 0) stop += length
  const count = Math.max(Math.min(stop, length - 1) - start + 1, 0)
  call.reply.array(count)
  if (count > 0) replyRange(call, entry, start, count)
}

/** What LPOS is asked for beside the element. */
interface Search {
  /** Matches to pass over, one less than the rank's size. */
  readonly skip: number
  readonly backward: boolean
  /** Matches wanted; undefined where one is wanted, and not as an array. */
  readonly count: number | undefined
  /** Elements to compare at most. */
  readonly lengthMax: number
}

export function lPos(call: Call): void {
  const search = readSearch(call)
  const entry = call.readType(1, LIST)
  const found = entry === 0 ? [] : indexesOf(call, entry, readElement(call, 2, element), search)
  if (search.count === undefined) {
    if (found.length === 0) call.reply.null()
    else call.reply.integer(found[0]!)
    return
  }
  call.reply.array(found.length)
  for (const index of found) call.reply.integer(index)
}

function readSearch(call: Call): Search {
  let rank = 1
  let count: number | undefined
  let lengthMax = 0
  for (let i = 3; i < call.count; i += 2) {
    if (i + 1 === call.count) throw errors.syntax
    if (call.is(i, 'RANK')) rank = readRank(call, i + 1)
    else if (call.is(i, 'COUNT')) count = call.integerIn(i + 1, 0, INT64_MAX, countNegative)
    else if (call.is(i, 'MAXLEN')) lengthMax = call.integerIn(i + 1, 0, INT64_MAX, lengthNegative)
    else throw errors.syntax
  }
  return {
    skip: Math.abs(rank) - 1,
    backward: rank < 0,
    count: count === 0 ? Number.POSITIVE_INFINITY : count,
    lengthMax: lengthMax === 0 ? Number.POSITIVE_INFINITY : lengthMax,
  }
}

function readRank(call: Call, i: number): number {
  const rank = call.integer(i)
  if (rank === 0) throw rankZero
  // The one number whose size is no 64-bit integer.
  if (rank === -INT64_MAX && call.int64(i) === INT64_MIN) throw rankOutOfRange
  return rank
}

function indexesOf(call: Call, entry: number, wanted: Element, search: Search): number[] {
  const { backward, skip, count = 1 } = search
  const found: number[] = []
  const length = listLength(call.db, entry)
  let left = Math.min(search.lengthMax, length)
  let seen = 0
  let matches = 0
  let run = firstRun(call.db, entry, backward)
  while (run !== undefined && left > 0) {
    const { bytes } = run
    let at = backward ? run.end : run.start
    for (let here = Math.min(run.count, left); here > 0; here--, left--, seen++) {
      if (backward) at = before(bytes, at)
      if (equals(bytes, at, wanted) && ++matches > skip) {
        found.push(backward ? length - 1 - seen : seen)
        if (found.length === count) return found
      }
      if (!backward) at += elementBytes(bytes, at)
    }
    run = nextRun(run, backward)
  }
  return found
}

function nextRun(run: Run, backward: boolean): Run | undefined {
  return backward ? run.previous : run.next
}
