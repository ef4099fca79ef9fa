// claim.ts — XCLAIM and XAUTOCLAIM: a consumer takes over what others have pending for too long.
//
// Entries that the stream no longer has are struck off the list of what is pending on the way. All
// that happens follows from the state, the arguments and the time, so the command is logged as it came.

import type { Call } from '../../src/call.ts'
import { errors, printable, ReplyError } from '../../src/errors.ts'
import { STREAM } from '../../src/keyspace/record.ts'
import type { Consumer, Group } from '../../src/values/group.ts'
import type { Stream } from '../../src/values/stream.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { parseId, readId, readStart } from './ids.ts'
import { replyEntryAt, replyId } from './replies.ts'
import { requireGroup, streamAt } from './stored-stream.ts'

const badIdleMin = new ReplyError('ERR Invalid min-idle-time argument for XCLAIM')
const badIdleMinAuto = new ReplyError('ERR Invalid min-idle-time argument for XAUTOCLAIM')
const badIdle = new ReplyError('ERR Invalid IDLE option argument for XCLAIM')
const badTime = new ReplyError('ERR Invalid TIME option argument for XCLAIM')
const badRetryCount = new ReplyError('ERR Invalid RETRYCOUNT option argument for XCLAIM')
const badCount = new ReplyError('ERR COUNT must be > 0')

const COUNT_DEFAULT = 100
/** As in Redis, which makes room for so many IDs of 16 bytes. */
const COUNT_MAX = Number((2n ** 63n - 1n) / 16n)
/** Entries that XAUTOCLAIM looks at for each that it may claim. */
const ATTEMPTS_PER_CLAIM = 10

interface ClaimOptions {
  readonly ids: readonly StreamId[]
  force: boolean
  justId: boolean
  /** When the entries count as delivered; -1 for now. */
  deliveredAt: number
  /** -1 to count on. */
  deliveryCount: number
  lastId: StreamId
}

export function xClaim(call: Call): void {
  const entry = call.readType(1, STREAM)
  const stream = entry === 0 ? undefined : streamAt(call, entry)
  const group = requireGroup(call, 1, stream, 2)
  const idleMin = Math.max(call.integer(4, badIdleMin), 0)
  const options = readOptions(call)
  const isAhead = options.lastId.compare(group.lastId) > 0
  if (isAhead) group.lastId = options.lastId
  const { consumer, created } = claimer(call, group)
  const claims = new Claims(call, stream!, group, consumer, options.justId)
  const deliveredAt = deliveryTime(call, options.deliveredAt)
  for (const id of options.ids) {
    if (!stream!.has(id)) claims.strike(id)
    else if (group.pending.find(id)) {
      if (idleMin > 0 && call.now - group.pending.deliveredAt < idleMin) continue
      claims.take(id, deliveredAt, options.deliveryCount, group.pending.deliveryCount)
    } else if (options.force) {
      claims.take(id, deliveredAt, options.deliveryCount, 1)
    }
  }
  if (created || isAhead || claims.isChanged) call.db.amended(entry)
  claims.reply()
}

function readOptions(call: Call): ClaimOptions {
  const ids: StreamId[] = []
  let i = 5
  for (; i < call.count; i++) {
    const id = parseId(call.text(i))
    // What is no ID begins the options.
    if (id === undefined) break
    ids.push(id)
  }
  const options: ClaimOptions = {
    ids,
    force: false,
    justId: false,
    deliveredAt: -1,
    deliveryCount: -1,
    lastId: StreamId.MIN,
  }
  for (; i < call.count; i++) {
    const hasValue = i + 1 < call.count
    if (call.is(i, 'FORCE')) options.force = true
    else if (call.is(i, 'JUSTID')) options.justId = true
    else if (call.is(i, 'IDLE') && hasValue) {
      options.deliveredAt = call.now - call.integer(++i, badIdle)
    } else if (call.is(i, 'TIME') && hasValue) {
      options.deliveredAt = call.integer(++i, badTime)
    } else if (call.is(i, 'RETRYCOUNT') && hasValue) {
      options.deliveryCount = call.integer(++i, badRetryCount)
    } else if (call.is(i, 'LASTID') && hasValue) {
      options.lastId = readId(call, ++i)
    } else {
      throw new ReplyError(`ERR Unrecognized XCLAIM option '${printable(call.text(i))}'`)
    }
  }
  return options
}

/** A time that makes no sense, such as one in the future of a client's own clock, is taken as now. */
function deliveryTime(call: Call, wanted: number): number {
  return wanted < 0 || wanted > call.now ? call.now : wanted
}

export function xAutoClaim(call: Call): void {
  const idleMin = Math.max(call.integer(4, badIdleMinAuto), 0)
  const from = readStart(call, 5)
  let count = COUNT_DEFAULT
  let justId = false
  for (let i = 6; i < call.count; i++) {
    if (call.is(i, 'COUNT') && i + 1 < call.count) {
      count = call.integerIn(++i, 1, COUNT_MAX, badCount)
    } else if (call.is(i, 'JUSTID')) {
      justId = true
    } else {
      throw errors.syntax
    }
  }
  const entry = call.readType(1, STREAM)
  const stream = entry === 0 ? undefined : streamAt(call, entry)
  const group = requireGroup(call, 1, stream, 2)
  const { consumer, created } = claimer(call, group)
  const claims = new Claims(call, stream!, group, consumer, justId)
  const next = claimFrom(call, stream!, group, claims, from, count, idleMin)
  if (created || claims.isChanged) call.db.amended(entry)
  call.reply.array(3)
  replyId(call, next)
  claims.reply()
  claims.replyStruck()
}

/** Claims what has been idle from an ID on; answers the ID where the next call should go on. */
function claimFrom(
  call: Call,
  stream: Stream,
  group: Group,
  claims: Claims,
  from: StreamId,
  count: number,
  idleMin: number,
): StreamId {
  const { pending } = group
  let left = count
  let more = pending.seek(from)
  for (let attempts = ATTEMPTS_PER_CLAIM * count; more && left > 0 && attempts > 0; attempts--) {
    const { id } = pending
    if (!stream.has(id)) {
      claims.strike(id)
      left--
      more = pending.seek(id)
      continue
    }
    if (idleMin === 0 || call.now - pending.deliveredAt >= idleMin) {
      claims.take(id, call.now, -1, pending.deliveryCount)
      pending.find(id)
      left--
    }
    more = pending.next()
  }
  return more ? pending.id : StreamId.MIN
}

/** The consumer that claims, made if there is none. */
function claimer(call: Call, group: Group): { consumer: Consumer; created: boolean } {
  const name = call.text(3)
  const known = group.consumer(name)
  const consumer = known ?? group.createConsumer(name, call.now)!
  if (known === undefined) call.notify('t', 'xgroup-createconsumer', 1)
  consumer.seenAt = call.now
  return { consumer, created: known === undefined }
}

/** What one command claims, and what it finds to be gone: replied once all is known. */
class Claims {
  readonly #call: Call
  readonly #stream: Stream
  readonly #group: Group
  readonly #consumer: Consumer
  readonly #justId: boolean
  readonly #taken: StreamId[] = []
  readonly #struck: StreamId[] = []

  constructor(call: Call, stream: Stream, group: Group, consumer: Consumer, justId: boolean) {
    this.#call = call
    this.#stream = stream
    this.#group = group
    this.#consumer = consumer
    this.#justId = justId
  }

  get isChanged(): boolean {
    return this.#taken.length > 0 || this.#struck.length > 0
  }

  /** Gives an entry to the consumer. `count` of -1 counts on from what was counted before. */
  take(id: StreamId, deliveredAt: number, count: number, before: number): void {
    const counted = this.#justId ? before : before + 1
    this.#group.assign(id, this.#consumer, deliveredAt, count >= 0 ? count : counted)
    this.#consumer.activeAt = this.#call.now
    this.#taken.push(id)
  }

  /** An entry is gone from the stream, and so from what is pending, if it was. */
  strike(id: StreamId): void {
    if (this.#group.acknowledge(id)) this.#struck.push(id)
  }

  reply(): void {
    const call = this.#call
    call.reply.array(this.#taken.length)
    for (const id of this.#taken) {
      if (this.#justId) replyId(call, id)
      else replyEntryAt(call, this.#stream, id)
    }
  }

  replyStruck(): void {
    const call = this.#call
    call.reply.array(this.#struck.length)
    for (const id of this.#struck) replyId(call, id)
  }
}
