// ids.ts — IDs of entries as arguments: exact ones, ends of ranges, and the shorthands for both.

import { type Call, fail } from '../../src/call.ts'
import { ReplyError } from '../../src/errors.ts'
import { StreamId } from '../../src/values/stream-id.ts'

export const invalidId = new ReplyError(
  'ERR Invalid stream ID specified as stream command argument',
)
const invalidStart = new ReplyError('ERR invalid start ID for the interval')
const invalidEnd = new ReplyError('ERR invalid end ID for the interval')

/** A longer text is no ID, whatever zeros it begins with. */
const TEXT_LENGTH_MAX = 127
const UINT64_MAX = 2n ** 64n - 1n

const OPEN = 0x28
const DASH = 0x2d
const ZERO = 0x30
/** So many digits are exact in a double. */
const PLAIN_DIGITS_MAX = 15

/** The ID in argument i; without a sequence that is 0. */
export function readId(call: Call, i: number): StreamId {
  return readPlainId(call, i) ?? parseId(call.text(i)) ?? fail(invalidId)
}

/** An ID of digits that doubles hold, which is nearly always; undefined for those that need more care. */
function readPlainId(call: Call, i: number): StreamId | undefined {
  const { bytes } = call
  const start = call.start(i)
  const end = call.end(i)
  let dash = end
  let value = 0
  let ms = 0
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - ZERO
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
    } else if (bytes[at] === DASH && dash === end) {
      dash = at
      ms = value
      value = 0
    } else {
      return undefined
    }
  }
  const hasDash = dash !== end
  const sequenceDigits = hasDash ? end - dash - 1 : 1
  if (dash === start || dash - start > PLAIN_DIGITS_MAX) return undefined
  if (sequenceDigits === 0 || sequenceDigits > PLAIN_DIGITS_MAX) return undefined
  return hasDash ? StreamId.of(ms, value) : StreamId.of(value, 0)
}

/** An ID, or undefined; `seq` gives the sequence of a time alone. */
export function parseId(text: string, seq = StreamId.MIN): StreamId | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined
  return StreamId.parse(text, seq) ?? parseSigned(text, seq)
}

/** As Redis has it, a number may have spaces or a sign before it, and nothing behind a zero byte. */
function parseSigned(text: string, seq: StreamId): StreamId | undefined {
  const end = text.indexOf('\0')
  const shown = end < 0 ? text : text.slice(0, end)
  const dash = shown.indexOf('-')
  const ms = parseUint64(dash < 0 ? shown : shown.slice(0, dash))
  if (ms === undefined) return undefined
  if (dash < 0) return StreamId.parse(ms, seq)
  const sequence = parseUint64(shown.slice(dash + 1))
  return sequence === undefined ? undefined : StreamId.parse(`${ms}-${sequence}`)
}

/** The digits of what strtoull reads; undefined if it does not read all. */
function parseUint64(text: string): string | undefined {
  // A plain negative number is recognized as one and refused; behind a space it is not.
  const match = /^([\t-\r ]*)([+-]?)(\d+)$/.exec(text)
  if (match === null) return undefined
  const [, spaces, sign, digits] = match
  const value = BigInt(digits!)
  if (value > UINT64_MAX || (sign === '-' && spaces === '')) return undefined
  return String(sign === '-' ? BigInt.asUintN(64, -value) : value)
}

/** The ID of `-`, `+` or anything that `readId` takes. */
export function readEdge(call: Call, i: number, seq = StreamId.MIN): StreamId {
  if (call.is(i, '-')) return StreamId.MIN
  if (call.is(i, '+')) return StreamId.MAX
  return parseId(call.text(i), seq) ?? fail(invalidId)
}

/** The first ID of a range: `(id` excludes the ID itself. */
export function readStart(call: Call, i: number): StreamId {
  if (!isExclusive(call, i)) return readEdge(call, i)
  const id = parseId(call.text(i).slice(1)) ?? fail(invalidId)
  return id.next() ?? fail(invalidStart)
}

/** The last ID of a range; a time alone stands for all its sequences. */
export function readEnd(call: Call, i: number): StreamId {
  if (!isExclusive(call, i)) return readEdge(call, i, StreamId.MAX)
  const id = parseId(call.text(i).slice(1), StreamId.MAX) ?? fail(invalidId)
  return id.previous() ?? fail(invalidEnd)
}

function isExclusive(call: Call, i: number): boolean {
  return call.length(i) > 1 && call.bytes[call.start(i)] === OPEN
}
