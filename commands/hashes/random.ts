// random.ts — HRANDFIELD: fields drawn by chance, each with the same.
//
// A draw never gives a field whose time is over. Where that may be some of them, the fields that live are
// listed first; it happens only on a backup, or when more have ended than a command removes.

import type { Call } from '../../src/call.ts'
import { errors } from '../../src/errors.ts'
import { OBJECT } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import type { Hash } from '../../src/values/hash.ts'
import * as listpack from '../../src/values/listpack.ts'
import { replyElement } from '../elements.ts'
import { countDraws, drawDistinct, readDrawCount } from '../random.ts'
import { FieldWalk, hashSize, readHash } from './stored-hash.ts'

const field = new Element()
const value = new Element()

export function hRandField(call: Call): void {
  if (call.count > 2) return replyDraws(call)
  const entry = readHash(call, 1)
  const fields = entry === 0 ? undefined : new Candidates(call, entry)
  if (fields === undefined || fields.size === 0) return call.reply.null()
  fields.read(draw(call, fields))
  replyElement(call.reply, field)
}

function replyDraws(call: Call): void {
  const withValues = call.count === 4 && call.is(3, 'WITHVALUES')
  const count = readDrawCount(call, 2, withValues ? 2 : 1)
  if (call.count > 4 || (call.count === 4 && !withValues)) throw errors.syntax
  const entry = readHash(call, 1)
  if (entry === 0 || count === 0) return call.reply.array(0)
  const fields = new Candidates(call, entry)
  if (fields.size === 0) return call.reply.array(0)
  if (count < 0) {
    const draws = countDraws(count)
    replyHeader(call, draws, withValues)
    for (let left = draws; left > 0; left--) {
      fields.read(draw(call, fields))
      replyField(call, withValues)
    }
  } else if (count >= fields.size) {
    replyAll(call, entry, withValues)
  } else {
    replyHeader(call, count, withValues)
    for (const index of drawDistinct(call, count, fields.size)) {
      fields.read(index)
      replyField(call, withValues)
    }
  }
}

function draw(call: Call, fields: Candidates): number {
  return Math.floor(call.random() * fields.size)
}

function replyAll(call: Call, entry: number, withValues: boolean): void {
  const walk = new FieldWalk(call, entry)
  replyHeader(call, walk.size, withValues)
  while (walk.next(field, value)) replyField(call, withValues)
}

/** In RESP3 a field and its value are an array of two. */
function replyHeader(call: Call, count: number, withValues: boolean): void {
  call.reply.array(withValues && call.reply.protocol === 2 ? count * 2 : count)
}

function replyField(call: Call, withValues: boolean): void {
  if (withValues && call.reply.protocol > 2) call.reply.array(2)
  replyElement(call.reply, field)
  if (withValues) replyElement(call.reply, value)
}

/** The fields among which to draw, by numbers from 0 to the size. */
class Candidates {
  readonly size: number
  readonly #call: Call
  readonly #entry: number
  readonly #large: Hash | undefined
  /** Indexes of the fields that live; undefined where all do. */
  readonly #living: readonly number[] | undefined

  constructor(call: Call, entry: number) {
    const { db } = call
    const { now } = call.server.keyspace
    this.#call = call
    this.#entry = entry
    this.#large = db.encoding(entry) === OBJECT ? (db.object(entry) as Hash) : undefined
    const isSome = this.#large !== undefined && this.#large.nextExpiry() <= now
    this.#living = isSome ? indexesOfLiving(this.#large!, now) : undefined
    this.size = this.#living?.length ?? hashSize(db, entry)
  }

  /** Borrows the field with this number, and its value. */
  read(number: number): void {
    if (this.#large !== undefined) {
      this.#large.readIndex(this.#living?.[number] ?? number, field, value)
      return
    }
    const { db } = this.#call
    const page = db.page(this.#entry)
    const at = listpack.seek(page, db.valueStart(this.#entry), 2 * number)
    listpack.get(page, at, field)
    listpack.get(page, listpack.next(page, at), value)
  }
}

function indexesOfLiving(hash: Hash, now: number): number[] {
  const living: number[] = []
  for (let index = 0; index < hash.size; index++) {
    const at = hash.expiresAtIndex(index)
    if (at < 0 || at > now) living.push(index)
  }
  return living
}
