// grid.ts — The objects of a grid, over one connection of the application.
//
// A grid owns its waiting connections and its renewals; the connection it was given stays the
// application's. Keys get the prefix that the application's client gives to its own.

import { Barrier } from './barrier.ts'
import type { Core } from './core.ts'
import { leaseMsOf, wholeNumber } from './core.ts'
import { Counter, type CounterOptions, WeakCounter, type WeakCounterOptions } from './counter.ts'
import { invalid } from './errors.ts'
import { Fence } from './fence.ts'
import { IoredisClusterTransport, IoredisTransport } from './ioredis.ts'
import { Latch, Latches } from './latch.ts'
import { Leader } from './leader.ts'
import { Lock } from './lock.ts'
import { Locks } from './locks.ts'
import { type Codec, Multimap, text } from './multimap.ts'
import { NodeRedisTransport } from './node-redis.ts'
import { PlainNumber } from './plain-number.ts'
import { RateLimiter } from './rate-limiter.ts'
import type { AnyRedis } from './redis.ts'
import { Renewals } from './renewals.ts'
import { Semaphore } from './semaphore.ts'
import type { Transport } from './transport.ts'
import { Waits } from './waits.ts'

/** The server's own default. */
const LEASE_MS_DEFAULT = 30_000
const WAIT_CONNECTIONS_MAX_DEFAULT = 256

export interface GridOptions {
  /** Milliseconds for which something is held without renewal, unless a call says otherwise. */
  readonly lease?: number | undefined
  /** Before every key; by default the `keyPrefix` of an ioredis client. */
  readonly keyPrefix?: string | undefined
  /** Scopes latches: their keys are `clientId#id`. */
  readonly clientId?: string | undefined
  /** How many waits have a connection at the same time; others stand in line. */
  readonly waitConnectionsMax?: number | undefined
}

export class Grid implements AsyncDisposable {
  readonly #core: Core
  readonly #prefix: string
  readonly #clientId: string | undefined

  constructor(transport: Transport, options: GridOptions = {}) {
    const waitsMax = options.waitConnectionsMax ?? WAIT_CONNECTIONS_MAX_DEFAULT
    const core = {
      transport,
      waits: new Waits(transport, wholeNumber('waitConnectionsMax', waitsMax, 1)),
      renewals: new Renewals(transport),
      leaseMs: LEASE_MS_DEFAULT,
    }
    this.#core = { ...core, leaseMs: leaseMsOf(core, options.lease) }
    this.#clientId = options.clientId
    this.#prefix = options.keyPrefix ?? transport.keyPrefix
  }

  /** The key under which the server keeps an object of this name. */
  key(name: string): string {
    return this.#prefix + name
  }

  lock(name: string): Lock {
    return new Lock(this.#core, this.key(name))
  }

  /** Several locks, all or nothing. */
  locks(...names: [string, ...string[]]): Locks {
    return new Locks(
      this.#core,
      names.map(name => this.key(name)),
    )
  }

  /** Permits; whoever first acquires makes it so large, unless `init` made it before. */
  semaphore(name: string, permits?: number): Semaphore {
    return new Semaphore(this.#core, this.key(name), permits)
  }

  /** A counter, made so when it is first used, unless it is there. */
  counter(name: string, options: WeakCounterOptions): WeakCounter
  counter(name: string, options?: CounterOptions & { readonly weak?: false }): Counter
  counter(
    name: string,
    options: WeakCounterOptions | (CounterOptions & { readonly weak?: false }) = {},
  ): Counter | WeakCounter {
    const key = this.key(name)
    if (options.weak === true) return new WeakCounter(this.#core, key, options)
    return new Counter(this.#core, key, options)
  }

  /** A number in a plain key, which Redis's own commands see too. */
  number(name: string): PlainNumber {
    return new PlainNumber(this.#core, this.key(name))
  }

  /** Values are strings, unless a codec says how they become strings. */
  multimap<V extends string = string>(name: string): Multimap<V>
  multimap<V>(name: string, codec: Codec<V>): Multimap<V>
  multimap(name: string, codec: Codec<string> = text()): Multimap<string> {
    return new Multimap(this.#core, this.key(name), codec)
  }

  latch(id: string): Latch {
    return new Latch(this.#core, this.#latchKey(id))
  }

  /** Several, to wait for any or all of them. */
  latches(...ids: [string, ...string[]]): Latches {
    return new Latches(this.#core, new Map(ids.map(id => [this.#latchKey(id), id])))
  }

  #latchKey(id: string): string {
    return this.key(this.#clientId === undefined ? id : `${this.#clientId}#${id}`)
  }

  barrier(name: string, parties: number): Barrier {
    return new Barrier(this.#core, this.key(name), parties)
  }

  leader(name: string): Leader {
    return new Leader(this.#core, this.key(name))
  }

  rateLimiter(name: string): RateLimiter {
    return new RateLimiter(this.#core, this.key(name))
  }

  fence(name: string): Fence {
    return new Fence(this.#core, this.key(name))
  }

  /** Ends all waits and renewals. What is held is told that it is lost, and ends with its lease. */
  close(): void {
    this.#core.waits.close()
    this.#core.renewals.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

/** A grid over an ioredis `Redis` or `Cluster`, or a node-redis client or cluster. */
export function latchkey(redis: AnyRedis, options: GridOptions = {}): Grid {
  return new Grid(transportOver(redis), options)
}

function transportOver(redis: AnyRedis): Transport {
  if ('call' in redis) {
    if ('nodes' in redis) return new IoredisClusterTransport(redis)
    return new IoredisTransport(redis)
  }
  if (!('sendCommand' in redis)) throw invalid('this is neither an ioredis nor a node-redis client')
  return new NodeRedisTransport(redis)
}
