// segment-left.ts — What must not outlive a segment's time on this node.
//
// Calls that wait for its keys start anew, and so are told where the keys are now, or follow them
// there; whoever watches one of them could not be told of changes any more, so the watch counts as
// broken; subscribers of its shard channels are unsubscribed, as Redis does it, and subscribe again
// where they are sent to.

import { segmentOfKey } from '../../src/keyspace/slot.ts'
import type { Server } from '../../src/server.ts'

export function leave(server: Server, segment: number): void {
  server.beginTurn()
  for (const client of server.clients.values()) {
    if (client.watched.some(({ key }) => segmentOfKey(key) === segment)) client.watchBroken = true
  }
  for (const parked of server.waiting.ofSegment(segment)) server.dispatch.retry(parked)
  for (const channel of [...server.pubsub.shardChannels.keys()]) {
    if (segmentOfKey(channel) === segment) server.pubsub.dropShardChannel(channel)
  }
}
