// scan.ts — ZSCAN: a walk over a sorted set in steps. A packed one is answered at once, as in Redis.

import type { Call } from '../../src/call.ts'
import type { Glob } from '../../src/glob.ts'
import { Element } from '../../src/values/element.ts'
import { Zset } from '../../src/values/zset.ts'
import { formatDouble } from '../../src/wire/reply.ts'
import { readCursor, readScanOptions } from '../scan-options.ts'
import { readSortedSet } from './entry.ts'
import type { SortedSet } from './sorted-set.ts'

export function zScan(call: Call): void {
  const cursor = readCursor(call, 2)
  const set = readSortedSet(call, 1)
  const { reply } = call
  reply.array(2)
  if (set === undefined) {
    reply.bulk('0')
    return reply.array(0)
  }
  const { count, glob } = readScanOptions(call, 3)
  const found: string[] = []
  const next =
    set instanceof Zset
      ? set.scan(cursor, count, (visited, score) => take(visited, score, glob, found))
      : takeAll(set, glob, found)
  reply.bulkInteger(next)
  reply.array(found.length)
  for (const text of found) reply.bulk(text)
}

function takeAll(set: SortedSet, glob: Glob | undefined, found: string[]): 0 {
  for (let more = set.seek(0); more; more = set.next()) {
    const score = set.read(member)
    take(member, score, glob, found)
  }
  return 0
}

function take(visited: Element, score: number, glob: Glob | undefined, found: string[]): void {
  const text = visited.toString()
  if (glob === undefined || glob.matches(text)) found.push(text, formatDouble(score))
}

const member = new Element()
