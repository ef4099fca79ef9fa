// read.ts — What is asked about a sorted set and its members: sizes, scores, ranks.

import type { Call } from '../../src/call.ts'
import { errors, wrongArity } from '../../src/errors.ts'
import { Element } from '../../src/values/element.ts'
import { readElement } from '../elements.ts'
import { lexRange, type Ranks, scoreRange } from './bounds.ts'
import { readSortedSet } from './entry.ts'

export function zCard(call: Call): void {
  call.reply.integer(readSortedSet(call, 1)?.size ?? 0)
}

export function zScore(call: Call): void {
  replyScore(call, readSortedSet(call, 1)?.score(readElement(call, 2, member)))
}

export function zmScore(call: Call): void {
  const set = readSortedSet(call, 1)
  call.reply.array(call.count - 2)
  for (let i = 2; i < call.count; i++) replyScore(call, set?.score(readElement(call, i, member)))
}

function replyScore(call: Call, score: number | undefined): void {
  if (score === undefined) call.reply.null()
  else call.reply.double(score)
}

export function zCount(call: Call): void {
  const range = scoreRange.read(call, 2, 3)
  const set = readSortedSet(call, 1)
  replyCount(call, set && range.ranks(set))
}

export function zLexCount(call: Call): void {
  const range = lexRange.read(call, 2, 3)
  const set = readSortedSet(call, 1)
  replyCount(call, set && range.ranks(set))
}

function replyCount(call: Call, ranks: Ranks | undefined): void {
  call.reply.integer(ranks === undefined ? 0 : Math.max(0, ranks.to - ranks.from))
}

export function zRank(call: Call): void {
  replyRank(call, false)
}

export function zRevRank(call: Call): void {
  replyRank(call, true)
}

function replyRank(call: Call, backward: boolean): void {
  if (call.count > 4) throw wrongArity(call.command.fullName)
  const withScore = call.count === 4
  if (withScore && !call.is(3, 'WITHSCORE')) throw errors.syntax
  const set = readSortedSet(call, 1)
  readElement(call, 2, member)
  const rank = set === undefined ? -1 : set.rank(member)
  const { reply } = call
  if (set === undefined || rank < 0) return withScore ? reply.nullArray() : reply.null()
  if (withScore) reply.array(2)
  reply.integer(backward ? set.size - 1 - rank : rank)
  if (withScore) reply.double(set.score(member)!)
}

const member = new Element()
