// fields.ts — Commands on the fields of a hash, by name.

import type { Call } from '../../src/call.ts'
import { wrongArity } from '../../src/errors.ts'
import { Element } from '../../src/values/element.ts'
import { sizeOf } from '../../src/values/packed-element.ts'
import { readElement, replyElement } from '../elements.ts'
import { hash } from './editable-hash.ts'
import { hashSize, readHash, readValue } from './stored-hash.ts'

const field = new Element()
const value = new Element()

export function hSet(call: Call): void {
  call.reply.integer(setFields(call))
}

export function hmSet(call: Call): void {
  setFields(call)
  call.reply.ok()
}

/** Sets the fields that the arguments name; answers how many are new. */
function setFields(call: Call): number {
  if (call.count % 2 === 1) throw wrongArity(call.command.fullName)
  openOrCreate(call)
  let created = 0
  for (let i = 2; i < call.count; i += 2) {
    readElement(call, i, field)
    if (hash.set(field, readElement(call, i + 1, value))) created++
  }
  hash.close()
  call.notify('h', 'hset', 1)
  return created
}

export function hSetNx(call: Call): void {
  openOrCreate(call)
  readElement(call, 2, field)
  if (hash.has(field)) return call.reply.integer(0)
  hash.set(field, readElement(call, 3, value))
  hash.close()
  call.notify('h', 'hset', 1)
  call.reply.integer(1)
}

/** Opens the hash of key 1, or makes one with room for the first field and its value. */
function openOrCreate(call: Call): void {
  if (hash.open(call, 1, 2, 2)) return
  const bytes = sizeOf(readElement(call, 2, field)) + sizeOf(readElement(call, 3, value))
  hash.create(call, 1, bytes)
}

export function hDel(call: Call): void {
  if (!hash.open(call, 1, 2, 1)) return call.reply.integer(0)
  let removed = 0
  for (let i = 2; i < call.count; i++) if (hash.remove(readElement(call, i, field))) removed++
  if (removed > 0) call.notify('h', 'hdel', 1)
  hash.close(removed > 0)
  call.reply.integer(removed)
}

export function hGet(call: Call): void {
  replyValue(call, readHash(call, 1), 2)
}

export function hmGet(call: Call): void {
  const entry = readHash(call, 1)
  call.reply.array(call.count - 2)
  for (let i = 2; i < call.count; i++) replyValue(call, entry, i)
}

function replyValue(call: Call, entry: number, i: number): void {
  if (entry !== 0 && readValue(call, entry, readElement(call, i, field), value)) {
    replyElement(call.reply, value)
  } else {
    call.reply.null()
  }
}

export function hExists(call: Call): void {
  const entry = readHash(call, 1)
  const found = entry !== 0 && readValue(call, entry, readElement(call, 2, field), value)
  call.reply.integer(found ? 1 : 0)
}

export function hStrLen(call: Call): void {
  const entry = readHash(call, 1)
  const found = entry !== 0 && readValue(call, entry, readElement(call, 2, field), value)
  call.reply.integer(found ? value.text().end - value.start : 0)
}

export function hLen(call: Call): void {
  const entry = readHash(call, 1)
  call.reply.integer(entry === 0 ? 0 : hashSize(call.db, entry))
}
