// Large grids. METADATA_NODES=100 runs a hundred nodes.

import { describe, expect, it } from 'vitest'
import { DEFAULT_METADATA_OPTIONS } from '../../../cluster/metadata/options.ts'
import { primary } from '../../../cluster/topology/segment.ts'
import { SimulatedGrid } from './simulated-grid.ts'

const NODES = Number(process.env['METADATA_NODES'] ?? 24)
const RACKS = 8
const CALM_MS = 2_000
const { nodeTimeoutMs, heartbeatMs, raft } = DEFAULT_METADATA_OPTIONS
const ROUND_MS = 30

function rackOf(index: number) {
  return { labels: { site: '', rack: `${index % RACKS}`, machine: '' } }
}

function downCount(grid: SimulatedGrid): number {
  return grid.coordinator?.topology.members.filter(({ state }) => state === 'down').length ?? 0
}

describe(`A grid of ${NODES} nodes in ${RACKS} racks`, () => {
  it('forms, needs few messages, and survives a node, a rack and its coordinator', () => {
    const grid = new SimulatedGrid()
    grid.grid(NODES, rackOf)
    expect(grid.topology.voters).toHaveLength(5)

    // A heartbeat and its answer of either kind: of membership, and of consensus.
    grid.sent.clear()
    grid.run(CALM_MS)
    const sent = [...grid.sent.values()].reduce((sum, count) => sum + count, 0)
    const perMember = sent / (NODES - 1) / (CALM_MS / 1_000)
    expect(perMember).toBeLessThanOrEqual(1.05 * (2_000 / heartbeatMs + 2_000 / raft.heartbeatMs))

    const coordinator = grid.coordinator!
    const { rack } = coordinator.self.labels
    const others = grid.nodes.filter(node => node.self.labels.rack !== rack)
    grid.crash(others[0]!)
    const failed = grid.runUntil(() => downCount(grid) === 1, 5_000, 'failure of a node')
    expect(failed).toBeLessThanOrEqual(nodeTimeoutMs + ROUND_MS)

    const lost = others.filter(
      ({ self, metadata }) =>
        metadata !== undefined && self.labels.rack === others[0]!.self.labels.rack,
    )
    for (const node of lost) grid.crash(node)
    const isRackDown = () => downCount(grid) === 1 + lost.length
    expect(grid.runUntil(isRackDown, 5_000, 'failure of a rack')).toBeLessThanOrEqual(
      nodeTimeoutMs + ROUND_MS,
    )
    const isServed = () => grid.topology.segments.every(segment => primary(segment) !== undefined)
    expect(isServed()).toBe(true)

    grid.crash(coordinator)
    const isReplaced = () => downCount(grid) === 2 + lost.length
    expect(grid.runUntil(isReplaced, 5_000, 'another coordinator')).toBeLessThan(1_000)
    grid.run(2_000)
    expect(downCount(grid)).toBe(2 + lost.length)
  })
})
