// decoder.ts — Reads requests: arrays of bulk strings, and inline commands.
//
// It works on the chunk where it was read and answers with offsets, so arguments are views and
// nothing is copied. A request that is not complete stays with its connection in a `Pending`, which
// remembers how far it was read: however small the packets, no byte is looked at twice. Whatever
// the bytes are, the decoder does not throw, and it holds no more than the limits allow.

/** Arguments of the request that was just read: argument i is [offsets[2i], offsets[2i+1]). */
export interface Request {
  bytes: Buffer
  offsets: Int32Array
  count: number
}

export interface DecoderLimits {
  /** `proto-max-bulk-len`. */
  bulkBytesMax: number
  /** Before a client has authenticated, requests are small. */
  authenticated: boolean
}

export const ARGUMENTS_MAX = 1024 * 1024
export const INLINE_BYTES_MAX = 64 * 1024
const UNAUTHENTICATED_ARGUMENTS_MAX = 10
const UNAUTHENTICATED_BULK_BYTES_MAX = 16384
/** Room for offsets that is kept between requests. */
const OFFSETS_KEPT = 2 * 4096

export const COMPLETE = 1
export const INCOMPLETE = 0
export const INVALID = -1

const CR = 13
const LF = 10
const STAR = 0x2a
const DOLLAR = 0x24
const QUOTE = 0x22
const APOSTROPHE = 0x27
const BACKSLASH = 0x5c

/** What a connection keeps of a request whose end has not arrived. */
export class Pending {
  bytes: Buffer = Buffer.alloc(0)
  /** Bytes that arrived. */
  length = 0
  /** Where reading goes on. */
  at = 0
  /** Arguments still to come, 0 if the header was not read yet. */
  missing = 0
  /** Length of the argument being read, -1 if not known yet. */
  bulkLength = -1
  count = 0
  offsets = new Int32Array(16)

  /** Appends a part of a chunk, growing no faster than data arrives. */
  append(chunk: Buffer, start: number, end: number): void {
    const needed = this.length + end - start
    if (needed > this.bytes.length) {
      // A large argument whose length is known gets its room at once when half of it is here.
      const expected = this.bulkLength < 0 ? 0 : this.at + this.bulkLength + 2
      const size = expected > needed && expected <= needed * 2 ? expected : needed * 2
      const grown = Buffer.allocUnsafeSlow(Math.max(size, 1024))
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
    }
    chunk.copy(this.bytes, this.length, start, end)
    this.length = needed
  }

  /** Puts a whole request before those that wait. None of these may have been read in part. */
  prepend(request: Buffer): void {
    const bytes = Buffer.allocUnsafeSlow(request.length + this.length)
    request.copy(bytes, 0)
    this.bytes.copy(bytes, request.length, 0, this.length)
    this.bytes = bytes
    this.length = bytes.length
  }

  /** Forgets the first `done` bytes: those requests have been executed. */
  discard(done: number, bytesKept: number): void {
    if (done === 0) return
    const rest = this.length - done
    if (rest === 0 && this.bytes.length > bytesKept) this.bytes = EMPTY
    else this.bytes.copy(this.bytes, 0, done, this.length)
    this.length = rest
    this.at -= done
    for (let i = 0; i < this.count * 2; i++) this.offsets[i]! -= done
  }
}

const EMPTY = Buffer.alloc(0)

export class Decoder {
  readonly request: Request
  /** Text of the protocol error after INVALID. */
  error = ''
  /** Where the next request starts, after COMPLETE. */
  at = 0

  #missing = 0
  #bulkLength = -1
  #count = 0
  #own = new Int32Array(OFFSETS_KEPT)
  /** Where offsets go: our own, or those of the pending request that is being resumed. */
  #offsets = this.#own

  constructor() {
    this.request = { bytes: Buffer.alloc(0), offsets: this.#offsets, count: 0 }
  }

  /**
   * Reads one request from `bytes[at, end)`. COMPLETE: `request` has it, with no arguments for an
   * empty line. INCOMPLETE: call `suspend` to keep what was read.
   */
  read(bytes: Buffer, at: number, end: number, limits: DecoderLimits): number {
    this.#missing = 0
    this.#bulkLength = -1
    this.#count = 0
    this.#offsets = this.#own
    return this.#go(bytes, at, end, limits)
  }

  /** Goes on with a request that was suspended. */
  resume(pending: Pending, limits: DecoderLimits): number {
    this.#missing = pending.missing
    this.#bulkLength = pending.bulkLength
    this.#count = pending.count
    this.#offsets = pending.offsets
    return this.#go(pending.bytes, pending.at, pending.length, limits)
  }

  /** Keeps the state of an incomplete request whose first byte is at `origin`. */
  suspend(pending: Pending, origin: number): void {
    pending.at = this.at - origin
    pending.missing = this.#missing
    pending.bulkLength = this.#bulkLength
    pending.count = this.#count
    // A resumed request was read into the pending's own offsets; only a fresh one is copied.
    if (this.#offsets !== this.#own) {
      pending.offsets = this.#offsets
      return
    }
    const length = this.#count * 2
    if (length > pending.offsets.length) pending.offsets = new Int32Array(length * 2)
    for (let i = 0; i < length; i++) pending.offsets[i] = this.#offsets[i]! - origin
  }

  #go(bytes: Buffer, at: number, end: number, limits: DecoderLimits): number {
    this.at = at
    if (this.#missing === 0) {
      if (at === end) return INCOMPLETE
      if (bytes[at] !== STAR) return this.#inline(bytes, at, end)
      const status = this.#header(bytes, at, end, limits)
      if (status !== COMPLETE) return status
      if (this.#missing === 0) return this.#finish(bytes)
    }
    return this.#arguments(bytes, end, limits)
  }

  #header(bytes: Buffer, at: number, end: number, limits: DecoderLimits): number {
    const status = this.#length(bytes, at + 1, end)
    if (status === INCOMPLETE) {
      return end - at > INLINE_BYTES_MAX ? this.#fail('too big mbulk count string') : INCOMPLETE
    }
    const count = this.#value
    if (status === INVALID || count > ARGUMENTS_MAX) {
      return this.#fail('invalid multibulk length')
    }
    if (!limits.authenticated && count > UNAUTHENTICATED_ARGUMENTS_MAX) {
      return this.#fail('unauthenticated multibulk length')
    }
    this.#missing = Math.max(count, 0)
    return COMPLETE
  }

  #arguments(bytes: Buffer, end: number, limits: DecoderLimits): number {
    let at = this.at
    while (this.#missing > 0) {
      if (this.#bulkLength < 0) {
        if (at === end) {
          this.at = at
          return INCOMPLETE
        }
        if (bytes[at] !== DOLLAR) {
          return this.#fail(`expected '$', got '${String.fromCharCode(bytes[at]!)}'`)
        }
        // The common case first: one or two digits, all of it here.
        const first = bytes[at + 1]! - 0x30
        if (
          end - at >= 5 &&
          first >= 0 &&
          first <= 9 &&
          bytes[at + 2] === CR &&
          bytes[at + 3] === LF
        ) {
          this.#bulkLength = first
          at += 4
        } else {
          const status = this.#length(bytes, at + 1, end)
          if (status === INCOMPLETE) {
            this.at = at
            return end - at > INLINE_BYTES_MAX
              ? this.#fail('too big bulk count string')
              : INCOMPLETE
          }
          const length = this.#value
          if (status === INVALID || length < 0 || length > limits.bulkBytesMax) {
            return this.#fail('invalid bulk length')
          }
          if (!limits.authenticated && length > UNAUTHENTICATED_BULK_BYTES_MAX) {
            return this.#fail('unauthenticated bulk length')
          }
          this.#bulkLength = length
          at = this.at
        }
      }
      const stop = at + this.#bulkLength
      if (stop + 2 > end) {
        this.at = at
        return INCOMPLETE
      }
      const place = this.#count << 1
      if (place === this.#offsets.length) this.#growOffsets(place)
      this.#offsets[place] = at
      this.#offsets[place + 1] = stop
      this.#count++
      this.#missing--
      this.#bulkLength = -1
      // As in Redis, the two bytes after an argument are skipped, whatever they are.
      at = stop + 2
    }
    this.at = at
    return this.#finish(bytes)
  }

  #value = 0

  /** Reads digits up to a line end. COMPLETE: `#value` is the number, `this.at` is after the line. */
  #length(bytes: Buffer, at: number, end: number): number {
    let i = at
    let negative = false
    if (i < end && bytes[i] === 0x2d) {
      negative = true
      i++
    }
    const digits = i
    let value = 0
    while (i < end && bytes[i] !== CR) {
      const digit = bytes[i]! - 0x30
      if (digit < 0 || digit > 9) {
        // Garbage up to the line end; without a line end nothing is decided yet.
        const line = bytes.indexOf(CR, i)
        return line < 0 || line + 1 >= end ? INCOMPLETE : INVALID
      }
      // Far beyond any limit the exact value does not matter.
      if (value < 1e17) value = value * 10 + digit
      i++
    }
    if (i + 1 >= end) return INCOMPLETE
    if (i === digits) return INVALID
    // No leading zeros: Redis reads these numbers strictly.
    if (bytes[digits] === 0x30 && (i - digits > 1 || negative)) return INVALID
    this.#value = negative ? -value : value
    this.at = i + 2
    return COMPLETE
  }

  #finish(bytes: Buffer): number {
    const request = this.request
    request.bytes = bytes
    request.offsets = this.#offsets
    request.count = this.#count
    return COMPLETE
  }

  #fail(text: string): number {
    this.error = text
    return INVALID
  }

  #growOffsets(needed: number): void {
    const grown = new Int32Array(needed * 2)
    grown.set(this.#offsets)
    if (this.#offsets === this.#own) this.#own = grown
    this.#offsets = grown
  }

  /** Gives back the room of a request with very many arguments. */
  shrink(): void {
    if (this.#own.length > OFFSETS_KEPT) this.#own = new Int32Array(OFFSETS_KEPT)
  }

  #inline(bytes: Buffer, at: number, end: number): number {
    let line = bytes.indexOf(LF, at)
    if (line >= end) line = -1
    if (line < 0) {
      return end - at > INLINE_BYTES_MAX ? this.#fail('too big inline request') : INCOMPLETE
    }
    const stop = line > at && bytes[line - 1] === CR ? line - 1 : line
    if (stop - at > INLINE_BYTES_MAX) return this.#fail('too big inline request')
    const words = splitInline(bytes, at, stop)
    if (words === undefined) return this.#fail('unbalanced quotes in request')
    this.at = line + 1
    this.#count = words.length
    if (words.length * 2 > this.#offsets.length) this.#growOffsets(words.length * 2)
    let offset = 0
    words.forEach((word, index) => {
      this.#offsets[index * 2] = offset
      offset += word.length
      this.#offsets[index * 2 + 1] = offset
    })
    return this.#finish(Buffer.concat(words))
  }
}

/**
 * Splits a line into words as a shell would: double quotes with escapes (\n \r \t \b \a \xHH), single
 * quotes with \' only. Undefined if the quotes do not match up.
 */
export function splitInline(bytes: Uint8Array, start: number, end: number): Buffer[] | undefined {
  const words: Buffer[] = []
  let i = start
  for (;;) {
    while (i < end && isSpace(bytes[i]!)) i++
    if (i >= end || bytes[i] === 0) return words
    const word: number[] = []
    while (i < end && !isSpace(bytes[i]!) && bytes[i] !== 0) {
      const byte = bytes[i]!
      if (byte !== QUOTE && byte !== APOSTROPHE) {
        word.push(byte)
        i++
        continue
      }
      i =
        byte === QUOTE
          ? readDoubleQuoted(bytes, i + 1, end, word)
          : readSingleQuoted(bytes, i + 1, end, word)
      // A closing quote must be followed by a space or by the end.
      if (i < 0 || (i < end && !isSpace(bytes[i]!))) return undefined
      break
    }
    words.push(Buffer.from(word))
  }
}

function readDoubleQuoted(bytes: Uint8Array, i: number, end: number, word: number[]): number {
  for (; i < end; i++) {
    const byte = bytes[i]!
    if (byte === QUOTE) return i + 1
    if (byte !== BACKSLASH || i + 1 >= end) {
      word.push(byte)
      continue
    }
    const next = bytes[++i]!
    if (next === 0x78 && i + 2 < end && isHex(bytes[i + 1]!) && isHex(bytes[i + 2]!)) {
      word.push(Number.parseInt(String.fromCharCode(bytes[i + 1]!, bytes[i + 2]!), 16))
      i += 2
    } else {
      word.push(ESCAPES.get(next) ?? next)
    }
  }
  return -1
}

function readSingleQuoted(bytes: Uint8Array, i: number, end: number, word: number[]): number {
  for (; i < end; i++) {
    const byte = bytes[i]!
    if (byte === APOSTROPHE) return i + 1
    if (byte === BACKSLASH && bytes[i + 1] === APOSTROPHE && i + 1 < end) {
      word.push(APOSTROPHE)
      i++
    } else {
      word.push(byte)
    }
  }
  return -1
}

const ESCAPES = new Map([
  [0x6e, 10],
  [0x72, 13],
  [0x74, 9],
  [0x62, 8],
  [0x61, 7],
])

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13)
}

function isHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 32) >= 0x61 && (byte | 32) <= 0x66)
}
