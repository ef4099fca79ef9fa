// Which changes of a lease an operator should read of: those that last.
//
// A busy machine renews a lease a millisecond late now and then, and no command notices. What is
// over before a client would have waited for it is not told.

const LASTING_MS = 100

export class LeaseWatch {
  #isHeld = false
  /** Since when it differs from what was told; undefined if it does not. */
  #changedAt: number | undefined

  /** What is to be told now: that it is held, or that it is not. */
  look(isHeld: boolean, now: number): boolean | undefined {
    if (isHeld === this.#isHeld) {
      this.#changedAt = undefined
      return undefined
    }
    this.#changedAt ??= now
    if (now - this.#changedAt < LASTING_MS) return undefined
    this.#changedAt = undefined
    this.#isHeld = isHeld
    return isHeld
  }
}
