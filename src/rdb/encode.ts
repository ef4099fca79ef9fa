// encode.ts — Writes a value as RDB: its type byte, and what that type lays down.
//
// Packed collections and list chunks are written as they stand; other large collections element by
// element. The types are those of version 10, except for hashes with fields that expire.

import { Element } from '../values/element.ts'
import { Hash, NO_EXPIRY } from '../values/hash.ts'
import { List } from '../values/list.ts'
import * as listpack from '../values/listpack.ts'
import { MemberSet } from '../values/member-set.ts'
import { Stream } from '../values/stream.ts'
import type { Zset } from '../values/zset.ts'
import { encodeStream } from './encode-stream.ts'
import * as types from './types.ts'
import type { PackedCollection, Value } from './value.ts'
import type { Writer } from './writer.ts'

/** The oldest RDB version that can say what `encode` writes of this value. */
export function versionOf(value: Value): number {
  return value instanceof Hash && value.expiryCount > 0
    ? types.VERSION_FIELD_EXPIRY
    : types.VERSION_WRITTEN
}

export function encode(value: Value, to: Writer): void {
  if (value instanceof List) encodeList(value, to)
  else if (value instanceof MemberSet) encodeSet(value, to)
  else if (value instanceof Hash) encodeHash(value, to)
  else if (value instanceof Stream) encodeStream(value, to)
  else if (!('kind' in value)) encodeZset(value, to)
  else if (value.kind === 'listpack') encodePacked(value, to)
  else if (value.kind === 'intset') {
    to.byte(types.SET_INTSET)
    to.blob(value.bytes)
  } else {
    to.byte(types.STRING)
    to.string(first.fromBytes(value.bytes))
  }
}

function encodePacked({ type, bytes }: PackedCollection, to: Writer): void {
  switch (type) {
    case 'list':
      to.byte(types.LIST_QUICKLIST_2)
      to.length(1)
      to.length(types.NODE_PACKED)
      to.blob(bytes)
      return
    case 'set':
      // Version 10 has no packed sets of strings.
      to.byte(types.SET)
      to.length(listpack.length(bytes, 0))
      for (let at = listpack.first(bytes, 0); at >= 0; at = listpack.next(bytes, at)) {
        listpack.get(bytes, at, first)
        to.string(first)
      }
      return
    case 'zset':
      to.byte(types.ZSET_LISTPACK)
      to.blob(bytes)
      return
    case 'hash':
      to.byte(types.HASH_LISTPACK)
      to.blob(bytes)
  }
}

function encodeList(list: List, to: Writer): void {
  to.byte(types.LIST_QUICKLIST_2)
  to.length(list.chunkCount)
  for (let chunk = list.head; chunk !== undefined; chunk = chunk.next) {
    to.length(types.NODE_PACKED)
    const lp = Buffer.allocUnsafe(chunk.listpackBytes)
    chunk.writeListpack(lp, 0)
    to.blob(lp)
  }
}

function encodeSet(set: MemberSet, to: Writer): void {
  to.byte(types.SET)
  to.length(set.size)
  for (let i = 0; i < set.size; i++) {
    set.read(i, first)
    to.string(first)
  }
}

/** From the last to the first, as Redis does: its skip list is fastest to load at the head. */
function encodeZset(zset: Zset, to: Writer): void {
  to.byte(types.ZSET_2)
  to.length(zset.size)
  for (let more = zset.seek(zset.size - 1); more; more = zset.previous()) {
    const score = zset.read(first)
    to.string(first)
    to.double(score)
  }
}

function encodeHash(hash: Hash, to: Writer): void {
  const earliest = hash.nextExpiry()
  const expires = hash.expiryCount > 0
  to.byte(expires ? types.HASH_METADATA : types.HASH)
  if (expires) to.uint64(earliest)
  to.length(hash.size)
  for (let i = 0; i < hash.size; i++) {
    if (expires) {
      const expiresAt = hash.expiresAtIndex(i)
      to.length(expiresAt === NO_EXPIRY ? 0 : expiresAt - earliest + 1)
    }
    hash.readIndex(i, first, second)
    to.string(first)
    to.string(second)
  }
}

const first = new Element()
const second = new Element()
