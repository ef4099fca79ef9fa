// increments.ts — HINCRBY and HINCRBYFLOAT: numbers in fields. The field keeps its expiry.

import { type Call, fail } from '../../src/call.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import {
  addLongDouble,
  formatLongDouble,
  LONG_DOUBLE_ZERO,
  parseLongDouble,
} from '../../src/long-double.ts'
import { Element } from '../../src/values/element.ts'
import { addInt64, type Int64, int64, parseInt64 } from '../../src/values/int64.ts'
import { sizeOf } from '../../src/values/packed-element.ts'
import { readElement } from '../elements.ts'
import { hash } from './editable-hash.ts'

const notInteger = new ReplyError('ERR hash value is not an integer')
const notFloat = new ReplyError('ERR hash value is not a float')
const notFinite = new ReplyError('ERR value is NaN or Infinity')

const field = new Element()
const value = new Element()

export function hIncrBy(call: Call): void {
  const increment = readInt64(call, 3)
  const old = readOld(call) ? valueAsInt64() : 0
  const sum = addInt64(old, increment) ?? fail(errors.incrementOverflow)
  store(call, typeof sum === 'number' ? value.fromInteger(sum) : value.fromString(String(sum)))
  call.notify('h', 'hincrby', 1)
  if (typeof sum === 'number') call.reply.integer(sum)
  else call.reply.bigint(sum)
}

function readInt64(call: Call, i: number): Int64 {
  const small = call.integer(i)
  return Number.isSafeInteger(small) ? small : int64(call.int64(i))!
}

function valueAsInt64(): Int64 {
  const small = value.integer ? value.toInteger() : Number.NaN
  return Number.isSafeInteger(small) ? small : (parseInt64(value.toString()) ?? fail(notInteger))
}

/** It adds exactly (see long-double.ts), so it is logged as it came; Redis must log the result. */
export function hIncrByFloat(call: Call): void {
  const increment = parseLongDouble(call.text(3)) ?? fail(errors.notFloat)
  if (!Number.isFinite(increment.exponent)) throw notFinite
  const old = readOld(call)
    ? (parseLongDouble(value.toString()) ?? fail(notFloat))
    : LONG_DOUBLE_ZERO
  const sum = formatLongDouble(addLongDouble(old, increment) ?? fail(errors.incrementNaN))
  store(call, value.fromString(sum))
  call.notify('h', 'hincrbyfloat', 1)
  call.reply.bulk(sum)
}

let isOpen = false

/** Opens the hash of key 1, if there is one; whether it has the field, whose value is then read. */
function readOld(call: Call): boolean {
  isOpen = hash.open(call, 1, 2, 2)
  readElement(call, 2, field)
  return isOpen && hash.read(field, value)
}

function store(call: Call, sum: Element): void {
  sum.text()
  if (!isOpen) hash.create(call, 1, sizeOf(field) + sizeOf(sum))
  hash.set(field, sum, true)
  hash.close()
}
