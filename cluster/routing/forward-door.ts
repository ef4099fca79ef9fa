// forward-door.ts — The other end of forwarding: a connection of a node that speaks for one of its clients.
//
// The peer has proved that it knows the cluster's secret; whom its client has shown itself to be is
// for that node to say. From then on the connection is a client's like any other, except that what
// is not served here is never forwarded a second time: the peer is told where it is.

import type { Call } from '../../src/call.ts'
import { FORWARDED } from '../../src/client.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import type { Server } from '../../src/server.ts'
import type { PeerChannel } from '../node/view.ts'
import { UNBLOCK } from './kinds.ts'

/** CLUSTER LINK FORWARD proof user database protocol address name */
const ARGUMENTS = 9
/** What CLIENT LIST shows of such a connection. */
const LIBRARY = 'latchkey-forward'

const unknownUser = new ReplyError(
  'NOPERM the user is unknown or off at the node that serves the key',
)

const noSecret = new ReplyError(
  'NOPERM without a cluster-secret no node can speak for a user who has a password',
)

/**
 * Makes of a connection one that speaks for a client of another node. Where the cluster has no secret
 * anybody could do that, so then it is only for users as whom anybody may log in.
 */
export function becomeForwarded(call: Call, hasSecret: boolean): void {
  const { client, reply, server } = call
  if (call.count !== ARGUMENTS) throw errors.syntax
  const protocol = call.integer(6)
  const db = server.keyspace.databases[call.integer(5)]
  if (protocol < 2 || protocol > 3) throw errors.noProto
  if (db === undefined) throw errors.databaseOutOfRange
  const name = call.text(4)
  if (!hasSecret && server.acl.user(name)?.anyPassword === false) throw noSecret
  if (!server.acl.act(client, name)) throw unknownUser
  client.set(FORWARDED, true)
  client.db = db
  client.protocol = protocol
  reply.protocol = protocol
  client.name = call.text(8)
  client.libName = LIBRARY
  client.libVersion = call.text(7)
  reply.integer(client.id)
}

/** Ends waits here when other nodes say that they are over. */
export function listenForUnblocking(server: Server, channel: PeerChannel): void {
  channel.onMessage(UNBLOCK, (_, message) => {
    const client = server.clients.get(message.readDoubleBE(0))
    if (client?.parked === undefined || !client.is(FORWARDED)) return
    server.beginTurn()
    if (message[8] === 1) {
      server.stats.countError(errors.unblocked.text)
      server.dispatch.releaseWith(client.parked, reply => reply.error(errors.unblocked.text))
    } else {
      server.dispatch.releaseWith(client.parked, client.parked.onTimeout)
    }
    server.dispatch.serveReady()
  })
}
