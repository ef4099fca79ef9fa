// store.ts — Commands that the server carries out only for the present holder (LOCK.DO).
//
// Check and command are one step at the server, so no pause of this process can come between them.
// Keys are sent as they are; in a cluster they must share the lock's slot: "{orders:42}:state".

import { readInteger, readString } from './reply.ts'
import type { Transport } from './transport.ts'

export type StoreArgument = string | number

export class Store {
  readonly #transport: Transport
  readonly #key: string
  readonly #token: number

  constructor(transport: Transport, key: string, token: number) {
    this.#transport = transport
    this.#key = key
    this.#token = token
  }

  /** Any command; its reply as the Redis client below gives it. */
  call(name: string, ...args: StoreArgument[]): Promise<unknown> {
    const words = [this.#key, String(this.#token), name, ...args.map(String)]
    return this.#transport.send({ name: 'LOCK.DO', key: this.#key, args: words })
  }

  async get(key: string): Promise<string | null> {
    return textOrNull(await this.call('GET', key))
  }

  /** With the options of SET: `set(key, value, 'PX', 1000)`. */
  async set(
    key: string,
    value: StoreArgument,
    ...options: StoreArgument[]
  ): Promise<string | null> {
    return textOrNull(await this.call('SET', key, value, ...options))
  }

  async del(...keys: string[]): Promise<number> {
    return readInteger(await this.call('DEL', ...keys))
  }

  async incrBy(key: string, amount: number): Promise<number> {
    return readInteger(await this.call('INCRBY', key, amount))
  }

  async hGet(key: string, field: string): Promise<string | null> {
    return textOrNull(await this.call('HGET', key, field))
  }

  async hSet(key: string, ...fieldsAndValues: StoreArgument[]): Promise<number> {
    return readInteger(await this.call('HSET', key, ...fieldsAndValues))
  }
}

function textOrNull(reply: unknown): string | null {
  return reply === null ? null : readString(reply)
}
