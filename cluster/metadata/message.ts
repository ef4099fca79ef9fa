// What the metadata planes of two nodes say to each other.
//
// Every message names the cluster that its sender belongs to, so that nodes of two clusters never
// mistake each other for members of their own, whatever addresses they were given. A node that has
// not joined yet belongs to none. Messages may be lost, delayed, repeated and reordered, and none
// of them assumes that another arrived.

import type { NodeId } from '../raft/configuration.ts'
import type { Message } from '../raft/message.ts'
import type { TopologyEntry } from '../topology/entry.ts'
import type { Introduction } from '../topology/member.ts'
import type { HandOverOrder } from './port.ts'

/** 40 hexadecimal characters, made by the founder. */
export type ClusterId = string

/** Where a node listens for its peers. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** A node, by whatever connection leads to it, or whoever listens at an address. */
export type Recipient = NodeId | Address

/** A member tells the coordinator that it lives, and asks for a lease. */
export interface Beat {
  readonly kind: 'beat'
  readonly incarnation: number
  /** The member's clock. Means nothing to the coordinator, who only echoes it. */
  readonly sentAt: number
  /** Of the topology that the member acts on. */
  readonly epoch: number
}

/** The member may serve until its own `sentAt + leaseMs`. */
export interface Grant {
  readonly kind: 'grant'
  readonly incarnation: number
  readonly sentAt: number
  readonly leaseMs: number
}

/** A node asks to become a member, or comes back in a new life. Repeated until it is one. */
export interface JoinRequest {
  readonly kind: 'join'
  readonly member: Introduction
  readonly leaseMs: number
  readonly nodeTimeoutMs: number
}

/** The receiver is a member of the sender's cluster; that is committed. */
export interface Welcome {
  readonly kind: 'welcome'
}

/** The sender does not coordinate; as far as it knows this node does. */
export interface Redirect {
  readonly kind: 'redirect'
  readonly term: number
  readonly coordinator: NodeId
  readonly address: Address
}

export type RefusalReason =
  /** The receiver belongs to another cluster. */
  | 'foreign-cluster'
  /** It was a member once and has been removed. To join again it must start without its state. */
  | 'forgotten'
  /** A later life of the same node has joined. */
  | 'superseded'
  /** It was taken for dead, and must join again before it is granted anything. */
  | 'not-up'
  /** Its lease or node timeout differs from the cluster's. */
  | 'other-timing'
  /** The record does not fit, or there are too many members. */
  | 'invalid'

export interface Refused {
  readonly kind: 'refused'
  readonly reason: RefusalReason
}

/** Decisions asked for by a member. The state machine refuses those that came too late. */
export interface Propose {
  readonly kind: 'propose'
  readonly entries: readonly TopologyEntry[]
}

/** The coordinator wants segments handed over by their primary. */
export interface Order {
  readonly kind: 'order'
  readonly orders: readonly HandOverOrder[]
}

/** The sender ends, and has given up its lease. */
export interface Goodbye {
  readonly kind: 'goodbye'
  readonly incarnation: number
}

export interface Consensus {
  readonly kind: 'raft'
  readonly message: Message
}

export type Body =
  | Beat
  | Grant
  | JoinRequest
  | Welcome
  | Redirect
  | Refused
  | Propose
  | Order
  | Consensus
  | Goodbye

export type MessageKind = Body['kind']

export interface MetadataMessage {
  /** Undefined for a node that has not joined. */
  readonly cluster: ClusterId | undefined
  readonly from: NodeId
  readonly body: Body
}
