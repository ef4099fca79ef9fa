// score.ts — Scores as numbers, as text, and as words that sort.
//
// A score is a double, never NaN. In a packed sorted set it is text or an integer; in the order
// structure it is two words whose unsigned order is that of the numbers, where the two zeros are
// one: -0 and 0 are equal scores, though each is given back as it was set.

import { parseShortDecimal } from './decimal.ts'
import type { Element } from './element.ts'

const double = new Float64Array(1)
const words = new Int32Array(double.buffer)
/** Integers up to here are packed as such, though most of those above 2^53 are no doubles. */
const INTEGER_MAX = 2 ** 62
/** Index of the word that holds sign and exponent. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/** The upper and lower word of a score's bits, as they are kept in a record. */
export function scoreHigh(score: number): number {
  double[0] = score
  return words[HIGH]!
}

export function scoreLow(score: number): number {
  double[0] = score
  return words[1 - HIGH]!
}

export function scoreOf(high: number, low: number): number {
  words[HIGH] = high
  words[1 - HIGH] = low
  return double[0]!
}

/** Writes the two words that sort as the score does. */
export function writeSortable(score: number, to: Int32Array): void {
  // Adding 0 makes -0 a 0.
  double[0] = score + 0
  const high = words[HIGH]!
  const low = words[1 - HIGH]!
  // Positive numbers sort above negative ones; among negative ones more bits mean less.
  to[0] = high < 0 ? ~high : high ^ 0x80000000
  to[1] = high < 0 ? ~low : low
}

/** The score that an element of a packed sorted set holds; NaN if it is none. */
export function parseScore(element: Element): number {
  if (element.integer) return element.toInteger()
  const short = parseShortDecimal(element.bytes, element.start, element.end)
  if (!Number.isNaN(short)) return short
  const text = element.toString()
  if (text === 'inf') return Number.POSITIVE_INFINITY
  if (text === '-inf') return Number.NEGATIVE_INFINITY
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
}

/**
 * Fills an element with a score as a packed sorted set holds it: an integer where it is one (and
 * thereby -0 becomes 0, as in Redis), or the shortest text that is read back as the same score.
 */
export function packScore(score: number, into: Element): Element {
  if (Number.isInteger(score) && Math.abs(score) <= INTEGER_MAX) return into.fromInteger(score)
  if (score === Number.POSITIVE_INFINITY) return into.fromString('inf')
  if (score === Number.NEGATIVE_INFINITY) return into.fromString('-inf')
  // A larger integer keeps its exponent, so that no digits are taken for an integer after all.
  return into.fromString(Number.isInteger(score) ? score.toExponential() : String(score))
}
