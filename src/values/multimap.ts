// multimap.ts — Fields with many values each; whether duplicates count is fixed at creation.
//
// A field exists while it has values. It may have a lifetime, which its later changes leave alone.
// Once that is over, reads treat the field as missing; it is removed by `expire`, which the primary
// runs (and logs) before it changes anything, so changes never look at the time.
//
// The dense array of fields gives SCAN its guarantee: a walk goes from the end to the front, and
// removing a field moves only the last one, so a field that stays is never skipped, whatever
// happens between two calls. Fields that come or go meanwhile may be seen or not, or seen twice.
//
// Invariants: fields[i].index === i; `pairs` is the sum of all sizes; a field is in the heap of
// deadlines exactly if it has a lifetime.

import type { Coordinated } from './coordinated.ts'
import { Deadlines, type Due } from './deadlines.ts'
import { FieldValues, type MultimapMode } from './field-values.ts'
import {
  ARRAY_BYTES,
  ARRAY_ELEMENT_BYTES,
  BOXED_NUMBER_BYTES,
  MAP_BYTES,
  MAP_ENTRY_BYTES,
  OBJECT_BYTES,
  stringBytes,
  WORD_BYTES,
} from './footprint.ts'

export interface MultimapSnapshot {
  readonly mode: MultimapMode
  readonly configured: boolean
  readonly fields: readonly FieldSnapshot[]
}

export interface FieldSnapshot {
  readonly name: string
  readonly values: readonly string[]
  /** What is left of the field's lifetime; 0 for none. */
  readonly leftMs: number
}

export interface MultimapPage {
  /** Where to go on; 0 when the walk is complete. */
  readonly cursor: number
  readonly fields: readonly { readonly name: string; readonly values: readonly string[] }[]
}

/** What TTL answers for a field that is missing, and for one without a lifetime; as Redis does. */
export const FIELD_MISSING = -2
export const FIELD_LASTS = -1

const NONE: readonly string[] = Object.freeze([])

const FIELD_BYTES =
  OBJECT_BYTES + 5 * WORD_BYTES + BOXED_NUMBER_BYTES + MAP_ENTRY_BYTES + ARRAY_ELEMENT_BYTES
const MULTIMAP_BYTES = 2 * OBJECT_BYTES + 8 * WORD_BYTES + MAP_BYTES + 2 * ARRAY_BYTES

class Field implements Due {
  readonly name: string
  values = new FieldValues()
  /** Place in the dense array. */
  index: number
  expiresAt = Number.POSITIVE_INFINITY
  deadlineIndex = -1

  constructor(name: string, index: number) {
    this.name = name
    this.index = index
  }
}

export class Multimap implements Coordinated {
  readonly mode: MultimapMode
  /** Made on purpose, not by the first put: it stays when it is empty, and keeps its mode. */
  readonly configured: boolean
  readonly #byName = new Map<string, Field>()
  readonly #fields: Field[] = []
  readonly #lifetimes = new Deadlines<Field>()
  #pairs = 0
  #bytes = MULTIMAP_BYTES

  constructor(mode: MultimapMode, configured: boolean) {
    this.mode = mode
    this.configured = configured
  }

  get isFree(): boolean {
    return this.#fields.length === 0 && !this.configured
  }

  // Reading: a field whose lifetime is over is missing.

  #live(name: string, now: number): Field | undefined {
    const field = this.#byName.get(name)
    return field !== undefined && field.expiresAt > now ? field : undefined
  }

  get(name: string, now: number): readonly string[] {
    return this.#live(name, now)?.values.list() ?? NONE
  }

  has(name: string, now: number): boolean {
    return this.#live(name, now) !== undefined
  }

  hasPair(name: string, value: string, now: number): boolean {
    return this.#live(name, now)?.values.has(value) ?? false
  }

  /** Whether any field has the value. O(number of fields) in a set, of pairs in a list. */
  hasValue(value: string, now: number): boolean {
    for (const field of this.#fields) {
      if (field.expiresAt > now && field.values.has(value)) return true
    }
    return false
  }

  /** Number of pairs. O(1), save for fields that are due but not removed yet. */
  pairs(now: number): number {
    let pairs = this.#pairs
    for (const field of this.#lifetimes.due(now)) pairs -= field.values.size
    return pairs
  }

  /** Number of fields. */
  size(now: number): number {
    return this.#fields.length - this.#lifetimes.due(now).length
  }

  /** Number of values of a field. */
  count(name: string, now: number): number {
    return this.#live(name, now)?.values.size ?? 0
  }

  names(now: number): string[] {
    const names: string[] = []
    for (const field of this.#fields) if (field.expiresAt > now) names.push(field.name)
    return names
  }

  /** Milliseconds that a field has left, or FIELD_LASTS, or FIELD_MISSING. */
  timeLeft(name: string, now: number): number {
    const field = this.#live(name, now)
    if (field === undefined) return FIELD_MISSING
    return field.expiresAt === Number.POSITIVE_INFINITY ? FIELD_LASTS : field.expiresAt - now
  }

  /**
   * A page of the walk over all fields: whole fields, until they have `pairsMin` pairs between them.
   * Starts at cursor 0. Any number is a valid cursor.
   */
  scan(cursor: number, pairsMin: number, now: number): MultimapPage {
    const fields: { name: string; values: string[] }[] = []
    const length = this.#fields.length
    let index = cursor === 0 ? length : Math.min(cursor, length)
    for (let seen = 0; index > 0 && seen < pairsMin; ) {
      index--
      const field = this.#fields[index]!
      // What is due counts too, or a multimap full of it would be walked in one call.
      seen += field.values.size
      if (field.expiresAt > now) fields.push({ name: field.name, values: field.values.list() })
    }
    return { cursor: index, fields }
  }

  // Changing: deterministic, so each is its own replay.

  /** Adds one value; false if a SET has the pair already. O(1). */
  put(name: string, value: string): boolean {
    let field = this.#byName.get(name)
    if (field === undefined) {
      field = new Field(name, this.#fields.length)
      this.#byName.set(name, field)
      this.#fields.push(field)
      this.#bytes += FIELD_BYTES + stringBytes(name) + field.values.memory()
    }
    const before = field.values.memory()
    const isNew = field.values.add(value, this.mode)
    this.#bytes += field.values.memory() - before
    if (isNew) this.#pairs++
    return isNew
  }

  /** Removes one occurrence of the value; false if there is none. */
  remove(name: string, value: string): boolean {
    const field = this.#byName.get(name)
    if (field === undefined) return false
    const before = field.values.memory()
    if (!field.values.remove(value)) return false
    this.#bytes += field.values.memory() - before
    this.#pairs--
    if (field.values.size === 0) this.#drop(field)
    return true
  }

  /** Removes a field with all its values; answers them, none if it was missing. */
  take(name: string): readonly string[] {
    const field = this.#byName.get(name)
    if (field === undefined) return NONE
    this.#drop(field)
    return field.values.list()
  }

  /** Removes a field; false if it was missing. O(1). */
  delete(name: string): boolean {
    const field = this.#byName.get(name)
    if (field === undefined) return false
    this.#drop(field)
    return true
  }

  /** Gives a field these values and no others; answers the previous ones. Its lifetime stays. */
  replace(name: string, values: readonly string[]): readonly string[] {
    if (values.length === 0) return this.take(name)
    const field = this.#byName.get(name)
    let previous = NONE
    if (field !== undefined) {
      // The field keeps its place, or a SCAN on its way down would miss it.
      previous = field.values.list()
      this.#pairs -= previous.length
      this.#bytes -= field.values.memory()
      field.values = new FieldValues()
      this.#bytes += field.values.memory()
    }
    for (const value of values) this.put(name, value)
    return previous
  }

  /** Lets a field live for this long from now; false if it is missing. */
  expireField(name: string, lifetimeMs: number, now: number): boolean {
    const field = this.#byName.get(name)
    if (field === undefined) return false
    field.expiresAt = now + lifetimeMs
    if (field.deadlineIndex >= 0) {
      this.#lifetimes.moved(field)
    } else {
      this.#lifetimes.add(field)
      this.#bytes += ARRAY_ELEMENT_BYTES
    }
    return true
  }

  #drop(field: Field): void {
    const last = this.#fields.pop()!
    if (last !== field) {
      this.#fields[field.index] = last
      last.index = field.index
    }
    this.#byName.delete(field.name)
    if (field.deadlineIndex >= 0) {
      this.#lifetimes.remove(field)
      this.#bytes -= ARRAY_ELEMENT_BYTES
    }
    this.#pairs -= field.values.size
    this.#bytes -= FIELD_BYTES + stringBytes(field.name) + field.values.memory()
  }

  nextExpiry(): number {
    return this.#lifetimes.firstAt
  }

  /** Removes the fields whose lifetime is over; the primary logs them as deleted. */
  expire(now: number): readonly string[] {
    if (this.#lifetimes.firstAt > now) return NONE
    const due = this.#lifetimes.due(now)
    for (const field of due) this.#drop(field)
    return due.map(field => field.name)
  }

  /** A lifetime is no lease: nobody could have renewed it meanwhile, so a stall changes nothing. */
  extendAll(_gapMs: number): void {}

  memory(): number {
    return this.#bytes
  }

  /** Fields keep the end of their life, and their places: a copy scans like the original. */
  copy(): Multimap {
    const copy = new Multimap(this.mode, this.configured)
    for (const { name, values, expiresAt } of this.#fields) {
      for (const value of values.list()) copy.put(name, value)
      if (expiresAt !== Number.POSITIVE_INFINITY) copy.expireField(name, 0, expiresAt)
    }
    return copy
  }

  /** In the order of the dense array, so that a copy scans like the original. */
  snapshot(now: number): MultimapSnapshot {
    return { mode: this.mode, configured: this.configured, fields: [...this.fields(now)] }
  }

  /** The fields of a snapshot, one by one. The multimap must not change meanwhile. */
  *fields(now: number): Generator<FieldSnapshot> {
    for (const field of this.#fields) {
      const lasts = field.expiresAt === Number.POSITIVE_INFINITY
      // One that is due is the primary's to remove: it goes along with the shortest of lives.
      const leftMs = lasts ? 0 : Math.max(1, field.expiresAt - now)
      yield { name: field.name, values: field.values.list(), leftMs }
    }
  }

  static restore(snapshot: MultimapSnapshot, now: number): Multimap {
    const multimap = new Multimap(snapshot.mode, snapshot.configured)
    for (const { name, values, leftMs } of snapshot.fields) {
      for (const value of values) multimap.put(name, value)
      if (leftMs > 0) multimap.expireField(name, leftMs, now)
    }
    return multimap
  }
}
