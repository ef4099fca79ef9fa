// edit.ts — Commands that change a list elsewhere than by pushing and popping.

import type { Call } from '../../src/call.ts'
import { errors } from '../../src/errors.ts'
import { LIST } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import { readElement } from '../elements.ts'
import {
  finishPush,
  finishRemoval,
  insertBeside,
  keepRange,
  listLength,
  removeEqual,
  replaceAt,
} from './stored-list.ts'

const element = new Element()
const pivot = new Element()

export function lSet(call: Call): void {
  const entry = call.writeType(1, LIST)
  if (entry === 0) throw errors.noSuchKey
  const index = call.integer(2)
  const changed = replaceAt(call, 1, entry, index, readElement(call, 3, element))
  if (changed === 0) throw errors.indexOutOfRange
  finishRemoval(call, 1, changed, 'lset')
  call.reply.ok()
}

export function lInsert(call: Call): void {
  const after = call.is(2, 'AFTER')
  if (!after && !call.is(2, 'BEFORE')) throw errors.syntax
  const entry = call.writeType(1, LIST)
  if (entry === 0) return call.reply.integer(0)
  readElement(call, 3, pivot)
  const grown = insertBeside(call, 1, entry, pivot, readElement(call, 4, element), after)
  if (grown === 0) return call.reply.integer(-1)
  finishPush(call, 1, grown, 'linsert')
  call.reply.integer(listLength(call.db, grown))
}

export function lRem(call: Call): void {
  const count = call.integer(2)
  const entry = call.writeType(1, LIST)
  if (entry === 0) return call.reply.integer(0)
  const max = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count)
  const wanted = readElement(call, 3, element)
  const removed = removeEqual(call.db, entry, wanted, max, count < 0)
  if (removed > 0) finishRemoval(call, 1, entry, 'lrem')
  call.reply.integer(removed)
}

export function lTrim(call: Call): void {
  let start = call.integer(2)
  let stop = call.integer(3)
  const entry = call.writeType(1, LIST)
  if (entry === 0) return call.reply.ok()
  const length = listLength(call.db, entry)
  if (start < 0) start = Math.max(start + length, 0)
  if (stop < 0) stop += length
  const end = Math.min(stop + 1, length)
  if (start >= end) keepRange(call.db, entry, 0, 0)
  else keepRange(call.db, entry, start, end)
  finishRemoval(call, 1, entry, 'ltrim')
  call.reply.ok()
}
