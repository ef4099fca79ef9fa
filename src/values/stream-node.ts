// stream-node.ts — A run of stream entries in one listpack, laid out as Redis lays it out.
//
// The listpack begins with a master entry: the number of entries, the number of deleted ones, the
// number of fields and the fields of the first entry, and 0. Each entry is its flags, its ID less
// that of the node (time, then sequence), its fields and values, and the number of elements before
// this last one, by which one finds the beginning from behind. Where an entry has the fields of the
// master entry, only its values are there. A deletion sets a flag; the bytes stay.
//
// The node's ID is that of its first entry, and is kept by whoever keeps the node.

import { Element } from './element.ts'
import * as listpack from './listpack.ts'
import { before, elementBytes, equals, get, sizeOf, write, writeInt64 } from './packed-element.ts'
import type { StreamId } from './stream-id.ts'

const DELETED = 1
const SAME_FIELDS = 2
/** Elements of an entry that are not fields and values: flags, time and sequence. */
const ENTRY_ELEMENTS = 3

const COUNT_AT = listpack.HEADER_BYTES
/** More than an element takes beyond its text. */
export const ELEMENT_OVERHEAD_BYTES = 11
/** The highest integer that an element of one byte holds. */
const ONE_BYTE_MAX = 127
const ZERO = new Element().fromInteger(0)

/** Fields and values of an entry to be added, in turn. */
export interface Fields {
  /** Number of elements: fields and values together. */
  readonly length: number
  /** Bytes of all their texts, by which Redis decides whether an entry fits a node. */
  readonly textBytes: number
  read(index: number, into: Element): void
}

/** A node for an entry with these fields, without the entry; `memory` is used if it is enough. */
export function createNode(fields: Fields, memory: Uint8Array): Uint8Array {
  listpack.writeHeader(memory, 0, listpack.EMPTY_BYTES, 0)
  memory[listpack.HEADER_BYTES] = listpack.TERMINATOR
  let node = listpack.append(memory, 0, memory.length, ZERO)
  node = listpack.append(node, 0, node.length, ZERO)
  node = listpack.append(node, 0, node.length, element.fromInteger(fields.length / 2))
  for (let i = 0; i < fields.length; i += 2) {
    fields.read(i, element)
    node = listpack.append(node, 0, node.length, element)
  }
  return listpack.append(node, 0, node.length, ZERO)
}

/** Number of entries that are not deleted. */
export function entryCount(node: Uint8Array): number {
  return listpack.integer(node, COUNT_AT)
}

export function deletedCount(node: Uint8Array): number {
  return listpack.integer(node, COUNT_AT + elementBytes(node, COUNT_AT))
}

/**
 * Adds an entry at the end; its ID is given as the difference to the node's. Returns the node, or a
 * larger one that takes its place.
 */
export function appendEntry(node: Uint8Array, difference: Difference, fields: Fields): Uint8Array {
  const same = hasMasterFields(node, fields)
  const elements = ENTRY_ELEMENTS + (same ? fields.length / 2 : fields.length + 1)
  const bytes = listpack.byteLength(node, 0)
  // Nearly always there is room whatever the elements take, and they need not be measured.
  const bytesMax = fields.textBytes + (elements + 1) * ELEMENT_OVERHEAD_BYTES
  const out =
    bytes + bytesMax <= node.length
      ? node
      : withRoom(node, bytes, bytes + entryBytes(difference, fields, same, elements))
  let at = writeInt64(out, bytes - 1, 0, same ? SAME_FIELDS : 0)
  at = writeInt64(out, at, difference.msHigh, difference.msLow)
  at = writeInt64(out, at, difference.seqHigh, difference.seqLow)
  if (!same) at = writeInt64(out, at, 0, fields.length / 2)
  const step = same ? 2 : 1
  for (let i = step - 1; i < fields.length; i += step) {
    fields.read(i, element)
    at = write(out, at, element)
  }
  at = writeInt64(out, at, 0, elements)
  out[at] = listpack.TERMINATOR
  listpack.writeHeader(out, 0, at + 1, listpack.length(node, 0) + elements + 1)
  // A count below this has one byte, and so has the next.
  if (out[COUNT_AT]! < ONE_BYTE_MAX) {
    out[COUNT_AT]!++
    return out
  }
  return setCounts(out, entryCount(out) + 1, deletedCount(out))
}

/** Bytes that an entry takes. */
function entryBytes(
  difference: Difference,
  fields: Fields,
  same: boolean,
  elements: number,
): number {
  let size = sizeOf(ZERO) + sizeOf(element.fromInteger(elements))
  size += sizeOf(element.fromInt64(difference.msHigh, difference.msLow))
  size += sizeOf(element.fromInt64(difference.seqHigh, difference.seqLow))
  if (!same) size += sizeOf(element.fromInteger(fields.length / 2))
  const step = same ? 2 : 1
  for (let i = step - 1; i < fields.length; i += step) {
    fields.read(i, element)
    size += sizeOf(element)
  }
  return size
}

/** Sets the counts of the master entry; returns the node, or a larger one in its place. */
export function setCounts(node: Uint8Array, entries: number, deleted: number): Uint8Array {
  const out = listpack.replace(node, 0, node.length, COUNT_AT, element.fromInteger(entries))
  const at = COUNT_AT + elementBytes(out, COUNT_AT)
  return listpack.replace(out, 0, out.length, at, element.fromInteger(deleted))
}

/** A difference between two IDs, modulo 2^64 in each part. */
export interface Difference {
  readonly msHigh: number
  readonly msLow: number
  readonly seqHigh: number
  readonly seqLow: number
}

/** A place in a node: an entry, deleted or not. Good until the node is changed. */
export class NodeCursor {
  bytes: Uint8Array = NO_NODE
  /** Position of the entry's flags, and where the entry ends. */
  at = 0
  end = 0
  /** Number of pairs of field and value. */
  fieldCount = 0
  isDeleted = false
  // The entry's ID.
  msHigh = 0
  msLow = 0
  seqHigh = 0
  seqLow = 0

  #nodeMsHigh = 0
  #nodeMsLow = 0
  #nodeSeqHigh = 0
  #nodeSeqLow = 0
  #masterCount = 0
  #masterFields = 0
  #entries = 0
  // Positions of the next field and value to read, while pairs are being read.
  #field = 0
  #value = 0
  #hasOwnFields = false
  #remaining = 0

  /** Stands before the first entry of a node. */
  open(bytes: Uint8Array, msHigh: number, msLow: number, seqHigh: number, seqLow: number): void {
    this.bytes = bytes
    this.#nodeMsHigh = msHigh
    this.#nodeMsLow = msLow
    this.#nodeSeqHigh = seqHigh
    this.#nodeSeqLow = seqLow
    let at = COUNT_AT + elementBytes(bytes, COUNT_AT)
    at += elementBytes(bytes, at)
    this.#masterCount = listpack.integer(bytes, at)
    at += elementBytes(bytes, at)
    this.#masterFields = at
    for (let i = 0; i < this.#masterCount; i++) at += elementBytes(bytes, at)
    this.#entries = this.at = this.end = at + elementBytes(bytes, at)
  }

  /** Stands behind the last entry. */
  goToEnd(): void {
    this.at = this.end = listpack.byteLength(this.bytes, 0) - 1
  }

  /** Stands between two entries, where the one begins or the other ends. */
  goTo(at: number): void {
    this.at = this.end = at
  }

  next(): boolean {
    if (this.bytes[this.end] === listpack.TERMINATOR) return false
    this.#read(this.end)
    return true
  }

  previous(): boolean {
    if (this.at === this.#entries) return false
    let at = before(this.bytes, this.at)
    for (let i = listpack.integer(this.bytes, at); i > 0; i--) at = before(this.bytes, at)
    this.#read(at)
    return true
  }

  /** Borrows the next field and value of the entry; false after the last. */
  nextPair(field: Element, value: Element): boolean {
    if (this.#remaining === 0) return false
    this.#remaining--
    const { bytes } = this
    get(bytes, this.#field, field)
    this.#field += elementBytes(bytes, this.#field)
    if (this.#hasOwnFields) this.#value = this.#field
    get(bytes, this.#value, value)
    this.#value += elementBytes(bytes, this.#value)
    if (this.#hasOwnFields) this.#field = this.#value
    return true
  }

  /** Sign of the entry's ID minus another. */
  compare(id: StreamId): number {
    if (this.msHigh !== id.msHigh) return this.msHigh >>> 0 < id.msHigh >>> 0 ? -1 : 1
    if (this.msLow !== id.msLow) return this.msLow >>> 0 < id.msLow >>> 0 ? -1 : 1
    if (this.seqHigh !== id.seqHigh) return this.seqHigh >>> 0 < id.seqHigh >>> 0 ? -1 : 1
    if (this.seqLow !== id.seqLow) return this.seqLow >>> 0 < id.seqLow >>> 0 ? -1 : 1
    return 0
  }

  /** Marks the entry as deleted: both values of the flags take one byte. */
  markDeleted(): void {
    this.isDeleted = true
    this.bytes[this.at] = this.bytes[this.at]! | DELETED
  }

  #read(at: number): void {
    const { bytes } = this
    this.at = at
    const flags = bytes[at]!
    let position = at + elementBytes(bytes, at)
    get(bytes, position, element)
    const msLow = (this.#nodeMsLow >>> 0) + (element.low >>> 0)
    this.msLow = msLow | 0
    this.msHigh = (this.#nodeMsHigh + element.high + (msLow >= WORD ? 1 : 0)) | 0
    position += elementBytes(bytes, position)
    get(bytes, position, element)
    const seqLow = (this.#nodeSeqLow >>> 0) + (element.low >>> 0)
    this.seqLow = seqLow | 0
    this.seqHigh = (this.#nodeSeqHigh + element.high + (seqLow >= WORD ? 1 : 0)) | 0
    position += elementBytes(bytes, position)
    this.isDeleted = (flags & DELETED) !== 0
    this.#hasOwnFields = (flags & SAME_FIELDS) === 0
    if (this.#hasOwnFields) {
      this.fieldCount = listpack.integer(bytes, position)
      position += elementBytes(bytes, position)
      this.#field = position
    } else {
      this.fieldCount = this.#masterCount
      this.#field = this.#masterFields
    }
    this.#remaining = this.fieldCount
    this.#value = position
    let elements = this.#hasOwnFields ? 2 * this.fieldCount : this.fieldCount
    for (; elements > 0; elements--) position += elementBytes(bytes, position)
    this.end = position + elementBytes(bytes, position)
  }
}

function hasMasterFields(node: Uint8Array, fields: Fields): boolean {
  let at = COUNT_AT + elementBytes(node, COUNT_AT)
  at += elementBytes(node, at)
  if (listpack.integer(node, at) * 2 !== fields.length) return false
  for (let i = 0; i < fields.length; i += 2) {
    at += elementBytes(node, at)
    fields.read(i, element)
    if (!equals(node, at, element)) return false
  }
  return true
}

function withRoom(node: Uint8Array, used: number, needed: number): Uint8Array {
  if (needed <= node.length) return node
  if (needed > listpack.LISTPACK_BYTES_MAX)
    throw new RangeError('a stream node cannot exceed 1 GiB')
  const grown = Buffer.allocUnsafeSlow(needed + (needed >> 1))
  grown.set(node.subarray(0, used))
  return grown
}

const WORD = 4294967296
const NO_NODE = listpack.create()
const element = new Element()
