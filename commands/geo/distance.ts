// distance.ts — Distances on a globe, and the units in which they are given.

import { type Call, fail } from '../../src/call.ts'
import { ReplyError } from '../../src/errors.ts'
import type { Position } from './geohash.ts'

const EARTH_RADIUS_METRES = 6372797.560856
const DEGREE = Math.PI / 180

const noUnit = new ReplyError('ERR unsupported unit provided. please use M, KM, FT, MI')

export function radians(degrees: number): number {
  return degrees * DEGREE
}

/** How many degrees a distance is of a circle of the globe; a parallel is shorter by the cosine. */
export function degreesOf(metres: number, cosine = 1): number {
  return metres / EARTH_RADIUS_METRES / cosine / DEGREE
}

/** The great-circle distance by the haversine formula. */
export function metresBetween(a: Position, b: Position): number {
  const v = Math.sin((radians(b.longitude) - radians(a.longitude)) / 2)
  if (v === 0) return metresBetweenParallels(a.latitude, b.latitude)
  const from = radians(a.latitude)
  const to = radians(b.latitude)
  const u = Math.sin((to - from) / 2)
  const h = u * u + Math.cos(from) * Math.cos(to) * v * v
  return 2 * EARTH_RADIUS_METRES * Math.asin(Math.sqrt(h))
}

/** The distance along a meridian. */
export function metresBetweenParallels(a: number, b: number): number {
  return EARTH_RADIUS_METRES * Math.abs(radians(b) - radians(a))
}

/** Metres that the unit in argument i is. */
export function readUnit(call: Call, i: number): number {
  if (call.is(i, 'M')) return 1
  if (call.is(i, 'KM')) return 1000
  if (call.is(i, 'FT')) return 0.3048
  return call.is(i, 'MI') ? 1609.34 : fail(noUnit)
}

/** A distance is replied as text with four decimals, in both protocols. */
export function replyDistance(call: Call, distance: number): void {
  call.reply.bulk(distance.toFixed(4))
}
