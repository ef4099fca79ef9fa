// cluster-map.ts — The replies that tell of the topology, kept until it changes.
//
// ioredis and node-redis open a connection for every look at the slots, and all clients look at the
// same moment, so a reply is made once for each protocol and topology.

import type { Topology } from '../topology/topology.ts'
import { nodesReply, shardsReply, slotsReply } from './map-replies.ts'

export class ClusterMap {
  readonly #self: string
  #topology: Topology | undefined = undefined
  #withBackups = false
  /** By kind and protocol, of the topology above. */
  readonly #replies = new Map<string, Buffer>()

  constructor(self: string) {
    this.#self = self
  }

  slots(topology: Topology, protocol: number, withBackups: boolean): Buffer {
    if (withBackups !== this.#withBackups) this.#replies.clear()
    this.#withBackups = withBackups
    return this.#reply(topology, `slots ${protocol}`, () =>
      slotsReply(topology, protocol, withBackups),
    )
  }

  shards(topology: Topology, protocol: number): Buffer {
    return this.#reply(topology, `shards ${protocol}`, () => shardsReply(topology, protocol))
  }

  nodes(topology: Topology, protocol: number): Buffer {
    return this.#reply(topology, `nodes ${protocol}`, () =>
      nodesReply(topology, protocol, this.#self),
    )
  }

  #reply(topology: Topology, kind: string, make: () => Buffer): Buffer {
    if (topology !== this.#topology) this.#replies.clear()
    this.#topology = topology
    let reply = this.#replies.get(kind)
    if (reply === undefined) {
      reply = make()
      this.#replies.set(kind, reply)
    }
    return reply
  }
}
