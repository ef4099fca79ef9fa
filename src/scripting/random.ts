// random.ts — The numbers of math.random: the same in every run of a script, and the same as Redis's.
//
// It is the 48-bit linear congruential generator of drand48, begun anew for each script, so that a
// script without a seed of its own always draws the same numbers.

const MULTIPLIER = 0x5deece66dn
const INCREMENT = 0xbn
const MASK = (1n << 48n) - 1n
/** The lower bits that a seed leaves alone. */
const SEED_LOW = 0x330en
const INT32_MAX = 2 ** 31 - 1

export class ScriptRandom {
  #state = SEED_LOW

  seed(seed: number): void {
    this.#state = (BigInt(seed >>> 0) << 16n) | SEED_LOW
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state * MULTIPLIER + INCREMENT) & MASK
    return (Number(this.#state >> 17n) % INT32_MAX) / INT32_MAX
  }
}
