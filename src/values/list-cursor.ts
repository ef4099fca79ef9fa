// list-cursor.ts — A place in a list, to walk from in either direction.
//
// A cursor stands on an element. It is good until the list is next changed, and must not be used
// after that.

import type { Chunk } from './chunk.ts'
import type { Element } from './element.ts'
import { before, elementBytes, equals, get } from './packed-element.ts'

export class ListCursor {
  chunk: Chunk
  /** Index of the element in its chunk. */
  within: number
  /** Index of the element in the list. */
  index: number
  /** Position of the element in the chunk's bytes. */
  position: number

  constructor(chunk: Chunk, within: number, index: number) {
    this.chunk = chunk
    this.within = within
    this.index = index
    this.position = chunk.seek(within)
  }

  read(into: Element): void {
    get(this.chunk.bytes, this.position, into)
  }

  equals(element: Element): boolean {
    return equals(this.chunk.bytes, this.position, element)
  }

  /** Moves to the following element; false, and nowhere, if this is the last. */
  next(): boolean {
    const chunk = this.chunk
    if (this.within + 1 < chunk.count) {
      this.position += elementBytes(chunk.bytes, this.position)
      this.within++
    } else {
      if (chunk.next === undefined) return false
      this.chunk = chunk.next
      this.position = this.chunk.start
      this.within = 0
    }
    this.index++
    return true
  }

  previous(): boolean {
    if (this.within > 0) {
      this.position = before(this.chunk.bytes, this.position)
      this.within--
    } else {
      const chunk = this.chunk.previous
      if (chunk === undefined) return false
      this.chunk = chunk
      this.position = before(chunk.bytes, chunk.end)
      this.within = chunk.count - 1
    }
    this.index--
    return true
  }
}
