// multimap.ts — MULTIMAP: many values for a field, kept by the server.

import { command } from './command.ts'
import type { Core } from './core.ts'
import { wholeNumber } from './core.ts'
import { readArray, readFlag, readInteger, readString, readStrings } from './reply.ts'

/** How values become strings, and come back. Equal values must become equal strings. */
export interface Codec<V> {
  encode(value: V): string
  decode(text: string): V
}

/** Strings, as they are. */
export function text<V extends string>(): Codec<V> {
  return { encode: value => value, decode: text => text as V }
}

/** JSON. Two objects are the same value only if their properties are in the same order. */
export function json<V>(): Codec<V> {
  return { encode: value => JSON.stringify(value), decode: text => JSON.parse(text) as V }
}

export class Multimap<V> {
  readonly key: string
  readonly #core: Core
  readonly #codec: Codec<V>

  constructor(core: Core, key: string, codec: Codec<V>) {
    this.#core = core
    this.key = key
    this.#codec = codec
  }

  /** Makes one whose fields are sets, or lists in which duplicates count; false if there is one. */
  async create(kind: 'set' | 'list'): Promise<boolean> {
    return readFlag(await this.#send('MULTIMAP.CREATE', kind.toUpperCase()))
  }

  /** How many were added. In a list, what a library resends after a broken connection counts again. */
  async put(field: string, ...values: V[]): Promise<number> {
    if (values.length === 0) return 0
    return readInteger(await this.#send('MULTIMAP.PUT', field, ...this.#encode(values)))
  }

  async get(field: string): Promise<V[]> {
    return this.#decode(await this.#send('MULTIMAP.GET', field))
  }

  /** How many were removed. */
  async remove(field: string, ...values: V[]): Promise<number> {
    if (values.length === 0) return 0
    return readInteger(await this.#send('MULTIMAP.REMOVE', field, ...this.#encode(values)))
  }

  /** Removes fields with all their values; how many there were. */
  async delete(...fields: string[]): Promise<number> {
    if (fields.length === 0) return 0
    return readInteger(await this.#send('MULTIMAP.DELETE', ...fields))
  }

  /** Removes a field; its values. */
  async take(field: string): Promise<V[]> {
    return this.#decode(await this.#send('MULTIMAP.TAKE', field))
  }

  /** Gives a field these values and no others; the previous ones. */
  async replace(field: string, ...values: [V, ...V[]]): Promise<V[]> {
    return this.#decode(await this.#send('MULTIMAP.REPLACE', field, ...this.#encode(values)))
  }

  async has(field: string, ...value: [] | [V]): Promise<boolean> {
    return readFlag(await this.#send('MULTIMAP.HAS', field, ...this.#encode(value)))
  }

  /** Looks through all fields. */
  async hasValue(value: V): Promise<boolean> {
    return readFlag(await this.#send('MULTIMAP.HASVALUE', this.#codec.encode(value)))
  }

  /** The number of pairs. */
  async size(): Promise<number> {
    return readInteger(await this.#send('MULTIMAP.LEN'))
  }

  /** The number of fields, or of values of one. */
  async count(...field: [] | [string]): Promise<number> {
    return readInteger(await this.#send('MULTIMAP.COUNT', ...field))
  }

  async fields(): Promise<string[]> {
    return readStrings(await this.#send('MULTIMAP.FIELDS'))
  }

  /** Walks over all fields, with their values; `page` is about how many pairs one step brings. */
  async *entries(page = 100): AsyncGenerator<[field: string, values: V[]]> {
    const count = wholeNumber('page', page, 1)
    let cursor = '0'
    do {
      const [next, found] = readArray(
        await this.#send('MULTIMAP.SCAN', cursor, 'COUNT', String(count)),
      )
      cursor = readString(next)
      const flat = readArray(found)
      for (let i = 0; i + 1 < flat.length; i += 2) {
        yield [readString(flat[i]), this.#decode(flat[i + 1])]
      }
    } while (cursor !== '0')
  }

  /** Lets fields live so many milliseconds from now; for each whether there was one. */
  async expire(lifetime: number, ...fields: [string, ...string[]]): Promise<boolean[]> {
    const words = ['PX', String(wholeNumber('lifetime', lifetime, 1)), ...fields]
    return readArray(await this.#send('MULTIMAP.EXPIRE', ...words)).map(readFlag)
  }

  /** Milliseconds that fields have left: -1 without end, -2 where there is no field. */
  async ttl(...fields: [string, ...string[]]): Promise<number[]> {
    return readArray(await this.#send('MULTIMAP.TTL', ...fields)).map(readInteger)
  }

  #encode(values: readonly V[]): string[] {
    return values.map(value => this.#codec.encode(value))
  }

  #decode(reply: unknown): V[] {
    return readStrings(reply).map(text => this.#codec.decode(text))
  }

  #send(name: string, ...args: string[]): Promise<unknown> {
    return this.#core.transport.send(command(name, this.key, ...args))
  }
}
