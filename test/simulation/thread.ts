// A thread of a simulated process: it does one thing after the other, and sometimes stands still.
//
// What happens meanwhile waits in the order in which it came, as in a socket's buffer. The end of
// the process ends it: nothing that was waiting is ever done.

import type { Happening } from './timeline.ts'

export class Thread {
  #stalls = 0
  #isEnded = false
  #waiting: Happening[] = []

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** It takes nothing new now. */
  get isStalled(): boolean {
    return this.#stalls > 0
  }

  /** Does it now, or when the thread goes on. */
  run(happening: Happening): void {
    if (this.#isEnded) return
    if (this.#stalls > 0) this.#waiting.push(happening)
    else happening()
  }

  stall(): void {
    this.#stalls++
  }

  /** Ends one of the stalls. */
  resume(): void {
    this.#stalls--
    while (this.#stalls === 0 && !this.#isEnded) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      next()
    }
  }

  end(): void {
    this.#isEnded = true
    this.#waiting = []
  }
}
