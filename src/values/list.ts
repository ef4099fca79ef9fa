// list.ts — A list over Redis's thresholds: chunks of packed elements, doubly linked.
//
// Both ends are O(1); an index is found by walking chunks, from the nearer end. A chunk takes
// elements up to Redis's own bound (list-max-listpack-size), so a chunk is what one node of Redis's
// quicklist is, and DUMP copies bytes. An element beyond the bound has a chunk to itself.
//
// Invariant: `length` is the sum of the chunks' counts, `#capacity` the sum of their arrays; no
// chunk is empty, and two neighbours that a removal touched do not both fit in half a chunk.
// What `popHead`, `popTail` and `read` give is borrowed until the list is next changed.

import { CHUNK_OVERHEAD_BYTES, Chunk } from './chunk.ts'
import { asElement, Element, type Text } from './element.ts'
import { ListCursor } from './list-cursor.ts'
import * as listpack from './listpack.ts'
import { before, elementBytes, get, sizeOf } from './packed-element.ts'

/** Bytes of a chunk for list-max-listpack-size -1 to -5. */
const CHUNK_BYTES = [4096, 8192, 16384, 32768, 65536] as const
/** Where that setting is a number of elements, a chunk's bytes are bounded nevertheless. */
const COUNTED_CHUNK_BYTES = 8192
const LIST_BYTES = 96

/** Bytes of a listpack, or of a chunk, that `fill` (list-max-listpack-size) allows. */
function bytesMaxOf(fill: number): number {
  return fill < 0 ? CHUNK_BYTES[Math.min(-fill, 5) - 1]! : COUNTED_CHUNK_BYTES
}

function countMaxOf(fill: number): number {
  return fill < 0 ? Number.POSITIVE_INFINITY : Math.max(fill, 1)
}

/** Whether a list of so many bytes and elements may be one listpack. */
export function fitsListpack(fill: number, bytes: number, count: number): boolean {
  return bytes <= bytesMaxOf(fill) && count <= countMaxOf(fill)
}

export class List {
  length = 0
  #head: Chunk | undefined = undefined
  #tail: Chunk | undefined = undefined
  #chunks = 0
  #capacity = 0
  readonly #fill: number
  readonly #bytesMax: number
  readonly #countMax: number

  /** `fill` is list-max-listpack-size: elements of a chunk, or if negative a class of sizes. */
  constructor(fill: number) {
    this.#fill = fill
    this.#bytesMax = bytesMaxOf(fill)
    this.#countMax = countMaxOf(fill)
  }

  /** A list of the elements of a listpack that has been validated. */
  static fromListpack(lp: Uint8Array, base: number, fill: number): List {
    const list = new List(fill)
    list.appendListpack(lp, base)
    return list
  }

  memory(): number {
    return LIST_BYTES + this.#chunks * CHUNK_OVERHEAD_BYTES + this.#capacity
  }

  /** The same list in memory of its own. */
  copy(): List {
    const list = new List(this.#fill)
    const cursor = this.cursor(0)
    if (cursor === undefined) return list
    do {
      cursor.read(copied)
      list.pushTail(copied)
    } while (cursor.next())
    return list
  }

  /** Whether the list is within Redis's bound for one listpack. */
  get isSmall(): boolean {
    return this.#chunks <= 1 && (this.#head?.listpackBytes ?? 0) <= this.#bytesMax
  }

  /** The first chunk; the others follow. */
  get head(): Chunk | undefined {
    return this.#head
  }

  /** The last chunk. */
  get tail(): Chunk | undefined {
    return this.#tail
  }

  get chunkCount(): number {
    return this.#chunks
  }

  pushHead(value: Text): void {
    const element = asElement(value, spare)
    const size = sizeOf(element)
    let chunk = this.#head
    if (chunk === undefined || !this.#allows(chunk, size)) {
      chunk = this.#chunkFor(size, true)
      this.#linkBefore(this.#head, chunk)
    }
    const capacity = chunk.bytes.length
    chunk.pushHead(element, size, this.#bytesMax)
    this.#capacity += chunk.bytes.length - capacity
    this.length++
  }

  pushTail(value: Text): void {
    const element = asElement(value, spare)
    const size = sizeOf(element)
    let chunk = this.#tail
    if (chunk === undefined || !this.#allows(chunk, size)) {
      chunk = this.#chunkFor(size, false)
      this.#linkAfter(this.#tail, chunk)
    }
    const capacity = chunk.bytes.length
    chunk.pushTail(element, size, this.#bytesMax)
    this.#capacity += chunk.bytes.length - capacity
    this.length++
  }

  /** Adds all elements of a validated listpack at the tail. */
  appendListpack(lp: Uint8Array, base: number): void {
    const count = listpack.length(lp, base)
    const size = listpack.byteLength(lp, base)
    if (count === 0) return
    if (size <= this.#bytesMax && count <= this.#countMax) {
      const chunk = new Chunk(size - listpack.EMPTY_BYTES, false)
      chunk.append(lp, base + listpack.HEADER_BYTES, base + size - 1, count)
      this.#linkAfter(this.#tail, chunk)
      this.length += count
      return
    }
    for (let at = listpack.first(lp, base); at >= 0; at = listpack.next(lp, at)) {
      get(lp, at, moved)
      this.pushTail(moved)
    }
  }

  /** Takes the first element into `into`; false if the list is empty. */
  popHead(into: Element): boolean {
    const chunk = this.#head
    if (chunk === undefined) return false
    get(chunk.bytes, chunk.start, into)
    chunk.start += elementBytes(chunk.bytes, chunk.start)
    chunk.count--
    this.length--
    if (chunk.count === 0) this.#unlink(chunk)
    return true
  }

  popTail(into: Element): boolean {
    const chunk = this.#tail
    if (chunk === undefined) return false
    chunk.end = before(chunk.bytes, chunk.end)
    get(chunk.bytes, chunk.end, into)
    chunk.count--
    this.length--
    if (chunk.count === 0) this.#unlink(chunk)
    return true
  }

  /** Moves the last element to the head. */
  rotate(): void {
    if (this.length > 1 && this.popTail(moved)) this.pushHead(moved.keep())
  }

  /** The element at `index` (negative counts from the end), or undefined. */
  at(index: number): string | undefined {
    return this.read(index, moved) ? moved.toString() : undefined
  }

  read(index: number, into: Element): boolean {
    const cursor = this.cursor(index)
    if (cursor === undefined) return false
    cursor.read(into)
    return true
  }

  /** Replaces the element at `index`; false if there is none. */
  set(index: number, value: Text): boolean {
    const cursor = this.cursor(index)
    if (cursor === undefined) return false
    const element = asElement(value, spare)
    const size = sizeOf(element)
    const { chunk, position } = cursor
    const growth = size - elementBytes(chunk.bytes, position)
    if (growth > 0 && chunk.count > 1 && chunk.listpackBytes + growth > this.#bytesMax) {
      this.#insertAt(chunk, position, cursor.within, element, size)
      const stale = this.cursor(cursor.index + 1)!
      this.#removeAt(stale.chunk, stale.position)
      return true
    }
    const capacity = chunk.bytes.length
    chunk.replace(position, element, size, this.#bytesMax)
    this.#capacity += chunk.bytes.length - capacity
    return true
  }

  /** Inserts before or after the first element equal to `pivot`; false if there is none. */
  insert(pivot: Text, value: Text, after: boolean): boolean {
    const wanted = asElement(pivot, sought).keep()
    for (let cursor = this.cursor(0); cursor !== undefined; ) {
      if (cursor.equals(wanted)) {
        this.#insertBy(cursor, asElement(value, spare), after)
        return true
      }
      if (!cursor.next()) return false
    }
    return false
  }

  /**
   * Removes elements equal to `value`: all if `count` is 0, else the first `count`, or the last if
   * it is negative. Returns how many went.
   */
  remove(value: Text, count: number): number {
    const wanted = asElement(value, sought).keep()
    const backward = count < 0
    const max = count === 0 ? this.length : Math.abs(count)
    let removed = 0
    let chunk = backward ? this.#tail : this.#head
    while (chunk !== undefined && removed < max) {
      const following: Chunk | undefined = backward ? chunk.previous : chunk.next
      const here = chunk.removeEqual(wanted, max - removed, backward)
      if (here > 0) {
        removed += here
        this.length -= here
        this.#tidy(chunk)
      }
      chunk = following
    }
    return removed
  }

  /** Keeps the elements from index `from` up to but not including `to`. */
  trim(from: number, to: number): void {
    const first = Math.max(from, 0)
    const end = Math.min(to, this.length)
    if (first >= end) {
      this.#clear()
      return
    }
    this.#dropTail(this.length - end)
    this.#dropHead(first)
  }

  /** A place in the list, at `index` (negative counts from the end); undefined beyond the ends. */
  cursor(index: number): ListCursor | undefined {
    const target = index < 0 ? this.length + index : index
    if (target < 0 || target >= this.length) return undefined
    let chunk: Chunk
    let first: number
    if (target < this.length / 2) {
      chunk = this.#head!
      first = 0
      while (first + chunk.count <= target) {
        first += chunk.count
        chunk = chunk.next!
      }
    } else {
      chunk = this.#tail!
      first = this.length - chunk.count
      while (first > target) {
        chunk = chunk.previous!
        first -= chunk.count
      }
    }
    return new ListCursor(chunk, target - first, target)
  }

  /** All elements as one listpack. */
  toListpack(): Uint8Array {
    let bytes = listpack.EMPTY_BYTES
    for (let chunk = this.#head; chunk !== undefined; chunk = chunk.next) {
      bytes += chunk.end - chunk.start
    }
    const lp = listpack.create(bytes)
    let at = listpack.HEADER_BYTES
    for (let chunk = this.#head; chunk !== undefined; chunk = chunk.next) {
      lp.set(chunk.bytes.subarray(chunk.start, chunk.end), at)
      at += chunk.end - chunk.start
    }
    lp[at] = listpack.TERMINATOR
    listpack.writeHeader(lp, 0, bytes, this.length)
    return lp
  }

  #allows(chunk: Chunk, size: number): boolean {
    return chunk.listpackBytes + size <= this.#bytesMax && chunk.count < this.#countMax
  }

  /** A chunk for an end of the list. Where there are others already, it will probably fill. */
  #chunkFor(size: number, atHead: boolean): Chunk {
    const expected = this.#chunks === 0 ? 0 : this.#bytesMax >> 2
    return new Chunk(Math.max(size, expected), atHead)
  }

  #insertBy(cursor: ListCursor, element: Element, after: boolean): void {
    const { chunk, position } = cursor
    const at = after ? position + elementBytes(chunk.bytes, position) : position
    this.#insertAt(chunk, at, cursor.within + (after ? 1 : 0), element, sizeOf(element))
  }

  /** Inserts before position `at` of a chunk, the place of its element `within`, or its end. */
  #insertAt(chunk: Chunk, at: number, within: number, element: Element, size: number): void {
    this.length++
    let target = chunk
    let place = at
    if (!this.#allows(chunk, size)) {
      if (within > 0 && within < chunk.count) {
        const rest = chunk.split(at, within)
        this.#linkAfter(chunk, rest)
        this.#fit(chunk)
        if (!this.#allows(chunk, size) && this.#allows(rest, size)) target = rest
      } else {
        const neighbour = within === 0 ? chunk.previous : chunk.next
        if (neighbour !== undefined && this.#allows(neighbour, size)) target = neighbour
      }
      if (!this.#allows(target, size)) {
        target = new Chunk(size, false)
        if (within === 0) this.#linkBefore(chunk, target)
        else this.#linkAfter(chunk, target)
      }
      // Whatever the target is, the new element belongs at the end that faces the insertion.
      const facesBack = target === chunk || (within === 0 && target.next === chunk)
      place = facesBack ? target.end : target.start
    }
    const capacity = target.bytes.length
    target.insert(place, element, size, this.#bytesMax)
    this.#capacity += target.bytes.length - capacity
  }

  #removeAt(chunk: Chunk, at: number): void {
    chunk.remove(at)
    this.length--
    this.#tidy(chunk)
  }

  /** After a removal: unlinks an empty chunk, joins a small one to a small neighbour. */
  #tidy(chunk: Chunk): void {
    if (chunk.count === 0) {
      this.#unlink(chunk)
      return
    }
    if (chunk.previous !== undefined && this.#joins(chunk.previous, chunk)) {
      this.#join(chunk.previous, chunk)
    } else if (chunk.next !== undefined && this.#joins(chunk, chunk.next)) {
      this.#join(chunk, chunk.next)
    } else {
      this.#fit(chunk)
    }
  }

  #joins(a: Chunk, b: Chunk): boolean {
    return (
      a.listpackBytes + b.listpackBytes <= this.#bytesMax >> 1 &&
      a.count + b.count <= this.#countMax
    )
  }

  #join(into: Chunk, from: Chunk): void {
    const capacity = into.bytes.length
    into.append(from.bytes, from.start, from.end, from.count)
    this.#capacity += into.bytes.length - capacity
    this.#unlink(from)
  }

  /** Gives back room that a chunk in the middle will hardly use again. */
  #fit(chunk: Chunk): void {
    const capacity = chunk.bytes.length
    if (chunk.end - chunk.start >= capacity >> 1) return
    chunk.shrink()
    this.#capacity += chunk.bytes.length - capacity
  }

  #dropHead(count: number): void {
    let rest = count
    while (rest > 0) {
      const chunk = this.#head!
      if (chunk.count <= rest) {
        rest -= chunk.count
        this.length -= chunk.count
        this.#unlink(chunk)
      } else {
        chunk.start = chunk.seek(rest)
        chunk.count -= rest
        this.length -= rest
        this.#fit(chunk)
        return
      }
    }
  }

  #dropTail(count: number): void {
    let rest = count
    while (rest > 0) {
      const chunk = this.#tail!
      if (chunk.count <= rest) {
        rest -= chunk.count
        this.length -= chunk.count
        this.#unlink(chunk)
      } else {
        chunk.end = chunk.seek(chunk.count - rest)
        chunk.count -= rest
        this.length -= rest
        this.#fit(chunk)
        return
      }
    }
  }

  #clear(): void {
    this.length = 0
    this.#head = this.#tail = undefined
    this.#chunks = 0
    this.#capacity = 0
  }

  /** Links a chunk behind another; behind none, into an empty list. */
  #linkAfter(place: Chunk | undefined, chunk: Chunk): void {
    const following = place?.next
    chunk.previous = place
    chunk.next = following
    this.#adopt(chunk)
  }

  #linkBefore(place: Chunk | undefined, chunk: Chunk): void {
    chunk.previous = place?.previous
    chunk.next = place
    this.#adopt(chunk)
  }

  #adopt(chunk: Chunk): void {
    if (chunk.previous === undefined) this.#head = chunk
    else chunk.previous.next = chunk
    if (chunk.next === undefined) this.#tail = chunk
    else chunk.next.previous = chunk
    this.#chunks++
    this.#capacity += chunk.bytes.length
  }

  #unlink(chunk: Chunk): void {
    if (chunk.previous === undefined) this.#head = chunk.next
    else chunk.previous.next = chunk.next
    if (chunk.next === undefined) this.#tail = chunk.previous
    else chunk.next.previous = chunk.previous
    this.#chunks--
    this.#capacity -= chunk.bytes.length
  }
}

// Scratch elements: a value to be stored, one to be looked for, one on its way through.
const spare = new Element()
const copied = new Element()
const sought = new Element()
const moved = new Element()
