// stream-id.ts — The ID of a stream entry: a time in milliseconds and a sequence, 64 bits each.
//
// A double cannot hold 64 bits, and clients do use all of them, so each number is two halves. The
// halves are kept as signed 32-bit numbers (the engine stores those without a box) and compared
// as unsigned ones. IDs are immutable. Their text is `ms-seq`, both in decimal.

const WORD = 4294967296
/** Digits of the largest unsigned 64-bit number. */
const DIGITS_MAX = 20
const UINT64_MAX = 2n ** 64n - 1n
/** So many digits are exact in a double. */
const SAFE_DIGITS = 15

export class StreamId {
  readonly msHigh: number
  readonly msLow: number
  readonly seqHigh: number
  readonly seqLow: number

  static readonly MIN: StreamId = new StreamId(0, 0, 0, 0)
  static readonly MAX: StreamId = new StreamId(-1, -1, -1, -1)

  constructor(msHigh: number, msLow: number, seqHigh: number, seqLow: number) {
    this.msHigh = msHigh | 0
    this.msLow = msLow | 0
    this.seqHigh = seqHigh | 0
    this.seqLow = seqLow | 0
  }

  /** An ID of two numbers that a double holds exactly. */
  static of(ms: number, seq: number): StreamId {
    return new StreamId(Math.floor(ms / WORD), ms | 0, Math.floor(seq / WORD), seq | 0)
  }

  /**
   * Reads `ms-seq`, or `ms` alone, to which `seq` is then added: 0 for the beginning of a range,
   * the maximum for its end. Undefined if the text is neither.
   */
  static parse(text: string, seq: StreamId = StreamId.MIN): StreamId | undefined {
    const dash = text.indexOf('-')
    if (!parseUint64(dash < 0 ? text : text.slice(0, dash))) return undefined
    const ms = parsedHigh
    const msLow = parsedLow
    if (dash < 0) return new StreamId(ms, msLow, seq.seqHigh, seq.seqLow)
    if (!parseUint64(text.slice(dash + 1))) return undefined
    return new StreamId(ms, msLow, parsedHigh, parsedLow)
  }

  get isZero(): boolean {
    return (this.msHigh | this.msLow | this.seqHigh | this.seqLow) === 0
  }

  /** The time as a double: exact up to 2^53. */
  get ms(): number {
    return (this.msHigh >>> 0) * WORD + (this.msLow >>> 0)
  }

  compare(other: StreamId): number {
    if (this.msHigh !== other.msHigh) return this.msHigh >>> 0 < other.msHigh >>> 0 ? -1 : 1
    if (this.msLow !== other.msLow) return this.msLow >>> 0 < other.msLow >>> 0 ? -1 : 1
    if (this.seqHigh !== other.seqHigh) return this.seqHigh >>> 0 < other.seqHigh >>> 0 ? -1 : 1
    if (this.seqLow !== other.seqLow) return this.seqLow >>> 0 < other.seqLow >>> 0 ? -1 : 1
    return 0
  }

  /** The ID after this one; undefined after the last. */
  next(): StreamId | undefined {
    const seqLow = (this.seqLow + 1) | 0
    const seqHigh = seqLow === 0 ? (this.seqHigh + 1) | 0 : this.seqHigh
    if ((seqLow | seqHigh) !== 0) return new StreamId(this.msHigh, this.msLow, seqHigh, seqLow)
    const msLow = (this.msLow + 1) | 0
    const msHigh = msLow === 0 ? (this.msHigh + 1) | 0 : this.msHigh
    return (msLow | msHigh) === 0 ? undefined : new StreamId(msHigh, msLow, 0, 0)
  }

  /** The ID before this one; undefined before the first. */
  previous(): StreamId | undefined {
    const seqLow = (this.seqLow - 1) | 0
    const seqHigh = seqLow === -1 ? (this.seqHigh - 1) | 0 : this.seqHigh
    if ((seqLow & seqHigh) !== -1) return new StreamId(this.msHigh, this.msLow, seqHigh, seqLow)
    const msLow = (this.msLow - 1) | 0
    const msHigh = msLow === -1 ? (this.msHigh - 1) | 0 : this.msHigh
    return (msLow & msHigh) === -1 ? undefined : new StreamId(msHigh, msLow, -1, -1)
  }

  /** Writes the four words in the order in which IDs sort. */
  writeTo(key: Int32Array): void {
    key[0] = this.msHigh
    key[1] = this.msLow
    key[2] = this.seqHigh
    key[3] = this.seqLow
  }

  toString(): string {
    return `${decimal(this.msHigh, this.msLow)}-${decimal(this.seqHigh, this.seqLow)}`
  }
}

function decimal(high: number, low: number): string {
  const value = (high >>> 0) * WORD + (low >>> 0)
  if (value <= Number.MAX_SAFE_INTEGER) return String(value)
  return String(BigInt(high >>> 0) * 4294967296n + BigInt(low >>> 0))
}

let parsedHigh = 0
let parsedLow = 0

/** Leaves the halves in `parsedHigh` and `parsedLow`; false if the text is no such number. */
function parseUint64(text: string): boolean {
  if (text.length === 0 || text.length > DIGITS_MAX) return false
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return false
    value = value * 10 + digit
  }
  if (text.length <= SAFE_DIGITS) {
    parsedHigh = Math.floor(value / WORD)
    parsedLow = value | 0
    return true
  }
  const exact = BigInt(text)
  if (exact > UINT64_MAX) return false
  parsedHigh = Number(exact >> 32n) | 0
  parsedLow = Number(BigInt.asIntN(32, exact))
  return true
}
