// sliding-window.ts — Never more than the limit in any window of the given length.
//
// What was taken is kept in slices, oldest first, and comes back when its slice leaves the window.
// Up to a limit of SLICES there is one slice per moment, which is exact; above, units of a SLICESth
// of the window share a slice, and all come back when the youngest of them leaves. So memory is
// bounded, the limit holds strictly, and capacity returns late by at most that part of the window.
//
// Invariants: slices are in order of time; `used` is the sum of their units.

import type { Coordinated } from './coordinated.ts'
import type { WindowRequest } from './fixed-window.ts'
import {
  ARRAY_BYTES,
  ARRAY_ELEMENT_BYTES,
  BOXED_NUMBER_BYTES,
  OBJECT_BYTES,
  WORD_BYTES,
} from './footprint.ts'
import { elapsedNs, NEVER, type Verdict } from './limiter.ts'

const SLICES = 128

interface Slice {
  /** When its first unit was taken. */
  readonly firstAt: number
  /** When its youngest was. */
  lastAt: number
  units: number
}

/** What a grant did, for a backup to repeat it on slices of its own time. */
export interface SlidingChange {
  /** Slices that had left the window. */
  readonly dropped: number
  /** Whether the units joined the youngest slice. */
  readonly joined: boolean
  readonly units: number
  readonly windowMs: number
}

export interface SlidingVerdict extends Verdict {
  /** Undefined if nothing was taken. */
  readonly change: SlidingChange | undefined
}

export interface SlidingWindowSnapshot {
  readonly windowMs: number
  /** Oldest first; times are ages. */
  readonly slices: readonly {
    readonly firstAgoMs: number
    readonly lastAgoMs: number
    readonly units: number
  }[]
}

const SLICE_BYTES = ARRAY_ELEMENT_BYTES + OBJECT_BYTES + 3 * WORD_BYTES + 2 * BOXED_NUMBER_BYTES
const SLIDING_WINDOW_BYTES = OBJECT_BYTES + 3 * WORD_BYTES + ARRAY_BYTES

export class SlidingWindow implements Coordinated {
  readonly #slices: Slice[] = []
  #used = 0
  /** Length of the window at the last grant. */
  #windowMs = 0

  get algorithm(): 'sliding' {
    return 'sliding'
  }

  get isFree(): boolean {
    return this.#slices.length === 0
  }

  admit(request: WindowRequest, now: number): SlidingVerdict {
    const { limit, windowMs, quantity } = request
    let dropped = 0
    let used = this.#used
    for (const slice of this.#slices) {
      if (slice.lastAt + windowMs > now) break
      used -= slice.units
      dropped++
    }
    const limited = used + quantity > limit || (request.queued && quantity > 0)
    let retryAfterNs = NEVER
    let change: SlidingChange | undefined
    if (!limited && quantity > 0) {
      const joined = this.#joinsYoungest(dropped, limit, windowMs, now)
      change = { dropped, joined, units: quantity, windowMs }
      this.apply(change, now)
      used += quantity
    } else if (limited && quantity <= limit) {
      retryAfterNs = this.#untilFree(used + quantity - limit, dropped, windowMs, now)
    }
    const youngest = this.#slices[this.#slices.length - 1]
    const resetAfterNs =
      used === 0 || youngest === undefined ? 0 : elapsedNs(now, youngest.lastAt + windowMs)
    const remaining = Math.max(0, limit - used)
    return { limited, limit, remaining, retryAfterNs, resetAfterNs, change }
  }

  #joinsYoungest(dropped: number, limit: number, windowMs: number, now: number): boolean {
    if (dropped === this.#slices.length) return false
    const youngest = this.#slices[this.#slices.length - 1]!
    return now - youngest.firstAt <= (limit > SLICES ? windowMs / SLICES : 0)
  }

  /** When so many units will have come back, from the slice at `index` on. */
  #untilFree(units: number, index: number, windowMs: number, now: number): number {
    let missing = units
    for (let i = index; missing > 0; i++) {
      const slice = this.#slices[i]!
      missing -= slice.units
      if (missing <= 0) return elapsedNs(now, slice.lastAt + windowMs)
    }
    return 0
  }

  /** Repeats what a grant did; also how it is replayed. */
  apply(change: SlidingChange, now: number): void {
    const slices = this.#slices
    for (let i = 0; i < change.dropped; i++) this.#used -= slices[i]!.units
    if (change.dropped > 0) slices.splice(0, change.dropped)
    const youngest = slices[slices.length - 1]
    if (change.joined && youngest !== undefined) {
      youngest.lastAt = now
      youngest.units += change.units
    } else {
      slices.push({ firstAt: now, lastAt: now, units: change.units })
    }
    this.#used += change.units
    this.#windowMs = change.windowMs
  }

  nextExpiry(): number {
    const youngest = this.#slices[this.#slices.length - 1]
    return youngest === undefined ? Number.POSITIVE_INFINITY : youngest.lastAt + this.#windowMs
  }

  /** True if everything has left the window: the limiter is free. */
  expire(now: number): boolean {
    if (this.nextExpiry() > now) return false
    this.#slices.length = 0
    this.#used = 0
    return true
  }

  /** Time that passes is forgiven, whether the event loop ran or not. */
  extendAll(_gapMs: number): void {}

  memory(): number {
    return SLIDING_WINDOW_BYTES + this.#slices.length * SLICE_BYTES
  }

  snapshot(now: number): SlidingWindowSnapshot {
    const slices = this.#slices.map(slice => ({
      firstAgoMs: now - slice.firstAt,
      lastAgoMs: now - slice.lastAt,
      units: slice.units,
    }))
    return { windowMs: this.#windowMs, slices }
  }

  static restore(snapshot: SlidingWindowSnapshot, now: number): SlidingWindow {
    const window = new SlidingWindow()
    for (const { firstAgoMs, lastAgoMs, units } of snapshot.slices) {
      window.#slices.push({ firstAt: now - firstAgoMs, lastAt: now - lastAgoMs, units })
      window.#used += units
    }
    window.#windowMs = snapshot.windowMs
    return window
  }
}
