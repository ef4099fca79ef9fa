// counter.ts — The strong counter: one signed 64-bit number, exact, within bounds.
//
// Every operation either takes effect as a whole or changes nothing: a result beyond the bounds, or
// beyond 64 bits, is OUTOFBOUNDS and the value stays. Invariant: minimum <= value <= maximum.
//
// A counter has no lease and is never free; its lifetime is its key's. It is replayed by value:
// `assign` sets what an operation left.

import { type Coordinated, type Refused, refused } from './coordinated.ts'
import { BOXED_NUMBER_BYTES, OBJECT_BYTES, WORD_BYTES } from './footprint.ts'
import { addInt64, INT64_MAX, INT64_MIN, type Int64, writtenInt64 } from './int64.ts'

export interface CounterBounds {
  readonly initial: Int64
  readonly minimum: Int64
  readonly maximum: Int64
}

export const UNBOUNDED: CounterBounds = Object.freeze({
  initial: 0,
  minimum: INT64_MIN,
  maximum: INT64_MAX,
})

export interface Counted {
  readonly kind: 'counted'
  readonly previous: Int64
  readonly value: Int64
}

/** A compare-and-set that met another value than it expected. */
export interface Mismatch {
  readonly kind: 'mismatch'
  readonly value: Int64
}

/** A block of ids, both ends included. */
export interface IdBlock {
  readonly kind: 'block'
  readonly first: Int64
  readonly last: Int64
}

export type Comparison = 'GE' | 'LE' | 'EQ'

/** Numbers as decimals, because not every medium carries 64 bits. */
export interface CounterSnapshot {
  readonly value: string
  readonly initial: string
  readonly minimum: string
  readonly maximum: string
}

const OUTOFBOUNDS = refused('OUTOFBOUNDS')

/** Numbers are taken for boxed ones: a bigint of 64 bits costs as much. */
const COUNTER_BYTES = OBJECT_BYTES + 2 * WORD_BYTES + BOXED_NUMBER_BYTES
const BOUNDS_BYTES = OBJECT_BYTES + 3 * (WORD_BYTES + BOXED_NUMBER_BYTES)

export class Counter implements Coordinated {
  readonly bounds: CounterBounds
  #value: Int64

  private constructor(bounds: CounterBounds, value: Int64) {
    this.bounds = bounds
    this.#value = value
  }

  /** OUTOFBOUNDS if the initial value is not within the bounds, or if nothing could be. */
  static create(bounds: CounterBounds): Counter | Refused<'OUTOFBOUNDS'> {
    if (!contains(bounds, bounds.initial)) return OUTOFBOUNDS
    return new Counter(bounds, bounds.initial)
  }

  get strength(): 'strong' {
    return 'strong'
  }

  get isFree(): boolean {
    return false
  }

  get value(): Int64 {
    return this.#value
  }

  add(delta: Int64): Counted | Refused<'OUTOFBOUNDS'> {
    const sum = addInt64(this.#value, delta)
    return sum === undefined ? OUTOFBOUNDS : this.set(sum)
  }

  set(value: Int64): Counted | Refused<'OUTOFBOUNDS'> {
    if (!contains(this.bounds, value)) return OUTOFBOUNDS
    const previous = this.#value
    this.#value = value
    return { kind: 'counted', previous, value }
  }

  /** Back to the initial value. */
  reset(): Counted {
    const previous = this.#value
    this.#value = this.bounds.initial
    return { kind: 'counted', previous, value: this.#value }
  }

  compareAndSet(expected: Int64, update: Int64): Counted | Mismatch | Refused<'OUTOFBOUNDS'> {
    if (this.#value !== expected) return { kind: 'mismatch', value: this.#value }
    return this.set(update)
  }

  /** Takes the next `count` (at least 1) numbers after the value: nobody else gets them. */
  next(count: Int64): IdBlock | Refused<'OUTOFBOUNDS'> {
    const first = addInt64(this.#value, 1)
    const last = addInt64(this.#value, count)
    if (first === undefined || last === undefined || this.set(last).kind === 'refused') {
      return OUTOFBOUNDS
    }
    return { kind: 'block', first, last }
  }

  /** Whether the threshold that an AWAIT names holds now. */
  satisfies(comparison: Comparison, threshold: Int64): boolean {
    if (comparison === 'GE') return this.#value >= threshold
    if (comparison === 'LE') return this.#value <= threshold
    return this.#value === threshold
  }

  /** Replays what an operation left. */
  assign(value: Int64): void {
    this.#value = value
  }

  nextExpiry(): number {
    return Number.POSITIVE_INFINITY
  }

  extendAll(_gapMs: number): void {}

  memory(): number {
    return this.bounds === UNBOUNDED ? COUNTER_BYTES : COUNTER_BYTES + BOUNDS_BYTES
  }

  copy(): Counter {
    return new Counter(this.bounds, this.#value)
  }

  snapshot(): CounterSnapshot {
    return {
      value: String(this.#value),
      initial: String(this.bounds.initial),
      minimum: String(this.bounds.minimum),
      maximum: String(this.bounds.maximum),
    }
  }

  static restore(snapshot: CounterSnapshot): Counter {
    const initial = writtenInt64(snapshot.initial)
    const minimum = writtenInt64(snapshot.minimum)
    const maximum = writtenInt64(snapshot.maximum)
    const isUnbounded = initial === 0 && minimum === INT64_MIN && maximum === INT64_MAX
    const bounds = isUnbounded ? UNBOUNDED : { initial, minimum, maximum }
    return new Counter(bounds, writtenInt64(snapshot.value))
  }
}

function contains(bounds: CounterBounds, value: Int64): boolean {
  return bounds.minimum <= value && value <= bounds.maximum
}
