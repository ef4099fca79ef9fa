// range.ts — XRANGE, XREVRANGE, XLEN and XDEL: entries by their IDs.

import type { Call } from '../../src/call.ts'
import { errors } from '../../src/errors.ts'
import { STREAM } from '../../src/keyspace/record.ts'
import type { StreamId } from '../../src/values/stream-id.ts'
import { readEnd, readId, readStart } from './ids.ts'
import { replyEntries } from './replies.ts'
import { readStream, streamAt } from './stored-stream.ts'

export function xRange(call: Call): void {
  const from = readStart(call, 2)
  const to = readEnd(call, 3)
  replyRange(call, from, to, false)
}

export function xRevRange(call: Call): void {
  const from = readStart(call, 3)
  const to = readEnd(call, 2)
  replyRange(call, from, to, true)
}

function replyRange(call: Call, from: StreamId, to: StreamId, backward: boolean): void {
  let count = -1
  for (let i = 4; i < call.count; i += 2) {
    if (!call.is(i, 'COUNT') || i + 1 === call.count) throw errors.syntax
    count = Math.max(call.integer(i + 1), 0)
  }
  const stream = readStream(call, 1)
  if (stream === undefined) call.reply.array(0)
  else if (count === 0) call.reply.nullArray()
  else replyEntries(call, stream, from, to, Math.max(count, 0), backward)
}

export function xLen(call: Call): void {
  call.reply.integer(readStream(call, 1)?.length ?? 0)
}

export function xDel(call: Call): void {
  const entry = call.writeType(1, STREAM)
  if (entry === 0) return call.reply.integer(0)
  // All IDs are read before anything is deleted.
  const ids: StreamId[] = []
  for (let i = 2; i < call.count; i++) ids.push(readId(call, i))
  const stream = streamAt(call, entry)
  let deleted = 0
  for (const id of ids) if (stream.delete(id)) deleted++
  if (deleted > 0) {
    call.notify('t', 'xdel', 1)
    call.db.changed(entry)
  }
  call.reply.integer(deleted)
}
