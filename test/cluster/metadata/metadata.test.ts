// What the metadata plane does for a grid, at default times.

import assert from 'node:assert/strict'
import { describe, expect, it } from 'vitest'
import { foundingDisk } from '../../../cluster/metadata/founding.ts'
import { DEFAULT_METADATA_OPTIONS } from '../../../cluster/metadata/options.ts'
import { assignmentOf } from '../../../cluster/placement/plan.ts'
import type { NodeId } from '../../../cluster/raft/configuration.ts'
import { holds, primary } from '../../../cluster/topology/segment.ts'
import { findMember, SEGMENT_COUNT, type Topology } from '../../../cluster/topology/topology.ts'
import { moves } from '../placement/fixtures.ts'
import { nodeId } from '../topology/fixtures.ts'
import { type GridNode, SimulatedGrid } from './simulated-grid.ts'

const { leaseMs, nodeTimeoutMs, heartbeatMs, policy } = DEFAULT_METADATA_OPTIONS
/** Messages, disks and ticks of a decision in a calm grid. */
const ROUND_MS = 30

/** As the coordinator knows it, if there is one. */
function stateOf({ coordinator }: SimulatedGrid, id: NodeId): string | undefined {
  return coordinator && (findMember(coordinator.topology, id)?.state ?? 'removed')
}

function servesSomething(grid: SimulatedGrid, node: GridNode): boolean {
  return node.data.served.length > 0 && node.clock(grid.now) < node.data.lease.until
}

/** Every segment has a primary that holds a lease. */
function isServed(grid: SimulatedGrid): boolean {
  const served = grid.nodes
    .filter(node => node.metadata !== undefined && servesSomething(grid, node))
    .reduce((sum, node) => sum + node.data.served.length, 0)
  return served === SEGMENT_COUNT
}

function notCoordinating(grid: SimulatedGrid): GridNode {
  return grid.running.find(node => !node.isCoordinator)!
}

function heldBy({ segments }: Topology, id: NodeId): number {
  return segments.filter(segment => holds(segment, id)).length
}

describe('A first node', () => {
  it('is a grid of its own within a moment', () => {
    const grid = new SimulatedGrid()
    const founder = grid.found()
    expect(grid.runUntil(() => isServed(grid), 1_000, 'service')).toBeLessThan(500)
    expect(founder.topology.members).toHaveLength(1)
    expect(founder.topology.segments.every(segment => primary(segment) === nodeId(1))).toBe(true)
    grid.run(5_000)
    expect(founder.topology.epoch).toBe(1)
    expect(isServed(grid)).toBe(true)
  })

  it('that ends takes itself out, and does not warn of itself', () => {
    const grid = new SimulatedGrid()
    const founder = grid.found()
    grid.run(1_000)
    const stopping = founder.metadata!.step({ kind: 'stop' }, founder.clock(grid.now))
    expect(stopping.writes).toHaveLength(1)
    expect(stopping.notices).toEqual([])
  })

  it('that restarts is a new life, in which its memory is gone', () => {
    const grid = new SimulatedGrid()
    const founder = grid.found()
    grid.run(1_000)
    grid.crash(founder)
    grid.restart(founder)
    grid.run(2_000)
    expect(findMember(founder.topology, founder.id)).toMatchObject({ state: 'up', incarnation: 2 })
    expect(primary(founder.topology.segments[0]!)).toBeUndefined()
    expect(founder.data.lease.until).toBeGreaterThan(founder.clock(grid.now))
  })

  it('that restarts may serve empty what is lost, if told so', () => {
    const servesLostEmpty = { ...policy, servesLostEmpty: true }
    const grid = new SimulatedGrid({ options: { policy: servesLostEmpty } })
    const founder = grid.found()
    grid.run(1_000)
    grid.crash(founder)
    grid.restart(founder)
    grid.runUntil(() => isServed(grid), 2_000, 'service')
  })
})

describe('Joining', () => {
  it('makes five nodes members, learners and then voters, and gives each its share', () => {
    const grid = new SimulatedGrid()
    grid.grid(5)
    const { members, voters } = grid.topology
    expect(members.map(member => member.state)).toEqual(Array(5).fill('up'))
    expect(voters).toHaveLength(5)
    for (const { id } of members) {
      expect(heldBy(grid.topology, id)).toBeGreaterThanOrEqual(Math.floor((2 * 256) / 5))
      expect(heldBy(grid.topology, id)).toBeLessThanOrEqual(Math.ceil((2 * 256) / 5))
      expect(findMember(grid.topology, id)!.incarnation).toBe(1)
    }
    for (const node of grid.nodes) expect(node.cluster).toBe('c'.repeat(40))
  })

  it('goes through any member: it says who coordinates', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const before = grid.now
    const joiner = grid.join(notCoordinating(grid))
    const isUp = () => stateOf(grid, joiner.id) === 'up'
    grid.runUntil(isUp, 1_000, 'membership')
    expect(grid.now - before).toBeLessThan(2 * ROUND_MS)
  })

  it('waits for a seed that is not there yet', () => {
    const grid = new SimulatedGrid()
    const founder = grid.found()
    grid.run(500)
    grid.crash(founder)
    const joiner = grid.join(founder)
    grid.run(5_000)
    expect(joiner.metadata!.topology).toBeUndefined()
    expect(joiner.data.lease.until).toBe(0)
    grid.restart(founder)
    const isUp = () => joiner.metadata!.topology !== undefined && stateOf(grid, joiner.id) === 'up'
    grid.runUntil(isUp, 3_000, 'membership')
  })

  it('makes an odd number of voters, at most five, far apart', () => {
    const grid = new SimulatedGrid()
    const rackOf = (index: number) => ({
      labels: { site: '', rack: `${index % 3}`, machine: '' },
    })
    grid.grid(6, rackOf)
    const { voters, members } = grid.topology
    const racks = voters.map(id => members.find(member => member.id === id)!.labels.rack)
    expect(racks.sort()).toEqual(['0', '0', '1', '1', '2'].sort().length === 5 ? racks : [])
    expect(new Set(racks).size).toBe(3)
    expect(voters).toHaveLength(5)
  })

  it('is refused to a node that keeps other times, and the node says so', () => {
    const grid = new SimulatedGrid()
    const founder = grid.found()
    grid.run(500)
    const other = new SimulatedGrid({ options: { leaseMs: 500 } })
    const stranger = other.join(founder)
    other.run(20)
    const effects = founder.metadata!.step(
      {
        kind: 'message',
        message: {
          cluster: undefined,
          from: nodeId(9),
          body: {
            kind: 'join',
            member: { ...stranger.self, id: nodeId(9) },
            leaseMs: 500,
            nodeTimeoutMs,
          },
        },
      },
      founder.clock(grid.now),
    )
    const bodies = effects.messages.map(({ message }) => message.body)
    expect(bodies).toContainEqual({ kind: 'refused', reason: 'other-timing' })
    grid.run(500)
    expect(founder.topology.members).toHaveLength(1)
  })

  it('is refused to a member of another cluster, which goes on alone and says so', () => {
    const grid = new SimulatedGrid()
    const founder = grid.found()
    grid.run(500)
    const other = new SimulatedGrid()
    other.add()
    const foreigner = other.found({}, 'd'.repeat(40))
    other.run(500)
    const member = foreigner.self
    const body = { kind: 'join', member, leaseMs, nodeTimeoutMs } as const
    const asked = { cluster: foreigner.cluster, from: foreigner.id, body }
    const { messages } = grid.step(founder, { kind: 'message', message: asked })
    const refused = { kind: 'refused', reason: 'foreign-cluster' } as const
    expect(messages.map(({ message }) => message.body)).toEqual([refused])
    const answer = messages[0]!.message
    const { notices, ended } = other.step(foreigner, { kind: 'message', message: answer })
    expect(notices).toContainEqual({ ...refused, by: founder.id })
    expect(ended).toBeUndefined()
    grid.run(500)
    expect(founder.topology.members).toHaveLength(1)
  })

  it('is asked of every seed at the start, also by a node that has a cluster already', () => {
    const grid = new SimulatedGrid()
    const seed = grid.add()
    const founder = grid.add()
    founder.disk.hold(foundingDisk(founder.self))
    founder.cluster = 'c'.repeat(40)
    founder.seeds = [{ host: seed.self.host, port: seed.self.busPort }]
    grid.start(founder)
    grid.run(1_000)
    expect(founder.isCoordinator).toBe(true)
    expect(grid.sent.get('join')).toBe(1)
  })
})

describe('A lease', () => {
  it('is renewed while the coordinator hears its holder, and ends when it does not', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const node = notCoordinating(grid)
    for (let i = 0; i < 100; i++) {
      grid.run(20)
      expect(node.data.lease.until - node.clock(grid.now)).toBeGreaterThan(400)
    }
    grid.isolate(node)
    grid.run(leaseMs)
    expect(servesSomething(grid, node)).toBe(false)
  })

  it('is lost by the coordinator when it loses the majority', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const coordinator = grid.coordinator!
    grid.isolate(coordinator)
    grid.run(DEFAULT_METADATA_OPTIONS.raft.leaseMs + 1)
    expect(servesSomething(grid, coordinator)).toBe(false)
  })

  it('is not granted to who acts on a topology of before it was taken for dead', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const node = notCoordinating(grid)
    const before = node.topology.epoch
    grid.isolate(node)
    grid.runUntil(() => stateOf(grid, node.id) === 'down', 2_000, 'failure')
    grid.heal()
    grid.runUntil(() => stateOf(grid, node.id) === 'up', 2_000, 'return')
    const { incarnation } = node.self
    const sentAt = node.clock(grid.now)
    const message = {
      cluster: node.cluster,
      from: node.id,
      body: { kind: 'beat', incarnation, sentAt, epoch: before } as const,
    }
    const stale = grid.step(grid.coordinator!, { kind: 'message', message })
    expect(stale.messages.filter(({ message: { body } }) => body.kind === 'grant')).toEqual([])
    const { epoch } = grid.topology
    const fresh = grid.step(grid.coordinator!, {
      kind: 'message',
      message: { ...message, body: { ...message.body, epoch } },
    })
    expect(fresh.messages.filter(({ message: { body } }) => body.kind === 'grant')).toHaveLength(1)
  })
})

describe('A member that falls silent', () => {
  it('is taken for dead within the node timeout and one round, and not before', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const node = notCoordinating(grid)
    grid.crash(node)
    const down = () => stateOf(grid, node.id) === 'down'
    const took = grid.runUntil(down, 2_000, 'failure')
    expect(took).toBeGreaterThanOrEqual(nodeTimeoutMs - heartbeatMs - ROUND_MS)
    expect(took).toBeLessThanOrEqual(nodeTimeoutMs + ROUND_MS)
    grid.runUntil(() => isServed(grid), ROUND_MS, 'service by the others')
  })

  it('fails together with others that fell silent, in one decision', () => {
    const grid = new SimulatedGrid()
    grid.grid(5)
    const lost = grid.nodes.filter(node => !node.isCoordinator).slice(0, 2)
    for (const node of lost) {
      grid.crash(node)
      grid.run(37)
    }
    grid.runUntil(() => stateOf(grid, lost[0]!.id) === 'down', 2_000, 'failure')
    expect(stateOf(grid, lost[1]!.id)).toBe('down')
    const epochs = lost.map(({ id }) => findMember(grid.topology, id)!.epoch)
    expect(epochs[0]).toBe(epochs[1])
  })

  it('because it was paused comes back, with what nobody could take over', () => {
    const options = { policy: { ...policy, owners: 1 } }
    const grid = new SimulatedGrid({ options })
    grid.grid(2)
    const node = notCoordinating(grid)
    grid.pause(node)
    grid.runUntil(() => stateOf(grid, node.id) === 'down', 2_000, 'failure')
    expect(isServed(grid)).toBe(false)
    grid.run(1_000)
    grid.resume(node)
    const took = grid.runUntil(() => isServed(grid), 1_000, 'service')
    expect(took).toBeLessThan(heartbeatMs + 2 * ROUND_MS)
    expect(findMember(grid.topology, node.id)!.incarnation).toBe(1)
  })

  it('because its data thread stalled is failed over, and comes back', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const node = notCoordinating(grid)
    node.isDataStalled = true
    grid.run(2_000)
    expect(stateOf(grid, node.id)).toBe('up')
    grid.runUntil(() => stateOf(grid, node.id) === 'down', 2_000, 'failure')
    node.isDataStalled = false
    grid.runUntil(() => stateOf(grid, node.id) === 'up', 500, 'return')
    grid.runUntil(() => grid.isSettled(), 20_000, 'all copies')
  })

  it('moves nothing if it restarts in time, and its copies if it does not', () => {
    const grid = new SimulatedGrid({ options: { policy: { ...policy, replaceTimeoutMs: 5_000 } } })
    grid.grid(3)
    const before = assignmentOf(grid.topology)
    const node = notCoordinating(grid)
    grid.crash(node)
    grid.run(3_000)
    grid.restart(node)
    grid.runUntil(() => grid.isSettled(), 30_000, 'all copies')
    expect(moves(before, assignmentOf(grid.topology))).toBe(0)
    grid.crash(node)
    grid.run(4_000)
    expect(moves(before, assignmentOf(grid.topology))).toBe(0)
    grid.runUntil(() => grid.isSettled(), 30_000, 'new copies')
    expect(heldBy(grid.topology, node.id)).toBe(0)
  })
})

describe('A restarted process', () => {
  it('makes its old life down at once, whoever notices it first', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const node = notCoordinating(grid)
    grid.crash(node)
    grid.restart(node)
    const isBack = () => findMember(grid.topology, node.id)!.incarnation === 2
    expect(grid.runUntil(isBack, 1_000, 'return')).toBeLessThan(5 * ROUND_MS)
    const { segments } = grid.topology
    expect(segments.some(segment => primary(segment) === node.id)).toBe(false)
    grid.runUntil(() => grid.isSettled(), 20_000, 'all copies')
    expect(findMember(grid.topology, node.id)).toMatchObject({ state: 'up', incarnation: 2 })
  })

  it('may come back at another address', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const node = notCoordinating(grid)
    grid.crash(node)
    grid.restart(node, { host: '10.1.1.1', busPort: 26_379 })
    grid.runUntil(() => grid.isSettled(), 20_000, 'all copies')
    expect(findMember(grid.topology, node.id)).toMatchObject({ host: '10.1.1.1' })
  })

  it('of an earlier life is told so and ends', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const node = notCoordinating(grid)
    const { incarnation } = node.self
    const message = {
      cluster: node.cluster,
      from: node.id,
      body: { kind: 'beat', incarnation: incarnation - 1, sentAt: 0, epoch: 1 } as const,
    }
    grid.step(grid.coordinator!, { kind: 'message', message })
    grid.runUntil(() => node.ended !== undefined, 100, 'the end')
    expect(node.ended).toBe('superseded')
  })
})

describe('A coordinator', () => {
  it.each([1, 2, 3, 4, 5])('that dies is replaced within a second, seed %i', seed => {
    const grid = new SimulatedGrid({ seed })
    grid.grid(3)
    const dead = grid.coordinator!
    grid.crash(dead)
    const isReplaced = () =>
      grid.coordinator !== undefined && stateOf(grid, dead.id) === 'down' && isServed(grid)
    expect(grid.runUntil(isReplaced, 5_000, 'service')).toBeLessThan(1_000)
  })

  it('that is replaced takes no member down with it', () => {
    const grid = new SimulatedGrid()
    grid.grid(5)
    const dead = grid.coordinator!
    grid.crash(dead)
    grid.run(10_000)
    const down = grid.topology.members.filter(({ state }) => state === 'down')
    expect(down.map(({ id }) => id)).toEqual([dead.id])
  })

  it('that was paused and comes back is a member like any other', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const paused = grid.coordinator!
    grid.pause(paused)
    grid.runUntil(() => grid.coordinator !== undefined, 2_000, 'another coordinator')
    grid.run(1_000)
    grid.resume(paused)
    grid.runUntil(() => stateOf(grid, paused.id) === 'up', 500, 'return')
    grid.runUntil(() => grid.isSettled(), 20_000, 'all copies')
  })

  it('whose data thread stalls hands its leadership over', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const stalled = grid.coordinator!
    stalled.isDataStalled = true
    grid.runUntil(() => !stalled.isCoordinator, 3_100, 'another coordinator')
    grid.runUntil(() => stateOf(grid, stalled.id) === 'down' && isServed(grid), 500, 'service')
    stalled.isDataStalled = false
    grid.runUntil(() => grid.isSettled(), 20_000, 'all copies')
  })

  it('whose data thread stalls while nobody else votes takes itself out', () => {
    const grid = new SimulatedGrid()
    grid.grid(2)
    const stalled = grid.coordinator!
    stalled.isDataStalled = true
    grid.runUntil(() => stateOf(grid, stalled.id) === 'down', 3_100, 'failure')
    expect(stalled.data.lease.until).toBe(0)
    grid.run(ROUND_MS)
    stalled.isDataStalled = false
    grid.runUntil(() => grid.isSettled(), 20_000, 'all copies')
  })

  it('that stood still takes nobody for dead whom it could not hear', () => {
    const grid = new SimulatedGrid()
    grid.grid(2)
    const coordinator = grid.coordinator!
    grid.pause(coordinator)
    grid.run(5_000)
    grid.resume(coordinator)
    grid.run(500)
    expect(grid.topology.members.map(({ state }) => state)).toEqual(['up', 'up'])
  })
})

describe('An orderly end', () => {
  it('of a member is noticed at once', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const node = notCoordinating(grid)
    grid.step(node, { kind: 'stop' })
    expect(servesSomething(grid, node)).toBe(false)
    grid.crash(node)
    grid.runUntil(() => stateOf(grid, node.id) === 'down' && isServed(grid), ROUND_MS, 'service')
  })

  it('of the coordinator leaves another one behind', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const node = grid.coordinator!
    grid.step(node, { kind: 'stop' })
    expect(servesSomething(grid, node)).toBe(false)
    grid.runUntil(() => !node.isCoordinator, 2 * ROUND_MS, 'another coordinator')
    grid.crash(node)
    const isTakenOver = () => stateOf(grid, node.id) === 'down' && isServed(grid)
    grid.runUntil(isTakenOver, heartbeatMs + 2 * ROUND_MS, 'service')
  })
})

describe('A minority', () => {
  it('neither serves nor decides', () => {
    const grid = new SimulatedGrid()
    grid.grid(5)
    const minority = [grid.coordinator!, notCoordinating(grid)]
    const majority = grid.nodes.filter(node => !minority.includes(node))
    grid.partition(minority, majority)
    // The coordinator among them may grant until its own lease ends.
    grid.run(DEFAULT_METADATA_OPTIONS.raft.leaseMs + leaseMs + 1)
    for (const node of minority) expect(servesSomething(grid, node)).toBe(false)
    grid.run(2_000)
    const served = majority.reduce((sum, node) => sum + node.data.served.length, 0)
    const lost = majority[0]!.topology.segments.filter(segment => primary(segment) === undefined)
    expect(served + lost.length).toBe(SEGMENT_COUNT)
    grid.heal()
    grid.runUntil(() => grid.isSettled() && isServed(grid), 20_000, 'all copies')
  })
})

describe('Leaving', () => {
  it('drains a member, moves near the least, and removes it', () => {
    const grid = new SimulatedGrid()
    grid.grid(4)
    const node = notCoordinating(grid)
    const before = assignmentOf(grid.topology)
    const held = heldBy(grid.topology, node.id)
    grid.leave(node, node.id)
    grid.runUntil(() => node.ended !== undefined, 20_000, 'the end')
    expect(node.ended).toBe('forgotten')
    grid.crash(node)
    grid.runUntil(() => grid.isSettled() && isServed(grid), 20_000, 'all copies')
    expect(grid.topology.members).toHaveLength(3)
    expect(moves(before, assignmentOf(grid.topology))).toBeLessThanOrEqual(1.1 * held)
    grid.run(200)
    const { voters, learners } = grid.coordinator!.metadata!.status.configuration
    expect([...voters, ...learners]).not.toContain(node.id)
  })

  it('hands leadership over first if the coordinator leaves, and serves all the while', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const node = grid.coordinator!
    grid.leave(notCoordinating(grid), node.id)
    grid.runUntil(() => node.ended !== undefined, 20_000, 'the end')
    grid.crash(node)
    grid.runUntil(() => grid.isSettled() && isServed(grid), 20_000, 'all copies')
    expect(grid.topology.members).toHaveLength(2)
  })

  it('of the only voter makes another one first', () => {
    const grid = new SimulatedGrid()
    grid.grid(2)
    const node = grid.coordinator!
    grid.leave(node, node.id)
    grid.runUntil(() => node.ended !== undefined, 20_000, 'the end')
    grid.crash(node)
    grid.runUntil(() => grid.isSettled() && isServed(grid), 20_000, 'all copies')
    expect(grid.topology.voters).toEqual([nodeId(2)])
  })

  it('forgets a dead member at once, and refuses it when it comes back', () => {
    const grid = new SimulatedGrid()
    grid.grid(4)
    const node = notCoordinating(grid)
    grid.crash(node)
    grid.runUntil(() => stateOf(grid, node.id) === 'down', 2_000, 'failure')
    grid.leave(grid.coordinator!, node.id)
    grid.runUntil(() => stateOf(grid, node.id) === 'removed', 20_000, 'removal')
    grid.runUntil(() => grid.isSettled() && isServed(grid), 20_000, 'all copies')
    grid.restart(node)
    grid.runUntil(() => node.ended !== undefined, 2_000, 'the end')
    expect(node.ended).toBe('forgotten')
    expect(grid.topology.members).toHaveLength(3)
  })

  it('does not keep the node from joining anew, without its state', () => {
    const grid = new SimulatedGrid()
    grid.grid(4)
    const node = notCoordinating(grid)
    grid.leave(node, node.id)
    grid.runUntil(() => node.ended !== undefined, 20_000, 'the end')
    grid.crash(node)
    grid.join(grid.coordinator!, { host: node.self.host })
    grid.runUntil(() => grid.isSettled(), 20_000, 'all copies')
    expect(grid.topology.members).toHaveLength(4)
  })
})

describe('Growing and shrinking', () => {
  it('three to five to three moves near the least, and every segment is served throughout', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const three = assignmentOf(grid.topology)
    const added = [grid.join(grid.nodes[0]!), grid.join(grid.nodes[1]!)]
    const owns = (node: GridNode) => heldBy(grid.topology, node.id) > 0
    let transfers = countTransfers(grid, () => added.every(owns) && grid.isSettled())
    const five = assignmentOf(grid.topology)
    const share = (2 * SEGMENT_COUNT * 2) / 5
    expect(moves(three, five)).toBeLessThanOrEqual(Math.ceil(share) + 2)
    expect(transfers).toBeLessThanOrEqual(1.1 * (share + 2))
    for (const { id } of added) grid.leave(grid.coordinator!, id)
    transfers = countTransfers(grid, () => grid.topology.members.length === 3)
    for (const node of added) grid.crash(node)
    grid.runUntil(() => grid.isSettled(), 20_000, 'all copies')
    expect(transfers).toBeLessThanOrEqual(1.1 * (share + 2))
  })

  function countTransfers(grid: SimulatedGrid, until: () => boolean): number {
    let transfers = 0
    let before = grid.topology
    grid.runUntil(
      () => {
        const { topology } = grid
        if (topology !== before) {
          topology.segments.forEach((segment, number) => {
            const was = before.segments[number]!
            transfers += segment.pending.filter(id => !holds(was, id)).length
          })
          before = topology
        }
        assert(topology.segments.every(({ inSync }) => inSync.length >= 2))
        return until()
      },
      60_000,
      'the new shape',
    )
    return transfers
  }
})

describe('Proposals of a data thread', () => {
  it('reach the coordinator from any member, and stale ones change nothing', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const [first, second] = grid.topology.segments[0]!.owners
    const expects = grid.topology.segments[0]!.epoch
    const node = grid.nodes.find(({ id }) => id === first)!
    const entry = { kind: 'out-of-sync', segment: 0, id: second!, expects } as const
    grid.step(node, { kind: 'propose', entries: [entry] })
    const isOut = () => !grid.topology.segments[0]!.inSync.includes(second!)
    grid.runUntil(isOut, 100, 'the decision')
    grid.settle()
    const { epoch } = grid.topology
    grid.step(node, { kind: 'propose', entries: [entry] })
    grid.run(200)
    expect(grid.topology.epoch).toBe(epoch)
  })

  it('say nothing about who lives', () => {
    const grid = new SimulatedGrid()
    grid.grid(3)
    const member = findMember(grid.topology, grid.nodes[1]!.id)!
    const entries = [
      { kind: 'fail', members: [{ id: member.id, expects: member.epoch }] },
      { kind: 'join', member: grid.nodes[1]!.self, expects: member.epoch },
    ] as const
    const { epoch } = grid.topology
    for (const node of grid.nodes) grid.step(node, { kind: 'propose', entries })
    grid.run(500)
    expect(grid.topology.epoch).toBe(epoch)
  })
})
