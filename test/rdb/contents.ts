// contents.ts — What a value holds, whatever its form, for comparison in tests.

import type { Limits, Value } from '../../src/rdb/value.ts'
import { Element } from '../../src/values/element.ts'
import { type Group, UNKNOWN_READ } from '../../src/values/group.ts'
import { Hash } from '../../src/values/hash.ts'
import * as intset from '../../src/values/intset.ts'
import { List } from '../../src/values/list.ts'
import * as listpack from '../../src/values/listpack.ts'
import { MemberSet } from '../../src/values/member-set.ts'
import { parseScore } from '../../src/values/score.ts'
import { Stream } from '../../src/values/stream.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { Zset } from '../../src/values/zset.ts'

export type Contents =
  | { type: 'string'; value: string }
  | { type: 'list'; values: string[] }
  | { type: 'set'; values: string[] }
  | { type: 'zset'; pairs: [string, number][] }
  | { type: 'hash'; pairs: [string, string, number][] }
  | StreamContents

export interface StreamContents {
  type: 'stream'
  nodes: number
  lastId: string
  firstId: string
  maxDeletedId: string
  entriesAdded: number
  entries: [id: string, parts: string[]][]
  groups: GroupContents[]
}

/** Times are left out: a server's are those of its clock. */
export interface GroupContents {
  name: string
  lastId: string
  entriesRead: number | null
  lag: number | null
  pending: [id: string, consumer: string, deliveryCount: number][]
  consumers: [name: string, ids: string[]][]
}

/** The defaults of Redis. */
export const LIMITS: Limits = {
  stringBytesMax: 512 * 1024 * 1024,
  listFill: -2,
  hashEntriesMax: 128,
  hashValueBytesMax: 64,
  setIntegersMax: 512,
  setEntriesMax: 128,
  setValueBytesMax: 64,
  zsetEntriesMax: 128,
  zsetValueBytesMax: 64,
}

/** Nothing is packed. */
export const NO_ROOM: Limits = {
  ...LIMITS,
  hashEntriesMax: 0,
  setIntegersMax: 0,
  setEntriesMax: 0,
  zsetEntriesMax: 0,
}

const element = new Element()
const other = new Element()

export function contentsOf(value: Value): Contents {
  if (value instanceof List)
    return { type: 'list', values: listpack.strings(value.toListpack(), 0) }
  if (value instanceof MemberSet) return { type: 'set', values: membersOf(value).sort() }
  if (value instanceof Zset) return { type: 'zset', pairs: pairsOfZset(value) }
  if (value instanceof Hash) return { type: 'hash', pairs: fieldsOf(value).sort() }
  if (value instanceof Stream) return streamContents(value)
  if (value.kind === 'string') return { type: 'string', value: latin1(value.bytes) }
  if (value.kind === 'intset') {
    return { type: 'set', values: membersOf(MemberSet.fromIntset(value.bytes, 0)).sort() }
  }
  const parts = listpack.strings(value.bytes, 0)
  switch (value.type) {
    case 'list':
      return { type: 'list', values: parts }
    case 'set':
      return { type: 'set', values: parts.sort() }
    case 'zset':
      return {
        type: 'zset',
        pairs: pairsOf(parts).map(([name, score]) => [
          name,
          parseScore(element.fromString(score)) + 0,
        ]),
      }
    case 'hash':
      return {
        type: 'hash',
        pairs: pairsOf(parts)
          .map(([name, held]): [string, string, number] => [name, held, -1])
          .sort(),
      }
  }
}

/** Name of the form, as OBJECT ENCODING would have it. */
export function formOf(value: Value): string {
  if (value instanceof List) return 'quicklist'
  if (value instanceof Zset) return 'skiplist'
  if (value instanceof MemberSet || value instanceof Hash) return 'hashtable'
  if (value instanceof Stream) return 'stream'
  return value.kind
}

/** True if packed bytes pass their own validation. */
export function isSound(value: Value): boolean {
  if (!('kind' in value) || value.kind === 'string') return true
  return value.kind === 'intset'
    ? intset.validate(value.bytes, 0, value.bytes.length)
    : listpack.validate(value.bytes, 0, value.bytes.length)
}

export function packed(parts: readonly string[]): Uint8Array {
  let lp: Uint8Array = listpack.create()
  for (const part of parts) lp = listpack.append(lp, 0, lp.length, element.fromString(part))
  return lp.subarray(0, listpack.byteLength(lp, 0))
}

export function pairsOf(parts: readonly string[]): [string, string][] {
  return Array.from({ length: parts.length / 2 }, (_, i) => [parts[2 * i]!, parts[2 * i + 1]!])
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function membersOf(set: MemberSet): string[] {
  return Array.from({ length: set.size }, (_, i) => {
    set.read(i, element)
    return element.toString()
  })
}

function fieldsOf(hash: Hash): [string, string, number][] {
  return Array.from({ length: hash.size }, (_, i) => {
    hash.readIndex(i, element, other)
    return [element.toString(), other.toString(), hash.expiresAtIndex(i)]
  })
}

/** A score of -0 is given as 0: it becomes that as soon as the set is packed. */
function pairsOfZset(zset: Zset): [string, number][] {
  const pairs: [string, number][] = []
  for (let more = zset.seek(0); more; more = zset.next()) {
    const score = zset.read(element)
    pairs.push([element.toString(), score + 0])
  }
  return pairs
}

export function streamContents(stream: Stream): StreamContents {
  const entries: [string, string[]][] = []
  const cursor = stream.range(StreamId.MIN, StreamId.MAX)
  while (cursor.next()) {
    const parts: string[] = []
    while (cursor.nextPair(element, other)) parts.push(element.toString(), other.toString())
    entries.push([cursor.id.toString(), parts])
  }
  return {
    type: 'stream',
    nodes: stream.nodeCount,
    lastId: stream.lastId.toString(),
    firstId: stream.firstId.toString(),
    maxDeletedId: stream.maxDeletedId.toString(),
    entriesAdded: stream.entriesAdded,
    entries,
    groups: stream.groups().map(([name, group]) => groupContents(stream, name, group)),
  }
}

function groupContents(stream: Stream, name: string, group: Group): GroupContents {
  const { pending } = group
  const deliveries: [string, string, number][] = []
  for (let more = pending.seekFirst(); more; more = pending.next()) {
    const consumer = group.consumerOf(pending.consumer).name
    deliveries.push([pending.id.toString(), consumer, pending.deliveryCount])
  }
  return {
    name,
    lastId: group.lastId.toString(),
    entriesRead: group.entriesRead === UNKNOWN_READ ? null : group.entriesRead,
    lag: stream.lag(group) ?? null,
    pending: deliveries,
    consumers: group.consumers().map(consumer => {
      const ids: string[] = []
      for (let more = consumer.seek(StreamId.MIN); more; more = consumer.ids.next()) {
        ids.push(consumer.id.toString())
      }
      return [consumer.name, ids]
    }),
  }
}
