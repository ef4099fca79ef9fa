// plain-number.ts — INCREX: a number in a plain key, as Redis's own commands see it.
//
// Bounds and lifetime are of each call, not of the key: whoever adds must give the same ones.

import { command } from './command.ts'
import type { Core } from './core.ts'
import { wholeNumber } from './core.ts'
import { invalid } from './errors.ts'
import { readArray, readInteger, readNumber } from './reply.ts'

export interface AddOptions {
  readonly min?: number | undefined
  readonly max?: number | undefined
  /** Goes to the bound where the sum lies beyond it; otherwise nothing is added then. */
  readonly saturate?: boolean | undefined
  /** Milliseconds from now on. */
  readonly lifetime?: number | undefined
  /** The lifetime is for a key that has none yet. */
  readonly onlyNew?: boolean | undefined
  /** Takes the key's lifetime away. */
  readonly persist?: boolean | undefined
  /** Counts with fractions, which makes the number one for good. */
  readonly float?: boolean | undefined
}

export interface Added {
  readonly value: number
  /** 0 if that would have left the bounds. */
  readonly added: number
}

export class PlainNumber {
  readonly key: string
  readonly #core: Core

  constructor(core: Core, key: string) {
    this.key = key
    this.#core = core
  }

  /** What a library resends after a broken connection counts again: for exact numbers take a counter. */
  async add(amount: number, options: AddOptions = {}): Promise<Added> {
    const { min, max, lifetime, float = false } = options
    const words: (string | number)[] = [
      float ? 'BYFLOAT' : 'BYINT',
      numeric('amount', amount, float),
    ]
    if (options.saturate === true) words.push('SATURATE')
    if (min !== undefined) words.push('LBOUND', numeric('min', min, float))
    if (max !== undefined) words.push('UBOUND', numeric('max', max, float))
    if (lifetime !== undefined) words.push('PX', wholeNumber('lifetime', lifetime, 1))
    if (options.persist === true) words.push('PERSIST')
    if (options.onlyNew === true) words.push('ENX')
    const reply = readArray(await this.#core.transport.send(command('INCREX', this.key, ...words)))
    const [value, added] = reply.map(float ? readNumber : readInteger)
    return { value: value!, added: added! }
  }
}

function numeric(name: string, value: number, float: boolean): number {
  if (float ? Number.isFinite(value) : Number.isSafeInteger(value)) return value
  throw invalid(`${name} must be ${float ? 'a finite number' : 'an integer'}, not ${value}`)
}
