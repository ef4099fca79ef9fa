// The data of a node as replication sees it: two servers over the same memory.
//
// One serves clients and holds what this node is the primary of. The other one has neither clients
// nor timers; the effects that other primaries send are applied there. A segment is in one of them.

import { Replayer } from '../../src/replay.ts'
import { clearSegment, moveSegment, type Release } from '../../src/segment-move.ts'
import type { Server } from '../../src/server.ts'
import { SegmentTransfer } from '../../src/transfer/segment-transfer.ts'
import type { Store, Transfer } from '../replication/store.ts'
import { SEGMENT_COUNT } from '../topology/topology.ts'

/** Those who wait for keys of a segment that leaves go on waiting, until the router knows where it is. */
const STAY: Release = () => undefined

export class ServerStore implements Store {
  readonly #serving: Server
  readonly #backup: Server
  readonly #replayer: Replayer
  /** 1 for the segments that clients are served. */
  readonly #isServed = new Uint8Array(SEGMENT_COUNT)

  constructor(serving: Server, backup: Server) {
    this.#serving = serving
    this.#backup = backup
    this.#replayer = new Replayer(backup)
  }

  apply(_segment: number, now: number, effects: Buffer): void {
    // Durations count from when they arrive.
    this.#backup.beginTurn()
    this.#replayer.applyEncoded(now, effects)
  }

  promote(segment: number): void {
    this.#isServed[segment] = 1
    moveSegment(segment, this.#backup, this.#serving, STAY)
  }

  demote(segment: number): void {
    this.#isServed[segment] = 0
    moveSegment(segment, this.#serving, this.#backup, STAY)
  }

  clear(segment: number): void {
    const server = this.#isServed[segment] === 1 ? this.#serving : this.#backup
    this.#isServed[segment] = 0
    clearSegment(segment, server, STAY)
  }

  transfer(segment: number): Transfer {
    return new SegmentTransfer(this.#serving, segment)
  }
}
