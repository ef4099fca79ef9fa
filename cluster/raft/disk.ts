// What goes to disk, and the messages that wait for it.
//
// A promise that a crash could take back is worse than none: a node that forgets its vote can vote
// twice, one that forgets an entry it acknowledged can elect a leader without it. So the changes of
// a step make one write, writes are numbered, a message remembers the last write before it, and
// leaves when that one is reported durable. The machine sees to this and not its shell, so that no
// shell can get the order wrong.
//
// Writes become durable in the order of their numbers. A crash keeps a prefix of them.

import assert from 'node:assert/strict'
import type { HardState } from './entry.ts'
import type { Write } from './event.ts'
import type { RaftLog } from './log.ts'
import type { Message } from './message.ts'
import type { Snapshot } from './snapshot.ts'

interface PendingWrite {
  readonly number: number
  /**
   * Last position of the log that this write puts on disk. Lowered when a later write replaces it.
   */
  lastIndex: number
}

interface HeldMessage {
  readonly after: number
  readonly message: Message
}

export class Disk {
  readonly #writesMax: number
  readonly #heldMax: number
  #durable: number
  #handedOut = 0
  #confirmed = 0
  /** Invariant: numbers ascend without gaps from `#confirmed + 1` to `#handedOut`. */
  #pending: PendingWrite[] = []
  /** Invariant: ascending in `after`, which is above `#confirmed`. */
  #held: HeldMessage[] = []

  // The write that the current step is making.
  #hardState: HardState | undefined
  #snapshot: Snapshot | undefined
  #isSnapshotInstalled = false
  #entriesFrom: number | undefined

  constructor(durable: number, writesMax: number, heldMax: number) {
    this.#durable = durable
    this.#writesMax = writesMax
    this.#heldMax = heldMax
  }

  /**
   * The log is on disk up to here. Invariant: what is on disk at or before it is what the log holds
   * now.
   */
  get durable(): number {
    return this.#durable
  }

  get isBehind(): boolean {
    return this.#pending.length >= this.#writesMax
  }

  keepHardState(hardState: HardState): void {
    this.#hardState = hardState
  }

  /** The log from `index` on is new. What is on disk there, or on its way, no longer counts. */
  keepEntriesFrom(index: number): void {
    this.#forgetFrom(index)
    this.#entriesFrom = Math.min(index, this.#entriesFrom ?? index)
  }

  /** The state machine's own state; the log is as it was. */
  keepSnapshot(snapshot: Snapshot): void {
    this.#snapshot = snapshot
  }

  /** A leader's snapshot; it takes the place of the whole log. */
  installSnapshot(snapshot: Snapshot): void {
    this.#forgetFrom(snapshot.index)
    this.#snapshot = snapshot
    this.#isSnapshotInstalled = true
    this.#entriesFrom = undefined
  }

  #forgetFrom(index: number): void {
    this.#durable = Math.min(this.#durable, index - 1)
    for (const write of this.#pending) write.lastIndex = Math.min(write.lastIndex, index - 1)
  }

  /** The write of this step, if it makes one. */
  handOut(log: RaftLog): Write | undefined {
    const hardState = this.#hardState
    const snapshot = this.#snapshot
    const from = this.#entriesFrom
    if (hardState === undefined && snapshot === undefined && from === undefined) return undefined
    const entries = from === undefined ? [] : log.slice(from, Infinity, Infinity)
    const isSnapshotInstalled = this.#isSnapshotInstalled
    this.#hardState = undefined
    this.#snapshot = undefined
    this.#isSnapshotInstalled = false
    this.#entriesFrom = undefined
    const lastIndex = from === undefined && !isSnapshotInstalled ? 0 : log.lastIndex
    const number = ++this.#handedOut
    this.#pending.push({ number, lastIndex })
    return { number, hardState, snapshot, isSnapshotInstalled, entries }
  }

  /** True if nothing is under way; else keeps the message until all of it is durable. */
  mayLeave(message: Message): boolean {
    if (this.#confirmed === this.#handedOut) return true
    if (this.#held.length < this.#heldMax) this.#held.push({ after: this.#handedOut, message })
    return false
  }

  /** All writes up to `number` are durable. Returns the messages that waited for them. */
  confirm(number: number): readonly Message[] {
    assert(number <= this.#handedOut, 'only what was handed out becomes durable')
    if (number <= this.#confirmed) return []
    this.#confirmed = number
    while (this.#pending.length > 0 && this.#pending[0]!.number <= number) {
      this.#durable = Math.max(this.#durable, this.#pending.shift()!.lastIndex)
    }
    const firstKept = this.#held.findIndex(held => held.after > number)
    const released = this.#held.splice(0, firstKept === -1 ? this.#held.length : firstKept)
    return released.map(held => held.message)
  }
}
