// pop.ts — Commands that take elements from the ends of lists without waiting.

import type { Call } from '../../src/call.ts'
import { errors, ReplyError, wrongArity } from '../../src/errors.ts'
import { LIST } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import { replyElement } from '../elements.ts'
import { finishRemoval, keepRange, listLength, readAt, replyRange } from './stored-list.ts'

const INT64_MAX = Number(2n ** 63n - 1n)

const countNegative = new ReplyError('ERR value is out of range, must be positive')
const noKeys = new ReplyError('ERR numkeys should be greater than 0')
const noElements = new ReplyError('ERR count should be greater than 0')

const element = new Element()

export function lPop(call: Call): void {
  pop(call, true)
}

export function rPop(call: Call): void {
  pop(call, false)
}

function pop(call: Call, atHead: boolean): void {
  if (call.count > 3) throw wrongArity(call.command.fullName)
  if (call.count === 3) {
    popSeveral(call, atHead)
    return
  }
  const entry = call.writeType(1, LIST)
  if (entry === 0) call.reply.null()
  else popOne(call, 1, entry, atHead)
}

function popSeveral(call: Call, atHead: boolean): void {
  const count = call.integerIn(2, 0, INT64_MAX, countNegative)
  const entry = call.writeType(1, LIST)
  if (entry === 0) call.reply.nullArray()
  else if (count === 0) call.reply.array(0)
  else popRange(call, 1, entry, atHead, count)
}

/** Replies with the element at an end of the list, and removes it. */
export function popOne(call: Call, i: number, entry: number, atHead: boolean): void {
  const { db } = call
  readAt(db, entry, atHead ? 0 : -1, element)
  replyElement(call.reply, element)
  dropEnd(call, i, entry, atHead, 1)
}

/** Replies with an array of up to `count` elements, the one at the end first, and removes them. */
export function popRange(
  call: Call,
  i: number,
  entry: number,
  atHead: boolean,
  count: number,
): void {
  const taken = Math.min(count, listLength(call.db, entry))
  call.reply.array(taken)
  replyRange(call, entry, atHead ? 0 : -1, taken, !atHead)
  dropEnd(call, i, entry, atHead, taken)
}

/** Removes `count` elements from an end of the list. */
export function dropEnd(
  call: Call,
  i: number,
  entry: number,
  atHead: boolean,
  count: number,
): void {
  const length = listLength(call.db, entry)
  if (atHead) keepRange(call.db, entry, count, length)
  else keepRange(call.db, entry, 0, length - count)
  finishRemoval(call, i, entry, atHead ? 'lpop' : 'rpop')
}

/** Whether argument i says LEFT, the head; it must say that or RIGHT. */
export function readEnd(call: Call, i: number): boolean {
  if (call.is(i, 'LEFT')) return true
  if (call.is(i, 'RIGHT')) return false
  throw errors.syntax
}

/** What LMPOP and BLMPOP are asked for: from which keys, which end, how many elements. */
export interface PopRequest {
  readonly firstKey: number
  readonly keyCount: number
  readonly atHead: boolean
  readonly count: number
}

/** Reads `numkeys key [key ...] LEFT|RIGHT [COUNT count]` from argument i on. */
export function readPopRequest(call: Call, i: number): PopRequest {
  const keyCount = call.integerIn(i, 1, INT64_MAX, noKeys)
  const end = i + 1 + keyCount
  if (end >= call.count) throw errors.syntax
  const atHead = readEnd(call, end)
  let count = 0
  for (let a = end + 1; a < call.count; a += 2) {
    if (count > 0 || !call.is(a, 'COUNT') || a + 1 === call.count) throw errors.syntax
    count = call.integerIn(a + 1, 1, INT64_MAX, noElements)
  }
  return { firstKey: i + 1, keyCount, atHead, count: Math.max(count, 1) }
}

/** Pops from the first key that holds a list, naming it; false if none does. */
export function popFirst(call: Call, request: PopRequest): boolean {
  const { firstKey, keyCount, atHead, count } = request
  for (let i = firstKey; i < firstKey + keyCount; i++) {
    const entry = writeAwaited(call, i)
    if (entry === 0) continue
    const taken = Math.min(count, listLength(call.db, entry))
    call.effect(atHead ? 'LPOP' : 'RPOP', call.copy(i), taken)
    call.reply.array(2)
    call.reply.bulkBytes(call.bytes, call.start(i), call.end(i))
    popRange(call, i, entry, atHead, taken)
    return true
  }
  return false
}

/**
 * The list under key i, or 0. A call that waited is not told of a key that holds something else by
 * now: it waits for a list, and another of its keys may have one.
 */
export function writeAwaited(call: Call, i: number): number {
  if (call.parked === undefined) return call.writeType(i, LIST)
  const entry = call.write(i)
  return entry !== 0 && call.db.type(entry) === LIST ? entry : 0
}

export function lmPop(call: Call): void {
  if (!popFirst(call, readPopRequest(call, 1))) call.reply.nullArray()
}
