// decode-stream.ts — Reads a stream in any of the three layouts, from bytes nobody vouches for.
//
// The second layout added the counters, the third when a consumer was last given something. What
// the nodes say themselves (the number of entries, the first ID) is taken from them; that the
// announced length agrees, that IDs ascend from node to node and that every pending entry has
// exactly one consumer is checked.

import { Element } from '../values/element.ts'
import { type Group, NEVER, UNKNOWN_READ } from '../values/group.ts'
import * as listpack from '../values/listpack.ts'
import { Stream } from '../values/stream.ts'
import { StreamId } from '../values/stream-id.ts'
import { lastIdOfNode } from '../values/stream-node-validation.ts'
import { PayloadError, type Reader } from './reader.ts'

const ID_BYTES = 16

/** `layout` is 1, 2 or 3. */
export function decodeStream(from: Reader, layout: number): Stream {
  const stream = new Stream()
  const last = decodeNodes(from, stream)
  if (from.length() !== stream.length) throw new PayloadError('a stream of another length')
  const lastId = readId(from)
  if (last !== undefined && last.compare(lastId) > 0) {
    throw new PayloadError('a stream with an entry above its last ID')
  }
  if (layout === 1) {
    stream.restoreCounters(lastId, StreamId.MIN, stream.length)
  } else {
    readId(from)
    const maxDeletedId = readId(from)
    stream.restoreCounters(lastId, maxDeletedId, from.length())
  }
  for (let rest = from.length(); rest > 0; rest--) decodeGroup(from, stream, layout)
  return stream
}

/** Reads all nodes and returns the ID of the last entry in them. */
function decodeNodes(from: Reader, stream: Stream): StreamId | undefined {
  let last: StreamId | undefined
  for (let rest = from.length(); rest > 0; rest--) {
    if (from.length() !== ID_BYTES) throw malformed()
    const id = readRawId(from)
    from.string(element)
    element.text()
    if (!listpack.validate(element.bytes, element.start, element.end)) throw malformed()
    const node = Buffer.from(element.bytes.subarray(element.start, element.end))
    const lastOfNode = lastIdOfNode(node, id)
    if (lastOfNode === undefined || (last !== undefined && id.compare(last) <= 0)) throw malformed()
    stream.addNode(id, node)
    last = lastOfNode
  }
  return last
}

function decodeGroup(from: Reader, stream: Stream, layout: number): void {
  from.string(element)
  const name = element.toString()
  const lastId = readId(from)
  const entriesRead = layout === 1 ? stream.readUpTo(lastId) : readEntriesRead(from)
  const group = stream.createGroup(name, lastId, entriesRead)
  if (group === undefined) throw new PayloadError('a consumer group that appears twice')

  const pending = new Map<string, [deliveredAt: number, deliveryCount: number]>()
  for (let rest = from.length(); rest > 0; rest--) {
    const id = readRawId(from).toString()
    if (pending.has(id)) throw new PayloadError('a pending entry that appears twice')
    pending.set(id, [readTime(from), from.length()])
  }
  for (let rest = from.length(); rest > 0; rest--) decodeConsumer(from, group, layout, pending)
  if (pending.size > 0) throw new PayloadError('a pending entry without a consumer')
}

/** Takes what belongs to the consumer out of `pending`. */
function decodeConsumer(
  from: Reader,
  group: Group,
  layout: number,
  pending: Map<string, [deliveredAt: number, deliveryCount: number]>,
): void {
  from.string(element)
  const consumer = group.createConsumer(element.toString(), readTime(from))
  if (consumer === undefined) throw new PayloadError('a consumer that appears twice')
  if (layout === 3) consumer.activeAt = readTime(from)
  for (let rest = from.length(); rest > 0; rest--) {
    const id = readRawId(from)
    const delivery = pending.get(id.toString())
    if (delivery === undefined) throw new PayloadError('an entry that is not pending, or not here')
    group.assign(id, consumer, delivery[0], delivery[1])
    pending.delete(id.toString())
  }
}

export function readEntriesRead(from: Reader): number {
  const low = from.length64()
  if (from.high === -1 && low === -1) return UNKNOWN_READ
  return from.whole(from.high, low)
}

/** A time, or NEVER for -1. */
export function readTime(from: Reader): number {
  const low = from.words64()
  return from.high === -1 && low === -1 ? NEVER : from.whole(from.high, low)
}

export function readId(from: Reader): StreamId {
  const msLow = from.length64()
  const msHigh = from.high
  const seqLow = from.length64()
  return new StreamId(msHigh, msLow, from.high, seqLow)
}

export function readRawId(from: Reader): StreamId {
  const at = from.skip(ID_BYTES)
  const { bytes } = from
  return new StreamId(
    word(bytes, at),
    word(bytes, at + 4),
    word(bytes, at + 8),
    word(bytes, at + 12),
  )
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

function malformed(): PayloadError {
  return new PayloadError('a malformed stream node')
}

const element = new Element()
