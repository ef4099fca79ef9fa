// types.ts — The numbers of RDB: versions, and the type byte before each value.
//
// A type names a layout, not only a type of Redis: a hash alone has seven. We write those of
// version 10, which Redis 7.0 and everything after it reads, except where a hash has fields that
// expire; only version 12 can say that.

export const VERSION_WRITTEN = 10
export const VERSION_FIELD_EXPIRY = 12
/** Newest version whose payloads are accepted. */
export const VERSION_READ_MAX = 12

export const STRING = 0
export const LIST = 1
export const SET = 2
export const ZSET = 3
export const HASH = 4
export const ZSET_2 = 5
export const HASH_ZIPMAP = 9
export const LIST_ZIPLIST = 10
export const SET_INTSET = 11
export const ZSET_ZIPLIST = 12
export const HASH_ZIPLIST = 13
export const LIST_QUICKLIST = 14
export const STREAM_LISTPACKS = 15
export const HASH_LISTPACK = 16
export const ZSET_LISTPACK = 17
export const LIST_QUICKLIST_2 = 18
export const STREAM_LISTPACKS_2 = 19
export const SET_LISTPACK = 20
export const STREAM_LISTPACKS_3 = 21
export const HASH_METADATA = 24
export const HASH_LISTPACK_EX = 25

/** How a node of LIST_QUICKLIST_2 holds its elements: one as it is, or a listpack. */
export const NODE_PLAIN = 1
export const NODE_PACKED = 2
