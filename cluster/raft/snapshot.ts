// A snapshot stands for the log up to an index; it travels in chunks.
//
// The receiver takes chunks of one snapshot in order and answers how much it holds, so a lost,
// repeated or late chunk costs a repetition and never a wrong byte. It holds at most one unfinished
// snapshot, of at most the size allowed.

import assert from 'node:assert/strict'
import { type Configuration, configuration, type NodeId } from './configuration.ts'
import type { HardState } from './entry.ts'

export interface Snapshot {
  /** The last entry that the state contains. */
  readonly index: number
  readonly term: number
  /** In force at `index`. */
  readonly configuration: Configuration
  readonly state: Uint8Array
}

/**
 * What the first nodes of a new cluster start from, the same for each. It takes the place of entry
 * 1, so a node that joins later with an empty log is always behind it and is sent the founding
 * state and configuration.
 */
export function foundingSnapshot(voters: readonly NodeId[], state: Uint8Array): Snapshot {
  return Object.freeze({ index: 1, term: 1, configuration: configuration(voters), state })
}

export const FOUNDING_HARD_STATE: HardState = Object.freeze({ term: 1, vote: undefined })

/** The part of a snapshot that one message carries. */
export interface Chunk {
  readonly snapshotIndex: number
  readonly snapshotTerm: number
  readonly configuration: Configuration
  /** Bytes of the whole state. */
  readonly size: number
  readonly offset: number
  readonly bytes: Uint8Array
}

export function chunkAt(snapshot: Snapshot, offset: number, bytesMax: number): Chunk {
  assert(offset <= snapshot.state.length, 'a chunk starts inside its snapshot')
  return {
    snapshotIndex: snapshot.index,
    snapshotTerm: snapshot.term,
    configuration: snapshot.configuration,
    size: snapshot.state.length,
    offset,
    bytes: snapshot.state.subarray(offset, offset + bytesMax),
  }
}

export class SnapshotReceiver {
  readonly #sizeMax: number
  #index = 0
  #term = 0
  #state: Uint8Array | undefined
  /** Bytes held from the start of the state. Invariant: at most its size. */
  #received = 0

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** Forgets what it holds: another leader's bytes may differ even for the same index. */
  reset(): void {
    this.#state = undefined
    this.#received = 0
  }

  /**
   * The snapshot if this chunk completes it, else how many bytes are held, or undefined if it is
   * too large.
   */
  receive(chunk: Chunk): Snapshot | number | undefined {
    if (chunk.size > this.#sizeMax) return undefined
    if (chunk.offset + chunk.bytes.length > chunk.size) return undefined
    const isSame =
      this.#state?.length === chunk.size &&
      this.#index === chunk.snapshotIndex &&
      this.#term === chunk.snapshotTerm
    if (!isSame) {
      this.#state = new Uint8Array(chunk.size)
      this.#received = 0
      this.#index = chunk.snapshotIndex
      this.#term = chunk.snapshotTerm
    }
    const state = this.#state!
    if (chunk.offset === this.#received) {
      state.set(chunk.bytes, chunk.offset)
      this.#received += chunk.bytes.length
    }
    if (this.#received < state.length) return this.#received
    this.reset()
    return Object.freeze({
      index: chunk.snapshotIndex,
      term: chunk.snapshotTerm,
      configuration: chunk.configuration,
      state,
    })
  }
}
