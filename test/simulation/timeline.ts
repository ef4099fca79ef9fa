// Virtual time: what happens next happens at once.
//
// Everything that takes place in a simulation is a happening with a moment. Two at the same moment
// take place in the order in which they were scheduled, so a run depends on nothing but its seed.
// Nothing is ever taken back: a happening that has lost its point finds that out when its time
// comes.

import assert from 'node:assert/strict'

export type Happening = () => void

interface Scheduled {
  readonly at: number
  readonly order: number
  readonly happening: Happening
}

export class Timeline {
  /** True time, in ms. Invariant: never goes back. */
  now = 0
  /** How many things have happened. */
  count = 0
  /** A binary heap by (at, order). */
  readonly #heap: Scheduled[] = []
  #order = 0

  schedule(happening: Happening, at: number): void {
    assert(at >= this.now, 'nothing is scheduled for the past')
    const heap = this.#heap
    const scheduled = { at, order: this.#order++, happening }
    let place = heap.length
    heap.push(scheduled)
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent]!
      if (!isBefore(scheduled, above)) break
      heap[place] = above
      place = parent
    }
    heap[place] = scheduled
  }

  /** Lets everything happen that is due up to this moment. */
  runUntil(moment: number): void {
    const heap = this.#heap
    for (let first = heap[0]; first !== undefined && first.at <= moment; first = heap[0]) {
      this.#removeFirst()
      this.now = first.at
      this.count++
      first.happening()
    }
    this.now = Math.max(this.now, moment)
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()!
    const { length } = heap
    if (length === 0) return
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= length) break
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[place] = heap[child]!
      place = child
    }
    heap[place] = last
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
