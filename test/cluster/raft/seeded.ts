// Chance that can be replayed: the same seed gives the same numbers.

export class Seeded {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to but not including 1. */
  readonly random = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000
  }

  below(bound: number): number {
    return Math.floor(this.random() * bound)
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }
}
