// The replicated state machine: a topology and an entry make the next topology.
//
// Deterministic and total: the same log gives the same topology on every node, and an entry that
// does not fit is refused and changes nothing, epoch included. Nothing here trusts a proposer; what
// a stale or mistaken one asks for must not break an invariant.

import type { Configuration } from '../raft/configuration.ts'
import type { Entry } from '../raft/entry.ts'
import { decodeTopologyEntry } from './codec.ts'
import type {
  DefineCache,
  DropCache,
  Fail,
  Join,
  Leave,
  Remove,
  SegmentEntry,
  TopologyEntry,
} from './entry.ts'
import { type Introduction, isSound, isText, type Member } from './member.ts'
import {
  addOwner,
  bringInSync,
  type Copy,
  dropOwner,
  handOver,
  holds,
  loseCopies,
  recover,
  regainCopy,
  type Segment,
  takeOutOfSync,
} from './segment.ts'
import {
  CACHE_DEFINITION_CHARACTERS_MAX,
  CACHE_NAME_CHARACTERS_MAX,
  CACHES_MAX,
  findCache,
  findMember,
  freezeTopology,
  MEMBERS_MAX,
  type Topology,
  withRecord,
} from './topology.ts'

export type Refusal =
  /** The record has changed since the proposer looked. */
  | 'moved-on'
  | 'unknown'
  /** A field is out of its range, or there are too many records. */
  | 'invalid'
  /** The member is not up, or not in the life that the proposer speaks of. */
  | 'not-up'
  /** It still owns segments or has a vote, or is not leaving. */
  | 'in-use'
  /** The step does not fit the segment as it is. */
  | 'unfit'
  /** A good copy may still come back. */
  | 'would-lose'

export interface Applied {
  readonly topology: Topology
  readonly refusal: Refusal | undefined
}

type Result = Topology | Refusal

export function apply(topology: Topology, entry: TopologyEntry): Applied {
  const result = decide(topology, entry)
  if (typeof result === 'string') return { topology, refusal: result }
  return { topology: result, refusal: undefined }
}

/** Takes over what the quorum has committed: a decision, or a configuration of its own. */
export function applyCommitted(topology: Topology, entry: Entry): Applied {
  switch (entry.kind) {
    case 'command':
      return apply(topology, decodeTopologyEntry(entry.bytes))
    case 'configuration':
      return { topology: applyConfiguration(topology, entry.configuration), refusal: undefined }
    case 'no-op':
      return { topology, refusal: undefined }
  }
}

function applyConfiguration(topology: Topology, { voters }: Configuration): Topology {
  const isSame =
    voters.length === topology.voters.length && voters.every(id => topology.voters.includes(id))
  return isSame ? topology : next(topology, { voters: [...voters] })
}

function decide(topology: Topology, entry: TopologyEntry): Result {
  switch (entry.kind) {
    case 'join':
      return join(topology, entry)
    case 'fail':
      return fail(topology, entry)
    case 'leave':
      return leave(topology, entry)
    case 'remove':
      return remove(topology, entry)
    case 'define-cache':
      return defineCache(topology, entry)
    case 'drop-cache':
      return dropCache(topology, entry)
    default:
      return changeSegment(topology, entry)
  }
}

function next(topology: Topology, changes: Partial<Topology>): Topology {
  return freezeTopology({ ...topology, ...changes, epoch: topology.epoch + 1 })
}

function withMember({ members }: Topology, member: Member): readonly Member[] {
  return withRecord(members, ({ id }) => id, Object.freeze(member))
}

function join(topology: Topology, { member: introduction, expects }: Join): Result {
  if (!isSound(introduction)) return 'invalid'
  const known = findMember(topology, introduction.id)
  if ((known?.epoch ?? 0) !== expects) return 'moved-on'
  if (known === undefined && topology.members.length >= MEMBERS_MAX) return 'invalid'
  if (known !== undefined && introduction.incarnation < known.incarnation) return 'not-up'
  const epoch = topology.epoch + 1
  // A node is drained before it ends, and one that is started again is meant to stay.
  const isSameLife = known?.incarnation === introduction.incarnation
  const isLeaving = isSameLife && known.isLeaving
  const member: Member = { ...introduced(introduction), state: 'up', isLeaving, epoch }
  return next(topology, {
    members: withMember(topology, member),
    segments: known === undefined ? topology.segments : rejoin(topology, known, introduction),
  })
}

/** Only the fields that belong there, whatever else the proposer's object carries. */
function introduced(introduction: Introduction): Introduction {
  const { id, host, hostname, port, tlsPort, busPort, capacity, incarnation } = introduction
  const { site, rack, machine } = introduction.labels
  const labels = Object.freeze({ site, rack, machine })
  return { id, host, hostname, port, tlsPort, busPort, labels, capacity, incarnation }
}

/**
 * A new life has none of the copies of the old one, even if nobody had noticed that it ended. The
 * same life, taken for dead and back, still has the copies that nobody could replace.
 */
function rejoin(
  { segments, epoch }: Topology,
  known: Member,
  { id, incarnation }: Introduction,
): readonly Segment[] {
  if (incarnation > known.incarnation) {
    const lost: Copy = Object.freeze({ id, incarnation: known.incarnation })
    return segments.map(segment => loseCopies(segment, [lost], epoch + 1))
  }
  return segments.map(segment => regainCopy(segment, { id, incarnation }, epoch + 1))
}

function fail(topology: Topology, { members: failed }: Fail): Result {
  if (failed.length === 0 || new Set(failed.map(({ id }) => id)).size < failed.length) {
    return 'invalid'
  }
  const epoch = topology.epoch + 1
  const lost: Copy[] = []
  let { members } = topology
  for (const { id, expects } of failed) {
    const member = findMember(topology, id)
    if (member === undefined) return 'unknown'
    if (member.epoch !== expects) return 'moved-on'
    if (member.state !== 'up') return 'not-up'
    lost.push(Object.freeze({ id, incarnation: member.incarnation }))
    members = withMember({ ...topology, members }, { ...member, state: 'down', epoch })
  }
  const segments = topology.segments.map(segment => loseCopies(segment, lost, epoch))
  return next(topology, { members, segments })
}

function leave(topology: Topology, { id, expects }: Leave): Result {
  const member = findMember(topology, id)
  if (member === undefined) return 'unknown'
  if (member.epoch !== expects) return 'moved-on'
  const epoch = topology.epoch + 1
  return next(topology, { members: withMember(topology, { ...member, isLeaving: true, epoch }) })
}

function remove(topology: Topology, { id, expects }: Remove): Result {
  const member = findMember(topology, id)
  if (member === undefined) return 'unknown'
  if (member.epoch !== expects) return 'moved-on'
  const isStaying = member.state === 'up' && !member.isLeaving
  const isUsed = topology.segments.some(segment => holds(segment, id))
  if (isStaying || isUsed || topology.voters.includes(id)) return 'in-use'
  return next(topology, { members: topology.members.filter(other => other.id !== id) })
}

function changeSegment(topology: Topology, entry: SegmentEntry): Result {
  const segment = topology.segments[entry.segment]
  const member = findMember(topology, entry.id)
  if (segment === undefined || member === undefined) return 'unknown'
  if (segment.epoch !== entry.expects) return 'moved-on'
  const changed = changedSegment(topology, segment, member, entry)
  if (typeof changed === 'string') return changed
  return next(topology, { segments: topology.segments.with(entry.segment, changed) })
}

function changedSegment(
  topology: Topology,
  segment: Segment,
  member: Member,
  entry: SegmentEntry,
): Segment | Refusal {
  const { id } = member
  const epoch = topology.epoch + 1
  const isUp = member.state === 'up'
  switch (entry.kind) {
    case 'add-owner':
      return isUp ? (addOwner(segment, id, epoch) ?? 'unfit') : 'not-up'
    case 'in-sync':
      if (!isUp || member.incarnation !== entry.incarnation) return 'not-up'
      return bringInSync(segment, id, epoch) ?? 'unfit'
    case 'out-of-sync':
      return takeOutOfSync(segment, id, epoch) ?? 'unfit'
    case 'hand-over':
      return handOver(segment, id, epoch) ?? 'unfit'
    case 'drop-owner':
      return dropOwner(segment, id, epoch) ?? 'unfit'
    case 'recover': {
      if (!isUp) return 'not-up'
      if (!entry.isLossAccepted && mayLose(topology, segment, id)) return 'would-lose'
      return recover(segment, id, epoch) ?? 'unfit'
    }
  }
}

/** All who had the last good copies must be there, to be asked what is left on their disks. */
function mayLose(topology: Topology, { owners, lastInSync }: Segment, id: string): boolean {
  if (!owners.includes(id)) return true
  return lastInSync.some(copy => findMember(topology, copy.id)?.state !== 'up')
}

function defineCache(topology: Topology, { name, definition, expects }: DefineCache): Result {
  const isNamed = name.length > 0 && isText(name, CACHE_NAME_CHARACTERS_MAX)
  if (!isNamed || !isText(definition, CACHE_DEFINITION_CHARACTERS_MAX)) return 'invalid'
  const known = findCache(topology, name)
  if ((known?.epoch ?? 0) !== expects) return 'moved-on'
  if (known === undefined && topology.caches.length >= CACHES_MAX) return 'invalid'
  const cache = Object.freeze({ name, definition, epoch: topology.epoch + 1 })
  return next(topology, { caches: withRecord(topology.caches, other => other.name, cache) })
}

function dropCache(topology: Topology, { name, expects }: DropCache): Result {
  const known = findCache(topology, name)
  if (known === undefined) return 'unknown'
  if (known.epoch !== expects) return 'moved-on'
  return next(topology, { caches: topology.caches.filter(cache => cache !== known) })
}
