// pop.ts — ZPOPMIN, ZPOPMAX, ZMPOP, and the blocking forms: members go from an end.
//
// A command that waits is run again whenever one of its keys gets members. What is logged is always
// the pop from the one key that had some.

import type { Call } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { ZSET } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import type { Reply } from '../../src/wire/reply.ts'
import { replyElement } from '../elements.ts'
import { readTimeout } from '../timeout.ts'
import { opened } from './entry.ts'
import type { SortedSet } from './sorted-set.ts'

const notPositive = new ReplyError('ERR value is out of range, must be positive')
const noKeys = new ReplyError('ERR numkeys should be greater than 0')
const noCount = new ReplyError('ERR count should be greater than 0')

type End = 'MIN' | 'MAX'

export function zPopMin(call: Call): void {
  popFromOne(call, 'MIN')
}

export function zPopMax(call: Call): void {
  popFromOne(call, 'MAX')
}

export function bzPopMin(call: Call): void {
  popOrWait(call, 'MIN')
}

export function bzPopMax(call: Call): void {
  popOrWait(call, 'MAX')
}

function popFromOne(call: Call, end: End): void {
  if (call.count > 3) throw errors.syntax
  const wanted = call.count === 3 ? call.integerIn(2, 0, Number.MAX_VALUE, notPositive) : 1
  const { reply } = call
  if (!openFirst(call, 1, 1) || wanted === 0) return reply.array(0)
  const { set } = opened
  const count = Math.min(wanted, set.size)
  const pairs = call.count === 3 && reply.protocol !== 2
  reply.array(pairs ? count : 2 * count)
  popMembers(call, 1, set, count, end, pairs)
}

function popOrWait(call: Call, end: End): void {
  const last = call.count - 2
  const deadline = readTimeout(call, call.count - 1)
  const i = openFirst(call, 1, last)
  if (i === 0) return wait(call, 1, last, deadline)
  call.effect(`ZPOP${end}`, call.copy(i))
  call.reply.array(3)
  call.reply.bulkBytes(call.bytes, call.start(i), call.end(i))
  popMembers(call, i, opened.set, 1, end, false)
}

export function zmPop(call: Call): void {
  popFromSeveral(call, 1, Number.NaN)
}

export function bzmPop(call: Call): void {
  popFromSeveral(call, 2, 1)
}

/** `timeout` is its argument, NaN for a command that does not wait. */
function popFromSeveral(call: Call, numkeys: number, timeout: number): void {
  const keys = call.integerIn(numkeys, 1, Number.MAX_VALUE, noKeys)
  const where = numkeys + keys + 1
  if (where >= call.count) throw errors.syntax
  const end = call.is(where, 'MIN') ? 'MIN' : 'MAX'
  if (end === 'MAX' && !call.is(where, 'MAX')) throw errors.syntax
  const wanted = readCount(call, where + 1)
  const deadline = Number.isNaN(timeout) ? 0 : readTimeout(call, timeout)
  const first = numkeys + 1
  const i = openFirst(call, first, where - 1)
  const { reply } = call
  if (i === 0) {
    if (Number.isNaN(timeout)) return reply.nullArray()
    return wait(call, first, where - 1, deadline)
  }
  const { set } = opened
  const count = Math.min(wanted, set.size)
  call.effect(`ZPOP${end}`, call.copy(i), count)
  reply.array(2)
  reply.bulkBytes(call.bytes, call.start(i), call.end(i))
  reply.array(count)
  popMembers(call, i, set, count, end, true)
}

function readCount(call: Call, first: number): number {
  let count = 0
  for (let i = first; i < call.count; i += 2) {
    if (count !== 0 || !call.is(i, 'COUNT') || i + 1 === call.count) throw errors.syntax
    count = call.integerIn(i + 1, 1, Number.MAX_VALUE, noCount)
  }
  return count === 0 ? 1 : count
}

/** Opens the first of keys `first` to `last` that has members; answers its argument, or 0. */
function openFirst(call: Call, first: number, last: number): number {
  for (let i = first; i <= last; i++) {
    const entry = call.write(i)
    if (entry === 0) continue
    if (call.db.type(entry) !== ZSET) {
      // While a command waits, its key may come to hold anything.
      if (call.parked !== undefined) continue
      throw errors.wrongType
    }
    opened.openEntry(call, i, entry)
    return i
  }
  return 0
}

function wait(call: Call, first: number, last: number, deadline: number): void {
  const keys: string[] = []
  for (let i = first; i <= last; i++) keys.push(call.text(i))
  call.server.dispatch.park(call, { keys, deadline, topic: 'zset', onTimeout: replyNothing })
}

function replyNothing(reply: Reply): void {
  reply.nullArray()
}

/** Removes and replies with `count` members of key i, which has that many. */
function popMembers(
  call: Call,
  i: number,
  set: SortedSet,
  count: number,
  end: End,
  pairs: boolean,
): void {
  if (count === 1) {
    const score = (end === 'MIN' ? set.popMin(member) : set.popMax(member))!
    replyPopped(call, score, pairs)
  } else {
    replyEnd(call, set, count, end, pairs)
    if (end === 'MIN') set.removeRanks(0, count)
    else set.removeRanks(set.size - count, set.size)
  }
  call.notify('z', end === 'MIN' ? 'zpopmin' : 'zpopmax', i)
  opened.close()
}

function replyEnd(call: Call, set: SortedSet, count: number, end: End, pairs: boolean): void {
  set.seek(end === 'MIN' ? 0 : set.size - 1)
  for (let left = count; left > 0; left--) {
    const score = set.read(member)
    replyPopped(call, score, pairs)
    if (end === 'MIN') set.next()
    else set.previous()
  }
}

function replyPopped(call: Call, score: number, pair: boolean): void {
  if (pair) call.reply.array(2)
  replyElement(call.reply, member)
  call.reply.double(score)
}

const member = new Element()
