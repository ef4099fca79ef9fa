// A disk that keeps what a node of consensus writes, through the codec, as a file would.

import {
  decodeEntry,
  decodeHardState,
  decodeSnapshot,
  encodeEntry,
  encodeHardState,
  encodeSnapshot,
} from '../../../cluster/raft/codec.ts'
import type { Entry } from '../../../cluster/raft/entry.ts'
import type { Write } from '../../../cluster/raft/event.ts'
import { BLANK, type Restored } from '../../../cluster/raft/raft.ts'

interface PendingWrite {
  readonly write: Write
  readonly durableAt: number
}

export class SimulatedDisk {
  #restored: Omit<Restored, 'entries'> = BLANK
  #entries: Entry[] = []
  #pending: PendingWrite[] = []
  #durable = 0

  /** What a process that starts now finds. */
  get restored(): Restored {
    return { ...this.#restored, entries: [...this.#entries] }
  }

  /** The last write that survives a crash. */
  get durable(): number {
    return this.#durable
  }

  hold({ hardState, snapshot, entries }: Restored): void {
    this.#restored = { hardState, snapshot }
    this.#entries = [...entries]
  }

  write(write: Write, durableAt: number): void {
    const after = this.#pending.at(-1)?.durableAt ?? 0
    this.#pending.push({ write, durableAt: Math.max(after, durableAt) })
  }

  settle(now: number): void {
    while (this.#pending.length > 0 && this.#pending[0]!.durableAt <= now) {
      this.#keep(this.#pending.shift()!.write)
    }
  }

  /** Keeps the first few of the writes under way. */
  crash(below: (bound: number) => number): void {
    const kept = below(this.#pending.length + 1)
    for (const { write } of this.#pending.slice(0, kept)) this.#keep(write)
    this.#pending = []
    this.#durable = 0
  }

  #keep({ number, hardState, snapshot, isSnapshotInstalled, entries }: Write): void {
    this.#durable = number
    const kept = { ...this.#restored }
    if (hardState !== undefined) kept.hardState = decodeHardState(encodeHardState(hardState))
    if (snapshot !== undefined) {
      kept.snapshot = decodeSnapshot(encodeSnapshot(snapshot))
      this.#entries = isSnapshotInstalled
        ? []
        : this.#entries.filter(entry => entry.index > snapshot.index)
    }
    this.#restored = kept
    const first = entries[0]?.index
    if (first === undefined) return
    while (this.#entries.length > 0 && this.#entries.at(-1)!.index >= first) this.#entries.pop()
    for (const entry of entries) this.#entries.push(decodeEntry(encodeEntry(entry)))
  }
}
