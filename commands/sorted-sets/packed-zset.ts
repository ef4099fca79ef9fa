// packed-zset.ts — A small sorted set where it lies: pairs of member and score in one listpack.
//
// It is aimed at bytes that belong to somebody else. Edits are done in place up to `limit`; what does
// not fit makes a new array, which is then what `bytes` and `base` say, and the owner has to take it
// over. Everything here walks the pairs: the thresholds keep them few.
//
// Invariant: pairs are in order of score, then of the member's bytes; each member is there once.

import { asElement, Element, type Text } from '../../src/values/element.ts'
import * as listpack from '../../src/values/listpack.ts'
import { sizeOf } from '../../src/values/packed-element.ts'
import { packScore, parseScore } from '../../src/values/score.ts'
import type { SortedSet } from './sorted-set.ts'

const NONE = -1

export class PackedZset implements SortedSet {
  bytes: Uint8Array = Buffer.alloc(0)
  base = 0
  limit = 0
  /** Position of the member to be read, or -1. */
  #at = NONE

  aim(bytes: Uint8Array, base: number, limit: number): this {
    this.bytes = bytes
    this.base = base
    this.limit = limit
    this.#at = NONE
    return this
  }

  get byteLength(): number {
    return listpack.byteLength(this.bytes, this.base)
  }

  get size(): number {
    return listpack.length(this.bytes, this.base) >>> 1
  }

  score(member: Text): number | undefined {
    const at = this.#find(asElement(member, spare))
    return at === NONE ? undefined : this.#scoreBehind(at)
  }

  set(member: Text, score: number): boolean {
    const element = asElement(member, spare)
    const at = this.#find(element)
    if (at !== NONE) {
      if (this.#scoreBehind(at) === score) return false
      listpack.remove(this.bytes, this.base, at, 2)
    }
    this.#insert(element, score)
    return at === NONE
  }

  remove(member: Text): boolean {
    const at = this.#find(asElement(member, spare))
    if (at === NONE) return false
    listpack.remove(this.bytes, this.base, at, 2)
    return true
  }

  rank(member: Text): number {
    const element = asElement(member, spare)
    const { bytes } = this
    let rank = 0
    for (let at = this.#first(); at !== NONE; at = this.#following(at)) {
      if (listpack.equals(bytes, at, element)) return rank
      rank++
    }
    return NONE
  }

  rankOfScore(score: number, orEqual: boolean): number {
    let rank = 0
    for (let at = this.#first(); at !== NONE; at = this.#following(at)) {
      const here = this.#scoreBehind(at)
      if (orEqual ? here > score : here >= score) break
      rank++
    }
    return rank
  }

  rankOfLex(text: Text, orEqual: boolean): number {
    const element = asElement(text, spare)
    let rank = 0
    for (let at = this.#first(); at !== NONE; at = this.#following(at)) {
      listpack.get(this.bytes, at, visited)
      const order = visited.compare(element)
      if (orEqual ? order > 0 : order >= 0) break
      rank++
    }
    return rank
  }

  seek(rank: number): boolean {
    this.#at = rank < 0 ? NONE : listpack.seek(this.bytes, this.base, 2 * rank)
    return this.#at !== NONE
  }

  next(): boolean {
    this.#at = this.#following(this.#at)
    return this.#at !== NONE
  }

  previous(): boolean {
    const score = listpack.previous(this.bytes, this.base, this.#at)
    this.#at = score === NONE ? NONE : listpack.previous(this.bytes, this.base, score)
    return this.#at !== NONE
  }

  read(into: Element): number {
    listpack.get(this.bytes, this.#at, into)
    return this.#scoreBehind(this.#at)
  }

  /** Reads the score at the place as it is stored: an integer, or a text. */
  readScore(into: Element): void {
    listpack.get(this.bytes, listpack.next(this.bytes, this.#at), into)
  }

  readIndex(index: number, into: Element): number {
    this.seek(index)
    return this.read(into)
  }

  removeRanks(from: number, to: number): number {
    const first = Math.max(from, 0)
    const count = Math.min(to, this.size) - first
    if (count <= 0) return 0
    listpack.removeRange(this.bytes, this.base, 2 * first, 2 * count)
    return count
  }

  popMin(into: Element): number | undefined {
    return this.seek(0) ? this.#pop(into) : undefined
  }

  popMax(into: Element): number | undefined {
    return this.seek(this.size - 1) ? this.#pop(into) : undefined
  }

  #pop(into: Element): number {
    const score = this.read(into)
    into.keep()
    listpack.remove(this.bytes, this.base, this.#at, 2)
    return score
  }

  #first(): number {
    return listpack.first(this.bytes, this.base)
  }

  #following(at: number): number {
    return listpack.next(this.bytes, listpack.next(this.bytes, at))
  }

  #find(member: Element): number {
    return listpack.find(this.bytes, this.base, member, 1)
  }

  #scoreBehind(at: number): number {
    listpack.get(this.bytes, listpack.next(this.bytes, at), packedScore)
    return parseScore(packedScore)
  }

  #insert(member: Element, score: number): void {
    const at = this.#placeFor(member, score)
    const offset = at - this.base
    this.#take(listpack.insert(this.bytes, this.base, this.limit, at, member))
    const behind = this.base + offset + listpack.elementBytes(this.bytes, this.base + offset)
    packScore(score, packedScore)
    this.#take(listpack.insert(this.bytes, this.base, this.limit, behind, packedScore))
  }

  /** Position of the first pair that sorts after the new one, or of the end. */
  #placeFor(member: Element, score: number): number {
    const { bytes } = this
    for (let at = this.#first(); at !== NONE; at = this.#following(at)) {
      const here = this.#scoreBehind(at)
      if (here > score) return at
      if (here < score) continue
      listpack.get(bytes, at, visited)
      if (visited.compare(member) > 0) return at
    }
    return this.base + this.byteLength - 1
  }

  #take(bytes: Uint8Array): void {
    if (bytes === this.bytes) return
    this.bytes = bytes
    this.base = 0
    this.limit = bytes.length
  }
}

/** Bytes that a pair will take. */
export function pairBytes(member: Element, score: number): number {
  return sizeOf(member) + sizeOf(packScore(score, packedScore))
}

const spare = new Element()
const visited = new Element()
const packedScore = new Element()
