// value-memory.ts — The memory in which keys and values are: the arena, and the objects that are values.
//
// Keyspaces of one process may share it, so that whole segments move between them without a copy: a
// record keeps its address, an object its number. What a segment needs beside them, its tables and
// heaps, is counted here too, whichever keyspace has it; so `bytes` is all of it, once.
//
// Segments that were emptied as a whole wait here to be freed, in slices that do not stall the loop.

import { Arena, PAGE_SHIFT, UNIT_MASK } from './arena.ts'
import type { ObjectValue } from './database.ts'
import { ENCODING_SHIFT, META, OBJECT, VALUE_LENGTH } from './record.ts'
import type { Segment } from './segment.ts'

/** Entries of discarded segments that are freed per step. */
const RECLAIM_ENTRIES = 20_000

export class ValueMemory {
  readonly arena = new Arena()
  /** Objects by number; entries refer to them. */
  readonly objects: (ObjectValue | undefined)[] = []
  objectBytes = 0
  /** Bytes of what finds entries, and knows when they expire. */
  indexBytes = 0
  /** Bytes of what segments remember beside their keys: answers to requests with an id. */
  requestBytes = 0
  readonly #freeObjects: number[] = []
  readonly #objectBytes: number[] = []
  readonly #discarded: Segment[] = []

  /** Bytes that the data takes. */
  get bytes(): number {
    return this.arena.liveBytes + this.indexBytes + this.objectBytes + this.requestBytes
  }

  keepObject(object: ObjectValue): number {
    const number = this.#freeObjects.pop() ?? this.objects.length
    this.objects[number] = object
    this.#objectBytes[number] = 0
    return number
  }

  /** Takes note of what an object weighs now. */
  measureObject(number: number): void {
    const bytes = this.objects[number]!.memory()
    this.objectBytes += bytes - this.#objectBytes[number]!
    this.#objectBytes[number] = bytes
  }

  releaseObject(number: number): void {
    this.objectBytes -= this.#objectBytes[number]!
    this.#objectBytes[number] = 0
    this.objects[number] = undefined
    this.#freeObjects.push(number)
  }

  /** Takes over a segment that no database has any more, to free its entries. */
  discard(segment: Segment): void {
    this.indexBytes -= segment.bytes
    if (segment.count > 0) this.#discarded.push(segment)
  }

  /** Whether discarded entries wait to be freed. */
  get isReclaiming(): boolean {
    return this.#discarded.length > 0
  }

  /** Frees a slice of what was discarded; true if more is left. */
  reclaim(): boolean {
    const segment = this.#discarded.at(-1)
    if (segment === undefined) return false
    const { arena } = this
    for (let i = 0; i < RECLAIM_ENTRIES && segment.count > 0; i++) {
      const address = segment.dense[--segment.count]!
      const words = arena.words[address >>> PAGE_SHIFT]!
      const at = (address & UNIT_MASK) << 2
      if (((words[at + META]! >>> ENCODING_SHIFT) & 15) === OBJECT) {
        this.releaseObject(words[at + VALUE_LENGTH]!)
      }
      arena.free(address)
    }
    if (segment.count === 0) this.#discarded.pop()
    return this.#discarded.length > 0
  }
}
