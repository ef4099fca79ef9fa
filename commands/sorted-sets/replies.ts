// replies.ts — Members and scores as replies: flat in RESP2, pairs in RESP3.

import type { Call } from '../../src/call.ts'
import { Element } from '../../src/values/element.ts'
import { replyElement } from '../elements.ts'
import type { SortedSet } from './sorted-set.ts'

/** Begins an array of members, or of members with their scores. */
export function replyMembers(call: Call, count: number, withScores: boolean): void {
  call.reply.array(withScores && call.reply.protocol === 2 ? 2 * count : count)
}

export function replyMember(call: Call, member: Element, score: number, withScores: boolean): void {
  const { reply } = call
  if (!withScores) return replyElement(reply, member)
  if (reply.protocol !== 2) reply.array(2)
  replyElement(reply, member)
  reply.double(score)
}

/** Replies with `count` members, from the one with rank `first` on upwards or downwards. */
export function replyRange(
  call: Call,
  set: SortedSet,
  first: number,
  count: number,
  backward: boolean,
  withScores: boolean,
): void {
  replyMembers(call, count, withScores)
  set.seek(first)
  for (let left = count; left > 0; left--) {
    const score = set.read(member)
    replyMember(call, member, score, withScores)
    if (backward) set.previous()
    else set.next()
  }
}

const member = new Element()
