// The data directory of a simulated node.
//
// Writes become durable in their order, each after a delay. A crash keeps some prefix of those under
// way, also one that nobody was told of. Small files (who the node is, to which cluster it belongs)
// are replaced at once, as the real node does it before anything else.

import type { ClusterId } from '../../cluster/metadata/message.ts'
import type { Entry, HardState } from '../../cluster/raft/entry.ts'
import type { Write } from '../../cluster/raft/event.ts'
import { BLANK, type Restored } from '../../cluster/raft/raft.ts'
import type { Snapshot } from '../../cluster/raft/snapshot.ts'
import type { Seeded } from '../cluster/raft/seeded.ts'
import type { Timeline } from './timeline.ts'

export const CALM_WRITE_MS_MAX = 2

export class SimulatedDisk {
  readonly #timeline: Timeline
  readonly #seeded: Seeded
  #hardState = BLANK.hardState
  #snapshot: Snapshot | undefined
  /** Contiguous. */
  #entries: Entry[] = []
  cluster: ClusterId | undefined
  /** Of the last life that began from it. */
  incarnation = 0
  /** How long a write takes at most. */
  writeMsMax = CALM_WRITE_MS_MAX
  #pending: Write[] = []
  #lastAt = 0
  /** Rises with every crash: what was under way before is void. */
  #life = 0

  constructor(timeline: Timeline, seeded: Seeded) {
    this.#timeline = timeline
    this.#seeded = seeded
  }

  /** What a process finds when it starts. */
  get content(): Restored {
    return { hardState: this.#hardState, snapshot: this.#snapshot, entries: [...this.#entries] }
  }

  found(hardState: HardState, snapshot: Snapshot): void {
    this.#hardState = hardState
    this.#snapshot = snapshot
  }

  write(write: Write, durable: () => void): void {
    const life = this.#life
    this.#pending.push(write)
    const at = this.#timeline.now + 0.1 + this.#seeded.random() * this.writeMsMax
    this.#lastAt = Math.max(this.#lastAt, at)
    this.#timeline.schedule(() => {
      if (this.#life !== life) return
      this.#keep(this.#pending.shift()!)
      durable()
    }, this.#lastAt)
  }

  /** The process ends. Of the writes under way the first few are kept. */
  crash(): void {
    const kept = this.#seeded.below(this.#pending.length + 1)
    for (const write of this.#pending.slice(0, kept)) this.#keep(write)
    this.#pending = []
    this.#life++
    this.#lastAt = 0
  }

  #keep(write: Write): void {
    const { hardState, snapshot, isSnapshotInstalled, entries } = write
    if (hardState !== undefined) this.#hardState = hardState
    if (snapshot !== undefined) {
      this.#snapshot = snapshot
      this.#drop(0, isSnapshotInstalled ? Number.POSITIVE_INFINITY : snapshot.index)
    }
    const first = entries[0]
    if (first === undefined) return
    this.#drop(first.index, Number.POSITIVE_INFINITY)
    for (const entry of entries) this.#entries.push(entry)
  }

  /** Entries from the first index to the last one are there no more. */
  #drop(first: number, last: number): void {
    const entries = this.#entries
    const start = entries[0]?.index ?? 0
    const from = Math.max(0, first - start)
    entries.splice(from, Math.max(0, last - start + 1 - from))
  }
}
