// stored-set.ts — Reading a set under its key, in whichever of its three forms it is.
//
// Small sets are packed in the record: integers as an intset, others as a listpack. Large ones are a
// MemberSet. Members have indexes from 0 to the size, good until the set changes. Elements that are read
// are borrowed until then.

import type { Database } from '../../src/keyspace/database.ts'
import { INTSET, LISTPACK, OBJECT } from '../../src/keyspace/record.ts'
import type { Element } from '../../src/values/element.ts'
import * as intset from '../../src/values/intset.ts'
import * as listpack from '../../src/values/listpack.ts'
import type { MemberSet } from '../../src/values/member-set.ts'

export function setSize(db: Database, entry: number): number {
  switch (db.encoding(entry)) {
    case INTSET:
      return intset.length(db.page(entry), db.valueStart(entry))
    case LISTPACK:
      return listpack.length(db.page(entry), db.valueStart(entry))
    default:
      return (db.object(entry) as MemberSet).size
  }
}

export function hasMember(db: Database, entry: number, element: Element): boolean {
  switch (db.encoding(entry)) {
    case INTSET:
      return intset.has(db.page(entry), db.valueStart(entry), element)
    case LISTPACK:
      return listpack.find(db.page(entry), db.valueStart(entry), element) >= 0
    default:
      return (db.object(entry) as MemberSet).has(element)
  }
}

/** Borrows the member at an index. */
export function readMember(db: Database, entry: number, index: number, into: Element): void {
  const encoding = db.encoding(entry)
  if (encoding === OBJECT) {
    ;(db.object(entry) as MemberSet).read(index, into)
    return
  }
  const page = db.page(entry)
  const base = db.valueStart(entry)
  if (encoding === INTSET) intset.get(page, base, index, into)
  else listpack.get(page, listpack.seek(page, base, index), into)
}

/** A walk over all members in the order of their indexes. The set must not change meanwhile. */
export class MemberWalk {
  readonly size: number
  #index = 0
  readonly #encoding: number
  readonly #large: MemberSet | undefined
  readonly #bytes: Uint8Array
  readonly #base: number
  /** Position of the next member in a listpack. */
  #at: number

  constructor(db: Database, entry: number) {
    this.size = setSize(db, entry)
    this.#encoding = db.encoding(entry)
    this.#large = this.#encoding === OBJECT ? (db.object(entry) as MemberSet) : undefined
    this.#bytes = db.page(entry)
    this.#base = db.valueStart(entry)
    this.#at = this.#base + listpack.HEADER_BYTES
  }

  /** Borrows the next member; false at the end. */
  next(into: Element): boolean {
    if (this.#index === this.size) return false
    const index = this.#index++
    if (this.#large !== undefined) {
      this.#large.read(index, into)
    } else if (this.#encoding === INTSET) {
      intset.get(this.#bytes, this.#base, index, into)
    } else {
      listpack.get(this.#bytes, this.#at, into)
      this.#at += listpack.elementBytes(this.#bytes, this.#at)
    }
    return true
  }
}
