// thresholds.ts — Which numbers a counter is waited for to reach, so that a change wakes only those
// who wait for it.
//
// Each threshold stands once, with the number of those who wait; those from below and those from
// above are kept in order, so the ones that a value has reached are at one end. Finding none of a
// thousand costs a comparison or two.

import type { Comparison } from './counter.ts'
import type { Int64 } from './int64.ts'

export interface Threshold {
  readonly comparison: Comparison
  readonly value: Int64
}

export class Thresholds {
  /** Ascending: reached from the front. */
  readonly #atLeast: Int64[] = []
  /** Ascending: reached from the back. */
  readonly #atMost: Int64[] = []
  readonly #counts = new Map<string, number>()

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#counts.size === 0
  }

  add({ comparison, value }: Threshold): void {
    const name = comparison + value
    const count = this.#counts.get(name) ?? 0
    this.#counts.set(name, count + 1)
    const list = this.#listOf(comparison)
    if (count === 0) list?.splice(place(list, value), 0, value)
  }

  remove({ comparison, value }: Threshold): void {
    const name = comparison + value
    const count = this.#counts.get(name)!
    if (count > 1) {
      this.#counts.set(name, count - 1)
      return
    }
    this.#counts.delete(name)
    const list = this.#listOf(comparison)
    list?.splice(place(list, value), 1)
  }

  #listOf(comparison: Comparison): Int64[] | undefined {
    if (comparison === 'EQ') return undefined
    return comparison === 'GE' ? this.#atLeast : this.#atMost
  }

  /** The thresholds that a counter with this value has reached. */
  reached(value: Int64): Threshold[] {
    const found: Threshold[] = []
    for (const each of this.#atLeast) {
      if (each > value) break
      found.push({ comparison: 'GE', value: each })
    }
    for (let i = this.#atMost.length - 1; i >= 0 && this.#atMost[i]! >= value; i--) {
      found.push({ comparison: 'LE', value: this.#atMost[i]! })
    }
    if (this.#counts.has(`EQ${value}`)) found.push({ comparison: 'EQ', value })
    return found
  }
}

/** Where the value stands in an ascending list, or would. */
function place(list: readonly Int64[], value: Int64): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
