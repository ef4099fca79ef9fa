// collection-parts.ts — Large lists, sets, sorted sets and hashes in parts, element by element.
//
// Elements come in the order in which the value has them, by chunk or by index, so that the copy behaves as
// the original does wherever that order shows.

import { Reader } from '../rdb/reader.ts'
import { Element } from '../values/element.ts'
import { type Hash, NO_EXPIRY } from '../values/hash.ts'
import { List } from '../values/list.ts'
import { MemberSet } from '../values/member-set.ts'
import { Stream } from '../values/stream.ts'
import { Zset } from '../values/zset.ts'
import { Part, type PartLimits, type Parts } from './part.ts'
import { addStreamPart, streamParts } from './stream-parts.ts'

export type Collection = List | MemberSet | Zset | Hash | Stream

export function collectionParts(value: Collection, limits: PartLimits): Parts {
  if (value instanceof List) return listParts(value, limits)
  if (value instanceof Stream) return streamParts(value, limits)
  return elementParts(value, limits)
}

function* listParts(list: List, limits: PartLimits): Parts {
  let part = new Part(limits)
  for (let chunk = list.head; chunk !== undefined; chunk = chunk.next) {
    if (part.isFull) {
      yield part.finish()
      part = new Part(limits)
    }
    const lp = Buffer.allocUnsafe(chunk.listpackBytes)
    chunk.writeListpack(lp, 0)
    part.to.blob(lp)
    part.elements += chunk.count
  }
  return part.finish()
}

function* elementParts(value: MemberSet | Zset | Hash, limits: PartLimits): Parts {
  let part = new Part(limits)
  for (let i = 0; i < value.size; i++) {
    if (part.isFull) {
      yield part.finish()
      part = new Part(limits)
    }
    writeElement(value, i, part)
    part.elements++
  }
  return part.finish()
}

function writeElement(value: MemberSet | Zset | Hash, index: number, { to }: Part): void {
  if (value instanceof MemberSet) {
    value.read(index, first)
    to.string(first)
  } else if (value instanceof Zset) {
    const score = value.readIndex(index, first)
    to.string(first)
    to.double(score)
  } else {
    value.readIndex(index, first, second)
    to.string(first)
    to.string(second)
    const at = value.expiresAtIndex(index)
    to.length(at === NO_EXPIRY ? 0 : at + 1)
  }
}

/** Adds a part behind those before it. PayloadError if the bytes are none. */
export function addCollectionPart(value: Collection, bytes: Buffer): void {
  const from = new Reader(bytes, 0, bytes.length, Number.MAX_SAFE_INTEGER)
  if (value instanceof Stream) {
    addStreamPart(value, from)
    return
  }
  while (from.at < from.end) {
    from.string(first)
    if (value instanceof List) {
      value.appendListpack(first.bytes, first.start)
    } else if (value instanceof MemberSet) {
      value.add(first)
    } else if (value instanceof Zset) {
      value.set(first, from.double())
    } else {
      from.string(second)
      value.set(first, second)
      const expiry = from.length()
      if (expiry > 0) value.setExpiry(first, expiry - 1)
    }
  }
}

const first = new Element()
const second = new Element()
