// glob.ts — Glob patterns as Redis matches them: KEYS, SCAN, PSUBSCRIBE, CONFIG GET, ACL.
//
//   *  any bytes, also none     ?  one byte     \x  the byte x
//   [abc]  [a-z]  [^abc]  one byte of a set, or not of it
//
// Patterns come from clients, and nothing in them is an error: an unclosed set ends with the pattern, a
// backslash at the end stands for itself, a range may be written backwards. Two of Redis's habits
// surprise: an empty string matches the empty pattern only, not even `*` (KEYS and SCAN look for the
// bare `*` themselves, see `all`); and bytes in ranges compare as signed, [\x01-\xff] is not "all".
//
// Matching takes at most pattern × string steps: when what follows a `*` fails, only that star is
// retried, never an earlier one. A longer match of an earlier star only leaves less text for the
// rest, so it cannot succeed where every choice of the last star failed.

import { ReplyError } from './errors.ts'

export interface Glob {
  readonly pattern: string
  /** The pattern is a bare `*`. KEYS and SCAN then take the empty key too. */
  readonly all: boolean
  /** Strings and pattern are latin1, one character per byte. */
  matches(text: string): boolean
}

export interface GlobOptions {
  readonly nocase?: boolean
}

/** A longer pattern is refused: its program would take some twenty times the pattern's memory. */
const PATTERN_LENGTH_MAX = 1 << 20

/** Steps of a program: a byte to equal, or one of these. Sets are numbered from SET upwards. */
const ANY_BYTE = 256
const STAR = 257
const SET = 258

export function compileGlob(pattern: string, options: GlobOptions = {}): Glob {
  if (pattern.length > PATTERN_LENGTH_MAX) throw new ReplyError('ERR pattern is too long')
  const compiled = new Compiler(pattern, options.nocase === true)
  return compiled.simple() ?? new Program(pattern, compiled.steps, compiled.sets, compiled.nocase)
}

/** The pattern has no star: `text` must be it. */
class Literal implements Glob {
  readonly pattern: string
  readonly all = false
  readonly #literal: string

  constructor(pattern: string, literal: string) {
    this.pattern = pattern
    this.#literal = literal
  }

  matches(text: string): boolean {
    return text === this.#literal
  }
}

/** `literal*`, and `*` itself with an empty literal. */
class Prefix implements Glob {
  readonly pattern: string
  readonly all: boolean
  readonly #literal: string

  constructor(pattern: string, literal: string) {
    this.pattern = pattern
    this.all = pattern === '*'
    this.#literal = literal
  }

  matches(text: string): boolean {
    return text.length > 0 && text.startsWith(this.#literal)
  }
}

class Program implements Glob {
  readonly pattern: string
  readonly all = false
  readonly #steps: Int32Array
  /** 256 bits for each set. */
  readonly #sets: Int32Array
  readonly #nocase: boolean

  constructor(pattern: string, steps: readonly number[], sets: readonly number[], nocase: boolean) {
    this.pattern = pattern
    this.#steps = Int32Array.from(steps)
    this.#sets = Int32Array.from(sets)
    this.#nocase = nocase
  }

  matches(text: string): boolean {
    const steps = this.#steps
    const stepCount = steps.length
    const length = text.length
    if (length === 0) return stepCount === 0
    let at = 0
    let step = 0
    /** The step after the last star, and where in the text its match is tried; -1 for no star. */
    let retryStep = -1
    let retryAt = 0
    while (at < length) {
      const wanted = step < stepCount ? steps[step]! : -1
      if (wanted === STAR) {
        step++
        if (step === stepCount) return true
        retryStep = step
        retryAt = at
      } else if (wanted >= 0 && this.#accepts(wanted, text.charCodeAt(at))) {
        step++
        at++
      } else {
        if (retryStep < 0) return false
        retryAt++
        at = retryAt
        step = retryStep
      }
    }
    while (step < stepCount && steps[step] === STAR) step++
    return step === stepCount
  }

  #accepts(wanted: number, byte: number): boolean {
    if (wanted < ANY_BYTE) return wanted === (this.#nocase ? lower(byte) : byte)
    if (wanted === ANY_BYTE) return true
    const bit = ((wanted - SET) << 8) | byte
    return ((this.#sets[bit >>> 5]! >>> (bit & 31)) & 1) === 1
  }
}

/** Reads the pattern once into steps. */
class Compiler {
  readonly nocase: boolean
  readonly steps: number[] = []
  readonly sets: number[] = []
  readonly #pattern: string
  #at = 0

  constructor(pattern: string, nocase: boolean) {
    this.#pattern = pattern
    this.nocase = nocase
    while (this.#at < pattern.length) this.#step()
  }

  /** A matcher without a program, where the pattern allows it. */
  simple(): Glob | undefined {
    const starred = this.steps[this.steps.length - 1] === STAR
    const literals = starred ? this.steps.slice(0, -1) : this.steps
    if (this.nocase && literals.length > 0) return undefined
    let literal = ''
    for (const step of literals) {
      if (step >= ANY_BYTE) return undefined
      literal += String.fromCharCode(step)
    }
    return starred ? new Prefix(this.#pattern, literal) : new Literal(this.#pattern, literal)
  }

  #step(): void {
    const byte = this.#pattern.charCodeAt(this.#at++)
    switch (byte) {
      case 0x2a: // *
        if (this.steps[this.steps.length - 1] !== STAR) this.steps.push(STAR)
        return
      case 0x3f: // ?
        this.steps.push(ANY_BYTE)
        return
      case 0x5b: // [
        this.steps.push(SET + (this.sets.length >>> 3))
        this.sets.push(...this.#set())
        return
      case 0x5c: // \
        if (this.#at < this.#pattern.length) this.#literal(this.#pattern.charCodeAt(this.#at++))
        else this.#literal(byte)
        return
      default:
        this.#literal(byte)
    }
  }

  #literal(byte: number): void {
    this.steps.push(this.nocase ? lower(byte) : byte)
  }

  /** Reads a set up to and with its `]`, or to the end of the pattern. */
  #set(): number[] {
    const pattern = this.#pattern
    const bits = [0, 0, 0, 0, 0, 0, 0, 0]
    const negated = pattern[this.#at] === '^'
    if (negated) this.#at++
    while (this.#at < pattern.length) {
      const byte = pattern.charCodeAt(this.#at++)
      const left = pattern.length - this.#at
      if (byte === 0x5c && left >= 1) {
        // Escaped bytes in a set mean themselves even where case is ignored.
        setBit(bits, pattern.charCodeAt(this.#at++))
      } else if (byte === 0x5d) {
        break
      } else if (left >= 2 && pattern[this.#at] === '-') {
        this.#range(bits, byte, pattern.charCodeAt(this.#at + 1))
        this.#at += 2
      } else {
        setBit(bits, byte)
        if (this.nocase)
          for (let other = 0; other < 256; other++) {
            if (lower(other) === lower(byte)) setBit(bits, other)
          }
      }
    }
    return negated ? bits.map(word => ~word) : bits
  }

  #range(bits: number[], from: number, to: number): void {
    // The ends are put in order first and folded to lower case after that, so [Z-a] matches
    // nothing where case is ignored.
    let low = Math.min(signed(from), signed(to))
    let high = Math.max(signed(from), signed(to))
    if (this.nocase) {
      low = lower(low)
      high = lower(high)
    }
    for (let byte = 0; byte < 256; byte++) {
      const value = signed(this.nocase ? lower(byte) : byte)
      if (value >= low && value <= high) setBit(bits, byte)
    }
  }
}

function signed(byte: number): number {
  return (byte << 24) >> 24
}

/** Lower case of A to Z; other bytes are not letters, whatever the locale. */
function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte
}

function setBit(bits: number[], byte: number): void {
  bits[byte >>> 5]! |= 1 << (byte & 31)
}
