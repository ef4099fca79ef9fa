// rates.ts — Events per second over the last samples, for INFO's instantaneous figures.

import type { Stats } from './stats.ts'

/** As in Redis: the mean of the last 16 samples of a tenth of a second. */
const SAMPLES = 16

interface Sample {
  readonly at: number
  readonly commands: number
  readonly input: number
  readonly output: number
}

export class Rates {
  commands = 0
  inputBytes = 0
  outputBytes = 0
  readonly #samples: Sample[] = []

  /** Takes a sample of the counters; `monotonic` in ms. */
  sample(stats: Stats, monotonic: number): void {
    const now: Sample = {
      at: monotonic,
      commands: stats.commandsProcessed,
      input: stats.netInputBytes,
      output: stats.netOutputBytes,
    }
    this.#samples.push(now)
    if (this.#samples.length > SAMPLES) this.#samples.shift()
    const first = this.#samples[0]!
    const seconds = (now.at - first.at) / 1000
    if (seconds <= 0) return
    // CONFIG RESETSTAT makes counters fall: then there is nothing to say until they grow again.
    this.commands = Math.max(0, now.commands - first.commands) / seconds
    this.inputBytes = Math.max(0, now.input - first.input) / seconds
    this.outputBytes = Math.max(0, now.output - first.output) / seconds
  }
}
