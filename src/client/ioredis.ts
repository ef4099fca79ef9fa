// ioredis.ts — Commands over an ioredis `Redis` or `Cluster`.
//
// ioredis finds the keys of a command in a table that nobody can add to, so a Cluster would send
// ours to a random node. But a command that carries its keys already is not looked up: ours get
// theirs between being made and being sent, and go to the right node at once.
//
// ioredis writes each command to the socket by itself, which is most of what a command costs. What one
// turn of the event loop sends is therefore gathered by the socket into few writes.

import type { Command } from './command.ts'
import { Ending } from './ending.ts'
import { asLatchkeyError } from './errors.ts'
import type { Corkable, IoredisClient, IoredisCluster, IoredisCommand } from './redis.ts'
import type { Transport } from './transport.ts'

/** A limit on the time of one command would end waits that are meant to be long. */
const FOR_WAITS = { commandTimeout: undefined }

/** Then they are written, so that the server works on them while the next ones are made. */
const GATHERED_MAX = 16

/** A listener there must be, or ioredis prints; the commands in flight say what went wrong. */
function ignoreErrors(): void {}

export class IoredisTransport implements Transport {
  readonly keyPrefix: string
  readonly #redis: IoredisClient
  readonly #ending = new Ending()
  /** The socket that gathers in this turn, and how many commands it has. */
  #gathering: Corkable | undefined
  #gathered = 0

  constructor(redis: IoredisClient) {
    this.#redis = redis
    this.keyPrefix = redis.options.keyPrefix ?? ''
  }

  async send({ name, args }: Command): Promise<unknown> {
    this.#gather()
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

  /** A tick comes after all promises that a chunk of replies settles, and before the next chunk. */
  #gather(): void {
    const { stream } = this.#redis
    if (stream === undefined) return
    if (stream !== this.#gathering) {
      // An application that gathers by itself is left alone.
      if (stream.writableCorked !== 0) return
      stream.cork()
      this.#gathering = stream
      process.nextTick(this.#flush)
    } else if (this.#gathered === GATHERED_MAX) {
      stream.uncork()
      stream.cork()
      this.#gathered = 0
    }
    this.#gathered++
  }

  readonly #flush = (): void => {
    this.#gathering?.uncork()
    this.#gathering = undefined
    this.#gathered = 0
  }

  async duplicate(): Promise<Transport> {
    const copy = this.#redis.duplicate(FOR_WAITS)
    copy.on('error', ignoreErrors)
    return new IoredisTransport(copy)
  }

  watch(onEnd: () => void): () => void {
    return this.#ending.watch(onEnd, listener => this.#redis.on('close', listener))
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

  watch(): undefined {}

  close(): void {
    this.#cluster.disconnect()
  }
}

function waitingOptions(options: object): object {
  const own = 'redisOptions' in options ? options.redisOptions : undefined
  const redisOptions = typeof own === 'object' ? { ...own, ...FOR_WAITS } : FOR_WAITS
  return { redisOptions }
}
