// decode.ts — Reads a value of any type that Redis 2.0 to 7.4 writes, from untrusted bytes.
//
// What is returned satisfies every invariant of the value's own code: packed bytes are validated
// through and through, members and fields are distinct, scores are numbers in order, nothing is
// empty. What is not so throws PayloadError. A collection comes back packed if the limits say so,
// whatever form it was written in.

import { Element } from '../values/element.ts'
import { Hash } from '../values/hash.ts'
import * as intset from '../values/intset.ts'
import { List } from '../values/list.ts'
import * as listpack from '../values/listpack.ts'
import { MemberSet } from '../values/member-set.ts'
import { parseScore } from '../values/score.ts'
import { Zset } from '../values/zset.ts'
import { decodeStream } from './decode-stream.ts'
import { PayloadError, type Reader } from './reader.ts'
import * as types from './types.ts'
import type { Limits, Value } from './value.ts'
import { listpackOfZiplist } from './ziplist.ts'
import { listpackOfZipmap } from './zipmap.ts'

/** Lengths of a score's text in ZSET that stand for no text at all. */
const SCORE_NAN = 253
const SCORE_INF = 254
const SCORE_NEGATIVE_INF = 255

/** Reads the type byte and the value behind it. */
export function decode(from: Reader, limits: Limits): Value {
  const type = from.byte()
  switch (type) {
    case types.STRING:
      return decodeString(from)
    case types.LIST:
      return smallestList(decodeList(from, limits))
    case types.LIST_ZIPLIST:
      return listOf(readZiplist(from), limits)
    case types.LIST_QUICKLIST:
    case types.LIST_QUICKLIST_2:
      return smallestList(decodeQuicklist(from, limits, type === types.LIST_QUICKLIST_2))
    case types.SET:
      return smallestSet(decodeSet(from), limits)
    case types.SET_INTSET:
      return setOfIntset(readIntset(from), limits)
    case types.SET_LISTPACK:
      return setOf(readListpack(from), limits)
    case types.ZSET:
    case types.ZSET_2:
      return smallestZset(decodeZset(from, type === types.ZSET_2), limits)
    case types.ZSET_ZIPLIST:
      return zsetOf(readZiplist(from), limits)
    case types.ZSET_LISTPACK:
      return zsetOf(readListpack(from), limits)
    case types.HASH:
      return smallestHash(decodeHash(from), limits)
    case types.HASH_ZIPMAP:
      return hashOf(readZipmap(from), limits)
    case types.HASH_ZIPLIST:
      return hashOf(readZiplist(from), limits)
    case types.HASH_LISTPACK:
      return hashOf(readListpack(from), limits)
    case types.HASH_METADATA:
      return smallestHash(decodeExpiringHash(from), limits)
    case types.HASH_LISTPACK_EX:
      return smallestHash(decodeExpiringListpack(from), limits)
    case types.STREAM_LISTPACKS:
      return decodeStream(from, 1)
    case types.STREAM_LISTPACKS_2:
      return decodeStream(from, 2)
    case types.STREAM_LISTPACKS_3:
      return decodeStream(from, 3)
    default:
      throw new PayloadError(`a value of type ${type}`)
  }
}

function decodeString(from: Reader): Value {
  from.string(first)
  first.text()
  return { kind: 'string', bytes: Buffer.from(first.bytes.subarray(first.start, first.end)) }
}

// Strings that hold a packed collection. What comes back is validated, and begins at 0.

function readListpack(from: Reader): Uint8Array {
  from.string(first)
  first.text()
  if (!listpack.validate(first.bytes, first.start, first.end)) {
    throw new PayloadError('a malformed listpack')
  }
  return Buffer.from(first.bytes.subarray(first.start, first.end))
}

function readIntset(from: Reader): Uint8Array {
  from.string(first)
  first.text()
  if (!intset.validate(first.bytes, first.start, first.end)) {
    throw new PayloadError('a malformed intset')
  }
  return Buffer.from(first.bytes.subarray(first.start, first.end))
}

function readZiplist(from: Reader): Uint8Array {
  from.string(first)
  first.text()
  return listpackOfZiplist(first.bytes, first.start, first.end)
}

function readZipmap(from: Reader): Uint8Array {
  from.string(first)
  first.text()
  return listpackOfZipmap(first.bytes, first.start, first.end)
}

// Lists

function decodeList(from: Reader, limits: Limits): List {
  const list = new List(limits.listFill)
  for (let rest = from.length(); rest > 0; rest--) {
    from.string(first)
    list.pushTail(first)
  }
  return list
}

function decodeQuicklist(from: Reader, limits: Limits, hasContainers: boolean): List {
  const list = new List(limits.listFill)
  for (let rest = from.length(); rest > 0; rest--) {
    const container = hasContainers ? from.length() : types.NODE_PACKED
    if (container === types.NODE_PLAIN) {
      from.string(first)
      list.pushTail(first)
    } else if (container === types.NODE_PACKED) {
      list.appendListpack(hasContainers ? readListpack(from) : readZiplist(from), 0)
    } else {
      throw new PayloadError('a list node of unknown form')
    }
  }
  return list
}

function smallestList(list: List): Value {
  if (list.length === 0) throw empty()
  return list.isSmall ? { kind: 'listpack', type: 'list', bytes: list.toListpack() } : list
}

function listOf(lp: Uint8Array, limits: Limits): Value {
  return smallestList(List.fromListpack(lp, 0, limits.listFill))
}

// Sets

function decodeSet(from: Reader): MemberSet {
  const set = new MemberSet()
  for (let rest = from.length(); rest > 0; rest--) {
    from.string(first)
    if (!set.add(first)) throw twice()
  }
  return set
}

function smallestSet(set: MemberSet, limits: Limits): Value {
  if (set.size === 0) throw empty()
  if (set.size <= limits.setIntegersMax) {
    const bytes = set.toIntset()
    if (bytes !== undefined) return { kind: 'intset', bytes }
  }
  if (set.size > limits.setEntriesMax) return set
  for (let i = 0; i < set.size; i++) {
    set.read(i, first)
    if (first.end - first.start > limits.setValueBytesMax) return set
  }
  return { kind: 'listpack', type: 'set', bytes: set.toListpack() }
}

function setOf(lp: Uint8Array, limits: Limits): Value {
  requireRows(lp, 1)
  return fits(lp, limits.setEntriesMax, limits.setValueBytesMax)
    ? { kind: 'listpack', type: 'set', bytes: lp }
    : smallestSet(MemberSet.fromListpack(lp, 0), limits)
}

function setOfIntset(bytes: Uint8Array, limits: Limits): Value {
  const count = intset.length(bytes, 0)
  if (count === 0) throw empty()
  if (count <= limits.setIntegersMax) return { kind: 'intset', bytes }
  return smallestSet(MemberSet.fromIntset(bytes, 0), limits)
}

// Sorted sets

function decodeZset(from: Reader, isBinary: boolean): Zset {
  const zset = new Zset()
  for (let rest = from.length(); rest > 0; rest--) {
    from.string(first)
    const score = isBinary ? from.double() : readScoreText(from)
    if (Number.isNaN(score)) throw new PayloadError('a score that is no number')
    if (!zset.set(first, score)) throw twice()
  }
  return zset
}

function readScoreText(from: Reader): number {
  const length = from.byte()
  if (length === SCORE_NAN) return Number.NaN
  if (length === SCORE_INF) return Number.POSITIVE_INFINITY
  if (length === SCORE_NEGATIVE_INF) return Number.NEGATIVE_INFINITY
  const start = from.skip(length)
  return parseScore(second.fromBytes(from.bytes, start, start + length))
}

function smallestZset(zset: Zset, limits: Limits): Value {
  if (zset.size === 0) throw empty()
  if (zset.size > limits.zsetEntriesMax) return zset
  for (let i = 0; i < zset.size; i++) {
    zset.readIndex(i, first)
    if (first.end - first.start > limits.zsetValueBytesMax) return zset
  }
  return { kind: 'listpack', type: 'zset', bytes: zset.toListpack() }
}

function zsetOf(lp: Uint8Array, limits: Limits): Value {
  requireRows(lp, 2)
  return isOrdered(lp) && fits(lp, 2 * limits.zsetEntriesMax, limits.zsetValueBytesMax)
    ? { kind: 'listpack', type: 'zset', bytes: lp }
    : smallestZset(Zset.fromListpack(lp, 0), limits)
}

/** Whether pairs of member and score are in order; a score that is none is an error. */
function isOrdered(lp: Uint8Array): boolean {
  let ordered = true
  let memberBefore = ''
  let scoreBefore = Number.NEGATIVE_INFINITY
  let at = listpack.first(lp, 0)
  while (at >= 0) {
    const member = listpack.string(lp, at)
    at = listpack.next(lp, at)
    listpack.get(lp, at, first)
    at = listpack.next(lp, at)
    const score = parseScore(first)
    if (Number.isNaN(score)) throw new PayloadError('a score that is no number')
    if (score < scoreBefore || (score === scoreBefore && member < memberBefore)) ordered = false
    memberBefore = member
    scoreBefore = score
  }
  return ordered
}

// Hashes

function decodeHash(from: Reader): Hash {
  const hash = new Hash()
  for (let rest = from.length(); rest > 0; rest--) readPair(from, hash)
  return hash
}

function decodeExpiringHash(from: Reader): Hash {
  const earliest = from.uint64()
  const hash = new Hash()
  for (let rest = from.length(); rest > 0; rest--) {
    const offset = from.length()
    readPair(from, hash)
    if (offset > 0) hash.setExpiry(first, validTime(earliest + offset - 1))
  }
  return hash
}

/** Triples of field, value and time; time 0 is none. */
function decodeExpiringListpack(from: Reader): Hash {
  from.uint64()
  const lp = readListpack(from)
  requireRows(lp, 3)
  const hash = new Hash()
  let at = listpack.first(lp, 0)
  while (at >= 0) {
    listpack.get(lp, at, first)
    at = listpack.next(lp, at)
    listpack.get(lp, at, second)
    at = listpack.next(lp, at)
    hash.set(first, second)
    const expiresAt = listpack.integer(lp, at)
    at = listpack.next(lp, at)
    if (expiresAt !== 0) hash.setExpiry(first, validTime(expiresAt))
  }
  return hash
}

function readPair(from: Reader, hash: Hash): void {
  from.string(first)
  from.string(second)
  if (!hash.set(first, second)) throw twice()
}

function validTime(time: number): number {
  if (!Number.isSafeInteger(time) || time < 0) throw new PayloadError('an expiry out of range')
  return time
}

function smallestHash(hash: Hash, limits: Limits): Value {
  if (hash.size === 0) throw empty()
  if (hash.size > limits.hashEntriesMax || hash.expiryCount > 0) return hash
  for (let i = 0; i < hash.size; i++) {
    hash.readIndex(i, first, second)
    const longest = Math.max(first.end - first.start, second.end - second.start)
    if (longest > limits.hashValueBytesMax) return hash
  }
  return { kind: 'listpack', type: 'hash', bytes: hash.toListpack() }
}

function hashOf(lp: Uint8Array, limits: Limits): Value {
  requireRows(lp, 2)
  return fits(lp, 2 * limits.hashEntriesMax, limits.hashValueBytesMax)
    ? { kind: 'listpack', type: 'hash', bytes: lp }
    : smallestHash(Hash.fromListpack(lp, 0), limits)
}

/** Whether a listpack has at most so many elements, and none is longer than that. */
function fits(lp: Uint8Array, elementsMax: number, bytesMax: number): boolean {
  if (listpack.length(lp, 0) > elementsMax) return false
  for (let at = listpack.first(lp, 0); at >= 0; at = listpack.next(lp, at)) {
    listpack.get(lp, at, first)
    first.text()
    if (first.end - first.start > bytesMax) return false
  }
  return true
}

/** The listpack is one or more rows of so many elements, whose first elements are distinct. */
function requireRows(lp: Uint8Array, width: number): void {
  const names = new Set<string>()
  let walked = 0
  for (let at = listpack.first(lp, 0); at >= 0; at = listpack.next(lp, at)) {
    if (walked++ % width === 0) names.add(listpack.string(lp, at))
  }
  if (walked === 0) throw empty()
  if (walked % width !== 0) throw new PayloadError('a listpack that breaks off')
  if (names.size !== walked / width) throw twice()
}

function empty(): PayloadError {
  return new PayloadError('an empty collection')
}

function twice(): PayloadError {
  return new PayloadError('a member or field that appears twice')
}

const first = new Element()
const second = new Element()
