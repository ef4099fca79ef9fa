// Who of the members is silent, for one term of a coordinator.
//
// A coordinator knows nothing of what its predecessors heard. It counts from its own election, so
// that every lease that was granted before has ended when a member is taken for dead. The same
// after it was stopped itself for a while: what it did not hear in that time, nobody may have said.
//
// Whoever is condemned is granted nothing any more, and only then is its failure proposed. Those
// who fall silent together fail together, also if one of them was heard a little later: none of
// their copies is better than the others'.

import type { NodeId } from '../raft/configuration.ts'
import type { Member } from '../topology/member.ts'
import { type MetadataOptions, surelyEndedAfterMs } from './options.ts'

export class Watch {
  readonly #options: MetadataOptions
  #startedAt: number
  #lookedAt: number
  readonly #heardAt = new Map<NodeId, number>()
  /**
   * The leader of the term before. It held no lease any more when this one was elected, so once it
   * had the time to show that it lives nothing else needs to be waited for.
   */
  #predecessor: NodeId | undefined

  constructor(options: MetadataOptions, predecessor: NodeId | undefined, now: number) {
    this.#options = options
    this.#predecessor = predecessor
    this.#startedAt = now
    this.#lookedAt = now
  }

  heard(id: NodeId, now: number): void {
    this.#heardAt.set(id, now)
    if (id === this.#predecessor) this.#predecessor = undefined
  }

  /** When it was heard last, or when the watch began. */
  heardAt(id: NodeId): number {
    return Math.max(this.#startedAt, this.#heardAt.get(id) ?? this.#startedAt)
  }

  /** The members of these that are to be taken for dead. Their leases have ended. */
  look(members: readonly Member[], now: number): readonly Member[] {
    const { heartbeatMs, nodeTimeoutMs, leaseMs } = this.#options
    if (now - this.#lookedAt > heartbeatMs) this.#restart(now)
    this.#lookedAt = now
    const isPredecessorDue = now - this.#startedAt >= heartbeatMs
    const silentMs = ({ id }: Member) => now - this.heardAt(id)
    const isDue = (member: Member) =>
      silentMs(member) >= nodeTimeoutMs || (isPredecessorDue && member.id === this.#predecessor)
    if (!members.some(isDue)) return []
    const endedMs = surelyEndedAfterMs(leaseMs)
    return members.filter(member => isDue(member) || silentMs(member) >= endedMs)
  }

  #restart(now: number): void {
    this.#startedAt = now
    this.#heardAt.clear()
    this.#predecessor = undefined
  }
}
