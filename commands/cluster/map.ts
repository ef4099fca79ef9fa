// map.ts — CLUSTER subcommands that tell what the cluster looks like.

import type { Call } from '../../src/call.ts'
import { replyHelp } from '../../src/help.ts'
import { keySlot } from '../../src/keyspace/slot.ts'
import { clusterOf, memberId } from './cluster-of.ts'

export function clusterSlots(call: Call): void {
  call.reply.rawBytes(clusterOf(call).slots(call.reply.protocol))
}

export function clusterShards(call: Call): void {
  call.reply.rawBytes(clusterOf(call).shards(call.reply.protocol))
}

export function clusterNodes(call: Call): void {
  call.reply.rawBytes(clusterOf(call).nodes(call.reply.protocol))
}

export function clusterInfo(call: Call): void {
  const lines = clusterOf(call)
    .state()
    .map(([name, value]) => `${name}:${value}\r\n`)
  call.reply.verbatim(lines.join(''))
}

export function clusterMyId(call: Call): void {
  call.reply.bulk(clusterOf(call).id)
}

/** Every node is the only one of its shard, so the node's id tells shards apart too. */
export function clusterMyShardId(call: Call): void {
  call.reply.bulk(clusterOf(call).id)
}

export function clusterKeySlot(call: Call): void {
  clusterOf(call)
  call.reply.integer(keySlot(call.bytes, call.start(2), call.end(2)))
}

/** As to clients, no node is a replica. */
export function clusterReplicas(call: Call): void {
  memberId(call, 2)
  call.reply.array(0)
}

/** The coordinator decides who is down: nodes do not report each other. */
export function clusterCountFailureReports(call: Call): void {
  memberId(call, 2)
  call.reply.integer(0)
}

export function clusterLinks(call: Call): void {
  const { reply } = call
  const links = [...clusterOf(call).links()]
  reply.array(links.length)
  for (const { direction, node, createdAt, unsentBytes } of links) {
    reply.map(6)
    reply.bulk('direction')
    reply.bulk(direction)
    reply.bulk('node')
    reply.bulk(node)
    reply.bulk('create-time')
    reply.integer(createdAt)
    reply.bulk('events')
    reply.bulk(unsentBytes > 0 ? 'rw' : 'r')
    reply.bulk('send-buffer-allocated')
    reply.integer(unsentBytes)
    reply.bulk('send-buffer-used')
    reply.integer(unsentBytes)
  }
}

export function clusterTopology(call: Call): void {
  call.reply.verbatim(clusterOf(call).topology())
}

export function clusterHelp(call: Call): void {
  clusterOf(call)
  replyHelp(call)
}
