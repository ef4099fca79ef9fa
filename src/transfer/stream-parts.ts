// stream-parts.ts — A stream in parts: its nodes, then its counters, then its groups, each with its consumers
// and what they have pending.
//
// Each piece says what it is. A part that begins within a group names the group again.

import { readEntriesRead, readId, readRawId, readTime } from '../rdb/decode-stream.ts'
import { writeId, writeRawId } from '../rdb/encode-stream.ts'
import { PayloadError, type Reader } from '../rdb/reader.ts'
import type { Writer } from '../rdb/writer.ts'
import { Element } from '../values/element.ts'
import { type Group, NEVER, UNKNOWN_READ } from '../values/group.ts'
import * as listpack from '../values/listpack.ts'
import type { Stream } from '../values/stream.ts'
import type { StreamId } from '../values/stream-id.ts'
import { entryCount } from '../values/stream-node.ts'
import { Part, type PartLimits, type Parts } from './part.ts'

const NODE = 0
const COUNTERS = 1
const GROUP = 2
const WITHIN_GROUP = 3
const CONSUMER = 4
const PENDING = 5

export function* streamParts(stream: Stream, limits: PartLimits): Parts {
  let part = new Part(limits)
  const nodes: [id: StreamId, node: Uint8Array][] = []
  stream.eachNode((id, node) => nodes.push([id, node]))
  for (const [id, node] of nodes) {
    if (part.isFull) {
      yield part.finish()
      part = new Part(limits)
    }
    part.to.byte(NODE)
    writeRawId(id, part.to)
    part.to.blob(node, 0, listpack.byteLength(node, 0))
    part.elements += entryCount(node)
  }
  part.to.byte(COUNTERS)
  writeId(stream.lastId, part.to)
  writeId(stream.maxDeletedId, part.to)
  part.to.length(stream.entriesAdded)
  for (const [name, group] of stream.groups()) {
    const pieces = groupPieces(group)
    writeGroup(name, group, part.to)
    for (const write of pieces) {
      if (part.isFull) {
        yield part.finish()
        part = new Part(limits)
        part.to.byte(WITHIN_GROUP)
        part.to.string(name)
      }
      write(part.to)
      part.elements++
    }
  }
  return part.finish()
}

function writeGroup(name: string, group: Group, to: Writer): void {
  to.byte(GROUP)
  to.string(name)
  writeId(group.lastId, to)
  if (group.entriesRead === UNKNOWN_READ) to.length64(-1, -1)
  else to.length(group.entriesRead)
}

/** What a group has, one by one: how each is written. */
function* groupPieces(group: Group): Generator<(to: Writer) => void> {
  for (const { name, seenAt, activeAt } of group.consumers()) {
    yield to => {
      to.byte(CONSUMER)
      to.string(name)
      writeTime(seenAt, to)
      writeTime(activeAt, to)
    }
  }
  const { pending } = group
  for (let more = pending.seekFirst(); more; ) {
    const { id, deliveredAt, deliveryCount } = pending
    const { name } = group.consumerOf(pending.consumer)
    yield to => {
      to.byte(PENDING)
      writeRawId(id, to)
      to.string(name)
      to.uint64(deliveredAt)
      to.length(deliveryCount)
    }
    // Between two parts somebody may have looked at other entries.
    more = pending.find(id) && pending.next()
  }
}

function writeTime(at: number, to: Writer): void {
  if (at === NEVER) to.words64(-1, -1)
  else to.uint64(at)
}

export function addStreamPart(stream: Stream, from: Reader): void {
  let group: Group | undefined
  while (from.at < from.end) {
    const kind = from.byte()
    if (kind === NODE) {
      const id = readRawId(from)
      from.string(text)
      stream.addNode(id, Buffer.from(text.bytes.subarray(text.start, text.end)))
    } else if (kind === COUNTERS) {
      const lastId = readId(from)
      stream.restoreCounters(lastId, readId(from), from.length())
    } else if (kind === GROUP) {
      const name = readText(from)
      group = stream.createGroup(name, readId(from), readEntriesRead(from))
    } else if (kind === WITHIN_GROUP) {
      group = stream.group(readText(from))
    } else if (group === undefined) {
      throw new PayloadError('a consumer without a group')
    } else if (kind === CONSUMER) {
      const consumer = group.createConsumer(readText(from), readTime(from))
      if (consumer !== undefined) consumer.activeAt = readTime(from)
    } else if (kind === PENDING) {
      readPending(from, group)
    } else {
      throw new PayloadError('a piece of a stream of unknown kind')
    }
  }
}

function readPending(from: Reader, group: Group): void {
  const id = readRawId(from)
  const consumer = group.consumer(readText(from))
  if (consumer === undefined) throw new PayloadError('an entry of no consumer')
  const deliveredAt = from.uint64()
  group.assign(id, consumer, deliveredAt, from.length())
}

function readText(from: Reader): string {
  from.string(text)
  return text.toString()
}

const text = new Element()
