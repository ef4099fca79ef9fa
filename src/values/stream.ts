// stream.ts — A stream: entries in order of ID, packed in nodes, and the groups that consume them.
//
// A tree orders the nodes by the ID of their first entry. Entries are appended to the last node
// until it is full; a range walks nodes from the one that contains its beginning. A deletion marks
// the entry in its node, and a node goes when its last entry does, all as in Redis, so that
// trimming "about" cuts where Redis cuts.
//
// Invariant: `length` is the number of living entries; IDs ascend, and none is above `lastId`;
// `firstId` is that of the first living entry, zero if there is none. IDs that were deleted are
// never above `maxDeletedId`, unless trimming deleted them.

import { ARRAY_OVERHEAD_BYTES } from './bytes.ts'
import { Group, type Tally, UNKNOWN_READ } from './group.ts'
import * as listpack from './listpack.ts'
import { NODE, StreamCursor } from './stream-cursor.ts'
import { StreamId } from './stream-id.ts'
import {
  appendEntry,
  createNode,
  type Difference,
  deletedCount,
  ELEMENT_OVERHEAD_BYTES,
  entryCount,
  type Fields,
  NodeCursor,
  setCounts,
} from './stream-node.ts'
import { Tree } from './tree.ts'

const STREAM_BYTES = 400
const NODE_OVERHEAD_BYTES = 8 + ARRAY_OVERHEAD_BYTES
/** Room of the first node, since many streams stay small, and of those that follow, as in Redis. */
const FIRST_NODE_BYTES = 128
const NODE_BYTES = 4096

/** When a node takes no more entries; 0 stands for no bound. */
export interface NodeLimits {
  /** [stream-node-max-bytes] */
  readonly bytesMax: number
  /** [stream-node-max-entries] */
  readonly entriesMax: number
}

export class Stream {
  length = 0
  lastId: StreamId = StreamId.MIN
  firstId: StreamId = StreamId.MIN
  /** The highest ID that was deleted by name. */
  maxDeletedId: StreamId = StreamId.MIN
  /** Number of entries ever added. */
  entriesAdded = 0

  readonly #tree = new Tree(4, 5)
  readonly #nodes: (Uint8Array | undefined)[] = []
  readonly #freeNodes: number[] = []
  #nodeBytes = 0
  readonly #groups = new Map<string, Group>()
  readonly #tally: Tally = { bytes: 0 }

  /** The same entries and groups, with what is pending, in memory of their own. */
  copy(): Stream {
    const stream = new Stream()
    this.eachNode((id, node) => stream.addNode(id, Buffer.from(node)))
    stream.restoreCounters(this.lastId, this.maxDeletedId, this.entriesAdded)
    for (const [name, group] of this.#groups) {
      group.copyTo(stream.createGroup(name, group.lastId, group.entriesRead)!)
    }
    return stream
  }

  memory(): number {
    return STREAM_BYTES + this.#tree.memory() + this.#nodeBytes + this.#tally.bytes
  }

  /** Number of nodes. */
  get nodeCount(): number {
    return this.#tree.size
  }

  // Entries

  /** Adds an entry, whose ID is above `lastId`; false if its fields are too large to be stored. */
  append(id: StreamId, fields: Fields, limits: NodeLimits): boolean {
    const added = fields.textBytes
    const packed = added + ELEMENT_OVERHEAD_BYTES * (fields.length + 16)
    if (packed >= listpack.LISTPACK_BYTES_MAX) return false
    const tree = this.#tree
    let slot = tree.seekLast() ? tree.word(NODE) : -1
    if (slot < 0) {
      slot = this.#insertNode(id, createNode(fields, Buffer.allocUnsafeSlow(FIRST_NODE_BYTES)))
    } else if (isFull(this.#nodes[slot]!, added, limits)) {
      slot = this.#insertNode(id, createNode(fields, this.#closeNode(slot, limits)))
    }
    this.#setNode(slot, appendEntry(this.#nodes[slot]!, this.#difference(id), fields))
    this.length++
    this.entriesAdded++
    this.lastId = id
    if (this.length === 1) this.firstId = id
    return true
  }

  /** Whether there is a living entry with this ID. */
  has(id: StreamId): boolean {
    return this.#seekEntry(id) && !entry.isDeleted
  }

  /** Deletes an entry; false if there is none. */
  delete(id: StreamId): boolean {
    if (!this.has(id)) return false
    const slot = this.#tree.word(NODE)
    const node = this.#nodes[slot]!
    const entries = entryCount(node)
    if (entries === 1) {
      this.#removeNode()
    } else {
      entry.markDeleted()
      this.#setNode(slot, setCounts(node, entries - 1, deletedCount(node) + 1))
    }
    this.length--
    if (id.compare(this.maxDeletedId) > 0) this.maxDeletedId = id
    if (id.compare(this.firstId) === 0) this.#updateFirstId()
    return true
  }

  /** A walk over the living entries from `from` to `to`, both included; backward from `to`. */
  range(from: StreamId, to: StreamId, backward = false): StreamCursor {
    return new StreamCursor(this.#tree, this.#nodes, from, to, backward)
  }

  /** ID of the last living entry, or zero. `lastId` may be above it. */
  lastEntryId(): StreamId {
    const cursor = this.range(StreamId.MIN, StreamId.MAX, true)
    return cursor.next() ? cursor.id : StreamId.MIN
  }

  /**
   * Deletes the oldest entries until no more than `lengthMax` are left; if `approximate`, only
   * whole nodes, and with a `limit` above 0 only while no more than that many entries go. Returns how
   * many went.
   */
  trimByLength(lengthMax: number, approximate: boolean, limit: number): number {
    return this.#trim(lengthMax, undefined, approximate, limit)
  }

  /** Deletes the entries below an ID, under the same conditions. */
  trimById(minId: StreamId, approximate: boolean, limit: number): number {
    return this.#trim(0, minId, approximate, limit)
  }

  // Groups

  group(name: string): Group | undefined {
    return this.#groups.get(name)
  }

  get groupCount(): number {
    return this.#groups.size
  }

  /** Names and groups, in order of the names' bytes, as Redis lists them. */
  groups(): [string, Group][] {
    return [...this.#groups].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Makes a group; undefined if there is one of that name. */
  createGroup(name: string, lastId: StreamId, entriesRead: number): Group | undefined {
    if (this.#groups.has(name)) return undefined
    const group = new Group(lastId, entriesRead, this.#tally)
    this.#groups.set(name, group)
    return group
  }

  removeGroup(name: string): boolean {
    this.#groups.get(name)?.discard()
    return this.#groups.delete(name)
  }

  /** A group has been given an entry as new: it stands there now. */
  advance(group: Group, id: StreamId): void {
    if (id.compare(group.lastId) <= 0) return
    if (group.entriesRead !== UNKNOWN_READ && !this.#hasTombstones(id)) group.entriesRead++
    else if (this.entriesAdded > 0) group.entriesRead = this.readUpTo(id)
    group.lastId = id
  }

  /** Number of entries that a group has still to read, or undefined if it cannot be known. */
  lag(group: Group): number | undefined {
    if (this.entriesAdded === 0) return 0
    if (group.entriesRead !== UNKNOWN_READ && !this.#hasTombstones(group.lastId)) {
      return this.entriesAdded - group.entriesRead
    }
    const read = this.readUpTo(group.lastId)
    return read === UNKNOWN_READ ? undefined : this.entriesAdded - read
  }

  /** Number of entries ever added up to an ID, where that follows from the counters. */
  readUpTo(id: StreamId): number {
    if (this.entriesAdded === 0) return 0
    const toLast = id.compare(this.lastId)
    if (toLast === 0 || (this.length === 0 && toLast < 0)) return this.entriesAdded
    if (toLast > 0) return UNKNOWN_READ
    const isWhole = this.maxDeletedId.isZero || this.maxDeletedId.compare(this.firstId) < 0
    const toFirst = id.compare(this.firstId)
    if (!isWhole || toFirst > 0) return UNKNOWN_READ
    return this.entriesAdded - this.length + (toFirst === 0 ? 1 : 0)
  }

  // For RDB

  /** Visits every node with its ID, in order. */
  eachNode(visit: (id: StreamId, node: Uint8Array) => void): void {
    const tree = this.#tree
    for (let more = tree.seekFirst(); more; more = tree.next()) {
      const id = new StreamId(tree.word(0), tree.word(1), tree.word(2), tree.word(3))
      visit(id, this.#nodes[tree.word(NODE)]!)
    }
  }

  /** Adds a node that has been validated; its ID is above those of all nodes before. */
  addNode(id: StreamId, node: Uint8Array): void {
    this.#insertNode(id, node)
    this.length += entryCount(node)
  }

  /** After the last node: what the nodes cannot say. */
  restoreCounters(lastId: StreamId, maxDeletedId: StreamId, entriesAdded: number): void {
    this.lastId = lastId
    this.maxDeletedId = maxDeletedId
    this.entriesAdded = entriesAdded
    this.#updateFirstId()
  }

  /** Sets `firstId` to what the nodes say. */
  #updateFirstId(): void {
    const cursor = this.range(StreamId.MIN, StreamId.MAX)
    this.firstId = cursor.next() ? cursor.id : StreamId.MIN
  }

  /** Whether an entry from `id` on may have been deleted from between others. */
  #hasTombstones(id: StreamId): boolean {
    if (this.length === 0 || this.maxDeletedId.isZero) return false
    if (this.firstId.compare(this.maxDeletedId) > 0) return false
    return id.compare(this.maxDeletedId) <= 0
  }

  /** Opens the node at the tree's place in `entry`, before its first entry. */
  #open(): void {
    const tree = this.#tree
    const node = this.#nodes[tree.word(NODE)]!
    entry.open(node, tree.word(0), tree.word(1), tree.word(2), tree.word(3))
  }

  /** Goes to an entry by ID, deleted or not. */
  #seekEntry(id: StreamId): boolean {
    id.writeTo(this.#tree.key)
    if (!this.#tree.seekFloor()) return false
    this.#open()
    while (entry.next()) {
      const order = entry.compare(id)
      if (order >= 0) return order === 0
    }
    return false
  }

  #trim(
    lengthMax: number,
    minId: StreamId | undefined,
    approximate: boolean,
    limit: number,
  ): number {
    const tree = this.#tree
    let removed = 0
    while (tree.seekFirst()) {
      if (minId === undefined && this.length <= lengthMax) break
      const slot = tree.word(NODE)
      const entries = entryCount(this.#nodes[slot]!)
      if (limit > 0 && removed + entries > limit) break
      this.#open()
      const goesWhole =
        minId === undefined ? this.length - entries >= lengthMax : this.#endsBelow(minId)
      if (goesWhole) {
        this.#removeNode()
        this.length -= entries
        removed += entries
        continue
      }
      if (!approximate) removed += this.#trimNode(slot, lengthMax, minId)
      break
    }
    if (this.length === 0) this.firstId = StreamId.MIN
    else if (removed > 0) this.#updateFirstId()
    return removed
  }

  /** Whether the last entry of the open node, deleted or not, is below an ID. */
  #endsBelow(id: StreamId): boolean {
    entry.goToEnd()
    const below = entry.previous() && entry.compare(id) < 0
    this.#open()
    return below
  }

  /** Deletes entries from the beginning of the open node; returns how many. */
  #trimNode(slot: number, lengthMax: number, minId: StreamId | undefined): number {
    let removed = 0
    while (entry.next()) {
      if (minId === undefined ? this.length <= lengthMax : entry.compare(minId) >= 0) break
      if (entry.isDeleted) continue
      entry.markDeleted()
      removed++
      this.length--
    }
    const node = this.#nodes[slot]!
    if (removed > 0) {
      this.#setNode(slot, setCounts(node, entryCount(node) - removed, deletedCount(node) + removed))
    }
    return removed
  }

  /** A node will not grow again: leaves it its bytes, and gives its room to the one that follows. */
  #closeNode(slot: number, { bytesMax }: NodeLimits): Uint8Array {
    const node = this.#nodes[slot]!
    const bytes = listpack.byteLength(node, 0)
    const room = bytesMax > 0 ? Math.min(bytesMax, NODE_BYTES) : NODE_BYTES
    if (bytes < node.length) {
      const copy = Buffer.allocUnsafeSlow(bytes)
      copy.set(node.subarray(0, bytes))
      this.#setNode(slot, copy)
      if (node.length === room) return node
    }
    return Buffer.allocUnsafeSlow(Math.max(room, listpack.EMPTY_BYTES))
  }

  /** Inserts a node and leaves the tree's place there; returns its slot. */
  #insertNode(id: StreamId, node: Uint8Array): number {
    const slot = this.#freeNodes.pop() ?? this.#nodes.length
    this.#nodes[slot] = node
    this.#nodeBytes += node.length + NODE_OVERHEAD_BYTES
    id.writeTo(this.#tree.key)
    this.#tree.key[NODE] = slot
    this.#tree.insert()
    this.#tree.seekLast()
    return slot
  }

  #setNode(slot: number, node: Uint8Array): void {
    this.#nodeBytes += node.length - this.#nodes[slot]!.length
    this.#nodes[slot] = node
  }

  /** Removes the node at the tree's place. */
  #removeNode(): void {
    const tree = this.#tree
    const slot = tree.word(NODE)
    this.#nodeBytes -= this.#nodes[slot]!.length + NODE_OVERHEAD_BYTES
    this.#nodes[slot] = undefined
    this.#freeNodes.push(slot)
    for (let i = 0; i < NODE; i++) tree.key[i] = tree.word(i)
    tree.remove()
  }

  /** An ID less that of the node at the tree's place; good until the next one is asked for. */
  #difference(id: StreamId): Difference {
    const tree = this.#tree
    const msLow = (id.msLow >>> 0) - (tree.word(1) >>> 0)
    const seqLow = (id.seqLow >>> 0) - (tree.word(3) >>> 0)
    difference.msHigh = (id.msHigh - tree.word(0) - (msLow < 0 ? 1 : 0)) | 0
    difference.msLow = msLow | 0
    difference.seqHigh = (id.seqHigh - tree.word(2) - (seqLow < 0 ? 1 : 0)) | 0
    difference.seqLow = seqLow | 0
    return difference
  }
}

const difference = { msHigh: 0, msLow: 0, seqHigh: 0, seqLow: 0 }

/** Whether a node takes no entry with so many bytes of text. */
function isFull(node: Uint8Array, added: number, { bytesMax, entriesMax }: NodeLimits): boolean {
  const max = bytesMax === 0 ? listpack.LISTPACK_BYTES_MAX : bytesMax
  if (listpack.byteLength(node, 0) + added >= Math.min(max, listpack.LISTPACK_BYTES_MAX)) {
    return true
  }
  return entriesMax > 0 && entryCount(node) + deletedCount(node) >= entriesMax
}

/** The entry that a method is looking at; `#open` comes first. */
const entry = new NodeCursor()
