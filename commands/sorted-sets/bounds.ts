// bounds.ts — The ends of ranges of scores and of members, and the ranks that they mean.
//
// A range is turned into ranks [from, to) at once; everything else works on ranks. One range of each
// kind serves all commands, since they run one after the other.

import { type Call, fail, parseFloatLoose } from '../../src/call.ts'
import { ReplyError } from '../../src/errors.ts'
import { parseShortDecimal } from '../../src/values/decimal.ts'
import { Element } from '../../src/values/element.ts'
import { Zset } from '../../src/values/zset.ts'
import type { PackedZset } from './packed-zset.ts'
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

  /** `backward`: it matters in a packed set whose scores differ, which has no order of members. */
  ranks(set: SortedSet, backward: boolean): Ranks {
    if (this.#isEmpty()) return { from: 0, to: 0 }
    if (set instanceof Zset) {
      return { from: this.#rankOf(set, this.#min, true), to: this.#rankOf(set, this.#max, false) }
    }
    return this.#ranksByWalking(set as PackedZset, backward)
  }

  #isEmpty(): boolean {
    const min = this.#min
    const max = this.#max
    if (min.kind === 'highest' || max.kind === 'lowest') return true
    if (min.kind === 'lowest' || max.kind === 'highest') return false
    const order = min.member.compare(max.member)
    return order > 0 || (order === 0 && (min.exclusive || max.exclusive))
  }

  #rankOf(set: Zset, bound: LexBound, isMin: boolean): number {
    if (bound.kind === 'lowest') return 0
    if (bound.kind === 'highest') return set.size
    return set.rankOfLex(bound.member, bound.exclusive === isMin)
  }

  /**
   * As Redis walks a listpack: from one end to the first member inside, and on to the first that is
   * outside again. Where all scores are equal this is what two searches would find.
   */
  #ranksByWalking(set: PackedZset, backward: boolean): Ranks {
    const { size } = set
    set.seek(size - 1)
    const reaches = this.#isAboveMin(set)
    set.seek(0)
    if (!reaches || !this.#isBelowMax(set)) return { from: 0, to: 0 }
    return backward ? this.#walkBackward(set) : this.#walkForward(set)
  }

  #walkForward(set: PackedZset): Ranks {
    let rank = 0
    let more = set.seek(0)
    for (; more && !this.#isAboveMin(set); more = set.next()) rank++
    const from = rank
    for (; more && this.#isBelowMax(set); more = set.next()) rank++
    return { from, to: rank }
  }

  #walkBackward(set: PackedZset): Ranks {
    let rank = set.size
    let more = set.seek(rank - 1)
    for (; more && !this.#isBelowMax(set); more = set.previous()) rank--
    const to = rank
    for (; more && this.#isAboveMin(set); more = set.previous()) rank--
    return { from: rank, to }
  }

  #isAboveMin(set: PackedZset): boolean {
    const { kind, exclusive, member } = this.#min
    if (kind !== 'member') return kind === 'lowest'
    const order = set.compare(member)
    return exclusive ? order > 0 : order >= 0
  }

  #isBelowMax(set: PackedZset): boolean {
    const { kind, exclusive, member } = this.#max
    if (kind !== 'member') return kind === 'highest'
    const order = set.compare(member)
    return exclusive ? order < 0 : order <= 0
  }
}

export const scoreRange = new ScoreRange()
export const lexRange = new LexRange()
