// segment-move.ts — Moves a segment between the two servers of a node: the one that serves clients, and the
// one that keeps copies for other primaries.
//
// Both share the memory of values, so keys stay where they are and only their tables change hands: a move
// costs a look at each entry, and log n for each value with a lease. It is no change of the data, so nothing
// is logged, and no key ends by it.
//
// Whoever watched or cached a key where the segment was hears of it no more, and is told so; whoever waits
// for one is answered by the caller.

import type { Server } from './server.ts'
import type { Parked } from './waiting.ts'

/** Answers a call that waits for a key of a segment that has left; it runs no more on this server. */
export type Release = (parked: Parked) => void

/** Moves a segment of all databases, with leases, tokens and answered requests. */
export function moveSegment(number: number, from: Server, to: Server, release: Release): void {
  const { valueMemory } = from.keyspace
  if (valueMemory !== to.keyspace.valueMemory) throw new Error('servers that share no memory')
  for (const db of to.keyspace.databases) {
    if (db.countOf(number) > 0) throw new Error(`segment ${number} has keys on both servers`)
    const empty = to.keyspace.takeSegment(db, number)
    if (empty !== undefined) valueMemory.discard(empty)
  }
  for (const db of from.keyspace.databases) {
    const segment = from.keyspace.takeSegment(db, number)
    if (segment === undefined) continue
    const target = to.keyspace.databases[db.index]!
    target.attachSegment(number, segment)
    to.coordination.joined(target, segment)
  }
  const requests = from.coordination.requests.take(number)
  if (requests !== undefined) to.coordination.requests.put(number, requests)
  to.keyspace.tokens.raise(number, from.keyspace.tokens.last[number]!)
  tellLeft(number, from, release)
}

/** Forgets a segment of all databases. Tokens stay: what was issued once is never issued again. */
export function clearSegment(number: number, server: Server, release: Release): void {
  for (const db of server.keyspace.databases) server.keyspace.flushSegment(db, number)
  server.coordination.requests.take(number)
  tellLeft(number, server, release)
}

/**
 * The server is the primary of a segment that another node served until now. `outageMs` is for how long
 * nobody did. What follows from it for those who hold something is logged.
 */
export function takeOverSegment(number: number, server: Server, outageMs: number): void {
  for (const db of server.keyspace.databases) {
    const segment = db.segments[number]
    if (segment !== undefined) server.coordination.takeOver(segment, outageMs)
  }
}

function tellLeft(number: number, server: Server, release: Release): void {
  for (const db of server.keyspace.databases) server.watches.leaving(db, number)
  server.tracking.leaving(number)
  for (const parked of server.waiting.ofSegment(number)) release(parked)
}

/** Keys of a segment in all databases; those whose time is over and that are still there count. */
export function segmentSize(number: number, server: Server): number {
  let count = 0
  for (const db of server.keyspace.databases) count += db.countOf(number)
  return count
}
