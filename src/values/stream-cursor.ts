// stream-cursor.ts — A walk over the living entries of a stream between two IDs, either way.
//
// A cursor must not be used after the stream has changed. Any number of them can walk at once: each
// remembers its node by ID and finds the neighbour when it gets there.

import type { Element } from './element.ts'
import { StreamId } from './stream-id.ts'
import { NodeCursor } from './stream-node.ts'
import type { Tree } from './tree.ts'

/** Word of a row of the stream's tree, behind the four of the ID. */
export const NODE = 4

export class StreamCursor {
  readonly #tree: Tree
  readonly #nodes: readonly (Uint8Array | undefined)[]
  readonly #from: StreamId
  readonly #to: StreamId
  readonly #backward: boolean
  readonly #entry = new NodeCursor()
  /** ID of the node that `#entry` is in; undefined before the first and after the last. */
  #node: StreamId | undefined

  /** `from` is never after `to`; a backward walk begins at `to`. */
  constructor(
    tree: Tree,
    nodes: readonly (Uint8Array | undefined)[],
    from: StreamId,
    to: StreamId,
    backward: boolean,
  ) {
    this.#tree = tree
    this.#nodes = nodes
    this.#from = from
    this.#to = to
    this.#backward = backward
    const start = backward ? to : from
    start.writeTo(tree.key)
    if (tree.seekFloor() || (!backward && tree.seekFirst())) this.#enter()
  }

  /** Goes to the next entry in the direction of the walk; false after the last. */
  next(): boolean {
    while (this.#node !== undefined) {
      const entry = this.#entry
      while (this.#backward ? entry.previous() : entry.next()) {
        if (entry.isDeleted) continue
        if (entry.compare(this.#from) < 0) {
          if (!this.#backward) continue
          this.#node = undefined
          return false
        }
        if (entry.compare(this.#to) > 0) {
          if (this.#backward) continue
          this.#node = undefined
          return false
        }
        return true
      }
      this.#turnPage()
    }
    return false
  }

  /**
   * Counts the entries ahead, but no more than `max` of them, 0 for no maximum. The walk then goes on from
   * where it was, without looking for the first of them again.
   */
  count(max: number): number {
    let counted = 0
    let node: StreamId | undefined
    let at = 0
    const entry = this.#entry
    while ((max === 0 || counted < max) && this.next()) {
      if (counted++ > 0) continue
      node = this.#node
      at = this.#backward ? entry.end : entry.at
    }
    if (node === undefined) return 0
    node.writeTo(this.#tree.key)
    this.#tree.find()
    this.#enter()
    entry.goTo(at)
    return counted
  }

  /** The ID of the entry. */
  get id(): StreamId {
    const { msHigh, msLow, seqHigh, seqLow } = this.#entry
    return new StreamId(msHigh, msLow, seqHigh, seqLow)
  }

  /** Number of pairs of field and value in the entry. */
  get fieldCount(): number {
    return this.#entry.fieldCount
  }

  /** Borrows the entry's next field and value; false after the last. */
  nextPair(field: Element, value: Element): boolean {
    return this.#entry.nextPair(field, value)
  }

  #turnPage(): void {
    this.#node!.writeTo(this.#tree.key)
    this.#tree.find()
    const more = this.#backward ? this.#tree.previous() : this.#tree.next()
    if (more) this.#enter()
    else this.#node = undefined
  }

  /** Goes into the node at the tree's place. */
  #enter(): void {
    const tree = this.#tree
    const [a, b, c, d] = [tree.word(0), tree.word(1), tree.word(2), tree.word(3)]
    this.#node = new StreamId(a, b, c, d)
    this.#entry.open(this.#nodes[tree.word(NODE)]!, a, b, c, d)
    if (this.#backward) this.#entry.goToEnd()
  }
}
