// Which members vote, and the next step towards it.
//
// An odd number, at most five: one more voter than that survives no further failure and slows every
// commit, and an even number survives no more than the odd one below it. They are as far apart as
// labels allow, so that the loss of a site, rack or machine takes as few votes as possible. Members
// of capacity 0 vote like others; that is what a witness is for.
//
// Who votes now keeps the vote unless that makes the spread worse, so the choice is stable. A voter
// that is down keeps its vote until another member has taken it over. To promote first or to demote
// first leaves as many votes to spare on the way; but a voter that was demoted cannot help when it
// comes back. Of three with one silent, two would be left, and the grid could not outlive the loss
// of either's disk; as the fourth, the silent one can replace whoever is lost. For that there may
// be one voter too many, for the time of one change.
//
// Each step is one change of one member, and proposed only when the step before is committed; the
// leader refuses what would cost the quorum.

import type { Change, Configuration, NodeId } from './raft/configuration.ts'
import type { Labels, Member } from './topology/member.ts'

export const VOTERS_MAX = 5

const LEVELS = ['site', 'rack', 'machine'] as const satisfies readonly (keyof Labels)[]

/**
 * The next change of the quorum's configuration, or undefined if it is as it should be. `leader` is
 * the node that asks; it keeps its own vote, and hands its leadership over before it leaves.
 */
export function nextVoterChange(
  members: readonly Member[],
  { voters, learners }: Configuration,
  leader: NodeId,
  votersMax = VOTERS_MAX,
): Change | undefined {
  const known = new Map(members.map(member => [member.id, member]))
  const everybody = [...voters, ...learners]
  const newcomer = members.find(({ id, state }) => state === 'up' && !everybody.includes(id))
  if (newcomer !== undefined) return { kind: 'add', id: newcomer.id }
  const stranger = everybody.find(id => !known.has(id) && id !== leader)
  if (stranger !== undefined) return { kind: 'remove', id: stranger }

  const chosen = chooseVoters(members, voters, leader, votersMax)
  const wanted = chosen.find(id => !voters.includes(id))
  const surplus = voters.filter(id => !chosen.includes(id) && id !== leader)
  const silent = surplus.find(id => known.get(id)?.state === 'down')
  const unwanted = silent ?? surplus[0]
  if (wanted === undefined) {
    return unwanted === undefined ? undefined : { kind: 'demote', id: unwanted }
  }
  const atMost = silent === undefined ? votersMax : votersMax + 1
  if (voters.length < atMost) return { kind: 'promote', id: wanted }
  return unwanted === undefined ? undefined : { kind: 'demote', id: unwanted }
}

/** The members that should vote. */
export function chooseVoters(
  members: readonly Member[],
  voters: readonly NodeId[],
  leader: NodeId,
  votersMax = VOTERS_MAX,
): readonly NodeId[] {
  const able = members.filter(({ state, isLeaving }) => state === 'up' && !isLeaving)
  const absent = members.filter(
    ({ id, state, isLeaving }) => state === 'down' && !isLeaving && voters.includes(id),
  )
  const count = odd(Math.min(votersMax, able.length + absent.length))
  const chosen: Member[] = []
  for (const candidates of [able, absent]) {
    const left = [...candidates].sort((a, b) => byTenure(a, b, voters, leader))
    while (chosen.length < count && left.length > 0) {
      const best = left.reduce((a, b) => (isFarther(b, a, chosen) ? b : a))
      left.splice(left.indexOf(best), 1)
      chosen.push(best)
    }
  }
  return chosen.map(member => member.id)
}

/** The largest odd number that is not above it; 0 for 0. */
function odd(count: number): number {
  return count === 0 ? 0 : count - 1 + (count % 2)
}

/** The leader, then those who vote, then by id. */
function byTenure(a: Member, b: Member, voters: readonly NodeId[], leader: NodeId): number {
  const rank = ({ id }: Member) => (id === leader ? 0 : voters.includes(id) ? 1 : 2)
  return rank(a) - rank(b) || (a.id < b.id ? -1 : 1)
}

/**
 * Whether the candidate shares its site, then its rack, then its machine with fewer of the chosen.
 */
function isFarther(candidate: Member, other: Member, chosen: readonly Member[]): boolean {
  for (const key of LEVELS) {
    const difference = sharing(candidate, chosen, key) - sharing(other, chosen, key)
    if (difference !== 0) return difference < 0
  }
  return false
}

/** Racks of one name at two sites are two racks, and likewise machines. */
function sharing({ labels }: Member, chosen: readonly Member[], key: keyof Labels): number {
  if (labels[key] === '') return 0
  const path = LEVELS.slice(0, LEVELS.indexOf(key) + 1)
  return chosen.filter(other => path.every(level => other.labels[level] === labels[level])).length
}
