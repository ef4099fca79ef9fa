// stream-id-text.ts — The text of an ID as bytes, on its way to a reply.
//
// IDs that follow each other mostly have their time in common, so its digits are kept from one to the
// next. The bytes are good until the next ID is spelled.

import { spellInteger } from './element.ts'
import type { StreamId } from './stream-id.ts'

const WORD = 4294967296
const DASH = 0x2d
/** Two numbers of 64 bits, and the dash. */
const TEXT_BYTES_MAX = 41

export class StreamIdText {
  readonly bytes: Buffer = Buffer.alloc(TEXT_BYTES_MAX)
  /** Where the text ends; it begins at 0. */
  end = 0
  #msHigh = 0
  #msLow = 0
  /** Where the sequence begins; 0 while there is no time. */
  #sequenceAt = 0

  spell(id: StreamId): this {
    const { bytes } = this
    if (this.#sequenceAt === 0 || id.msLow !== this.#msLow || id.msHigh !== this.#msHigh) {
      const at = spell(id.msHigh, id.msLow, bytes, 0)
      bytes[at] = DASH
      this.#msHigh = id.msHigh
      this.#msLow = id.msLow
      this.#sequenceAt = at + 1
    }
    this.end = spell(id.seqHigh, id.seqLow, bytes, this.#sequenceAt)
    return this
  }
}

function spell(high: number, low: number, to: Buffer, at: number): number {
  const value = (high >>> 0) * WORD + (low >>> 0)
  if (value <= Number.MAX_SAFE_INTEGER) return spellInteger(value, to, at)
  const digits = String(BigInt(high >>> 0) * 4294967296n + BigInt(low >>> 0))
  return at + to.latin1Write(digits, at)
}
