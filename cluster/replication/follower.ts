// What the primary of a segment knows of one node that holds or receives a copy.

import type { NodeId } from '../raft/configuration.ts'
import type { Leading } from './leading.ts'
import type { Transfer } from './store.ts'

/**
 * - `waiting`: has no copy that counts, and gets none yet;
 * - `receiving`: is being sent the state;
 * - `transferred`: was sent everything, and prepares;
 * - `catching up`: counts for commits from now on, and is still to acknowledge those of before;
 * - `joining`: has, and was proposed to be in sync, which may be decided any moment;
 * - `in-sync`: counts for commits.
 */
export type Standing =
  | 'waiting'
  | 'receiving'
  | 'transferred'
  | 'catching up'
  | 'joining'
  | 'in-sync'

export class Follower {
  readonly id: NodeId
  readonly incarnation: number
  readonly leading: Leading
  standing: Standing
  /** Entries go to it, on the session that is up now. */
  isBegun = false
  /** Monotonic ms of the last `begin`. */
  begunAt = 0
  /** Rises when what it prepared may be void: acknowledgements from before count no more. */
  generation = 0
  /** It has prepared everything up to here. */
  acked = 0

  transfer: Transfer | undefined = undefined
  /** Of the segment when the transfer began. */
  transferEpoch = 0
  /** Bytes of state sent and not acknowledged. */
  stateBytes = 0
  /** The last entry that it applied without knowing whether it is committed. */
  transferredAt = 0
  /**
   * Number, in its session, of the message that said so. What it has of entries says nothing of the
   * state: in a segment at rest it has them all before the first part arrives.
   */
  transferredBy = 0
  /** The last entry that was committed without it. */
  countsAfter = 0

  constructor(id: NodeId, incarnation: number, leading: Leading, standing: Standing) {
    this.id = id
    this.incarnation = incarnation
    this.leading = leading
    this.standing = standing
  }

  /** Nothing is committed without it. */
  get counts(): boolean {
    return this.isProposed || this.standing === 'catching up'
  }

  /** It may be promoted, for all this node knows. */
  get isProposed(): boolean {
    return this.standing === 'in-sync' || this.standing === 'joining'
  }

  /** What was sent before says nothing any more. */
  interrupt(acked: number): void {
    this.generation++
    this.isBegun = false
    this.acked = acked
    this.stateBytes = 0
  }

  endTransfer(): void {
    this.transfer?.close()
    this.transfer = undefined
  }
}
