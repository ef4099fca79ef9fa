// request.ts — The memory of request ids (REQ): a command that is sent again counts once.
//
// What is remembered is the reply of a command that took effect; the caller chooses the key, for
// instance command and id, and keeps one memory per value or one for many. Everything stays for the
// same time, so arrival order is expiry order and forgetting is O(1) each. An id that is still there
// past its time still answers: a longer memory does no harm.
//
// The memory is bounded. When it is full the caller must refuse the command before it runs; to
// forget early would let a retry count twice. A backup forgets what the primary says it forgot.

import type { Coordinated } from './coordinated.ts'
import {
  BOXED_NUMBER_BYTES,
  MAP_BYTES,
  MAP_ENTRY_BYTES,
  OBJECT_BYTES,
  stringBytes,
  WORD_BYTES,
} from './footprint.ts'

/** How long a reply is remembered. */
export const REQUEST_MEMORY_MS = 300_000
/** Ids that one memory keeps: a thousand a second, all of them with REQ, would fill it. */
export const REQUESTS_MAX = 300_000

interface Remembered {
  readonly reply: string
  expiresAt: number
}

export interface RequestSnapshot {
  /** Oldest first. */
  readonly requests: readonly (readonly [id: string, reply: string])[]
}

const REMEMBERED_BYTES = MAP_ENTRY_BYTES + OBJECT_BYTES + 2 * WORD_BYTES + BOXED_NUMBER_BYTES
const REQUEST_MEMORY_BYTES = OBJECT_BYTES + 3 * WORD_BYTES + MAP_BYTES

export class RequestMemory implements Coordinated {
  readonly #max: number
  readonly #requests = new Map<string, Remembered>()
  #bytes = REQUEST_MEMORY_BYTES

  constructor(max = REQUESTS_MAX) {
    this.#max = max
  }

  get isFree(): boolean {
    return this.#requests.size === 0
  }

  get size(): number {
    return this.#requests.size
  }

  /** No command with a new id may run now. */
  get isFull(): boolean {
    return this.#requests.size >= this.#max
  }

  /** The reply that a command with this id got, if it was run already. */
  recall(id: string): string | undefined {
    return this.#requests.get(id)?.reply
  }

  /** Remembers a new id; also how that is replayed. Not to be called while `isFull`. */
  remember(id: string, reply: string, now: number): void {
    this.#requests.set(id, { reply, expiresAt: now + REQUEST_MEMORY_MS })
    this.#bytes += REMEMBERED_BYTES + stringBytes(id) + stringBytes(reply)
  }

  nextExpiry(): number {
    for (const oldest of this.#requests.values()) return oldest.expiresAt
    return Number.POSITIVE_INFINITY
  }

  /** Forgets what is due; answers how many ids, for the backup to `forget` as many. */
  expire(now: number): number {
    let count = 0
    for (const request of this.#requests.values()) {
      if (request.expiresAt > now) break
      count++
    }
    this.forget(count)
    return count
  }

  /** Forgets the oldest ids. */
  forget(count: number): void {
    let left = count
    for (const [id, { reply }] of this.#requests) {
      if (left === 0) return
      this.#requests.delete(id)
      this.#bytes -= REMEMBERED_BYTES + stringBytes(id) + stringBytes(reply)
      left--
    }
  }

  extendAll(gapMs: number): void {
    for (const request of this.#requests.values()) request.expiresAt += gapMs
  }

  memory(): number {
    return this.#bytes
  }

  /** The requests, oldest first. May go on while some are forgotten and others remembered. */
  *entries(): Generator<readonly [id: string, reply: string, expiresAt: number]> {
    for (const [id, { reply, expiresAt }] of this.#requests) yield [id, reply, expiresAt]
  }

  /** Takes over from another copy what was answered; younger ones follow. */
  restoreOne(id: string, reply: string, expiresAt: number): void {
    this.remember(id, reply, expiresAt - REQUEST_MEMORY_MS)
  }

  snapshot(): RequestSnapshot {
    const requests: [string, string][] = []
    for (const [id, { reply }] of this.#requests) requests.push([id, reply])
    return { requests }
  }

  static restore(snapshot: RequestSnapshot, now: number, max = REQUESTS_MAX): RequestMemory {
    const memory = new RequestMemory(max)
    for (const [id, reply] of snapshot.requests) memory.remember(id, reply, now)
    return memory
  }
}
