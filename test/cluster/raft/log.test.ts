import { describe, expect, it } from 'vitest'
import { configuration } from '../../../cluster/raft/configuration.ts'
import { entryBytes } from '../../../cluster/raft/entry.ts'
import { RaftLog } from '../../../cluster/raft/log.ts'
import type { Snapshot } from '../../../cluster/raft/snapshot.ts'
import { command, commands } from './lone-node.ts'

const voters = configuration(['a', 'b', 'c'])
const more = configuration(['a', 'b', 'c'], ['d'])

function snapshotAt(index: number, term: number): Snapshot {
  return { index, term, configuration: voters, state: Buffer.from(`state ${index}`) }
}

/** Entries 6 to 10 after a snapshot at 5. */
function log(): RaftLog {
  return new RaftLog(snapshotAt(5, 2), commands(6, [2, 2, 3, 3, 4]))
}

describe('The log', () => {
  it('knows the terms from its base to its end, and no others', () => {
    const terms = [4, 5, 6, 7, 8, 9, 10, 11].map(index => log().term(index))
    expect(terms).toEqual([undefined, 2, 2, 2, 3, 3, 4, undefined])
  })

  it('takes no entry that leaves a gap or falls in term', () => {
    expect(() => log().append(command(12, 4))).toThrow('no gaps')
    expect(() => log().append(command(11, 3))).toThrow('never fall')
  })

  it('slices by count and by bytes, but gives at least one entry', () => {
    const one = entryBytes(command(6, 2))
    const indexes = (count: number, bytes: number) =>
      log()
        .slice(6, count, bytes)
        .map(entry => entry.index)
    expect(indexes(2, 1e6)).toEqual([6, 7])
    expect(indexes(9, 3 * one)).toEqual([6, 7, 8])
    expect(indexes(9, 1)).toEqual([6])
    expect(log().slice(11, 9, 9)).toEqual([])
  })

  it('leaves what is committed as it is, whatever an append says', () => {
    const mine = log()
    mine.commit(8)
    mine.accept(append(5, 2, [2, 2, 4]))
    expect([6, 7, 8, 9].map(index => mine.term(index))).toEqual([2, 2, 3, 3])
  })

  it('gives each committed entry out once', () => {
    const mine = log()
    mine.commit(7)
    expect(mine.takeCommitted().map(entry => entry.index)).toEqual([6, 7])
    expect(mine.takeCommitted()).toEqual([])
    mine.commit(9)
    expect(mine.takeCommitted().map(entry => entry.index)).toEqual([8, 9])
  })

  it('accepts an append whose start is compacted, from what is committed on', () => {
    const mine = log()
    mine.commit(7)
    const accepted = mine.accept(append(2, 1, [1, 2, 2, 2, 2, 4]))
    expect(accepted).toEqual({ matched: 8, writtenFrom: 8 })
    expect(mine.lastIndex).toBe(8)
    expect(mine.term(8)).toBe(4)
  })

  it('finds the last position that may agree with another log', () => {
    expect(log().lastAgreement(10, 3)).toBe(9)
    expect(log().lastAgreement(20, 9)).toBe(10)
    expect(log().lastAgreement(8, 2)).toBe(7)
    expect(log().lastAgreement(8, 1)).toBe(5)
    expect(log().lastAgreement(3, 1)).toBe(3)
  })

  it('compacts at what is applied and keeps a few entries before', () => {
    const mine = log()
    mine.commit(9)
    mine.takeCommitted()
    expect(mine.compact(Buffer.from('x'), 2)).toMatchObject({ index: 9, term: 3 })
    expect(mine.baseIndex).toBe(7)
    expect([mine.term(6), mine.term(7), mine.term(8)]).toEqual([undefined, 2, 3])
    expect([mine.lastIndex, mine.entriesAfterSnapshot]).toEqual([10, 1])
  })

  it('keeps less than asked for if less is there', () => {
    const mine = log()
    mine.commit(7)
    mine.takeCommitted()
    mine.compact(Buffer.from('x'), 100)
    expect(mine.baseIndex).toBe(5)
  })

  it('knows the configuration at a snapshot, not only the latest', () => {
    const mine = log()
    mine.append({ kind: 'configuration', index: 11, term: 4, configuration: more })
    expect(mine.configuration).toEqual(more)
    expect(mine.hasUncommittedConfiguration).toBe(true)
    mine.commit(10)
    mine.takeCommitted()
    expect(mine.compact(Buffer.from('x'), 0).configuration).toEqual(voters)
    mine.commit(11)
    mine.takeCommitted()
    expect(mine.hasUncommittedConfiguration).toBe(false)
    expect(mine.compact(Buffer.from('y'), 0).configuration).toEqual(more)
  })

  it('falls back to the configuration before when its entry is replaced', () => {
    const mine = log()
    mine.append({ kind: 'configuration', index: 11, term: 4, configuration: more })
    mine.accept(append(10, 4, [5]))
    expect(mine.configuration).toEqual(voters)
  })

  it('is replaced as a whole by a snapshot ahead of what is committed', () => {
    const mine = log()
    mine.commit(6)
    mine.takeCommitted()
    mine.install(snapshotAt(8, 7))
    expect([mine.baseIndex, mine.committed, mine.lastIndex, mine.lastTerm]).toEqual([8, 8, 8, 7])
    expect(() => mine.takeCommitted()).toThrow('applied first')
    expect(mine.takeInstalled()?.index).toBe(8)
    expect(mine.takeInstalled()).toBeUndefined()
    expect(mine.takeCommitted()).toEqual([])
  })

  it('takes no snapshot of what is committed already', () => {
    const mine = log()
    mine.commit(8)
    expect(() => mine.install(snapshotAt(8, 3))).toThrow('never takes back')
  })
})

function append(previousIndex: number, previousTerm: number, terms: readonly number[]) {
  return {
    kind: 'append',
    from: 'b',
    to: 'a',
    term: 5,
    previousIndex,
    previousTerm,
    entries: commands(previousIndex + 1, terms),
    committed: 5,
  } as const
}
