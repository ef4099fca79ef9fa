// groups.ts — XGROUP: consumer groups of a stream, and their consumers.
//
// What happens to groups is no change of the stream for those who watch the key, as in Redis.

import { type Call, fail } from '../../src/call.ts'
import { printable, ReplyError, subcommandSyntax } from '../../src/errors.ts'
import { replyHelp } from '../../src/help.ts'
import { STREAM } from '../../src/keyspace/record.ts'
import { ENTRIES_MAX, type Group, UNKNOWN_READ } from '../../src/values/group.ts'
import { Stream } from '../../src/values/stream.ts'
import { readEdge, readId } from './ids.ts'
import { streamAt } from './stored-stream.ts'

const noKey = new ReplyError(
  'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the ' +
    'MKSTREAM option to create an empty stream automatically.',
)
const negativeRead = new ReplyError('ERR value for ENTRIESREAD must be positive or -1')
const busyGroup = new ReplyError('BUSYGROUP Consumer Group name already exists')

interface GroupOptions {
  readonly makesStream: boolean
  readonly entriesRead: number
}

/** The options of CREATE and SETID, which begin behind the ID. */
function readOptions(call: Call, mayMakeStream: boolean): GroupOptions {
  let makesStream = false
  let entriesRead = UNKNOWN_READ
  for (let i = 5; i < call.count; i++) {
    if (mayMakeStream && call.is(i, 'MKSTREAM')) {
      makesStream = true
    } else if (call.is(i, 'ENTRIESREAD') && i + 1 < call.count) {
      entriesRead = Math.min(call.integer(++i), ENTRIES_MAX)
      if (entriesRead < 0 && entriesRead !== UNKNOWN_READ) throw negativeRead
    } else {
      throw subcommandSyntax(call.text(1), 'xgroup')
    }
  }
  return { makesStream, entriesRead }
}

/** The entry of key 2, which must hold a stream. */
function requireStream(call: Call): number {
  return call.writeType(2, STREAM) || fail(noKey)
}

/** The group with the name in argument 3. */
function requireGroup(call: Call, stream: Stream): Group {
  const group = stream.group(call.text(3))
  if (group !== undefined) return group
  const [name, key] = [printable(call.text(3)), printable(call.text(2))]
  throw new ReplyError(`NOGROUP No such consumer group '${name}' for key name '${key}'`)
}

export function xGroupCreate(call: Call): void {
  const { makesStream, entriesRead } = readOptions(call, true)
  const entry = makesStream ? call.writeType(2, STREAM) : requireStream(call)
  // Options may be given again, but not so often that there are more words than Redis takes.
  if (call.count > 8) throw subcommandSyntax(call.text(1), 'xgroup')
  const stream = entry === 0 ? new Stream() : streamAt(call, entry)
  const id = call.is(4, '$') ? stream.lastId : readId(call, 4)
  if (stream.createGroup(call.text(3), id, entriesRead) === undefined) throw busyGroup
  if (entry === 0) call.setObject(2, STREAM, stream)
  else call.db.amended(entry)
  call.notify('t', 'xgroup-create', 2)
  call.reply.ok()
}

export function xGroupSetId(call: Call): void {
  const { entriesRead } = readOptions(call, false)
  const entry = requireStream(call)
  const stream = streamAt(call, entry)
  const group = requireGroup(call, stream)
  if (call.count !== 5 && call.count !== 7) throw subcommandSyntax(call.text(1), 'xgroup')
  group.lastId = call.is(4, '$') ? stream.lastId : readEdge(call, 4)
  group.entriesRead = entriesRead
  call.db.amended(entry)
  call.notify('t', 'xgroup-setid', 2)
  call.reply.ok()
}

export function xGroupDestroy(call: Call): void {
  const entry = requireStream(call)
  if (!streamAt(call, entry).removeGroup(call.text(3))) return call.reply.integer(0)
  call.db.amended(entry)
  call.notify('t', 'xgroup-destroy', 2)
  // Those who wait for entries of the group must hear that it is gone.
  call.signal(2)
  call.reply.integer(1)
}

export function xGroupCreateConsumer(call: Call): void {
  const entry = requireStream(call)
  const group = requireGroup(call, streamAt(call, entry))
  const consumer = group.createConsumer(call.text(4), call.now)
  if (consumer !== undefined) {
    call.db.amended(entry)
    call.notify('t', 'xgroup-createconsumer', 2)
  }
  call.reply.integer(consumer === undefined ? 0 : 1)
}

export function xGroupDelConsumer(call: Call): void {
  const entry = requireStream(call)
  const group = requireGroup(call, streamAt(call, entry))
  const consumer = group.consumer(call.text(4))
  if (consumer === undefined) return call.reply.integer(0)
  const pending = group.removeConsumer(consumer)
  call.db.amended(entry)
  call.notify('t', 'xgroup-delconsumer', 2)
  call.reply.integer(pending)
}

export const xGroupHelp = replyHelp
