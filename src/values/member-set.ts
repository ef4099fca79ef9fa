// member-set.ts — A set over Redis's thresholds: byte strings, each once.
//
// Adding, removing, asking and drawing a random member are O(1). Members have indexes from 0 to
// `size`; a removal moves the last member into the gap, so the indexes are dense (a draw is fair)
// and a scan downwards meets every member that stays. Named so because JavaScript has a Set.
//
// What is read is borrowed until the set is next changed. Chance is passed in.

import { Dict, type RecordOwner } from './dict.ts'
import { asElement, Element, type Text } from './element.ts'
import * as intset from './intset.ts'
import * as listpack from './listpack.ts'

const HEADER_WORDS = 2
const SET_BYTES = 48

export class MemberSet {
  readonly #dict = new Dict(HEADER_WORDS, NO_TAILS)

  /** A set of the members of an intset that has been validated. */
  static fromIntset(bytes: Uint8Array, base: number): MemberSet {
    const set = new MemberSet()
    const count = intset.length(bytes, base)
    for (let i = 0; i < count; i++) {
      intset.get(bytes, base, i, spare)
      set.add(spare)
    }
    return set
  }

  /** A set of the elements of a listpack that has been validated. */
  static fromListpack(lp: Uint8Array, base: number): MemberSet {
    const set = new MemberSet()
    for (let at = listpack.first(lp, base); at >= 0; at = listpack.next(lp, at)) {
      listpack.get(lp, at, spare)
      set.add(spare)
    }
    return set
  }

  /** The same set in memory of its own. */
  copy(): MemberSet {
    const set = new MemberSet()
    for (let i = 0; i < this.size; i++) {
      this.read(i, visited)
      set.add(visited)
    }
    return set
  }

  /** The members as an intset, or undefined if one of them is no integer. */
  toIntset(): Uint8Array | undefined {
    let bytes: Uint8Array = intset.create(intset.HEADER_BYTES + 2 * this.size)
    for (let i = 0; i < this.size; i++) {
      this.read(i, visited)
      if (!visited.integer) return undefined
      bytes = intset.add(bytes, 0, bytes.length, visited)
    }
    return bytes.subarray(0, intset.byteLength(bytes, 0))
  }

  toListpack(): Uint8Array {
    let lp: Uint8Array = listpack.create()
    for (let i = 0; i < this.size; i++) {
      this.read(i, visited)
      lp = listpack.append(lp, 0, lp.length, visited)
    }
    return lp.subarray(0, listpack.byteLength(lp, 0))
  }

  get size(): number {
    return this.#dict.size
  }

  memory(): number {
    return SET_BYTES + this.#dict.memory()
  }

  has(member: Text): boolean {
    return this.#dict.find(asElement(member, spare)) !== 0
  }

  /** False if it was a member already. */
  add(member: Text): boolean {
    const element = asElement(member, spare)
    if (this.#dict.find(element) !== 0) return false
    this.#dict.insert(element, 0)
    return true
  }

  /** False if it was no member. */
  remove(member: Text): boolean {
    const reference = this.#dict.find(asElement(member, spare))
    if (reference === 0) return false
    this.#dict.remove(reference)
    return true
  }

  /** Reads the member at an index. */
  read(index: number, into: Element): void {
    this.#dict.readKey(this.#dict.at(index), into)
  }

  /** Removes a random member into `into`; false if there is none. `random` gives [0, 1). */
  pop(random: () => number, into: Element): boolean {
    if (this.size === 0) return false
    const reference = this.#dict.at(Math.floor(random() * this.size))
    this.#dict.readKey(reference, into)
    into.keep()
    this.#dict.take(reference)
    return true
  }

  /**
   * Visits up to `count` members from a cursor on; returns the next cursor, 0 at the end. A scan
   * begins with cursor 0. Members that stay throughout are visited at least once.
   */
  scan(cursor: number, count: number, visit: (member: Element) => void): number {
    let index = cursor === 0 ? this.size : Math.min(cursor, this.size)
    for (let i = 0; i < count && index > 0; i++) {
      this.read(--index, visited)
      visit(visited)
    }
    return index
  }
}

/** A record is only its member, and nobody but the dict refers to it. */
const NO_TAILS: RecordOwner = { tailBytes: () => 0, moved: () => {} }

const spare = new Element()
const visited = new Element()
