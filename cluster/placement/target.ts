// The assignment that the grid should have: who owns each segment, its primary first.
//
// A pure function of the members that are to own something and of today's owners. Every member
// holds its ideal share of copies, and of primaries, give or take less than one segment; copies of
// a segment are as far apart as the labels allow; and no solution moves fewer copies. Computed anew
// whenever it is needed, it stays the same while the grid walks towards it (assign.ts says why).

import assert from 'node:assert/strict'
import type { NodeId } from '../raft/configuration.ts'
import { OWNERS_MAX } from '../topology/segment.ts'
import { fewestMoves } from './assign.ts'
import { type Owner, placeOf } from './place.ts'
import { idealShares } from './share.ts'

/** By segment, its owners, the primary first. */
export type Assignment = readonly (readonly NodeId[])[]

/** While copies move a segment has owners of the old and of the new assignment. */
export const COPIES_MAX = OWNERS_MAX / 2

// Shares are quotients; what is this near to a whole number is one.
const ROUNDING = 1e-6

/**
 * `owners` are the members that are to own segments, in any order; those of no capacity get none.
 * `today` names each segment's owners, the primary first, and after them who already receives a
 * copy. With fewer owners than copies every owner holds everything; with none today's assignment
 * stays.
 */
export function target(owners: readonly Owner[], today: Assignment, copies: number): Assignment {
  assert(copies >= 1 && copies <= COPIES_MAX, `copies are 1 to ${COPIES_MAX}`)
  const able = owners.filter(owner => owner.capacity > 0).sort((a, b) => (a.id < b.id ? -1 : 1))
  if (able.length === 0) return today
  const numbers = new Map(able.map((owner, number) => [owner.id, number]))
  const known = (ids: readonly NodeId[]) =>
    ids.map(id => numbers.get(id)).filter(number => number !== undefined)
  const before = today.map(known)
  const place = placeOf(able, copies)
  const shares = idealShares(place, today.length)
  const holders = fewestMoves({
    segmentCount: today.length,
    memberCount: able.length,
    copies: place.copiesMax,
    ...rounded(shares),
    today: before,
    isAllowed: () => true,
    place,
  })
  const primaries = choosePrimaries(holders, before, able.length, place.copiesMax)
  return holders.map((members, segment) => {
    const primary = primaries[segment]!
    const rank = (member: number) => {
      const at = before[segment]!.indexOf(member)
      return at === -1 ? Number.MAX_SAFE_INTEGER : at
    }
    const backups = members.filter(member => member !== primary)
    backups.sort((a, b) => rank(a) - rank(b) || a - b)
    return [primary, ...backups].map(member => able[member]!.id)
  })
}

/** Every member leads its part of the segments that it holds; as few as possible change hands. */
function choosePrimaries(
  holders: readonly (readonly number[])[],
  before: readonly (readonly number[])[],
  memberCount: number,
  copies: number,
): readonly number[] {
  const shares = new Array<number>(memberCount).fill(0)
  for (const members of holders) for (const member of members) shares[member]! += 1 / copies
  const chosen = fewestMoves({
    segmentCount: holders.length,
    memberCount,
    copies: 1,
    ...rounded(shares),
    today: before.map(members => members.slice(0, 1)),
    isAllowed: (segment, member) => holders[segment]!.includes(member),
    place: undefined,
  })
  return chosen.map(members => members[0]!)
}

function rounded(shares: readonly number[]): { least: number[]; most: number[] } {
  return {
    least: shares.map(share => Math.floor(share + ROUNDING)),
    most: shares.map(share => Math.ceil(share - ROUNDING)),
  }
}
