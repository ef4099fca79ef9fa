import { describe, expect, it } from 'vitest'
import { Disk } from '../../../cluster/raft/disk.ts'
import { RaftLog } from '../../../cluster/raft/log.ts'
import type { Message } from '../../../cluster/raft/message.ts'
import { foundingSnapshot } from '../../../cluster/raft/snapshot.ts'
import { command } from './lone-node.ts'

function fixture(writesMax = 8, heldMax = 8) {
  const log = new RaftLog(foundingSnapshot(['a'], Buffer.from('')), [])
  const disk = new Disk(1, writesMax, heldMax)
  const write = (index: number, term: number) => {
    log.append(command(index, term))
    disk.keepEntriesFrom(index)
    return disk.handOut(log)!
  }
  return { log, disk, write }
}

function message(term: number): Message {
  return { kind: 'vote-reply', from: 'a', to: 'b', term, preVote: false, granted: true }
}

describe('The disk of a node', () => {
  it('gathers what a step changes into one write', () => {
    const { log, disk } = fixture()
    log.append(command(2, 3))
    log.append(command(3, 3))
    disk.keepEntriesFrom(3)
    disk.keepEntriesFrom(2)
    disk.keepHardState({ term: 3, vote: 'b' })
    expect(disk.handOut(log)).toMatchObject({
      number: 1,
      hardState: { term: 3, vote: 'b' },
      snapshot: undefined,
      entries: [{ index: 2 }, { index: 3 }],
    })
    expect(disk.handOut(log)).toBeUndefined()
  })

  it('counts entries as durable when their write is reported', () => {
    const { disk, write } = fixture()
    write(2, 1)
    write(3, 1)
    expect(disk.durable).toBe(1)
    disk.confirm(1)
    expect(disk.durable).toBe(2)
    disk.confirm(2)
    expect(disk.durable).toBe(3)
  })

  it('does not count a replaced entry, whether written or under way', () => {
    const { disk, write, log } = fixture()
    write(2, 1)
    write(3, 1)
    write(4, 1)
    disk.confirm(1)
    log.accept({
      kind: 'append',
      from: 'b',
      to: 'a',
      term: 2,
      previousIndex: 1,
      previousTerm: 1,
      entries: [command(2, 2)],
      committed: 1,
    })
    disk.keepEntriesFrom(2)
    expect(disk.durable).toBe(1)
    disk.handOut(log)
    disk.confirm(3)
    expect(disk.durable).toBe(1)
    disk.confirm(4)
    expect(disk.durable).toBe(2)
  })

  it('lets messages go in the order of the writes that they wait for', () => {
    const { disk, write } = fixture()
    expect(disk.mayLeave(message(1))).toBe(true)
    write(2, 1)
    expect(disk.mayLeave(message(2))).toBe(false)
    write(3, 1)
    expect(disk.mayLeave(message(3))).toBe(false)
    expect(disk.confirm(1)).toEqual([message(2)])
    expect(disk.mayLeave(message(4))).toBe(false)
    expect(disk.confirm(2)).toEqual([message(3), message(4)])
    expect(disk.confirm(2)).toEqual([])
    expect(disk.mayLeave(message(5))).toBe(true)
  })

  it('says when too many writes are under way, and drops messages past its bound', () => {
    const { disk, write } = fixture(2, 1)
    write(2, 1)
    expect(disk.isBehind).toBe(false)
    write(3, 1)
    expect(disk.isBehind).toBe(true)
    disk.mayLeave(message(1))
    disk.mayLeave(message(2))
    expect(disk.confirm(2)).toEqual([message(1)])
    expect(disk.isBehind).toBe(false)
  })

  it('refuses the report of a write that it never handed out', () => {
    expect(() => fixture().disk.confirm(1)).toThrow('handed out')
  })
})
