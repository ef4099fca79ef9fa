// sessions.ts — READONLY, READWRITE, ASKING: how a connection wants to be routed.

import type { Call } from '../../src/call.ts'
import { ASKING_ONCE, READONLY_MODE } from '../../src/client.ts'
import { clusterOf } from './cluster-of.ts'

/** Permits reads from copies that the node keeps; on slots that it serves it forbids nothing. */
export function readOnly(call: Call): void {
  clusterOf(call)
  call.client.set(READONLY_MODE, true)
  call.reply.ok()
}

export function readWrite(call: Call): void {
  clusterOf(call)
  call.client.set(READONLY_MODE, false)
  call.reply.ok()
}

/** Nobody is ever told to ask: slots move as a whole. It does no harm. */
export function asking(call: Call): void {
  clusterOf(call)
  call.client.set(ASKING_ONCE, true)
  call.reply.ok()
}
