// editable-set.ts — A set while a command changes it: one under a key, or one that is being computed.
//
// Here is decided when a set changes its form, as Redis decides it: integers are an intset until they are
// too many or a member is none, other members a listpack until they are too many or one is too long, and
// the rest is a MemberSet; none ever goes back. A set under a key lies in its record and grows there; a
// computed one has memory of its own until `store` gives it a key.
//
// Whoever opened a set calls `close` once, after the last change; no empty set is left behind. A few
// instances serve all commands, since they run one after the other.

import type { Call } from '../../src/call.ts'
import { INTSET, LISTPACK, OBJECT, SET } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import * as intset from '../../src/values/intset.ts'
import * as listpack from '../../src/values/listpack.ts'
import { MemberSet } from '../../src/values/member-set.ts'
import { sizeOf } from '../../src/values/packed-element.ts'
import { checkReplaceable } from '../keys/refusal.ts'
import { createListpack, keepPacked, makeRoom, setPacked } from '../packed.ts'

const NARROWEST_BYTES = 2
const NOTHING = Buffer.alloc(0)
/** Room of a computed set before it grows. */
const COMPUTED_BYTES = 64
const EMPTY_INTSET = intset.create()

const member = new Element()

export class EditableSet {
  #call!: Call
  #i = 0
  /** 0 for a computed set. */
  #entry = 0
  #encoding = INTSET
  #large: MemberSet | undefined = undefined
  // A packed set lies in bytes[base, limit), and takes `length` bytes of it.
  #bytes: Uint8Array = NOTHING
  #base = 0
  #limit = 0
  #length = 0
  #expected = 0

  /** Opens the set of key i; false if there is none. */
  open(call: Call, i: number): boolean {
    const entry = call.writeType(i, SET)
    if (entry === 0) return false
    this.openEntry(call, i, entry)
    return true
  }

  openEntry(call: Call, i: number, entry: number): void {
    this.#call = call
    this.#i = i
    this.#entry = entry
    this.#expected = 0
    this.#aim()
  }

  /** Makes a set for key i, which holds none, in the form that suits its members to come. */
  create(call: Call, i: number, first: Element, expected: number): void {
    const { values } = call.server.config
    let entry: number
    if (first.integer && expected <= values['set-max-intset-entries']) {
      entry = createIntset(call, i)
    } else if (expected <= values['set-max-listpack-entries']) {
      entry = createListpack(call, i, SET, sizeOf(first))
    } else {
      entry = call.setObject(i, SET, new MemberSet())
    }
    this.openEntry(call, i, entry)
  }

  /** Begins a set that has no key. */
  begin(call: Call): void {
    this.#call = call
    this.#entry = 0
    this.#expected = 0
    this.#large = undefined
    this.#encoding = INTSET
    this.#take(intset.create(COMPUTED_BYTES), intset.HEADER_BYTES)
  }

  get size(): number {
    if (this.#large !== undefined) return this.#large.size
    return this.#encoding === INTSET
      ? intset.length(this.#bytes, this.#base)
      : listpack.length(this.#bytes, this.#base)
  }

  has(element: Element): boolean {
    if (this.#large !== undefined) return this.#large.has(element)
    return this.#encoding === INTSET
      ? intset.has(this.#bytes, this.#base, element)
      : listpack.find(this.#bytes, this.#base, element) >= 0
  }

  /** Borrows the member at an index. */
  read(index: number, into: Element): void {
    if (this.#large !== undefined) this.#large.read(index, into)
    else if (this.#encoding === INTSET) intset.get(this.#bytes, this.#base, index, into)
    else listpack.get(this.#bytes, listpack.seek(this.#bytes, this.#base, index), into)
  }

  /** Takes note that so many members may be added: for more than it may have, no set is packed. */
  expect(count: number): void {
    this.#expected = count
  }

  /** False if it was a member already. */
  add(element: Element): boolean {
    if (this.#large === undefined) {
      if (this.has(element)) return false
      if (this.#encoding === INTSET) {
        if (element.integer) return this.#addInteger(element)
        this.#leaveIntegers(element)
      }
      if (this.#takes(element)) return this.#append(element)
      this.#enlarge()
    }
    return this.#large!.add(element)
  }

  /** False if it was no member. */
  remove(element: Element): boolean {
    if (this.#large !== undefined) return this.#large.remove(element)
    if (this.#encoding === INTSET) {
      if (!intset.remove(this.#bytes, this.#base, element)) return false
    } else {
      const at = listpack.find(this.#bytes, this.#base, element)
      if (at < 0) return false
      listpack.remove(this.#bytes, this.#base, at)
    }
    this.#shrunk()
    return true
  }

  /** Removes a random member into `into`. The set is not empty. */
  pop(random: () => number, into: Element): void {
    if (this.#large !== undefined) {
      this.#large.pop(random, into)
      return
    }
    const index = Math.floor(random() * this.size)
    this.read(index, into)
    into.keep()
    if (this.#encoding === INTSET) intset.removeAt(this.#bytes, this.#base, index)
    else listpack.removeRange(this.#bytes, this.#base, index, 1)
    this.#shrunk()
  }

  /** Declares the key changed, or deletes it if nothing is left. */
  close(): void {
    const { db } = this.#call
    if (this.size === 0) {
      db.deleteAt(this.#entry)
      this.#call.notify('g', 'del', this.#i)
      return
    }
    if (this.#large === undefined) {
      this.#entry = keepPacked(db, this.#entry, this.#bytes, this.#length)
    }
    db.changed(this.#entry)
  }

  /** Makes key i hold the computed set, or nothing if that is empty; answers its size. */
  store(i: number, event: string): number {
    const call = this.#call
    const { size } = this
    checkReplaceable(call.db, call.peek(i))
    if (size === 0) {
      if (call.delete(i)) call.notify('g', 'del', i)
      return 0
    }
    if (this.#large !== undefined) call.setObject(i, SET, this.#large)
    else setPacked(call, i, SET, this.#encoding, this.#bytes.subarray(0, this.#length))
    call.notify('s', event, i)
    call.signal(i)
    return size
  }

  #addInteger(element: Element): true {
    const { size } = this
    const max = this.#call.server.config.values['set-max-intset-entries']
    if (size >= max || this.#expected > max) {
      this.#enlarge()
      this.#large!.add(element)
      return true
    }
    const width = size === 0 ? NARROWEST_BYTES : (this.#length - intset.HEADER_BYTES) / size
    this.#makeRoom(width)
    const out = intset.add(this.#bytes, this.#base, this.#limit, element)
    this.#take(out, intset.byteLength(out, out === this.#bytes ? this.#base : 0))
    return true
  }

  #append(element: Element): true {
    this.#makeRoom(sizeOf(element))
    const out = listpack.append(this.#bytes, this.#base, this.#limit, element)
    this.#take(out, listpack.byteLength(out, out === this.#bytes ? this.#base : 0))
    return true
  }

  /** Whether a listpack may take one member more, and this one. */
  #takes(element: Element): boolean {
    const { values } = this.#call.server.config
    return (
      this.#encoding === LISTPACK &&
      Math.max(this.size + 1, this.#expected) <= values['set-max-listpack-entries'] &&
      element.end - element.start <= values['set-max-listpack-value'] &&
      this.#length + sizeOf(element) <= listpack.LISTPACK_BYTES_MAX
    )
  }

  /** A member comes that is no integer: makes a listpack of the integers if it may be one. */
  #leaveIntegers(coming: Element): void {
    const { values } = this.#call.server.config
    const { size } = this
    let longest = coming.end - coming.start
    let packed: Uint8Array = listpack.create(this.#length * 2)
    for (let index = 0; index < size; index++) {
      this.read(index, member)
      member.text()
      longest = Math.max(longest, member.end - member.start)
      packed = listpack.append(packed, 0, packed.length, member)
    }
    if (size >= values['set-max-listpack-entries'] || longest > values['set-max-listpack-value']) {
      return
    }
    this.#encoding = LISTPACK
    if (this.#entry !== 0) this.#call.db.setKind(this.#entry, SET, LISTPACK)
    this.#take(packed, listpack.byteLength(packed, 0))
  }

  #enlarge(): void {
    if (this.#large !== undefined) return
    const large =
      this.#encoding === INTSET
        ? MemberSet.fromIntset(this.#bytes, this.#base)
        : MemberSet.fromListpack(this.#bytes, this.#base)
    if (this.#entry !== 0) this.#entry = this.#call.db.storeObject(this.#entry, large)
    this.#encoding = OBJECT
    this.#large = large
  }

  #shrunk(): void {
    const length =
      this.#encoding === INTSET
        ? intset.byteLength(this.#bytes, this.#base)
        : listpack.byteLength(this.#bytes, this.#base)
    this.#take(this.#bytes, length)
  }

  /** Room for `growth` bytes where the set lies in a record; a computed one finds its own. */
  #makeRoom(growth: number): void {
    if (this.#entry === 0 || this.#base + this.#length + growth <= this.#limit) return
    this.#entry = makeRoom(this.#call.db, this.#entry, growth)
    this.#aim()
  }

  /** Takes over what a change has made of the packed set. */
  #take(bytes: Uint8Array, length: number): void {
    if (this.#entry !== 0) {
      this.#entry = this.#call.db.storePacked(this.#entry, bytes, length)
      this.#aim()
      return
    }
    this.#bytes = bytes
    this.#base = 0
    this.#limit = bytes.length
    this.#length = length
  }

  #aim(): void {
    const { db } = this.#call
    const entry = this.#entry
    this.#encoding = db.encoding(entry)
    if (this.#encoding === OBJECT) {
      this.#large = db.object(entry) as MemberSet
      return
    }
    this.#large = undefined
    this.#bytes = db.page(entry)
    this.#base = db.valueStart(entry)
    this.#limit = db.valueLimit(entry)
    this.#length = db.valueLength(entry)
  }
}

function createIntset(call: Call, i: number): number {
  const { db } = call
  const size = intset.HEADER_BYTES
  const entry = db.prepare(call.bytes, call.start(i), call.end(i), size, false)
  db.setKind(entry, SET, INTSET)
  return db.storePacked(entry, EMPTY_INTSET, size)
}
