// replies.ts — Entries as replies: the ID, and an array of fields and values in turn.

import type { Call } from '../../src/call.ts'
import { Element } from '../../src/values/element.ts'
import type { Stream } from '../../src/values/stream.ts'
import type { StreamCursor } from '../../src/values/stream-cursor.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { StreamIdText } from '../../src/values/stream-id-text.ts'
import { replyElement } from '../elements.ts'

export function replyId(call: Call, id: StreamId): void {
  idText.spell(id)
  call.reply.bulkBytes(idText.bytes, 0, idText.end)
}

/** Replies with the entry on which a cursor stands. */
export function replyEntry(call: Call, cursor: StreamCursor): void {
  const { reply } = call
  reply.array(2)
  replyId(call, cursor.id)
  reply.array(2 * cursor.fieldCount)
  while (cursor.nextPair(field, value)) {
    replyElement(reply, field)
    replyElement(reply, value)
  }
}

/** Replies with the entry of an ID; false, and nothing is written, if the stream has none. */
export function replyEntryAt(call: Call, stream: Stream, id: StreamId): boolean {
  const cursor = stream.range(id, id)
  if (!cursor.next()) return false
  replyEntry(call, cursor)
  return true
}

/** Replies with the entries between two IDs, at most `count` of them; 0 for all. */
export function replyEntries(
  call: Call,
  stream: Stream,
  from: StreamId,
  to: StreamId,
  count: number,
  backward = false,
): void {
  if (from.compare(to) > 0) return call.reply.array(0)
  const cursor = stream.range(from, to, backward)
  const isWhole = from.isZero && to.compare(stream.lastId) >= 0
  const all = isWhole ? stream.length : cursor.count(count)
  const length = count === 0 ? all : Math.min(all, count)
  call.reply.array(length)
  for (let left = length; left > 0 && cursor.next(); left--) replyEntry(call, cursor)
}

/** The first or the last living entry, or null. */
export function replyEdgeEntry(call: Call, stream: Stream, backward: boolean): void {
  const cursor = stream.range(StreamId.MIN, StreamId.MAX, backward)
  if (cursor.next()) replyEntry(call, cursor)
  else call.reply.null()
}

const idText = new StreamIdText()
const field = new Element()
const value = new Element()
