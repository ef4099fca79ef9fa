// value.ts — What a key can hold, as RDB sees it: the forms in which values stand in memory.
//
// A small collection is packed bytes, the same as in Redis; a large one is an object. What is small
// is for configuration to say, so it comes with every decoding.

import type { Hash } from '../values/hash.ts'
import type { List } from '../values/list.ts'
import type { MemberSet } from '../values/member-set.ts'
import type { Stream } from '../values/stream.ts'
import type { Zset } from '../values/zset.ts'

export interface PlainString {
  readonly kind: 'string'
  readonly bytes: Uint8Array
}

/** One listpack: of elements, members, pairs of member and score, or of field and value. */
export interface PackedCollection {
  readonly kind: 'listpack'
  readonly type: 'list' | 'set' | 'zset' | 'hash'
  readonly bytes: Uint8Array
}

/** A set of integers. */
export interface PackedIntegers {
  readonly kind: 'intset'
  readonly bytes: Uint8Array
}

export type Value =
  | PlainString
  | PackedCollection
  | PackedIntegers
  | List
  | MemberSet
  | Zset
  | Hash
  | Stream

/** Up to where collections are packed, and strings accepted. The names of Redis are in brackets. */
export interface Limits {
  /** [proto-max-bulk-len] */
  readonly stringBytesMax: number
  /** [list-max-listpack-size] */
  readonly listFill: number
  /** [hash-max-listpack-entries, hash-max-listpack-value] */
  readonly hashEntriesMax: number
  readonly hashValueBytesMax: number
  /** [set-max-intset-entries] */
  readonly setIntegersMax: number
  /** [set-max-listpack-entries, set-max-listpack-value] */
  readonly setEntriesMax: number
  readonly setValueBytesMax: number
  /** [zset-max-listpack-entries, zset-max-listpack-value] */
  readonly zsetEntriesMax: number
  readonly zsetValueBytesMax: number
}
