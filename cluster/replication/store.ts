// What replication needs of those who keep the data. A segment's copy is either served or kept.

export interface Store {
  /** Does to the kept copy what an entry did at the primary. `now` is the primary's. */
  apply(segment: number, now: number, effects: Buffer): void
  /** The kept copy becomes the served one. */
  promote(segment: number): void
  /** The served copy becomes a kept one. */
  demote(segment: number): void
  /** Forgets the copy, whichever it is. */
  clear(segment: number): void
  /** Begins to read the served copy for a receiver. */
  transfer(segment: number): Transfer
}

/** One reading of a segment, while commands go on to change it. */
export interface Transfer {
  /** Effects that make the next part of the state, about so large; undefined after the last one. */
  next(bytesMax: number): Buffer | undefined
  /**
   * What an entry that was just executed means to a receiver of what was read so far: called for
   * every one of them, until the last part was read.
   */
  filter(effects: Buffer): Buffer
  /** It is over, or given up. */
  close(): void
}
