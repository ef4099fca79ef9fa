// scan.ts — ZSCAN: a walk over a sorted set in steps. A packed one is answered at once, as in Redis.

import type { Call } from '../../src/call.ts'
import { Element } from '../../src/values/element.ts'
import { Zset } from '../../src/values/zset.ts'
import { formatDouble } from '../../src/wire/reply.ts'
import { readCursor, readScanOptions } from '../scan-options.ts'
import { readSortedSet } from './entry.ts'
import type { PackedZset } from './packed-zset.ts'

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
  const take = (visited: Element, score: string) => {
    const text = visited.toString()
    if (glob === undefined || glob.matches(text)) found.push(text, score)
  }
  const next =
    set instanceof Zset
      ? set.scan(cursor, count, (visited, score) => take(visited, formatDouble(score)))
      : takeAll(set as PackedZset, take)
  reply.bulkInteger(next)
  reply.array(found.length)
  for (const text of found) reply.bulk(text)
}

/** As in Redis a packed set shows its integers with all their digits, beyond 2^52 too. */
function takeAll(set: PackedZset, take: (member: Element, score: string) => void): 0 {
  for (let more = set.seek(0); more; more = set.next()) {
    const score = set.read(member)
    set.readScore(packedScore)
    take(member, packedScore.integer ? packedScore.toString() : formatDouble(score))
  }
  return 0
}

const member = new Element()
const packedScore = new Element()
