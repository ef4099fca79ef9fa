// output.ts — What waits to be sent to one client: ranges of buffers, in order.

const NOTHING = Buffer.alloc(0)

export class Output {
  /** Ranges that wait. Invariant: the arrays below have `ranges` elements that count. */
  ranges = 0
  readonly buffers: Buffer[] = []
  readonly starts: number[] = []
  readonly ends: number[] = []
  /** Bytes in the ranges. */
  bytes = 0
  /** Called when the first range is added. */
  readonly #wake: (output: Output) => void

  constructor(wake: (output: Output) => void) {
    this.#wake = wake
  }

  add(buffer: Buffer, start: number, end: number): void {
    const last = this.ranges - 1
    this.bytes += end - start
    if (last >= 0 && this.buffers[last] === buffer && this.ends[last] === start) {
      this.ends[last] = end
      return
    }
    this.buffers[this.ranges] = buffer
    this.starts[this.ranges] = start
    this.ends[this.ranges] = end
    if (this.ranges++ === 0) this.#wake(this)
  }

  /** Drops the ranges from `count` on, and what the one before them has grown beyond `lastEnd`. */
  truncate(count: number, lastEnd: number): void {
    while (this.ranges > count) {
      this.ranges--
      this.bytes -= this.ends[this.ranges]! - this.starts[this.ranges]!
    }
    if (count > 0) {
      this.bytes -= this.ends[count - 1]! - lastEnd
      this.ends[count - 1] = lastEnd
    }
  }

  /** All that waits, in memory of its own. */
  copy(): Buffer {
    const copy = Buffer.allocUnsafe(this.bytes)
    let at = 0
    for (let i = 0; i < this.ranges; i++) {
      at += this.buffers[i]!.copy(copy, at, this.starts[i], this.ends[i])
    }
    return copy
  }

  clear(): void {
    // Buffers must not be kept alive by a client that is idle; the arrays' own room may.
    for (let i = 0; i < this.ranges; i++) this.buffers[i] = NOTHING
    this.ranges = 0
    this.bytes = 0
  }
}
