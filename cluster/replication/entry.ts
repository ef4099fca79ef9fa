// One executed write of a segment, from its execution until its fate is known.

/** Somebody to whom it matters whether an entry is committed. */
export interface SettledListener {
  /** Told once. Not committed: nobody can know whether it will ever take effect. */
  settled(entry: Entry, isCommitted: boolean): void
}

export class Entry {
  readonly segment: number
  /** Contiguous per segment, across primaries. */
  readonly sequence: number
  readonly now: number
  readonly effects: Buffer
  /** Monotonic ms at which it was executed, or taken over with the segment. */
  readonly since: number
  /** `undefined` while it is open. */
  isCommitted: boolean | undefined = undefined
  #listeners: SettledListener[] | undefined = undefined

  constructor(segment: number, sequence: number, now: number, effects: Buffer, since: number) {
    this.segment = segment
    this.sequence = sequence
    this.now = now
    this.effects = effects
    this.since = since
  }

  listen(listener: SettledListener): void {
    if (this.#listeners === undefined) this.#listeners = [listener]
    else this.#listeners.push(listener)
  }

  settle(isCommitted: boolean): void {
    this.isCommitted = isCommitted
    const listeners = this.#listeners
    if (listeners === undefined) return
    this.#listeners = undefined
    for (const listener of listeners) listener.settled(this, isCommitted)
  }
}
