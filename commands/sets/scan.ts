// scan.ts — SSCAN: a walk over a set in steps. A packed one is answered at once, as in Redis.

import type { Call } from '../../src/call.ts'
import { OBJECT, SET } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import type { MemberSet } from '../../src/values/member-set.ts'
import { readCursor, readScanOptions } from '../scan-options.ts'
import { MemberWalk } from './stored-set.ts'

const member = new Element()

export function sScan(call: Call): void {
  const cursor = readCursor(call, 2)
  const entry = call.readType(1, SET)
  const { reply, db } = call
  reply.array(2)
  if (entry === 0) {
    reply.bulk('0')
    return reply.array(0)
  }
  const { count, glob } = readScanOptions(call, 3)
  const found: string[] = []
  const take = (visited: Element) => {
    const text = visited.toString()
    if (glob === undefined || glob.matches(text)) found.push(text)
  }
  if (db.encoding(entry) === OBJECT) {
    reply.bulkInteger((db.object(entry) as MemberSet).scan(cursor, count, take))
  } else {
    const walk = new MemberWalk(db, entry)
    while (walk.next(member)) take(member)
    reply.bulk('0')
  }
  reply.bulks(found, found.length)
}
