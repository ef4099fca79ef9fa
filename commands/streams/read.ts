// read.ts — XREAD and XREADGROUP: entries of several streams that follow an ID, waiting for them or not.
//
// A call that waits is run again when one of its streams gets entries. What `$` stood for is then
// remembered, not asked again. A reader of a group finds out by running again that its stream or its
// group is gone; one without a group waits on for the stream to come back.

import type { Call, EffectPart } from '../../src/call.ts'
import { errors, printable, ReplyError } from '../../src/errors.ts'
import { STREAM } from '../../src/keyspace/record.ts'
import type { Consumer, Group } from '../../src/values/group.ts'
import type { Stream } from '../../src/values/stream.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import type { Reply } from '../../src/wire/reply.ts'
import { readTimeoutMs } from '../timeout.ts'
import { deliverFresh, type Fresh, findFresh, lastOf, replyHistory } from './delivery.ts'
import { readId } from './ids.ts'
import { replyEntries } from './replies.ts'
import { streamAt } from './stored-stream.ts'

const groupInRead = new ReplyError(
  'ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.',
)
const noAckInRead = new ReplyError(
  'ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.',
)
const noGroup = new ReplyError('ERR Missing GROUP option for XREADGROUP')
const dollarInGroup = new ReplyError(
  'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this ' +
    'consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just ' +
    'return an empty result set.',
)
const newInRead = new ReplyError(
  'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> ' +
    'option.',
)

interface ReadOptions {
  /** Monotonic ms; undefined not to wait. */
  deadline: number | undefined
  /** 0 for all. */
  count: number
  /** Argument of the group's name, which the consumer's follows; 0 for none. */
  group: number
  noAck: boolean
  /** Argument of the first key, and number of keys; the IDs follow. */
  firstKey: number
  keyCount: number
}

/** One of the streams that are read. */
interface Source {
  /** Argument of the key. */
  readonly key: number
  /** 0 if there is no such key. */
  readonly entry: number
  readonly stream: Stream | undefined
  readonly group: Group | undefined
  /** Entries with higher IDs are wanted; undefined for those that are new to the group. */
  readonly after: StreamId | undefined
}

export function xRead(call: Call): void {
  const options = readOptions(call, false)
  const sources = readSources(call, options)
  const ready = sources.filter(hasAny)
  if (ready.length === 0) return wait(call, options, sources)
  beginStreams(call, ready.length)
  for (const { key, stream, after } of ready) {
    beginStream(call, key)
    replyEntries(call, stream!, after!.next()!, StreamId.MAX, options.count)
  }
}

function hasAny({ stream, after }: Source): boolean {
  if (stream === undefined || stream.length === 0) return false
  // Mostly whoever asks has got all there is, and the last entry need not be looked for.
  return after!.compare(stream.lastId) < 0 && after!.compare(stream.lastEntryId()) < 0
}

/** What one stream of XREADGROUP will give: entries that are new to the group, or a history. */
interface Share {
  readonly source: Source
  readonly consumer: Consumer
  /** Undefined for a history. */
  readonly fresh: Fresh | undefined
}

export function xReadGroup(call: Call): void {
  const options = readOptions(call, true)
  const sources = readSources(call, options)
  const { shares, created } = divide(call, options, sources)
  if (shares.length > 0 || created) logRead(call, options)
  if (shares.length === 0) return wait(call, options, sources)
  beginStreams(call, shares.length)
  for (const { source, consumer, fresh } of shares) {
    const { key, entry, stream, group, after } = source
    beginStream(call, key)
    if (fresh === undefined) {
      replyHistory(call, stream!, group!, consumer, after!, options.count)
    } else {
      deliverFresh(call, stream!, group!, consumer, fresh, options.noAck)
    }
    call.db.amended(entry)
  }
}

/**
 * Decides what each stream will give, before any gives something: a reply begins with their number. A
 * stream that is named twice gives the second time what the first time leaves.
 */
function divide(call: Call, options: ReadOptions, sources: readonly Source[]) {
  const name = call.text(options.group + 1)
  const earlier = new Map<Group, Fresh>()
  const shares: Share[] = []
  let created = false
  for (const source of sources) {
    const stream = source.stream!
    const group = source.group!
    let consumer = group.consumer(name)
    if (consumer === undefined) {
      consumer = group.createConsumer(name, call.now)!
      call.notify('t', 'xgroup-createconsumer', source.key)
      call.db.amended(source.entry)
      created = true
    }
    consumer.seenAt = call.now
    if (source.after !== undefined) {
      shares.push({ source, consumer, fresh: undefined })
      continue
    }
    const taken = earlier.get(group)
    const reached = taken === undefined ? group.lastId : lastOf(stream, taken)
    const fresh = findFresh(stream, reached, options.count)
    if (fresh === undefined) continue
    earlier.set(group, fresh)
    shares.push({ source, consumer, fresh })
  }
  return { shares, created }
}

function readOptions(call: Call, ofGroup: boolean): ReadOptions {
  const options: ReadOptions = {
    deadline: undefined,
    count: 0,
    group: 0,
    noAck: false,
    firstKey: 0,
    keyCount: 0,
  }
  for (let i = 1; i < call.count && options.firstKey === 0; i++) {
    const behind = call.count - i - 1
    if (call.is(i, 'BLOCK') && behind >= 1) {
      if (call.isScripted) throw blockInScript(call)
      options.deadline = readTimeoutMs(call, ++i)
    } else if (call.is(i, 'COUNT') && behind >= 1) {
      options.count = Math.max(call.integer(++i), 0)
    } else if (call.is(i, 'STREAMS') && behind >= 1) {
      if (behind % 2 !== 0) throw unbalanced(call, ofGroup)
      options.firstKey = i + 1
      options.keyCount = behind / 2
    } else if (call.is(i, 'GROUP') && behind >= 2) {
      if (!ofGroup) throw groupInRead
      options.group = i + 1
      i += 2
    } else if (call.is(i, 'NOACK')) {
      if (!ofGroup) throw noAckInRead
      options.noAck = true
    } else {
      throw errors.syntax
    }
  }
  if (options.firstKey === 0) throw errors.syntax
  if (ofGroup && options.group === 0) throw noGroup
  return options
}

function blockInScript(call: Call): ReplyError {
  return new ReplyError(`ERR ${call.text(0)} command is not allowed with BLOCK option from scripts`)
}

function unbalanced(call: Call, ofGroup: boolean): ReplyError {
  return new ReplyError(
    `ERR Unbalanced '${call.command.fullName}' list of streams: for each stream key an ID or ` +
      `'${ofGroup ? '>' : '$'}' must be specified.`,
  )
}

function readSources(call: Call, options: ReadOptions): readonly Source[] {
  const sources: Source[] = []
  for (let k = 0; k < options.keyCount; k++) sources.push(readSource(call, options, k))
  return sources
}

function readSource(call: Call, options: ReadOptions, k: number): Source {
  const key = options.firstKey + k
  const id = key + options.keyCount
  const entry = findStream(call, key, options.group > 0)
  const stream = entry === 0 ? undefined : streamAt(call, entry)
  const group = options.group === 0 ? undefined : stream?.group(call.text(options.group))
  if (options.group > 0 && group === undefined) throw noSuchGroup(call, key, options.group)
  return { key, entry, stream, group, after: readAfter(call, id, k, stream, group) }
}

/** The entry of a key, or 0. A reader without a group that has waited does not mind what came instead. */
function findStream(call: Call, key: number, ofGroup: boolean): number {
  const entry = call.read(key)
  if (entry === 0 || call.db.type(entry) === STREAM) return entry
  if (call.parked === undefined || ofGroup) throw errors.wrongType
  return 0
}

function noSuchGroup(call: Call, key: number, group: number): ReplyError {
  const [keyText, groupText] = [printable(call.text(key)), printable(call.text(group))]
  return new ReplyError(
    `NOGROUP No such key '${keyText}' or consumer group '${groupText}' in XREADGROUP with GROUP option`,
  )
}

function readAfter(
  call: Call,
  i: number,
  k: number,
  stream: Stream | undefined,
  group: Group | undefined,
): StreamId | undefined {
  if (call.is(i, '$')) {
    if (group !== undefined) throw dollarInGroup
    return remembered(call, k) ?? stream?.lastId ?? StreamId.MIN
  }
  if (call.is(i, '>')) {
    if (group === undefined) throw newInRead
    return undefined
  }
  const id = readId(call, i)
  // As in Redis the highest ID says the same as `>`.
  return group !== undefined && id.compare(StreamId.MAX) === 0 ? undefined : id
}

/** What an ID was when the call began to wait. */
function remembered(call: Call, k: number): StreamId | undefined {
  const memo = call.parked?.memo
  if (memo === undefined) return undefined
  const at = 4 * k
  return new StreamId(memo[at]!, memo[at + 1]!, memo[at + 2]!, memo[at + 3]!)
}

function wait(call: Call, options: ReadOptions, sources: readonly Source[]): void {
  const { deadline } = options
  if (deadline === undefined) return call.reply.nullArray()
  const keys = sources.map(({ key }) => call.text(key))
  const memo = sources.flatMap(({ after = StreamId.MIN }) => [
    ...[after.msHigh, after.msLow, after.seqHigh, after.seqLow],
  ])
  // Entries are read by all who wait for them, and those of a group by one reader of each group.
  const policy = 'broadcast'
  call.server.dispatch.park(call, {
    ...{ keys, deadline, memo, policy },
    topic: 'stream',
    onTimeout: replyNothing,
  })
}

function replyNothing(reply: Reply): void {
  reply.nullArray()
}

/** Begins the reply of so many streams: pairs in RESP2, a map in RESP3. */
function beginStreams(call: Call, count: number): void {
  if (call.reply.protocol === 2) call.reply.array(count)
  else call.reply.map(count)
}

function beginStream(call: Call, key: number): void {
  if (call.reply.protocol === 2) call.reply.array(2)
  call.reply.bulkBytes(call.bytes, call.start(key), call.end(key))
}

/**
 * Logs the command without its wait: read again by a copy at that time, it gives the same. Who asked and
 * got nothing is not logged, as in Redis: when a consumer was last seen is all that a copy then misses.
 */
function logRead(call: Call, options: ReadOptions): void {
  if (!call.server.effects.active) return
  const { group, count, noAck, firstKey, keyCount } = options
  const parts: EffectPart[] = ['XREADGROUP', 'GROUP', call.copy(group), call.copy(group + 1)]
  if (count > 0) parts.push('COUNT', count)
  if (noAck) parts.push('NOACK')
  parts.push('STREAMS')
  for (let i = firstKey; i < firstKey + 2 * keyCount; i++) parts.push(call.copy(i))
  call.effect(...parts)
}
