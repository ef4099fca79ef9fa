// What the primary keeps of a segment: how far it is, how far that is committed, and its followers.
//
// Invariant: `tail` holds the entries in (committed, sequence]; `committed` never falls, and never
// passes what a follower that counts has acknowledged.

import type { NodeId } from '../raft/configuration.ts'
import { Follower } from './follower.ts'
import { Tail } from './tail.ts'

/** A hand-over that was asked for: nothing is executed any more. */
export interface Settling {
  readonly to: NodeId
  /** Monotonic ms; -Infinity if it was not proposed yet. */
  proposedAt: number
}

export class Leading {
  readonly segment: number
  epoch: number
  /** The last entry that was executed. */
  sequence: number
  committed: number
  /** What of that the followers have heard. */
  told: number
  readonly tail = new Tail()
  readonly followers = new Map<NodeId, Follower>()
  /** The followers that count for commits. */
  voters: readonly Follower[] = []
  /** Nobody is on the way to be in sync: the voters are all there are. */
  isAllInSync = true
  settling: Settling | undefined = undefined
  /** A hand-over was proposed, and may be decided any moment: nothing changes the copy. */
  isPutAside = false
  /** Another node knows of this epoch, which we have still to hear of; 0 for none. */
  fencedBy = 0
  /** Nobody is the primary, and ours is one of the last good copies: it waits for what is decided. */
  isSuspended = false
  /** Monotonic ms of the last proposal about a follower. */
  proposedAt = Number.NEGATIVE_INFINITY

  constructor(segment: number, epoch: number, sequence: number, committed: number) {
    this.segment = segment
    this.epoch = epoch
    this.sequence = sequence
    this.committed = committed
    this.told = committed
  }

  /** Whether commands of this segment may be executed, as far as replication is concerned. */
  get serves(): boolean {
    return this.settling === undefined && this.fencedBy === 0 && !this.isSuspended
  }

  follow(id: NodeId, incarnation: number, standing: Follower['standing']): Follower {
    const follower = new Follower(id, incarnation, this, standing)
    this.followers.set(id, follower)
    return follower
  }

  drop(follower: Follower): void {
    follower.endTransfer()
    follower.interrupt(this.committed)
    this.followers.delete(follower.id)
  }

  /** To be called after a follower's standing has changed. */
  countVoters(): void {
    const followers = [...this.followers.values()]
    this.voters = followers.filter(follower => follower.counts)
    this.isAllInSync = followers.every(follower => follower.standing === 'in-sync')
  }

  /** How far everybody who counts is. */
  get acknowledged(): number {
    let least = this.sequence
    for (const voter of this.voters) if (voter.acked < least) least = voter.acked
    return least
  }
}
