// field-values.ts — The values of one field of a multimap.
//
// A SET keeps each value once, a LIST keeps duplicates and order. Few values are a plain array, for
// most fields have one or two; a SET that outgrows SMALL_MAX becomes a hash set, so that adding to a
// hundred thousand values costs what adding to ten costs. Both keep the order of arrival.
//
// Invariant: `bytes` is the sum of what the values claim.

import {
  arrayBytes,
  OBJECT_BYTES,
  SET_BYTES,
  SET_ENTRY_BYTES,
  stringBytes,
  WORD_BYTES,
} from './footprint.ts'

export type MultimapMode = 'set' | 'list'

/** Sets up to this size are searched from end to end, which is as fast as hashing. */
const SMALL_MAX = 16

/** Never pushed to. */
const NONE: string[] = []

const FIELD_VALUES_BYTES = OBJECT_BYTES + 2 * WORD_BYTES

export class FieldValues {
  #values: string[] | Set<string> = NONE
  #stringBytes = 0

  get size(): number {
    const values = this.#values
    return Array.isArray(values) ? values.length : values.size
  }

  has(value: string): boolean {
    const values = this.#values
    return Array.isArray(values) ? values.includes(value) : values.has(value)
  }

  /** False if a set has it already. */
  add(value: string, mode: MultimapMode): boolean {
    const values = this.#values
    if (mode === 'set' && this.has(value)) return false
    // A literal of one has room for one; the push to an empty array would reserve seventeen.
    if (!Array.isArray(values)) values.add(value)
    else if (values.length === 0) this.#values = [value]
    else if (mode === 'set' && values.length === SMALL_MAX)
      this.#values = new Set(values).add(value)
    else values.push(value)
    this.#stringBytes += stringBytes(value)
    return true
  }

  /** Removes one occurrence, the oldest. O(1) in a large set, O(n) in a list. */
  remove(value: string): boolean {
    const values = this.#values
    if (Array.isArray(values)) {
      const index = values.indexOf(value)
      if (index < 0) return false
      values.splice(index, 1)
    } else if (!values.delete(value)) {
      return false
    }
    this.#stringBytes -= stringBytes(value)
    return true
  }

  list(): string[] {
    return [...this.#values]
  }

  memory(): number {
    const values = this.#values
    const table = Array.isArray(values)
      ? arrayBytes(values.length)
      : SET_BYTES + values.size * SET_ENTRY_BYTES
    return FIELD_VALUES_BYTES + table + this.#stringBytes
  }
}
