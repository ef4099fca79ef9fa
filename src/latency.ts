// latency.ts — How long a command's calls took: the histogram behind LATENCY HISTOGRAM and INFO's
// latency statistics.
//
// Times are kept as counts in buckets, laid out like HdrHistogram with two significant digits, as in
// Redis: nanoseconds up to 255 have a bucket each, and every doubling above has 128 of equal width.
// A time read back is thus never below the recorded one and at most 1/128 above it; and the same
// times print the same figures as in Redis. Times below a nanosecond count as one, and times above a
// second as a second, also as in Redis.
//
// Recording allocates nothing. A histogram takes 24 KB, so make one when a command first runs.

const NANOSECONDS_MAX = 1_000_000_000
/** Times up to here have a bucket each. */
const EXACT_MAX = 255
const BUCKETS_PER_DOUBLING_SHIFT = 7
/** Doublings from `EXACT_MAX` to `NANOSECONDS_MAX`. */
const DOUBLINGS = 22
const BUCKETS = (DOUBLINGS + 2) << BUCKETS_PER_DOUBLING_SHIFT
/** The first line of LATENCY HISTOGRAM is for about a microsecond, every further one for twice that. */
const FIRST_LINE_NANOSECONDS = 1024

/** A line of LATENCY HISTOGRAM: `count` calls took no longer than `microseconds`. */
export interface LatencyLine {
  readonly microseconds: number
  readonly count: number
}

export class LatencyHistogram {
  /** Doubles, because a 32-bit count is full after an hour of a million calls a second. */
  readonly #counts = new Float64Array(BUCKETS)
  #total = 0

  /** Calls recorded. */
  get count(): number {
    return this.#total
  }

  /** Records `count` calls of this length each. Fractions of a microsecond count. */
  record(microseconds: number, count: number): void {
    // Phrased so that a time that is no number counts as the shortest, not out of range.
    const nanoseconds = microseconds >= 0.001 ? Math.min(microseconds * 1000, NANOSECONDS_MAX) : 1
    this.#counts[bucketOf(nanoseconds | 0)]! += count
    this.#total += count
  }

  /**
   * Microseconds that `percent` of the calls did not exceed; 0 if none was recorded. For 0 percent
   * the shortest time that the shortest call can have taken.
   */
  percentile(percent: number): number {
    const counts = this.#counts
    const wanted = Math.max(Math.floor((Math.min(percent, 100) / 100) * this.#total + 0.5), 1)
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += counts[bucket]!
      if (seen >= wanted) return (percent === 0 ? lowestOf(bucket) : highestOf(bucket)) / 1000
    }
    return 0
  }

  /** The lines of LATENCY HISTOGRAM: cumulative counts, a line only where the count grew. */
  lines(): LatencyLine[] {
    const lines: LatencyLine[] = []
    let seen = 0
    let printed = 0
    let bucket = 0
    for (let bound = FIRST_LINE_NANOSECONDS; bucket < BUCKETS; bound *= 2) {
      const last = Math.min(bucketOf(bound), BUCKETS - 1)
      while (bucket <= last) seen += this.#counts[bucket++]!
      if (seen === printed) continue
      lines.push({ microseconds: Math.floor(highestOf(last) / 1000), count: seen })
      printed = seen
    }
    return lines
  }
}

function bucketOf(nanoseconds: number): number {
  const doublings = 24 - Math.clz32(nanoseconds | EXACT_MAX)
  return (doublings << BUCKETS_PER_DOUBLING_SHIFT) + (nanoseconds >>> doublings)
}

/** The shortest time, in nanoseconds, that falls into a bucket. */
function lowestOf(bucket: number): number {
  return bucket <= EXACT_MAX ? bucket : highestOf(bucket - 1) + 1
}

/** The longest time, in nanoseconds, that falls into a bucket. */
function highestOf(bucket: number): number {
  if (bucket <= EXACT_MAX) return bucket
  const doublings = (bucket >>> BUCKETS_PER_DOUBLING_SHIFT) - 1
  const mantissa = bucket - (doublings << BUCKETS_PER_DOUBLING_SHIFT)
  return (mantissa + 1) * 2 ** doublings - 1
}
