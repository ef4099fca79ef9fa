// pubsub.ts — Channels, patterns and shard channels, and who listens to them.
//
// A message is encoded once and shared by all who get it. A client that publishes to itself gets the
// message after the reply of its PUBLISH, as all that is pushed to the client whose command runs.
//
// Invariant: a client is in the set of a name here if and only if the name is in its own set, and it
// has the bit SUBSCRIBER if and only if one of its sets is not empty.

import { type Client, SILENCED, SUBSCRIBER } from './client.ts'
import type { Command } from './command.ts'
import { compileGlob, type Glob } from './glob.ts'
import { Message, MessagePages } from './message.ts'
import type { Server } from './server.ts'
import type { Reply } from './wire/reply.ts'

/** Channels of objects that coordinate begin with this; their key follows. */
export const NEWS_CHANNEL = '__coord__:'

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
  readonly #pages = new MessagePages()

  constructor(server: Server) {
    this.#server = server
  }

  /** Whether a RESP2 subscriber may run the command: those that pub/sub itself needs. */
  permits(command: Command): boolean {
    return command.spec.whileSubscribed === true
  }

  /** Called when `hearsNews` may have changed. */
  onNewsListeners: () => void = () => undefined
  #newsChannels = 0

  /** Whether anybody may be listening to news of coordination: by a channel, or by any pattern. */
  get hearsNews(): boolean {
    return this.#newsChannels > 0 || this.patterns.size > 0
  }

  /** A name has got its first listener, or lost its last one. */
  #noteNews(kind: ChannelKind, name: string, count: number): void {
    if (kind === 'shard') return
    if (kind === 'channel') {
      if (!name.startsWith(NEWS_CHANNEL)) return
      this.#newsChannels += count
    }
    this.onNewsListeners()
  }

  /** Whether a message to a channel could reach anybody. */
  get hasListeners(): boolean {
    return this.channels.size > 0 || this.patterns.size > 0
  }

  subscribe(client: Client, kind: ChannelKind, name: string): void {
    const own = ownNames(client, kind)
    if (!own.has(name)) {
      // The pattern is compiled first: one that is refused leaves no trace.
      this.#listeners(kind, name).add(client)
      own.add(name)
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
    const names = ownNames(client, kind)
    if (names.size === 0) this.#confirm(client, kind, 'unsubscribe', undefined)
    for (const name of names) this.unsubscribe(client, kind, name)
  }

  /** Leaves everything without a word. */
  unsubscribeAll(client: Client): void {
    if (!client.is(SUBSCRIBER)) return
    for (const kind of ['channel', 'pattern', 'shard'] as const) {
      for (const name of ownNames(client, kind)) this.#drop(client, kind, name)
    }
  }

  /** A shard channel belongs to another node now: whoever listened is told that this is over. */
  dropShardChannel(name: string): void {
    for (const client of this.shardChannels.get(name) ?? []) {
      this.#drop(client, 'shard', name)
      this.#server.push(client, this.#confirmation(client, 'shard', 'unsubscribe', name))
    }
  }

  /** Delivers a message; answers how many received it. */
  publish(channel: string, text: string): number {
    let receivers = 0
    const clients = this.channels.get(channel)
    if (clients !== undefined) {
      this.#deliver(clients, [WORDS.channel.message, channel, text])
      receivers += clients.size
    }
    for (const [pattern, { glob, clients }] of this.patterns) {
      if (!glob.matches(channel)) continue
      this.#deliver(clients, [WORDS.pattern.message, pattern, channel, text])
      receivers += clients.size
    }
    return receivers
  }

  publishShard(channel: string, text: string): number {
    const clients = this.shardChannels.get(channel)
    if (clients === undefined) return 0
    this.#deliver(clients, [WORDS.shard.message, channel, text])
    return clients.size
  }

  #deliver(clients: ReadonlySet<Client>, parts: readonly string[]): void {
    const message = new Message(this.#pages, parts)
    for (const client of clients) this.#server.deliver(client, message)
  }

  #confirm(
    client: Client,
    kind: ChannelKind,
    verb: 'subscribe' | 'unsubscribe',
    name: string | undefined,
  ): void {
    const write = this.#confirmation(client, kind, verb, name)
    // CLIENT REPLY OFF silences replies; a confirmation is a push, and comes through.
    if (client.is(SILENCED)) this.#server.push(client, write)
    else write(this.#server.reply)
  }

  #confirmation(
    client: Client,
    kind: ChannelKind,
    verb: 'subscribe' | 'unsubscribe',
    name: string | undefined,
  ): (reply: Reply) => void {
    // Shard channels are counted apart, as in Redis.
    const count =
      kind === 'shard'
        ? ownNames(client, kind).size
        : (client.channels?.size ?? 0) + (client.patterns?.size ?? 0)
    return reply => {
      reply.push(3)
      reply.bulk(WORDS[kind][verb])
      if (name === undefined) reply.null()
      else reply.bulk(name)
      reply.integer(count)
    }
  }

  #listeners(kind: ChannelKind, name: string): Set<Client> {
    if (kind === 'pattern') {
      let pattern = this.patterns.get(name)
      if (pattern === undefined) {
        pattern = { glob: compileGlob(name), clients: new Set() }
        this.patterns.set(name, pattern)
        this.#noteNews(kind, name, 1)
      }
      return pattern.clients
    }
    const table = kind === 'channel' ? this.channels : this.shardChannels
    let clients = table.get(name)
    if (clients === undefined) {
      clients = new Set()
      table.set(name, clients)
      this.#noteNews(kind, name, 1)
    }
    return clients
  }

  #drop(client: Client, kind: ChannelKind, name: string): void {
    if (!ownNames(client, kind).delete(name)) return
    const clients = this.#listeners(kind, name)
    clients.delete(client)
    if (clients.size === 0) {
      if (kind === 'pattern') this.patterns.delete(name)
      else (kind === 'channel' ? this.channels : this.shardChannels).delete(name)
      this.#noteNews(kind, name, -1)
    }
    if (client.subscriptions === 0) client.set(SUBSCRIBER, false)
  }
}

/** The names that a client has subscribed to. */
function ownNames(client: Client, kind: ChannelKind): Set<string> {
  if (kind === 'channel') {
    client.channels ??= new Set()
    return client.channels
  }
  if (kind === 'pattern') {
    client.patterns ??= new Set()
    return client.patterns
  }
  client.shardChannels ??= new Set()
  return client.shardChannels
}
