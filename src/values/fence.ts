// fence.ts — A ratchet of tokens for resources that live outside the grid.
//
// The mark is the greatest token that was ever presented; one below it comes from a holder that has
// been succeeded, and is FENCED. Presenting the mark again is fine: it is the same holder. Issuing a
// token does not raise the mark, so the present holder goes on until its successor shows up.
//
// Invariant: neither number ever falls, and a token that is issued is above both. A fence keeps its
// mark until its key is deleted, so it is never free.

import { type Coordinated, type Refused, refused, type TokenSource } from './coordinated.ts'
import { BOXED_NUMBER_BYTES, OBJECT_BYTES, WORD_BYTES } from './footprint.ts'

export interface Issued {
  readonly kind: 'issued'
  readonly token: number
}

export interface Passed {
  readonly kind: 'passed'
  /** Whether the mark was raised: the first sight of this holder. */
  readonly raised: boolean
}

export interface FenceSnapshot {
  readonly mark: number
  readonly issued: number
}

const FENCED = refused('FENCED')
const OUTOFBOUNDS = refused('OUTOFBOUNDS')
const RAISED: Passed = Object.freeze({ kind: 'passed', raised: true })
const SEEN: Passed = Object.freeze({ kind: 'passed', raised: false })

const FENCE_BYTES = OBJECT_BYTES + 2 * (WORD_BYTES + BOXED_NUMBER_BYTES)

export class Fence implements Coordinated {
  #mark = 0
  #issued = 0

  get isFree(): boolean {
    return false
  }

  /** The greatest token that was presented; 0 for none. */
  get mark(): number {
    return this.#mark
  }

  /** The token that was issued last; 0 for none. */
  get issued(): number {
    return this.#issued
  }

  /** Issues a token above all that were issued or presented. OUTOFBOUNDS when there is none left. */
  next(tokens: TokenSource): Issued | Refused<'OUTOFBOUNDS'> {
    const floor = Math.max(this.#mark, this.#issued)
    if (floor >= Number.MAX_SAFE_INTEGER) return OUTOFBOUNDS
    this.#issued = Math.max(tokens.nextToken(), floor + 1)
    return { kind: 'issued', token: this.#issued }
  }

  /** Presents a token, a safe integer. */
  check(token: number): Passed | Refused<'FENCED'> {
    if (token < this.#mark) return FENCED
    if (token === this.#mark) return SEEN
    this.#mark = token
    return RAISED
  }

  /** Replays what an operation left. */
  assign(state: FenceSnapshot): void {
    this.#mark = state.mark
    this.#issued = state.issued
  }

  nextExpiry(): number {
    return Number.POSITIVE_INFINITY
  }

  extendAll(_gapMs: number): void {}

  memory(): number {
    return FENCE_BYTES
  }

  snapshot(): FenceSnapshot {
    return { mark: this.#mark, issued: this.#issued }
  }

  static restore(snapshot: FenceSnapshot): Fence {
    const fence = new Fence()
    fence.assign(snapshot)
    return fence
  }
}
