// tree-nodes.ts — The memory of a tree's nodes: numbered stretches of large arrays.
//
// A node is 256 words, four of them a header. Nodes are cut from slabs of sixteen; the first slab
// starts as small as the smallest tree and doubles until it is whole. Freed nodes are chained and
// given out again. A number is good until `release` or `compact`; an array that `slab` returned is
// good until the next `allocate`, which may put a larger one in its place.

import { ARRAY_OVERHEAD_BYTES } from './bytes.ts'

/** 1 KiB: two hundred bytes of moving per insertion, and four levels for a million rows. */
export const NODE_WORDS = 256
const NODES_SHIFT = 4
const NODES_MASK = (1 << NODES_SHIFT) - 1
const SLAB_WORDS = NODE_WORDS << NODES_SHIFT
/** The first slab starts as small as a typed array comes without memory of its own. */
const FIRST_SLAB_WORDS = 16

// Words of the header.
/** Number of rows, or of children. */
export const SIZE = 0
/** Neighbours of a leaf. */
export const PREVIOUS = 1
export const NEXT = 2
export const HEADER = 4

export const NONE = -1

export class TreeNodes {
  #slabs: Int32Array[] = [new Int32Array(FIRST_SLAB_WORDS)]
  /** Nodes that were ever given out. */
  count = 0
  /** Those of them that are free, chained by NEXT. */
  freed = 0
  #firstFreed = NONE

  memory(): number {
    const slabs = this.#slabs
    const words = (slabs.length - 1) * SLAB_WORDS + slabs[0]!.length
    return 4 * words + slabs.length * ARRAY_OVERHEAD_BYTES
  }

  /** The array that a node is in. */
  slab(node: number): Int32Array {
    return this.#slabs[node >>> NODES_SHIFT]!
  }

  /** Where in its array a node begins. */
  base(node: number): number {
    return (node & NODES_MASK) * NODE_WORDS
  }

  size(node: number): number {
    return this.slab(node)[this.base(node) + SIZE]!
  }

  /** Words of node 0, which may be less than a node's while it is the only one. */
  get firstWords(): number {
    return Math.min(this.#slabs[0]!.length, NODE_WORDS)
  }

  growFirst(): void {
    const first = this.#slabs[0]!
    const grown = new Int32Array(2 * first.length)
    grown.set(first)
    this.#slabs[0] = grown
  }

  /** An empty node without neighbours. */
  allocate(): number {
    let node = this.#firstFreed
    if (node === NONE) {
      node = this.count++
      if (node >>> NODES_SHIFT === this.#slabs.length) this.#slabs.push(new Int32Array(SLAB_WORDS))
      else if (this.base(node) === this.slab(node).length) this.growFirst()
    } else {
      this.#firstFreed = this.slab(node)[this.base(node) + NEXT]!
      this.freed--
    }
    const slab = this.slab(node)
    const base = this.base(node)
    slab[base + SIZE] = 0
    slab[base + PREVIOUS] = NONE
    slab[base + NEXT] = NONE
    return node
  }

  release(node: number): void {
    this.slab(node)[this.base(node) + NEXT] = this.#firstFreed
    this.#firstFreed = node
    this.freed++
  }

  /** A copy of a node of another tree's; the tree must be larger than one node. */
  adopt(nodes: TreeNodes, node: number): number {
    while (this.#slabs[0]!.length < NODE_WORDS) this.growFirst()
    const copied = this.allocate()
    const base = nodes.base(node)
    const words = nodes.slab(node).subarray(base, base + NODE_WORDS)
    this.slab(copied).set(words, this.base(copied))
    return copied
  }
}
