// grid.ts — The objects of a grid, over one connection of the application.
//
// A grid owns its waiting connections and its renewals; the connection it was given stays the
// application's. Keys get the prefix that the application's client gives to its own.

import type { Core } from './core.ts'
import { leaseMsOf, wholeNumber } from './core.ts'
import { invalid } from './errors.ts'
import { IoredisClusterTransport, IoredisTransport } from './ioredis.ts'
import { Lock } from './lock.ts'
import { NodeRedisTransport } from './node-redis.ts'
import type { AnyRedis } from './redis.ts'
import { Renewals } from './renewals.ts'
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

  constructor(transport: Transport, options: GridOptions = {}) {
    const waitsMax = options.waitConnectionsMax ?? WAIT_CONNECTIONS_MAX_DEFAULT
    const core = {
      transport,
      waits: new Waits(transport, wholeNumber('waitConnectionsMax', waitsMax, 1)),
      renewals: new Renewals(transport),
      leaseMs: LEASE_MS_DEFAULT,
    }
    this.#core = { ...core, leaseMs: leaseMsOf(core, options.lease) }
    this.#prefix = options.keyPrefix ?? transport.keyPrefix
  }

  /** The key under which the server keeps an object of this name. */
  key(name: string): string {
    return this.#prefix + name
  }

  lock(name: string): Lock {
    return new Lock(this.#core, this.key(name))
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
