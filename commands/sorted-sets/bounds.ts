// bounds.ts — The ends of ranges of scores and of members, and the ranks that they mean.
//
// A range is turned into ranks [from, to) at once; everything else works on ranks. One range of each
// kind serves all commands, since they run one after the other.

import { type Call, fail, parseFloatLoose } from '../../src/call.ts'
import { ReplyError } from '../../src/errors.ts'
import { parseShortDecimal } from '../../src/values/decimal.ts'
import { Element } from '../../src/values/element.ts'
import type { SortedSet } from './sorted-set.ts'

const notFloat = new ReplyError('ERR min or max is not a float')
const notLexItem = new ReplyError('ERR min or max not valid string range item')

const OPEN = 0x28
const BRACKET = 0x5b
const PLUS = 0x2b
const MINUS = 0x2d

/** Ranks of the members in a range: from `from` up to but not including `to`. */
export interface Ranks {
  readonly from: number
  readonly to: number
}

export class ScoreRange {
  #min = 0
  #max = 0
  #minExclusive = false
  #maxExclusive = false

  read(call: Call, min: number, max: number): this {
    this.#minExclusive = isExclusive(call, min)
    this.#maxExclusive = isExclusive(call, max)
    this.#min = readBound(call, min, this.#minExclusive)
    this.#max = readBound(call, max, this.#maxExclusive)
    return this
  }

  ranks(set: SortedSet): Ranks {
    const from = set.rankOfScore(this.#min, this.#minExclusive)
    return { from, to: set.rankOfScore(this.#max, !this.#maxExclusive) }
  }
}

function isExclusive(call: Call, i: number): boolean {
  return call.length(i) > 0 && call.bytes[call.start(i)] === OPEN
}

function readBound(call: Call, i: number, exclusive: boolean): number {
  const skipped = exclusive ? 1 : 0
  const short = parseShortDecimal(call.bytes, call.start(i) + skipped, call.end(i))
  return Number.isNaN(short) ? parseBound(call.text(i).slice(skipped)) : short
}

/** As strtod has it: spaces before the number, nothing behind a zero byte, and no text is zero. */
function parseBound(text: string): number {
  const end = text.indexOf('\0')
  const shown = end < 0 ? text : text.slice(0, end)
  if (shown === '') return 0
  return parseFloatLoose(shown.replace(/^[\t-\r ]+/, '')) ?? fail(notFloat)
}

/** One end of a range of members; `member` counts only for the third kind. */
class LexBound {
  kind: 'lowest' | 'highest' | 'member' = 'lowest'
  exclusive = false
  readonly member = new Element()

  read(call: Call, i: number): void {
    const start = call.start(i)
    const end = call.end(i)
    const first = start < end ? call.bytes[start] : 0
    if (first === MINUS || first === PLUS) {
      // What follows a zero byte is not seen.
      if (end - start > 1 && call.bytes[start + 1] !== 0) throw notLexItem
      this.kind = first === MINUS ? 'lowest' : 'highest'
    } else if (first === OPEN || first === BRACKET) {
      this.kind = 'member'
      this.exclusive = first === OPEN
      this.member.fromStored(call.bytes, start + 1, end)
    } else {
      throw notLexItem
    }
  }
}

export class LexRange {
  readonly #min = new LexBound()
  readonly #max = new LexBound()

  read(call: Call, min: number, max: number): this {
    this.#min.read(call, min)
    this.#max.read(call, max)
    return this
  }

  /** As in Redis this is of use only where all scores are equal. */
  ranks(set: SortedSet): Ranks {
    return { from: rankOf(set, this.#min, true), to: rankOf(set, this.#max, false) }
  }
}

function rankOf(set: SortedSet, bound: LexBound, isMin: boolean): number {
  if (bound.kind === 'lowest') return 0
  if (bound.kind === 'highest') return set.size
  return set.rankOfLex(bound.member, bound.exclusive === isMin)
}

export const scoreRange = new ScoreRange()
export const lexRange = new LexRange()
