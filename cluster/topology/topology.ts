// Who is in the grid and who owns what: the state that the metadata quorum replicates.
//
// A topology is a frozen value. Every change makes a new one with the next epoch and shares what
// did not change, so a reader may keep one for as long as it likes and never sees half of a change.

import assert from 'node:assert/strict'
import type { NodeId } from '../raft/configuration.ts'
import type { Introduction, Member } from './member.ts'
import { OWNERS_MAX, type Segment, segment } from './segment.ts'

export const SLOT_COUNT = 16_384
export const SEGMENT_COUNT = 256
export const SLOTS_PER_SEGMENT = SLOT_COUNT / SEGMENT_COUNT

export const MEMBERS_MAX = 1_000
export const CACHES_MAX = 1_000
export const CACHE_NAME_CHARACTERS_MAX = 256
export const CACHE_DEFINITION_CHARACTERS_MAX = 16 * 1024

export interface Cache {
  readonly name: string
  /** Means nothing here. */
  readonly definition: string
  /** The topology's epoch when it was last defined. */
  readonly epoch: number
}

export interface Topology {
  /** Rises by one with every change. */
  readonly epoch: number
  /** Invariant: sorted by id, no duplicates. */
  readonly members: readonly Member[]
  /** Invariant: SEGMENT_COUNT of them, by number; every node in them is a member. */
  readonly segments: readonly Segment[]
  /** Of the last committed configuration of the quorum. Follows it, never leads it. */
  readonly voters: readonly NodeId[]
  /** Invariant: sorted by name, no duplicates. */
  readonly caches: readonly Cache[]
}

export function segmentOf(slot: number): number {
  assert(slot >= 0 && slot < SLOT_COUNT, 'a slot is one of 16384')
  return Math.floor(slot / SLOTS_PER_SEGMENT)
}

export function freezeTopology(topology: Topology): Topology {
  Object.freeze(topology.members)
  Object.freeze(topology.segments)
  Object.freeze(topology.voters)
  Object.freeze(topology.caches)
  return Object.freeze(topology)
}

/** A grid of one node, which owns everything. */
export function foundingTopology(founder: Introduction): Topology {
  const epoch = 1
  const labels = Object.freeze({ ...founder.labels })
  const member = Object.freeze({
    ...founder,
    labels,
    state: 'up',
    isLeaving: false,
    epoch,
  } as const)
  return freezeTopology({
    epoch,
    members: [member],
    segments: Array.from({ length: SEGMENT_COUNT }, () => segment([founder.id], epoch)),
    voters: [founder.id],
    caches: [],
  })
}

export function findMember({ members }: Topology, id: NodeId): Member | undefined {
  return members[lowerBound(members, member => member.id, id, true)]
}

export function findCache({ caches }: Topology, name: string): Cache | undefined {
  return caches[lowerBound(caches, cache => cache.name, name, true)]
}

/** The list with this record in its place, instead of the one with the same key if there is one. */
export function withRecord<T>(
  records: readonly T[],
  keyOf: (record: T) => string,
  record: T,
): readonly T[] {
  const key = keyOf(record)
  const at = lowerBound(records, keyOf, key, false)
  const found = records[at]
  const isThere = found !== undefined && keyOf(found) === key
  return [...records.slice(0, at), record, ...records.slice(isThere ? at + 1 : at)]
}

/** Where the key is or would be; -1 if it must be there and is not. */
function lowerBound<T>(
  records: readonly T[],
  keyOf: (record: T) => string,
  key: string,
  mustMatch: boolean,
): number {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keyOf(records[middle]!) < key) low = middle + 1
    else high = middle
  }
  const found = records[low]
  const isThere = found !== undefined && keyOf(found) === key
  return mustMatch && !isThere ? -1 : low
}

/** Throws unless the invariants hold. For what was decoded, and for tests. */
export function assertTopology(topology: Topology): void {
  const { members, segments, caches, epoch } = topology
  const ids = members.map(member => member.id)
  assertAscending(ids)
  assertAscending(caches.map(cache => cache.name))
  assert(segments.length === SEGMENT_COUNT, 'all segments are there')
  const up = new Set(members.filter(member => member.state === 'up').map(member => member.id))
  const known = new Set(ids)
  for (const { owners, inSync, pending, lastInSync, epoch: segmentEpoch } of segments) {
    const all = [...owners, ...pending]
    assert(new Set(all).size === all.length, 'an owner is there once')
    assert(all.length <= OWNERS_MAX, 'owners are bounded')
    assert(
      all.every(id => known.has(id)),
      'owners are members',
    )
    assert(
      lastInSync.every(copy => owners.includes(copy.id)),
      'the last good copies are owners',
    )
    const first = owners.filter(id => inSync.includes(id))
    assert(first.length === inSync.length, 'in-sync nodes are owners')
    assert(
      first.every((id, at) => id === inSync[at]),
      'in-sync owners are in order',
    )
    assert(
      inSync.every(id => up.has(id)),
      'in-sync owners are up',
    )
    assert(inSync.length === 0 || inSync[0] === owners[0], 'the first owner is the primary')
    assert((inSync.length === 0) !== (lastInSync.length === 0), 'a segment is served or lost')
    assert(inSync.length > 0 || pending.length === 0, 'a copy comes from a primary')
    assert(segmentEpoch <= epoch, 'no record is newer than the topology')
  }
}

function assertAscending(keys: readonly string[]): void {
  keys.forEach((key, at) => {
    assert(at === 0 || keys[at - 1]! < key, 'records are sorted and unique')
  })
}
