// trim.ts — XTRIM, and how XADD trims: to a length, or to an ID.
//
// Trimming "about" removes whole nodes only and a bounded number of entries. What that left is logged
// as an exact bound, so that a copy with nodes of another size ends with the same entries.

import type { Call, EffectPart } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import { STREAM } from '../../src/keyspace/record.ts'
import type { Stream } from '../../src/values/stream.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { readId } from './ids.ts'
import { streamAt } from './stored-stream.ts'

const twoStrategies = new ReplyError(
  'ERR syntax error, MAXLEN and MINID options at the same time are not compatible',
)
const noStrategy = new ReplyError('ERR syntax error, XTRIM must be called with a trimming strategy')
const limitAlone = new ReplyError(
  'ERR syntax error, LIMIT cannot be used without specifying a trimming strategy',
)
const limitExact = new ReplyError(
  'ERR syntax error, LIMIT cannot be used without the special ~ option',
)
const negativeLength = new ReplyError('ERR The MAXLEN argument must be >= 0.')
const negativeLimit = new ReplyError('ERR The LIMIT argument must be >= 0.')

/** Nodes that go at once where no LIMIT is given, and the bounds of what that may mean. */
const NODES_PER_TRIM = 100
const ENTRIES_PER_TRIM_DEFAULT = 10_000
const ENTRIES_PER_TRIM_MAX = 1_000_000

export class TrimOptions {
  strategy: 'none' | 'length' | 'id' = 'none'
  #lengthMax = 0
  #minId: StreamId | undefined = undefined
  #approximate = false
  #limit = 0
  #isLimited = false

  /** Reads the option at argument i, if it is one; answers how many arguments it took, or 0. */
  read(call: Call, i: number): number {
    const behind = call.count - i - 1
    if (behind === 0) return 0
    if (call.is(i, 'MAXLEN') || call.is(i, 'MINID')) return this.#readStrategy(call, i, behind)
    if (!call.is(i, 'LIMIT')) return 0
    this.#limit = call.integer(i + 1)
    if (this.#limit < 0) throw negativeLimit
    this.#isLimited = true
    return 2
  }

  #readStrategy(call: Call, i: number, behind: number): number {
    if (this.strategy !== 'none') throw twoStrategies
    this.#approximate = behind >= 2 && call.is(i + 1, '~')
    const at = this.#approximate || (behind >= 2 && call.is(i + 1, '=')) ? i + 2 : i + 1
    if (call.is(i, 'MAXLEN')) {
      this.#lengthMax = call.integer(at)
      if (this.#lengthMax < 0) throw negativeLength
      this.strategy = 'length'
    } else {
      this.#minId = readId(call, at)
      this.strategy = 'id'
    }
    return at - i + 1
  }

  /** After the last option: what contradicts itself is refused, what was left open is set. */
  finish(call: Call, mustTrim: boolean): void {
    if (this.#limit > 0 && this.strategy === 'none') throw limitAlone
    if (mustTrim && this.strategy === 'none') throw noStrategy
    if (this.#isLimited) {
      if (!this.#approximate) throw limitExact
    } else if (this.#approximate) {
      const entries = NODES_PER_TRIM * call.server.config.values['stream-node-max-entries']
      this.#limit = Math.min(entries || ENTRIES_PER_TRIM_DEFAULT, ENTRIES_PER_TRIM_MAX)
    }
  }

  /** Trims, and answers how many entries went. */
  apply(stream: Stream): number {
    if (this.strategy === 'none') return 0
    return this.#minId === undefined
      ? stream.trimByLength(this.#lengthMax, this.#approximate, this.#limit)
      : stream.trimById(this.#minId, this.#approximate, this.#limit)
  }

  /** The options that do to a copy what was done to this stream. */
  effect(stream: Stream): readonly EffectPart[] {
    if (this.strategy === 'none') return []
    if (this.strategy === 'length') {
      return ['MAXLEN', '=', this.#approximate ? stream.length : this.#lengthMax]
    }
    return ['MINID', '=', this.#boundOf(stream).toString()]
  }

  /** What this stream has no entry below. */
  #boundOf(stream: Stream): StreamId {
    if (!this.#approximate) return this.#minId!
    return stream.length === 0 ? StreamId.MAX : stream.firstId
  }
}

export function xTrim(call: Call): void {
  const options = new TrimOptions()
  for (let i = 2; i < call.count; ) {
    const taken = options.read(call, i)
    if (taken === 0) throw errors.syntax
    i += taken
  }
  options.finish(call, true)
  const entry = call.writeType(1, STREAM)
  if (entry === 0) return call.reply.integer(0)
  const stream = streamAt(call, entry)
  const removed = options.apply(stream)
  if (removed > 0) {
    call.notify('t', 'xtrim', 1)
    call.db.changed(entry)
    if (call.server.effects.active) call.effect('XTRIM', call.copy(1), ...options.effect(stream))
  }
  call.reply.integer(removed)
}
