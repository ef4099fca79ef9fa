// encode-stream.ts — Writes a stream as RDB: its nodes as they stand, its counters, its groups.
//
// The layout is that of STREAM_LISTPACKS_2. It has no place for when a consumer was last given
// something; that is lost, as it is in Redis 7.0.

import type { Consumer, Group } from '../values/group.ts'
import * as listpack from '../values/listpack.ts'
import type { Stream } from '../values/stream.ts'
import { StreamId } from '../values/stream-id.ts'
import * as types from './types.ts'
import type { Writer } from './writer.ts'

const ID_BYTES = 16

export function encodeStream(stream: Stream, to: Writer): void {
  to.byte(types.STREAM_LISTPACKS_2)
  to.length(stream.nodeCount)
  stream.eachNode((id, node) => {
    to.length(ID_BYTES)
    writeRawId(id, to)
    to.blob(node, 0, listpack.byteLength(node, 0))
  })
  to.length(stream.length)
  writeId(stream.lastId, to)
  writeId(stream.firstId, to)
  writeId(stream.maxDeletedId, to)
  to.length(stream.entriesAdded)
  const groups = stream.groups()
  to.length(groups.length)
  for (const [name, group] of groups) {
    to.string(name)
    encodeGroup(group, to)
  }
}

function encodeGroup(group: Group, to: Writer): void {
  writeId(group.lastId, to)
  // An unknown count is -1, which as a length is all ones.
  if (group.entriesRead < 0) to.length64(-1, -1)
  else to.length(group.entriesRead)
  const { pending } = group
  to.length(pending.size)
  for (let more = pending.seekFirst(); more; more = pending.next()) {
    writeRawId(pending.id, to)
    to.uint64(pending.deliveredAt)
    to.length(pending.deliveryCount)
  }
  const consumers = group.consumers()
  to.length(consumers.length)
  for (const consumer of consumers) encodeConsumer(consumer, to)
}

function encodeConsumer(consumer: Consumer, to: Writer): void {
  to.string(consumer.name)
  to.uint64(consumer.seenAt)
  to.length(consumer.ids.size)
  for (let more = consumer.seek(StreamId.MIN); more; more = consumer.ids.next()) {
    writeRawId(consumer.id, to)
  }
}

/** An ID as two lengths. */
export function writeId(id: StreamId, to: Writer): void {
  to.length64(id.msHigh, id.msLow)
  to.length64(id.seqHigh, id.seqLow)
}

/** An ID as sixteen bytes, big endian, so that bytes sort as IDs do. */
export function writeRawId(id: StreamId, to: Writer): void {
  raw.writeInt32BE(id.msHigh, 0)
  raw.writeInt32BE(id.msLow, 4)
  raw.writeInt32BE(id.seqHigh, 8)
  raw.writeInt32BE(id.seqLow, 12)
  to.raw(raw, 0, ID_BYTES)
}

const raw = Buffer.alloc(ID_BYTES)
