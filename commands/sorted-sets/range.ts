// range.ts — ZRANGE and its older relatives: members by rank, by score or by their own order.
//
// Whatever a range is given by, it becomes a first rank and a number of members, which are walked
// upwards or downwards.

import type { Call } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { Element } from '../../src/values/element.ts'
import { Zset } from '../../src/values/zset.ts'
import { lexRange, type Ranks, scoreRange } from './bounds.ts'
import { readSortedSet, storeSortedSet } from './entry.ts'
import { replyRange } from './replies.ts'
import type { SortedSet } from './sorted-set.ts'

const limitByRank = new ReplyError(
  'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
)
const scoresByLex = new ReplyError(
  'ERR syntax error, WITHSCORES not supported in combination with BYLEX',
)

type Sorting = 'rank' | 'score' | 'lex'

/** What a command's name says already. */
interface Form {
  readonly by?: Sorting
  readonly backward?: boolean
  /** Argument of the key that is read; the range follows it. */
  readonly source: number
  readonly stores?: boolean
}

interface RangeOptions {
  readonly by: Sorting
  readonly backward: boolean
  readonly withScores: boolean
  readonly offset: number
  /** Negative for no limit. */
  readonly limit: number
}

const ANY: Form = { source: 1 }
const STORE: Form = { source: 2, stores: true }
const BY_RANK_BACKWARD: Form = { source: 1, by: 'rank', backward: true }
const BY_SCORE: Form = { source: 1, by: 'score', backward: false }
const BY_SCORE_BACKWARD: Form = { source: 1, by: 'score', backward: true }
const BY_LEX: Form = { source: 1, by: 'lex', backward: false }
const BY_LEX_BACKWARD: Form = { source: 1, by: 'lex', backward: true }

export function zRange(call: Call): void {
  replyWith(call, ANY)
}

export function zRevRange(call: Call): void {
  replyWith(call, BY_RANK_BACKWARD)
}

export function zRangeByScore(call: Call): void {
  replyWith(call, BY_SCORE)
}

export function zRevRangeByScore(call: Call): void {
  replyWith(call, BY_SCORE_BACKWARD)
}

export function zRangeByLex(call: Call): void {
  replyWith(call, BY_LEX)
}

export function zRevRangeByLex(call: Call): void {
  replyWith(call, BY_LEX_BACKWARD)
}

function replyWith(call: Call, form: Form): void {
  const options = readOptions(call, form)
  const window = readWindow(call, form, options)
  const set = readSortedSet(call, form.source)
  if (set === undefined) return call.reply.array(0)
  window.aim(set)
  replyRange(call, set, window.first, window.count, options.backward, options.withScores)
}

export function zRangeStore(call: Call): void {
  const options = readOptions(call, STORE)
  const window = readWindow(call, STORE, options)
  const set = readSortedSet(call, STORE.source)
  const result = new Zset()
  if (set !== undefined) {
    window.aim(set)
    copyRange(set, window.first, window.count, options.backward, result)
  }
  // The count is known before the result is given away.
  const count = result.size
  storeSortedSet(call, 1, result, 'zrangestore')
  call.reply.integer(count)
}

function copyRange(
  set: SortedSet,
  first: number,
  count: number,
  backward: boolean,
  to: Zset,
): void {
  set.seek(first)
  for (let left = count; left > 0; left--) {
    const score = set.read(member)
    to.set(member, score)
    if (backward) set.previous()
    else set.next()
  }
}

function readOptions(call: Call, form: Form): RangeOptions {
  let { by, backward } = form
  let withScores = false
  let offset = 0
  let limit = -1
  for (let i = form.source + 3; i < call.count; i++) {
    if (!form.stores && call.is(i, 'WITHSCORES')) {
      withScores = true
    } else if (call.is(i, 'LIMIT') && i + 2 < call.count) {
      offset = call.integer(i + 1)
      limit = call.integer(i + 2)
      i += 2
    } else if (backward === undefined && call.is(i, 'REV')) {
      backward = true
    } else if (by === undefined && call.is(i, 'BYLEX')) {
      by = 'lex'
    } else if (by === undefined && call.is(i, 'BYSCORE')) {
      by = 'score'
    } else {
      throw errors.syntax
    }
  }
  by ??= 'rank'
  if (limit !== -1 && by === 'rank') throw limitByRank
  if (withScores && by === 'lex') throw scoresByLex
  return { by, backward: backward ?? false, withScores, offset, limit }
}

/** Which members of a set a command wants: known once it is aimed at the set. */
abstract class Window {
  first = 0
  count = 0
  abstract aim(set: SortedSet): void
}

function readWindow(call: Call, form: Form, options: RangeOptions): Window {
  const start = form.source + 1
  if (options.by === 'rank') {
    return new RankWindow(call.integer(start), call.integer(start + 1), options.backward)
  }
  const min = options.backward ? start + 1 : start
  const max = options.backward ? start : start + 1
  if (options.by === 'score') scoreRange.read(call, min, max)
  else lexRange.read(call, min, max)
  return new BoundedWindow(options)
}

class RankWindow extends Window {
  readonly #start: number
  readonly #stop: number
  readonly #backward: boolean

  constructor(start: number, stop: number, backward: boolean) {
    super()
    this.#start = start
    this.#stop = stop
    this.#backward = backward
  }

  aim(set: SortedSet): void {
    const { size } = set
    const start = this.#start < 0 ? Math.max(0, size + this.#start) : this.#start
    const stop = Math.min(this.#stop < 0 ? size + this.#stop : this.#stop, size - 1)
    this.count = Math.max(0, stop - start + 1)
    this.first = this.#backward ? size - 1 - start : start
  }
}

class BoundedWindow extends Window {
  readonly #options: RangeOptions

  constructor(options: RangeOptions) {
    super()
    this.#options = options
  }

  aim(set: SortedSet): void {
    const { by, backward, offset, limit } = this.#options
    const { from, to }: Ranks = by === 'score' ? scoreRange.ranks(set) : lexRange.ranks(set)
    // A negative offset skips everything, as in Redis.
    const left = offset < 0 ? 0 : Math.max(0, to - from - offset)
    this.count = limit < 0 ? left : Math.min(left, limit)
    this.first = backward ? to - 1 - offset : from + offset
  }
}

const member = new Element()
