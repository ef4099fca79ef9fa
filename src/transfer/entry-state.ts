// entry-state.ts — What a key holds, as effects that make the same key elsewhere: type, encoding, value, expiry
// and use.
//
//   entry.begun key type encoding expires-at access part
//   entry.continued key part
//
// A string or a packed collection goes as the bytes that it is; an object in the parts that its type defines.
// So a copy is in the same form as the original, and what changes one later changes the other alike.

import type { EffectPart } from '../call.ts'
import type { CoordinationType } from '../coordination.ts'
import type { Database } from '../keyspace/database.ts'
import { FIRST_COORDINATION_TYPE, OBJECT, TYPE_NAMES } from '../keyspace/record.ts'
import { type Collection, collectionParts } from './collection-parts.ts'
import { type Coordinating, coordinationParts } from './coordination-parts.ts'
import type { PartLimits, Parts } from './part.ts'

/** Yields all effects but the last, which it returns. The entry must not change meanwhile. */
export type EntryEffects = Generator<EffectPart[], EffectPart[]>

/** The one effect of an entry that is bytes, and few; most keys are so. Good until the entry changes. */
export function packedEffect(
  db: Database,
  entry: number,
  { bytes }: PartLimits,
): EffectPart[] | undefined {
  if (db.encoding(entry) === OBJECT || db.valueLength(entry) > bytes) return undefined
  return begun(db, entry, db.value(entry))
}

/** The effects of an entry; `monotonic` is what the clock of leases shows now. */
export function* entryEffects(
  db: Database,
  entry: number,
  monotonic: number,
  limits: PartLimits,
): EntryEffects {
  const key = db.key(entry)
  const parts = partsOf(db, entry, monotonic, limits)
  let part = parts.next()
  if (part.done) return begun(db, entry, part.value)
  yield begun(db, entry, part.value)
  for (;;) {
    part = parts.next()
    const continued: EffectPart[] = ['entry.continued', key, part.value]
    if (part.done) return continued
    yield continued
  }
}

function begun(db: Database, entry: number, part: Buffer): EffectPart[] {
  return [
    'entry.begun',
    db.key(entry),
    TYPE_NAMES[db.type(entry)]!,
    db.encoding(entry),
    db.expiry(entry),
    db.access(entry),
    part,
  ]
}

function partsOf(db: Database, entry: number, monotonic: number, limits: PartLimits): Parts {
  if (db.encoding(entry) !== OBJECT) return byteParts(db, entry, limits)
  const type = db.type(entry)
  const value = db.object(entry)
  return type < FIRST_COORDINATION_TYPE
    ? collectionParts(value as unknown as Collection, limits)
    : coordinationParts(type as CoordinationType, value as Coordinating, monotonic, limits)
}

/** The value's bytes, copied: they may be edited in place as soon as this is over. */
function* byteParts(db: Database, entry: number, { bytes }: PartLimits): Parts {
  const length = db.valueLength(entry)
  let at = 0
  for (; at + bytes < length; at += bytes) {
    yield Buffer.from(db.value(entry).subarray(at, at + bytes))
  }
  return Buffer.from(db.value(entry).subarray(at))
}
