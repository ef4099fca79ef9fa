// reply.ts — Writes replies in RESP2 or RESP3 straight into the output buffer.
//
// One writer serves all connections of a server: replies of one turn of the event loop stand one
// after the other in one buffer, and `Output` remembers which ranges belong to whom. No reply makes
// an object. What is too large for the buffer goes to the output as a range of its own.
//
// Types that RESP2 lacks are written as Redis writes them there: maps and sets as arrays, doubles
// as bulk strings, booleans as integers, and so on.

import { writeInteger } from './integer.ts'
import type { Output } from './output.ts'

/** Bytes of the shared buffer; a turn that needs more gets another one. */
export const REPLY_BUFFER_BYTES = 1 << 18
/** Values from this size on are given to the output without copying, where their memory allows. */
export const LEND_BYTES_MIN = 1 << 16

const CR = 13
const LF = 10
const PLUS = 0x2b
const MINUS = 0x2d
const COLON = 0x3a
const DOLLAR = 0x24
const STAR = 0x2a
const PERCENT = 0x25
const TILDE = 0x7e
const GREATER = 0x3e
const COMMA = 0x2c
const EQUALS = 0x3d
const OPEN = 0x28

/** Takes any Uint8Array as `this`, which the declarations leave out. */
const { copy } = Buffer.prototype

const NO_BYTES = Buffer.alloc(0)

/** A place to go back to if a command fails after it began to reply. */
export class Mark {
  bytes: Buffer = NO_BYTES
  at = 0
  from = 0
  ranges = 0
  /** End of the last range: a range grows when what follows it is added. */
  lastEnd = 0
  interruptions = 0
}

export class Reply {
  bytes: Buffer = Buffer.allocUnsafeSlow(REPLY_BUFFER_BYTES)
  at = 0
  /** 2 or 3: of the client that is being answered. */
  protocol = 2
  /** Start of the part that has not been given to the output yet. */
  #from = 0
  #output: Output | undefined
  #interrupted: Output | undefined
  #interruptedProtocol = 2
  #interruptions = 0

  /** Directs what follows to a client. */
  begin(output: Output, protocol: number): void {
    this.#output = output
    this.protocol = protocol
    this.#from = this.at
  }

  /** Gives all that was written since `begin` to the client's output. */
  end(): void {
    if (this.at > this.#from) {
      this.#output!.add(this.bytes, this.#from, this.at)
      this.#from = this.at
    }
  }

  /**
   * Directs what follows to another client, in the middle of a reply; `proceed` goes on with that.
   * One level only: an interruption is not interrupted.
   */
  interrupt(output: Output, protocol: number): void {
    this.end()
    this.#interrupted = this.#output
    this.#interruptedProtocol = this.protocol
    this.#interruptions++
    this.begin(output, protocol)
  }

  proceed(): void {
    this.end()
    this.#output = this.#interrupted
    this.protocol = this.#interruptedProtocol
  }

  /** Bytes of the client's output up to here. */
  get position(): number {
    return this.#output!.bytes + this.at - this.#from
  }

  mark(mark: Mark): void {
    const output = this.#output!
    mark.bytes = this.bytes
    mark.at = this.at
    mark.from = this.#from
    mark.ranges = output.ranges
    mark.lastEnd = output.ranges > 0 ? output.ends[output.ranges - 1]! : 0
    mark.interruptions = this.#interruptions
  }

  /** Takes back what was written to the client since the mark. */
  reset(mark: Mark): void {
    const output = this.#output!
    output.truncate(mark.ranges, mark.lastEnd)
    if (mark.interruptions === this.#interruptions) {
      this.bytes = mark.bytes
      this.at = mark.at
      this.#from = mark.from
      return
    }
    // Others have written to the buffer since, so it cannot be wound back.
    if (mark.at > mark.from) output.add(mark.bytes, mark.from, mark.at)
    this.#from = this.at
  }

  /** After all outputs were handed over: reuses the buffer if nobody holds a part of it. */
  recycle(reusable: boolean): void {
    if (!reusable || this.bytes.length !== REPLY_BUFFER_BYTES) {
      this.bytes = Buffer.allocUnsafeSlow(REPLY_BUFFER_BYTES)
    }
    this.at = 0
    this.#from = 0
  }

  #reserve(size: number): void {
    if (this.at + size > this.bytes.length) this.#turnPage(size)
  }

  #turnPage(size: number): void {
    this.end()
    this.bytes = Buffer.allocUnsafeSlow(Math.max(REPLY_BUFFER_BYTES, size))
    this.at = 0
    this.#from = 0
  }

  ok(): void {
    this.#reserve(5)
    const bytes = this.bytes
    const at = this.at
    bytes[at] = PLUS
    bytes[at + 1] = 0x4f
    bytes[at + 2] = 0x4b
    bytes[at + 3] = CR
    bytes[at + 4] = LF
    this.at = at + 5
  }

  /** A simple string. `text` has no line break. */
  status(text: string): void {
    this.#line(PLUS, text)
  }

  /** An error; line breaks in it become spaces. */
  error(text: string): void {
    this.#line(MINUS, /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text)
  }

  #line(type: number, text: string): void {
    this.#reserve(text.length + 3)
    this.bytes[this.at++] = type
    this.at += this.bytes.latin1Write(text, this.at)
    this.#crlf()
  }

  #crlf(): void {
    this.bytes[this.at++] = CR
    this.bytes[this.at++] = LF
  }

  /** An integer that a double holds exactly. */
  integer(value: number): void {
    this.#header(COLON, value)
  }

  /** A 64-bit integer. */
  bigint(value: bigint): void {
    this.#line(COLON, value.toString())
  }

  #header(type: number, value: number): void {
    this.#reserve(24)
    const bytes = this.bytes
    if (value >= 0 && value < 10) {
      const at = this.at
      bytes[at] = type
      bytes[at + 1] = 0x30 + value
      bytes[at + 2] = CR
      bytes[at + 3] = LF
      this.at = at + 4
      return
    }
    bytes[this.at++] = type
    this.#digits(value)
    this.#crlf()
  }

  /** Prints an integer without a string. The room is there. */
  #digits(value: number): void {
    this.at = writeInteger(this.bytes, this.at, value)
  }

  /** A bulk string of latin1 characters. */
  bulk(text: string): void {
    const length = text.length
    this.#header(DOLLAR, length)
    this.#reserve(length + 2)
    this.at += this.bytes.latin1Write(text, this.at)
    this.#crlf()
  }

  /** A bulk string of UTF-8, for texts of our own. */
  text(text: string): void {
    const bytes = Buffer.from(text)
    this.bulkBytes(bytes, 0, bytes.length)
  }

  /** A bulk string of `from[start, end)`, copied. */
  bulkBytes(from: Uint8Array, start: number, end: number): void {
    const length = end - start
    this.#header(DOLLAR, length)
    this.#reserve(length + 2)
    const bytes = this.bytes
    let at = this.at
    if (length <= 24) {
      for (let i = start; i < end; i++) bytes[at++] = from[i]!
    } else {
      copy.call(from as Buffer, bytes, at, start, end)
      at += length
    }
    bytes[at] = CR
    bytes[at + 1] = LF
    this.at = at + 2
  }

  /** A bulk string of `from[start, end)`, sent from where it is: it must not change until sent. */
  bulkLent(from: Buffer, start: number, end: number): void {
    this.#header(DOLLAR, end - start)
    this.end()
    this.#output!.add(from, start, end)
    this.#reserve(2)
    this.#crlf()
  }

  /** A bulk string of an integer's decimal digits. */
  bulkInteger(value: number): void {
    this.#reserve(30)
    const { bytes, at } = this
    // The digits first, behind the four bytes that the length of up to nine of them takes.
    const end = writeInteger(bytes, at + 4, value)
    const length = end - at - 4
    if (length > 9) {
      this.bulk(String(value))
      return
    }
    bytes[at] = DOLLAR
    bytes[at + 1] = 0x30 + length
    bytes[at + 2] = CR
    bytes[at + 3] = LF
    bytes[end] = CR
    bytes[end + 1] = LF
    this.at = end + 2
  }

  /** A verbatim string (`txt`) in RESP3, a bulk string in RESP2. */
  verbatim(text: string, format = 'txt'): void {
    const bytes = Buffer.from(text)
    if (this.protocol === 2) {
      this.bulkBytes(bytes, 0, bytes.length)
      return
    }
    this.#header(EQUALS, bytes.length + 4)
    this.raw(`${format}:`)
    this.#reserve(bytes.length + 2)
    this.at += bytes.copy(this.bytes, this.at)
    this.#crlf()
  }

  /** Nothing: `$-1` in RESP2. */
  null(): void {
    if (this.protocol === 2) this.raw('$-1\r\n')
    else this.raw('_\r\n')
  }

  /** Nothing where an array would be: `*-1` in RESP2. */
  nullArray(): void {
    if (this.protocol === 2) this.raw('*-1\r\n')
    else this.raw('_\r\n')
  }

  array(length: number): void {
    this.#header(STAR, length)
  }

  map(pairs: number): void {
    if (this.protocol === 2) this.#header(STAR, pairs * 2)
    else this.#header(PERCENT, pairs)
  }

  set(length: number): void {
    this.#header(this.protocol === 2 ? STAR : TILDE, length)
  }

  /** Out-of-band data. RESP3 only; in RESP2 an array, as pub/sub messages are there. */
  push(length: number): void {
    this.#header(this.protocol === 2 ? STAR : GREATER, length)
  }

  boolean(value: boolean): void {
    if (this.protocol === 2) this.integer(value ? 1 : 0)
    else this.raw(value ? '#t\r\n' : '#f\r\n')
  }

  double(value: number): void {
    // Most scores are small integers; -0 is printed with its sign.
    if (value === (value | 0) && !Object.is(value, -0)) {
      if (this.protocol === 2) this.bulkInteger(value)
      else this.#header(COMMA, value)
      return
    }
    this.doubleText(formatDouble(value))
  }

  /** A double by its digits. */
  doubleText(text: string): void {
    if (this.protocol === 2) this.bulk(text)
    else this.#line(COMMA, text)
  }

  bigNumber(digits: string): void {
    if (this.protocol === 2) this.bulk(digits)
    else this.#line(OPEN, digits)
  }

  /** Bytes of the protocol as they are. */
  raw(text: string): void {
    this.#reserve(text.length)
    this.at += this.bytes.latin1Write(text, this.at)
  }

  rawBytes(bytes: Buffer): void {
    this.#reserve(bytes.length)
    this.at += bytes.copy(this.bytes, this.at)
  }

  /** An array of bulk strings. */
  bulks(texts: Iterable<string>, count: number): void {
    this.array(count)
    for (const text of texts) this.bulk(text)
  }
}

/** A double as Redis prints it: shortest form that reads back the same; `inf`, `-inf`, `nan`. */
export function formatDouble(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value === Number.NEGATIVE_INFINITY) return '-inf'
  if (Number.isNaN(value)) return 'nan'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const size = Math.abs(value)
  // Redis prints integers of this size by its integer path, and the rest with "%.17g".
  if (Number.isInteger(value) && size < 2 ** 52) return String(value)
  return formatShortest(value)
}

/** The digits of "%.17g": exponent form below 1e-4 and from 1e17, trailing zeros dropped. */
export function formatShortest(value: number): string {
  const [mantissa, exponentText] = value.toExponential(16).split('e') as [string, string]
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 17) {
    const digits = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
    const sign = exponent < 0 ? '-' : '+'
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  const fixed = value.toFixed(Math.max(0, 16 - exponent))
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed
}
