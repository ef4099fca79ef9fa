// What may be decided about the topology. Each is one command in the log of the quorum.
//
// `expects` is the epoch of the record that the decision is about, as its proposer saw it; 0 for a
// record that is not there yet. A decision about something that has moved on is refused, so nobody
// decides on what is no longer true, however late an entry arrives.

import type { NodeId } from '../raft/configuration.ts'
import type { Introduction } from './member.ts'

interface Expecting {
  readonly expects: number
}

/** A node enters, comes back, or tells its new address. */
export interface Join extends Expecting {
  readonly kind: 'join'
  readonly member: Introduction
}

/**
 * These members are silent for so long that their leases have ended. Together, because those who
 * fail together leave their copies equally good.
 */
export interface Fail {
  readonly kind: 'fail'
  readonly members: readonly { readonly id: NodeId; readonly expects: number }[]
}

export interface Leave extends Expecting {
  readonly kind: 'leave'
  readonly id: NodeId
}

/** Only a member that owns nothing and has no vote. */
export interface Remove extends Expecting {
  readonly kind: 'remove'
  readonly id: NodeId
}

export interface AddOwner extends Expecting {
  readonly kind: 'add-owner'
  readonly segment: number
  readonly id: NodeId
}

/** Proposed by the primary once the node has everything. */
export interface InSync extends Expecting {
  readonly kind: 'in-sync'
  readonly segment: number
  readonly id: NodeId
  /** Of the node that was sent everything. */
  readonly incarnation: number
}

/** Proposed by the primary when the node does not acknowledge. */
export interface OutOfSync extends Expecting {
  readonly kind: 'out-of-sync'
  readonly segment: number
  readonly id: NodeId
}

/** Proposed for the primary after it stopped serving the segment. */
export interface HandOver extends Expecting {
  readonly kind: 'hand-over'
  readonly segment: number
  readonly id: NodeId
}

export interface DropOwner extends Expecting {
  readonly kind: 'drop-owner'
  readonly segment: number
  readonly id: NodeId
}

/** What this node holds now is the segment from now on. */
export interface Recover extends Expecting {
  readonly kind: 'recover'
  readonly segment: number
  readonly id: NodeId
  /** An operator accepts that writes may be lost. */
  readonly isLossAccepted: boolean
}

export interface DefineCache extends Expecting {
  readonly kind: 'define-cache'
  readonly name: string
  readonly definition: string
}

export interface DropCache extends Expecting {
  readonly kind: 'drop-cache'
  readonly name: string
}

export type SegmentEntry = AddOwner | InSync | OutOfSync | HandOver | DropOwner | Recover

export type TopologyEntry = Join | Fail | Leave | Remove | SegmentEntry | DefineCache | DropCache
