// estimate.ts — From a histogram of register values to a cardinality.
//
// The improved raw estimator of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog
// sketches" (arXiv:1702.01284), section 2. It needs no bias tables and no switch to linear
// counting. Redis caches its result in the value, so every double here must be computed in the same
// order as there: the integer at the end has to be the same one.

import { RANK_MAX, REGISTERS } from './hash.ts'

/** 1 / (2 ln 2), the limit of HyperLogLog's alpha. */
const ALPHA = 0.7213475204444817
/** Estimates from here on do not fit a signed 64-bit integer. */
const CARDINALITY_LIMIT = 2 ** 63
/** What Redis answers then; only registers that no hash produced lead there. */
const OVERFLOW = -(2 ** 63)

/** `histogram[v]` is the number of registers that hold v, for v from 0 to 63. */
export function estimate(histogram: Int32Array): number {
  let z = REGISTERS * tau((REGISTERS - histogram[RANK_MAX]!) / REGISTERS)
  for (let value = RANK_MAX - 1; value >= 1; value--) z = (z + histogram[value]!) * 0.5
  z += REGISTERS * sigma(histogram[0]! / REGISTERS)
  const cardinality = (ALPHA * REGISTERS * REGISTERS) / z
  return cardinality < CARDINALITY_LIMIT ? Math.round(cardinality) : OVERFLOW
}

/** The share of the registers that are still zero. */
function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY
  let x = share
  let y = 1
  let z = x
  let before: number
  do {
    x *= x
    before = z
    z += x * y
    y += y
  } while (before !== z)
  return z
}

/** The share of the registers that have reached the highest rank. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let x = share
  let y = 1
  let z = 1 - x
  let before: number
  do {
    x = Math.sqrt(x)
    before = z
    y *= 0.5
    z -= (1 - x) * (1 - x) * y
  } while (before !== z)
  return z / 3
}
