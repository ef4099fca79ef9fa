// The safety properties hold at every step, whatever the network, the disks and the clocks do.
//
// RAFT_SEEDS=1000 runs more seeds, RAFT_SEED=n one of them.

import { describe, expect, it } from 'vitest'
import type { RaftOptions } from '../../../cluster/raft/options.ts'
import { EVERYTHING, recover, unleash } from './chaos.ts'
import { type Faults, SimulatedCluster } from './simulated-cluster.ts'

const seedCount = Number(process.env['RAFT_SEEDS'] ?? 12)
const onlySeed = process.env['RAFT_SEED']

const ROUGH: Faults = {
  lossRate: 0.05,
  duplicationRate: 0.05,
  delayMsMax: 40,
  writeMsMax: 20,
  clockDrift: 0.02,
}

/** Bounds so low that every one of them is reached. */
const TIGHT: Partial<RaftOptions> = {
  appendEntriesMax: 4,
  inflightAppendsMax: 2,
  compactAfterEntries: 16,
  keepEntries: 4,
  logEntriesMax: 64,
  uncommittedEntriesMax: 32,
  snapshotChunkBytesMax: 3,
  writesInFlightMax: 6,
  heldMessagesMax: 16,
}

function seeds(): readonly number[] {
  if (onlySeed !== undefined) return [Number(onlySeed)]
  return Array.from({ length: seedCount }, (_, index) => index + 1)
}

describe('Raft under chaos', () => {
  it.each(seeds())('stays safe and recovers with five voters and two spares, seed %i', seed => {
    const cluster = new SimulatedCluster({
      seed,
      voters: 5,
      spares: 2,
      options: TIGHT,
      faults: ROUGH,
    })
    unleash(cluster, EVERYTHING, 10_000)
    recover(cluster)
    expect(cluster.safety.lastApplied).toBeGreaterThan(1)
  })
})
