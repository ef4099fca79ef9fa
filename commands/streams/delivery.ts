// delivery.ts — Handing entries of a stream to a consumer of a group: new ones, or again its own.

import type { Call } from '../../src/call.ts'
import type { Consumer, Group } from '../../src/values/group.ts'
import type { Stream } from '../../src/values/stream.ts'
import type { StreamCursor } from '../../src/values/stream-cursor.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { replyEntry, replyEntryAt, replyId } from './replies.ts'

/** Entries that a group has not been given yet: how many, and a walk over them. */
export interface Fresh {
  readonly length: number
  readonly from: StreamId
  readonly cursor: StreamCursor
}

/** The entries after an ID, at most `count` of them, 0 for all; undefined if there are none. */
export function findFresh(stream: Stream, after: StreamId, count: number): Fresh | undefined {
  if (stream.length === 0 || after.compare(stream.lastId) >= 0) return undefined
  const from = after.next()!
  const cursor = stream.range(from, StreamId.MAX)
  const length = cursor.count(count)
  return length === 0 ? undefined : { length, from, cursor }
}

/** The ID of the last of these entries. */
export function lastOf(stream: Stream, { length, from }: Fresh): StreamId {
  const cursor = stream.range(from, StreamId.MAX)
  for (let i = 0; i < length; i++) cursor.next()
  return cursor.id
}

/** Replies with entries that the group has not been given, and makes them pending for a consumer. */
export function deliverFresh(
  call: Call,
  stream: Stream,
  group: Group,
  consumer: Consumer,
  { length, cursor }: Fresh,
  noAck: boolean,
): void {
  call.reply.array(length)
  for (let left = length; left > 0 && cursor.next(); left--) {
    const { id } = cursor
    stream.advance(group, id)
    replyEntry(call, cursor)
    if (!noAck) group.assign(id, consumer, call.now, 1)
  }
  // Who acknowledges beforehand counts as one who asked, not as one who was given something.
  if (!noAck) consumer.activeAt = call.now
}

/**
 * Replies with what the consumer has pending after an ID, at most `count` entries; 0 for all. Each
 * counts as delivered once more. Of an entry that the stream no longer has, only the ID is left.
 */
export function replyHistory(
  call: Call,
  stream: Stream,
  group: Group,
  consumer: Consumer,
  after: StreamId,
  count: number,
): void {
  const { ids } = consumer
  const start = after.next()!
  start.writeTo(ids.key)
  const all = ids.size - ids.rank()
  const length = count === 0 ? all : Math.min(all, count)
  call.reply.array(length)
  consumer.seek(start)
  for (let left = length; left > 0; left--) {
    const { id } = consumer
    if (replyEntryAt(call, stream, id)) {
      group.pending.find(id)
      group.assign(id, consumer, call.now, group.pending.deliveryCount + 1)
    } else {
      call.reply.array(2)
      replyId(call, id)
      call.reply.nullArray()
    }
    ids.next()
  }
}
