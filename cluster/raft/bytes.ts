// Bytes to and from numbers, text and ids, for logs, snapshots and messages of the metadata plane.
//
// Numbers are little-endian base 128, so small ones take one byte. Text is latin1, one byte per
// character, like every string of the grid. What is read may come from a damaged file or a strange
// peer: the reader never reads past the end, never allocates more than it was given bytes, and says
// so with a DecodeError.

import type { NodeId } from './configuration.ts'

/** The bytes are not what this version writes. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}

const FIRST_CAPACITY_BYTES = 256
const NODE_ID_BYTES = 20
const NODE_ID_PATTERN = /^[0-9a-f]{40}$/

export class Writer {
  #buffer = Buffer.allocUnsafe(FIRST_CAPACITY_BYTES)
  #length = 0

  byte(value: number): this {
    this.#reserve(1)
    this.#buffer[this.#length++] = value
    return this
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`cannot write ${value}`)
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.#length++] = rest
    return this
  }

  /** Any number, in eight bytes. */
  double(value: number): this {
    this.#reserve(8)
    this.#length = this.#buffer.writeDoubleLE(value, this.#length)
    return this
  }

  flag(value: boolean): this {
    return this.byte(value ? 1 : 0)
  }

  bytes(value: Uint8Array): this {
    this.number(value.length)
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
    return this
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value, 'latin1'))
  }

  id(value: NodeId): this {
    if (!NODE_ID_PATTERN.test(value)) throw new RangeError(`not a node id: ${value}`)
    this.#reserve(NODE_ID_BYTES)
    this.#length += this.#buffer.write(value, this.#length, 'hex')
    return this
  }

  ids(values: readonly NodeId[]): this {
    this.number(values.length)
    for (const value of values) this.id(value)
    return this
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  #reserve(length: number): void {
    const needed = this.#length + length
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length))
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
  }
}

export class Reader {
  readonly #buffer: Buffer
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  byte(): number {
    return this.#take(1)[0]!
  }

  number(): number {
    let value = 0
    for (let scale = 1; scale < Number.MAX_SAFE_INTEGER; scale *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (value > Number.MAX_SAFE_INTEGER) break
      if (byte < 0x80) return value
    }
    throw new DecodeError('number too large')
  }

  double(): number {
    return this.#take(8).readDoubleLE(0)
  }

  flag(): boolean {
    const byte = this.byte()
    if (byte > 1) throw new DecodeError(`not a flag: ${byte}`)
    return byte === 1
  }

  /** A copy, so that the buffer read from may be used again. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#take(this.number()))
  }

  text(): string {
    return this.#take(this.number()).toString('latin1')
  }

  id(): NodeId {
    return this.#take(NODE_ID_BYTES).toString('hex')
  }

  ids(): NodeId[] {
    const count = this.count(NODE_ID_BYTES)
    const ids: NodeId[] = []
    for (let i = 0; i < count; i++) ids.push(this.id())
    return ids
  }

  /** How many elements follow, each of them at least `bytesMin` long. */
  count(bytesMin: number): number {
    const count = this.number()
    if (count * bytesMin > this.#buffer.length - this.#offset) {
      throw new DecodeError(`no room for ${count} elements`)
    }
    return count
  }

  /** There must be nothing left. */
  end(): void {
    const left = this.#buffer.length - this.#offset
    if (left !== 0) throw new DecodeError(`${left} bytes too many`)
  }

  #take(length: number): Buffer {
    const end = this.#offset + length
    if (end > this.#buffer.length) throw new DecodeError('the bytes end too early')
    const taken = this.#buffer.subarray(this.#offset, end)
    this.#offset = end
    return taken
  }
}
