// The few statistics that the tables need.

/** Of an even number of values, the mean of the middle two. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no median of no values')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The smallest value that at least `share` of the ascending values do not exceed. */
export function percentile(ascending: ArrayLike<number>, share: number): number {
  if (ascending.length === 0) throw new RangeError('no percentile of no values')
  const rank = Math.ceil(share * ascending.length)
  return ascending[Math.max(rank, 1) - 1]!
}

/** The median of value / reference, taken pair by pair, so that what slows a whole round cancels out. */
export function medianRatio(values: readonly number[], references: readonly number[]): number {
  if (values.length !== references.length) throw new RangeError('the pairs do not match')
  return median(values.map((value, i) => value / references[i]!))
}
