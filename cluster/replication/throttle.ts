// A bound on bytes per second: a bucket that fills with time, and may be overdrawn by one part.

export class Throttle {
  readonly #bytesPerMs: number
  readonly #bytesMax: number
  #bytes: number
  #at = 0

  /** `burst` bytes may go at once. */
  constructor(bytesPerSecond: number, burst: number) {
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#bytesMax = burst
    this.#bytes = burst
  }

  isOpen(now: number): boolean {
    const elapsed = Math.max(0, now - this.#at)
    this.#at = now
    this.#bytes = Math.min(this.#bytesMax, this.#bytes + elapsed * this.#bytesPerMs)
    return this.#bytes > 0
  }

  take(bytes: number): void {
    this.#bytes -= bytes
  }
}
