// arguments.ts — Positions and lengths as arguments, and what Redis says of those that are none.

import type { Call } from '../../src/call.ts'
import { ReplyError } from '../../src/errors.ts'
import type { Element } from '../../src/values/element.ts'
import type { SortedSet } from '../sorted-sets/sorted-set.ts'
import { readUnit } from './distance.ts'
import { LATITUDE_MAX, LONGITUDE_MAX, type Position, positionOf } from './geohash.ts'
import type { Box, Circle } from './shape.ts'

const noRadius = new ReplyError('ERR need numeric radius')
const negativeRadius = new ReplyError('ERR radius cannot be negative')
const noWidth = new ReplyError('ERR need numeric width')
const noHeight = new ReplyError('ERR need numeric height')
const negativeBox = new ReplyError('ERR height or width cannot be negative')
const noMember = new ReplyError('ERR could not decode requested zset member')

/** Longitude and latitude in arguments i and i + 1. */
export function readPosition(call: Call, i: number): Position {
  const longitude = call.float(i)
  const latitude = call.float(i + 1)
  if (Math.abs(longitude) > LONGITUDE_MAX || Math.abs(latitude) > LATITUDE_MAX) {
    const pair = `${sixDecimals(longitude)},${sixDecimals(latitude)}`
    throw new ReplyError(`ERR invalid longitude,latitude pair ${pair}`)
  }
  return { longitude, latitude }
}

/** As C's `%f`: never an exponent. */
function sixDecimals(value: number): string {
  if (Math.abs(value) < 1e21) return value.toFixed(6)
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  return `${BigInt(value)}.000000`
}

/** The position of a member that must be there. */
export function positionOfMember(set: SortedSet, member: Element): Position {
  const score = set.score(member)
  if (score === undefined) throw noMember
  return positionOf(score)
}

/** A radius and its unit in arguments i and i + 1. */
export function readCircle(call: Call, i: number): Circle {
  const radius = call.float(i, noRadius)
  if (radius < 0) throw negativeRadius
  return { kind: 'circle', radius, metresPerUnit: readUnit(call, i + 1) }
}

/** Width, height and their unit in arguments i to i + 2. */
export function readBox(call: Call, i: number): Box {
  const width = call.float(i, noWidth)
  const height = call.float(i + 1, noHeight)
  if (width < 0 || height < 0) throw negativeBox
  return { kind: 'box', width, height, metresPerUnit: readUnit(call, i + 2) }
}
