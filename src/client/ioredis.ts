// ioredis.ts — Commands over an ioredis `Redis` or `Cluster`.
//
// ioredis finds the keys of a command in a table that nobody can add to, so a Cluster would send
// ours to a random node. But a command that carries its keys already is not looked up: ours get
// theirs between being made and being sent, and go to the right node at once.

import type { Command } from './command.ts'
import { asLatchkeyError } from './errors.ts'
import type { IoredisClient, IoredisCluster, IoredisCommand } from './redis.ts'
import type { Transport } from './transport.ts'

/** A limit on the time of one command would end waits that are meant to be long. */
const FOR_WAITS = { commandTimeout: undefined }

/** A listener there must be, or ioredis prints; the commands in flight say what went wrong. */
function ignoreErrors(): void {}

export class IoredisTransport implements Transport {
  readonly keyPrefix: string
  readonly #redis: IoredisClient

  constructor(redis: IoredisClient) {
    this.#redis = redis
    this.keyPrefix = redis.options.keyPrefix ?? ''
  }

  async send({ name, args }: Command): Promise<unknown> {
    try {
      return await this.#redis.call(name, args)
    } catch (error) {
      throw asLatchkeyError(error)
    }
  }

  async sendAll(commands: readonly Command[]): Promise<readonly unknown[]> {
    const pipeline = this.#redis.pipeline()
    for (const { name, args } of commands) pipeline.call(name, args)
    try {
      const replies = (await pipeline.exec()) ?? []
      return replies.map(([error, reply]) => (error === null ? reply : asLatchkeyError(error)))
    } catch (error) {
      const failed = asLatchkeyError(error)
      return commands.map(() => failed)
    }
  }

  async duplicate(): Promise<Transport> {
    const copy = this.#redis.duplicate(FOR_WAITS)
    copy.on('error', ignoreErrors)
    return new IoredisTransport(copy)
  }

  close(): void {
    this.#redis.disconnect()
  }
}

export class IoredisClusterTransport implements Transport {
  readonly keyPrefix: string
  readonly #cluster: IoredisCluster
  readonly #routed: IoredisCluster
  #key = ''

  constructor(cluster: IoredisCluster) {
    this.#cluster = cluster
    const { options } = cluster
    const prefix = 'keyPrefix' in options ? options.keyPrefix : undefined
    this.keyPrefix = typeof prefix === 'string' ? prefix : ''
    // The cluster, but for what happens on the way from `call` to `sendCommand`, which is one
    // synchronous step. Pipelines that ioredis makes by itself would take another way.
    this.#routed = Object.create(cluster, {
      options: { value: { ...options, enableAutoPipelining: false } },
      sendCommand: {
        value: (command: IoredisCommand) => {
          command.keys = [this.#key]
          return cluster.sendCommand(command as never)
        },
      },
    }) as IoredisCluster
  }

  async send({ name, args, key }: Command): Promise<unknown> {
    try {
      this.#key = key
      return await this.#routed.call(name, args)
    } catch (error) {
      throw asLatchkeyError(error)
    }
  }

  /** A pipeline of ioredis may not span nodes: one by one, but in the same turn. */
  sendAll(commands: readonly Command[]): Promise<readonly unknown[]> {
    return Promise.all(commands.map(each => this.send(each).catch(asLatchkeyError)))
  }

  async duplicate(): Promise<Transport> {
    const copy = this.#cluster.duplicate([], waitingOptions(this.#cluster.options))
    copy.on('error', ignoreErrors)
    return new IoredisClusterTransport(copy)
  }

  close(): void {
    this.#cluster.disconnect()
  }
}

function waitingOptions(options: object): object {
  const own = 'redisOptions' in options ? options.redisOptions : undefined
  const redisOptions = typeof own === 'object' ? { ...own, ...FOR_WAITS } : FOR_WAITS
  return { redisOptions }
}
