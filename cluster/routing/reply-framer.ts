// reply-framer.ts — Cuts the bytes of another node into replies, each whole and as it came.
//
// Nobody looks into a reply that is only passed on, so nesting needs no tree: what counts is how many
// values are still owed. A scalar pays one; an aggregate pays one and owes its elements; an attribute
// pays none, for the value that it belongs to follows, and owes its pairs. A reply ends when nothing is
// owed. However the bytes are split, each is looked at once; what is kept is bounded, and bytes that
// are no RESP end the conversation.

const CR = 0x0d
const LF = 0x0a
const NINE = 0x39
const ZERO = 0x30
const MINUS = 0x2d
const PLUS = 0x2b
const ERROR = 0x2d
const INTEGER = 0x3a
const NULL = 0x5f
const DOUBLE = 0x2c
const BOOLEAN = 0x23
const BIG_NUMBER = 0x28
const BULK = 0x24
const BULK_ERROR = 0x21
const VERBATIM = 0x3d
const ARRAY = 0x2a
const SET = 0x7e
export const PUSH = 0x3e
const MAP = 0x25
const ATTRIBUTE = 0x7c

/** The longest line: an error that quotes what it was asked. */
const LINE_BYTES_MAX = 1 << 20
const NOTHING = Buffer.alloc(0)

export class FramingError extends Error {}

export class ReplyFramer {
  readonly #frameBytesMax: number
  /** The beginning of a reply, [0, #length). */
  #kept: Buffer = NOTHING
  #length = 0
  /** Invariant: all before this is whole values of the open reply. */
  #scanned = 0
  /** Up to here there is no end of the line that begins at #scanned. */
  #searched = 0
  /** Values that the open reply still owes. */
  #owed = 1

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax
  }

  /** Takes what came, which may be reused afterwards. Throws FramingError. */
  push(chunk: Buffer, take: (reply: Buffer) => void): void {
    const isKept = this.#length > 0
    const bytes = isKept ? this.#append(chunk) : chunk
    const end = isKept ? this.#length : chunk.length
    let start = 0
    while (this.#scanValue(bytes, end)) {
      if (this.#owed > 0) continue
      const next = this.#scanned
      take(Buffer.from(bytes.subarray(start, next)))
      start = next
      this.#owed = 1
    }
    this.#keep(bytes, start, end)
  }

  #append(chunk: Buffer): Buffer {
    const needed = this.#length + chunk.length
    if (needed > this.#frameBytesMax) throw new FramingError('a reply is too large')
    if (needed > this.#kept.length) {
      const grown = Buffer.allocUnsafeSlow(needed * 2)
      this.#kept.copy(grown, 0, 0, this.#length)
      this.#kept = grown
    }
    chunk.copy(this.#kept, this.#length)
    this.#length = needed
    return this.#kept
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    if (start === end) {
      this.#kept = NOTHING
    } else if (bytes !== this.#kept) {
      this.#kept = Buffer.from(bytes.subarray(start, end))
    } else if (start > 0) {
      bytes.copy(bytes, 0, start, end)
    }
    this.#length = end - start
    this.#scanned -= start
    this.#searched = Math.max(0, this.#searched - start)
  }

  /** Moves past a scalar, or the head of an aggregate; false if it is not all here. */
  #scanValue(bytes: Buffer, end: number): boolean {
    const at = this.#scanned
    if (at >= end) return false
    const line = this.#lineEnd(bytes, end)
    if (line < 0) return false
    const next = line + 2
    switch (bytes[at]) {
      case PLUS:
      case ERROR:
      case INTEGER:
      case NULL:
      case DOUBLE:
      case BOOLEAN:
      case BIG_NUMBER:
        this.#pass(next, -1)
        return true
      case BULK:
      case BULK_ERROR:
      case VERBATIM: {
        const length = readLength(bytes, at + 1, line)
        const stop = length < 0 ? next : next + length + 2
        if (stop > end) return false
        this.#pass(stop, -1)
        return true
      }
      case ARRAY:
      case SET:
      case PUSH:
        this.#pass(next, Math.max(0, readLength(bytes, at + 1, line)) - 1)
        return true
      case MAP:
        this.#pass(next, 2 * Math.max(0, readLength(bytes, at + 1, line)) - 1)
        return true
      case ATTRIBUTE:
        this.#pass(next, 2 * Math.max(0, readLength(bytes, at + 1, line)))
        return true
      default:
        throw new FramingError('not a reply')
    }
  }

  #pass(to: number, owed: number): void {
    this.#scanned = to
    this.#searched = to
    this.#owed += owed
  }

  /** Where the line that begins at #scanned ends, or -1. */
  #lineEnd(bytes: Buffer, end: number): number {
    const feed = bytes.indexOf(LF, Math.max(this.#searched, this.#scanned))
    if (feed < 0 || feed >= end) {
      if (end - this.#scanned > LINE_BYTES_MAX) throw new FramingError('a line is too long')
      this.#searched = end
      return -1
    }
    this.#searched = feed
    if (bytes[feed - 1] !== CR) throw new FramingError('a line ends with a bare line feed')
    return feed - 1
  }
}

/** The digits between; -1 is nothing. */
function readLength(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] === MINUS) return -1
  if (end === start || end - start > 10) throw new FramingError('not a length')
  let length = 0
  for (let i = start; i < end; i++) {
    const digit = bytes[i]!
    if (digit < ZERO || digit > NINE) throw new FramingError('not a length')
    length = length * 10 + digit - ZERO
  }
  return length
}
