// tree.ts — Rows of 32-bit words in order, counted: a B+ tree outside the JavaScript heap.
//
// It is the order structure of everything here that has an order: members by score, pending entries
// and stream nodes by ID, fields by expiry. A row is a key, compared word by word as unsigned
// numbers, and a payload; where keys can be equal, `tie` orders the rows by their first payload
// word. Insertion, removal, search, rank and search by rank are O(log n).
//
// Nodes are numbered stretches of large arrays. A leaf holds rows and the numbers of its
// neighbours; an inner node holds for each child the child's first row, its number and the rows
// below it.
//
// Invariants: a separator is equal to the first row below it, payload word used by `tie` included;
// counts are exact; no node but the root is empty; two neighbours under one parent are not both
// less than three eighths full after a removal. Not re-entrant: `tie` must not call the tree.
//
// Every call that takes a key takes it from `key`, which all trees share: fill it right before.
// `leaf` and `index` are where a search ended: good until the next change of that tree.

import { HEADER, NEXT, NODE_WORDS, NONE, PREVIOUS, SIZE, TreeNodes } from './tree-nodes.ts'

/** Deeper than any tree whose nodes a 32-bit number can name. */
const HEIGHT_MAX = 16
/** So many freed nodes are kept, whatever the size of the tree. */
const FREED_MIN = 16
const TREE_BYTES = 260

/** Words of the widest row. */
const ROW_WORDS_MAX = 8
const KEY = new Int32Array(ROW_WORDS_MAX)
/** Way from the root to the leaf of the last descent, in any tree: node and child at each level. */
const PATH = new Int32Array(HEIGHT_MAX)
const TURNS = new Int32Array(HEIGHT_MAX)

/** Orders rows whose keys are equal. */
export interface Tie {
  /** Sign of the row with this first payload word minus the one sought. */
  compare(payload: number): number
}

export class Tree {
  size = 0
  /** The row to insert, or the key to look for. */
  readonly key = KEY
  leaf = 0
  index = 0

  readonly #keyWords: number
  /** Words of the key that count in a comparison: all of them, except in `rankByTie`. */
  #compared: number
  readonly #rowWords: number
  readonly #childWords: number
  readonly #leafMax: number
  readonly #innerMax: number
  readonly #tie: Tie | undefined

  #nodes = new TreeNodes()
  #root = 0
  /** Levels of inner nodes above the leaves. */
  #height = 0
  #firstLeaf = 0
  #lastLeaf = 0

  constructor(keyWords: number, rowWords: number, tie?: Tie) {
    this.#keyWords = this.#compared = keyWords
    this.#rowWords = rowWords
    this.#childWords = rowWords + 2
    this.#leafMax = Math.floor((NODE_WORDS - HEADER) / rowWords)
    this.#innerMax = Math.floor((NODE_WORDS - HEADER) / (rowWords + 2))
    this.#tie = tie
    this.#root = this.#nodes.allocate()
  }

  memory(): number {
    return TREE_BYTES + this.#nodes.memory()
  }

  /** Inserts the row in `key`, which is not there yet. */
  insert(): void {
    const beyond = this.#isBeyondAll()
    this.#makeRootRoomy(beyond)
    this.size++
    let node = this.#root
    for (let level = this.#height; level > 0; level--) {
      let slab = this.#slab(node)
      const base = this.#base(node)
      let turn = this.#childFor(slab, base)
      if (turn < 0) {
        turn = 0
        this.#writeKey(slab, base + HEADER)
      }
      let entry = base + HEADER + turn * this.#childWords
      if (this.#isFull(slab[entry + this.#rowWords]!, level - 1)) {
        this.#split(node, turn, level - 1, beyond)
        slab = this.#slab(node)
        if (this.#compare(slab, entry + this.#childWords) <= 0) entry += this.#childWords
      }
      slab[entry + this.#rowWords + 1]!++
      node = slab[entry + this.#rowWords]!
    }
    const slab = this.#slab(node)
    const base = this.#base(node)
    const width = this.#rowWords
    const at = base + HEADER + this.#lowerBound(slab, base) * width
    const end = base + HEADER + slab[base + SIZE]! * width
    if (at !== end) slab.copyWithin(at + width, at, end)
    this.#writeKey(slab, at)
    slab[base + SIZE]!++
  }

  /** Finds the row with this key (and tie); if there is none, the place is where it would be. */
  find(): boolean {
    this.#descend()
    const slab = this.#slab(this.leaf)
    const base = this.#base(this.leaf)
    if (this.index >= slab[base + SIZE]!) return false
    return this.#compare(slab, base + HEADER + this.index * this.#rowWords) === 0
  }

  /** Goes to the first row that is not before the key; false if all are. */
  seek(): boolean {
    this.#descend()
    return this.index < this.#sizeOf(this.leaf) || this.#nextLeaf()
  }

  /** Goes to the last row that is not after the key; false if all are. */
  seekFloor(): boolean {
    return this.find() || this.previous()
  }

  /** Number of rows before the key. */
  rank(): number {
    this.#descend()
    let rank = this.index
    const width = this.#childWords
    for (let level = 0; level < this.#height; level++) {
      const node = PATH[level]!
      const slab = this.#slab(node)
      const first = this.#base(node) + HEADER + this.#rowWords + 1
      const end = first + TURNS[level]! * width
      for (let at = first; at < end; at += width) rank += slab[at]!
    }
    return rank
  }

  /** Number of rows before the key by `tie` alone; the rows must be in that order. */
  rankByTie(): number {
    this.#compared = 0
    const rank = this.rank()
    this.#compared = this.#keyWords
    return rank
  }

  /** Goes to the row with so many rows before it; false if there is none. */
  seekRank(rank: number): boolean {
    if (rank < 0 || rank >= this.size) return false
    let rest = rank
    let node = this.#root
    const width = this.#childWords
    for (let level = 0; level < this.#height; level++) {
      const slab = this.#slab(node)
      const first = this.#base(node) + HEADER + this.#rowWords + 1
      let at = first
      while (rest >= slab[at]!) {
        rest -= slab[at]!
        at += width
      }
      PATH[level] = node
      TURNS[level] = (at - first) / width
      node = slab[at - 1]!
    }
    this.leaf = node
    this.index = rest
    return true
  }

  /** Goes to the first row; false if there is none. */
  seekFirst(): boolean {
    this.leaf = this.#firstLeaf
    this.index = 0
    return this.size > 0
  }

  seekLast(): boolean {
    this.leaf = this.#lastLeaf
    this.index = this.#sizeOf(this.#lastLeaf) - 1
    return this.size > 0
  }

  /** Goes on to the following row; false, and nowhere, if there is none. */
  next(): boolean {
    if (this.index + 1 >= this.#sizeOf(this.leaf)) return this.#nextLeaf()
    this.index++
    return true
  }

  previous(): boolean {
    if (this.index > 0) {
      this.index--
      return true
    }
    const before = this.#slab(this.leaf)[this.#base(this.leaf) + PREVIOUS]!
    if (before === NONE) return false
    this.leaf = before
    this.index = this.#sizeOf(before) - 1
    return true
  }

  /** A word of the row at the place. */
  word(i: number): number {
    return this.#slab(this.leaf)[this.#base(this.leaf) + HEADER + this.index * this.#rowWords + i]!
  }

  /** Changes a payload word of the row at the place; not the one that `tie` looks at. */
  setWord(i: number, value: number): void {
    const at = this.#base(this.leaf) + HEADER + this.index * this.#rowWords
    this.#slab(this.leaf)[at + i] = value
  }

  /** Removes the row that equals `key`; false if there is none. */
  remove(): boolean {
    if (!this.find()) return false
    this.removeFound()
    return true
  }

  /** Removes the row where `find` or `seekRank` has just ended, with no other tree used since. */
  removeFound(): void {
    this.#removeRows(1)
  }

  /** Removes the rows with ranks from `rank` up to but not including `end`. */
  removeRanks(rank: number, end: number): void {
    let rest = Math.min(end, this.size) - rank
    while (rest > 0 && this.seekRank(rank)) {
      const here = Math.min(rest, this.#sizeOf(this.leaf) - this.index)
      this.#removeRows(here)
      rest -= here
    }
  }

  /** Puts `key` in the place of the row that equals it, payload and all. */
  rewrite(): boolean {
    if (!this.find()) return false
    const at = this.#base(this.leaf) + HEADER + this.index * this.#rowWords
    this.#writeKey(this.#slab(this.leaf), at)
    this.#refreshSeparators()
    return true
  }

  clear(): void {
    this.size = 0
    this.#nodes = new TreeNodes()
    this.#root = this.#firstLeaf = this.#lastLeaf = this.#nodes.allocate()
    this.#height = 0
  }

  #slab(node: number): Int32Array {
    return this.#nodes.slab(node)
  }

  #base(node: number): number {
    return this.#nodes.base(node)
  }

  #sizeOf(node: number): number {
    return this.#nodes.size(node)
  }

  #isFull(node: number, level: number): boolean {
    return this.#sizeOf(node) >= (level === 0 ? this.#leafMax : this.#innerMax)
  }

  /** Sign of the row at `at` minus `key`. */
  #compare(slab: Int32Array, at: number): number {
    const words = this.#compared
    for (let i = 0; i < words; i++) {
      const row = slab[at + i]!
      const sought = KEY[i]!
      if (row !== sought) return row >>> 0 < sought >>> 0 ? -1 : 1
    }
    return this.#tie === undefined ? 0 : this.#tie.compare(slab[at + this.#keyWords]!)
  }

  /** Index of the last child whose first row is not after the key; -1 if all are. */
  #childFor(slab: Int32Array, base: number): number {
    const width = this.#childWords
    let from = 0
    let to = slab[base + SIZE]!
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.#compare(slab, base + HEADER + middle * width) <= 0) from = middle + 1
      else to = middle
    }
    return from - 1
  }

  /** Index of the first row of a leaf that is not before the key. */
  #lowerBound(slab: Int32Array, base: number): number {
    const width = this.#rowWords
    let from = 0
    let to = slab[base + SIZE]!
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.#compare(slab, base + HEADER + middle * width) < 0) from = middle + 1
      else to = middle
    }
    return from
  }

  #descend(): void {
    let node = this.#root
    for (let level = 0; level < this.#height; level++) {
      const slab = this.#slab(node)
      const base = this.#base(node)
      const turn = Math.max(this.#childFor(slab, base), 0)
      PATH[level] = node
      TURNS[level] = turn
      node = slab[base + HEADER + turn * this.#childWords + this.#rowWords]!
    }
    this.leaf = node
    this.index = this.#lowerBound(this.#slab(node), this.#base(node))
  }

  #nextLeaf(): boolean {
    const following = this.#slab(this.leaf)[this.#base(this.leaf) + NEXT]!
    if (following === NONE) return false
    this.leaf = following
    this.index = 0
    return true
  }

  /** Rows that arrive in order leave full leaves behind; see `#split`. */
  #isBeyondAll(): boolean {
    const slab = this.#slab(this.#lastLeaf)
    const base = this.#base(this.#lastLeaf)
    const size = slab[base + SIZE]!
    return size > 0 && this.#compare(slab, base + HEADER + (size - 1) * this.#rowWords) < 0
  }

  #makeRootRoomy(beyond: boolean): void {
    const { firstWords } = this.#nodes
    if (firstWords < NODE_WORDS) {
      if (HEADER + (this.size + 1) * this.#rowWords > firstWords) this.#nodes.growFirst()
      return
    }
    if (!this.#isFull(this.#root, this.#height)) return
    const root = this.#nodes.allocate()
    const slab = this.#slab(root)
    const base = this.#base(root)
    this.#copyFirstRow(this.#root, slab, base + HEADER)
    slab[base + HEADER + this.#rowWords] = this.#root
    slab[base + HEADER + this.#rowWords + 1] = this.size
    slab[base + SIZE] = 1
    this.#root = root
    this.#split(root, 0, this.#height++, beyond)
  }

  /**
   * Splits a full child of a node that has room. In the middle, unless the new row goes beyond all
   * others: then only the last row moves, so that ascending insertion fills its nodes.
   */
  #split(parent: number, turn: number, level: number, beyond: boolean): void {
    const right = this.#nodes.allocate()
    const slab = this.#slab(parent)
    const entry = this.#base(parent) + HEADER + turn * this.#childWords
    const left = slab[entry + this.#rowWords]!
    const width = level === 0 ? this.#rowWords : this.#childWords
    const leftSlab = this.#slab(left)
    const leftBase = this.#base(left)
    const size = leftSlab[leftBase + SIZE]!
    const kept = beyond ? size - 1 : size >> 1
    const from = leftBase + HEADER + kept * width
    const rows = leftSlab.subarray(from, leftBase + HEADER + size * width)
    this.#slab(right).set(rows, this.#base(right) + HEADER)
    leftSlab[leftBase + SIZE] = kept
    this.#slab(right)[this.#base(right) + SIZE] = size - kept
    if (level === 0) this.#linkAfter(left, right)

    const count = this.#rowsUnder(right, level)
    this.#insertChild(parent, turn + 1, right, count)
    slab[entry + this.#rowWords + 1]! -= count
  }

  #rowsUnder(node: number, level: number): number {
    const size = this.#sizeOf(node)
    if (level === 0) return size
    const slab = this.#slab(node)
    let at = this.#base(node) + HEADER + this.#rowWords + 1
    let rows = 0
    for (let i = 0; i < size; i++, at += this.#childWords) rows += slab[at]!
    return rows
  }

  #insertChild(parent: number, turn: number, child: number, count: number): void {
    const slab = this.#slab(parent)
    const base = this.#base(parent)
    const width = this.#childWords
    const at = base + HEADER + turn * width
    slab.copyWithin(at + width, at, base + HEADER + slab[base + SIZE]! * width)
    this.#copyFirstRow(child, slab, at)
    slab[at + this.#rowWords] = child
    slab[at + this.#rowWords + 1] = count
    slab[base + SIZE]!++
  }

  #removeChild(parent: number, turn: number): void {
    const slab = this.#slab(parent)
    const base = this.#base(parent)
    const width = this.#childWords
    const at = base + HEADER + turn * width
    slab.copyWithin(at, at + width, base + HEADER + slab[base + SIZE]! * width)
    slab[base + SIZE]!--
  }

  #writeKey(to: Int32Array, at: number): void {
    for (let i = 0; i < this.#rowWords; i++) to[at + i] = KEY[i]!
  }

  #copyFirstRow(node: number, to: Int32Array, at: number): void {
    const slab = this.#slab(node)
    const from = this.#base(node) + HEADER
    for (let i = 0; i < this.#rowWords; i++) to[at + i] = slab[from + i]!
  }

  /** Removes rows of one leaf, from the place on; the path must lead there. */
  #removeRows(count: number): void {
    const slab = this.#slab(this.leaf)
    const base = this.#base(this.leaf)
    const at = base + HEADER + this.index * this.#rowWords
    const end = base + HEADER + slab[base + SIZE]! * this.#rowWords
    slab.copyWithin(at, at + count * this.#rowWords, end)
    slab[base + SIZE]! -= count
    this.size -= count
    if (this.size === 0 && this.#nodes.count > 1) {
      this.clear()
      return
    }
    for (let level = this.#height - 1; level >= 0; level--) {
      this.#settle(PATH[level]!, TURNS[level]!, this.#height - 1 - level, count)
    }
    this.#lowerRoot()
    this.#compact()
    this.#compact()
  }

  /** After `count` rows went from below a child: its separator, its count, and its existence. */
  #settle(parent: number, turn: number, childLevel: number, count: number): void {
    const slab = this.#slab(parent)
    const entry = this.#base(parent) + HEADER + turn * this.#childWords
    const child = slab[entry + this.#rowWords]!
    const size = this.#sizeOf(child)
    if (size === 0) {
      this.#removeChild(parent, turn)
      this.#release(child, childLevel)
      return
    }
    slab[entry + this.#rowWords + 1]! -= count
    this.#copyFirstRow(child, slab, entry)
    const max = childLevel === 0 ? this.#leafMax : this.#innerMax
    if (size >= max >> 1) return
    const bound = max - (max >> 2)
    if (
      turn + 1 < slab[this.#base(parent) + SIZE]! &&
      this.#merge(parent, turn, childLevel, bound)
    ) {
      return
    }
    if (turn > 0) this.#merge(parent, turn - 1, childLevel, bound)
  }

  /** Joins a child with the one to its right, if together they are within the bound. */
  #merge(parent: number, turn: number, childLevel: number, bound: number): boolean {
    const slab = this.#slab(parent)
    const entry = this.#base(parent) + HEADER + turn * this.#childWords
    const left = slab[entry + this.#rowWords]!
    const right = slab[entry + this.#childWords + this.#rowWords]!
    const leftSize = this.#sizeOf(left)
    const rightSize = this.#sizeOf(right)
    if (leftSize + rightSize > bound) return false
    const width = childLevel === 0 ? this.#rowWords : this.#childWords
    const from = this.#base(right) + HEADER
    const rows = this.#slab(right).subarray(from, from + rightSize * width)
    this.#slab(left).set(rows, this.#base(left) + HEADER + leftSize * width)
    this.#slab(left)[this.#base(left) + SIZE] = leftSize + rightSize
    slab[entry + this.#rowWords + 1]! += slab[entry + this.#childWords + this.#rowWords + 1]!
    this.#removeChild(parent, turn + 1)
    this.#release(right, childLevel)
    return true
  }

  /** Takes away roots with a single child. */
  #lowerRoot(): void {
    while (this.#height > 0 && this.#sizeOf(this.#root) === 1) {
      const root = this.#root
      this.#root = this.#slab(root)[this.#base(root) + HEADER + this.#rowWords]!
      this.#release(root, this.#height--)
    }
  }

  #refreshSeparators(): void {
    for (let level = this.#height - 1; level >= 0; level--) {
      const node = PATH[level]!
      const slab = this.#slab(node)
      const entry = this.#base(node) + HEADER + TURNS[level]! * this.#childWords
      this.#copyFirstRow(slab[entry + this.#rowWords]!, slab, entry)
    }
  }

  #linkAfter(left: number, right: number): void {
    const slab = this.#slab(left)
    const following = slab[this.#base(left) + NEXT]!
    slab[this.#base(left) + NEXT] = right
    this.#slab(right)[this.#base(right) + PREVIOUS] = left
    this.#slab(right)[this.#base(right) + NEXT] = following
    if (following === NONE) this.#lastLeaf = right
    else this.#slab(following)[this.#base(following) + PREVIOUS] = right
  }

  #unlink(leaf: number): void {
    const before = this.#slab(leaf)[this.#base(leaf) + PREVIOUS]!
    const following = this.#slab(leaf)[this.#base(leaf) + NEXT]!
    if (before === NONE) this.#firstLeaf = following
    else this.#slab(before)[this.#base(before) + NEXT] = following
    if (following === NONE) this.#lastLeaf = before
    else this.#slab(following)[this.#base(following) + PREVIOUS] = before
  }

  #release(node: number, level: number): void {
    if (level === 0) this.#unlink(node)
    this.#nodes.release(node)
  }

  /** Copies the nodes that are left, when most are free, into as few slabs as they need. */
  #compact(): void {
    const { count, freed } = this.#nodes
    if (freed <= FREED_MIN || freed <= count - (count >> 2)) return
    const sparse = this.#nodes
    this.#nodes = new TreeNodes()
    this.#firstLeaf = this.#lastLeaf = NONE
    this.#root = this.#copyNode(sparse, this.#root, this.#height)
  }

  /** Copies a node and all below it, and links the leaves anew. */
  #copyNode(sparse: TreeNodes, node: number, level: number): number {
    const copied = this.#nodes.adopt(sparse, node)
    if (level === 0) {
      const before = this.#lastLeaf
      this.#slab(copied)[this.#base(copied) + PREVIOUS] = before
      this.#slab(copied)[this.#base(copied) + NEXT] = NONE
      if (before === NONE) this.#firstLeaf = copied
      else this.#slab(before)[this.#base(before) + NEXT] = copied
      this.#lastLeaf = copied
      return copied
    }
    const size = this.#sizeOf(copied)
    for (let i = 0; i < size; i++) {
      const at = this.#base(copied) + HEADER + i * this.#childWords + this.#rowWords
      const child = this.#copyNode(sparse, this.#slab(copied)[at]!, level - 1)
      this.#slab(copied)[at] = child
    }
    return copied
  }
}
