// add.ts — XADD: an entry at the end of a stream, with an ID that is given or made.
//
// An ID that is made is the time of the command, or the one after the last if that is not later. The
// entry is logged with its ID.

import type { Call, EffectPart } from '../../src/call.ts'
import { ReplyError, wrongArity } from '../../src/errors.ts'
import { STREAM } from '../../src/keyspace/record.ts'
import type { Element } from '../../src/values/element.ts'
import { Stream } from '../../src/values/stream.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import type { Fields } from '../../src/values/stream-node.ts'
import { readElement } from '../elements.ts'
import { invalidId, parseId } from './ids.ts'
import { replyId } from './replies.ts'
import { nodeLimits, streamAt } from './stored-stream.ts'
import { TrimOptions } from './trim.ts'

const zeroId = new ReplyError('ERR The ID specified in XADD must be greater than 0-0')
const exhausted = new ReplyError(
  'ERR The stream has exhausted the last possible ID, unable to add more items',
)
const notGreater = new ReplyError(
  'ERR The ID specified in XADD is equal or smaller than the target stream top item',
)
const tooLarge = new ReplyError('ERR Elements are too large to be stored')

const STAR = 0x2a

/** What the ID argument asks for: `*`, `ms-*` or an ID. */
interface Wanted {
  readonly id: StreamId | undefined
  readonly isSequenceOpen: boolean
}

const ANY: Wanted = { id: undefined, isSequenceOpen: false }

export function xAdd(call: Call): void {
  // Nearly always the ID comes at once.
  const trim = isStar(call, 2) ? NO_TRIM : new TrimOptions()
  let mayCreate = true
  let i = 2
  while (i < call.count && !isStar(call, i)) {
    const isNoMkStream = call.is(i, 'NOMKSTREAM')
    if (isNoMkStream) mayCreate = false
    const taken = isNoMkStream ? 1 : trim.read(call, i)
    if (taken === 0) break
    i += taken
  }
  const wanted = i < call.count && !isStar(call, i) ? readWanted(call, i) : ANY
  trim.finish(call, false)
  const first = i + 1
  const elements = call.count - first
  if (elements < 2 || elements % 2 === 1) throw wrongArity(call.command.fullName)
  if (wanted.id?.isZero && !wanted.isSequenceOpen) throw zeroId

  const entry = call.writeType(1, STREAM)
  if (entry === 0 && !mayCreate) return call.reply.null()
  const stream = entry === 0 ? new Stream() : streamAt(call, entry)
  const id = nextId(call, stream.lastId, wanted)
  fields.aim(call, first)
  if (!stream.append(id, fields, nodeLimits(call))) throw tooLarge
  replyId(call, id)
  const trimmed = trim.apply(stream)
  if (entry === 0) call.setObject(1, STREAM, stream)
  else call.db.changed(entry)
  call.notify('t', 'xadd', 1)
  if (trimmed > 0) call.notify('t', 'xtrim', 1)
  if (call.server.effects.active) logEntry(call, id, first, trim.effect(stream))
  call.signal(1)
}

function isStar(call: Call, i: number): boolean {
  return call.length(i) === 1 && call.bytes[call.start(i)] === STAR
}

function readWanted(call: Call, i: number): Wanted {
  const text = call.text(i)
  const isSequenceOpen = text.endsWith('-*')
  const id = parseId(isSequenceOpen ? text.slice(0, -2) : text)
  if (id === undefined || (isSequenceOpen && text.indexOf('-') !== text.length - 2)) throw invalidId
  return { id, isSequenceOpen }
}

function nextId(call: Call, last: StreamId, wanted: Wanted): StreamId {
  if (last.compare(StreamId.MAX) === 0) throw exhausted
  const { id, isSequenceOpen } = wanted
  if (id === undefined) return call.now > last.ms ? StreamId.of(call.now, 0) : last.next()!
  if (isSequenceOpen && id.msHigh === last.msHigh && id.msLow === last.msLow) {
    const next = last.next()!
    // The sequence has come to its end: the next ID would belong to another time.
    if (next.msLow !== last.msLow) throw notGreater
    return next
  }
  if (id.compare(last) <= 0) throw notGreater
  return id
}

/** Fields and values where they lie in the request. */
class ArgumentFields implements Fields {
  length = 0
  textBytes = 0
  #call!: Call
  #first = 0

  aim(call: Call, first: number): void {
    this.#call = call
    this.#first = first
    this.length = call.count - first
    let bytes = 0
    for (let i = first; i < call.count; i++) bytes += call.length(i)
    this.textBytes = bytes
  }

  read(index: number, into: Element): void {
    readElement(this.#call, this.#first + index, into)
  }
}

function logEntry(call: Call, id: StreamId, first: number, trim: readonly EffectPart[]): void {
  const parts: EffectPart[] = ['XADD', call.copy(1), ...trim, id.toString()]
  for (let i = first; i < call.count; i++) parts.push(call.copy(i))
  call.effect(...parts)
}

const fields = new ArgumentFields()
/** Never given an option. */
const NO_TRIM = new TrimOptions()
