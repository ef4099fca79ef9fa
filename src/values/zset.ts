// zset.ts — A sorted set over Redis's thresholds: members found by name, ordered by score.
//
// A record holds the member and its score; a tree orders the records by score and then by the
// member's bytes. Every range is a range of ranks: the caller turns bounds into ranks with
// `rankOfScore` and `rankOfLex`, then walks, counts or removes in O(log n) plus what it touches.
//
// Invariant: each record has exactly one row in the tree, under the score that the record holds.
// There is one place to walk from, that of `seek`; it and what is read from it are good until the
// set is next changed or asked for another rank. Scores are never NaN. Chance is passed in.

import { compareBytes } from './bytes.ts'
import { Dict, KEY_LENGTH, type RecordOwner } from './dict.ts'
import { asElement, Element, type Text } from './element.ts'
import * as listpack from './listpack.ts'
import { PAGE_SHIFT, type Records, WORD_MASK } from './records.ts'
import { packScore, parseScore, scoreHigh, scoreLow, scoreOf, writeSortable } from './score.ts'
import { type Tie, Tree } from './tree.ts'

const SCORE_HIGH = 2
const SCORE_LOW = 3
const HEADER_WORDS = 4
/** Word of a row, behind the two of the score. */
const REFERENCE = 2
const ZSET_BYTES = 300

/** Where a bound stands among members of the same score. */
type Side = 'before all' | 'at member' | 'after member' | 'after all'

export class Zset implements RecordOwner {
  readonly #dict = new Dict(HEADER_WORDS, this)
  readonly #order = new Tree(2, 3, bound)

  /** A sorted set of the pairs of member and score in a listpack that has been validated. */
  static fromListpack(lp: Uint8Array, base: number): Zset {
    const zset = new Zset()
    let at = listpack.first(lp, base)
    while (at >= 0) {
      listpack.get(lp, at, spare)
      at = listpack.next(lp, at)
      listpack.get(lp, at, packedScore)
      at = listpack.next(lp, at)
      zset.set(spare, parseScore(packedScore))
    }
    return zset
  }

  get size(): number {
    return this.#dict.size
  }

  memory(): number {
    return ZSET_BYTES + this.#dict.memory() + this.#order.memory()
  }

  score(member: Text): number | undefined {
    const reference = this.#dict.find(asElement(member, spare))
    return reference === 0 ? undefined : this.#scoreOf(reference)
  }

  /** Gives a member a score; true if the member is new. */
  set(member: Text, score: number): boolean {
    const element = asElement(member, spare)
    let reference = this.#dict.find(element)
    const isNew = reference === 0
    if (isNew) {
      reference = this.#dict.insert(element, 0)
    } else {
      const before = this.#scoreOf(reference)
      if (before === score) return false
      this.#aim(before, 'at member', element, reference)
      this.#order.remove()
    }
    this.#setScore(reference, score)
    this.#aim(score, 'at member', element)
    this.#order.key[REFERENCE] = reference
    this.#order.insert()
    return isNew
  }

  /** False if it was no member. */
  remove(member: Text): boolean {
    const element = asElement(member, spare)
    const reference = this.#dict.find(element)
    if (reference === 0) return false
    this.#aim(this.#scoreOf(reference), 'at member', element, reference)
    this.#order.remove()
    this.#dict.remove(reference)
    return true
  }

  /** Number of members before this one, or -1 if it is no member. */
  rank(member: Text): number {
    const element = asElement(member, spare)
    const reference = this.#dict.find(element)
    if (reference === 0) return -1
    this.#aim(this.#scoreOf(reference), 'at member', element, reference)
    return this.#order.rank()
  }

  /** Number of members with a lower score, or with `orEqual` one that is not higher. */
  rankOfScore(score: number, orEqual: boolean): number {
    this.#aim(score, orEqual ? 'after all' : 'before all')
    return this.#order.rank()
  }

  /** Number of members that sort before a text, or with `orEqual` not after it; one score only. */
  rankOfLex(text: Text, orEqual: boolean): number {
    bound.aim(this.#dict.records, orEqual ? 'after member' : 'at member', asElement(text, spare), 0)
    return this.#order.rankByTie()
  }

  /** Goes to the member with this rank; false if there is none. */
  seek(rank: number): boolean {
    return this.#order.seekRank(rank)
  }

  /** Goes on to the next member in order; false, and nowhere, if there is none. */
  next(): boolean {
    return this.#order.next()
  }

  previous(): boolean {
    return this.#order.previous()
  }

  /** Reads the member at the place, and returns its score. */
  read(into: Element): number {
    return this.#read(this.#order.word(REFERENCE), into)
  }

  /**
   * Reads the member at an index from 0 to `size`, and returns its score. Indexes have nothing to
   * do with ranks; they are dense, so a random one is a fair draw.
   */
  readIndex(index: number, into: Element): number {
    return this.#read(this.#dict.at(index), into)
  }

  /** The same sorted set in memory of its own. */
  copy(): Zset {
    const zset = new Zset()
    for (let i = 0; i < this.size; i++) {
      const score = this.readIndex(i, visited)
      zset.set(visited, score)
    }
    return zset
  }

  /** Removes the first member into `into` and returns its score; undefined if there is none. */
  popMin(into: Element): number | undefined {
    return this.#order.seekRank(0) ? this.#pop(into) : undefined
  }

  popMax(into: Element): number | undefined {
    return this.#order.seekRank(this.size - 1) ? this.#pop(into) : undefined
  }

  /** Removes the members with ranks from `from` up to but not including `to`; returns how many. */
  removeRanks(from: number, to: number): number {
    const first = Math.max(from, 0)
    const count = Math.min(to, this.size) - first
    if (count <= 0) return 0
    this.#order.seekRank(first)
    for (let i = 0; i < count; i++) {
      this.#dict.discard(this.#order.word(REFERENCE))
      this.#order.next()
    }
    this.#order.removeRanks(first, first + count)
    this.#dict.collectAll()
    return count
  }

  /**
   * Visits up to `count` members from a cursor on; returns the next cursor, 0 at the end. A scan
   * begins with cursor 0. Members that stay throughout are visited at least once.
   */
  scan(cursor: number, count: number, visit: (member: Element, score: number) => void): number {
    let index = cursor === 0 ? this.size : Math.min(cursor, this.size)
    for (let i = 0; i < count && index > 0; i++) {
      const score = this.readIndex(--index, visited)
      visit(visited, score)
    }
    return index
  }

  /** The pairs of member and score, in order, as a listpack. */
  toListpack(): Uint8Array {
    let lp: Uint8Array = listpack.create(this.size * 16)
    for (let more = this.seek(0); more; more = this.next()) {
      const score = this.read(spare)
      lp = listpack.append(lp, 0, lp.length, spare)
      lp = listpack.append(lp, 0, lp.length, packScore(score, packedScore))
    }
    return lp.subarray(0, listpack.byteLength(lp, 0))
  }

  /** For the dict: a record is only its header and the member. */
  tailBytes(): number {
    return 0
  }

  /** For the dict: the row that refers to a record that moves takes its new reference. */
  moved(from: number, to: number): void {
    this.#dict.readKey(to, moved)
    this.#aim(this.#scoreOf(to), 'at member', moved, from)
    this.#order.key[REFERENCE] = to
    this.#order.rewrite()
  }

  /** Makes ready to look for a place in the order, or for the row with a reference that is known. */
  #aim(score: number, side: Side, member?: Element, reference = 0): void {
    writeSortable(score, this.#order.key)
    bound.aim(this.#dict.records, side, member, reference)
  }

  #pop(into: Element): number {
    const reference = this.#order.word(REFERENCE)
    const score = this.#read(reference, into)
    into.keep()
    this.#order.removeFound()
    this.#dict.take(reference)
    return score
  }

  #read(reference: number, into: Element): number {
    this.#dict.readKey(reference, into)
    return this.#scoreOf(reference)
  }

  #scoreOf(reference: number): number {
    const words = this.#dict.records.words[reference >>> PAGE_SHIFT]!
    const at = reference & WORD_MASK
    return scoreOf(words[at + SCORE_HIGH]!, words[at + SCORE_LOW]!)
  }

  #setScore(reference: number, score: number): void {
    const words = this.#dict.records.words[reference >>> PAGE_SHIFT]!
    const at = reference & WORD_MASK
    words[at + SCORE_HIGH] = scoreHigh(score)
    words[at + SCORE_LOW] = scoreLow(score)
  }
}

/**
 * Orders records of equal score around what is looked for. One serves all sets, aimed before each
 * search, so that no set keeps the bytes of the last command that asked.
 */
class Bound implements Tie {
  #records: Records | undefined = undefined
  #side: Side = 'before all'
  /** Of the row that is sought, if it is known: to recognize it, its record need not be looked at. */
  #reference = 0
  #bytes: Uint8Array = NOTHING
  #start = 0
  #end = 0

  aim(records: Records, side: Side, member: Element | undefined, reference: number): void {
    this.#records = records
    this.#side = side
    this.#reference = reference
    if (member === undefined) return
    this.#bytes = member.bytes
    this.#start = member.start
    this.#end = member.end
  }

  compare(reference: number): number {
    if (this.#side === 'before all') return 1
    if (this.#side === 'after all') return -1
    if (reference === this.#reference) return 0
    const records = this.#records!
    const page = reference >>> PAGE_SHIFT
    const at = reference & WORD_MASK
    const start = (at + HEADER_WORDS) * 4
    const end = start + records.words[page]![at + KEY_LENGTH]!
    const bytes = records.bytes[page]!
    const order = compareBytes(bytes, start, end, this.#bytes, this.#start, this.#end)
    return order === 0 && this.#side === 'after member' ? -1 : order
  }
}

const NOTHING = Buffer.alloc(0)
const bound = new Bound()
const spare = new Element()
const packedScore = new Element()
const moved = new Element()
const visited = new Element()
