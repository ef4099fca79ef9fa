import { describe, expect, it } from 'vitest'
import { Progress } from '../../../cluster/raft/progress.ts'
import { foundingSnapshot } from '../../../cluster/raft/snapshot.ts'

function replicating(): Progress {
  const progress = new Progress(11, 2)
  progress.sent(11)
  progress.accepted(11)
  return progress
}

describe('The progress of a follower', () => {
  it('begins with one append at a time', () => {
    const progress = new Progress(11, 2)
    progress.sent(12)
    expect(progress.maySend).toBe(false)
    expect(progress.next).toBe(11)
    progress.confirmed(0)
    expect(progress.maySend).toBe(true)
  })

  it('sends ahead once it is known where the logs agree, up to the bound', () => {
    const progress = replicating()
    progress.sent(13)
    progress.sent(14)
    expect([progress.next, progress.maySend]).toEqual([15, false])
    expect(progress.accepted(13)).toBe(true)
    expect(progress.maySend).toBe(true)
    expect(() => {
      progress.sent(15)
      progress.sent(16)
    }).toThrow('bound')
  })

  it('goes back to one at a time after a refusal, never before what matched', () => {
    const progress = replicating()
    progress.sent(13)
    expect(progress.refused(13, 4)).toBe(true)
    expect([progress.isReplicating, progress.next]).toEqual([false, 12])
  })

  it('ignores refusals of appends that it has long gone past', () => {
    const progress = replicating()
    expect(progress.refused(11, 3)).toBe(false)
    expect(progress.refused(5, 3)).toBe(false)
    const probing = new Progress(11, 2)
    expect(probing.refused(7, 3)).toBe(false)
    expect(probing.refused(10, 3)).toBe(true)
    expect(probing.next).toBe(4)
  })

  it('never falls back in what matched or in when it was confirmed', () => {
    const progress = replicating()
    expect(progress.accepted(5)).toBe(false)
    expect(progress.matched).toBe(11)
    progress.confirmed(9)
    progress.confirmed(7)
    expect(progress.confirmedAt).toBe(9)
  })

  it('frees one place when the follower answers but acknowledges nothing', () => {
    const progress = replicating()
    progress.sent(12)
    progress.sent(13)
    progress.confirmed(1)
    expect(progress.maySend).toBe(true)
  })

  it('sends no appends during a snapshot, and goes on after it', () => {
    const progress = replicating()
    const snapshot = { ...foundingSnapshot(['a'], Buffer.from('')), index: 40 }
    progress.beginSnapshot(snapshot)
    expect([progress.maySend, progress.refused(99, 3)]).toEqual([false, false])
    progress.accepted(30)
    expect(progress.transfer).toBeDefined()
    progress.accepted(40)
    expect([progress.transfer, progress.isReplicating, progress.next]).toEqual([
      undefined,
      true,
      41,
    ])
  })
})
