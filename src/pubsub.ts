// pubsub.ts — Channels, patterns and shard channels, and who listens to them.
//
// A message is written straight into the outputs of those who listen. A subscriber that publishes to
// itself gets the message before the reply of its PUBLISH, as Redis has it in RESP2 and RESP3.

import { type Client, SUBSCRIBER } from './client.ts'
import type { Command } from './command.ts'
import { compileGlob, type Glob } from './glob.ts'
import type { Server } from './server.ts'

export type ChannelKind = 'channel' | 'pattern' | 'shard'

/** Words of the confirmations and messages of each kind. */
const WORDS = {
  channel: { subscribe: 'subscribe', unsubscribe: 'unsubscribe', message: 'message' },
  pattern: { subscribe: 'psubscribe', unsubscribe: 'punsubscribe', message: 'pmessage' },
  shard: { subscribe: 'ssubscribe', unsubscribe: 'sunsubscribe', message: 'smessage' },
} as const

interface Pattern {
  readonly glob: Glob
  readonly clients: Set<Client>
}

export class PubSub {
  readonly channels = new Map<string, Set<Client>>()
  readonly patterns = new Map<string, Pattern>()
  readonly shardChannels = new Map<string, Set<Client>>()
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
  }

  /** Whether a RESP2 subscriber may run the command: those that pub/sub itself needs. */
  permits(command: Command): boolean {
    return command.spec.whileSubscribed === true
  }

  subscribe(client: Client, kind: ChannelKind, name: string): void {
    const own = this.#ownNames(client, kind)
    if (!own.has(name)) {
      own.add(name)
      this.#listeners(kind, name).add(client)
      client.set(SUBSCRIBER, true)
    }
    this.#confirm(client, kind, 'subscribe', name)
  }

  unsubscribe(client: Client, kind: ChannelKind, name: string): void {
    this.#drop(client, kind, name)
    this.#confirm(client, kind, 'unsubscribe', name)
  }

  /** Leaves all of a kind, and confirms each; one confirmation of nothing where there was none. */
  unsubscribeKind(client: Client, kind: ChannelKind): void {
    const names = [...this.#ownNames(client, kind)]
    if (names.length === 0) this.#confirm(client, kind, 'unsubscribe', undefined)
    for (const name of names) this.unsubscribe(client, kind, name)
  }

  /** Leaves everything without a word. */
  unsubscribeAll(client: Client): void {
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      for (const name of [...this.#ownNames(client, kind)]) this.#drop(client, kind, name)
    }
  }

  /** Delivers a message; answers how many received it. */
  publish(channel: string, message: string): number {
    let receivers = 0
    for (const client of this.channels.get(channel) ?? []) {
      this.#deliver(client, 'channel', channel, message)
      receivers++
    }
    for (const [pattern, { glob, clients }] of this.patterns) {
      if (!glob.matches(channel)) continue
      for (const client of clients) {
        this.#deliver(client, 'pattern', channel, message, pattern)
        receivers++
      }
    }
    return receivers
  }

  publishShard(channel: string, message: string): number {
    const clients = this.shardChannels.get(channel)
    for (const client of clients ?? []) this.#deliver(client, 'shard', channel, message)
    return clients?.size ?? 0
  }

  #deliver(
    client: Client,
    kind: ChannelKind,
    channel: string,
    message: string,
    pattern?: string,
  ): void {
    this.#server.push(client, reply => {
      reply.push(pattern === undefined ? 3 : 4)
      reply.bulk(WORDS[kind].message)
      if (pattern !== undefined) reply.bulk(pattern)
      reply.bulk(channel)
      reply.bulk(message)
    })
  }

  #confirm(
    client: Client,
    kind: ChannelKind,
    verb: 'subscribe' | 'unsubscribe',
    name: string | undefined,
  ): void {
    const { reply } = this.#server
    reply.push(3)
    reply.bulk(WORDS[kind][verb])
    if (name === undefined) reply.null()
    else reply.bulk(name)
    // Shard channels are counted apart, as in Redis.
    reply.integer(
      kind === 'shard'
        ? (client.shardChannels?.size ?? 0)
        : (client.channels?.size ?? 0) + (client.patterns?.size ?? 0),
    )
  }

  #ownNames(client: Client, kind: ChannelKind): Set<string> {
    if (kind === 'channel') return (client.channels ??= new Set())
    if (kind === 'pattern') return (client.patterns ??= new Set())
    return (client.shardChannels ??= new Set())
  }

  #listeners(kind: ChannelKind, name: string): Set<Client> {
    if (kind === 'pattern') {
      let pattern = this.patterns.get(name)
      if (pattern === undefined) {
        pattern = { glob: compileGlob(name), clients: new Set() }
        this.patterns.set(name, pattern)
      }
      return pattern.clients
    }
    const table = kind === 'channel' ? this.channels : this.shardChannels
    let clients = table.get(name)
    if (clients === undefined) {
      clients = new Set()
      table.set(name, clients)
    }
    return clients
  }

  #drop(client: Client, kind: ChannelKind, name: string): void {
    if (!this.#ownNames(client, kind).delete(name)) return
    const clients = this.#listeners(kind, name)
    clients.delete(client)
    if (clients.size === 0) {
      if (kind === 'pattern') this.patterns.delete(name)
      else (kind === 'channel' ? this.channels : this.shardChannels).delete(name)
    }
    if (client.subscriptions === 0) client.set(SUBSCRIBER, false)
  }
}
