// scan-options.ts — Cursor and options of SCAN, HSCAN, SSCAN and ZSCAN.

import { type Call, fail } from '../src/call.ts'
import { errors } from '../src/errors.ts'
import { compileGlob, type Glob } from '../src/glob.ts'

const COUNT_DEFAULT = 10
const CURSOR_MAX = 2n ** 64n - 1n

export interface ScanOptions {
  readonly count: number
  /** Undefined where everything matches. */
  readonly glob: Glob | undefined
  /** Name of the type that is asked for, as it was written; undefined for any. */
  readonly type: string | undefined
  /** False for fields without their values. */
  readonly values: boolean
}

/**
 * The cursor in argument i. As in Redis it is what strtoul reads, so a sign and leading zeros pass.
 * A cursor that we never gave out is as good as any other, and may lose precision.
 */
export function readCursor(call: Call, i: number): number {
  // What follows a zero byte is not seen.
  const [, sign, digits] =
    /^(?:([+-]?)(\d+))?(?:\0|$)/.exec(call.text(i)) ?? fail(errors.invalidCursor)
  const cursor = BigInt(digits ?? 0)
  if (cursor > CURSOR_MAX) throw errors.invalidCursor
  return Number(sign === '-' ? BigInt.asUintN(64, -cursor) : cursor)
}

/** The options from argument `first` on. TYPE is for SCAN alone, NOVALUES for HSCAN. */
export function readScanOptions(call: Call, first: number, own?: 'TYPE' | 'NOVALUES'): ScanOptions {
  let count = COUNT_DEFAULT
  let pattern = '*'
  let type: string | undefined
  let values = true
  for (let i = first; i < call.count; i += 2) {
    if (own === 'NOVALUES' && call.is(i, 'NOVALUES')) {
      values = false
      i--
      continue
    }
    if (i + 1 === call.count) throw errors.syntax
    if (call.is(i, 'COUNT')) {
      count = call.integer(i + 1)
      if (count < 1) throw errors.syntax
    } else if (call.is(i, 'MATCH')) {
      pattern = call.text(i + 1)
    } else if (own === 'TYPE' && call.is(i, 'TYPE')) {
      type = call.text(i + 1)
    } else {
      throw errors.syntax
    }
  }
  return { count, glob: pattern === '*' ? undefined : compileGlob(pattern), type, values }
}
