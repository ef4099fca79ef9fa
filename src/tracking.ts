// tracking.ts — Client-side caching: who has read what, and must hear when it changes.
//
// In the default mode the server remembers the keys that each client reads; a change tells those
// clients once, and forgets. In broadcasting mode it remembers only prefixes, and tells all changes
// under them when the turn ends. Keys are names: databases do not matter, as in Redis.
//
// A client hears of a change after the reply of the command that made it, never in the middle of
// one. A client may have another one hear instead of it (REDIRECT); that is the only way in RESP2.

import type { Call } from './call.ts'
import { type Client, IN_MULTI, SUBSCRIBER, TRACKED } from './client.ts'
import { type Command, READONLY } from './command.ts'
import { segmentOfKey } from './keyspace/slot.ts'
import { KeyPositions } from './keyspecs.ts'
import { Message, MessagePages } from './message.ts'
import type { Server } from './server.ts'
import { TrackedKeys } from './tracked-keys.ts'

/** RESP2 clients that are redirected to hear through this channel. */
const CHANNEL = '__redis__:invalidate'
/** Keys forgotten for want of room, per command and per cron; the rest follows with the next. */
const EVICTIONS_PER_COMMAND = 100
const EVICTIONS_PER_CYCLE = 10_000
/** Among more keys than this, those of a segment that leaves are not looked for: all are forgotten. */
const SEARCHED_KEYS_MAX = 20_000

export interface TrackingOptions {
  readonly broadcast: boolean
  /** Remember only the keys of commands that follow CLIENT CACHING YES. */
  readonly optIn: boolean
  /** Remember no keys of commands that follow CLIENT CACHING NO. */
  readonly optOut: boolean
  /** Not to be told of its own changes. */
  readonly noLoop: boolean
  /** Id of the client that hears instead; 0 for none. */
  readonly redirect: number
  /** For broadcasting: keys that start so; the empty one is all keys. */
  readonly prefixes: readonly string[]
}

/** What a client has chosen. */
export interface Tracking extends TrackingOptions {
  /** The client that should hear has left. */
  redirectBroken: boolean
  /** CLIENT, while CLIENT CACHING holds: until another command or transaction has run. */
  caching: Command | undefined
}

interface Prefix {
  readonly clients: Set<Client>
  /** Keys that changed in this turn, and who was the first to change them. */
  readonly changed: Map<string, Client | undefined>
}

export class TrackingTable {
  clientCount = 0
  readonly #server: Server
  readonly #keys = new TrackedKeys()
  readonly #prefixes = new Map<string, Prefix>()
  /** Prefixes under which keys have changed in this turn. */
  readonly #changedPrefixes = new Set<string>()
  readonly #positions = new KeyPositions()
  readonly #pages = new MessagePages()

  constructor(server: Server) {
    this.#server = server
  }

  get isActive(): boolean {
    return this.clientCount > 0
  }

  get memory(): number {
    return this.#keys.memory
  }

  get keyCount(): number {
    return this.#keys.count
  }

  get itemCount(): number {
    return this.#keys.itemCount
  }

  get prefixCount(): number {
    return this.#prefixes.size
  }

  /** Turns tracking on, or changes its options; prefixes add up. */
  enable(client: Client, options: TrackingOptions): void {
    const before = client.tracking
    if (before === undefined) this.clientCount++
    const added = options.broadcast && options.prefixes.length === 0 ? [''] : options.prefixes
    const prefixes = [...new Set([...(before?.prefixes ?? []), ...added])].sort()
    for (const name of added) this.#prefix(name).clients.add(client)
    client.tracking = { ...options, prefixes, redirectBroken: false, caching: undefined }
    client.set(TRACKED, true)
    this.#server.noteObservers()
  }

  disable(client: Client): void {
    const { tracking } = client
    if (tracking === undefined) return
    for (const name of tracking.prefixes) {
      const prefix = this.#prefixes.get(name)!
      prefix.clients.delete(client)
      if (prefix.clients.size > 0) continue
      this.#prefixes.delete(name)
      this.#changedPrefixes.delete(name)
    }
    client.tracking = undefined
    client.set(TRACKED, false)
    // Without trackers nobody reports changes, so what was remembered would grow wrong.
    if (--this.clientCount === 0) this.#keys.clear()
    this.#server.noteObservers()
  }

  /** Remembers the keys that a tracked client's command has read. */
  remember(call: Call): void {
    const { client, command } = call
    const tracking = client.tracking!
    if (tracking.broadcast || (command.bits & READONLY) === 0) return
    const cachingGiven = tracking.caching !== undefined
    if ((tracking.optIn && !cachingGiven) || (tracking.optOut && cachingGiven)) return
    const positions = this.#positions
    positions.find(command.spec, call)
    for (let i = 0; i < positions.count; i++) {
      this.#keys.add(call.text(positions.positions[i]!), client.id)
    }
    if (positions.count > 0) this.#evict(positions.count + EVICTIONS_PER_COMMAND)
  }

  /** A command of a tracked client has ended: CLIENT CACHING was for this one, or for the next. */
  commandEnded(call: Call): void {
    const tracking = call.client.tracking!
    if (tracking.caching === call.command.parent || call.client.is(IN_MULTI)) return
    tracking.caching = undefined
  }

  /** A key was changed or deleted, in the course of this client's command if of any. */
  changed(key: string, by: Client | undefined): void {
    for (const [name, prefix] of this.#prefixes) {
      if (!key.startsWith(name)) continue
      if (!prefix.changed.has(key)) prefix.changed.set(key, by)
      // Whoever made the change may get no reply, and then nothing else would end the turn.
      if (this.#changedPrefixes.size === 0) this.#server.wakeUp()
      this.#changedPrefixes.add(name)
    }
    this.#invalidate(key, by)
  }

  /** All keys of a database are gone: nobody's cache is worth anything. */
  flushed(): void {
    if (!this.isActive) return
    this.#keys.clear()
    const invalidation = new Invalidation(this.#pages, null)
    for (const client of this.#server.clients.values()) {
      if (client.is(TRACKED)) this.#send(client, invalidation)
    }
  }

  /** A segment is served elsewhere from now on: its keys change, and nobody here hears of it. */
  leaving(segment: number): void {
    if (!this.isActive) return
    if (this.#keys.count > SEARCHED_KEYS_MAX) {
      this.flushed()
      return
    }
    const lost = [...this.#keys.names()].filter(key => segmentOfKey(key) === segment)
    for (const key of lost) this.#invalidate(key, undefined)
    // What those cache who track prefixes is not known: they have to forget all of it.
    const invalidation = new Invalidation(this.#pages, null)
    for (const client of this.#server.clients.values()) {
      if (client.tracking?.broadcast) this.#send(client, invalidation)
    }
  }

  /** Tells the changes of this turn to those who track prefixes. */
  broadcast(): void {
    if (this.#changedPrefixes.size === 0) return
    for (const name of [...this.#changedPrefixes].sort()) {
      const { clients, changed } = this.#prefixes.get(name)!
      const keys = [...changed.keys()].sort()
      const invalidation = new Invalidation(this.#pages, keys)
      for (const client of clients) {
        if (client.tracking!.noLoop && keys.some(key => changed.get(key) === client)) {
          const others = keys.filter(key => changed.get(key) !== client)
          if (others.length > 0) this.#send(client, new Invalidation(this.#pages, others))
        } else {
          this.#send(client, invalidation)
        }
      }
      changed.clear()
    }
    this.#changedPrefixes.clear()
  }

  cron(): void {
    this.#evict(EVICTIONS_PER_CYCLE)
  }

  /** Forgets random keys beyond `tracking-table-max-keys`, telling those who have them. */
  #evict(countMax: number): void {
    const limit = this.#server.config.values['tracking-table-max-keys']
    if (limit === 0) return
    for (let left = countMax; left > 0 && this.#keys.count > limit; left--) {
      this.#invalidate(this.#keys.random(this.#server.random), undefined)
    }
  }

  #invalidate(key: string, by: Client | undefined): void {
    let invalidation: Invalidation | undefined
    for (const id of this.#keys.take(key)) {
      const client = this.#server.clients.get(id)
      if (client?.tracking === undefined || client.tracking.broadcast) continue
      if (client.tracking.noLoop && client === by) continue
      invalidation ??= new Invalidation(this.#pages, [key])
      this.#send(client, invalidation)
    }
  }

  #send(client: Client, invalidation: Invalidation): void {
    const tracking = client.tracking!
    const server = this.#server
    const { redirect } = tracking
    const receiver = redirect === 0 ? client : server.clients.get(redirect)
    if (receiver === undefined) {
      tracking.redirectBroken = true
      if (client.protocol > 2) {
        server.push(client, reply => {
          reply.push(2)
          reply.bulk('tracking-redir-broken')
          reply.integer(redirect)
        })
      }
    } else if (receiver.protocol > 2) {
      server.deliver(receiver, invalidation.pushed)
    } else if (redirect !== 0 && receiver.is(SUBSCRIBER)) {
      server.deliver(receiver, invalidation.published)
    }
    // A RESP2 client that neither redirects nor subscribes cannot be told.
  }

  #prefix(name: string): Prefix {
    let prefix = this.#prefixes.get(name)
    if (prefix === undefined) {
      prefix = { clients: new Set(), changed: new Map() }
      this.#prefixes.set(name, prefix)
    }
    return prefix
  }
}

/** One piece of news in its two forms; `keys` is null if all keys are concerned. */
class Invalidation {
  /** For RESP3. */
  readonly pushed: Message
  /** For RESP2, as a message of a channel. */
  readonly published: Message

  constructor(pages: MessagePages, keys: readonly string[] | null) {
    this.pushed = new Message(pages, ['invalidate', keys])
    this.published = new Message(pages, ['message', CHANNEL, keys])
  }
}
