// deadlines.ts — Things that end at a time, earliest first: a binary heap that knows the places.
//
// Each thing carries its place in the heap, so that moving or removing one is O(log n) and nobody
// ever searches. Invariant: heap[i].deadlineIndex === i for every i, and no thing ends before its
// parent. Things without an end (Infinity) do not belong here.

export interface Due {
  expiresAt: number
  /** Place in the heap, or -1. Belongs to `Deadlines`. */
  deadlineIndex: number
}

export class Deadlines<T extends Due> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  get first(): T | undefined {
    return this.#heap[0]
  }

  /** The earliest end; Infinity when nothing ends. */
  get firstAt(): number {
    const first = this.#heap[0]
    return first === undefined ? Number.POSITIVE_INFINITY : first.expiresAt
  }

  add(due: T): void {
    this.#heap.push(due)
    this.#rise(due, this.#heap.length - 1)
  }

  remove(due: T): void {
    const index = due.deadlineIndex
    const last = this.#heap.pop()!
    due.deadlineIndex = -1
    if (last !== due) this.#settle(last, index)
  }

  /** To be called after `expiresAt` of a thing in the heap has changed. */
  moved(due: T): void {
    this.#settle(due, due.deadlineIndex)
  }

  /** Moves every end by the same time: the order stays, so the heap does. */
  shift(byMs: number): void {
    for (const due of this.#heap) due.expiresAt += byMs
  }

  /** The things whose time is over, in no order, without removing them. O(how many they are). */
  due(now: number): T[] {
    const found: T[] = []
    if (this.firstAt > now) return found
    found.push(this.#heap[0]!)
    for (let next = 0; next < found.length; next++) {
      // A child is due only if its parent is, so the walk never leaves what is due.
      const left = 2 * found[next]!.deadlineIndex + 1
      for (let child = left; child <= left + 1 && child < this.#heap.length; child++) {
        if (this.#heap[child]!.expiresAt <= now) found.push(this.#heap[child]!)
      }
    }
    return found
  }

  #settle(due: T, index: number): void {
    const parent = this.#heap[(index - 1) >> 1]
    if (index > 0 && parent!.expiresAt > due.expiresAt) this.#rise(due, index)
    else this.#sink(due, index)
  }

  #rise(due: T, from: number): void {
    const heap = this.#heap
    let index = from
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]!
      if (parent.expiresAt <= due.expiresAt) break
      heap[index] = parent
      parent.deadlineIndex = index
      index = parentIndex
    }
    heap[index] = due
    due.deadlineIndex = index
  }

  #sink(due: T, from: number): void {
    const heap = this.#heap
    const length = heap.length
    let index = from
    for (;;) {
      let childIndex = 2 * index + 1
      if (childIndex >= length) break
      const right = childIndex + 1
      if (right < length && heap[right]!.expiresAt < heap[childIndex]!.expiresAt) {
        childIndex = right
      }
      const child = heap[childIndex]!
      if (child.expiresAt >= due.expiresAt) break
      heap[index] = child
      child.deadlineIndex = index
      index = childIndex
    }
    heap[index] = due
    due.deadlineIndex = index
  }
}
