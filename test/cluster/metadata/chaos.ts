// Everything that may go wrong, at random, for a while; then a calm in which the grid must recover.

import { CALM, type Faults, type SimulatedGrid } from './simulated-grid.ts'

export const ROUGH: Faults = {
  lossRate: 0.03,
  duplicationRate: 0.03,
  delayMsMax: 40,
  writeMsMax: 20,
  clockDrift: 0.04,
  topologyMsMax: 60,
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

export function unleash(grid: SimulatedGrid, ms: number): void {
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

export function recover(grid: SimulatedGrid): void {
  grid.faults = { ...CALM, clockDrift: grid.faults.clockDrift }
  grid.heal()
  for (const node of grid.nodes) {
    node.isDataStalled = false
    if (node.metadata === undefined) grid.restart(node)
    else if (node.isPaused) grid.resume(node)
  }
  grid.runUntil(() => grid.isSettled(), 60_000, 'calm')
}
