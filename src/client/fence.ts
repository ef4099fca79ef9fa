// fence.ts — FENCE: the ratchet of tokens, for resources that the grid does not keep.

import { command } from './command.ts'
import type { Core } from './core.ts'
import { asLatchkeyError } from './errors.ts'
import { readFlag, readInteger, readIntegerOrNull } from './reply.ts'

export class Fence {
  readonly key: string
  readonly #core: Core

  constructor(core: Core, key: string) {
    this.#core = core
    this.key = key
  }

  /** A token above all before. */
  async next(): Promise<number> {
    return readInteger(await this.#core.transport.send(command('FENCE.NEXT', this.key)))
  }

  /** Whether the token is not below any that passed before; then it is the mark. */
  async check(token: number): Promise<boolean> {
    try {
      return readFlag(await this.#core.transport.send(command('FENCE.CHECK', this.key, token)))
    } catch (thrown) {
      const error = asLatchkeyError(thrown)
      if (error.code === 'FENCED') return false
      throw error
    }
  }

  /** The greatest token that has passed; null if none has. */
  async get(): Promise<number | null> {
    return readIntegerOrNull(await this.#core.transport.send(command('FENCE.GET', this.key)))
  }
}
