// Who holds the copies of one segment, and who of them executes commands.
//
// An owner is in sync if it has acknowledged every write that was answered; the first owner is the
// primary and always one of those, unless none is left. Then nobody serves the segment, and it
// remembers whose copies were the last good ones.
//
// All functions here are pure; they take a segment and give the next one, or undefined if the step
// does not fit. They know nothing of whether a member is up: the caller does.

import type { NodeId } from '../raft/configuration.ts'

/** What one incarnation of a member holds in memory. */
export interface Copy {
  readonly id: NodeId
  readonly incarnation: number
}

export interface Segment {
  /**
   * Invariant: no duplicates; if any owner is in sync, the first one is, and it is the primary.
   */
  readonly owners: readonly NodeId[]
  /** Invariant: a subset of the owners, in their order. */
  readonly inSync: readonly NodeId[]
  /**
   * Receive a copy from the primary and are owners once they have it. Invariant: none of them is an
   * owner; empty if there is no primary.
   */
  readonly pending: readonly NodeId[]
  /** The copies that were in sync last. Invariant: empty if and only if an owner is in sync. */
  readonly lastInSync: readonly Copy[]
  /**
   * The topology's epoch when anything of this record last changed, pending owners included.
   * Replication refuses what was sent under an older one, and a new one settles every proposal that
   * expected the older: it took effect, or it never will.
   */
  readonly epoch: number
}

/** Owners and pending owners of one segment. */
export const OWNERS_MAX = 8

/** Undefined if nobody may serve the segment. */
export function primary(segment: Segment): NodeId | undefined {
  return segment.inSync[0]
}

/** Whether the node holds a copy, or is about to. */
export function holds(segment: Segment, id: NodeId): boolean {
  return segment.owners.includes(id) || segment.pending.includes(id)
}

function freeze(segment: Segment): Segment {
  Object.freeze(segment.owners)
  Object.freeze(segment.inSync)
  Object.freeze(segment.pending)
  Object.freeze(segment.lastInSync)
  return Object.freeze(segment)
}

/** A segment whose owners are all in sync. */
export function segment(owners: readonly NodeId[], epoch: number): Segment {
  return freeze({ owners: [...owners], inSync: [...owners], pending: [], lastInSync: [], epoch })
}

/** Keeps the two lists to their invariants: the in-sync owners come first where it matters. */
function withOwners(
  { pending, lastInSync }: Segment,
  owners: readonly NodeId[],
  isInSync: (id: NodeId) => boolean,
  epoch: number,
): Segment {
  const first = owners.find(isInSync)
  const ordered = first === undefined ? owners : [first, ...owners.filter(id => id !== first)]
  return freeze({
    owners: ordered,
    inSync: ordered.filter(isInSync),
    pending: pending.filter(id => !ordered.includes(id)),
    lastInSync,
    epoch,
  })
}

export function addOwner(segment: Segment, id: NodeId, epoch: number): Segment | undefined {
  const count = segment.owners.length + segment.pending.length
  const hasSource = segment.inSync.length > 0
  if (!hasSource || holds(segment, id) || count >= OWNERS_MAX) return undefined
  return freeze({ ...segment, pending: [...segment.pending, id], epoch })
}

/** The node has everything: it becomes an owner, if it is not one yet, and counts for writes. */
export function bringInSync(segment: Segment, id: NodeId, epoch: number): Segment | undefined {
  const { owners, inSync } = segment
  const isExpected = holds(segment, id) && !inSync.includes(id)
  if (!isExpected || inSync.length === 0) return undefined
  const all = owners.includes(id) ? owners : [...owners, id]
  return withOwners(segment, all, other => other === id || inSync.includes(other), epoch)
}

/** The primary goes on without a backup that does not acknowledge. */
export function takeOutOfSync(segment: Segment, id: NodeId, epoch: number): Segment | undefined {
  const { owners, inSync } = segment
  if (!inSync.includes(id) || primary(segment) === id) return undefined
  return withOwners(segment, owners, other => other !== id && inSync.includes(other), epoch)
}

export function handOver(segment: Segment, to: NodeId, epoch: number): Segment | undefined {
  const { owners, inSync } = segment
  if (!inSync.includes(to) || primary(segment) === to) return undefined
  const ordered = [to, ...owners.filter(id => id !== to)]
  return withOwners(segment, ordered, id => inSync.includes(id), epoch)
}

/** The primary is not dropped, nor is one of the last good copies. */
export function dropOwner(segment: Segment, id: NodeId, epoch: number): Segment | undefined {
  const { owners, inSync, pending, lastInSync } = segment
  if (pending.includes(id)) {
    return freeze({ ...segment, pending: pending.filter(other => other !== id), epoch })
  }
  const isNeeded = primary(segment) === id || lastInSync.some(copy => copy.id === id)
  if (!owners.includes(id) || isNeeded) return undefined
  const rest = owners.filter(other => other !== id)
  return withOwners(segment, rest, other => inSync.includes(other), epoch)
}

/**
 * What these copies hold in memory is lost, or nobody knows whether it is. The first of the others
 * in sync takes over. If there is none the segment has no primary, and these were its last copies.
 */
export function loseCopies(segment: Segment, lost: readonly Copy[], epoch: number): Segment {
  const { owners, inSync, pending } = segment
  const isLost = (id: NodeId) => lost.some(copy => copy.id === id)
  const left = inSync.filter(id => !isLost(id))
  const stillPending = pending.filter(id => !isLost(id))
  if (left.length === inSync.length) {
    // Also if it was no more than an owner: that it is in sync may have been proposed, and must not
    // be decided when it is back and the primary counts without it.
    const isMeant = pending.some(isLost) || owners.some(isLost)
    return isMeant ? freeze({ ...segment, pending: stillPending, epoch }) : segment
  }
  const isServed = left.length > 0
  const lastInSync = isServed ? [] : lost.filter(copy => inSync.includes(copy.id))
  const changed = { ...segment, pending: isServed ? stillPending : [], lastInSync }
  return withOwners(changed, owners, id => left.includes(id), epoch)
}

/** One of the last good copies is back, in the same process that held it. */
export function regainCopy(segment: Segment, copy: Copy, epoch: number): Segment {
  const isLast = segment.lastInSync.some(
    ({ id, incarnation }) => id === copy.id && incarnation === copy.incarnation,
  )
  if (!isLast) return segment
  const changed = { ...segment, lastInSync: [] }
  return withOwners(changed, segment.owners, id => id === copy.id, epoch)
}

/** What the node holds now, be it from disk or nothing, counts as the segment from now on. */
export function recover(segment: Segment, id: NodeId, epoch: number): Segment | undefined {
  const { owners, inSync, pending } = segment
  if (inSync.length > 0) return undefined
  const isRoom = holds(segment, id) || owners.length + pending.length < OWNERS_MAX
  if (!isRoom) return undefined
  const all = owners.includes(id) ? owners : [...owners, id]
  return withOwners({ ...segment, lastInSync: [] }, all, other => other === id, epoch)
}
