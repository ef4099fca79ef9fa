// positions.ts — GEOADD, GEODIST, GEOHASH and GEOPOS: members and where they are.
//
// There is no type of its own: a position is a score, and everything that is done to sorted sets can be
// done to these.

import type { Call } from '../../src/call.ts'
import { errors } from '../../src/errors.ts'
import { formatLongDouble, longDoubleOf } from '../../src/long-double.ts'
import { Element } from '../../src/values/element.ts'
import { readElement } from '../elements.ts'
import { addMembers, CH, NX, XX } from '../sorted-sets/add.ts'
import { readSortedSet } from '../sorted-sets/entry.ts'
import { readPosition } from './arguments.ts'
import { metresBetween, readUnit, replyDistance } from './distance.ts'
import { geohashText, type Position, positionOf, scoreOf } from './geohash.ts'

export function geoAdd(call: Call): void {
  let first = 2
  let options = 0
  for (let bit = optionAt(call, first); bit !== 0; bit = optionAt(call, first)) {
    options |= bit
    first++
  }
  const rest = call.count - first
  if (rest % 3 !== 0 || rest === 0 || (options & (NX | XX)) === (NX | XX)) throw errors.syntax
  scores.length = 0
  for (let i = first; i < call.count; i += 3) scores.push(scoreOf(readPosition(call, i)))
  addMembers(call, first + 2, 3, scores, options)
}

const scores: number[] = []

function optionAt(call: Call, i: number): number {
  if (i >= call.count) return 0
  if (call.is(i, 'NX')) return NX
  if (call.is(i, 'XX')) return XX
  return call.is(i, 'CH') ? CH : 0
}

export function geoDist(call: Call): void {
  if (call.count > 5) throw errors.syntax
  const metresPerUnit = call.count === 5 ? readUnit(call, 4) : 1
  const set = readSortedSet(call, 1)
  const from = set?.score(readElement(call, 2, member))
  const to = set?.score(readElement(call, 3, member))
  if (from === undefined || to === undefined) return call.reply.null()
  replyDistance(call, metresBetween(positionOf(from), positionOf(to)) / metresPerUnit)
}

export function geoHash(call: Call): void {
  const set = readSortedSet(call, 1)
  call.reply.array(call.count - 2)
  for (let i = 2; i < call.count; i++) {
    const score = set?.score(readElement(call, i, member))
    if (score === undefined) call.reply.null()
    else call.reply.bulk(geohashText(positionOf(score)))
  }
}

export function geoPos(call: Call): void {
  const set = readSortedSet(call, 1)
  call.reply.array(call.count - 2)
  for (let i = 2; i < call.count; i++) {
    const score = set?.score(readElement(call, i, member))
    if (score === undefined) call.reply.nullArray()
    else replyPosition(call, positionOf(score))
  }
}

/** Degrees are printed with up to 17 decimals, which is more than a double has. */
export function replyPosition(call: Call, { longitude, latitude }: Position): void {
  call.reply.array(2)
  call.reply.doubleText(formatLongDouble(longDoubleOf(longitude)))
  call.reply.doubleText(formatLongDouble(longDoubleOf(latitude)))
}

const member = new Element()
