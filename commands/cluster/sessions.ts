// sessions.ts — READONLY, READWRITE, ASKING: how a connection wants to be routed.

import type { Call } from '../../src/call.ts'
import { ASKING_ONCE, READONLY_MODE } from '../../src/client.ts'
import { errors, subcommandSyntax } from '../../src/errors.ts'
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

/**
 * CLUSTER ROUTING [FORWARD|REDIRECT|DEFAULT]: what becomes of this connection's commands for other
 * nodes, other than the server does it.
 */
export function clusterRouting(call: Call): void {
  clusterOf(call)
  const { client, reply, server } = call
  if (call.count > 3) throw subcommandSyntax(call.text(1), 'cluster')
  if (call.count === 2) {
    reply.bulk(client.routing ?? server.config.values['cluster-routing'])
    return
  }
  if (call.is(2, 'FORWARD')) client.routing = 'forward'
  else if (call.is(2, 'REDIRECT')) client.routing = 'redirect'
  else if (call.is(2, 'DEFAULT')) client.routing = undefined
  else throw errors.syntax
  reply.ok()
}

/** Nobody is ever told to ask: slots move as a whole. It does no harm. */
export function asking(call: Call): void {
  clusterOf(call)
  call.client.set(ASKING_ONCE, true)
  call.reply.ok()
}
