// element.ts — One byte string on its way into a collection or out of it.
//
// Redis stores a string that spells a 64-bit integer as that integer, and must give back the same
// spelling. An Element holds either side: the text as a range of someone's bytes, the integer as
// two 32-bit halves (a double cannot hold 64 bits), or both. Owners keep a few and refill them, so
// that a command allocates nothing for an element it only looks at.
//
// Invariant: if `integer` is true, high and low hold it; if it is false the text is present. A text
// that was given by a caller has been parsed, so `integer` is then exact.
// A range borrowed from a collection is good until that collection is next changed.

import { compareBytes, copyBytes, latin1, writeLatin1 } from './bytes.ts'

/** Longest spelling of a signed 64-bit integer: a sign and nineteen digits. */
export const INTEGER_TEXT_MAX = 20

/** A larger room, made for one huge string, is given back when a smaller one comes. */
const ROOM_KEPT_MAX = 65536

/** Any integer of this many digits is exact in a double. */
const SAFE_DIGITS = 15
const WORD = 4294967296
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

const MINUS = 0x2d
const ZERO = 0x30
const NOTHING = Buffer.alloc(0)

export class Element {
  bytes: Uint8Array = NOTHING
  start = 0
  end = 0
  integer = false
  /** The signed upper half. */
  high = 0
  /** The lower half, also kept as a signed 32-bit number. */
  low = 0
  /** False while only the integer is known. */
  #spelled = true
  /** Room for strings and spelled integers; made when first needed. */
  #own: Uint8Array = NOTHING

  /** Takes a range that may spell an integer. */
  fromBytes(bytes: Uint8Array, start = 0, end = bytes.length): this {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.#spelled = true
    this.integer = this.#parse()
    return this
  }

  fromString(text: string): this {
    const length = text.length
    const own = this.#room(length)
    writeLatin1(text, own, 0)
    return this.fromBytes(own, 0, length)
  }

  /** Takes an integer that a double holds exactly. */
  fromInteger(value: number): this {
    return this.fromInt64(value < 0 || value >= WORD ? Math.floor(value / WORD) : 0, value | 0)
  }

  fromInt64(high: number, low: number): this {
    this.integer = true
    this.#spelled = false
    this.high = high | 0
    this.low = low | 0
    return this
  }

  /** Takes a range as it is stored: a string to its owner even if it happens to spell a number. */
  fromStored(bytes: Uint8Array, start: number, end: number): this {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.#spelled = true
    this.integer = false
    return this
  }

  /** Makes sure that bytes, start and end hold the text. */
  text(): this {
    if (!this.#spelled) this.#spell()
    return this
  }

  /** Moves borrowed text into the element's own room, so that its source may change. */
  keep(): this {
    if (!this.#spelled || this.bytes === this.#own) return this
    const length = this.end - this.start
    const own = this.#room(length)
    copyBytes(this.bytes, this.start, this.end, own, 0)
    this.bytes = own
    this.start = 0
    this.end = length
    return this
  }

  /** The integer as a double: exact up to 2^53. Only if `integer`. */
  toInteger(): number {
    return this.high * WORD + (this.low >>> 0)
  }

  toBigInt(): bigint {
    return BigInt(this.high) * 4294967296n + BigInt(this.low >>> 0)
  }

  toString(): string {
    if (this.#spelled) return latin1(this.bytes, this.start, this.end)
    return isSafe(this.high, this.low) ? String(this.toInteger()) : String(this.toBigInt())
  }

  equals(other: Element): boolean {
    if (this.integer && other.integer) return this.high === other.high && this.low === other.low
    return this.compare(other) === 0
  }

  /** Order by text, as memcmp. */
  compare(other: Element): number {
    this.text()
    other.text()
    return compareBytes(this.bytes, this.start, this.end, other.bytes, other.start, other.end)
  }

  /** True if the text is the one spelling of a signed 64-bit integer: no plus, no leading zero. */
  #parse(): boolean {
    const { bytes, end } = this
    const length = end - this.start
    if (length === 0 || length > INTEGER_TEXT_MAX) return false
    const negative = bytes[this.start] === MINUS
    const first = negative ? this.start + 1 : this.start
    if (first === end) return false
    const lead = bytes[first]! - ZERO
    if (lead < 0 || lead > 9) return false
    if (lead === 0 && length > 1) return false
    let value = lead
    for (let i = first + 1; i < end; i++) {
      const digit = bytes[i]! - ZERO
      if (digit < 0 || digit > 9) return false
      value = value * 10 + digit
    }
    if (end - first > SAFE_DIGITS) return this.#parseLong()
    if (negative) value = -value
    this.high = Math.floor(value / WORD)
    this.low = value | 0
    return true
  }

  /** All digits, but too many for a double. */
  #parseLong(): boolean {
    const value = BigInt(latin1(this.bytes, this.start, this.end))
    if (value < INT64_MIN || value > INT64_MAX) return false
    this.high = Number(value >> 32n)
    this.low = Number(BigInt.asIntN(32, value))
    return true
  }

  #spell(): void {
    const own = this.#room(INTEGER_TEXT_MAX)
    this.bytes = own
    this.start = 0
    this.#spelled = true
    if (isSafe(this.high, this.low)) {
      this.end = spellInteger(this.toInteger(), own, 0)
      return
    }
    const digits = String(this.toBigInt())
    writeLatin1(digits, own, 0)
    this.end = digits.length
  }

  #room(length: number): Uint8Array {
    const size = this.#own.length
    if (size < length || (size > ROOM_KEPT_MAX && length <= ROOM_KEPT_MAX)) {
      this.#own = Buffer.allocUnsafeSlow(Math.max(INTEGER_TEXT_MAX, length))
    }
    return this.#own
  }
}

/** What collections accept for an element: a latin1 string, or an Element that holds one. */
export type Text = string | Element

/** The element itself, or `spare` filled with the string; its text is present either way. */
export function asElement(text: Text, spare: Element): Element {
  return typeof text === 'string' ? spare.fromString(text) : text.text()
}

function isSafe(high: number, low: number): boolean {
  return high >= -0x200000 && high < 0x200000 && !(high === -0x200000 && low === 0)
}

/** Writes the decimal form of a safe integer and returns where it ends. */
export function spellInteger(value: number, to: Uint8Array, at: number): number {
  let position = at
  let rest = value
  if (rest < 0) {
    to[position++] = MINUS
    rest = -rest
  }
  let digits = 1
  for (let bound = 10; rest >= bound; bound *= 10) digits++
  const end = position + digits
  for (let i = end - 1; i >= position; i--) {
    const quotient = Math.floor(rest / 10)
    to[i] = ZERO + (rest - quotient * 10)
    rest = quotient
  }
  return end
}
