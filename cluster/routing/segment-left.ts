// segment-left.ts — What must not outlive a segment's time on this node.
//
// Calls that wait for its keys are told where the keys are now; whoever watches one of them could not
// be told of changes any more, so the watch counts as broken; subscribers of its shard channels are
// unsubscribed, as Redis does it, and subscribe again where they are sent to.

import type { ReplyError } from '../../src/errors.ts'
import { keySlot, SEGMENT_SHIFT } from '../../src/keyspace/slot.ts'
import type { Server } from '../../src/server.ts'

export function leave(server: Server, segment: number, moved: (slot: number) => ReplyError): void {
  server.beginTurn()
  for (const client of server.clients.values()) {
    const { parked, watched } = client
    if (watched.some(({ key }) => segmentOf(key) === segment)) client.watchBroken = true
    if (parked?.segment === segment) {
      const error = moved(parked.slot)
      server.stats.countError(error.text)
      server.dispatch.releaseWith(parked, reply => reply.error(error.text))
    }
  }
  for (const channel of [...server.pubsub.shardChannels.keys()]) {
    if (segmentOf(channel) === segment) server.pubsub.dropShardChannel(channel)
  }
}

function segmentOf(key: string): number {
  const bytes = Buffer.from(key, 'latin1')
  return keySlot(bytes, 0, bytes.length) >>> SEGMENT_SHIFT
}
