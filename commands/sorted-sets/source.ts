// source.ts — The inputs of ZUNION, ZINTER and ZDIFF: sorted sets, and sets whose members all score 1.
//
// A source is walked once and asked for single members. It is good while no key is changed, so
// results are computed aside before anything is stored.

import type { Call } from '../../src/call.ts'
import { errors } from '../../src/errors.ts'
import type { Database } from '../../src/keyspace/database.ts'
import { SET, ZSET } from '../../src/keyspace/record.ts'
import type { Element } from '../../src/values/element.ts'
import { hasMember, MemberWalk } from '../sets/stored-set.ts'
import { sortedSetAt } from './entry.ts'
import { PackedZset } from './packed-zset.ts'
import type { SortedSet } from './sorted-set.ts'

export interface Source {
  readonly size: number
  /** Borrows the next member and returns its score; undefined at the end. */
  next(into: Element): number | undefined
  score(member: Element): number | undefined
}

/** The set or sorted set of key i; an empty one if there is none. */
export function readSource(call: Call, i: number): Source {
  const { db } = call
  const entry = call.read(i)
  if (entry === 0) return NOTHING
  switch (db.type(entry)) {
    case ZSET:
      return new SortedSource(sortedSetAt(db, entry, new PackedZset()))
    case SET:
      return new PlainSource(db, entry)
    default:
      throw errors.wrongType
  }
}

const NOTHING: Source = { size: 0, next: () => undefined, score: () => undefined }

class SortedSource implements Source {
  readonly size: number
  readonly #set: SortedSet
  #isWalking = false

  constructor(set: SortedSet) {
    this.#set = set
    this.size = set.size
  }

  next(into: Element): number | undefined {
    const more = this.#isWalking ? this.#set.next() : this.#set.seek(0)
    this.#isWalking = true
    return more ? this.#set.read(into) : undefined
  }

  score(member: Element): number | undefined {
    return this.#set.score(member)
  }
}

class PlainSource implements Source {
  readonly size: number
  readonly #db: Database
  readonly #entry: number
  readonly #walk: MemberWalk

  constructor(db: Database, entry: number) {
    this.#db = db
    this.#entry = entry
    this.#walk = new MemberWalk(db, entry)
    this.size = this.#walk.size
  }

  next(into: Element): number | undefined {
    return this.#walk.next(into) ? 1 : undefined
  }

  score(member: Element): number | undefined {
    return hasMember(this.#db, this.#entry, member) ? 1 : undefined
  }
}
