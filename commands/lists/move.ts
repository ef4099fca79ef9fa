// move.ts — Commands that take an element from one list and add it to another, or to the same.

import type { Call } from '../../src/call.ts'
import { LIST } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import { replyElement } from '../elements.ts'
import { readEnd } from './pop.ts'
import {
  finishPush,
  finishRemoval,
  keepRange,
  listLength,
  pushElement,
  readAt,
} from './stored-list.ts'

const moved = new Element()

export function lMove(call: Call): void {
  const fromHead = readEnd(call, 3)
  const toHead = readEnd(call, 4)
  moveOrReplyNull(call, fromHead, toHead)
}

export function rPopLPush(call: Call): void {
  moveOrReplyNull(call, false, true)
}

function moveOrReplyNull(call: Call, fromHead: boolean, toHead: boolean): void {
  const source = call.writeType(1, LIST)
  if (source === 0) call.reply.null()
  else move(call, source, fromHead, toHead)
}

/** Moves an element from the list under key 1, which is not empty, to key 2, and replies with it. */
export function move(call: Call, source: number, fromHead: boolean, toHead: boolean): void {
  const { db } = call
  const destination = call.writeType(2, LIST)
  readAt(db, source, fromHead ? 0 : -1, moved)
  moved.keep()
  replyElement(call.reply, moved)
  logMove(call, fromHead, toHead)
  const pushed = toHead ? 'lpush' : 'rpush'
  const popped = fromHead ? 'lpop' : 'rpop'
  const length = listLength(db, source)
  const from = fromHead ? 1 : 0
  const to = fromHead ? length : length - 1
  if (source === destination) {
    keepRange(db, source, from, to)
    const entry = pushElement(call, 1, source, moved, toHead)
    finishPush(call, 2, entry, pushed)
    finishRemoval(call, 1, entry, popped)
    return
  }
  finishPush(call, 2, pushElement(call, 2, destination, moved, toHead), pushed)
  keepRange(db, source, from, to)
  finishRemoval(call, 1, source, popped)
}

/** A call that may have waited is logged as the command that does not wait. */
function logMove(call: Call, fromHead: boolean, toHead: boolean): void {
  if (!call.server.effects.active) return
  const ends = [fromHead ? 'LEFT' : 'RIGHT', toHead ? 'LEFT' : 'RIGHT']
  call.effect('LMOVE', call.copy(1), call.copy(2), ...ends)
}
