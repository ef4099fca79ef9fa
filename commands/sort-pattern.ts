// sort-pattern.ts — What BY and GET of SORT name: a key, or a field of a hash, made from an element.
//
//   weight_*          the key in which the star is replaced by the element
//   object_*->price   the field `price` of the hash at that key
//   #                 the element itself
//
// A pattern without a star names nothing. What is read is borrowed until the next look-up.

import type { Call } from '../src/call.ts'
import { HASH, STRING } from '../src/keyspace/record.ts'
import { Element } from '../src/values/element.ts'
import { readValue } from './hashes/stored-hash.ts'

export class SortPattern {
  /** The pattern is `#`. */
  readonly isElement: boolean
  /** There is a star: without one BY sorts nothing, and GET finds nothing. */
  readonly hasStar: boolean
  readonly #prefix: string
  readonly #suffix: string
  readonly #field: string | undefined

  constructor(pattern: string) {
    this.isElement = pattern === '#'
    const star = firstStar(pattern)
    this.hasStar = star >= 0
    const arrow = this.hasStar ? pattern.indexOf('->', star + 1) : -1
    const isField = arrow >= 0 && arrow + 2 < pattern.length
    this.#field = isField ? pattern.slice(arrow + 2) : undefined
    this.#prefix = pattern.slice(0, star)
    this.#suffix = pattern.slice(star + 1, isField ? arrow : undefined)
  }

  /** Reads what the pattern names for an element; false if there is no such thing. */
  read(call: Call, element: string, into: Element): boolean {
    if (this.isElement) {
      into.fromString(element)
      return true
    }
    if (!this.hasStar) return false
    const entry = find(call, this.#prefix + element + this.#suffix)
    if (entry === 0) return false
    const { db } = call
    if (this.#field !== undefined) {
      return db.type(entry) === HASH && readValue(call, entry, field.fromString(this.#field), into)
    }
    if (db.type(entry) !== STRING) return false
    const start = db.valueStart(entry)
    into.fromStored(db.page(entry), start, start + db.valueLength(entry))
    return true
  }
}

/** As in Redis, nothing behind a zero byte is seen. */
function firstStar(pattern: string): number {
  const star = pattern.indexOf('*')
  const zero = pattern.indexOf('\0')
  return zero >= 0 && zero < star ? -1 : star
}

/** The entry of a key that is read, or 0; hits and misses count as everywhere. */
function find(call: Call, key: string): number {
  const { client, db, server } = call
  const name = Buffer.from(key, 'latin1')
  const entry = db.find(name, 0, name.length)
  if (entry === 0) {
    server.stats.keyspaceMisses++
  } else {
    server.stats.keyspaceHits++
    server.access.touch(db, entry, client)
  }
  return entry
}

const field = new Element()
