// peer-pubsub.ts — Messages of PUBLISH, and news of coordination, to the subscribers of other nodes.
//
// A client subscribes at any node, so a message goes to all of them, as in a Redis cluster. Shard
// channels do not: they follow slots, and SPUBLISH goes where the slot is. Keyspace events do not
// either: as in Redis, who wants them subscribes at every node.
//
// News of a lock or latch on its `__coord__:` channel are made where its key is served, and whoever
// listens cannot know where that is: so they reach other nodes too. But there is news with every
// change and mostly nobody listens; so nodes tell each other whether anybody does, at once and then
// every second, and news goes only there. Until that has arrived, some of it is missed.
//
// One link carries what one node sends to another, so the order of a publisher is kept. Nothing
// waits for a link that is down or too slow: what did not go out is counted.

import type { Fact } from '../../src/info/sections.ts'
import type { Server } from '../../src/server.ts'
import type { ClusterView, PeerChannel } from '../node/view.ts'
import { INTEREST, PUBLISH } from './kinds.ts'

const INTEREST_REPEAT_MS = 1000
const LENGTH_BYTES = 4

export class PeerPubSub {
  readonly #server: Server
  readonly #view: ClusterView
  readonly #channel: PeerChannel
  /** Nodes at which somebody may be listening to news of coordination. */
  readonly #interested = new Set<string>()
  /** What was told of us last, and when it is told again. */
  #saidInterest = false
  #saysAgainAt = 0
  #sent = 0
  #received = 0
  #undelivered = 0

  constructor(server: Server, view: ClusterView, channel: PeerChannel) {
    this.#server = server
    this.#view = view
    this.#channel = channel
    channel.onMessage(PUBLISH, (_, message) => this.#deliver(message))
    channel.onMessage(INTEREST, (from, message) => {
      if (message[0] === 1) this.#interested.add(from)
      else this.#interested.delete(from)
    })
    server.pubsub.onNewsListeners = () => this.#sayInterest()
  }

  /** To all other members that are up. */
  publish(channel: string, text: string): void {
    const { self, topology } = this.#view
    if (topology.members.length === 1) return
    const message = encode(channel, text)
    for (const { id, state } of topology.members) {
      if (id !== self && state === 'up') this.#send(id, PUBLISH, message)
    }
  }

  /** Whether news of coordination is worth making, for other nodes' sake. */
  get isNewsWanted(): boolean {
    return this.#interested.size > 0
  }

  tell(channel: string, text: string): void {
    const message = encode(channel, text)
    for (const id of this.#interested) {
      if (!this.#send(id, PUBLISH, message)) this.#interested.delete(id)
    }
  }

  #send(to: string, kind: number, message: Buffer): boolean {
    const isSent = this.#channel.send(to, kind, message)
    if (isSent) this.#sent++
    else this.#undelivered++
    return isSent
  }

  #deliver(message: Buffer): void {
    const length = message.readUInt32BE(0)
    const channel = message.latin1Slice(LENGTH_BYTES, LENGTH_BYTES + length)
    this.#received++
    this.#server.beginTurn()
    this.#server.pubsub.publish(channel, message.latin1Slice(LENGTH_BYTES + length))
  }

  cron(now: number): void {
    if (now >= this.#saysAgainAt) this.#sayInterest(now)
  }

  /** Nobody needs to hear twice that nobody listens, but for the case that a link was down. */
  #sayInterest(now = this.#server.monotonic): void {
    const { hearsNews } = this.#server.pubsub
    if (hearsNews === this.#saidInterest && now < this.#saysAgainAt) return
    this.#saidInterest = hearsNews
    this.#saysAgainAt = now + INTEREST_REPEAT_MS
    const message = Buffer.from([hearsNews ? 1 : 0])
    for (const id of this.#channel.peers) this.#channel.send(id, INTEREST, message)
  }

  facts(): Fact[] {
    return [
      ['cluster_pubsub_messages_sent', this.#sent],
      ['cluster_pubsub_messages_received', this.#received],
      ['cluster_pubsub_messages_undelivered', this.#undelivered],
    ]
  }
}

function encode(channel: string, text: string): Buffer {
  const message = Buffer.allocUnsafe(LENGTH_BYTES + channel.length + text.length)
  message.writeUInt32BE(channel.length)
  message.latin1Write(channel, LENGTH_BYTES)
  message.latin1Write(text, LENGTH_BYTES + channel.length)
  return message
}
