// One life of the link that we dialled to a peer: what was sent on it, and what the peer has taken
// care of.
//
// A message that says something of a follower's copy leaves a mark. When the count that the peer
// acknowledges passes the mark, the follower has that much, unless its copy was begun anew since.

import type { NodeId } from '../raft/configuration.ts'
import type { Follower } from './follower.ts'
import type { Shipment } from './message.ts'

interface Mark {
  /** Number of the message in this session. */
  readonly number: number
  readonly follower: Follower
  readonly generation: number
  readonly sequence: number
  /** Of the segment's state. */
  readonly bytes: number
}

const COMPACTION_MIN = 64

export class Session {
  readonly peer: NodeId
  /** Of the peer: another incarnation is another node. */
  readonly incarnation: number
  sent = 0
  acknowledged = 0
  readonly #send: (to: NodeId, message: Shipment) => void
  #marks: Mark[] = []
  #head = 0

  constructor(peer: NodeId, incarnation: number, send: (to: NodeId, message: Shipment) => void) {
    this.peer = peer
    this.incarnation = incarnation
    this.#send = send
  }

  /** Sends what, once acknowledged, means that the follower has everything up to `sequence`. */
  ship(message: Shipment, follower: Follower, sequence: number, bytes = 0): void {
    this.tell(message)
    const { generation } = follower
    this.#marks.push({ number: this.sent, follower, generation, sequence, bytes })
  }

  /** Sends what says nothing of a copy. */
  tell(message: Shipment): void {
    this.sent++
    this.#send(this.peer, message)
  }

  /** `count` messages are taken care of. `touched` hears of each follower that has come further. */
  acknowledge(count: number, touched: (follower: Follower) => void): void {
    if (count > this.sent || count < this.acknowledged) {
      throw new Error(`${this.peer} acknowledges ${count} of ${this.sent} messages`)
    }
    this.acknowledged = count
    const marks = this.#marks
    for (; this.#head < marks.length; this.#head++) {
      const { number, follower, generation, sequence, bytes } = marks[this.#head]!
      if (number > count) break
      if (follower.generation !== generation) continue
      follower.acked = sequence
      follower.stateBytes -= bytes
      touched(follower)
    }
    if (this.#head >= COMPACTION_MIN && this.#head * 2 >= marks.length) {
      this.#marks = marks.slice(this.#head)
      this.#head = 0
    }
  }
}
