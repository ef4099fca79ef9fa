// deadlines.ts — What has to happen at a time: an indexed binary heap, earliest first.
//
// An element carries its own place in the heap, so moving or removing one is O(log n) and nobody
// searches. Equal deadlines come out in the order in which they were set, because the order of
// effects must be the same on every run; the heap alone would not keep it.
//
// Invariants: heap[i].heapIndex === i; a parent is not after its children by (deadline, turn).
// An element is in one heap at most, and its deadline changes only through `update`.

export interface Deadline {
  /** Milliseconds, on whatever clock the owner uses. Infinity means never and is allowed. */
  deadline: number
  /** Place in the heap, or -1 outside of it. Written by `Deadlines` only. */
  heapIndex: number
}

export class Deadlines<T extends Deadline> {
  readonly #heap: T[] = []
  /** When the deadline of heap[i] was set, as a sequence number. */
  readonly #turns: number[] = []
  #lastTurn = 0

  get size(): number {
    return this.#heap.length
  }

  /** The earliest element, left where it is. */
  peek(): T | undefined {
    return this.#heap[0]
  }

  add(element: T): void {
    if (element.heapIndex !== -1) throw new Error('the element is in a heap already')
    mustBeTime(element.deadline)
    this.#heap.push(element)
    this.#turns.push(0)
    this.#place(element, this.#heap.length - 1, ++this.#lastTurn)
  }

  /** Sets another deadline, behind all others with the same one. */
  update(element: T, deadline: number): void {
    const index = this.#indexOf(element)
    mustBeTime(deadline)
    element.deadline = deadline
    this.#place(element, index, ++this.#lastTurn)
  }

  remove(element: T): void {
    const index = this.#indexOf(element)
    const last = this.#heap.pop()!
    const lastTurn = this.#turns.pop()!
    element.heapIndex = -1
    if (last !== element) this.#place(last, index, lastTurn)
  }

  /** Removes at most `limit` elements whose deadline is not after `now` and appends them to `due`. */
  popDue(now: number, limit: number, due: T[] = []): T[] {
    for (let left = limit; left > 0; left--) {
      const first = this.#heap[0]
      if (first === undefined || first.deadline > now) break
      this.remove(first)
      due.push(first)
    }
    return due
  }

  #indexOf(element: T): number {
    if (this.#heap[element.heapIndex] !== element)
      throw new Error('the element is not in this heap')
    return element.heapIndex
  }

  /** Puts an element into the free place `index` and lets it rise or sink from there. */
  #place(element: T, index: number, turn: number): void {
    let at = index
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!this.#precedes(element.deadline, turn, parent)) break
      this.#move(parent, at)
      at = parent
    }
    if (at === index) {
      const size = this.#heap.length
      for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
        const right = child + 1
        if (
          right < size &&
          this.#precedes(this.#heap[right]!.deadline, this.#turns[right]!, child)
        ) {
          child = right
        }
        if (this.#precedes(element.deadline, turn, child)) break
        this.#move(child, at)
        at = child
      }
    }
    this.#heap[at] = element
    this.#turns[at] = turn
    element.heapIndex = at
  }

  /** Whether (deadline, turn) comes before what is at `index`. */
  #precedes(deadline: number, turn: number, index: number): boolean {
    const other = this.#heap[index]!.deadline
    return deadline < other || (deadline === other && turn < this.#turns[index]!)
  }

  #move(from: number, to: number): void {
    const element = this.#heap[from]!
    this.#heap[to] = element
    this.#turns[to] = this.#turns[from]!
    element.heapIndex = to
  }
}

function mustBeTime(deadline: number): void {
  if (Number.isNaN(deadline)) throw new Error('a deadline must be a number')
}
