// The entries of a segment that are not committed yet, in order: a queue that keeps its place.
//
// Invariant: sequences are contiguous; `entries` are those in (committed, last].

import type { Entry } from './entry.ts'

/** Below this, what was taken out of the front is not worth moving the rest for. */
const COMPACTION_MIN = 32

export class Tail {
  /** Bytes of the effects in it. */
  bytes = 0
  #entries: (Entry | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#entries.length - this.#head
  }

  get first(): Entry | undefined {
    return this.#entries[this.#head]
  }

  get last(): Entry | undefined {
    return this.length === 0 ? undefined : this.#entries.at(-1)
  }

  push(entry: Entry): void {
    this.#entries.push(entry)
    this.bytes += entry.effects.length
  }

  shift(): Entry | undefined {
    const entry = this.first
    if (entry === undefined) return undefined
    this.#entries[this.#head++] = undefined
    this.bytes -= entry.effects.length
    if (this.#head >= COMPACTION_MIN && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    return entry
  }

  /** Takes out what is beyond a sequence, the last one first. */
  truncate(sequence: number): void {
    for (let last = this.last; last !== undefined && last.sequence > sequence; last = this.last) {
      this.#entries.pop()
      this.bytes -= last.effects.length
    }
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (let i = this.#head; i < this.#entries.length; i++) yield this.#entries[i]!
  }
}
