// part.ts — A part of a value on its way to another node: so many elements, or so many bytes of them.
//
// A large value travels in parts, so that neither end works long at one and no message is large. A part
// holds one element at least.

import { Writer } from '../rdb/writer.ts'

/** Where a part is full. One element may be larger. */
export interface PartLimits {
  readonly elements: number
  readonly bytes: number
}

/** A millisecond or two of work. */
export const PART_LIMITS: PartLimits = { elements: 4096, bytes: 1 << 20 }

/** Yields all parts but the last, which it returns. The value must not change meanwhile. */
export type Parts = Generator<Buffer, Buffer>

export class Part {
  readonly to = new Writer(false)
  elements = 0
  readonly #limits: PartLimits

  constructor(limits: PartLimits) {
    this.#limits = limits
  }

  get isFull(): boolean {
    return this.elements >= this.#limits.elements || this.to.size >= this.#limits.bytes
  }

  finish(): Buffer {
    return this.to.finish()
  }
}
