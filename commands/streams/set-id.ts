// set-id.ts — XSETID: the last ID of a stream, and its counters, for those who rebuild one.

import { type Call, fail } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { STREAM } from '../../src/keyspace/record.ts'
import { ENTRIES_MAX } from '../../src/values/group.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { readId } from './ids.ts'
import { streamAt } from './stored-stream.ts'

const negativeAdded = new ReplyError('ERR entries_added must be positive')
const belowGiven = new ReplyError(
  'ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id',
)
const belowDeleted = new ReplyError(
  'ERR The ID specified in XSETID is smaller than current max_deleted_entry_id',
)
const belowTop = new ReplyError(
  'ERR The ID specified in XSETID is smaller than the target stream top item',
)
const fewerThanLength = new ReplyError(
  'ERR The entries_added specified in XSETID is smaller than the target stream length',
)

export function xSetId(call: Call): void {
  const id = readId(call, 2)
  let entriesAdded = -1
  let maxDeletedId = StreamId.MIN
  for (let i = 3; i < call.count; i += 2) {
    if (i + 1 === call.count) throw errors.syntax
    if (call.is(i, 'ENTRIESADDED')) {
      entriesAdded = Math.min(call.integer(i + 1), ENTRIES_MAX)
      if (entriesAdded < 0) throw negativeAdded
    } else if (call.is(i, 'MAXDELETEDID')) {
      maxDeletedId = readId(call, i + 1)
      if (id.compare(maxDeletedId) < 0) throw belowGiven
    } else {
      throw errors.syntax
    }
  }
  const entry = call.writeType(1, STREAM) || fail(errors.noSuchKey)
  const stream = streamAt(call, entry)
  if (id.compare(stream.maxDeletedId) < 0) throw belowDeleted
  if (stream.length > 0) {
    if (id.compare(stream.lastEntryId()) < 0) throw belowTop
    if (entriesAdded !== -1 && stream.length > entriesAdded) throw fewerThanLength
  }
  stream.lastId = id
  if (entriesAdded !== -1) stream.entriesAdded = entriesAdded
  if (!maxDeletedId.isZero) stream.maxDeletedId = maxDeletedId
  call.notify('t', 'xsetid', 1)
  call.db.amended(entry)
  call.reply.ok()
}
