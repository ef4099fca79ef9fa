// What came of many seeds, in numbers.

import { simulate } from './simulation.ts'
import type { Parts } from './world.ts'

export interface Counts {
  seeds: number
  events: number
  /** Operations that were answered. */
  operations: number
  promotions: number
  /** Until the cluster was as it should be, after the storm; the longest. */
  healedMs: number
  /** Keys whose history was too hard to decide about. */
  undecided: number
  /** Segments of which all good copies were gone. */
  lost: number
  readonly failures: string[]
}

export class Tally {
  readonly counts: Counts = {
    seeds: 0,
    events: 0,
    operations: 0,
    promotions: 0,
    healedMs: 0,
    undecided: 0,
    lost: 0,
    failures: [],
  }

  run(seed: number, parts?: Parts): void {
    const { counts } = this
    counts.seeds++
    try {
      const { world, healedMs, undecided } = simulate(seed, undefined, parts)
      counts.events += world.timeline.count
      counts.promotions += world.invariants.promotions
      counts.lost += world.invariants.lost.size
      counts.healedMs = Math.max(counts.healedMs, healedMs)
      counts.undecided += undecided
      for (const client of world.clients) counts.operations += client.answered
    } catch (error) {
      counts.failures.push(`seed ${seed}: ${error instanceof Error ? error.message : error}`)
    }
  }

  add(other: Counts): void {
    const { counts } = this
    counts.seeds += other.seeds
    counts.events += other.events
    counts.operations += other.operations
    counts.promotions += other.promotions
    counts.healedMs = Math.max(counts.healedMs, other.healedMs)
    counts.undecided += other.undecided
    counts.lost += other.lost
    counts.failures.push(...other.failures)
  }

  report(seconds: number): string {
    const { seeds, events, operations, promotions, healedMs, undecided, lost, failures } =
      this.counts
    const each = (count: number) => Math.round(count / Math.max(1, seeds))
    return (
      `${seeds} seeds, ${failures.length} failed; ${(seeds / seconds).toFixed(1)} seeds/s; ` +
      `each ${each(events)} events, ${each(operations)} operations, ` +
      `${each(promotions)} promotions; whole again within ${healedMs} ms; ` +
      `${undecided} keys undecided, ${lost} segments lost by right`
    )
  }
}
