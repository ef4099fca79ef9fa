// pending.ts — XACK and XPENDING: what a group has been given and has not acknowledged.

import type { Call } from '../../src/call.ts'
import { errors } from '../../src/errors.ts'
import { STREAM } from '../../src/keyspace/record.ts'
import type { Consumer, Group } from '../../src/values/group.ts'
import type { StreamId } from '../../src/values/stream-id.ts'
import { readEnd, readId, readStart } from './ids.ts'
import { replyId } from './replies.ts'
import { readStream, requireGroup, streamAt } from './stored-stream.ts'

export function xAck(call: Call): void {
  const entry = call.readType(1, STREAM)
  const group = entry === 0 ? undefined : streamAt(call, entry).group(call.text(2))
  if (group === undefined) return call.reply.integer(0)
  // All IDs are read before any is acknowledged.
  const ids: StreamId[] = []
  for (let i = 3; i < call.count; i++) ids.push(readId(call, i))
  let acknowledged = 0
  for (const id of ids) if (group.acknowledge(id)) acknowledged++
  if (acknowledged > 0) call.db.amended(entry)
  call.reply.integer(acknowledged)
}

/** Which pending entries XPENDING lists. */
interface Filter {
  readonly from: StreamId
  readonly to: StreamId
  readonly count: number
  /** ms since the last delivery. */
  readonly idleMin: number
  /** Argument of the consumer's name, 0 for all consumers. */
  readonly consumer: number
}

export function xPending(call: Call): void {
  const filter = readFilter(call)
  const group = requireGroup(call, 1, readStream(call, 1), 2)
  if (filter === undefined) return replySummary(call, group)
  const consumer = filter.consumer === 0 ? undefined : group.consumer(call.text(filter.consumer))
  if (filter.consumer > 0 && consumer === undefined) return call.reply.array(0)
  replyPending(call, group, chosen(call, group, consumer, filter))
}

/** Undefined where a summary is asked for. */
function readFilter(call: Call): Filter | undefined {
  if (call.count === 3) return undefined
  if (call.count < 6 || call.count > 9) throw errors.syntax
  let first = 3
  let idleMin = 0
  if (call.is(3, 'IDLE')) {
    idleMin = call.integer(4)
    if (call.count < 8) throw errors.syntax
    first = 5
  }
  const count = Math.max(call.integer(first + 2), 0)
  const from = readStart(call, first)
  const to = readEnd(call, first + 1)
  return { from, to, count, idleMin, consumer: call.count > first + 3 ? first + 3 : 0 }
}

function replySummary(call: Call, group: Group): void {
  const { pending } = group
  const { reply } = call
  reply.array(4)
  reply.integer(pending.size)
  if (!pending.seekFirst()) {
    reply.null()
    reply.null()
    return reply.nullArray()
  }
  replyId(call, pending.id)
  pending.seekLast()
  replyId(call, pending.id)
  const consumers = group.consumers().filter(({ ids }) => ids.size > 0)
  reply.array(consumers.length)
  for (const { name, ids } of consumers) {
    reply.array(2)
    reply.bulk(name)
    reply.bulkInteger(ids.size)
  }
}

/** IDs of pending entries, of the group or of one consumer. */
function chosen(
  call: Call,
  group: Group,
  consumer: Consumer | undefined,
  { from, to, count, idleMin }: Filter,
): readonly StreamId[] {
  const ids: StreamId[] = []
  const { pending } = group
  let more = consumer === undefined ? pending.seek(from) : consumer.seek(from)
  while (more && ids.length < count) {
    const id = consumer === undefined ? pending.id : consumer.id
    if (id.compare(to) > 0) break
    if (consumer !== undefined) pending.find(id)
    if (idleMin === 0 || call.now - pending.deliveredAt >= idleMin) ids.push(id)
    more = consumer === undefined ? pending.next() : consumer.ids.next()
  }
  return ids
}

function replyPending(call: Call, group: Group, ids: readonly StreamId[]): void {
  const { pending } = group
  const { reply } = call
  reply.array(ids.length)
  for (const id of ids) {
    pending.find(id)
    reply.array(4)
    replyId(call, id)
    reply.bulk(group.consumerOf(pending.consumer).name)
    reply.integer(Math.max(0, call.now - pending.deliveredAt))
    reply.integer(pending.deliveryCount)
  }
}
