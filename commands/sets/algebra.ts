// algebra.ts — Intersection, union and difference of sets, replied, counted or stored.
//
// A key that holds nothing is an empty set. What is replied is found first and written after that,
// because a reply begins with the number of members; what is stored is collected in a set of its own, for the
// destination may be one of the sources.

import type { Call } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { SET } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import { replyElement } from '../elements.ts'
import { EditableSet } from './editable-set.ts'
import { hasMember, MemberWalk, setSize } from './stored-set.ts'

const INT64_MAX = Number(2n ** 63n - 1n)

const noKeys = new ReplyError('ERR numkeys should be greater than 0')
const tooManyKeys = new ReplyError("ERR Number of keys can't be greater than number of args")
const limitNegative = new ReplyError("ERR LIMIT can't be negative")

const member = new Element()
const result = new EditableSet()

/** The entries of keys `first` to `last`, 0 where there is none. */
function readSets(call: Call, first: number, last: number): number[] {
  const entries: number[] = []
  for (let i = first; i <= last; i++) entries.push(call.readType(i, SET))
  return entries
}

/** Replies with the set under key 1: SMEMBERS, and SINTER and SUNION of one key. */
export function sMembers(call: Call): void {
  const entry = call.readType(1, SET)
  if (entry === 0) return call.reply.set(0)
  const walk = new MemberWalk(call.db, entry)
  call.reply.set(walk.size)
  while (walk.next(member)) replyElement(call.reply, member)
}

export function sInter(call: Call): void {
  const entries = bySize(call, readSets(call, 1, call.count - 1))
  replyChosen(call, entries[0], isInAll(call, entries))
}

export function sInterStore(call: Call): void {
  const entries = bySize(call, readSets(call, 2, call.count - 1))
  storeChosen(call, entries[0], isInAll(call, entries), 'sinterstore')
}

export function sInterCard(call: Call): void {
  const keyCount = call.integerIn(1, 1, INT64_MAX, noKeys)
  if (keyCount > call.count - 2) throw tooManyKeys
  let limit = 0
  for (let i = 2 + keyCount; i < call.count; i += 2) {
    if (!call.is(i, 'LIMIT') || i + 1 === call.count) throw errors.syntax
    limit = call.integerIn(i + 1, 0, INT64_MAX, limitNegative)
  }
  const entries = bySize(call, readSets(call, 2, 1 + keyCount))
  const chosen = chooseIndexes(call, entries[0], isInAll(call, entries), limit)
  call.reply.integer(chosen.length)
}

export function sDiff(call: Call): void {
  const entries = readSets(call, 1, call.count - 1)
  if (asksEach(call, entries)) {
    replyChosen(call, entries[0], isInFirstOnly(call, entries))
    return
  }
  subtractAll(call, entries)
  replyResult(call)
}

export function sDiffStore(call: Call): void {
  const entries = readSets(call, 2, call.count - 1)
  if (asksEach(call, entries)) {
    storeChosen(call, entries[0], isInFirstOnly(call, entries), 'sdiffstore')
    return
  }
  subtractAll(call, entries)
  call.reply.integer(result.store(1, 'sdiffstore'))
}

export function sUnion(call: Call): void {
  if (call.count === 2) return sMembers(call)
  unite(call, readSets(call, 1, call.count - 1))
  replyResult(call)
}

export function sUnionStore(call: Call): void {
  unite(call, readSets(call, 2, call.count - 1))
  call.reply.integer(result.store(1, 'sunionstore'))
}

function unite(call: Call, entries: readonly number[]): void {
  result.begin(call)
  for (const entry of entries) {
    if (entry === 0) continue
    const walk = new MemberWalk(call.db, entry)
    while (walk.next(member)) result.add(member.text())
  }
}

/** Collects the first set without the members of the others. */
function subtractAll(call: Call, entries: readonly number[]): void {
  unite(call, entries.slice(0, 1))
  for (const entry of entries.slice(1)) {
    if (entry === 0) continue
    const walk = new MemberWalk(call.db, entry)
    while (result.size > 0 && walk.next(member)) result.remove(member.text())
  }
}

type Test = (candidate: Element) => boolean

/** The smallest first, so that few are asked about; nothing at all if one is empty. */
function bySize(call: Call, entries: number[]): number[] {
  if (entries.includes(0)) return []
  return entries.sort((a, b) => setSize(call.db, a) - setSize(call.db, b))
}

function isInAll(call: Call, entries: readonly number[]): Test {
  const { db } = call
  return candidate => {
    for (let i = 1; i < entries.length; i++) {
      if (entries[i] !== entries[0] && !hasMember(db, entries[i]!, candidate)) return false
    }
    return true
  }
}

/** Larger sets are asked first: they are more likely to have the candidate. */
function isInFirstOnly(call: Call, entries: readonly number[]): Test {
  const { db } = call
  const others = entries.slice(1).filter(entry => entry !== 0)
  others.sort((a, b) => setSize(db, b) - setSize(db, a))
  return candidate => {
    for (const other of others) {
      if (other === entries[0] || hasMember(db, other, candidate)) return false
    }
    return true
  }
}

/**
 * Whether to ask every other set about each member of the first, rather than to remove the members of
 * the others from a copy of it. As in Redis, asking counts for half, since a match ends it early.
 */
function asksEach(call: Call, entries: readonly number[]): boolean {
  const first = entries[0]!
  if (first === 0) return true
  let members = 0
  let sets = 0
  for (const entry of entries) {
    if (entry === 0) continue
    members += setSize(call.db, entry)
    sets++
  }
  return (setSize(call.db, first) * sets) / 2 <= members
}

/** Indexes of the members of a set that pass a test, at most `limit` of them if that is not 0. */
function chooseIndexes(
  call: Call,
  entry: number | undefined,
  test: Test,
  limit = 0,
): readonly number[] {
  const chosen: number[] = []
  if (entry === undefined || entry === 0) return chosen
  const walk = new MemberWalk(call.db, entry)
  for (let index = 0; walk.next(member); index++) {
    if (!test(member)) continue
    chosen.push(index)
    if (chosen.length === limit) break
  }
  return chosen
}

function replyChosen(call: Call, entry: number | undefined, test: Test): void {
  const chosen = chooseIndexes(call, entry, test)
  call.reply.set(chosen.length)
  if (chosen.length === 0) return
  const walk = new MemberWalk(call.db, entry!)
  let next = 0
  for (let index = 0; next < chosen.length && walk.next(member); index++) {
    if (index !== chosen[next]) continue
    replyElement(call.reply, member)
    next++
  }
}

function storeChosen(call: Call, entry: number | undefined, test: Test, event: string): void {
  result.begin(call)
  if (entry !== undefined && entry !== 0) {
    const walk = new MemberWalk(call.db, entry)
    while (walk.next(member)) if (test(member)) result.add(member.text())
  }
  call.reply.integer(result.store(1, event))
}

function replyResult(call: Call): void {
  const { size } = result
  call.reply.set(size)
  for (let index = 0; index < size; index++) {
    result.read(index, member)
    replyElement(call.reply, member)
  }
}
