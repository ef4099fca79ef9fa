// tokens.ts — A token source that counts, for tests of coordination values.

import type { TokenSource } from '../../src/values/coordinated.ts'

export class CountingTokens implements TokenSource {
  /** The token that was given last. */
  last = 0

  nextToken(): number {
    this.last++
    return this.last
  }
}

/** Runs of each property; the environment asks for more where thousands are wanted. */
export const PROPERTY_RUNS = Number(process.env['PROPERTY_RUNS'] ?? 300)
