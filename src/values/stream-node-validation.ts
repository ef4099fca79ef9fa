// stream-node-validation.ts — Whether a listpack that nobody vouches for is a node of a stream.
//
// The listpack itself has been validated. Beyond that every element must be what its place asks:
// counts that are right, entries that begin and end where the others say, IDs that ascend. A node
// that passes can be walked in both directions without another check.

import { Element } from './element.ts'
import * as listpack from './listpack.ts'
import { elementBytes, get } from './packed-element.ts'
import { StreamId } from './stream-id.ts'
import { deletedCount, entryCount, NodeCursor } from './stream-node.ts'

const FLAGS_MAX = 3
const SAME_FIELDS = 2
const ENTRY_ELEMENTS = 3

/**
 * The ID of the last entry of the node whose ID is `id`, deleted or not; undefined if this is no
 * node, or one without entries.
 */
export function lastIdOfNode(node: Uint8Array, id: StreamId): StreamId | undefined {
  const entries = shapedEntries(node)
  if (entries === undefined || entries === 0) return undefined
  let living = 0
  let last: StreamId | undefined
  cursor.open(node, id.msHigh, id.msLow, id.seqHigh, id.seqLow)
  while (cursor.next()) {
    const ascends = last === undefined ? cursor.compare(id) >= 0 : cursor.compare(last) > 0
    if (!ascends) return undefined
    last = new StreamId(cursor.msHigh, cursor.msLow, cursor.seqHigh, cursor.seqLow)
    if (!cursor.isDeleted) living++
  }
  const counted = living === entryCount(node) && entries - living === deletedCount(node)
  return counted ? last : undefined
}

/** Number of entries, if every element is of the right kind and number; undefined if not. */
function shapedEntries(node: Uint8Array): number | undefined {
  const reader = new ElementReader(node)
  reader.count()
  reader.count()
  const masterFields = reader.count()
  reader.skip(masterFields)
  if (reader.count() !== 0) return undefined
  let entries = 0
  while (!reader.failed && !reader.atEnd) {
    const flags = reader.flags()
    reader.integer()
    reader.integer()
    let elements = ENTRY_ELEMENTS
    if ((flags & SAME_FIELDS) !== 0) {
      reader.skip(masterFields)
      elements += masterFields
    } else {
      const fields = reader.count()
      reader.skip(2 * fields)
      elements += 1 + 2 * fields
    }
    if (reader.count() !== elements) return undefined
    entries++
  }
  return reader.failed ? undefined : entries
}

/** Takes elements one by one. After a failure it gives zeros, and `failed` is true. */
class ElementReader {
  failed = false
  readonly #node: Uint8Array
  #at = listpack.HEADER_BYTES

  constructor(node: Uint8Array) {
    this.#node = node
  }

  get atEnd(): boolean {
    return this.#node[this.#at] === listpack.TERMINATOR
  }

  skip(elements: number): void {
    for (let i = 0; i < elements && !this.failed; i++) {
      if (this.atEnd) this.failed = true
      else this.#at += elementBytes(this.#node, this.#at)
    }
  }

  integer(): number {
    if (this.failed || this.atEnd) {
      this.failed = true
      return 0
    }
    get(this.#node, this.#at, element)
    this.skip(1)
    if (!element.integer) {
      this.failed = true
      return 0
    }
    return element.toInteger()
  }

  /** An integer that is not negative. */
  count(): number {
    const value = this.integer()
    if (value >= 0) return value
    this.failed = true
    return 0
  }

  /** Flags are changed in place, so they must be in their one-byte form. */
  flags(): number {
    if (this.#node[this.#at]! > FLAGS_MAX) this.failed = true
    return this.count()
  }
}

const element = new Element()
const cursor = new NodeCursor()
