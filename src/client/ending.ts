// ending.ts — Whom to tell that a connection has ended: whoever holds something on it, one at a time.
//
// The library below is asked once; connections are used again, and listeners would pile up.

export class Ending {
  #onEnd: (() => void) | undefined
  #isHeard = false

  /** `listen` is called the first time. The answer stops it. */
  watch(onEnd: () => void, listen: (listener: () => void) => void): () => void {
    this.#onEnd = onEnd
    if (!this.#isHeard) {
      this.#isHeard = true
      listen(() => this.#onEnd?.())
    }
    return () => {
      this.#onEnd = undefined
    }
  }
}
