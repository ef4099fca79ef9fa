// What the leader knows of one follower, and how fast it may send to it.
//
// Probe: the leader does not know where the logs agree; it sends one append and waits. Replicate:
// it does; it sends ahead, a bounded number of appends. Snapshot: the entries the follower needs
// are compacted; it sends chunks, one at a time. What gets lost is sent again when a heartbeat
// comes back, so no timer is needed here.

import assert from 'node:assert/strict'
import type { Snapshot } from './snapshot.ts'

export interface SnapshotTransfer {
  readonly snapshot: Snapshot
  /** Bytes the follower is known to hold. */
  offset: number
  /** A heartbeat came back since the last chunk was sent; at the next one it counts as lost. */
  isStalled: boolean
}

export class Progress {
  /**
   * Invariant: the follower's log equals the leader's up to here, on its disk. Never falls within a
   * term.
   */
  #matched = 0
  /**
   * First entry of the next append. Invariant: matched < next; entries between them are in flight
   * or lost.
   */
  #next: number
  #state: 'probe' | 'replicate' | 'snapshot' = 'probe'
  /** Last index of each append under way. Invariant: ascending, at most `inflightMax` of them. */
  #inflight: number[] = []
  readonly #inflightMax: number
  /** A probe is under way. */
  #isProbing = false
  #transfer: SnapshotTransfer | undefined
  /**
   * When the leader sent the latest heartbeat that this follower answered, on the leader's clock.
   * From that moment the follower promised its election timeout to this leader.
   */
  #confirmedAt = Number.NEGATIVE_INFINITY

  constructor(next: number, inflightMax: number) {
    this.#next = next
    this.#inflightMax = inflightMax
  }

  get matched(): number {
    return this.#matched
  }

  get next(): number {
    return this.#next
  }

  get confirmedAt(): number {
    return this.#confirmedAt
  }

  get transfer(): SnapshotTransfer | undefined {
    return this.#transfer
  }

  get isReplicating(): boolean {
    return this.#state === 'replicate'
  }

  get maySend(): boolean {
    if (this.#state === 'probe') return !this.#isProbing
    return this.#state === 'replicate' && this.#inflight.length < this.#inflightMax
  }

  /** An append with entries up to `lastIndex` leaves; an empty one has `lastIndex = next - 1`. */
  sent(lastIndex: number): void {
    assert(this.maySend, 'appends keep to the bound')
    assert(lastIndex >= this.#next - 1, 'appends are sent in order')
    if (this.#state === 'probe') {
      this.#isProbing = true
    } else if (lastIndex >= this.#next) {
      this.#inflight.push(lastIndex)
      this.#next = lastIndex + 1
    }
  }

  /** True if this tells the leader something new. */
  accepted(matched: number): boolean {
    const isNews = matched > this.#matched
    if (isNews) this.#matched = matched
    if (this.#state === 'snapshot') {
      if (this.#matched < this.#transfer!.snapshot.index) return isNews
      this.#transfer = undefined
    }
    if (this.#state !== 'replicate') {
      this.#state = 'replicate'
      this.#inflight = []
      this.#next = this.#matched + 1
    }
    this.#next = Math.max(this.#next, this.#matched + 1)
    while (this.#inflight.length > 0 && this.#inflight[0]! <= matched) this.#inflight.shift()
    return isNews
  }

  /**
   * The follower's log does not have what comes before an append that started after
   * `previousIndex`; it may agree up to `agreement`. False if the answer is an old one.
   */
  refused(previousIndex: number, agreement: number): boolean {
    if (this.#state === 'snapshot' || previousIndex <= this.#matched) return false
    if (this.#state === 'probe' && previousIndex !== this.#next - 1) return false
    this.#becomeProbe(Math.max(this.#matched, Math.min(agreement, previousIndex - 1)) + 1)
    return true
  }

  /**
   * The follower answers: whatever is under way for longer than a heartbeat may be lost, and one
   * try is free again.
   */
  confirmed(sentAt: number): void {
    this.#confirmedAt = Math.max(this.#confirmedAt, sentAt)
    this.#isProbing = false
    if (this.#inflight.length === this.#inflightMax) this.#inflight.shift()
  }

  beginSnapshot(snapshot: Snapshot): SnapshotTransfer {
    this.#state = 'snapshot'
    this.#inflight = []
    this.#transfer = { snapshot, offset: 0, isStalled: false }
    return this.#transfer
  }

  #becomeProbe(next: number): void {
    this.#state = 'probe'
    this.#isProbing = false
    this.#inflight = []
    this.#next = next
  }
}
