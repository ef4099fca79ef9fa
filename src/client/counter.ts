// counter.ts — COUNTER: strong, with bounds; or weak, accepted by any node.
//
// Adding is not idempotent, and a library may resend what was in flight when its connection broke.
// So every addition carries a request id, by which the server counts it once; it remembers ids for
// five minutes. Counters that are too hot for that do without: `exactlyOnce: false`.

import { command } from './command.ts'
import { type Core, type WaitOptions, waitMsOf } from './core.ts'
import { invalid } from './errors.ts'
import { Facts, readArray, readFlag, readInteger, readIntegerOrNull } from './reply.ts'

export interface CounterOptions {
  readonly initial?: number | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  /** Milliseconds after which it is gone, from its making on. */
  readonly lifetime?: number | undefined
  /** Whether additions carry request ids; they do unless told. */
  readonly exactlyOnce?: boolean | undefined
}

export interface WeakCounterOptions
  extends Pick<CounterOptions, 'initial' | 'lifetime' | 'exactlyOnce'> {
  readonly weak: true
}

export interface CounterInfo {
  readonly strength: string
  readonly value: number
  readonly ttlMs: number
}

export type Comparison = '>=' | '<=' | '=='

const COMPARISONS = { '>=': 'GE', '<=': 'LE', '==': 'EQ' } as const

/** What strong and weak counters have in common. */
class AnyCounter {
  readonly key: string
  protected readonly core: Core
  readonly #configuration: readonly (string | number)[]
  readonly #exactlyOnce: boolean
  #made: Promise<unknown> | undefined

  constructor(core: Core, key: string, words: (string | number)[], options: CounterOptions) {
    this.core = core
    this.key = key
    const { initial, lifetime } = options
    this.#configuration = [
      ...words,
      ...(initial === undefined ? [] : ['INIT', integer('initial', initial)]),
      ...(lifetime === undefined ? [] : ['PX', integer('lifetime', lifetime)]),
    ]
    this.#exactlyOnce = options.exactlyOnce ?? true
  }

  async info(): Promise<CounterInfo | null> {
    const reply = await this.send('COUNTER.INFO')
    if (reply === null) return null
    const facts = new Facts(reply)
    return {
      strength: facts.text('strength'),
      value: facts.integer('value'),
      ttlMs: facts.integer('ttl-ms'),
    }
  }

  /** Null if there is none. */
  async get(): Promise<number | null> {
    return readIntegerOrNull(await this.send('COUNTER.GET'))
  }

  async set(value: number): Promise<number> {
    return readInteger(await this.send('COUNTER.SET', integer('value', value)))
  }

  /** Back to where it began; null if there is none. */
  async reset(): Promise<number | null> {
    return readIntegerOrNull(await this.send('COUNTER.RESET'))
  }

  /** Waits until the value compares so; the value, or null if the time is over before. */
  async await(
    comparison: Comparison,
    value: number,
    options: WaitOptions = {},
  ): Promise<number | null> {
    const words = [COMPARISONS[comparison], integer('value', value)] as const
    await this.#make()
    const reply = await this.core.waits.run({
      request: waitMs => command('COUNTER.AWAIT', this.key, ...words, 'WAIT', waitMs),
      waitMs: waitMsOf(options.wait, Number.POSITIVE_INFINITY),
      signal: options.signal,
    })
    return readIntegerOrNull(reply)
  }

  protected addOnce(delta: number): Promise<unknown> {
    const request = this.#exactlyOnce ? ['REQ', crypto.randomUUID()] : []
    return this.send('COUNTER.ADD', integer('delta', delta), ...request)
  }

  protected async send(name: string, ...args: (string | number)[]): Promise<unknown> {
    await this.#make()
    return this.core.transport.send(command(name, this.key, ...args))
  }

  /** One that has a configuration is made before it is first used, unless it is there. */
  #make(): Promise<unknown> | undefined {
    if (this.#configuration.length === 0) return undefined
    const words = [...this.#configuration, 'NX']
    this.#made ??= this.core.transport
      .send(command('COUNTER.CREATE', this.key, ...words))
      .catch((error: unknown) => {
        this.#made = undefined
        throw error
      })
    return this.#made
  }
}

/** Exact at every moment. */
export class Counter extends AnyCounter {
  constructor(core: Core, key: string, options: CounterOptions = {}) {
    const { min, max } = options
    const words: (string | number)[] = []
    if (min !== undefined) words.push('MIN', integer('min', min))
    if (max !== undefined) words.push('MAX', integer('max', max))
    super(core, key, words, options)
  }

  /** The new value; code OUTOFBOUNDS, and no change, if that would leave the bounds. */
  async add(delta: number): Promise<number> {
    return readInteger(await this.addOnce(delta))
  }

  increment(): Promise<number> {
    return this.add(1)
  }

  decrement(): Promise<number> {
    return this.add(-1)
  }

  /** What it was; null if there was none. */
  async getAndSet(value: number): Promise<number | null> {
    return readIntegerOrNull(await this.send('COUNTER.GETSET', integer('value', value)))
  }

  /** Whether it was as expected, and is now the update. */
  async compareAndSet(expected: number, update: number): Promise<boolean> {
    const words = [integer('expected', expected), integer('update', update)]
    return readFlag(await this.send('COUNTER.CAS', ...words))
  }

  /** What it was: the update has taken its place if that is what was expected. */
  async compareAndSwap(expected: number, update: number): Promise<number | null> {
    const words = [integer('expected', expected), integer('update', update)]
    return readIntegerOrNull(await this.send('COUNTER.CMPSWAP', ...words))
  }

  /** A block of ids that nobody else gets. */
  async next(count: number): Promise<{ readonly first: number; readonly last: number }> {
    const [first, last] = readArray(await this.send('COUNTER.NEXT', integer('count', count)))
    return { first: readInteger(first), last: readInteger(last) }
  }
}

/** Counts wherever it is asked, and is exact when it is quiet. */
export class WeakCounter extends AnyCounter {
  constructor(core: Core, key: string, options: WeakCounterOptions) {
    super(core, key, ['WEAK'], options)
  }

  async add(delta: number): Promise<void> {
    await this.addOnce(delta)
  }

  increment(): Promise<void> {
    return this.add(1)
  }

  decrement(): Promise<void> {
    return this.add(-1)
  }
}

function integer(name: string, value: number): number {
  if (!Number.isSafeInteger(value)) throw invalid(`${name} must be an integer, not ${value}`)
  return value
}
