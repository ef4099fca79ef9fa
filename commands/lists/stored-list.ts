// stored-list.ts — A list under its key: packed in the record, or beyond Redis's bound a List.
//
// Handlers see elements and indexes; which form a list has, and when it changes from one to the other,
// is decided here, as Redis decides it: a listpack becomes chunks before it would exceed
// list-max-listpack-size, and one chunk becomes a listpack again when it fits in half of that.
//
// An entry is an address and may change with every function that answers one. Elements that are read
// are borrowed: they are replied or kept before the list changes. A handler that changes a list ends
// with `finishPush` or `finishRemoval`, which declare the change; no empty list is left behind.

import type { Call } from '../../src/call.ts'
import type { Database } from '../../src/keyspace/database.ts'
import { LIST, LISTPACK, OBJECT } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import { fitsListpack, List } from '../../src/values/list.ts'
import * as listpack from '../../src/values/listpack.ts'
import { before, elementBytes, sizeOf } from '../../src/values/packed-element.ts'
import { readElement, replyElement } from '../elements.ts'
import { createListpack, keepPacked, makeRoom } from '../packed.ts'

/** What an element takes in a listpack beyond its text: two lengths, each of up to five bytes. */
const ELEMENT_OVERHEAD_MAX = 10

/** A stretch of packed elements: the whole of a packed list, or a chunk of a List. */
export interface Run {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly count: number
  readonly previous: Run | undefined
  readonly next: Run | undefined
}

const element = new Element()

export function listLength(db: Database, entry: number): number {
  if (db.encoding(entry) === OBJECT) return listObject(db, entry).length
  return listpack.length(db.page(entry), db.valueStart(entry))
}

/** The list as one run or several, the first of them or the last. */
export function firstRun(db: Database, entry: number, backward: boolean): Run | undefined {
  if (db.encoding(entry) !== OBJECT) return packedRun(db, entry)
  const list = listObject(db, entry)
  return backward ? list.tail : list.head
}

function packedRun(db: Database, entry: number): Run {
  const bytes = db.page(entry)
  const base = db.valueStart(entry)
  return {
    bytes,
    start: base + listpack.HEADER_BYTES,
    end: base + listpack.byteLength(bytes, base) - 1,
    count: listpack.length(bytes, base),
    previous: undefined,
    next: undefined,
  }
}

function listObject(db: Database, entry: number): List {
  return db.object(entry) as List
}

function fillOf(call: Call): number {
  return call.server.config.values['list-max-listpack-size']
}

/** Borrows the element at an index, which if negative counts from the end; false beyond the ends. */
export function readAt(db: Database, entry: number, index: number, into: Element): boolean {
  if (db.encoding(entry) === OBJECT) return listObject(db, entry).read(index, into)
  const bytes = db.page(entry)
  const at = listpack.seek(bytes, db.valueStart(entry), index)
  if (at < 0) return false
  listpack.get(bytes, at, into)
  return true
}

/** Replies with `count` elements as bulk strings, from `index` on towards one of the ends. */
export function replyRange(
  call: Call,
  entry: number,
  index: number,
  count: number,
  backward = false,
): void {
  const { db } = call
  if (db.encoding(entry) !== OBJECT) {
    const bytes = db.page(entry)
    const at = listpack.seek(bytes, db.valueStart(entry), index)
    replyRun(call, bytes, at, count, backward)
    return
  }
  const cursor = listObject(db, entry).cursor(index)!
  let run: Run = cursor.chunk
  let at = cursor.position
  let here = backward ? cursor.within + 1 : run.count - cursor.within
  for (let left = count; left > 0; left -= here) {
    if (left !== count) {
      run = backward ? run.previous! : run.next!
      at = backward ? before(run.bytes, run.end) : run.start
      here = run.count
    }
    here = Math.min(here, left)
    replyRun(call, run.bytes, at, here, backward)
  }
}

function replyRun(
  call: Call,
  bytes: Uint8Array,
  position: number,
  count: number,
  backward: boolean,
): void {
  const { reply } = call
  let at = position
  for (let left = count; left > 0; left--) {
    listpack.get(bytes, at, element)
    replyElement(reply, element)
    if (left > 1) at = backward ? before(bytes, at) : at + elementBytes(bytes, at)
  }
}

/**
 * Adds arguments `first` to `last` one after the other at an end of the list under key i; makes the
 * list if `entry` is 0.
 */
export function pushArguments(
  call: Call,
  i: number,
  entry: number,
  first: number,
  last: number,
  atHead: boolean,
): number {
  let textBytes = 0
  for (let a = first; a <= last; a++) textBytes += call.length(a)
  const { db } = call
  let target = allow(call, i, entry, textBytes, last - first + 1)
  if (db.encoding(target) === OBJECT) {
    const list = listObject(db, target)
    for (let a = first; a <= last; a++) {
      if (atHead) list.pushHead(readElement(call, a, element))
      else list.pushTail(readElement(call, a, element))
    }
    return target
  }
  const bound = textBytes + (last - first + 1) * ELEMENT_OVERHEAD_MAX
  if (db.valueStart(target) + db.valueLength(target) + bound > db.valueLimit(target)) {
    let bytes = 0
    for (let a = first; a <= last; a++) bytes += sizeOf(readElement(call, a, element))
    target = makeRoom(db, target, bytes)
  }
  const page = db.page(target)
  const base = db.valueStart(target)
  const limit = db.valueLimit(target)
  for (let a = first; a <= last; a++) {
    readElement(call, a, element)
    if (atHead) listpack.prepend(page, base, limit, element)
    else listpack.append(page, base, limit, element)
  }
  return db.storePacked(target, page, listpack.byteLength(page, base))
}

/** As `pushArguments`, for an element from elsewhere. */
export function pushElement(
  call: Call,
  i: number,
  entry: number,
  pushed: Element,
  atHead: boolean,
): number {
  const { db } = call
  pushed.text()
  const target = allow(call, i, entry, pushed.end - pushed.start, 1)
  if (db.encoding(target) === OBJECT) {
    const list = listObject(db, target)
    if (atHead) list.pushHead(pushed)
    else list.pushTail(pushed)
    return target
  }
  const end = listpack.byteLength(db.page(target), db.valueStart(target)) - 1
  return editPacked(db, target, atHead ? listpack.HEADER_BYTES : end, pushed, listpack.insert)
}

/**
 * The list under key i, made if there is none, in the form in which it may take `count` elements with
 * texts of `bytes` more. As in Redis the texts count, not what they are packed into.
 */
function allow(call: Call, i: number, entry: number, bytes: number, count: number): number {
  const { db } = call
  const fill = fillOf(call)
  if (entry === 0) {
    if (fitsListpack(fill, listpack.EMPTY_BYTES + bytes, count))
      return createListpack(call, i, LIST, 0)
    return call.setObject(i, LIST, new List(fill))
  }
  if (db.encoding(entry) === OBJECT) return entry
  const page = db.page(entry)
  const base = db.valueStart(entry)
  const held = listpack.byteLength(page, base)
  if (fitsListpack(fill, held + bytes, listpack.length(page, base) + count)) return entry
  return db.storeObject(entry, List.fromListpack(page, base, fill))
}

/** Replaces the element at an index; 0 if there is none. */
export function replaceAt(
  call: Call,
  i: number,
  entry: number,
  index: number,
  value: Element,
): number {
  const { db } = call
  if (db.encoding(entry) === OBJECT) return listObject(db, entry).set(index, value) ? entry : 0
  const base = db.valueStart(entry)
  const at = listpack.seek(db.page(entry), base, index)
  if (at < 0) return 0
  const target = allow(call, i, entry, value.end - value.start, 1)
  if (db.encoding(target) === OBJECT) {
    listObject(db, target).set(index, value)
    return target
  }
  return editPacked(db, target, at - base, value, listpack.replace)
}

/** Inserts beside the first element equal to `pivot`; 0 if there is none. */
export function insertBeside(
  call: Call,
  i: number,
  entry: number,
  pivot: Element,
  value: Element,
  after: boolean,
): number {
  const { db } = call
  if (db.encoding(entry) === OBJECT) {
    return listObject(db, entry).insert(pivot, value, after) ? entry : 0
  }
  const page = db.page(entry)
  const base = db.valueStart(entry)
  const at = listpack.find(page, base, pivot)
  if (at < 0) return 0
  const place = (after ? at + elementBytes(page, at) : at) - base
  const target = allow(call, i, entry, value.end - value.start, 1)
  if (db.encoding(target) === OBJECT) {
    listObject(db, target).insert(pivot, value, after)
    return target
  }
  return editPacked(db, target, place, value, listpack.insert)
}

/** Inserts or replaces at a position counted from the start of the packed value. */
function editPacked(
  db: Database,
  entry: number,
  place: number,
  value: Element,
  edit: typeof listpack.insert,
): number {
  const target = makeRoom(db, entry, sizeOf(value))
  const page = db.page(target)
  const base = db.valueStart(target)
  edit(page, base, db.valueLimit(target), base + place, value)
  return db.storePacked(target, page, listpack.byteLength(page, base))
}

/** Keeps the elements from index `from` up to but not including `to`, and removes the others. */
export function keepRange(db: Database, entry: number, from: number, to: number): void {
  if (db.encoding(entry) === OBJECT) {
    listObject(db, entry).trim(from, to)
    return
  }
  const page = db.page(entry)
  const base = db.valueStart(entry)
  listpack.removeRange(page, base, to, listpack.length(page, base) - to)
  listpack.removeRange(page, base, 0, from)
}

/** Removes elements equal to `value`, at most `max`, the first or the last; answers how many. */
export function removeEqual(
  db: Database,
  entry: number,
  value: Element,
  max: number,
  backward: boolean,
): number {
  if (db.encoding(entry) === OBJECT) {
    return listObject(db, entry).remove(value, backward ? -max : max)
  }
  const page = db.page(entry)
  const base = db.valueStart(entry)
  let at = backward ? listpack.last(page, base) : listpack.first(page, base)
  let removed = 0
  while (at >= 0 && removed < max) {
    const isEqual = listpack.equals(page, at, value)
    const previous = backward ? listpack.previous(page, base, at) : -1
    if (isEqual) {
      listpack.remove(page, base, at)
      removed++
    }
    if (backward) at = previous
    else if (!isEqual) at = listpack.next(page, at)
    else if (page[at] === listpack.TERMINATOR) at = -1
  }
  return removed
}

/** Declares that the list under key i has grown. */
export function finishPush(call: Call, i: number, entry: number, event: string): void {
  call.db.changed(entry)
  call.notify('l', event, i)
  call.signal(i)
}

/** Declares that elements were removed, and gives back the room, or the key if none is left. */
export function finishRemoval(call: Call, i: number, entry: number, event: string): void {
  const { db } = call
  call.notify('l', event, i)
  if (listLength(db, entry) === 0) {
    db.deleteAt(entry)
    call.notify('g', 'del', i)
  } else if (db.encoding(entry) === OBJECT) {
    db.changed(repack(call, i, entry))
  } else {
    const page = db.page(entry)
    db.changed(keepPacked(db, entry, page, listpack.byteLength(page, db.valueStart(entry))))
  }
}

/** Packs a List that fits in half of what a listpack may be, so that it does not go back at once. */
export function repack(call: Call, i: number, entry: number): number {
  const { db } = call
  const list = listObject(db, entry)
  const bytes = list.head!.listpackBytes
  if (list.chunkCount > 1 || !fitsListpack(fillOf(call), 2 * bytes, 2 * list.length)) return entry
  const packed = list.toListpack()
  const target = db.prepare(call.bytes, call.start(i), call.end(i), packed.length, true)
  db.setKind(target, LIST, LISTPACK)
  return db.storePacked(target, packed, packed.length)
}
