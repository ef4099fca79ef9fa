// client-line.ts — How CLIENT LIST, CLIENT INFO and ACL LOG describe a client: one line of fields.
//
// Fields and their order are those of Redis 7.2, because tools read them. Replies have no buffer per
// client here, so `rbs` and `rbp` are 0; `obl` and `oll` are what waits to be sent, in bytes and
// in pieces.

import type { Call } from './call.ts'
import {
  CLOSING,
  type Client,
  IN_MULTI,
  MONITOR,
  NO_EVICT,
  NO_TOUCH,
  PARKED,
  PAUSED,
  READONLY_MODE,
  SUBSCRIBER,
  TRACKED,
} from './client.ts'

export const CLIENT_TYPES = ['normal', 'master', 'replica', 'slave', 'pubsub'] as const
export type ClientType = (typeof CLIENT_TYPES)[number]

/** What output limits and filters count the client as. */
export function clientType(client: Client): ClientType {
  return client.is(SUBSCRIBER) ? 'pubsub' : 'normal'
}

/** The line about a client, as of `call`, which may be the client's own. */
export function clientLine(client: Client, call: Call): string {
  const { link, transaction, pending } = client
  const { monotonic } = call.server
  const argumentBytes =
    client === call.client ? lengthOfArguments(call) : (client.parked?.bytes.length ?? 0)
  return (
    `id=${client.id} addr=${link.address} laddr=${link.localAddress} fd=${link.fd}` +
    ` name=${client.name} age=${Math.floor((call.server.now - client.createdAt) / 1000)}` +
    ` idle=${Math.floor((monotonic - client.lastActiveAt) / 1000)} flags=${flags(client)}` +
    ` db=${client.db.index} sub=${client.channels?.size ?? 0} psub=${client.patterns?.size ?? 0}` +
    ` ssub=${client.shardChannels?.size ?? 0} multi=${transaction?.queue.length ?? -1}` +
    ` qbuf=${pending.length} qbuf-free=${pending.bytes.length - pending.length}` +
    ` argv-mem=${argumentBytes} multi-mem=${transaction?.bytes ?? 0} rbs=0 rbp=0` +
    ` obl=${client.output.bytes} oll=${client.output.ranges} omem=${client.outputBytes}` +
    ` tot-mem=${client.memory + argumentBytes} events=${link.unsentBytes > 0 ? 'rw' : 'r'}` +
    ` cmd=${client.lastCommand?.fullName ?? 'NULL'} user=${client.user.name}` +
    ` redir=${client.tracking?.redirect ?? -1} resp=${client.protocol}` +
    ` lib-name=${client.libName} lib-ver=${client.libVersion}`
  )
}

function lengthOfArguments(call: Call): number {
  let bytes = 0
  for (let i = 0; i < call.count; i++) bytes += call.length(i)
  return bytes
}

function flags(client: Client): string {
  const { tracking } = client
  let letters = ''
  if (client.is(MONITOR)) letters += 'O'
  if (client.is(SUBSCRIBER)) letters += 'P'
  if (client.is(IN_MULTI)) letters += 'x'
  if (client.is(PARKED | PAUSED)) letters += 'b'
  if (client.is(TRACKED)) letters += 't'
  if (tracking?.redirectBroken) letters += 'R'
  if (tracking?.broadcast) letters += 'B'
  if (client.watchBroken) letters += 'd'
  if (client.is(CLOSING)) letters += 'c'
  if (client.link.kind === 'unix') letters += 'U'
  if (client.is(READONLY_MODE)) letters += 'r'
  if (client.is(NO_EVICT)) letters += 'e'
  if (client.is(NO_TOUCH)) letters += 'T'
  return letters === '' ? 'N' : letters
}
