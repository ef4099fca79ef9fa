// entry.ts — From a key to its sorted set, and back: the two forms, and when one becomes the other.
//
// A small sorted set is a listpack in the arena, a large one a `Zset`. It becomes large, for good,
// when it gets a member too many or too long. Handlers see a `SortedSet`, which is good until the
// command ends. Whoever opened one to change it must `close` it, once, after the last change.

import type { Call } from '../../src/call.ts'
import type { Database } from '../../src/keyspace/database.ts'
import { LISTPACK, OBJECT, ZSET } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import { LISTPACK_BYTES_MAX } from '../../src/values/listpack.ts'
import { Zset } from '../../src/values/zset.ts'
import { checkReplaceable } from '../keys/refusal.ts'
import { createListpack, keepPacked, makeRoom, setPacked } from '../packed.ts'
import { PackedZset, pairBytes } from './packed-zset.ts'
import type { SortedSet } from './sorted-set.ts'

/** The sorted set of key i, for a command that only reads it; undefined if there is none. */
export function readSortedSet(call: Call, i: number): SortedSet | undefined {
  const entry = call.readType(i, ZSET)
  return entry === 0 ? undefined : sortedSetAt(call.db, entry, reading)
}

/** The sorted set that an entry holds; `packed` serves if it is a small one. */
export function sortedSetAt(db: Database, entry: number, packed: PackedZset): SortedSet {
  return db.encoding(entry) === OBJECT
    ? (db.object(entry) as Zset)
    : packed.aim(db.page(entry), db.valueStart(entry), db.valueLimit(entry))
}

const reading = new PackedZset()

/** A key whose sorted set is being changed. */
class OpenSortedSet {
  set: SortedSet
  #call!: Call
  #i = 0
  #entry = 0
  #large: Zset | undefined = undefined
  readonly #packed = new PackedZset()

  constructor() {
    this.set = this.#packed
  }

  /** Opens the sorted set of key i; undefined if there is none. */
  open(call: Call, i: number): SortedSet | undefined {
    const entry = call.writeType(i, ZSET)
    return entry === 0 ? undefined : this.openEntry(call, i, entry)
  }

  openEntry(call: Call, i: number, entry: number): SortedSet {
    const { db } = call
    this.#call = call
    this.#i = i
    this.#entry = entry
    this.#large = db.encoding(entry) === OBJECT ? (db.object(entry) as Zset) : undefined
    if (this.#large === undefined) this.#aim()
    else this.set = this.#large
    return this.set
  }

  /** Makes an empty sorted set for key i, which holds nothing; the first member comes next. */
  create(call: Call, i: number, first: Element, score: number): SortedSet {
    const entry = createListpack(call, i, ZSET, pairBytes(first, score))
    return this.openEntry(call, i, entry)
  }

  /** Adds a member that is not there. */
  insert(member: Element, score: number): void {
    if (this.#large === undefined) {
      const growth = pairBytes(member, score)
      if (this.#takes(member, growth)) {
        this.#setPacked(member, score, growth)
        return
      }
      this.#enlarge()
    }
    this.#large!.set(member, score)
  }

  /** Gives a member that is there another score. */
  update(member: Element, score: number): void {
    if (this.#large === undefined) this.#setPacked(member, score, pairBytes(member, score))
    else this.#large.set(member, score)
  }

  /** Declares the key changed, or deletes it if nothing is left. */
  close(): void {
    const { db } = this.#call
    if (this.set.size === 0) {
      db.deleteAt(this.#entry)
      this.#call.notify('g', 'del', this.#i)
      return
    }
    if (this.#large === undefined) {
      const { bytes, byteLength } = this.#packed
      this.#entry = keepPacked(db, this.#entry, bytes, byteLength)
    }
    db.changed(this.#entry)
  }

  #takes(member: Element, growth: number): boolean {
    const { values } = this.#call.server.config
    return (
      this.#packed.size < values['zset-max-listpack-entries'] &&
      member.end - member.start <= values['zset-max-listpack-value'] &&
      this.#packed.byteLength + growth <= LISTPACK_BYTES_MAX
    )
  }

  #setPacked(member: Element, score: number, growth: number): void {
    const { db } = this.#call
    this.#entry = makeRoom(db, this.#entry, growth)
    this.#aim()
    const packed = this.#packed
    packed.set(member, score)
    this.#entry = db.storePacked(this.#entry, packed.bytes, packed.byteLength)
  }

  #enlarge(): void {
    const { db } = this.#call
    this.#large = Zset.fromListpack(this.#packed.bytes, this.#packed.base)
    this.#entry = db.storeObject(this.#entry, this.#large)
    this.set = this.#large
  }

  #aim(): void {
    const { db } = this.#call
    const entry = this.#entry
    this.set = this.#packed.aim(db.page(entry), db.valueStart(entry), db.valueLimit(entry))
  }
}

/** One serves all commands, since they run one after the other. */
export const opened = new OpenSortedSet()

/** The sorted set of key i, to be changed; undefined if there is none. */
export function openSortedSet(call: Call, i: number): SortedSet | undefined {
  return opened.open(call, i)
}

/**
 * Makes key i hold a sorted set that was computed, in the form that its size asks for, or nothing if
 * that is empty. `event` is what happened to the key.
 */
export function storeSortedSet(call: Call, i: number, zset: Zset, event: string): void {
  checkReplaceable(call.db, call.peek(i))
  if (zset.size === 0) {
    if (call.delete(i)) call.notify('g', 'del', i)
    return
  }
  if (isSmall(call, zset)) setPacked(call, i, ZSET, LISTPACK, zset.toListpack())
  else call.setObject(i, ZSET, zset)
  call.notify('z', event, i)
  call.signal(i)
}

function isSmall(call: Call, zset: Zset): boolean {
  const { values } = call.server.config
  if (zset.size > values['zset-max-listpack-entries']) return false
  const bytesMax = values['zset-max-listpack-value']
  for (let more = zset.seek(0); more; more = zset.next()) {
    zset.read(member)
    if (member.end - member.start > bytesMax) return false
  }
  return true
}

const member = new Element()
