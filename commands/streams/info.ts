// info.ts — XINFO: what there is to know of a stream, its groups and their consumers.

import { type Call, fail } from '../../src/call.ts'
import { errors, printable, ReplyError, subcommandSyntax } from '../../src/errors.ts'
import { replyHelp } from '../../src/help.ts'
import { type Consumer, type Group, NEVER, UNKNOWN_READ } from '../../src/values/group.ts'
import type { Stream } from '../../src/values/stream.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { replyEdgeEntry, replyEntries, replyId } from './replies.ts'
import { readStream } from './stored-stream.ts'

/** Entries of each list that FULL shows unless it is told otherwise; 0 shows all. */
const COUNT_DEFAULT = 10

function requireStream(call: Call): Stream {
  return readStream(call, 2) ?? fail(errors.noSuchKey)
}

export function xInfoStream(call: Call): void {
  const stream = requireStream(call)
  const full = call.count > 3
  const count = full ? readCount(call) : 0
  const { reply } = call
  reply.map(full ? 9 : 10)
  reply.bulk('length')
  reply.integer(stream.length)
  reply.bulk('radix-tree-keys')
  reply.integer(stream.nodeCount)
  // There is no radix tree here. Of one node it would have two, and at least so many of more.
  reply.bulk('radix-tree-nodes')
  reply.integer(stream.nodeCount + 1)
  reply.bulk('last-generated-id')
  replyId(call, stream.lastId)
  reply.bulk('max-deleted-entry-id')
  replyId(call, stream.maxDeletedId)
  reply.bulk('entries-added')
  reply.integer(stream.entriesAdded)
  reply.bulk('recorded-first-entry-id')
  replyId(call, stream.firstId)
  if (full) replyFull(call, stream, count)
  else replyBrief(call, stream)
}

/** The number behind FULL COUNT. */
function readCount(call: Call): number {
  const isSound =
    call.is(3, 'FULL') && (call.count === 4 || (call.count === 6 && call.is(4, 'COUNT')))
  if (!isSound) throw subcommandSyntax(call.text(1), 'xinfo')
  const count = call.count === 4 ? COUNT_DEFAULT : call.integer(5)
  return count < 0 ? COUNT_DEFAULT : count
}

function replyBrief(call: Call, stream: Stream): void {
  const { reply } = call
  reply.bulk('groups')
  reply.integer(stream.groupCount)
  reply.bulk('first-entry')
  replyEdgeEntry(call, stream, false)
  reply.bulk('last-entry')
  replyEdgeEntry(call, stream, true)
}

function replyFull(call: Call, stream: Stream, count: number): void {
  const { reply } = call
  reply.bulk('entries')
  replyEntries(call, stream, StreamId.MIN, StreamId.MAX, count)
  reply.bulk('groups')
  reply.array(stream.groupCount)
  for (const [name, group] of stream.groups()) {
    reply.map(7)
    replyProgress(call, stream, name, group)
    reply.bulk('pel-count')
    reply.integer(group.pending.size)
    reply.bulk('pending')
    replyPending(call, group, count)
    reply.bulk('consumers')
    reply.array(group.consumerCount)
    for (const consumer of group.consumers()) replyConsumer(call, group, consumer, count)
  }
}

/** Four pairs of the map that describes a group. */
function replyProgress(call: Call, stream: Stream, name: string, group: Group): void {
  const { reply } = call
  reply.bulk('name')
  reply.bulk(name)
  reply.bulk('last-delivered-id')
  replyId(call, group.lastId)
  replyReadAndLag(call, stream, group)
}

function replyReadAndLag(call: Call, stream: Stream, group: Group): void {
  const { reply } = call
  reply.bulk('entries-read')
  if (group.entriesRead === UNKNOWN_READ) reply.null()
  else reply.integer(group.entriesRead)
  reply.bulk('lag')
  const lag = stream.lag(group)
  if (lag === undefined) reply.null()
  else reply.integer(lag)
}

function replyPending(call: Call, group: Group, count: number): void {
  const { pending } = group
  const { reply } = call
  const length = count === 0 ? pending.size : Math.min(pending.size, count)
  reply.array(length)
  pending.seekFirst()
  for (let left = length; left > 0; left--) {
    reply.array(4)
    replyId(call, pending.id)
    reply.bulk(group.consumerOf(pending.consumer).name)
    reply.integer(pending.deliveredAt)
    reply.integer(pending.deliveryCount)
    pending.next()
  }
}

function replyConsumer(call: Call, group: Group, consumer: Consumer, count: number): void {
  const { reply } = call
  const { ids } = consumer
  reply.map(5)
  reply.bulk('name')
  reply.bulk(consumer.name)
  reply.bulk('seen-time')
  reply.integer(consumer.seenAt)
  reply.bulk('active-time')
  reply.integer(consumer.activeAt)
  reply.bulk('pel-count')
  reply.integer(ids.size)
  reply.bulk('pending')
  const length = count === 0 ? ids.size : Math.min(ids.size, count)
  reply.array(length)
  ids.seekFirst()
  for (let left = length; left > 0; left--) {
    const { id } = consumer
    group.pending.find(id)
    reply.array(3)
    replyId(call, id)
    reply.integer(group.pending.deliveredAt)
    reply.integer(group.pending.deliveryCount)
    ids.next()
  }
}

export function xInfoGroups(call: Call): void {
  const stream = requireStream(call)
  const { reply } = call
  reply.array(stream.groupCount)
  for (const [name, group] of stream.groups()) {
    reply.map(6)
    reply.bulk('name')
    reply.bulk(name)
    reply.bulk('consumers')
    reply.integer(group.consumerCount)
    reply.bulk('pending')
    reply.integer(group.pending.size)
    reply.bulk('last-delivered-id')
    replyId(call, group.lastId)
    replyReadAndLag(call, stream, group)
  }
}

export function xInfoConsumers(call: Call): void {
  const stream = requireStream(call)
  const group = stream.group(call.text(3))
  if (group === undefined) {
    const [name, key] = [printable(call.text(3)), printable(call.text(2))]
    throw new ReplyError(`NOGROUP No such consumer group '${name}' for key name '${key}'`)
  }
  const { reply } = call
  reply.array(group.consumerCount)
  for (const { name, ids, seenAt, activeAt } of group.consumers()) {
    reply.map(4)
    reply.bulk('name')
    reply.bulk(name)
    reply.bulk('pending')
    reply.integer(ids.size)
    reply.bulk('idle')
    reply.integer(Math.max(0, call.now - seenAt))
    reply.bulk('inactive')
    reply.integer(activeAt === NEVER ? NEVER : Math.max(0, call.now - activeAt))
  }
}

export const xInfoHelp = replyHelp
