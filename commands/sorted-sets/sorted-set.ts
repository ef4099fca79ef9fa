// sorted-set.ts — What handlers see of a sorted set, packed or large.
//
// The large form is `Zset`, which has all of this by nature; the packed one is `PackedZset`. Places,
// ranks and lifetimes of what is read are as `src/values/zset.ts` has them.

import type { Element, Text } from '../../src/values/element.ts'

export interface SortedSet {
  readonly size: number
  score(member: Text): number | undefined
  /** True if the member is new. */
  set(member: Text, score: number): boolean
  remove(member: Text): boolean
  rank(member: Text): number
  rankOfScore(score: number, orEqual: boolean): number
  /** Of use only where all scores are equal. */
  rankOfLex(text: Text, orEqual: boolean): number
  seek(rank: number): boolean
  next(): boolean
  previous(): boolean
  read(into: Element): number
  /** The members have indexes from 0 to `size`, in no order that means anything. */
  readIndex(index: number, into: Element): number
  removeRanks(from: number, to: number): number
  popMin(into: Element): number | undefined
  popMax(into: Element): number | undefined
}
