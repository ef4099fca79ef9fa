// No two nodes ever serve a segment, whatever the network, the disks, the clocks and the processes
// do; and when all is calm again everything is served.
//
// METADATA_SEEDS=1000 runs more seeds, METADATA_SEED=n one of them.

import { describe, expect, it } from 'vitest'
import { DEFAULT_METADATA_OPTIONS } from '../../../cluster/metadata/options.ts'
import { ROUGH, recover, unleash } from './chaos.ts'
import { SimulatedGrid } from './simulated-grid.ts'

const seedCount = Number(process.env['METADATA_SEEDS'] ?? 3)
const onlySeed = process.env['METADATA_SEED']

function seeds(): readonly number[] {
  if (onlySeed !== undefined) return [Number(onlySeed)]
  return Array.from({ length: seedCount }, (_, index) => index + 1)
}

describe('A grid under chaos', () => {
  it.each(seeds())('has one server for a segment at most, and recovers, seed %i', seed => {
    const policy = { ...DEFAULT_METADATA_OPTIONS.policy, servesLostEmpty: true }
    const raft = { ...DEFAULT_METADATA_OPTIONS.raft, compactAfterEntries: 64, keepEntries: 16 }
    const grid = new SimulatedGrid({ seed, faults: ROUGH, options: { policy, raft } })
    grid.grid(5)
    unleash(grid, 20_000)
    recover(grid)
    expect(grid.nodes.every(node => node.ended === undefined)).toBe(true)
  })
})
