// offsets.ts — Where in a string a bit or a field lies, as clients say it.

import { type Call, parseInt64 } from '../../src/call.ts'
import { REPLAY } from '../../src/client.ts'
import { ReplyError } from '../../src/errors.ts'

const notOffset = new ReplyError('ERR bit offset is not an integer or out of range')

/**
 * The offset in argument i, in bits. With `fieldBits`, a number after a `#` counts fields of that
 * width. What a primary has accepted is not held to our own `proto-max-bulk-len`.
 */
export function readBitOffset(call: Call, i: number, fieldBits = 0): number {
  const text = call.text(i)
  const inFields = fieldBits > 0 && text.startsWith('#')
  const number = parseInt64(inFields ? text.slice(1) : text)
  if (number === undefined) throw notOffset
  const offset = Number(number) * (inFields ? fieldBits : 1)
  if (offset < 0 || !Number.isSafeInteger(offset)) throw notOffset
  const bytesMax = call.server.config.values['proto-max-bulk-len']
  if (Math.floor(offset / 8) >= bytesMax && !call.client.is(REPLAY)) throw notOffset
  return offset
}
