// A copy of a segment that this node keeps for the segment's primary.
//
// A copy that is `following` prepares entries and applies what is committed, so there is never
// anything to take back. One that is still `receiving` the state applies what comes in the order in
// which it comes; it does not count until everything that it applied is committed.
//
// Invariant: `tail` holds the entries in (applied, last].

import type { NodeId } from '../raft/configuration.ts'
import { Entry } from './entry.ts'
import type { Store } from './store.ts'
import { Tail } from './tail.ts'

export class Copy {
  readonly segment: number
  isReceiving: boolean
  /** The newest under which a primary has begun. */
  epoch: number
  /** The primary that made this copy what it is. */
  source: NodeId | undefined
  /** Whose entries are accepted, on its link of now. Undefined until a primary has begun. */
  leader: NodeId | undefined
  /** The topology said so. */
  isInSync = false
  applied: number
  readonly tail = new Tail()

  constructor(
    segment: number,
    epoch: number,
    source: NodeId | undefined,
    applied: number,
    isReceiving: boolean,
  ) {
    this.segment = segment
    this.epoch = epoch
    this.source = source
    this.leader = isReceiving ? source : undefined
    this.applied = applied
    this.isReceiving = isReceiving
  }

  /** The last entry that is here, applied or not. */
  get last(): number {
    return this.tail.last?.sequence ?? this.applied
  }

  /** A primary begins: what is not committed is what it will send. */
  begin(leader: NodeId, epoch: number, from: number): void {
    if (this.last < from) {
      throw new Error(`segment ${this.segment}: primary has ${from}, in-sync copy ${this.last}`)
    }
    this.tail.truncate(Math.max(from, this.applied))
    this.leader = leader
    this.source = leader
    this.epoch = epoch
  }

  prepare(sequence: number, now: number, effects: Buffer): void {
    // A primary that begins does not know how much of its predecessor's entries we have applied.
    if (sequence <= this.applied) return
    if (sequence !== this.last + 1) {
      throw new Error(`segment ${this.segment}: entry ${sequence} does not follow ${this.last}`)
    }
    this.tail.push(new Entry(this.segment, sequence, now, effects, 0))
  }

  /** Applies what is prepared, up to a sequence. */
  applyTo(sequence: number, store: Store): void {
    for (let next = this.tail.first; next !== undefined; next = this.tail.first) {
      if (next.sequence > sequence) return
      this.tail.shift()
      store.apply(this.segment, next.now, next.effects)
      this.applied = next.sequence
    }
  }
}
