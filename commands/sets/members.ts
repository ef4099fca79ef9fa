// members.ts — Commands on the members of one set, by name.

import type { Call } from '../../src/call.ts'
import { SET } from '../../src/keyspace/record.ts'
import { Element } from '../../src/values/element.ts'
import { readElement } from '../elements.ts'
import { EditableSet } from './editable-set.ts'
import { hasMember, setSize } from './stored-set.ts'

const element = new Element()
const set = new EditableSet()
const other = new EditableSet()

export function sAdd(call: Call): void {
  const expected = call.count - 2
  if (set.open(call, 1)) set.expect(expected)
  else set.create(call, 1, readElement(call, 2, element), expected)
  let added = 0
  for (let i = 2; i < call.count; i++) if (set.add(readElement(call, i, element))) added++
  if (added > 0) {
    set.close()
    call.notify('s', 'sadd', 1)
  }
  call.reply.integer(added)
}

export function sRem(call: Call): void {
  if (!set.open(call, 1)) return call.reply.integer(0)
  let removed = 0
  for (let i = 2; i < call.count; i++) if (set.remove(readElement(call, i, element))) removed++
  if (removed > 0) {
    call.notify('s', 'srem', 1)
    set.close()
  }
  call.reply.integer(removed)
}

export function sMove(call: Call): void {
  const source = call.writeType(1, SET)
  if (source === 0) return call.reply.integer(0)
  const destination = call.writeType(2, SET)
  readElement(call, 3, element)
  if (source === destination) {
    return call.reply.integer(hasMember(call.db, source, element) ? 1 : 0)
  }
  set.openEntry(call, 1, source)
  if (!set.remove(element)) return call.reply.integer(0)
  call.notify('s', 'srem', 1)
  set.close()
  if (destination === 0) other.create(call, 2, element, 1)
  else other.openEntry(call, 2, destination)
  if (other.add(element)) {
    other.close()
    call.notify('s', 'sadd', 2)
  }
  call.reply.integer(1)
}

export function sCard(call: Call): void {
  const entry = call.readType(1, SET)
  call.reply.integer(entry === 0 ? 0 : setSize(call.db, entry))
}

export function sIsMember(call: Call): void {
  replyMembership(call, call.readType(1, SET), 2)
}

export function smIsMember(call: Call): void {
  const entry = call.readType(1, SET)
  call.reply.array(call.count - 2)
  for (let i = 2; i < call.count; i++) replyMembership(call, entry, i)
}

function replyMembership(call: Call, entry: number, i: number): void {
  const found = entry !== 0 && hasMember(call.db, entry, readElement(call, i, element))
  call.reply.integer(found ? 1 : 0)
}
