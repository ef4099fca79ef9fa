// Whole clusters, many seeds. SIMULATION_SEEDS=10000 runs more of them; `npm run simulate` is for
// many more, and for reading one.

import { describe, expect, it } from 'vitest'
import { simulate } from './simulation.ts'
import { Tally } from './tally.ts'

const SEED_COUNT = Number(process.env['SIMULATION_SEEDS'] ?? 500)
const FIRST_SEED = Number(process.env['SIMULATION_FROM'] ?? 1)
/** Seeds of one test, so that a failure names its neighbourhood and none takes long. */
const SEEDS_PER_TEST = 50

const firstSeeds = Array.from(
  { length: Math.ceil(SEED_COUNT / SEEDS_PER_TEST) },
  (_, number) => FIRST_SEED + number * SEEDS_PER_TEST,
)

describe('A cluster through a storm', () => {
  it.each(firstSeeds)('keeps its promises, from seed %i on', { timeout: 120_000 }, first => {
    const tally = new Tally()
    for (let seed = first; seed < first + SEEDS_PER_TEST; seed++) tally.run(seed)
    expect(tally.counts.failures).toEqual([])
    // Enough happened for that to mean something.
    expect(tally.counts.operations).toBeGreaterThan(100 * SEEDS_PER_TEST)
    expect(tally.counts.promotions).toBeGreaterThan(10 * SEEDS_PER_TEST)
    expect(tally.counts.undecided).toBe(0)
    expect(tally.counts.lost).toBeLessThan(SEEDS_PER_TEST)
  })
})

describe('A seed', () => {
  function digestOf(seed: number): number {
    return simulate(seed, undefined, undefined, () => undefined).world.journal.digest
  }

  it('is the same to the last line when it is run again', () => {
    const seeds = [1, 2, 3]
    expect(seeds.map(digestOf)).toEqual(seeds.map(digestOf))
  })

  it('is another run than the next one', () => {
    expect(digestOf(1)).not.toBe(digestOf(2))
  })

  it('is the same whether it is watched or not', () => {
    const { world } = simulate(4)
    const watched = simulate(4, undefined, undefined, () => undefined).world
    expect(world.timeline.count).toBe(watched.timeline.count)
    expect(world.history.operations).toEqual(watched.history.operations)
  })
})
