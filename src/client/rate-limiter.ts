// rate-limiter.ts — CL.THROTTLE and RATE.WINDOW: how often something may be done.

import { command, waiting } from './command.ts'
import { type Core, type WaitOptions, waitMsOf, wholeNumber } from './core.ts'
import { readArray, readInteger } from './reply.ts'

export interface ThrottleOptions extends WaitOptions {
  /** How much may come at once beyond the rate. */
  readonly burst: number
  /** So much … */
  readonly count: number
  /** … in so many seconds. */
  readonly period: number
  /** How much is asked for; 1 unless told. */
  readonly quantity?: number | undefined
}

export interface WindowOptions extends WaitOptions {
  readonly limit: number
  /** Milliseconds. */
  readonly window: number
  /** Counts the last so many milliseconds, rather than from one full window to the next. */
  readonly sliding?: boolean | undefined
  readonly quantity?: number | undefined
}

export interface Verdict {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Seconds until it would be allowed; null if it is, or never will be. */
  readonly retryAfter: number | null
  /** Seconds until all is forgiven. */
  readonly resetAfter: number
}

export class RateLimiter {
  readonly key: string
  readonly #core: Core

  constructor(core: Core, key: string) {
    this.#core = core
    this.key = key
  }

  /** A steady rate with bursts; waits for capacity only if told. */
  throttle(options: ThrottleOptions): Promise<Verdict> {
    const words = [
      wholeNumber('burst', options.burst, 0),
      wholeNumber('count', options.count, 1),
      wholeNumber('period', options.period, 1),
      wholeNumber('quantity', options.quantity ?? 1, 0),
    ]
    return this.#ask('CL.THROTTLE', words, options)
  }

  /** So many in a window of time; waits for capacity only if told. */
  window(options: WindowOptions): Promise<Verdict> {
    const words: (string | number)[] = [
      wholeNumber('limit', options.limit, 1),
      wholeNumber('window', options.window, 1),
      'QUANTITY',
      wholeNumber('quantity', options.quantity ?? 1, 0),
    ]
    if (options.sliding === true) words.push('SLIDING')
    return this.#ask('RATE.WINDOW', words, options)
  }

  async #ask(
    name: string,
    words: readonly (string | number)[],
    options: WaitOptions,
  ): Promise<Verdict> {
    const waitMs = waitMsOf(options.wait, 0)
    const request = (ms: number | undefined) => command(name, this.key, ...words, ...waiting(ms))
    const verdict = readVerdict(await this.#core.transport.send(request(undefined)))
    if (verdict.allowed || verdict.retryAfter === null || waitMs === 0) return verdict
    const reply = await this.#core.waits.run({ request, waitMs, signal: options.signal })
    return reply === null ? verdict : readVerdict(reply)
  }
}

function readVerdict(reply: unknown): Verdict {
  const numbers = readArray(reply).map(readInteger)
  const [limited = 1, limit = 0, remaining = 0, retryAfter = -1, resetAfter = 0] = numbers
  return {
    allowed: limited === 0,
    limit,
    remaining,
    retryAfter: retryAfter < 0 ? null : retryAfter,
    resetAfter,
  }
}
