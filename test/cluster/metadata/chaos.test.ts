// No two nodes ever serve a segment, whatever the network, the disks, the clocks and the processes
// do; and when all is calm again everything is served.
//
// METADATA_SEEDS=1000 runs more seeds, METADATA_SEED=n one of them.

import { describe, expect, it } from 'vitest'
import { DEFAULT_METADATA_OPTIONS } from '../../../cluster/metadata/options.ts'
import { CALM, type Faults, SimulatedGrid } from './simulated-grid.ts'

const seedCount = Number(process.env['METADATA_SEEDS'] ?? 3)
const onlySeed = process.env['METADATA_SEED']

const ROUGH: Faults = {
  lossRate: 0.03,
  duplicationRate: 0.03,
  delayMsMax: 40,
  writeMsMax: 20,
  clockDrift: 0.04,
  topologyMsMax: 60,
}

function seeds(): readonly number[] {
  if (onlySeed !== undefined) return [Number(onlySeed)]
  return Array.from({ length: seedCount }, (_, index) => index + 1)
}

/** How many times in a second, on average, each thing happens. */
const RATES = {
  crash: 0.3,
  coordinatorCrash: 0.2,
  restart: 1.5,
  pause: 0.5,
  resume: 1,
  cut: 0.5,
  heal: 1,
  stall: 0.2,
  recover: 0.5,
  transfer: 0.3,
}

function unleash(grid: SimulatedGrid, ms: number): void {
  const { seeded } = grid
  const happens = (perSecond: number) => seeded.chance(perSecond / 1_000)
  for (let i = 0; i < ms; i++) {
    grid.run(1)
    const { coordinator } = grid
    const live = grid.nodes.filter(node => node.metadata !== undefined)
    const dead = grid.nodes.filter(node => node.metadata === undefined)
    const paused = live.filter(node => node.isPaused)
    const moving = live.filter(node => !node.isPaused)
    if (dead.length > 0 && happens(RATES.restart)) grid.restart(seeded.pick(dead))
    if (paused.length > 0 && happens(RATES.resume)) grid.resume(seeded.pick(paused))
    if (moving.length > 0 && happens(RATES.stall)) seeded.pick(moving).isDataStalled = true
    if (happens(RATES.recover)) for (const node of live) node.isDataStalled = false
    if (happens(RATES.cut)) {
      const side = grid.nodes.filter(() => seeded.chance(0.5))
      const rest = grid.nodes.filter(node => !side.includes(node))
      if (seeded.chance(0.5)) grid.partition(side, rest)
      else for (const a of side) for (const b of rest) grid.cut.add(`${a.id} ${b.id}`)
    }
    if (happens(RATES.heal)) grid.heal()
    if (moving.length > 0 && happens(RATES.pause)) grid.pause(seeded.pick(moving))
    if (moving.length > 0 && happens(RATES.crash)) grid.crash(seeded.pick(moving))
    else if (coordinator !== undefined && happens(RATES.coordinatorCrash)) grid.crash(coordinator)
  }
}

function recover(grid: SimulatedGrid): void {
  grid.faults = { ...CALM, clockDrift: grid.faults.clockDrift }
  grid.heal()
  for (const node of grid.nodes) {
    node.isDataStalled = false
    if (node.metadata === undefined) grid.restart(node)
    else if (node.isPaused) grid.resume(node)
  }
  grid.runUntil(() => grid.isSettled(), 60_000, 'calm')
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
