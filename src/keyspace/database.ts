// database.ts — One numbered database: keys to entries, with their expiry.
//
// An entry is an address in the arena (a number; 0 means none). An address is good until the entry
// is changed by a method that returns a new one, or deleted. Keys come as byte ranges, where they
// lie; no string is made on the way.
//
// Every change of a key passes `#changed`, so that version, dirty count, WATCH and client-side
// caching cannot be forgotten.

import { errors } from '../errors.ts'
import { parseInteger, writeInteger } from '../wire/integer.ts'
import { type Arena, PAGE_SHIFT, UNIT_MASK } from './arena.ts'
import { hashBytes } from './hash.ts'
import type { Keyspace } from './keyspace.ts'
import {
  ACCESS,
  EMBSTR,
  EMBSTR_BYTES_MAX,
  ENCODING_SHIFT,
  EXPIRY,
  encodingName,
  FIRST_COORDINATION_TYPE,
  HASH,
  HEADER_BYTES,
  INT,
  KEY_LENGTH,
  LENT,
  META,
  OBJECT,
  RAW,
  SLOT_MASK,
  STRING,
  TYPE_SHIFT,
  VALUE_LENGTH,
  VERSION_HIGH,
  VERSION_LOW,
} from './record.ts'
import { Segment } from './segment.ts'
import { keySlot, SEGMENT_SHIFT, SEGMENTS } from './slot.ts'
import type { ValueMemory } from './value-memory.ts'
import { VolatileFields } from './volatile-fields.ts'
import { VolatileKeys } from './volatile-keys.ts'

/** Where integers are printed before they are stored. */
const digits = Buffer.allocUnsafeSlow(24)

const TWO_32 = 4294967296
/** A value that grows in place gets room for as much again, up to this much; as in Redis. */
const GROWTH_BYTES_MAX = 1 << 20

/** A value that is a JavaScript object: it accounts for its own memory. */
export interface ObjectValue {
  /** Bytes, O(1). */
  memory(): number
  /** The same value in memory of its own, for COPY. Absent where a copy would make no sense. */
  copy?(): ObjectValue
  /** Of a hash: when the first of its fields expires; Infinity if none does. */
  nextExpiry?(): number
}

export class Database {
  readonly index: number
  /** Number of keys, expired ones that nobody has noticed yet included. */
  size = 0
  segments: (Segment | undefined)[] = new Array(SEGMENTS).fill(undefined)
  /** The entries that expire. */
  readonly expiries = new VolatileKeys(this)
  /** The hashes that have fields which do. */
  readonly fieldDeadlines: VolatileFields
  readonly #keyspace: Keyspace
  readonly #memory: ValueMemory
  readonly #arena: Arena

  // Registers of the last search. They save a second hash when a write follows the search.
  #slot = 0
  #hash = 0

  constructor(index: number, keyspace: Keyspace) {
    this.index = index
    this.#keyspace = keyspace
    this.#memory = keyspace.valueMemory
    this.#arena = keyspace.arena
    this.fieldDeadlines = new VolatileFields(this, this.#memory)
  }

  /** The entry of a key, or 0. An entry past its expiry is deleted first, and is then none. */
  find(key: Uint8Array, start: number, end: number): number {
    const address = this.#locate(key, start, end)
    if (address !== 0 && this.isVolatile(address)) {
      const { expiries } = this.segments[this.#slot >>> SEGMENT_SHIFT]!
      if (expiries.at(address) <= this.#keyspace.now) return this.#expire(address)
    }
    return address
  }

  /** The entry of a key even if its time is over, or 0. Deletes nothing. */
  findStale(key: Uint8Array, start: number, end: number): number {
    return this.#locate(key, start, end)
  }

  #locate(key: Uint8Array, start: number, end: number): number {
    const slot = keySlot(key, start, end)
    const hash = hashBytes(key, start, end)
    this.#slot = slot
    this.#hash = hash
    const segment = this.segments[slot >>> SEGMENT_SHIFT]
    return segment === undefined ? 0 : segment.find(hash, key, start, end)
  }

  /** Whether the entry's time is over (it is still there only because nobody has looked). */
  isExpired(address: number): boolean {
    const at = this.expiry(address)
    return at >= 0 && at <= this.#keyspace.now
  }

  /** Deletes an entry whose time is over. On a backup it stays: only a primary expires. */
  #expire(address: number): 0 {
    const keyspace = this.#keyspace
    if (keyspace.expires) {
      const key = this.key(address)
      this.#remove(address)
      keyspace.lapsed++
      keyspace.hooks.expired(this, key)
    }
    return 0
  }

  /** Deletes up to `limit` entries whose time is over; answers how many. */
  expireDue(limit: number): number {
    for (let count = 0; count < limit; count++) {
      const address = this.expiries.due(this.#keyspace.now)
      if (address === 0) return count
      this.#expire(address)
    }
    return limit
  }

  /** The page's words, and where in them the record starts. */
  words(address: number): Uint32Array {
    return this.#arena.words[address >>> PAGE_SHIFT]!
  }

  word(address: number): number {
    return (address & UNIT_MASK) << 2
  }

  type(address: number): number {
    return (this.words(address)[this.word(address) + META]! >>> TYPE_SHIFT) & 15
  }

  encoding(address: number): number {
    return (this.words(address)[this.word(address) + META]! >>> ENCODING_SHIFT) & 15
  }

  slot(address: number): number {
    return this.words(address)[this.word(address) + META]! & SLOT_MASK
  }

  /** The page that holds the entry; key and value are ranges of it. Never keep it. */
  page(address: number): Buffer {
    return this.#arena.bytes[address >>> PAGE_SHIFT]!
  }

  keyStart(address: number): number {
    return ((address & UNIT_MASK) << 4) + HEADER_BYTES
  }

  keyLength(address: number): number {
    return this.words(address)[this.word(address) + KEY_LENGTH]!
  }

  /** Where the value starts in `page(address)`. Not for objects. */
  valueStart(address: number): number {
    return this.keyStart(address) + this.keyLength(address)
  }

  valueLength(address: number): number {
    return this.words(address)[this.word(address) + VALUE_LENGTH]!
  }

  /** The key as a latin1 string. */
  key(address: number): string {
    const start = this.keyStart(address)
    return this.page(address).latin1Slice(start, start + this.keyLength(address))
  }

  /** A view of the value's bytes, good until the next change of the entry. Not for objects. */
  value(address: number): Buffer {
    const start = this.valueStart(address)
    return this.page(address).subarray(start, start + this.valueLength(address))
  }

  /** The value as an object. Only for encoding OBJECT. */
  object(address: number): ObjectValue {
    return this.#memory.objects[this.valueLength(address)]!
  }

  /** Number of the object that is the value, or -1. */
  objectNumber(address: number): number {
    return this.encoding(address) === OBJECT ? this.valueLength(address) : -1
  }

  /** The encoding's name, as OBJECT ENCODING answers it. */
  encodingName(address: number): string {
    return encodingName(this.type(address), this.encoding(address))
  }

  /** Bytes of the value alone. */
  valueBytes(address: number): number {
    return this.encoding(address) === OBJECT
      ? this.object(address).memory()
      : this.valueLength(address)
  }

  /** Bytes of the tables that find the entries. */
  get indexBytes(): number {
    let bytes = 0
    for (const segment of this.segments) bytes += segment?.indexBytes ?? 0
    return bytes
  }

  /** Log sequence number of the entry's last change. */
  version(address: number): number {
    const words = this.words(address)
    const at = this.word(address)
    return words[at + VERSION_HIGH]! * TWO_32 + words[at + VERSION_LOW]!
  }

  access(address: number): number {
    return this.words(address)[this.word(address) + ACCESS]!
  }

  setAccess(address: number, access: number): void {
    this.words(address)[this.word(address) + ACCESS] = access
  }

  /** The segment that an entry is in. */
  segmentOf(address: number): Segment {
    return this.segments[this.slot(address) >>> SEGMENT_SHIFT]!
  }

  /** Whether the entry expires. */
  isVolatile(address: number): boolean {
    return this.words(address)[this.word(address) + EXPIRY] !== 0
  }

  /** Expiry in ms since the epoch, or -1. */
  expiry(address: number): number {
    return this.isVolatile(address) ? this.segmentOf(address).expiries.at(address) : -1
  }

  #setExpiry(address: number, at: number): void {
    if (this.segmentOf(address).expiries.set(address, at)) this.expiries.count++
  }

  #clearExpiry(address: number): void {
    if (!this.isVolatile(address)) return
    this.segmentOf(address).expiries.remove(address)
    this.expiries.count--
  }

  /** Bytes that the entry costs: record, its share of the index, expiry, object. */
  memory(address: number): number {
    let bytes = this.#arena.sizeAt(address) + 12
    if (this.isVolatile(address)) bytes += 12
    if (this.encoding(address) === OBJECT) bytes += this.object(address).memory()
    return bytes
  }

  /**
   * Makes the key hold the string `from[valueStart, valueEnd)`. Type and expiry of what was there
   * go, unless `keepExpiry`. `from` must not be a page of the arena. Answers the entry's address.
   */
  setString(
    key: Uint8Array,
    start: number,
    end: number,
    from: Buffer,
    valueStart: number,
    valueEnd: number,
    keepExpiry: boolean,
  ): number {
    const length = valueEnd - valueStart
    const address = this.prepare(key, start, end, length, keepExpiry)
    const encoding = encodingOf(from, valueStart, valueEnd)
    this.setKind(address, STRING, encoding)
    const target = this.page(address)
    let at = this.valueStart(address)
    if (length <= 24) {
      for (let i = valueStart; i < valueEnd; i++) target[at++] = from[i]!
    } else {
      from.copy(target, at, valueStart, valueEnd)
    }
    this.changed(address)
    return address
  }

  /** The string as an integer of up to 15 digits; NaN if it is none. */
  integer(address: number): number {
    const start = this.valueStart(address)
    return parseInteger(this.page(address), start, start + this.valueLength(address))
  }

  /** Makes the key, whose entry was just found (0: none), hold an integer; its expiry stays. */
  setInteger(key: Uint8Array, start: number, end: number, address: number, value: number): number {
    const length = writeInteger(digits, 0, value)
    // Most increments need no other room: then the digits are all that changes.
    if (
      address === 0 ||
      !this.#arena.fits(address, HEADER_BYTES + (end - start) + length) ||
      this.isLent(address)
    ) {
      address = this.prepare(key, start, end, length, true)
    }
    this.words(address)[this.word(address) + VALUE_LENGTH] = length
    const page = this.page(address)
    const at = this.valueStart(address)
    for (let i = 0; i < length; i++) page[at + i] = digits[i]!
    this.setKind(address, STRING, INT)
    this.changed(address)
    return address
  }

  /**
   * An entry for the key whose value has room for `length` bytes, to be filled by the caller, who
   * then calls `setKind` and `changed`. What the key held is gone, and its expiry unless kept; but
   * what coordinates is not overwritten: that is WRONGTYPE.
   */
  prepare(
    key: Uint8Array,
    start: number,
    end: number,
    length: number,
    keepExpiry: boolean,
  ): number {
    let address = this.find(key, start, end)
    if (address === 0) return this.#create(key, start, end, length)
    if (this.encoding(address) === OBJECT) {
      // Whoever holds something here holds it: only what deletes a key may take it away.
      if (this.type(address) >= FIRST_COORDINATION_TYPE) throw errors.wrongType
      this.#forgetFields(address)
      this.#memory.releaseObject(this.valueLength(address))
    }
    if (!keepExpiry) this.#clearExpiry(address)
    const size = HEADER_BYTES + (end - start) + length
    if (!this.#arena.fits(address, size) || this.isLent(address)) {
      address = this.#relocate(address, size, HEADER_BYTES + (end - start))
    }
    this.words(address)[this.word(address) + VALUE_LENGTH] = length
    return address
  }

  #create(key: Uint8Array, start: number, end: number, length: number): number {
    const keyLength = end - start
    const arena = this.#arena
    const address = arena.allocate(HEADER_BYTES + keyLength + length)
    const words = arena.words[address >>> PAGE_SHIFT]!
    const at = (address & UNIT_MASK) << 2
    words[at + ACCESS] = this.#keyspace.newAccess
    words[at + META] = this.#slot
    words[at + KEY_LENGTH] = keyLength
    words[at + VALUE_LENGTH] = length
    words[at + EXPIRY] = 0
    const bytes = arena.bytes[address >>> PAGE_SHIFT]!
    let target = ((address & UNIT_MASK) << 4) + HEADER_BYTES
    for (let i = start; i < end; i++) bytes[target++] = key[i]!
    const number = this.#slot >>> SEGMENT_SHIFT
    let segment = this.segments[number]
    if (segment === undefined) {
      segment = new Segment(this.#memory)
      this.segments[number] = segment
    }
    segment.insert(this.#hash, address)
    this.size++
    if (this.#keyspace.created !== undefined) this.#keyspace.created(this, this.key(address))
    return address
  }

  /** Moves an entry to a record of another size, with its first `keep` bytes. */
  #relocate(address: number, size: number, keep: number): number {
    const moved = this.#arena.allocate(size)
    const from = (address & UNIT_MASK) << 4
    const to = (moved & UNIT_MASK) << 4
    this.page(address).copy(this.page(moved), to, from, from + keep)
    this.words(moved)[this.word(moved) + META]! &= ~LENT
    const segment = this.segmentOf(moved)
    segment.move(address, moved)
    segment.expiries.move(address, moved)
    this.#arena.free(address)
    return moved
  }

  /**
   * Gives the value of the entry another length, keeping its content; bytes beyond the old end are
   * zero. For edits in place. Answers the entry's address.
   */
  resizeValue(address: number, length: number): number {
    const old = this.valueLength(address)
    const head = HEADER_BYTES + this.keyLength(address)
    if (!this.#arena.fits(address, head + length) || this.isLent(address)) {
      const room = length > old ? length + Math.min(length, GROWTH_BYTES_MAX) : length
      // Small values grow by their size class; only those with a page of their own get extra room.
      const size = head + (length > GROWTH_BYTES_MAX / 16 ? room : length)
      address = this.#relocate(address, size, head + Math.min(old, length))
    }
    if (length > old) {
      const start = this.valueStart(address)
      this.page(address).fill(0, start + old, start + length)
    }
    this.words(address)[this.word(address) + VALUE_LENGTH] = length
    return address
  }

  /** Before bytes of the value are changed in place: nobody else may be looking at them. */
  ownValue(address: number): number {
    return this.isLent(address)
      ? this.#relocate(
          address,
          HEADER_BYTES + this.keyLength(address) + this.valueLength(address),
          HEADER_BYTES + this.keyLength(address) + this.valueLength(address),
        )
      : address
  }

  isLent(address: number): boolean {
    return (this.words(address)[this.word(address) + META]! & LENT) !== 0
  }

  /** A range of the value's memory was given to an output without copying. */
  lend(address: number): void {
    this.words(address)[this.word(address) + META]! |= LENT
  }

  /** Sets type and encoding. */
  setKind(address: number, type: number, encoding: number): void {
    const words = this.words(address)
    const at = this.word(address) + META
    words[at] = (words[at]! & SLOT_MASK) | (type << TYPE_SHIFT) | (encoding << ENCODING_SHIFT)
  }

  /**
   * Keeps the same value in another encoding. That is logged, so that copies keep it likewise, but it
   * is no change to those who watch the key.
   */
  reencode(address: number, encoding: number): void {
    this.setKind(address, this.type(address), encoding)
    this.#keyspace.dirty++
  }

  /** Where the room of the entry's record ends in its page: a packed value may grow up to there. */
  valueLimit(address: number): number {
    return ((address & UNIT_MASK) << 4) + this.#arena.sizeAt(address)
  }

  /**
   * Takes over a packed value that was edited. `bytes` is the entry's page if the edit was done in
   * place, else a new array with the value at its start. Answers the entry's address.
   */
  storePacked(address: number, bytes: Uint8Array, length: number): number {
    if (bytes !== this.page(address)) {
      const head = HEADER_BYTES + this.keyLength(address)
      if (!this.#arena.fits(address, head + length) || this.isLent(address)) {
        address = this.#relocate(address, head + length, head)
      }
      this.page(address).set(bytes.subarray(0, length), this.valueStart(address))
    }
    this.words(address)[this.word(address) + VALUE_LENGTH] = length
    return address
  }

  /**
   * Makes the entry hold an object instead of its packed value. Type and expiry stay. Answers the
   * entry's address.
   */
  storeObject(address: number, object: ObjectValue): number {
    const head = HEADER_BYTES + this.keyLength(address)
    if (!this.#arena.fits(address, head)) address = this.#relocate(address, head, head)
    this.setKind(address, this.type(address), OBJECT)
    this.words(address)[this.word(address) + VALUE_LENGTH] = this.#memory.keepObject(object)
    return address
  }

  /** Makes the key hold an object. What it held is gone, and its expiry unless kept. */
  setObject(
    key: Uint8Array,
    start: number,
    end: number,
    type: number,
    object: ObjectValue,
    keepExpiry: boolean,
  ): number {
    const address = this.prepare(key, start, end, 0, keepExpiry)
    this.setKind(address, type, OBJECT)
    this.words(address)[this.word(address) + VALUE_LENGTH] = this.#memory.keepObject(object)
    this.changed(address)
    return address
  }

  /** Declares the entry changed. Whoever edits a value in place calls this once afterwards. */
  changed(address: number): void {
    this.amended(address)
    const keyspace = this.#keyspace
    if (keyspace.observed) keyspace.hooks.changed(this, this.key(address))
  }

  /** As `changed`, where those who watch the key need not hear of it: consumer groups of a stream. */
  amended(address: number): void {
    const keyspace = this.#keyspace
    const words = this.words(address)
    const at = this.word(address)
    words[at + VERSION_LOW] = keyspace.version >>> 0
    words[at + VERSION_HIGH] = keyspace.version / TWO_32
    keyspace.dirty++
    if (((words[at + META]! >>> ENCODING_SHIFT) & 15) === OBJECT) {
      this.#memory.measureObject(words[at + VALUE_LENGTH]!)
      if (((words[at + META]! >>> TYPE_SHIFT) & 15) === HASH) this.#noteFields(address)
    }
  }

  #noteFields(address: number): void {
    const at = this.object(address).nextExpiry?.() ?? Number.POSITIVE_INFINITY
    if (at !== Number.POSITIVE_INFINITY) {
      this.fieldDeadlines.note(this.segmentOf(address), this.key(address), at)
    }
  }

  /** What the entry holds is about to go. */
  #forgetFields(address: number): void {
    if (this.fieldDeadlines.size === 0) return
    this.fieldDeadlines.forget(this.segmentOf(address), this.key(address))
  }

  /** Deletes a key. False if there was none (an expired one counts as none). */
  delete(key: Uint8Array, start: number, end: number): boolean {
    const address = this.find(key, start, end)
    if (address === 0) return false
    this.#remove(address)
    return true
  }

  /** Deletes an entry known by its address (eviction, a collection that has become empty). */
  deleteAt(address: number): void {
    this.#remove(address)
  }

  /**
   * Gives the entry another key, here or in another database; what that key held is gone. An object
   * moves as it is, packed bytes with their record. Answers the entry's new address.
   */
  rename(address: number, target: Database, key: Uint8Array, start: number, end: number): number {
    const object = this.objectNumber(address)
    const access = this.access(address)
    const moved = this.#reproduce(address, target, key, start, end)
    if (object >= 0) target.words(moved)[target.word(moved) + VALUE_LENGTH] = object
    target.setAccess(moved, access)
    const type = this.type(address)
    if (object >= 0 && type >= FIRST_COORDINATION_TYPE) {
      const segment = this.segmentOf(address)
      this.#keyspace.hooks.freed(this, segment, this.key(address), type, this.object(address))
    }
    this.#forgetFields(address)
    // The object is no longer the old record's to release.
    this.setKind(address, STRING, RAW)
    this.#remove(address)
    target.changed(moved)
    return moved
  }

  /**
   * Makes another key, here or in another database, hold a copy of the entry's value with its expiry;
   * what that key held is gone. An object must know how to be copied. Answers the copy's address.
   */
  copy(address: number, target: Database, key: Uint8Array, start: number, end: number): number {
    const object = this.encoding(address) === OBJECT ? this.object(address).copy!() : undefined
    const copied = this.#reproduce(address, target, key, start, end)
    if (object !== undefined) {
      target.words(copied)[target.word(copied) + VALUE_LENGTH] = this.#memory.keepObject(object)
    }
    target.changed(copied)
    return copied
  }

  /** A new entry like this one, but for the number of its object, which the caller fills in. */
  #reproduce(
    address: number,
    target: Database,
    key: Uint8Array,
    start: number,
    end: number,
  ): number {
    const held = target.find(key, start, end)
    if (held !== 0) target.#remove(held)
    const encoding = this.encoding(address)
    const length = encoding === OBJECT ? 0 : this.valueLength(address)
    const made = target.#create(key, start, end, length)
    target.setKind(made, this.type(address), encoding)
    const from = this.valueStart(address)
    this.page(address).copy(target.page(made), target.valueStart(made), from, from + length)
    const expiry = this.expiry(address)
    if (expiry >= 0) target.#setExpiry(made, expiry)
    return made
  }

  #remove(address: number): void {
    const keyspace = this.#keyspace
    const segment = this.segmentOf(address)
    const key = keyspace.observed ? this.key(address) : ''
    segment.remove(address)
    segment.deletedVersion = keyspace.version
    this.#clearExpiry(address)
    if (this.encoding(address) === OBJECT) {
      const type = this.type(address)
      if (type >= FIRST_COORDINATION_TYPE) {
        keyspace.hooks.freed(this, segment, this.key(address), type, this.object(address))
      }
      this.#forgetFields(address)
      this.#memory.releaseObject(this.valueLength(address))
    }
    this.#arena.free(address)
    this.size--
    keyspace.dirty++
    if (keyspace.observed) keyspace.hooks.changed(this, key)
  }

  /** Sets the expiry, in ms since the epoch; the caller has dealt with times in the past. */
  setExpiry(address: number, at: number): void {
    this.#setExpiry(address, at)
    this.changed(address)
  }

  /** Takes the expiry away. False if there was none. */
  clearExpiry(address: number): boolean {
    if (!this.isVolatile(address)) return false
    this.#clearExpiry(address)
    this.changed(address)
    return true
  }

  /** A random entry, each with the same chance, or 0. It may be past its expiry. */
  random(random: () => number): number {
    if (this.size === 0) return 0
    let skip = Math.floor(random() * this.size)
    for (const segment of this.segments) {
      if (segment === undefined) continue
      if (skip < segment.count) return segment.dense[skip]!
      skip -= segment.count
    }
    return 0
  }

  /** The next position that SCAN visits after a cursor, and where the walk is then. */
  scan(cursor: number, count: number, visit: (address: number) => void): number {
    // A cursor is segment + 256 × (entries of it still to come). Zero starts, and ends.
    let number = cursor % SEGMENTS
    let left = cursor === 0 ? this.countOf(0) : Math.floor(cursor / SEGMENTS)
    let visited = 0
    let steps = 0
    for (;;) {
      const segment = this.segments[number]
      left = Math.min(left, segment?.count ?? 0)
      while (segment !== undefined && left > 0 && visited < count) {
        left--
        visited++
        visit(segment.dense[left]!)
      }
      if (left > 0) return number + SEGMENTS * left
      do {
        number++
        steps++
        if (number === SEGMENTS) return 0
        left = this.countOf(number)
      } while (left === 0)
      if (visited >= count || steps > SEGMENTS) return number + SEGMENTS * left
    }
  }

  /** Number of keys in a segment. */
  countOf(number: number): number {
    return this.segments[number]?.count ?? 0
  }

  /** Keys of a slot. Looks at all of its segment. */
  countInSlot(slot: number): number {
    let count = 0
    this.#visitSlot(slot, Number.POSITIVE_INFINITY, () => count++)
    return count
  }

  /** Names of up to `max` keys of a slot. */
  keysInSlot(slot: number, max: number): string[] {
    const keys: string[] = []
    this.#visitSlot(slot, max, address => keys.push(this.key(address)))
    return keys
  }

  #visitSlot(slot: number, max: number, visit: (address: number) => void): void {
    const segment = this.segments[slot >>> SEGMENT_SHIFT]
    if (segment === undefined) return
    for (let i = 0, left = max; i < segment.count && left > 0; i++) {
      const address = segment.dense[i]!
      if (this.slot(address) !== slot) continue
      visit(address)
      left--
    }
  }

  /** Visits all entries; the visitor must not change the database. */
  forEach(visit: (address: number) => void): void {
    for (const segment of this.segments) {
      if (segment === undefined) continue
      for (let i = 0; i < segment.count; i++) visit(segment.dense[i]!)
    }
  }

  /** Forgets all entries without freeing them: the keyspace does that, in slices or at a stroke. */
  detach(): (Segment | undefined)[] {
    const segments = this.segments
    this.segments = new Array(SEGMENTS).fill(undefined)
    this.expiries.count = 0
    this.fieldDeadlines.size = 0
    this.size = 0
    return segments
  }

  /** Forgets the entries of a segment, if there is one, without freeing them. */
  detachSegment(number: number): void {
    const segment = this.segments[number]
    if (segment === undefined) return
    this.segments[number] = undefined
    this.#count(segment, -1)
  }

  /** Takes over a segment of another keyspace in the same memory, where this database has none. */
  attachSegment(number: number, segment: Segment): void {
    if (this.segments[number] !== undefined) throw new Error(`segment ${number} is here already`)
    this.segments[number] = segment
    this.#count(segment, 1)
  }

  #count(segment: Segment, times: 1 | -1): void {
    this.size += times * segment.count
    this.expiries.count += times * segment.expiries.count
    this.fieldDeadlines.size += times * (segment.fieldDeadlines?.size ?? 0)
  }

  /** Exchanges contents with another database, as SWAPDB does. */
  swap(other: Database): void {
    const segments = this.segments
    this.segments = other.segments
    other.segments = segments
    const size = this.size
    this.size = other.size
    other.size = size
    this.expiries.swap(other.expiries)
    this.fieldDeadlines.swap(other.fieldDeadlines)
  }
}

/** The encoding that Redis gives to a string as it is set. */
function encodingOf(bytes: Buffer, start: number, end: number): number {
  const length = end - start
  if (length > EMBSTR_BYTES_MAX) return RAW
  return length <= 20 && length > 0 && isInt64(bytes, start, end) ? INT : EMBSTR
}

const INT64_MAX = '9223372036854775807'
const INT64_MIN = '-9223372036854775808'

/** Whether the bytes are a 64-bit integer as it would be printed: no plus, no leading zeros. */
export function isInt64(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start
  const negative = bytes[i] === 0x2d
  if (negative) i++
  const digits = end - i
  if (digits === 0 || digits > 19) return false
  const first = bytes[i]!
  if (first === 0x30) return digits === 1 && !negative
  for (let at = i; at < end; at++) {
    const byte = bytes[at]!
    if (byte < 0x30 || byte > 0x39) return false
  }
  if (digits < 19) return true
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).latin1Slice()
  return text <= (negative ? INT64_MIN : INT64_MAX)
}
