// whole.ts — Commands that list a hash: all of it, or a step of a walk.

import type { Call } from '../../src/call.ts'
import { OBJECT } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import type { Hash } from '../../src/values/hash.ts'
import { replyElement } from '../elements.ts'
import { readCursor, readScanOptions } from '../scan-options.ts'
import { FieldWalk, isExpired, readHash } from './stored-hash.ts'

const field = new Element()
const value = new Element()

export function hGetAll(call: Call): void {
  const entry = readHash(call, 1)
  if (entry === 0) return call.reply.map(0)
  const walk = new FieldWalk(call, entry)
  call.reply.map(walk.size)
  while (walk.next(field, value)) {
    replyElement(call.reply, field)
    replyElement(call.reply, value)
  }
}

export function hKeys(call: Call): void {
  replyEach(call, field)
}

export function hVals(call: Call): void {
  replyEach(call, value)
}

/** Replies with each field, or each value. */
function replyEach(call: Call, wanted: Element): void {
  const entry = readHash(call, 1)
  if (entry === 0) return call.reply.array(0)
  const walk = new FieldWalk(call, entry)
  call.reply.array(walk.size)
  while (walk.next(field, value)) replyElement(call.reply, wanted)
}

/** A packed hash is answered at once, as in Redis. */
export function hScan(call: Call): void {
  const cursor = readCursor(call, 2)
  const entry = readHash(call, 1)
  const { reply, db } = call
  const { now } = call.server.keyspace
  reply.array(2)
  if (entry === 0) {
    reply.bulk('0')
    return reply.array(0)
  }
  const { count, glob, values } = readScanOptions(call, 3, 'NOVALUES')
  const found: string[] = []
  const take = (visited: Element, itsValue: Element) => {
    const text = visited.toString()
    if (glob !== undefined && !glob.matches(text)) return
    found.push(text)
    if (values) found.push(itsValue.toString())
  }
  if (db.encoding(entry) === OBJECT) {
    const hash = db.object(entry) as Hash
    const next = hash.scan(cursor, count, (visited, itsValue) => {
      if (!isExpired(hash, visited, now)) take(visited, itsValue)
    })
    reply.bulkInteger(next)
  } else {
    const walk = new FieldWalk(call, entry)
    while (walk.next(field, value)) take(field, value)
    reply.bulk('0')
  }
  reply.bulks(found, found.length)
}
