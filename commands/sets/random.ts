// random.ts — SPOP and SRANDMEMBER: members drawn by chance, each with the same.
//
// A pop is logged as the removal of the members that it drew.

import type { Call, EffectPart } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { SET } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import { replyElement } from '../elements.ts'
import { countDraws, drawDistinct, readDrawCount } from '../random.ts'
import { EditableSet } from './editable-set.ts'
import { MemberWalk, readMember, setSize } from './stored-set.ts'

const INT64_MAX = Number(2n ** 63n - 1n)
/** Members that one logged command removes at most. */
const LOGGED_MEMBERS_MAX = 1024

const countNegative = new ReplyError('ERR value is out of range, must be positive')

const member = new Element()
const set = new EditableSet()

export function sPop(call: Call): void {
  if (call.count > 3) throw errors.syntax
  if (call.count === 3) return popSeveral(call)
  if (!set.open(call, 1)) return call.reply.null()
  const log = removalLog(call)
  popOne(call, log)
  log?.end()
  call.notify('s', 'spop', 1)
  set.close()
}

function popSeveral(call: Call): void {
  const count = call.integerIn(2, 0, INT64_MAX, countNegative)
  const entry = call.writeType(1, SET)
  if (entry === 0 || count === 0) return call.reply.set(0)
  if (count >= setSize(call.db, entry)) return popAll(call, entry)
  set.openEntry(call, 1, entry)
  const log = removalLog(call)
  call.reply.set(count)
  for (let left = count; left > 0; left--) popOne(call, log)
  log?.end()
  call.notify('s', 'spop', 1)
  set.close()
}

function popOne(call: Call, log: RemovalLog | undefined): void {
  set.pop(call.server.random, member)
  replyElement(call.reply, member)
  log?.add(member)
}

function popAll(call: Call, entry: number): void {
  const walk = new MemberWalk(call.db, entry)
  call.reply.set(walk.size)
  while (walk.next(member)) replyElement(call.reply, member)
  call.effect('DEL', call.copy(1))
  call.notify('s', 'spop', 1)
  call.db.deleteAt(entry)
  call.notify('g', 'del', 1)
}

function removalLog(call: Call): RemovalLog | undefined {
  return call.server.effects.active ? new RemovalLog(call) : undefined
}

/** Logs removed members, many to a command. */
class RemovalLog {
  readonly #call: Call
  #members: EffectPart[] = []

  constructor(call: Call) {
    this.#call = call
  }

  add(removed: Element): void {
    this.#members.push(removed.toString())
    if (this.#members.length === LOGGED_MEMBERS_MAX) this.end()
  }

  end(): void {
    if (this.#members.length === 0) return
    this.#call.effect('SREM', this.#call.copy(1), ...this.#members)
    this.#members = []
  }
}

export function sRandMember(call: Call): void {
  if (call.count > 3) throw errors.syntax
  if (call.count === 3) return drawSeveral(call)
  const entry = call.readType(1, SET)
  if (entry === 0) call.reply.null()
  else replyDraw(call, entry, setSize(call.db, entry))
}

function drawSeveral(call: Call): void {
  const count = readDrawCount(call, 2, 1)
  const entry = call.readType(1, SET)
  if (entry === 0 || count === 0) return call.reply.array(0)
  const size = setSize(call.db, entry)
  if (count < 0) {
    const draws = countDraws(count)
    call.reply.array(draws)
    for (let left = draws; left > 0; left--) replyDraw(call, entry, size)
    return
  }
  call.reply.array(Math.min(count, size))
  if (count >= size) {
    const walk = new MemberWalk(call.db, entry)
    while (walk.next(member)) replyElement(call.reply, member)
    return
  }
  for (const index of drawDistinct(call, count, size)) replyIndex(call, entry, index)
}

function replyDraw(call: Call, entry: number, size: number): void {
  replyIndex(call, entry, Math.floor(call.random() * size))
}

function replyIndex(call: Call, entry: number, index: number): void {
  readMember(call.db, entry, index, member)
  replyElement(call.reply, member)
}
