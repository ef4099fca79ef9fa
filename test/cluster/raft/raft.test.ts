// What the machine does beyond the paper: leases, bounds, transfers that fail, damaged disks.

import { describe, expect, it } from 'vitest'
import { configuration } from '../../../cluster/raft/configuration.ts'
import { BLANK, Raft } from '../../../cluster/raft/raft.ts'
import { foundingSnapshot } from '../../../cluster/raft/snapshot.ts'
import { command, commands, LoneNode, OPTIONS } from './lone-node.ts'
import { nodeId, SimulatedCluster } from './simulated-cluster.ts'

const B = nodeId(2)
const C = nodeId(3)
const D = nodeId(4)

const REQUEST = {
  kind: 'vote-request',
  preVote: false,
  transfer: false,
  lastIndex: 99,
  lastTerm: 99,
} as const

function leader(options: ConstructorParameters<typeof LoneNode>[0] = {}): LoneNode {
  const node = new LoneNode(options)
  node.lead()
  return node
}

describe('A lease', () => {
  it('runs from when the heartbeat was sent, not from when the answer came', () => {
    const node = leader()
    const sentAt = node.now
    node.now += 40
    expect(node.confirm(B, sentAt).leaseUntil).toBe(sentAt + OPTIONS.leaseMs)
  })

  it('is not extended by answers that come late or twice', () => {
    const node = leader()
    const sentAt = node.now
    node.now += 30
    node.confirm(B, sentAt + 20)
    expect(node.confirm(B, sentAt).leaseUntil).toBe(sentAt + 20 + OPTIONS.leaseMs)
  })

  it('of a single voter always runs from now', () => {
    const node = new LoneNode({ voters: 1 })
    node.wait(200)
    node.wait(1_000)
    expect(node.last.leaseUntil).toBe(node.now + OPTIONS.leaseMs)
  })

  it('is gone once a follower was asked to stand for election, until the next term', () => {
    const node = leader()
    expect(node.last.leaseUntil).toBeGreaterThan(node.now)
    const { messages, leaseUntil } = node.step({ kind: 'transfer', to: B })
    expect(messages).toMatchObject([{ kind: 'timeout-now', to: B }])
    expect(leaseUntil).toBe(0)
    expect(node.confirm(C).leaseUntil).toBe(0)
    node.wait(OPTIONS.electionTimeoutMs - 1)
    expect(node.raft.standing.role).toBe('leader')
    node.confirm(C)
    node.wait(1)
    expect(node.raft.standing).toMatchObject({ role: 'follower', leader: undefined })
  })

  it('keeps its holder from voting for another, also when it no longer leads', () => {
    const node = leader()
    const { leaseUntil } = node.confirm(B)
    node.receive(C, { kind: 'heartbeat-reply', sentAt: 0 }, 9)
    expect(node.raft.standing.role).toBe('follower')
    expect(node.last.leaseUntil).toBe(0)
    node.now = leaseUntil - 1
    node.receive(C, REQUEST, 10)
    expect(node.takeOf('vote-reply')).toEqual([])
    node.now = leaseUntil
    node.receive(C, REQUEST, 10)
    expect(node.takeOf('vote-reply')).toMatchObject([{ granted: true }])
  })

  it('promised before a crash is kept after the restart', () => {
    const node = new LoneNode()
    node.follow(B, 2)
    node.now += 10
    node.restart()
    node.now += OPTIONS.electionTimeoutMs - 1
    node.receive(C, REQUEST, 9)
    expect(node.take()).toEqual([])
    node.now += 1
    node.receive(C, REQUEST, 9)
    expect(node.takeOf('vote-reply')).toMatchObject([{ granted: true }])
  })

  it('is confirmed without waiting for the disk', () => {
    const node = new LoneNode()
    node.isDiskInstant = false
    node.receive(B, { kind: 'heartbeat', committed: 1, sentAt: 7 }, 2)
    expect(node.take()).toMatchObject([{ kind: 'heartbeat-reply', sentAt: 7 }])
  })

  it('of the leader just before has ended, and the new leader knows whose it was', () => {
    const node = new LoneNode()
    node.follow(B, 2)
    node.becomeLeader()
    expect(node.raft.standing.term).toBe(3)
    expect(node.raft.predecessor).toBe(B)
    const other = new LoneNode()
    other.follow(B, 2)
    other.receive(C, { kind: 'vote-reply', preVote: true, granted: false }, 5)
    other.becomeLeader()
    expect(other.raft.predecessor).toBeUndefined()
  })
})

describe('A leader', () => {
  it('steps down when a majority has not answered for an election timeout', () => {
    const node = leader({ voters: 5 })
    node.now += 50
    node.confirm(B)
    node.wait(49)
    expect(node.raft.standing.role).toBe('leader')
    node.wait(1)
    expect(node.raft.standing).toEqual({ role: 'follower', term: 2, leader: undefined })
  })

  it('ignores votes for others while its lease holds', () => {
    const node = leader()
    node.receive(C, REQUEST, 9)
    expect(node.raft.standing.role).toBe('leader')
  })

  it('does not count the log or the answers of learners', () => {
    const node = leader()
    node.step({ kind: 'reconfigure', change: { kind: 'add', id: D } })
    node.acknowledge(B)
    node.now += 60
    node.confirm(D)
    expect(node.last.leaseUntil).toBe(node.now - 60 + OPTIONS.leaseMs)
    node.propose('x')
    node.acknowledge(D)
    expect(node.raft.committed).toBe(node.raft.lastIndex - 1)
  })

  it('refuses a change of configuration that would leave it without a quorum', () => {
    const node = leader()
    node.now += OPTIONS.electionTimeoutMs - 1
    node.confirm(B)
    node.now += 1
    const remove = { kind: 'reconfigure', change: { kind: 'remove', id: B } } as const
    expect(node.step(remove).outcome).toEqual({ kind: 'refused', reason: 'no-quorum' })
    node.confirm(C)
    expect(node.step(remove).outcome).toMatchObject({ kind: 'accepted' })
  })

  it('promotes a learner only when it answers and has what is committed', () => {
    const node = leader()
    node.step({ kind: 'reconfigure', change: { kind: 'add', id: D } })
    node.acknowledge(B)
    const promote = { kind: 'reconfigure', change: { kind: 'promote', id: D } } as const
    expect(node.step(promote).outcome).toEqual({ kind: 'refused', reason: 'behind' })
    node.acknowledge(D)
    expect(node.step(promote).outcome).toEqual({ kind: 'refused', reason: 'behind' })
    node.confirm(D)
    expect(node.step(promote).outcome).toMatchObject({ kind: 'accepted' })
  })

  it('does not remove itself', () => {
    const node = leader()
    for (const kind of ['remove', 'demote'] as const) {
      const change = { kind, id: node.id }
      expect(node.step({ kind: 'reconfigure', change }).outcome).toEqual({
        kind: 'refused',
        reason: 'impossible',
      })
    }
  })

  it('sends a new member the log at once', () => {
    const node = leader()
    node.step({ kind: 'reconfigure', change: { kind: 'add', id: D } })
    expect(node.take().filter(message => message.to === D)).toMatchObject([{ kind: 'append' }])
  })

  it('stops sending to a node that was removed', () => {
    const node = leader()
    node.step({ kind: 'reconfigure', change: { kind: 'remove', id: B } })
    node.take()
    node.wait(OPTIONS.heartbeatMs)
    expect(node.take().every(message => message.to === C)).toBe(true)
  })

  it.each(['propose', 'reconfigure', 'transfer'] as const)('alone takes %s', kind => {
    const node = new LoneNode()
    const events = {
      propose: { kind: 'propose', bytes: Buffer.from('x') },
      reconfigure: { kind: 'reconfigure', change: { kind: 'add', id: D } },
      transfer: { kind: 'transfer', to: B },
    } as const
    const before = node.raft.lastIndex
    expect(node.step(events[kind]).outcome).toEqual({ kind: 'refused', reason: 'not-leader' })
    expect(node.raft.lastIndex).toBe(before)
  })

  it('transfers to a voter other than itself, one at a time', () => {
    const node = leader()
    const transfer = (to: string) => node.step({ kind: 'transfer', to }).outcome
    expect(transfer(node.id)).toEqual({ kind: 'refused', reason: 'impossible' })
    expect(transfer(D)).toEqual({ kind: 'refused', reason: 'impossible' })
    expect(transfer(B)).toMatchObject({ kind: 'accepted' })
    expect(transfer(C)).toEqual({ kind: 'refused', reason: 'transferring' })
  })
})

describe('A bound', () => {
  it('on the size of a command refuses what is larger', () => {
    const node = leader({ options: { commandBytesMax: 100 } })
    expect(node.propose('x'.repeat(100)).outcome).toEqual({ kind: 'refused', reason: 'too-large' })
    expect(node.propose('x'.repeat(50)).outcome).toMatchObject({ kind: 'accepted' })
  })

  it('on uncommitted entries refuses proposals until some are committed', () => {
    const node = leader({ options: { uncommittedEntriesMax: 3 } })
    for (let i = 0; i < 3; i++) expect(node.propose('x').outcome?.kind).toBe('accepted')
    expect(node.propose('x').outcome).toEqual({ kind: 'refused', reason: 'busy' })
    node.acknowledge(B)
    expect(node.propose('x').outcome?.kind).toBe('accepted')
  })

  it('on the log refuses proposals until it is compacted', () => {
    const options = { logEntriesMax: 4, uncommittedEntriesMax: 2, compactAfterEntries: 2 }
    const node = new LoneNode({ voters: 1, options })
    node.wait(200)
    for (let i = 0; i < 3; i++) expect(node.propose('x').outcome?.kind).toBe('accepted')
    expect(node.last.isCompactionDue).toBe(true)
    expect(node.propose('x').outcome).toEqual({ kind: 'refused', reason: 'busy' })
    node.step({ kind: 'compact', state: Buffer.from('state') })
    expect(node.last.isCompactionDue).toBe(false)
    expect(node.propose('x').outcome?.kind).toBe('accepted')
  })

  it('on appends under way keeps a leader from running ahead of a silent follower', () => {
    const node = leader({ options: { inflightAppendsMax: 2 } })
    for (let i = 0; i < 5; i++) node.propose('x')
    const toB = node.takeOf('append').filter(message => message.to === B)
    expect(toB).toHaveLength(2)
  })

  it('on entries and bytes splits what one append carries', () => {
    for (const options of [{ appendEntriesMax: 3 }, { appendBytesMax: 100 }]) {
      const node = new LoneNode({ log: [1, 1, 1, 1, 1, 1, 1, 1], options })
      node.becomeLeader()
      node.take()
      const { lastIndex } = node.raft
      const refusal = { kind: 'append-refused', previousIndex: lastIndex - 1 } as const
      node.receive(B, { ...refusal, hintIndex: 1, hintTerm: 1 })
      expect(node.takeOf('append')).toMatchObject([{ previousIndex: 1 }])
      node.acknowledge(B, 4)
      const sizes = node.takeOf('append').map(message => message.entries.length)
      expect(sizes).toEqual([3, 3])
    }
  })

  it('on writes under way drops what would need another one, but still hears the leader', () => {
    const node = new LoneNode({ options: { writesInFlightMax: 1 } })
    node.isDiskInstant = false
    node.receive(B, { kind: 'heartbeat', committed: 1, sentAt: 0 }, 2)
    const append = {
      kind: 'append',
      previousIndex: 1,
      previousTerm: 1,
      entries: [command(2, 2)],
      committed: 1,
    } as const
    node.receive(B, append)
    node.receive(B, append, 5)
    expect(node.raft.lastIndex).toBe(1)
    expect(node.raft.standing.term).toBe(2)
    node.take()
    node.receive(B, { kind: 'heartbeat', committed: 1, sentAt: 3 })
    expect(node.take()).toMatchObject([{ kind: 'heartbeat-reply', sentAt: 3 }])
    node.step({ kind: 'persisted', write: 1 })
    node.receive(B, append)
    expect(node.raft.lastIndex).toBe(2)
  })

  it('on the size of a snapshot ignores a larger one', () => {
    const node = new LoneNode({ options: { snapshotBytesMax: 10 } })
    const chunk = {
      kind: 'snapshot-chunk',
      snapshotIndex: 9,
      snapshotTerm: 2,
      configuration: configuration([node.id, B, C]),
      size: 11,
      offset: 0,
      bytes: Buffer.from('x'),
    } as const
    node.receive(B, chunk, 2)
    expect(node.take()).toEqual([])
  })

  it('on members refuses one more', () => {
    const node = leader({ options: { membersMax: 3 } })
    const change = { kind: 'add', id: D } as const
    expect(node.step({ kind: 'reconfigure', change }).outcome).toEqual({
      kind: 'refused',
      reason: 'too-large',
    })
  })
})

describe('A snapshot on its way', () => {
  function sending() {
    const node = leader({ options: { keepEntries: 0, snapshotChunkBytesMax: 4 } })
    node.step({ kind: 'compact', state: Buffer.from('0123456789') })
    node.step({ kind: 'reconfigure', change: { kind: 'add', id: D } })
    const previousIndex = node.raft.lastIndex - 1
    node.receive(D, { kind: 'append-refused', previousIndex, hintIndex: 0, hintTerm: 0 })
    const chunks = () => node.takeOf('snapshot-chunk').map(({ offset }) => offset)
    const reply = (received: number) =>
      node.receive(D, { kind: 'snapshot-reply', snapshotIndex: previousIndex, received })
    return { node, chunks, reply }
  }

  it('goes chunk by chunk as the follower acknowledges', () => {
    const { chunks, reply } = sending()
    expect(chunks()).toEqual([0])
    reply(4)
    reply(4)
    expect(chunks()).toEqual([4])
    reply(8)
    expect(chunks()).toEqual([8])
  })

  it('is sent again from where the follower is if nothing moves for two heartbeats', () => {
    const { node, chunks, reply } = sending()
    reply(4)
    chunks()
    node.confirm(D)
    expect(chunks()).toEqual([])
    node.confirm(D)
    expect(chunks()).toEqual([4])
  })

  it('starts over for a follower that restarted', () => {
    const { chunks, reply } = sending()
    reply(8)
    chunks()
    reply(0)
    expect(chunks()).toEqual([0])
  })

  it('is followed by the entries after it', () => {
    const { node } = sending()
    node.take()
    node.acknowledge(D, node.raft.lastIndex - 1)
    expect(node.takeOf('append')).toMatchObject([{ to: D, entries: [{ kind: 'configuration' }] }])
  })
})

describe('A node', () => {
  it('with a blank disk waits to be added and never campaigns', () => {
    const raft = new Raft(nodeId(1), BLANK, OPTIONS, () => 0, 0)
    for (let now = 0; now < 5_000; now += 10) {
      expect(raft.step({ kind: 'tick' }, now).messages).toEqual([])
    }
  })

  it('does not start on a log with a term that it never persisted', () => {
    const disk = {
      hardState: { term: 2, vote: undefined },
      snapshot: foundingSnapshot([nodeId(1)], Buffer.from('')),
      entries: commands(2, [3]),
    }
    expect(() => new Raft(nodeId(1), disk, OPTIONS, () => 0, 0)).toThrow('not persisted')
  })

  it('takes only messages that are for it', () => {
    const raft = new LoneNode().raft
    const message = { kind: 'timeout-now', from: B, to: C, term: 1 } as const
    expect(() => raft.step({ kind: 'message', message }, 0)).toThrow('the node it is for')
  })

  it('does not let its time go back', () => {
    const node = new LoneNode()
    node.follow(B, 2)
    node.now += 50
    node.receive(B, { kind: 'heartbeat', committed: 1, sentAt: 0 })
    node.now -= 1_000
    node.receive(B, { kind: 'heartbeat', committed: 1, sentAt: 0 })
    node.now += 1_000 + OPTIONS.electionTimeoutMs - 1
    node.take()
    node.receive(C, REQUEST, 9)
    expect(node.take()).toEqual([])
  })

  it('refuses options that contradict each other', () => {
    const start = (options: Partial<typeof OPTIONS>) => () =>
      new Raft(nodeId(1), BLANK, { ...OPTIONS, ...options }, () => 0, 0)
    expect(start({ leaseMs: OPTIONS.electionTimeoutMs })).toThrow('lease')
    expect(start({ heartbeatMs: 80 })).toThrow('heartbeat')
    expect(start({ logEntriesMax: 10 })).toThrow('room')
    expect(start({ appendEntriesMax: 0 })).toThrow('bound')
    expect(start({ heartbeatMs: Number.NaN })).toThrow('heartbeatMs')
  })
})

describe('A cluster', () => {
  it('elects a leader, commits, and survives the loss of any one of three', () => {
    for (let lost = 0; lost < 3; lost++) {
      const cluster = new SimulatedCluster({ seed: lost, voters: 3 })
      cluster.runUntil(() => (cluster.leader?.leaseUntil ?? 0) > 0, 2_000, 'a first leader')
      const first = cluster.propose(cluster.leader!, 'x')
      cluster.run(50)
      cluster.crash(cluster.nodes[lost]!)
      cluster.runUntil(() => (cluster.leader?.leaseUntil ?? 0) > 0, 2_000, 'a leader')
      const second = cluster.propose(cluster.leader!, 'y')
      cluster.run(100)
      expect([first.kind, second.kind]).toEqual(['accepted', 'accepted'])
      const states = new Set(cluster.running.map(node => node.state))
      expect(states.size).toBe(1)
    }
  })

  it('elects another leader within the time that options promise', () => {
    let longest = 0
    for (let seed = 1; seed <= 50; seed++) {
      const cluster = new SimulatedCluster({ seed, voters: 5 })
      const hasLease = () =>
        cluster.leader !== undefined &&
        cluster.leader.clock(cluster.now) < cluster.leader.leaseUntil
      cluster.runUntil(hasLease, 2_000, 'a first leader')
      cluster.run(200 + cluster.seeded.below(100))
      cluster.crash(cluster.leader!)
      const lostAt = cluster.now
      cluster.runUntil(hasLease, 2_000, 'another leader')
      longest = Math.max(longest, cluster.now - lostAt)
    }
    // Timeout 250, jitter 150, and one more campaign if two collide.
    expect(longest).toBeLessThan(500)
  })

  it('brings a blank node in as a learner and makes it a voter', () => {
    const cluster = new SimulatedCluster({
      seed: 7,
      voters: 1,
      spares: 1,
      options: { compactAfterEntries: 8, keepEntries: 0, snapshotChunkBytesMax: 2 },
    })
    cluster.runUntil(() => cluster.leader !== undefined, 2_000, 'a leader')
    const { leader } = cluster
    for (let i = 0; i < 30; i++) {
      cluster.propose(leader!, `${i}`)
      cluster.run(5)
    }
    const spare = cluster.nodes[1]!
    const change = (kind: 'add' | 'promote') =>
      cluster.step(leader!, { kind: 'reconfigure', change: { kind, id: spare.id } }).outcome
    expect(change('add')?.kind).toBe('accepted')
    cluster.runUntil(() => change('promote')?.kind === 'accepted', 2_000, 'the promotion')
    cluster.run(200)
    expect(spare.raft!.configuration.voters).toHaveLength(2)
    expect(spare.state).toBe(leader!.state)
  })

  it('takes the same steps again under the same seed', () => {
    const trace = () => {
      const cluster = new SimulatedCluster({ seed: 3, voters: 3 })
      const lines: string[] = []
      cluster.filter = message => {
        lines.push(`${cluster.now} ${JSON.stringify(message)}`)
        return true
      }
      cluster.run(1_000)
      return lines
    }
    expect(trace()).toEqual(trace())
    expect(trace().length).toBeGreaterThan(50)
  })
})
