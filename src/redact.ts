// redact.ts — Hides arguments of a call from whoever sees the call after it ran: MONITOR, SLOWLOG.
//
// The handler reads what it needs first. The call then goes on with a copy of its arguments in
// which the secret ones are replaced, so that nobody downstream has to know which they were.

import type { Call } from './call.ts'

const REDACTED = Buffer.from('(redacted)')

/** Hides the arguments from `first` to `last`. */
export function redact(call: Call, first: number, last = first): void {
  const parts: Buffer[] = []
  const offsets = new Int32Array(call.count * 2)
  let at = 0
  for (let i = 0; i < call.count; i++) {
    const part = i >= first && i <= last ? REDACTED : call.view(i)
    offsets[2 * i] = at
    at += part.length
    offsets[2 * i + 1] = at
    parts.push(part)
  }
  call.bytes = Buffer.concat(parts)
  call.offsets = offsets
}
