// One test per sentence of the Raft paper that applies, in its order.
//
// "Paper" is Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm (extended
// version); "thesis" is Ongaro's dissertation.

import { describe, expect, it } from 'vitest'
import { configuration } from '../../../cluster/raft/configuration.ts'
import { command, commands, LoneNode } from './lone-node.ts'
import { nodeId } from './simulated-cluster.ts'

const B = nodeId(2)
const C = nodeId(3)

const APPEND = {
  kind: 'append',
  previousIndex: 1,
  previousTerm: 1,
  entries: [],
  committed: 1,
} as const

const REQUEST = {
  kind: 'vote-request',
  preVote: false,
  transfer: false,
  lastIndex: 1,
  lastTerm: 1,
} as const

/** Past the promise that a node makes by starting. */
function ready(options: ConstructorParameters<typeof LoneNode>[0] = {}): LoneNode {
  const node = new LoneNode(options)
  node.now += node.options.electionTimeoutMs
  return node
}

function inRole(role: 'follower' | 'candidate' | 'leader'): LoneNode {
  const node = new LoneNode()
  if (role === 'candidate') node.becomeCandidate()
  if (role === 'leader') node.becomeLeader()
  node.take()
  return node
}

describe('Terms (paper section 5.1)', () => {
  it.each(['follower', 'candidate', 'leader'] as const)(
    'a %s whose term is smaller than the other updates it to the larger value',
    role => {
      const node = inRole(role)
      node.receive(B, APPEND, 9)
      expect(node.raft.standing.term).toBe(9)
      expect(node.disk.hardState).toEqual({ term: 9, vote: undefined })
    },
  )

  it.each(['candidate', 'leader'] as const)(
    'a %s that finds its term out of date reverts to follower',
    role => {
      const node = inRole(role)
      node.receive(B, { kind: 'heartbeat-reply', sentAt: 0 }, 9)
      expect(node.raft.standing).toEqual({ role: 'follower', term: 9, leader: undefined })
    },
  )

  it('a request with a stale term is rejected and answered with the newer one', () => {
    const node = ready({ term: 5, log: [5] })
    node.receive(B, { ...APPEND, entries: [command(2, 4)] }, 4)
    node.receive(B, { ...REQUEST, lastIndex: 7, lastTerm: 4 }, 4)
    expect(node.logTerms).toEqual([5])
    expect(node.disk.hardState.vote).toBeUndefined()
    expect(node.take()).toMatchObject([
      { kind: 'heartbeat-reply', term: 5 },
      { kind: 'vote-reply', term: 5, granted: false },
    ])
  })

  it('a reply with a stale term is ignored', () => {
    const node = new LoneNode({ voters: 5 })
    node.becomeCandidate()
    const { term } = node.raft.standing
    node.receive(B, { kind: 'vote-reply', preVote: false, granted: true }, term - 1)
    node.receive(C, { kind: 'vote-reply', preVote: false, granted: true }, term - 1)
    expect(node.raft.standing.role).toBe('candidate')
  })
})

describe('Leader election (paper section 5.2)', () => {
  it('servers start as followers', () => {
    expect(new LoneNode().raft.standing.role).toBe('follower')
  })

  it('a server remains follower as long as it hears from a leader', () => {
    const node = new LoneNode()
    node.follow(B, 2)
    for (let i = 0; i < 50; i++) {
      node.wait(60)
      node.receive(B, { kind: 'heartbeat', committed: 1, sentAt: 0 })
    }
    expect(node.raft.standing).toEqual({ role: 'follower', term: 2, leader: B })
  })

  it('a leader sends periodic heartbeats to all followers', () => {
    const node = inRole('leader')
    node.wait(node.options.heartbeatMs)
    expect(node.takeOf('heartbeat').map(message => message.to)).toEqual([B, C])
    node.wait(node.options.heartbeatMs - 1)
    expect(node.takeOf('heartbeat')).toEqual([])
  })

  it('a follower that hears nothing for the election timeout begins an election', () => {
    const node = new LoneNode()
    node.wait(149)
    expect(node.raft.standing.role).toBe('follower')
    node.wait(1)
    expect(node.raft.standing.role).toBe('pre-candidate')
  })

  it('a candidate increments its term, votes for itself and asks all others in parallel', () => {
    const node = new LoneNode({ term: 3, log: [3] })
    node.becomeCandidate()
    expect(node.raft.standing).toEqual({ role: 'candidate', term: 4, leader: undefined })
    expect(node.disk.hardState).toEqual({ term: 4, vote: node.id })
    const real = node.takeOf('vote-request').filter(message => !message.preVote)
    expect(real).toMatchObject([
      { to: B, term: 4, lastIndex: 2, lastTerm: 3 },
      { to: C, term: 4, lastIndex: 2, lastTerm: 3 },
    ])
  })

  it.each([
    { voters: 1, granted: 0, refused: 0, role: 'leader' },
    { voters: 3, granted: 0, refused: 0, role: 'candidate' },
    { voters: 3, granted: 1, refused: 0, role: 'leader' },
    { voters: 3, granted: 0, refused: 2, role: 'follower' },
    { voters: 4, granted: 1, refused: 0, role: 'candidate' },
    { voters: 4, granted: 2, refused: 0, role: 'leader' },
    { voters: 5, granted: 1, refused: 2, role: 'candidate' },
    { voters: 5, granted: 2, refused: 2, role: 'leader' },
    { voters: 5, granted: 1, refused: 3, role: 'follower' },
  ])('of $voters voters, $granted granting and $refused refusing make a $role', row => {
    const node = new LoneNode({ voters: row.voters })
    if (row.voters === 1) node.wait(200)
    else node.becomeCandidate()
    node.peers.slice(0, row.granted + row.refused).forEach((peer, index) => {
      const granted = index < row.granted
      node.receive(peer, { kind: 'vote-reply', preVote: false, granted })
    })
    expect(node.raft.standing.role).toBe(row.role)
  })

  it('a repeated vote counts once', () => {
    const node = new LoneNode({ voters: 5 })
    node.becomeCandidate()
    for (let i = 0; i < 3; i++) {
      node.receive(B, { kind: 'vote-reply', preVote: false, granted: true })
    }
    expect(node.raft.standing.role).toBe('candidate')
  })

  it('a server votes for at most one candidate in a term, first come first served', () => {
    const node = ready()
    node.receive(B, REQUEST, 2)
    node.receive(C, REQUEST, 2)
    node.receive(B, REQUEST, 2)
    expect(node.takeOf('vote-reply')).toMatchObject([
      { to: B, granted: true },
      { to: C, granted: false },
      { to: B, granted: true },
    ])
  })

  it('a vote survives a restart', () => {
    const node = ready()
    node.receive(B, REQUEST, 2)
    node.restart()
    node.now += node.options.electionTimeoutMs
    node.receive(C, REQUEST, 2)
    expect(node.takeOf('vote-reply')).toMatchObject([{ to: C, granted: false }])
  })

  it('a new leader sends heartbeats to all at once', () => {
    const node = new LoneNode()
    node.becomeLeader()
    expect(node.takeOf('heartbeat').map(message => message.to)).toEqual([B, C])
  })

  it.each([0, 1])('a candidate recognizes a leader whose term is %i above its own', above => {
    const node = inRole('candidate')
    const { term } = node.raft.standing
    node.receive(B, APPEND, term + above)
    expect(node.raft.standing).toEqual({ role: 'follower', term: term + above, leader: B })
  })

  it('a candidate rejects a leader of a smaller term and continues', () => {
    const node = inRole('candidate')
    node.receive(B, APPEND, node.raft.standing.term - 1)
    expect(node.raft.standing.role).toBe('candidate')
  })

  it('a candidate that neither wins nor loses starts a new election after its timeout', () => {
    const node = inRole('candidate')
    node.wait(200)
    expect(node.raft.standing.role).toBe('pre-candidate')
  })

  it('election timeouts are chosen at random from a fixed interval', () => {
    const timeouts = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const node = new LoneNode({ random: () => i / 20 })
      let waited = 0
      for (; node.raft.standing.role === 'follower'; waited++) node.wait(1)
      timeouts.add(waited)
    }
    expect(timeouts.size).toBe(20)
    expect(Math.min(...timeouts)).toBe(100)
    expect(Math.max(...timeouts)).toBeLessThan(200)
  })
})

describe('Log replication (paper section 5.3)', () => {
  it('a leader appends a command and sends it to all others in parallel', () => {
    const node = new LoneNode()
    node.lead()
    const { index } = accepted(node.propose('x'))
    expect(node.takeOf('append')).toMatchObject([
      { to: B, previousIndex: index - 1, entries: [{ index }] },
      { to: C, previousIndex: index - 1, entries: [{ index }] },
    ])
  })

  it.each([
    { voters: 1, acknowledged: 0, isCommitted: true },
    { voters: 3, acknowledged: 0, isCommitted: false },
    { voters: 3, acknowledged: 1, isCommitted: true },
    { voters: 4, acknowledged: 1, isCommitted: false },
    { voters: 5, acknowledged: 1, isCommitted: false },
    { voters: 5, acknowledged: 2, isCommitted: true },
  ])(
    'an entry of $voters voters that $acknowledged others hold is committed: $isCommitted',
    row => {
      const node = new LoneNode({ voters: row.voters })
      if (row.voters === 1) node.wait(200)
      else node.lead()
      const { index } = accepted(node.propose('x'))
      for (const peer of node.peers.slice(0, row.acknowledged)) node.acknowledge(peer)
      expect(node.raft.committed >= index).toBe(row.isCommitted)
      expect(node.committed.some(entry => entry.index === index)).toBe(row.isCommitted)
    },
  )

  it('committing an entry commits all before it, also those of earlier leaders', () => {
    const node = new LoneNode({ log: [1, 1, 2] })
    node.becomeLeader()
    expect(node.committed).toEqual([])
    node.acknowledge(B)
    expect(node.committed.map(entry => [entry.index, entry.term])).toEqual([
      [2, 1],
      [3, 1],
      [4, 2],
      [5, 3],
    ])
  })

  it('a leader tells what is committed with its appends', () => {
    const node = new LoneNode()
    node.lead()
    const { index } = accepted(node.propose('x'))
    node.take()
    node.acknowledge(B)
    expect(node.takeOf('append')).toMatchObject([
      { to: B, committed: index, entries: [] },
      { to: C, committed: index, entries: [] },
    ])
  })

  it('a leader tells in heartbeats only what the follower is known to hold', () => {
    const node = new LoneNode()
    node.lead()
    const { index } = accepted(node.propose('x'))
    node.acknowledge(B)
    node.take()
    node.wait(node.options.heartbeatMs)
    expect(node.takeOf('heartbeat')).toMatchObject([
      { to: B, committed: index },
      { to: C, committed: index - 1 },
    ])
  })

  it('a follower applies what it learns to be committed, in order', () => {
    const node = new LoneNode()
    node.receive(B, { ...APPEND, entries: commands(2, [2, 2, 2]), committed: 3 }, 2)
    expect(node.committed.map(entry => entry.index)).toEqual([2, 3])
    node.receive(B, { kind: 'heartbeat', committed: 4, sentAt: 0 })
    expect(node.committed.map(entry => entry.index)).toEqual([2, 3, 4])
  })

  it('a follower commits only as far as it was shown to agree', () => {
    const node = new LoneNode({ log: [1, 1, 1, 1] })
    node.receive(B, { ...APPEND, entries: commands(2, [1]), committed: 5 }, 2)
    expect(node.raft.committed).toBe(2)
  })

  it('a leader retries without end while a follower does not answer', () => {
    const node = new LoneNode()
    node.becomeLeader()
    for (let i = 0; i < 10; i++) {
      node.take()
      node.wait(node.options.heartbeatMs)
      node.confirm(B)
      const appends = node.takeOf('append')
      expect(appends).toMatchObject([{ to: B, entries: [{ kind: 'no-op' }] }])
    }
  })

  it.each([
    { log: [1, 1], previousIndex: 4, previousTerm: 1, hint: { hintIndex: 3, hintTerm: 1 } },
    { log: [1, 2], previousIndex: 3, previousTerm: 1, hint: { hintIndex: 2, hintTerm: 1 } },
    { log: [1, 2], previousIndex: 3, previousTerm: 3, hint: { hintIndex: 3, hintTerm: 2 } },
    { log: [2, 3], previousIndex: 3, previousTerm: 1, hint: { hintIndex: 1, hintTerm: 1 } },
  ])(
    'a follower with $log refuses what follows entry $previousIndex of term $previousTerm',
    row => {
      const node = new LoneNode({ log: row.log })
      const { previousIndex, previousTerm } = row
      const entries = [command(previousIndex + 1, 4)]
      node.receive(B, { ...APPEND, previousIndex, previousTerm, entries }, 4)
      expect(node.logTerms).toEqual(row.log)
      expect(node.takeOf('append-refused')).toMatchObject([{ previousIndex, ...row.hint }])
    },
  )

  it.each([
    { log: [1, 2, 2], sent: [1, 3], result: [1, 3] },
    { log: [1, 2, 2], sent: [3], result: [3] },
    { log: [1], sent: [1, 3, 3], result: [1, 3, 3] },
    { log: [], sent: [3], result: [3] },
  ])('a leader that sends $sent makes the log $log into $result', ({ log, sent, result }) => {
    const node = new LoneNode({ log })
    node.receive(B, { ...APPEND, entries: commands(2, sent) }, 3)
    expect(node.logTerms).toEqual(result)
    expect(node.disk.entries.map(entry => entry.term)).toEqual(result)
    expect(node.takeOf('append-accepted')).toMatchObject([{ matched: sent.length + 1 }])
  })

  it('an old append does not cut off what a later one brought', () => {
    const node = new LoneNode()
    node.receive(B, { ...APPEND, entries: commands(2, [2, 2, 2]) }, 2)
    node.receive(B, { ...APPEND, entries: commands(2, [2]) }, 2)
    expect(node.logTerms).toEqual([2, 2, 2])
    expect(node.takeOf('append-accepted')).toMatchObject([{ matched: 4 }, { matched: 2 }])
  })

  it('a new leader first sends what follows the last entry of its own log', () => {
    const node = new LoneNode({ log: [1, 1, 1] })
    node.becomeLeader()
    expect(node.takeOf('append')).toMatchObject([
      { to: B, previousIndex: 4, previousTerm: 1, entries: [{ index: 5, kind: 'no-op' }] },
      { to: C, previousIndex: 4, previousTerm: 1, entries: [{ index: 5, kind: 'no-op' }] },
    ])
  })

  it('a leader goes back until the logs agree, a whole term at a time', () => {
    const node = new LoneNode({ log: [1, 1, 4, 4, 5, 5, 6, 6, 6] })
    node.becomeLeader()
    node.take()
    // The follower's log is 1 1 1 2 2 2 3 3 3 3 3 in terms.
    const refusal = { kind: 'append-refused', previousIndex: 10 } as const
    node.receive(B, { ...refusal, hintIndex: 10, hintTerm: 3 })
    expect(node.takeOf('append')).toMatchObject([{ previousIndex: 3, previousTerm: 1 }])
  })

  // Figure 7: the leader's log is 1 1 1 4 4 5 5 6 6 6, a no-op of term 8 follows.
  it.each([
    ['a', [1, 1, 1, 4, 4, 5, 5, 6, 6]],
    ['b', [1, 1, 1, 4]],
    ['c', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    ['d', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    ['e', [1, 1, 1, 4, 4, 4, 4]],
    ['f', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
  ])('a leader brings follower (%s) of figure 7 to its own log', (_, log) => {
    const leader = new LoneNode({ term: 7, log: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6] })
    const follower = new LoneNode({ log })
    leader.becomeLeader()
    for (let i = 0; i < 20; i++) {
      for (const message of leader.takeOf('append')) {
        if (message.to === B) follower.receive(C, message, message.term)
      }
      for (const message of follower.take()) leader.receive(B, message, message.term)
    }
    expect(follower.logTerms).toEqual([1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8])
  })

  it('a leader never overwrites entries of its own log', () => {
    const node = new LoneNode()
    node.lead()
    node.propose('x')
    const before = node.logTerms
    const { term } = node.raft.standing
    expect(() => node.receive(B, { ...APPEND, entries: commands(2, [term]) })).toThrow(
      'a term has one leader',
    )
    expect(node.logTerms).toEqual(before)
  })
})

describe('Safety (paper section 5.4)', () => {
  it.each([
    { own: [1], last: [2, 1], granted: true },
    { own: [1], last: [2, 2], granted: true },
    { own: [1, 1], last: [2, 2], granted: true },
    { own: [1], last: [3, 1], granted: true },
    { own: [1, 1], last: [2, 1], granted: false },
    { own: [2], last: [2, 1], granted: false },
    { own: [2], last: [3, 1], granted: false },
  ])('a voter with log $own and a candidate whose last entry is $last: granted $granted', row => {
    for (const preVote of [true, false]) {
      const node = ready({ log: row.own, term: 3 })
      const [lastIndex, lastTerm] = row.last as [number, number]
      node.receive(B, { ...REQUEST, preVote, lastIndex, lastTerm }, 4)
      expect(node.takeOf('vote-reply')).toMatchObject([{ preVote, granted: row.granted }])
    }
  })

  it('only entries of the current term are committed by counting', () => {
    const node = new LoneNode({ log: [1, 2] })
    node.becomeLeader()
    node.acknowledge(B, 3)
    expect(node.raft.committed).toBe(1)
    node.acknowledge(B, 4)
    expect(node.raft.committed).toBe(4)
  })
})

describe('Crashes (paper section 5.5)', () => {
  it('a request repeated after a crash is answered alike and changes nothing', () => {
    const node = ready()
    const append = { ...APPEND, entries: commands(2, [2, 2]) }
    node.receive(B, append, 2)
    const [first] = node.takeOf('append-accepted')
    node.restart()
    node.receive(B, append, 2)
    expect(node.takeOf('append-accepted')).toEqual([first])
    expect(node.logTerms).toEqual([2, 2])
  })

  it('term, vote and log are on disk before the answer leaves', () => {
    const node = ready()
    node.isDiskInstant = false
    node.receive(B, REQUEST, 2)
    node.receive(B, { ...APPEND, entries: commands(2, [2]) }, 2)
    expect(node.take()).toEqual([])
    node.step({ kind: 'persisted', write: 1 })
    expect(node.take()).toMatchObject([{ kind: 'vote-reply', granted: true }])
    node.step({ kind: 'persisted', write: 2 })
    expect(node.take()).toMatchObject([{ kind: 'append-accepted', matched: 2 }])
  })
})

describe('Membership changes (paper section 6, thesis chapter 4)', () => {
  it('a server uses the latest configuration in its log, committed or not', () => {
    const node = new LoneNode({ voters: 1 })
    const larger = configuration([node.id, B, C])
    const entry = { kind: 'configuration', index: 2, term: 2, configuration: larger } as const
    node.receive(B, { ...APPEND, entries: [entry] }, 2)
    expect(node.raft.committed).toBe(1)
    expect(node.raft.configuration).toEqual(larger)
  })

  it('a configuration that is replaced in the log is no longer used', () => {
    const node = new LoneNode()
    const before = node.raft.configuration
    const larger = configuration([...before.voters, nodeId(4)])
    const entry = { kind: 'configuration', index: 2, term: 2, configuration: larger } as const
    node.receive(B, { ...APPEND, entries: [entry] }, 2)
    node.receive(C, { ...APPEND, entries: commands(2, [3]) }, 3)
    expect(node.raft.configuration).toEqual(before)
  })

  it('new servers join as non-voting members first', () => {
    const node = new LoneNode()
    node.lead()
    const change = { kind: 'add', id: nodeId(4) } as const
    node.step({ kind: 'reconfigure', change })
    expect(node.raft.configuration.learners).toEqual([nodeId(4)])
    node.acknowledge(nodeId(4))
    expect(node.raft.committed).toBeLessThan(node.raft.lastIndex)
    node.acknowledge(B)
    expect(node.raft.committed).toBe(node.raft.lastIndex)
  })

  it('a server disregards vote requests while it believes that a leader exists', () => {
    const node = new LoneNode()
    node.follow(B, 2)
    for (const preVote of [true, false]) {
      node.now += 49
      node.receive(C, { ...REQUEST, preVote }, 9)
    }
    expect(node.take()).toEqual([])
    expect(node.raft.standing).toEqual({ role: 'follower', term: 2, leader: B })
    node.now += 2
    node.receive(C, REQUEST, 9)
    expect(node.takeOf('vote-reply')).toMatchObject([{ to: C, term: 9, granted: true }])
  })

  it('a leader changes the configuration only after it has committed in its term', () => {
    const node = new LoneNode()
    node.becomeLeader()
    node.confirm(B)
    const change = { kind: 'add', id: nodeId(4) } as const
    expect(node.step({ kind: 'reconfigure', change }).outcome).toEqual({
      kind: 'refused',
      reason: 'busy',
    })
    node.acknowledge(B)
    accepted(node.step({ kind: 'reconfigure', change }))
  })

  it('a change begins only when the one before is committed', () => {
    const node = new LoneNode()
    node.lead()
    const add = (index: number) =>
      node.step({ kind: 'reconfigure', change: { kind: 'add', id: nodeId(index) } })
    accepted(add(4))
    expect(add(5).outcome).toEqual({ kind: 'refused', reason: 'busy' })
    node.acknowledge(B)
    accepted(add(5))
  })
})

describe('Log compaction (paper section 7)', () => {
  const snapshot = {
    kind: 'snapshot-chunk',
    snapshotIndex: 5,
    snapshotTerm: 2,
    configuration: configuration([nodeId(1), B, C]),
    size: 6,
    offset: 0,
    bytes: Buffer.from('abcdef'),
  } as const

  it('a leader sends a snapshot to a follower that needs what is compacted', () => {
    const node = new LoneNode({ log: [1, 1, 1], options: { keepEntries: 0 } })
    node.lead()
    const compacted = node.raft.applied
    node.step({ kind: 'compact', state: Buffer.from('state') })
    const { index } = accepted(
      node.step({ kind: 'reconfigure', change: { kind: 'add', id: nodeId(4) } }),
    )
    const refusal = { kind: 'append-refused', previousIndex: index - 1 } as const
    node.take()
    node.receive(nodeId(4), { ...refusal, hintIndex: 0, hintTerm: 0 })
    expect(node.take()).toMatchObject([
      { kind: 'snapshot-chunk', to: nodeId(4), snapshotIndex: compacted, size: 5, offset: 0 },
    ])
  })

  it('chunks are put together in order, and each is acknowledged', () => {
    const node = new LoneNode()
    const chunk = (offset: number, text: string) => {
      node.receive(B, { ...snapshot, offset, bytes: Buffer.from(text) }, 2)
      return node.take()
    }
    expect(chunk(0, 'ab')).toMatchObject([{ kind: 'snapshot-reply', received: 2 }])
    expect(chunk(4, 'ef')).toMatchObject([{ kind: 'snapshot-reply', received: 2 }])
    expect(chunk(0, 'ab')).toMatchObject([{ kind: 'snapshot-reply', received: 2 }])
    expect(chunk(2, 'cd')).toMatchObject([{ kind: 'snapshot-reply', received: 4 }])
    expect(node.raft.applied).toBe(1)
    expect(chunk(4, 'ef')).toMatchObject([{ kind: 'append-accepted', matched: 5 }])
    expect(node.raft.applied).toBe(5)
    expect(Buffer.from(node.disk.snapshot!.state).toString()).toBe('abcdef')
  })

  it('a snapshot ahead of the log replaces all of it', () => {
    const node = new LoneNode({ log: [1, 1] })
    node.receive(B, snapshot, 2)
    expect(node.raft.lastIndex).toBe(5)
    expect(node.disk.entries).toEqual([])
    expect(node.raft.termAt(5)).toBe(2)
  })

  it('a log in conflict with the snapshot is discarded, also past its end', () => {
    const node = new LoneNode({ log: [1, 1, 1, 1, 1, 1, 1] })
    node.receive(B, snapshot, 2)
    expect(node.raft.lastIndex).toBe(5)
    expect(node.disk.entries).toEqual([])
  })

  it('entries after a snapshot that describes a prefix of the log are kept', () => {
    const node = new LoneNode({ log: [1, 1, 1, 2, 2, 2] })
    node.receive(B, snapshot, 2)
    expect(node.logTerms).toEqual([1, 1, 1, 2, 2, 2])
    expect(node.raft.committed).toBe(5)
    expect(node.takeOf('append-accepted')).toMatchObject([{ matched: 5 }])
  })

  it('an old snapshot changes nothing', () => {
    const node = new LoneNode()
    node.receive(B, { ...APPEND, entries: commands(2, [2, 2, 2, 2, 2, 2]), committed: 7 }, 2)
    node.take()
    node.receive(B, snapshot)
    expect(node.raft.lastIndex).toBe(7)
    expect(node.takeOf('append-accepted')).toMatchObject([{ matched: 7 }])
  })
})

describe('Clients (paper section 8)', () => {
  it('a leader commits a no-op at the start of its term', () => {
    const node = new LoneNode()
    node.becomeLeader()
    node.acknowledge(B)
    expect(node.committed).toMatchObject([{ kind: 'no-op', term: 2 }])
  })

  it('a leader knows that it was not deposed once a majority answered after it asked', () => {
    const node = new LoneNode({ voters: 5 })
    node.lead()
    const [first, second] = node.peers
    node.wait(60)
    expect(node.confirm(first!, node.now).leaseUntil).toBeLessThan(node.now + 90)
    expect(node.confirm(second!, node.now - 5).leaseUntil).toBe(node.now - 5 + 90)
  })

  it('a leader has a lease only when all entries of earlier terms are settled', () => {
    const node = new LoneNode({ log: [1, 1] })
    node.becomeLeader()
    expect(node.confirm(B).leaseUntil).toBe(0)
    expect(node.acknowledge(B, 3).leaseUntil).toBe(0)
    expect(node.acknowledge(B, 4).leaseUntil).toBe(node.now + 90)
  })
})

describe('Leadership transfer (thesis section 3.10)', () => {
  it('a leader stops taking proposals and brings the target up to date first', () => {
    const node = new LoneNode()
    node.lead()
    node.propose('x')
    node.take()
    accepted(node.step({ kind: 'transfer', to: B }))
    expect(node.propose('y').outcome).toEqual({ kind: 'refused', reason: 'transferring' })
    expect(node.takeOf('timeout-now')).toEqual([])
    node.acknowledge(B)
    expect(node.takeOf('timeout-now')).toMatchObject([{ to: B }])
  })

  it('the target starts an election at once, and others vote although they hear a leader', () => {
    const target = new LoneNode()
    target.follow(B, 2)
    target.receive(B, { kind: 'timeout-now' })
    expect(target.raft.standing).toMatchObject({ role: 'candidate', term: 3 })
    expect(target.takeOf('vote-request')).toMatchObject([
      { preVote: false, transfer: true },
      { preVote: false, transfer: true },
    ])
    const other = new LoneNode()
    other.follow(B, 2)
    other.receive(C, { ...REQUEST, transfer: true }, 3)
    expect(other.takeOf('vote-reply')).toMatchObject([{ to: C, granted: true }])
  })

  it('a target that does not catch up in time loses its chance, and the leader goes on', () => {
    const node = new LoneNode()
    node.lead()
    node.propose('x')
    node.step({ kind: 'transfer', to: B })
    node.confirm(C)
    node.wait(node.options.electionTimeoutMs - 1)
    node.confirm(C)
    node.wait(1)
    accepted(node.propose('y'))
  })
})

describe('Pre-vote (thesis section 9.6)', () => {
  it('a candidate raises its term only after a majority said that it could win', () => {
    const node = new LoneNode({ voters: 5 })
    node.becomePreCandidate()
    expect(node.raft.standing.term).toBe(1)
    expect(node.takeOf('vote-request')).toMatchObject(
      node.peers.map(to => ({ to, term: 1, preVote: true })),
    )
    node.receive(B, { kind: 'vote-reply', preVote: true, granted: true })
    expect(node.raft.standing).toMatchObject({ role: 'pre-candidate', term: 1 })
    node.receive(C, { kind: 'vote-reply', preVote: true, granted: true })
    expect(node.raft.standing).toMatchObject({ role: 'candidate', term: 2 })
  })

  it('a pre-vote changes nothing at the voter', () => {
    const node = ready()
    node.receive(B, { ...REQUEST, preVote: true })
    node.receive(C, { ...REQUEST, preVote: true })
    expect(node.takeOf('vote-reply')).toMatchObject([{ granted: true }, { granted: true }])
    expect(node.disk.hardState).toEqual({ term: 1, vote: undefined })
    expect(node.writes).toBe(0)
  })

  it('a node cut off for long does not disturb the others when it comes back', () => {
    const node = new LoneNode()
    for (let i = 0; i < 20; i++) node.wait(200)
    expect(node.raft.standing.term).toBe(1)
    node.follow(B, 1)
  })
})

describe('Writing in parallel (thesis section 10.2.1)', () => {
  it('a leader sends an entry before it has written it, but counts itself only after', () => {
    const node = new LoneNode()
    node.lead()
    node.isDiskInstant = false
    const { index } = accepted(node.propose('x'))
    expect(node.takeOf('append')).toHaveLength(2)
    node.acknowledge(B)
    expect(node.raft.committed).toBe(index - 1)
    node.step({ kind: 'persisted', write: node.writes })
    expect(node.raft.committed).toBe(index)
  })

  it('a leader commits what a majority of others has written, although itself has not', () => {
    const node = new LoneNode()
    node.lead()
    node.isDiskInstant = false
    const { index } = accepted(node.propose('x'))
    node.acknowledge(B)
    node.acknowledge(C)
    expect(node.raft.committed).toBe(index)
  })
})

function accepted({ outcome }: ReturnType<LoneNode['step']>) {
  if (outcome?.kind !== 'accepted') throw new Error(`accepted, not ${JSON.stringify(outcome)}`)
  return outcome
}
