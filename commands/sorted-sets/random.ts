// random.ts — ZRANDMEMBER: one random member, or several, with or without repetition.

import type { Call } from '../../src/call.ts'
import { errors } from '../../src/errors.ts'
import { Element } from '../../src/values/element.ts'
import { replyElement } from '../elements.ts'
import { countDraws, drawDistinct, readDrawCount } from '../random.ts'
import { readSortedSet } from './entry.ts'
import { replyMember, replyMembers, replyRange } from './replies.ts'
import type { SortedSet } from './sorted-set.ts'

export function zRandMember(call: Call): void {
  if (call.count > 2) return replyDraws(call)
  const set = readSortedSet(call, 1)
  if (set === undefined) return call.reply.null()
  set.readIndex(drawIndex(call, set), member)
  replyElement(call.reply, member)
}

function replyDraws(call: Call): void {
  const withScores = call.count === 4 && call.is(3, 'WITHSCORES')
  const count = readDrawCount(call, 2, withScores ? 2 : 1)
  if (call.count > 4 || (call.count === 4 && !withScores)) throw errors.syntax
  const set = readSortedSet(call, 1)
  if (set === undefined) return call.reply.array(0)
  if (count < 0) return replyRepeated(call, set, countDraws(count), withScores)
  if (count >= set.size) return replyRange(call, set, set.size - 1, set.size, true, withScores)
  replyMembers(call, count, withScores)
  for (const index of drawDistinct(call, count, set.size)) {
    replyIndex(call, set, index, withScores)
  }
}

function replyRepeated(call: Call, set: SortedSet, count: number, withScores: boolean): void {
  replyMembers(call, count, withScores)
  for (let left = count; left > 0; left--) replyIndex(call, set, drawIndex(call, set), withScores)
}

function replyIndex(call: Call, set: SortedSet, index: number, withScores: boolean): void {
  const score = set.readIndex(index, member)
  replyMember(call, member, score, withScores)
}

function drawIndex(call: Call, set: SortedSet): number {
  return Math.floor(call.random() * set.size)
}

const member = new Element()
