// latch.ts — LATCH: many wait until something has happened often enough.

import { command, keysCommand } from './command.ts'
import { type Core, type WaitOptions, waitMsOf, wholeNumber } from './core.ts'
import { timedOut } from './errors.ts'
import { Facts, readFlag, readInteger, readPairs, readString, readStrings } from './reply.ts'

export interface LatchOptions {
  /** Takes the place of one that is there; without, such a one is left alone. */
  readonly replace?: boolean | undefined
  /** Whether it may count up again before it opens. */
  readonly upDown?: boolean | undefined
  /** Zero opens it only after `arm`. */
  readonly hold?: boolean | undefined
  readonly scope?: 'DC' | 'XDC' | undefined
  /** Milliseconds after which it ends unopened. */
  readonly lifetime?: number | undefined
  /** What those who wait then find: a failure (EXPIRED), or that it is open. */
  readonly onExpire?: 'fail' | 'open' | undefined
  /** Milliseconds for which it stays readable after its end. */
  readonly linger?: number | undefined
}

export interface StepOptions {
  /** Counts once, whatever it repeats. */
  readonly participant?: string | undefined
}

export interface DownOptions extends StepOptions {
  /** What the participant leaves for `results`. */
  readonly data?: string | undefined
}

export interface LatchInfo {
  readonly state: string
  readonly count: number
  readonly generation: number
  readonly waiting: number
  readonly participants: number
  readonly reason: string
  readonly ttlMs: number
}

export class Latch {
  readonly key: string
  readonly #core: Core

  constructor(core: Core, key: string) {
    this.#core = core
    this.key = key
  }

  /** Whether it was made. */
  async create(count: number, options: LatchOptions = {}): Promise<boolean> {
    const words: (string | number)[] = [wholeNumber('count', count, 0)]
    if (options.upDown === true) words.push('UPDOWN')
    if (options.hold === true) words.push('HOLD')
    if (options.scope !== undefined) words.push('SCOPE', options.scope)
    if (options.lifetime !== undefined) {
      words.push('PX', wholeNumber('lifetime', options.lifetime, 1))
    }
    if (options.onExpire !== undefined) words.push('ONEXPIRE', options.onExpire.toUpperCase())
    if (options.linger !== undefined) words.push('LINGER', wholeNumber('linger', options.linger, 1))
    if (readFlag(await this.#send('LATCH.CREATE', ...words, 'NX'))) return true
    return options.replace === true && readFlag(await this.#send('LATCH.CREATE', ...words, 'XX'))
  }

  /** Counts down; what is left. A step without a participant has a request id, and counts once too. */
  async down(amount = 1, options: DownOptions = {}): Promise<number> {
    const { participant, data } = options
    const words = step(amount, participant)
    if (data !== undefined) words.push('DATA', data)
    return readInteger(await this.#send('LATCH.DOWN', ...words))
  }

  /** Counts up, if it was made with `upDown`; the count. */
  async up(amount = 1, options: StepOptions = {}): Promise<number> {
    return readInteger(await this.#send('LATCH.UP', ...step(amount, options.participant)))
  }

  /** Lets one open at zero that was made with `hold`; the count. */
  async arm(): Promise<number> {
    return readInteger(await this.#send('LATCH.ARM'))
  }

  /** Waits until it opens; code TIMEOUT, or NOLATCH, BROKEN, EXPIRED if it never will. */
  async await(options: WaitOptions = {}): Promise<void> {
    const waitMs = waitMsOf(options.wait, Number.POSITIVE_INFINITY)
    if (!(await this.#isOpen(waitMs, options.signal))) throw timedOut(this.key)
  }

  /** Whether it opened in time; does not wait unless told. */
  tryAwait(options: WaitOptions = {}): Promise<boolean> {
    return this.#isOpen(waitMsOf(options.wait, 0), options.signal)
  }

  async #isOpen(waitMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    if (readFlag(await this.#send('LATCH.AWAIT'))) return true
    if (waitMs === 0) return false
    const reply = await this.#core.waits.run({
      request: ms => command('LATCH.AWAIT', this.key, 'WAIT', ms),
      waitMs,
      signal,
    })
    return reply !== null && readFlag(reply)
  }

  async count(): Promise<number> {
    return readInteger(await this.#send('LATCH.COUNT'))
  }

  async info(): Promise<LatchInfo | null> {
    const reply = await this.#send('LATCH.INFO')
    if (reply === null) return null
    const facts = new Facts(reply)
    return {
      state: facts.text('state'),
      count: facts.integer('count'),
      generation: facts.integer('generation'),
      waiting: facts.integer('waiting'),
      participants: facts.integer('participants'),
      reason: facts.text('reason'),
      ttlMs: facts.integer('ttl-ms'),
    }
  }

  /** What each participant left. */
  async results(): Promise<Map<string, string>> {
    const pairs = readPairs(await this.#send('LATCH.RESULTS'))
    return new Map(pairs.map(([name, data]) => [name, readString(data)]))
  }

  /** Ends it for all who wait, with code BROKEN. */
  async break(reason = ''): Promise<void> {
    await this.#send('LATCH.BREAK', reason)
  }

  /** A new generation; who waits for the old one finds it broken. */
  async reset(count: number): Promise<void> {
    await this.#send('LATCH.RESET', wholeNumber('count', count, 0))
  }

  #send(name: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#core.transport.send(command(name, this.key, ...args))
  }
}

function step(amount: number, participant: string | undefined): (string | number)[] {
  const identity = participant === undefined ? ['REQ', crypto.randomUUID()] : ['ID', participant]
  return [wholeNumber('amount', amount, 1), ...identity]
}

/** Several latches; in a cluster they share a slot. */
export class Latches {
  readonly #core: Core
  readonly #keys: ReadonlyMap<string, string>

  /** `keys` gives the id for each key. */
  constructor(core: Core, keys: ReadonlyMap<string, string>) {
    this.#core = core
    this.#keys = keys
  }

  /** Waits until one is open; the ids of those that are, none if the time is over before. */
  any(options: WaitOptions = {}): Promise<string[]> {
    return this.#await('ANY', options)
  }

  /** Waits until all are open; their ids, none if the time is over before. */
  all(options: WaitOptions = {}): Promise<string[]> {
    return this.#await('ALL', options)
  }

  async #await(quantifier: 'ANY' | 'ALL', options: WaitOptions): Promise<string[]> {
    const keys = [...this.#keys.keys()]
    const reply = await this.#core.waits.run({
      request: waitMs => keysCommand('LATCH.MAWAIT', keys, quantifier, 'WAIT', waitMs),
      waitMs: waitMsOf(options.wait, Number.POSITIVE_INFINITY),
      signal: options.signal,
    })
    return reply === null ? [] : readStrings(reply).map(key => this.#keys.get(key) ?? key)
  }
}
