// node-redis.ts — Commands over a node-redis client or cluster.
//
// node-redis writes together what is sent in the same turn, so many commands are a pipeline as they
// are. It fails what is in flight when a connection breaks, and resends nothing of it.

import type { Command } from './command.ts'
import { Ending } from './ending.ts'
import { asLatchkeyError } from './errors.ts'
import type { NodeRedisClient, NodeRedisCluster } from './redis.ts'
import type { Transport } from './transport.ts'

/** Without a listener an error would end the process; the commands in flight say it as well. */
function ignoreErrors(): void {}

export class NodeRedisTransport implements Transport {
  readonly keyPrefix = ''
  readonly #redis: NodeRedisClient | NodeRedisCluster
  readonly #ending = new Ending()

  constructor(redis: NodeRedisClient | NodeRedisCluster) {
    this.#redis = redis
  }

  async send({ name, args, key }: Command): Promise<unknown> {
    const redis = this.#redis
    try {
      if ('masters' in redis) return await redis.sendCommand(key, false, [name, ...args])
      return await redis.sendCommand([name, ...args])
    } catch (error) {
      throw asLatchkeyError(error)
    }
  }

  sendAll(commands: readonly Command[]): Promise<readonly unknown[]> {
    return Promise.all(commands.map(each => this.send(each).catch(asLatchkeyError)))
  }

  async duplicate(): Promise<Transport> {
    const copy = this.#redis.duplicate()
    copy.on('error', ignoreErrors)
    try {
      await copy.connect()
    } catch (error) {
      throw asLatchkeyError(error)
    }
    return new NodeRedisTransport(copy)
  }

  watch(onEnd: () => void): (() => void) | undefined {
    const redis = this.#redis
    if ('masters' in redis) return undefined
    return this.#ending.watch(onEnd, listener => {
      // It ends for good, or for now.
      redis.on('end', listener)
      redis.on('reconnecting', listener)
    })
  }

  close(): void {
    if (this.#redis.isOpen) this.#redis.destroy()
  }
}
