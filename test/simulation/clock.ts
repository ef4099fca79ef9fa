// A node's monotonic clock: it started at some moment of its own, and runs a little fast or slow.

import { surelyEndedAfterMs } from '../../cluster/metadata/options.ts'
import type { Seeded } from '../cluster/raft/seeded.ts'

/** By how much the rates of two clocks may differ, as leases count on it. */
const DIFFERENCE_MAX = surelyEndedAfterMs(1_000) / 1_000 - 1

/** How far each may be from true time, so that no two differ by more. */
export const CLOCK_DRIFT_MAX = DIFFERENCE_MAX / (2 + DIFFERENCE_MAX)

const OFFSET_MS_MAX = 1_000_000

export class SkewedClock {
  readonly offset: number
  readonly rate: number

  constructor(seeded: Seeded, driftMax: number) {
    this.offset = seeded.below(OFFSET_MS_MAX)
    // The extremes are where the bounds are tested, so half of all clocks are there.
    const drift = seeded.chance(0.5) ? (seeded.chance(0.5) ? 1 : -1) : 2 * seeded.random() - 1
    this.rate = 1 + drift * driftMax
  }

  /** What it shows at a true moment. */
  read(trueNow: number): number {
    return this.offset + this.rate * trueNow
  }

  /** How long, in truth, it takes to advance by so much. */
  trueMs(ms: number): number {
    return ms / this.rate
  }
}
