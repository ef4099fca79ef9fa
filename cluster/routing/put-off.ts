// put-off.ts — Clients whose next command waits until its segment is served here, or elsewhere.
//
// A hand-over or a failover takes moments. A command that comes in between is put off, not refused:
// the request stays with its connection, in the bytes that came, and is tried again from the start
// when the segment's role has changed. So it passes all checks a second time, the order of the
// client's requests is kept, and a client that goes leaves nothing but its place here.
//
// Invariant: a client is in the table if and only if the first of its pending requests is put off
// for its segment.

import type { Client } from '../../src/client.ts'

/** Commands that wait; there are never more clients, and each has one. */
export const PUT_OFF_MAX = 10_000

export class PutOff {
  /** The segment that each waits for. */
  readonly #segments = new Map<Client, number>()

  get size(): number {
    return this.#segments.size
  }

  /** When the first of them must be answered, monotonic ms; Infinity without any. */
  get firstUntil(): number {
    let first = Number.POSITIVE_INFINITY
    for (const client of this.#segments.keys()) first = Math.min(first, client.putOffUntil)
    return first
  }

  /** False if there are too many already, or the client's time is over: it is to be answered. */
  add(client: Client, segment: number, now: number, timeoutMs: number): boolean {
    if (client.putOffUntil === 0) client.putOffUntil = now + timeoutMs
    if (client.putOffUntil <= now || this.#segments.size >= PUT_OFF_MAX) {
      client.putOffUntil = 0
      return false
    }
    this.#segments.set(client, segment)
    return true
  }

  /** Takes out those whose time is over or whose segment is ready, in the order of their coming. */
  take(now: number, isReady: (segment: number) => boolean): Client[] {
    const taken: Client[] = []
    for (const [client, segment] of this.#segments) {
      if (client.putOffUntil > now && !isReady(segment)) continue
      this.#segments.delete(client)
      // One that has gone on already, after a CLIENT UNPAUSE, waits for nothing here.
      if (client.putOffUntil > 0) taken.push(client)
    }
    return taken
  }

  delete(client: Client): void {
    this.#segments.delete(client)
  }
}
