import { describe, expect, it } from 'vitest'
import { foundingTopology } from '../../../cluster/topology/topology.ts'
import { fail, introduction, join, must, nodeId, step } from '../topology/fixtures.ts'
import { Grid } from './grid.ts'

/** Node 1 is the primary of segment 0, the others are backups in sync. */
function ready(count: number): Grid {
  const indexes = Array.from({ length: count }, (_, i) => i + 1)
  // The copies are empty, so it does not matter that they were never sent.
  let topology = foundingTopology(introduction(1))
  for (const index of indexes.slice(1)) topology = join(topology, index)
  const made = new Grid(topology, ...indexes)
  for (const index of indexes.slice(1)) {
    made.decide(step(made.topology, 'add-owner', 0, index))
    made.tell(...indexes)
    for (let i = 0; i < 3; i++) {
      made.deliver()
      made.decideProposed()
      made.tell(...indexes)
    }
    made.deliver()
  }
  return made
}

describe('commit', () => {
  it('a node alone commits at once', () => {
    const alone = new Grid(foundingTopology(introduction(1)), 1)
    expect(alone.execute(1, 'a').isCommitted).toBe(true)
    expect(alone.role(1)).toBe('serves')
  })

  it('an entry is committed when all backups in sync have it, and applied after that', () => {
    const made = ready(3)
    expect(made.topology.segments[0]!.inSync).toEqual([1, 2, 3].map(nodeId))
    const entry = made.execute(1, 'a')
    made.deliver({ but: [3] })
    expect(entry.isCommitted).toBe(undefined)
    expect(made.words(2)).toBe('')
    made.deliver()
    expect(entry.isCommitted).toBe(true)
    made.pass(20)
    made.deliver()
    expect([made.words(1), made.words(2), made.words(3)]).toEqual(['a', 'a', 'a'])
  })

  it('who listens is told once, also of several entries in their order', () => {
    const made = ready(2)
    const told: number[] = []
    const listener = { settled: (entry: { sequence: number }) => told.push(entry.sequence) }
    made.execute(1, 'a').listen(listener)
    made.execute(1, 'b').listen(listener)
    made.deliver()
    expect(told).toEqual([1, 2])
  })

  it('what a broken link lost is sent again', () => {
    const made = ready(2)
    const entry = made.execute(1, 'a')
    made.disconnect(1, 2)
    made.execute(1, 'b')
    made.deliver()
    expect(entry.isCommitted).toBe(undefined)
    made.connect(1, 2)
    made.deliver()
    expect(entry.isCommitted).toBe(true)
    made.pass(20)
    made.deliver()
    expect(made.words(2)).toBe('a b')
  })

  it('a backup that is silent for long is proposed for removal, and its removal commits', () => {
    const made = ready(2)
    const entry = made.execute(1, 'a')
    made.pass(2000)
    expect(made.proposals).toEqual([])
    made.pass(600)
    expect(made.proposals).toMatchObject([{ kind: 'out-of-sync', id: nodeId(2) }])
    made.decideProposed()
    expect(entry.isCommitted).toBe(undefined)
    made.tell(1)
    expect(entry.isCommitted).toBe(true)
  })
})

describe('failover', () => {
  it('a backup takes its prepared entries along, and commits them with the others', () => {
    const made = ready(3)
    const entry = made.execute(1, 'a')
    made.deliver({ but: [1, 3] })
    made.disconnect(1, 3)
    made.topology = fail(made.topology, 1)
    made.tell(2)
    expect([made.role(2), made.words(2)]).toEqual(['serves', 'a'])
    expect(made.node(2).machine.openEntry(0)).toBeDefined()
    made.tell(3)
    made.deliver({ but: [1] })
    expect(made.node(2).machine.openEntry(0)).toBe(undefined)
    made.pass(20)
    made.deliver({ but: [1] })
    expect(made.words(3)).toBe('a')
    expect(entry.isCommitted).toBe(undefined)
    made.tell(1)
    expect(entry.isCommitted).toBe(false)
    expect([made.role(1), made.words(1)]).toEqual(['elsewhere', ''])
  })

  it('the others drop what only they have of the old primary', () => {
    const made = ready(3)
    made.execute(1, 'lost')
    made.deliver({ but: [2, 1] })
    made.disconnect(1, 2)
    made.topology = fail(made.topology, 1)
    made.tell(2, 3)
    made.execute(2, 'kept')
    made.deliver({ but: [1] })
    made.pass(20)
    made.deliver({ but: [1] })
    expect([made.words(2), made.words(3)]).toEqual(['kept', 'kept'])
  })

  it('a deposed primary that has not heard of it commits nothing any more', () => {
    const made = ready(3)
    made.topology = fail(made.topology, 1)
    made.tell(2, 3)
    made.deliver({ but: [1] })
    const entry = made.execute(1, 'late')
    made.deliver({ but: [1] })
    made.deliver()
    expect(entry.isCommitted).toBe(undefined)
    expect(made.role(1)).toBe('settles')
    made.tell(1)
    expect(entry.isCommitted).toBe(false)
    expect([made.words(2), made.words(3)]).toEqual(['', ''])
  })

  it('while all copies are gone the last ones are kept, and the one that returns serves', () => {
    const made = ready(2)
    made.execute(1, 'a')
    made.deliver()
    made.topology = fail(made.topology, 1, 2)
    made.tell(1, 2)
    expect([made.role(1), made.role(2)]).toEqual(['lost', 'lost'])
    made.topology = join(made.topology, 2)
    made.tell(1, 2)
    expect([made.role(2), made.words(2)]).toEqual(['serves', 'a'])
    expect([made.role(1), made.words(1)]).toEqual(['elsewhere', ''])
  })
})

describe('hand-over', () => {
  it('settles first, then proposes until it is decided, and is a backup at once', () => {
    const made = ready(2)
    made.execute(1, 'a')
    made.node(1).machine.handOver(0, nodeId(2), made.topology.segments[0]!.epoch, made.now)
    expect([made.role(1), made.proposals]).toEqual(['settles', []])
    made.deliver()
    expect(made.proposals).toMatchObject([{ kind: 'hand-over', id: nodeId(2) }])
    made.pass(300)
    expect(made.proposals.length).toBe(2)
    made.decideProposed()
    made.tell(2)
    expect([made.role(2), made.words(2)]).toEqual(['serves', 'a'])
    const entry = made.execute(2, 'b')
    made.deliver()
    expect(entry.isCommitted).toBe(true)
    made.tell(1)
    expect(made.role(1)).toBe('backs up')
    made.pass(20)
    made.deliver()
    expect(made.words(1)).toBe('a b')
  })

  it('is over without effect when the heir is lost', () => {
    const made = ready(3)
    made.node(1).machine.handOver(0, nodeId(2), made.topology.segments[0]!.epoch, made.now)
    made.topology = fail(made.topology, 2)
    made.tell(1, 3)
    expect(made.role(1)).toBe('serves')
    const entry = made.execute(1, 'a')
    made.deliver({ but: [2] })
    expect(entry.isCommitted).toBe(true)
  })

  it('an order about another epoch is void', () => {
    const made = ready(2)
    made.node(1).machine.handOver(0, nodeId(2), made.topology.segments[0]!.epoch - 1, made.now)
    expect(made.role(1)).toBe('serves')
  })
})

describe('transfer', () => {
  it('sends the state while commands go on, and counts the receiver when it has all', () => {
    const made = ready(2)
    for (const word of ['a', 'b', 'c']) made.execute(1, word)
    made.deliver()
    made.topology = must(made.topology, step(made.topology, 'out-of-sync', 0, 2))
    made.tell(1, 2)
    const entry = made.execute(1, 'd')
    expect(entry.isCommitted).toBe(true)
    made.deliver()
    made.execute(1, 'e')
    made.decideProposed()
    made.tell(2, 1)
    made.deliver()
    made.pass(20)
    made.deliver()
    expect(made.words(2).split(' ').sort().join(' ')).toBe('a b c d e')
    expect([made.role(1), made.role(2)]).toEqual(['serves', 'backs up'])
  })

  it('begins again when the link breaks on the way', () => {
    const made = ready(2)
    made.execute(1, 'a')
    made.deliver()
    made.topology = must(made.topology, step(made.topology, 'out-of-sync', 0, 2))
    made.tell(1, 2)
    expect(made.words(2)).toBe('')
    made.execute(1, 'b')
    made.disconnect(1, 2)
    made.connect(1, 2)
    made.deliver()
    expect(made.proposals).toMatchObject([{ kind: 'in-sync', id: nodeId(2) }])
    made.decideProposed()
    const entry = made.execute(1, 'c')
    made.tell(1, 2)
    made.deliver()
    made.pass(20)
    made.deliver()
    expect([entry.isCommitted, made.words(2)]).toEqual([true, 'a b c'])
  })

  it('one that was proposed counts before that is decided', () => {
    const made = ready(2)
    made.topology = must(made.topology, step(made.topology, 'out-of-sync', 0, 2))
    made.tell(1, 2)
    made.deliver()
    expect(made.proposals).toMatchObject([{ kind: 'in-sync', id: nodeId(2) }])
    const entry = made.execute(1, 'a')
    expect(entry.isCommitted).toBe(undefined)
    made.decideProposed()
    made.deliver()
    expect(entry.isCommitted).toBe(true)
  })
})
