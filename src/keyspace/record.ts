// record.ts — The layout of an entry in the arena: eight words of header, the key, the value.
//
//   word 0  index of the entry in its segment's dense array
//   word 1  access: LRU clock, or LFU minutes and counter (24 bits, as in Redis)
//   word 2  slot (14 bits), type (4), encoding (4), flags
//   word 3  length of the key in bytes
//   word 4  length of the value in bytes, or the number of the object that is the value
//   word 5  version, low 32 bits: the log sequence number of the last change
//   word 6  version, high bits
//   word 7  position in the expiry heap of its segment plus one; 0 without expiry
//
// The value follows the key without padding. Whoever writes here must leave the other words alone.

export const HEADER_BYTES = 32

export const INDEX = 0
export const ACCESS = 1
export const META = 2
export const KEY_LENGTH = 3
export const VALUE_LENGTH = 4
export const VERSION_LOW = 5
export const VERSION_HIGH = 6
export const EXPIRY = 7

export const SLOT_MASK = 0x3fff
export const TYPE_SHIFT = 14
export const ENCODING_SHIFT = 18
/** Part of the value's memory stands in somebody's output: copy it before changing it in place. */
export const LENT = 1 << 22

/** Names by type number, as TYPE answers them. */
export const TYPE_NAMES = [
  'string',
  'list',
  'set',
  'zset',
  'hash',
  'stream',
  'lock',
  'semaphore',
  'latch',
  'barrier',
  'counter',
  'multimap',
  'leader',
  'limiter',
  'fence',
] as const

export type TypeName = (typeof TYPE_NAMES)[number]

export const STRING = 0
export const LIST = 1
export const SET = 2
export const ZSET = 3
export const HASH = 4
export const STREAM = 5
export const LOCK = 6
export const SEMAPHORE = 7
export const LATCH = 8
export const BARRIER = 9
export const COUNTER = 10
export const MULTIMAP = 11
export const LEADER = 12
export const LIMITER = 13
export const FENCE = 14
/** Types from here on coordinate: they are never evicted, and EXPIRE, RENAME, COPY refuse some. */
export const FIRST_COORDINATION_TYPE = LOCK

/** How the value is kept. OBJECT: as an instance in the keyspace's object table. */
export const INT = 0
export const EMBSTR = 1
export const RAW = 2
export const LISTPACK = 3
export const INTSET = 4
export const OBJECT = 5

/** Strings up to this length are `embstr` in Redis. */
export const EMBSTR_BYTES_MAX = 44

/** Names of packed encodings, and of objects by type. */
const ENCODING_NAMES = ['int', 'embstr', 'raw', 'listpack', 'intset'] as const
const OBJECT_NAMES = ['raw', 'quicklist', 'hashtable', 'skiplist', 'hashtable', 'stream'] as const

/** What OBJECT ENCODING says of an entry. */
export function encodingName(type: number, encoding: number): string {
  if (encoding !== OBJECT) return ENCODING_NAMES[encoding]!
  return OBJECT_NAMES[type] ?? TYPE_NAMES[type]!
}
