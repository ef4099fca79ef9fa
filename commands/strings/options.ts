// options.ts — The options of SET and GETEX: conditions, what to answer, what becomes of the expiry.
//
// An option may be said twice, but no two that contradict each other. Times are read when the option
// takes effect, not where it stands: a command with a bad time and a syntax error is a syntax error.

import type { Call } from '../../src/call.ts'
import { errors } from '../../src/errors.ts'
import {
  MILLISECONDS,
  readPositiveTime,
  SECONDS,
  type TimeUnit,
  UNIX_MILLISECONDS,
  UNIX_SECONDS,
} from '../expiry-times.ts'

export const NX = 1 << 0
export const XX = 1 << 1
export const GET = 1 << 2
export const KEEPTTL = 1 << 3
export const PERSIST = 1 << 4
const EX = 1 << 5
const PX = 1 << 6
const EXAT = 1 << 7
const PXAT = 1 << 8
/** Any option with a time. */
export const TIME = EX | PX | EXAT | PXAT

export const SET_OPTIONS = NX | XX | GET | KEEPTTL | TIME
export const GETEX_OPTIONS = PERSIST | TIME

interface Option {
  readonly word: string
  readonly bit: number
  readonly contradicts: number
  readonly unit?: TimeUnit
}

const ALL: readonly Option[] = [
  { word: 'NX', bit: NX, contradicts: XX },
  { word: 'XX', bit: XX, contradicts: NX },
  { word: 'GET', bit: GET, contradicts: 0 },
  { word: 'KEEPTTL', bit: KEEPTTL, contradicts: PERSIST | TIME },
  { word: 'PERSIST', bit: PERSIST, contradicts: KEEPTTL | TIME },
  { word: 'EX', bit: EX, contradicts: KEEPTTL | PERSIST | (TIME & ~EX), unit: SECONDS },
  { word: 'PX', bit: PX, contradicts: KEEPTTL | PERSIST | (TIME & ~PX), unit: MILLISECONDS },
  { word: 'EXAT', bit: EXAT, contradicts: KEEPTTL | PERSIST | (TIME & ~EXAT), unit: UNIX_SECONDS },
  {
    word: 'PXAT',
    bit: PXAT,
    contradicts: KEEPTTL | PERSIST | (TIME & ~PXAT),
    unit: UNIX_MILLISECONDS,
  },
]

export interface StringOptions {
  /** The bits of the options that were said. */
  readonly bits: number
  /** The argument with the time, the last one if there are several; 0 for none. */
  readonly timeAt: number
  readonly unit: TimeUnit
}

/** Reads the options from argument `first` on, of those that the command allows. */
export function readOptions(call: Call, first: number, allowed: number): StringOptions {
  let bits = 0
  let timeAt = 0
  let unit = SECONDS
  for (let i = first; i < call.count; i++) {
    const option = optionAt(call, i)
    if (option === undefined || (option.bit & allowed) === 0) throw errors.syntax
    if ((bits & option.contradicts) !== 0) throw errors.syntax
    bits |= option.bit
    if (option.unit === undefined) continue
    if (++i === call.count) throw errors.syntax
    timeAt = i
    unit = option.unit
  }
  return { bits, timeAt, unit }
}

function optionAt(call: Call, i: number): Option | undefined {
  for (const option of ALL) if (call.is(i, option.word)) return option
  return undefined
}

/** The expiry that the options ask for, ms since the epoch; -1 for none. */
export function timeOf(call: Call, { timeAt, unit }: StringOptions): number {
  return timeAt === 0 ? -1 : readPositiveTime(call, timeAt, unit)
}
