// source.ts — The inputs of ZUNION, ZINTER and ZDIFF: sorted sets, and sets whose members all score 1.
//
// A source is read in one walk and asked for single members. It is good while no key is changed, so
// results are computed aside before anything is stored.

import type { Call } from '../../src/call.ts'
import { errors } from '../../src/errors.ts'
import { INTSET, LISTPACK, OBJECT, SET, ZSET } from '../../src/keyspace/record.ts'
import { asElement, Element, type Text } from '../../src/values/element.ts'
import * as intset from '../../src/values/intset.ts'
import * as listpack from '../../src/values/listpack.ts'
import type { MemberSet } from '../../src/values/member-set.ts'
import { sortedSetAt } from './entry.ts'
import { PackedZset } from './packed-zset.ts'
import type { SortedSet } from './sorted-set.ts'

export type Source = Pick<SortedSet, 'size' | 'score' | 'seek' | 'next' | 'read'>

/** The set or sorted set of key i; an empty one if there is none. */
export function readSource(call: Call, i: number): Source {
  const { db } = call
  const entry = call.read(i)
  if (entry === 0) return NOTHING
  const type = db.type(entry)
  if (type === ZSET) return sortedSetAt(db, entry, new PackedZset())
  if (type !== SET) throw errors.wrongType
  const encoding = db.encoding(entry)
  if (encoding === OBJECT) return new PlainSet(db.object(entry) as unknown as MemberSet)
  const page = db.page(entry)
  const base = db.valueStart(entry)
  if (encoding === LISTPACK) return new PackedSet(page, base)
  if (encoding !== INTSET) throw new Error(`a set has no encoding ${encoding}`)
  return new PackedIntegers(page, base)
}

class PlainSet implements Source {
  readonly #set: MemberSet
  #index = 0

  constructor(set: MemberSet) {
    this.#set = set
  }

  get size(): number {
    return this.#set.size
  }

  score(member: Text): number | undefined {
    return this.#set.has(member) ? 1 : undefined
  }

  seek(rank: number): boolean {
    this.#index = rank
    return rank < this.#set.size
  }

  next(): boolean {
    return ++this.#index < this.#set.size
  }

  read(into: Element): number {
    this.#set.read(this.#index, into)
    return 1
  }
}

class PackedSet implements Source {
  readonly #bytes: Uint8Array
  readonly #base: number
  #at = -1

  constructor(bytes: Uint8Array, base: number) {
    this.#bytes = bytes
    this.#base = base
  }

  get size(): number {
    return listpack.length(this.#bytes, this.#base)
  }

  score(member: Text): number | undefined {
    const at = listpack.find(this.#bytes, this.#base, asElement(member, spare))
    return at < 0 ? undefined : 1
  }

  seek(rank: number): boolean {
    this.#at = listpack.seek(this.#bytes, this.#base, rank)
    return this.#at >= 0
  }

  next(): boolean {
    this.#at = listpack.next(this.#bytes, this.#at)
    return this.#at >= 0
  }

  read(into: Element): number {
    listpack.get(this.#bytes, this.#at, into)
    return 1
  }
}

class PackedIntegers implements Source {
  readonly #bytes: Uint8Array
  readonly #base: number
  #index = 0

  constructor(bytes: Uint8Array, base: number) {
    this.#bytes = bytes
    this.#base = base
  }

  get size(): number {
    return intset.length(this.#bytes, this.#base)
  }

  score(member: Text): number | undefined {
    return intset.has(this.#bytes, this.#base, asElement(member, spare)) ? 1 : undefined
  }

  seek(rank: number): boolean {
    this.#index = rank
    return rank < this.size
  }

  next(): boolean {
    return ++this.#index < this.size
  }

  read(into: Element): number {
    intset.get(this.#bytes, this.#base, this.#index, into)
    return 1
  }
}

const spare = new Element()
const NOTHING: Source = new PackedSet(listpack.create(), 0)
