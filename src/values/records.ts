// records.ts — Memory for the records of one large collection, outside the JavaScript heap.
//
// Records are laid one behind the other into pages. A freed record is only marked; when too much of
// the memory is dead, the owner moves the living out of the page that holds most of it. So waste is
// bounded whatever the sizes, there is no free list to fragment, and the work of collecting is paid
// a page at a time. A record too large to share a page has one to itself.
//
// A record is named by a reference: page × 8192 + offset in words, 32 bits wide; 0 is no record.
// Word 0 of a record belongs to the owner except that it becomes DEAD when the record is freed.
// A reference is good until its record is freed or moved.

import { ARRAY_OVERHEAD_BYTES } from './bytes.ts'

/** Shift and mask that take a reference apart into page and word. */
export const PAGE_SHIFT = 13
export const WORD_MASK = (1 << PAGE_SHIFT) - 1
/** Word 0 of a record that was freed. */
export const DEAD = -1

const PAGE_WORDS = 1 << PAGE_SHIFT
const PAGE_WORDS_MIN = 32
/** A larger record has its own page, so that no page ends with much room that nothing fits. */
const SHARED_WORDS_MAX = PAGE_WORDS / 4
const PAGES_MAX = 2 ** (32 - PAGE_SHIFT)
/** Less than this is not worth collecting. */
const WASTED_WORDS_MIN = 128
/** A page beyond its content: the array, a second view of it, and its entries in the lists. */
const PAGE_OVERHEAD_BYTES = ARRAY_OVERHEAD_BYTES + 136

const NO_BYTES = Buffer.alloc(0)
const NO_WORDS = new Int32Array(0)
const NONE = 0

export class Records {
  /** The pages, as bytes and as words; there is no page 0, so no reference is 0. */
  readonly bytes: Uint8Array[]
  readonly words: Int32Array[]
  /** Words of every page that have been given out. */
  readonly #used: number[] = [0, 0]
  /** Invariant: 0 <= dead <= used, for each page. */
  readonly #dead: number[] = [0, 0]
  /** Numbers of pages that were given back. */
  readonly #unused: number[] = []
  /** The page that takes new records, or none. */
  #tail = 1
  #pages = 1
  #capacity = PAGE_WORDS_MIN
  #living = 0
  #wasted = 0

  /** The first page comes with the arrays: one that grows by `push` makes room for seventeen. */
  constructor() {
    const bytes = Buffer.allocUnsafeSlow(PAGE_WORDS_MIN * 4)
    this.bytes = [NO_BYTES, bytes]
    this.words = [NO_WORDS, new Int32Array(bytes.buffer)]
  }

  memory(): number {
    return this.#capacity * 4 + this.#pages * PAGE_OVERHEAD_BYTES
  }

  /**
   * Whether more than a third is dead. With a quarter, a collection that is emptied at random moves
   * three records for each that goes; with a half, it may take twice the memory it needs.
   */
  get wasteful(): boolean {
    return this.#wasted > Math.max(this.#capacity / 3, WASTED_WORDS_MIN)
  }

  /** As `wasteful`, where what is left is likely to go soon too: then half may be dead. */
  get wastefulWhenDrained(): boolean {
    return this.#wasted > Math.max(this.#capacity / 2, WASTED_WORDS_MIN)
  }

  /** Room for a record of so many bytes; its content is arbitrary. */
  allocate(bytes: number): number {
    const size = (bytes + 3) >>> 2
    if (size > SHARED_WORDS_MAX) {
      const page = this.#addPage(size)
      this.#living += size
      this.#used[page] = size
      return page << PAGE_SHIFT
    }
    let page = this.#tail
    if (page === NONE || this.#used[page]! + size > this.words[page]!.length) {
      page = this.#makeRoom(size)
    }
    const at = this.#used[page]!
    this.#living += size
    this.#used[page] = at + size
    return (page << PAGE_SHIFT) | at
  }

  /** Frees a record; `bytes` is the size with which it was allocated. */
  free(reference: number, bytes: number): void {
    const page = reference >>> PAGE_SHIFT
    const size = (bytes + 3) >>> 2
    this.words[page]![reference & WORD_MASK] = DEAD
    this.#dead[page]! += size
    this.#wasted += size
    this.#living -= size
    if (this.#dead[page] !== this.#used[page]) return
    if (page === this.#tail) {
      this.#wasted -= this.#dead[page]!
      this.#dead[page] = this.#used[page] = 0
    } else {
      this.release(page)
    }
  }

  /** The page to clear while `wasteful`; it takes no more records from now on. */
  victim(): number {
    const dead = this.#dead
    let page = 0
    for (let i = 1; i < dead.length; i++) if (dead[i]! > dead[page]!) page = i
    if (page === this.#tail) this.#tail = NONE
    return page
  }

  /**
   * Gives back the room behind the last record where little is alive and most of the memory is that
   * room. No record moves.
   */
  trim(): void {
    const third = Math.max(this.#capacity / 3, WASTED_WORDS_MIN)
    const tail = this.#tail
    if (tail === NONE || this.#living >= third) return
    const used = this.#used[tail]!
    if (this.words[tail]!.length - used <= third) return
    this.#resizePage(tail, Math.max(PAGE_WORDS_MIN, used + (used >> 2)))
  }

  /** Words of a page behind which there are no more records. */
  usedWords(page: number): number {
    return this.#used[page]!
  }

  /** Gives a page back, with everything in it. */
  release(page: number): void {
    const size = this.words[page]!.length
    this.#capacity -= size
    this.#living -= this.#used[page]! - this.#dead[page]!
    this.#wasted -= this.#dead[page]!
    this.#pages--
    this.bytes[page] = NO_BYTES
    this.words[page] = NO_WORDS
    this.#used[page] = this.#dead[page] = 0
    this.#unused.push(page)
  }

  /** A tail page with room for `size` more words. */
  #makeRoom(size: number): number {
    const tail = this.#tail
    if (tail !== NONE) {
      const length = this.words[tail]!.length
      if (length < PAGE_WORDS && this.#used[tail]! + size <= PAGE_WORDS) {
        this.#resizePage(
          tail,
          Math.min(Math.max(length + (length >> 1), this.#used[tail]! + size), PAGE_WORDS),
        )
        return tail
      }
    }
    // A collection that was small until now, or has become so, must not pay for a whole page.
    const wanted = Math.max(PAGE_WORDS_MIN, size, this.#living + (this.#living >> 2))
    this.#tail = this.#addPage(Math.min(wanted, PAGE_WORDS))
    return this.#tail
  }

  #addPage(size: number): number {
    const page = this.#unused.pop() ?? this.bytes.length
    if (page >= PAGES_MAX) throw new RangeError('a collection has too many pages of records')
    this.#setPage(page, size)
    this.#used[page] = this.#dead[page] = 0
    this.#pages++
    this.#capacity += size
    return page
  }

  /** Gives a page another size; what was given out of it stays where it is. */
  #resizePage(page: number, size: number): void {
    const before = this.words[page]!
    this.#setPage(page, size)
    this.words[page]!.set(before.subarray(0, this.#used[page]!))
    this.#capacity += size - before.length
  }

  #setPage(page: number, size: number): void {
    const bytes = Buffer.allocUnsafeSlow(size * 4)
    this.bytes[page] = bytes
    this.words[page] = new Int32Array(bytes.buffer)
  }
}
