// pending.ts — The entries that a consumer group has delivered and nobody has acknowledged yet.
//
// Redis calls it the PEL. For each entry: who has it, since when, and how often it was delivered;
// in order of ID. Times and counts are whole numbers up to 2^48, which share three words.
//
// A search leaves a place, from which the accessors read; it is good until the next change.

import { StreamId } from './stream-id.ts'
import { Tree } from './tree.ts'

const CONSUMER = 4
const TIME_LOW = 5
const COUNT_LOW = 6
/** The upper 16 bits of the time, above the upper 16 bits of the count. */
const HIGHS = 7
const ROW_WORDS = 8

const WORD = 4294967296
/** Times and counts beyond this are kept as this. */
const VALUE_MAX = 2 ** 48 - 1

export class Pending {
  readonly #tree = new Tree(4, ROW_WORDS)

  get size(): number {
    return this.#tree.size
  }

  memory(): number {
    return this.#tree.memory()
  }

  /** Goes to an entry; false if it is not pending. */
  find(id: StreamId): boolean {
    id.writeTo(this.#tree.key)
    return this.#tree.find()
  }

  /** Goes to the first entry at or after an ID. */
  seek(id: StreamId): boolean {
    id.writeTo(this.#tree.key)
    return this.#tree.seek()
  }

  seekFirst(): boolean {
    return this.#tree.seekFirst()
  }

  seekLast(): boolean {
    return this.#tree.seekLast()
  }

  next(): boolean {
    return this.#tree.next()
  }

  get id(): StreamId {
    const tree = this.#tree
    return new StreamId(tree.word(0), tree.word(1), tree.word(2), tree.word(3))
  }

  /** Number of the consumer in its group. */
  get consumer(): number {
    return this.#tree.word(CONSUMER)
  }

  get deliveredAt(): number {
    const tree = this.#tree
    return (tree.word(HIGHS) >>> 16) * WORD + (tree.word(TIME_LOW) >>> 0)
  }

  get deliveryCount(): number {
    const tree = this.#tree
    return (tree.word(HIGHS) & 0xffff) * WORD + (tree.word(COUNT_LOW) >>> 0)
  }

  /** Sets everything about an entry; true if it was not pending before. */
  set(id: StreamId, consumer: number, deliveredAt: number, deliveryCount: number): boolean {
    const { key } = this.#tree
    const time = Math.min(Math.max(deliveredAt, 0), VALUE_MAX)
    const count = Math.min(Math.max(deliveryCount, 0), VALUE_MAX)
    id.writeTo(key)
    key[CONSUMER] = consumer
    key[TIME_LOW] = time | 0
    key[COUNT_LOW] = count | 0
    key[HIGHS] = (Math.floor(time / WORD) << 16) | Math.floor(count / WORD)
    if (!this.#tree.find()) {
      this.#tree.insert()
      return true
    }
    for (let i = CONSUMER; i < ROW_WORDS; i++) this.#tree.setWord(i, key[i]!)
    return false
  }

  remove(id: StreamId): boolean {
    id.writeTo(this.#tree.key)
    return this.#tree.remove()
  }

  /** Removes the entry to which `find` has just gone. */
  removeFound(): void {
    this.#tree.removeFound()
  }
}
