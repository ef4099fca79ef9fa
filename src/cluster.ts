// cluster.ts — What commands may ask of the cluster that this node belongs to. A single node has none.
//
// What clients read of the map of the cluster comes ready to be sent: it changes rarely, and every
// client of a large cluster asks for it at once when it does.

import type { Call } from './call.ts'
import type { Fact } from './info/sections.ts'

/** A connection to or from another node. */
export interface ClusterLink {
  readonly direction: 'to' | 'from'
  /** The id of the other node. */
  readonly node: string
  /** Ms since the epoch. */
  readonly createdAt: number
  readonly unsentBytes: number
}

export interface Cluster {
  /** 40 hexadecimal characters that stay with the node's directory. */
  readonly id: string
  /** Whether a node with this id is a member. */
  knows(id: string): boolean

  /** The replies to CLUSTER SLOTS, SHARDS and NODES. */
  slots(protocol: number): Buffer
  shards(protocol: number): Buffer
  nodes(protocol: number): Buffer
  /** The lines of CLUSTER INFO. */
  state(): Fact[]
  /** What INFO has of the cluster, beside that there is one. */
  facts(): Fact[]
  links(): Iterable<ClusterLink>
  /** Members, owners and epochs in JSON, for operators. */
  topology(): string

  /** Joins the cluster of another node. Throws ReplyError where that is impossible. */
  meet(host: string, port: number, busPort: number): void
  /** Moves everything away from a member, which then is one no more. Throws ReplyError. */
  drain(id: string): void
  /** Gives up what segments held whose copies are all gone. Throws ReplyError. */
  forgetSegments(segments: readonly number[]): void
  /** A node wants to make of this connection something else than a client's. */
  link(call: Call): void
}
