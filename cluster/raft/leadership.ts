// What a leader does for one term: bring every follower's log to its own, and know whether it still
// leads.
//
// A leadership is made at the election and dropped with the term or the role, so nothing it knows
// can outlive either.
//
// The lease. A follower that hears from the leader grants nobody a vote for an election timeout. So
// if a majority answered heartbeats that the leader sent at s or later, nobody can be elected
// before s + election timeout: another majority would share a voter with this one. The leader
// counts from the moment of sending, on its own clock, and stops `electionTimeoutMs - leaseMs`
// early for clocks that run at different rates. Two things end it sooner. Asking a follower to
// stand for election frees all voters of their promise, and that request may arrive at any time, so
// from then on there is no lease until the term ends. And the lease begins only when an entry of
// this term is applied: earlier entries, proposed by an earlier leader on what it knew then, are
// settled by that time, so whoever holds the lease decides on a state that nothing older can still
// change.

import assert from 'node:assert/strict'
import {
  type Change,
  type Configuration,
  majorityOf,
  type NodeId,
  reachedByMajority,
} from './configuration.ts'
import type { Refusal } from './event.ts'
import type { RaftLog } from './log.ts'
import type {
  AppendAccepted,
  AppendRefused,
  Body,
  HeartbeatReply,
  SnapshotReply,
} from './message.ts'
import type { RaftOptions } from './options.ts'
import { Progress, type SnapshotTransfer } from './progress.ts'
import { chunkAt } from './snapshot.ts'

interface Handover {
  readonly to: NodeId
  readonly deadlineAt: number
}

export class Leadership {
  readonly #id: NodeId
  readonly #log: RaftLog
  readonly #options: RaftOptions
  readonly #send: (to: NodeId, body: Body) => void
  readonly #electedAt: number
  /** The no-op that opened the term. */
  readonly #firstIndex: number
  /** Everybody in the configuration but this node. */
  readonly #followers = new Map<NodeId, Progress>()
  #heartbeatAt = Number.NEGATIVE_INFINITY
  #handover: Handover | undefined
  /** A follower was asked to stand for election. Never becomes false again. */
  #isLeaseGivenUp = false

  constructor(
    id: NodeId,
    log: RaftLog,
    options: RaftOptions,
    send: (to: NodeId, body: Body) => void,
    now: number,
  ) {
    this.#id = id
    this.#log = log
    this.#options = options
    this.#send = send
    this.#electedAt = now
    this.#firstIndex = log.lastIndex + 1
    this.follow(log.configuration)
  }

  get hasCommittedInTerm(): boolean {
    return this.#log.committed >= this.#firstIndex
  }

  get isTransferring(): boolean {
    return this.#handover !== undefined
  }

  /** Starts and stops replication so that it reaches exactly the nodes of this configuration. */
  follow(configuration: Configuration): void {
    const wanted = new Set([...configuration.voters, ...configuration.learners])
    wanted.delete(this.#id)
    for (const id of this.#followers.keys()) if (!wanted.has(id)) this.#followers.delete(id)
    for (const id of wanted) {
      if (this.#followers.has(id)) continue
      const next = this.#log.lastIndex + 1
      this.#followers.set(id, new Progress(next, this.#options.inflightAppendsMax))
    }
    if (this.#handover !== undefined && !configuration.voters.includes(this.#handover.to)) {
      this.#handover = undefined
    }
  }

  /** When a majority last confirmed this leader, on its own clock. It always confirms itself. */
  confirmedAt(now: number): number {
    return reachedByMajority(this.#log.configuration.voters, id =>
      id === this.#id ? now : (this.#followers.get(id)?.confirmedAt ?? Number.NEGATIVE_INFINITY),
    )
  }

  /** 0 if there is no lease. */
  leaseUntil(now: number): number {
    if (this.#isLeaseGivenUp || this.#log.applied < this.#firstIndex) return 0
    return Math.max(0, this.confirmedAt(now) + this.#options.leaseMs)
  }

  /** The last entry that may be committed, `durable` being this node's own part. */
  committable(durable: number): number {
    return reachedByMajority(this.#log.configuration.voters, id =>
      id === this.#id ? durable : (this.#followers.get(id)?.matched ?? 0),
    )
  }

  /** False if this node must no longer think that it leads. */
  tick(now: number): boolean {
    if (this.#handover !== undefined && now >= this.#handover.deadlineAt) {
      // The one asked to stand may still do so, at any time; only a new term gives the lease back.
      if (this.#isLeaseGivenUp) return false
      this.#handover = undefined
    }
    const heardAt = Math.max(this.#electedAt, this.confirmedAt(now))
    if (now - heardAt >= this.#options.electionTimeoutMs) return false
    if (now >= this.#heartbeatAt) {
      this.#heartbeatAt = now + this.#options.heartbeatMs
      for (const [id, progress] of this.#followers) {
        const committed = Math.min(progress.matched, this.#log.committed)
        this.#send(id, { kind: 'heartbeat', committed, sentAt: now })
      }
    }
    return true
  }

  /**
   * Sends everybody what they lack. An empty append, if asked for, tells those who lack nothing
   * what is committed.
   */
  broadcast(withEmpty: boolean): void {
    for (const [id, progress] of this.#followers) this.#replicate(id, progress, withEmpty)
  }

  onAppendAccepted({ from, matched }: AppendAccepted): void {
    const progress = this.#followers.get(from)
    if (progress === undefined) return
    assert(matched <= this.#log.lastIndex, 'a follower holds no more than its leader sent')
    progress.accepted(matched)
    this.#replicate(from, progress, false)
    this.#handOverIfReady(from, progress)
  }

  onAppendRefused({ from, previousIndex, hintIndex, hintTerm }: AppendRefused): void {
    const progress = this.#followers.get(from)
    if (progress === undefined) return
    const agreement = this.#log.lastAgreement(hintIndex, hintTerm)
    if (progress.refused(previousIndex, agreement)) this.#replicate(from, progress, true)
  }

  onHeartbeatReply({ from, sentAt }: HeartbeatReply): void {
    const progress = this.#followers.get(from)
    if (progress === undefined) return
    progress.confirmed(sentAt)
    if (progress.transfer !== undefined) {
      if (progress.transfer.isStalled) this.#sendChunk(from, progress.transfer)
      progress.transfer.isStalled = true
    } else if (progress.matched < this.#log.lastIndex) {
      this.#replicate(from, progress, true)
    }
  }

  onSnapshotReply({ from, snapshotIndex, received }: SnapshotReply): void {
    const transfer = this.#followers.get(from)?.transfer
    if (transfer === undefined || transfer.snapshot.index !== snapshotIndex) return
    // A follower that restarted holds less than before, so the offset may also fall.
    if (received === transfer.offset || received >= transfer.snapshot.state.length) return
    transfer.offset = received
    this.#sendChunk(from, transfer)
  }

  /** Whether a change may start now. */
  objection(change: Change, after: Configuration, now: number): Refusal | undefined {
    const { electionTimeoutMs } = this.#options
    const answers = (id: NodeId) =>
      id === this.#id || now - this.#followers.get(id)!.confirmedAt < electionTimeoutMs
    if (change.kind === 'promote') {
      const progress = this.#followers.get(change.id)!
      if (!answers(change.id) || progress.matched < this.#log.committed) return 'behind'
    }
    const answering = after.voters.filter(answers).length
    return answering < majorityOf(after.voters.length) ? 'no-quorum' : undefined
  }

  /**
   * Stops taking proposals until `to` has the whole log, and then asks it to stand for election.
   */
  transfer(to: NodeId, now: number): void {
    assert(this.#handover === undefined, 'one transfer at a time')
    this.#handover = { to, deadlineAt: now + this.#options.electionTimeoutMs }
    const progress = this.#followers.get(to)!
    this.#replicate(to, progress, false)
    this.#handOverIfReady(to, progress)
  }

  #handOverIfReady(id: NodeId, progress: Progress): void {
    if (this.#handover?.to !== id || progress.matched < this.#log.lastIndex) return
    this.#isLeaseGivenUp = true
    this.#send(id, { kind: 'timeout-now' })
  }

  #replicate(id: NodeId, progress: Progress, withEmpty: boolean): void {
    let isEmptyWanted = withEmpty
    while (progress.maySend) {
      const previousIndex = progress.next - 1
      const previousTerm = this.#log.term(previousIndex)
      if (previousTerm === undefined) {
        const { snapshot } = this.#log
        assert(snapshot !== undefined, 'what is compacted is in the snapshot')
        this.#sendChunk(id, progress.beginSnapshot(snapshot))
        return
      }
      const { appendEntriesMax, appendBytesMax } = this.#options
      const entries = this.#log.slice(progress.next, appendEntriesMax, appendBytesMax)
      if (entries.length === 0 && !isEmptyWanted) return
      isEmptyWanted = false
      progress.sent(previousIndex + entries.length)
      const { committed } = this.#log
      this.#send(id, { kind: 'append', previousIndex, previousTerm, entries, committed })
    }
  }

  #sendChunk(id: NodeId, transfer: SnapshotTransfer): void {
    transfer.isStalled = false
    const chunk = chunkAt(transfer.snapshot, transfer.offset, this.#options.snapshotChunkBytesMax)
    this.#send(id, { kind: 'snapshot-chunk', ...chunk })
  }
}
