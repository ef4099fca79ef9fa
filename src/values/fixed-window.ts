// fixed-window.ts — So many units per window; a window begins with the first unit taken in it.
//
// Two windows may meet, so up to twice the limit can pass around their border; whoever minds uses
// the sliding window. The window's length is a parameter of the call: another length moves the end
// of the window that is open.

import type { Coordinated } from './coordinated.ts'
import { BOXED_NUMBER_BYTES, OBJECT_BYTES, WORD_BYTES } from './footprint.ts'
import { NEVER, NS_PER_MS, type Verdict } from './limiter.ts'

export interface WindowRequest {
  /** Units per window; at least 1. */
  readonly limit: number
  readonly windowMs: number
  /** 0 looks without taking. */
  readonly quantity: number
  /** Whether somebody waits ahead. */
  readonly queued: boolean
}

export interface FixedWindowSnapshot {
  readonly used: number
  readonly windowMs: number
  /** How long the window has been open. */
  readonly openMs: number
}

const FIXED_WINDOW_BYTES = OBJECT_BYTES + 3 * WORD_BYTES + BOXED_NUMBER_BYTES

export class FixedWindow implements Coordinated {
  #used = 0
  #openedAt = 0
  #windowMs = 0

  get algorithm(): 'fixed' {
    return 'fixed'
  }

  get isFree(): boolean {
    return this.#used === 0
  }

  admit(request: WindowRequest, now: number): Verdict {
    const { limit, windowMs, quantity } = request
    const isOpen = this.#used > 0 && now < this.#openedAt + windowMs
    const used = isOpen ? this.#used : 0
    const limited = used + quantity > limit || (request.queued && quantity > 0)
    if (!limited && quantity > 0) {
      if (!isOpen) this.#openedAt = now
      this.#used = used + quantity
      this.#windowMs = windowMs
    }
    const leftMs = isOpen ? this.#openedAt + windowMs - now : 0
    const takes = !limited && quantity > 0
    return {
      limited,
      limit,
      remaining: Math.max(0, limit - (takes ? used + quantity : used)),
      retryAfterNs: limited && quantity <= limit ? leftMs * NS_PER_MS : NEVER,
      resetAfterNs: (takes && !isOpen ? windowMs : leftMs) * NS_PER_MS,
    }
  }

  /** Replays what a request left. */
  assign(state: FixedWindowSnapshot, now: number): void {
    this.#used = state.used
    this.#windowMs = state.windowMs
    this.#openedAt = now - state.openMs
  }

  nextExpiry(): number {
    return this.#used === 0 ? Number.POSITIVE_INFINITY : this.#openedAt + this.#windowMs
  }

  /** True if the window is over: the limiter is free. */
  expire(now: number): boolean {
    if (this.nextExpiry() > now) return false
    this.#used = 0
    return true
  }

  /** Time that passes is forgiven, whether the event loop ran or not. */
  extendAll(_gapMs: number): void {}

  memory(): number {
    return FIXED_WINDOW_BYTES
  }

  snapshot(now: number): FixedWindowSnapshot {
    const openMs = this.#used === 0 ? 0 : now - this.#openedAt
    return { used: this.#used, windowMs: this.#windowMs, openMs }
  }

  static restore(snapshot: FixedWindowSnapshot, now: number): FixedWindow {
    const window = new FixedWindow()
    window.assign(snapshot, now)
    return window
  }
}
