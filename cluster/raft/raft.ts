// One consensus node as a pure machine: an event and the time go in, effects come out.
//
// Raft as in the paper and in Ongaro's thesis, with pre-vote, check-quorum, leader leases,
// learners, membership changes one server at a time, leadership transfer and snapshots in chunks.
// There is no clock, socket, file or chance in here; the same machine runs in a worker thread and
// in the simulator, and the same events give the same effects.
//
// What it keeps, whatever is lost, delayed, repeated or reordered, and whoever crashes and restarts
// with its disk:
//   - at most one leader in a term (a vote is durable before it is told);
//   - logs that agree on one entry agree on all before it (an append names its predecessor);
//   - a leader has every committed entry (only an up-to-date candidate gets votes, and only entries
//     of the leader's own term are committed by counting);
//   - while a leader holds its lease, nobody else leads (leadership.ts).
// It survives the loss of messages, never the loss of a disk: a node that lost its disk must come
// back under a new id.
//
// Restarts and leases: what a voter promised a leader is not on disk. A node therefore starts as if
// it had just heard from one. That is why the answer to a heartbeat need not wait for the disk, and
// a slow disk deposes nobody.

import assert from 'node:assert/strict'
import { type Change, type Configuration, changed, type NodeId } from './configuration.ts'
import { Disk } from './disk.ts'
import { Election } from './election.ts'
import { type Entry, entryBytes, type HardState } from './entry.ts'
import type { Effects, Event, Outcome, Refusal, Role, Standing } from './event.ts'
import { Leadership } from './leadership.ts'
import { RaftLog } from './log.ts'
import type {
  Append,
  Body,
  Heartbeat,
  Message,
  SnapshotChunk,
  TimeoutNow,
  VoteReply,
  VoteRequest,
} from './message.ts'
import { assertOptions, type RaftOptions } from './options.ts'
import { type Snapshot, SnapshotReceiver } from './snapshot.ts'

/** A number from 0 up to but not including 1. */
export type Random = () => number

/** What the disk held at the start. */
export interface Restored {
  readonly hardState: HardState
  readonly snapshot: Snapshot | undefined
  /** Follow the snapshot without a gap. */
  readonly entries: readonly Entry[]
}

/** The disk of a node that waits to be added to a cluster. */
export const BLANK: Restored = Object.freeze({
  hardState: Object.freeze({ term: 0, vote: undefined }),
  snapshot: undefined,
  entries: Object.freeze([]),
})

export class Raft {
  readonly id: NodeId
  readonly #options: RaftOptions
  readonly #random: Random
  readonly #log: RaftLog
  readonly #disk: Disk
  readonly #receiver: SnapshotReceiver

  /** Invariant: never goes back. */
  #now: number
  /** Invariant: never falls. */
  #term: number
  /** Invariant: changes only with the term, or from undefined. */
  #vote: NodeId | undefined
  #role: Role = 'follower'
  #leader: NodeId | undefined
  /** The last leader that was heard, and its term. */
  #heard: { readonly leader: NodeId; readonly term: number } | undefined
  /** Set exactly while pre-candidate or candidate. */
  #election: Election | undefined
  /** Set exactly while leader. */
  #leadership: Leadership | undefined
  /** When to campaign, if no leader is heard until then. */
  #campaignAt = 0
  /** No vote before this moment. Invariant: never goes back. */
  #promisedUntil: number
  /** Messages of the current step, in the order they were made. */
  #outgoing: Message[] = []
  /** Messages of earlier steps that the disk has caught up with in this one. */
  #released: Message[] = []

  constructor(id: NodeId, restored: Restored, options: RaftOptions, random: Random, now: number) {
    assertOptions(options)
    this.id = id
    this.#options = options
    this.#random = random
    this.#log = new RaftLog(restored.snapshot, restored.entries)
    this.#disk = new Disk(this.#log.lastIndex, options.writesInFlightMax, options.heldMessagesMax)
    this.#receiver = new SnapshotReceiver(options.snapshotBytesMax)
    this.#term = restored.hardState.term
    this.#vote = restored.hardState.vote
    assert(this.#term >= this.#log.lastTerm, 'the log holds no term that was not persisted')
    this.#now = now
    this.#promisedUntil = now + options.electionTimeoutMs
    this.#scheduleCampaign()
  }

  get standing(): Standing {
    return { role: this.#role, term: this.#term, leader: this.#leader }
  }

  get configuration(): Configuration {
    return this.#log.configuration
  }

  get committed(): number {
    return this.#log.committed
  }

  get applied(): number {
    return this.#log.applied
  }

  get lastIndex(): number {
    return this.#log.lastIndex
  }

  /** The term at a position of the log, or undefined if it is compacted or past the end. */
  termAt(index: number): number | undefined {
    return this.#log.term(index)
  }

  /**
   * The leader of the term just before this one, if this node leads and knows it. Its lease has
   * ended: the voters that elected this node had promised it nothing any more.
   */
  get predecessor(): NodeId | undefined {
    if (this.#role !== 'leader' || this.#heard?.term !== this.#term - 1) return undefined
    return this.#heard.leader
  }

  step(event: Event, now: number): Effects {
    this.#now = Math.max(this.#now, now)
    const before = this.standing
    const outcome = this.#handle(event)
    this.#advanceCommit()
    return this.#effects(before, outcome)
  }

  #handle(event: Event): Outcome | undefined {
    switch (event.kind) {
      case 'tick':
        this.#tick()
        return undefined
      case 'message':
        this.#receive(event.message)
        return undefined
      case 'persisted':
        this.#persisted(event.write)
        return undefined
      case 'compact':
        this.#compact(event.state)
        return undefined
      case 'propose':
        return this.#propose(event.bytes)
      case 'reconfigure':
        return this.#reconfigure(event.change)
      case 'transfer':
        return this.#transfer(event.to)
    }
  }

  #effects(before: Standing, outcome: Outcome | undefined): Effects {
    const write = this.#disk.handOut(this.#log)
    const messages = this.#released
    for (const message of this.#outgoing) {
      if (!waitsForDisk(message) || this.#disk.mayLeave(message)) messages.push(message)
    }
    this.#outgoing = []
    this.#released = []
    const restored = this.#log.takeInstalled()
    const { role, term, leader } = before
    const hasChanged = role !== this.#role || term !== this.#term || leader !== this.#leader
    return {
      write,
      messages,
      restored,
      committed: this.#log.takeCommitted(),
      outcome,
      standing: hasChanged ? this.standing : undefined,
      isCompactionDue: this.#log.appliedAfterSnapshot >= this.#options.compactAfterEntries,
      leaseUntil: this.#leaseUntil,
    }
  }

  #send(to: NodeId, body: Body): void {
    this.#outgoing.push({ ...body, from: this.id, to, term: this.#term } as Message)
  }

  #tick(): void {
    if (this.#leadership !== undefined) {
      if (!this.#leadership.tick(this.#now)) this.#becomeFollower(this.#term, undefined)
    } else if (this.#now >= this.#campaignAt && this.#isVoter) {
      this.#becomePreCandidate()
    }
  }

  #persisted(write: number): void {
    for (const message of this.#disk.confirm(write)) {
      if (message.to === this.id) this.#receive(message)
      else this.#released.push(message)
    }
  }

  #receive(message: Message): void {
    assert(message.to === this.id, 'a message reaches the node it is for')
    if (message.kind === 'vote-request' && !message.transfer && this.#hasPromised) return
    if (message.term < this.#term) {
      this.#answerOutdated(message)
      return
    }
    if (message.term > this.#term) {
      if (this.#disk.isBehind) return
      this.#becomeFollower(message.term, undefined)
    }
    switch (message.kind) {
      case 'vote-request':
        this.#onVoteRequest(message)
        break
      case 'vote-reply':
        this.#onVoteReply(message)
        break
      case 'append':
        this.#onAppend(message)
        break
      case 'heartbeat':
        this.#onHeartbeat(message)
        break
      case 'snapshot-chunk':
        this.#onSnapshotChunk(message)
        break
      case 'timeout-now':
        this.#onTimeoutNow(message)
        break
      case 'append-accepted':
        this.#leadership?.onAppendAccepted(message)
        break
      case 'append-refused':
        this.#leadership?.onAppendRefused(message)
        break
      case 'heartbeat-reply':
        this.#leadership?.onHeartbeatReply(message)
        break
      case 'snapshot-reply':
        this.#leadership?.onSnapshotReply(message)
        break
    }
  }

  /** A sender of an older term learns of the newer one, if it waits for an answer. */
  #answerOutdated(message: Message): void {
    switch (message.kind) {
      case 'vote-request': {
        const { preVote } = message
        this.#send(message.from, { kind: 'vote-reply', preVote, granted: false })
        break
      }
      case 'append':
      case 'heartbeat':
      case 'snapshot-chunk':
        this.#send(message.from, { kind: 'heartbeat-reply', sentAt: 0 })
        break
    }
  }

  get #isVoter(): boolean {
    return this.#log.configuration.voters.includes(this.id)
  }

  /** A leader heard lately, this node's own leadership included, is not voted out. */
  get #hasPromised(): boolean {
    return this.#now < this.#promisedUntil || this.#now < this.#leaseUntil
  }

  get #leaseUntil(): number {
    return this.#leadership?.leaseUntil(this.#now) ?? 0
  }

  #scheduleCampaign(): void {
    const { electionTimeoutMs, electionJitterMs } = this.#options
    this.#campaignAt = this.#now + electionTimeoutMs + this.#random() * electionJitterMs
  }

  #adoptTerm(term: number, vote: NodeId | undefined): void {
    assert(
      term > this.#term || (term === this.#term && this.#vote === undefined),
      'one vote a term',
    )
    if (term > this.#term) this.#receiver.reset()
    this.#term = term
    this.#vote = vote
    this.#disk.keepHardState({ term, vote })
  }

  #becomeFollower(term: number, leader: NodeId | undefined): void {
    if (this.#leadership !== undefined) {
      // Whoever still acts on the lease of this leadership may do so until it ends.
      this.#promisedUntil = Math.max(this.#promisedUntil, this.#leaseUntil)
      this.#heard = { leader: this.id, term: this.#term }
      this.#scheduleCampaign()
    }
    if (term !== this.#term) this.#adoptTerm(term, undefined)
    this.#role = 'follower'
    this.#leader = leader
    this.#election = undefined
    this.#leadership = undefined
  }

  /**
   * Sounds out whether an election could be won, so that a node that cannot win one never raises
   * the term.
   */
  #becomePreCandidate(): void {
    this.#role = 'pre-candidate'
    this.#campaign(true, false)
    this.#count(this.id, true)
  }

  #becomeCandidate(transfer: boolean): void {
    if (this.#disk.isBehind) return
    this.#role = 'candidate'
    this.#adoptTerm(this.#term + 1, this.id)
    this.#campaign(false, transfer)
    // A node's own vote is a message like any other: it counts when it is durable.
    this.#send(this.id, { kind: 'vote-reply', preVote: false, granted: true })
  }

  #campaign(preVote: boolean, transfer: boolean): void {
    this.#leader = undefined
    this.#election = new Election(preVote)
    this.#scheduleCampaign()
    const { lastIndex, lastTerm } = this.#log
    for (const id of this.#log.configuration.voters) {
      if (id === this.id) continue
      this.#send(id, { kind: 'vote-request', preVote, transfer, lastIndex, lastTerm })
    }
  }

  #becomeLeader(): void {
    assert(this.#role === 'candidate', 'only a candidate is elected')
    assert(this.#isVoter, 'only a voter is elected')
    this.#role = 'leader'
    this.#leader = this.id
    this.#election = undefined
    const send = (to: NodeId, body: Body) => this.#send(to, body)
    this.#leadership = new Leadership(this.id, this.#log, this.#options, send, this.#now)
    this.#leadership.tick(this.#now)
    this.#replicate({ kind: 'no-op', index: this.#log.lastIndex + 1, term: this.#term })
  }

  #isUpToDate(lastIndex: number, lastTerm: number): boolean {
    if (lastTerm !== this.#log.lastTerm) return lastTerm > this.#log.lastTerm
    return lastIndex >= this.#log.lastIndex
  }

  #onVoteRequest({ from, preVote, lastIndex, lastTerm }: VoteRequest): void {
    const isUpToDate = this.#isUpToDate(lastIndex, lastTerm)
    if (preVote) {
      this.#send(from, { kind: 'vote-reply', preVote, granted: isUpToDate })
      return
    }
    const isFree = this.#vote === undefined && !this.#disk.isBehind
    const granted = isUpToDate && (isFree || this.#vote === from)
    if (granted && isFree) {
      this.#becomeFollower(this.#term, undefined)
      this.#adoptTerm(this.#term, from)
      this.#scheduleCampaign()
    }
    this.#send(from, { kind: 'vote-reply', preVote, granted })
  }

  #onVoteReply({ from, preVote, granted }: VoteReply): void {
    if (this.#election?.isPreVote === preVote) this.#count(from, granted)
  }

  #count(voter: NodeId, isGranted: boolean): void {
    const election = this.#election!
    election.count(voter, isGranted)
    const result = election.result(this.#log.configuration.voters)
    if (result === 'lost') this.#becomeFollower(this.#term, undefined)
    else if (result === 'won' && election.isPreVote) this.#becomeCandidate(false)
    else if (result === 'won') this.#becomeLeader()
  }

  #onTimeoutNow({ from }: TimeoutNow): void {
    if (this.#role === 'follower' && this.#leader === from && this.#isVoter) {
      this.#becomeCandidate(true)
    }
  }

  #hear(leader: NodeId): void {
    assert(this.#role !== 'leader', 'a term has one leader')
    assert(this.#leader === undefined || this.#leader === leader, 'a term has one leader')
    this.#becomeFollower(this.#term, leader)
    this.#heard = { leader, term: this.#term }
    this.#promisedUntil = Math.max(this.#promisedUntil, this.#now + this.#options.electionTimeoutMs)
    this.#scheduleCampaign()
  }

  #onHeartbeat({ from, committed, sentAt }: Heartbeat): void {
    this.#hear(from)
    if (committed > this.#log.committed) this.#log.commit(committed)
    this.#send(from, { kind: 'heartbeat-reply', sentAt })
  }

  #onAppend(append: Append): void {
    const { from, previousIndex, previousTerm, entries, committed } = append
    this.#hear(from)
    if (entries.length > 0 && this.#disk.isBehind) return
    const accepted = this.#log.accept(append)
    if (accepted === undefined) {
      const agreement = this.#log.lastAgreement(previousIndex, previousTerm)
      const hintIndex = Math.max(agreement, this.#log.committed)
      const hintTerm = this.#log.term(hintIndex)!
      this.#send(from, { kind: 'append-refused', previousIndex, hintIndex, hintTerm })
      return
    }
    const { matched, writtenFrom } = accepted
    if (writtenFrom !== undefined) this.#disk.keepEntriesFrom(writtenFrom)
    if (committed > this.#log.committed) this.#log.commit(Math.min(committed, matched))
    this.#send(from, { kind: 'append-accepted', matched })
  }

  #onSnapshotChunk(chunk: SnapshotChunk): void {
    const { from, snapshotIndex, snapshotTerm } = chunk
    this.#hear(from)
    if (this.#disk.isBehind) return
    // A log that has the entry which the snapshot ends with has all that is in it, and what follows
    // may be kept.
    const hasAll = this.#log.term(snapshotIndex) === snapshotTerm
    if (hasAll && snapshotIndex > this.#log.committed) this.#log.commit(snapshotIndex)
    if (snapshotIndex <= this.#log.committed) {
      this.#send(from, { kind: 'append-accepted', matched: this.#log.committed })
      return
    }
    const result = this.#receiver.receive(chunk)
    if (result === undefined) return
    if (typeof result === 'number') {
      this.#send(from, { kind: 'snapshot-reply', snapshotIndex, received: result })
      return
    }
    this.#log.install(result)
    this.#disk.installSnapshot(result)
    this.#send(from, { kind: 'append-accepted', matched: snapshotIndex })
  }

  #compact(state: Uint8Array): void {
    if (this.#log.appliedAfterSnapshot <= 0) return
    this.#disk.keepSnapshot(this.#log.compact(state, this.#options.keepEntries))
  }

  #propose(bytes: Uint8Array): Outcome {
    const reason = this.#objection()
    if (reason !== undefined) return refused(reason)
    const index = this.#log.lastIndex + 1
    const entry: Entry = { kind: 'command', index, term: this.#term, bytes }
    if (entryBytes(entry) > this.#options.commandBytesMax) return refused('too-large')
    return this.#replicate(entry)
  }

  #reconfigure(change: Change): Outcome {
    const reason = this.#objection()
    if (reason !== undefined) return refused(reason)
    const leadership = this.#leadership!
    // One change at a time, and none before this term has committed: else two leaders could each
    // hold a change that the other does not know, and their majorities need not meet.
    if (this.#log.hasUncommittedConfiguration || !leadership.hasCommittedInTerm) {
      return refused('busy')
    }
    const configuration = changed(this.#log.configuration, change)
    // A leader does not vote itself out; it hands over first.
    if (configuration === undefined || change.id === this.id) return refused('impossible')
    const { voters, learners } = configuration
    if (voters.length + learners.length > this.#options.membersMax) return refused('too-large')
    const objection = leadership.objection(change, configuration, this.#now)
    if (objection !== undefined) return refused(objection)
    const index = this.#log.lastIndex + 1
    return this.#replicate({ kind: 'configuration', index, term: this.#term, configuration })
  }

  #transfer(to: NodeId): Outcome {
    const leadership = this.#leadership
    if (leadership === undefined) return refused('not-leader')
    if (leadership.isTransferring) return refused('transferring')
    const isPossible = to !== this.id && this.#log.configuration.voters.includes(to)
    if (!isPossible) return refused('impossible')
    leadership.transfer(to, this.#now)
    return { kind: 'accepted', index: this.#log.lastIndex, term: this.#term }
  }

  #objection(): Refusal | undefined {
    const { logEntriesMax, uncommittedEntriesMax } = this.#options
    if (this.#leadership === undefined) return 'not-leader'
    if (this.#leadership.isTransferring) return 'transferring'
    const uncommitted = this.#log.lastIndex - this.#log.committed
    if (uncommitted >= uncommittedEntriesMax) return 'busy'
    if (this.#log.entriesAfterSnapshot >= logEntriesMax) return 'busy'
    return this.#disk.isBehind ? 'busy' : undefined
  }

  #replicate(entry: Entry): Outcome {
    if (entry.kind === 'configuration') this.#leadership!.follow(entry.configuration)
    this.#log.append(entry)
    this.#disk.keepEntriesFrom(entry.index)
    this.#leadership!.broadcast(false)
    return { kind: 'accepted', index: entry.index, term: entry.term }
  }

  #advanceCommit(): void {
    if (this.#leadership === undefined) return
    const index = this.#leadership.committable(this.#disk.durable)
    // An entry of an older term may be on a majority and still be replaced, by a leader whose log
    // ends in a newer term. One of this term may not, and it takes the older ones along.
    if (index <= this.#log.committed || this.#log.term(index) !== this.#term) return
    this.#log.commit(index)
    this.#leadership.broadcast(true)
  }
}

function refused(reason: Refusal): Outcome {
  return { kind: 'refused', reason }
}

/**
 * Leaders send ahead of their own disk: their term was durable before they were elected, and they
 * count themselves only when they have written. An answer to a heartbeat promises nothing that a
 * restart forgets.
 */
function waitsForDisk(message: Message): boolean {
  switch (message.kind) {
    case 'append':
    case 'heartbeat':
    case 'heartbeat-reply':
    case 'snapshot-chunk':
    case 'timeout-now':
      return false
    default:
      return true
  }
}
