// Bugs planted one at a time: a check that finds none of them proves nothing. Those that chance hits
// too seldom have tests of their own (membership.test.ts, watch.test.ts).

import { afterEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_METADATA_OPTIONS } from '../../../cluster/metadata/options.ts'
import { Watch } from '../../../cluster/metadata/watch.ts'
import type { Member } from '../../../cluster/topology/member.ts'
import { ROUGH, unleash } from './chaos.ts'
import { type Planted, SafetyViolation, SimulatedGrid } from './simulated-grid.ts'

const SEEDS_MAX = 12
const { policy } = DEFAULT_METADATA_OPTIONS

afterEach(() => vi.restoreAllMocks())

/** The first seed under which two nodes serve a segment. */
function seedThatFinds(planted: Planted): number | undefined {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const options = { policy: { ...policy, servesLostEmpty: true } }
    const grid = new SimulatedGrid({ seed, faults: ROUGH, options, planted })
    try {
      grid.grid(5)
      unleash(grid, 15_000)
    } catch (error) {
      if (error instanceof SafetyViolation) return seed
      throw error
    }
  }
  return undefined
}

describe('The check finds', () => {
  it('a lease that counts whatever topology its holder acts on', () => {
    expect(seedThatFinds({ ignoresEpoch: true })).toBeDefined()
  })

  it('a member that is taken for dead before its lease has ended', () => {
    vi.spyOn(Watch.prototype, 'look').mockImplementation(function (
      this: Watch,
      members: readonly Member[],
      now: number,
    ) {
      return members.filter(({ id }) => now - this.heardAt(id) >= 300)
    })
    expect(seedThatFinds({})).toBeDefined()
  })
})
