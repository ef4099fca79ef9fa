// A member's side: it tells the coordinator that it lives, and holds the lease that it is granted.
//
// The lease counts from the moment the heartbeat was sent, on this node's own clock; how long the
// answer took does not matter. What was granted before this node led the quorum does not count
// after it: its successor may have taken it for dead when its leadership had ended.
//
// A node that is not a member, or not in this life, asks to join instead. It finds the coordinator
// by what consensus tells it, by redirects, and as long as nobody answers by asking everybody it
// knows, one after the other. At its start it asks all seeds, also if it has a cluster already: if
// that is not theirs, an operator should hear of it.

import type { NodeId } from '../raft/configuration.ts'
import type { Standing } from '../raft/event.ts'
import type { Introduction } from '../topology/member.ts'
import { findMember, type Topology } from '../topology/topology.ts'
import type { Address, Beat, Body, Grant, Recipient, Redirect } from './message.ts'
import type { MetadataOptions } from './options.ts'

/** Heartbeats without an answer, after which others are asked too. */
const PATIENCE_BEATS = 3
/** Redirects that are followed at once; then the next heartbeat comes. */
const REDIRECTS_MAX = 3

/** What this node knows at the moment. */
export interface Knowledge {
  readonly topology: Topology | undefined
  readonly standing: Standing
}

export class Membership {
  readonly #self: Introduction
  readonly #seeds: readonly Address[]
  readonly #options: MetadataOptions
  readonly #knowledge: Knowledge
  readonly #send: (to: Recipient, body: Body) => void
  #leaseUntil = 0
  /** Heartbeats of before are not counted, whatever was granted for them. */
  #countsFrom = Number.NEGATIVE_INFINITY
  #beatAt = Number.NEGATIVE_INFINITY
  #redirect: Redirect | undefined
  #redirectsLeft = 0
  #unansweredBeats = 0
  #turn = 0
  #hasAskedSeeds = false

  constructor(
    self: Introduction,
    seeds: readonly Address[],
    options: MetadataOptions,
    knowledge: Knowledge,
    send: (to: Recipient, body: Body) => void,
  ) {
    this.#self = self
    this.#seeds = seeds
    this.#options = options
    this.#knowledge = knowledge
    this.#send = send
  }

  get leaseUntil(): number {
    return this.#leaseUntil
  }

  /** The epoch at which this life of the node became a member; undefined if it is none. */
  get joinedAtEpoch(): number | undefined {
    const { topology } = this.#knowledge
    const member = topology === undefined ? undefined : findMember(topology, this.#self.id)
    const isIn = member?.state === 'up' && member.incarnation === this.#self.incarnation
    return isIn ? member.epoch : undefined
  }

  tick(now: number): void {
    if (now >= this.#beatAt + this.#options.heartbeatMs) this.beat(now)
  }

  /** Now, because there is somebody new to tell, or something new to say. */
  beat(now: number): void {
    this.#beatAt = now
    this.#redirectsLeft = REDIRECTS_MAX
    if (!this.#hasAskedSeeds) for (const seed of this.#seeds) this.#sendJoin(seed)
    this.#hasAskedSeeds = true
    const { standing } = this.#knowledge
    if (standing.role === 'leader') {
      if (this.joinedAtEpoch === undefined) this.#speak(this.#self.id, now)
      return
    }
    const coordinator = this.#coordinator()
    if (coordinator !== undefined) this.#speak(coordinator, now)
    this.#unansweredBeats++
    if (coordinator !== undefined && this.#unansweredBeats <= PATIENCE_BEATS) return
    const other = this.#nextOther(coordinator)
    if (other !== undefined) this.#speak(other, now)
  }

  /** So that nobody waits for this node to be silent for long enough. */
  sayGoodbye(): void {
    const { incarnation } = this.#self
    const coordinator = this.#coordinator()
    if (coordinator !== undefined) this.#send(coordinator, { kind: 'goodbye', incarnation })
  }

  #speak(to: Recipient, now: number): void {
    const epoch = this.joinedAtEpoch
    if (epoch !== undefined) this.#send(to, this.#beatBody(now))
    else this.#sendJoin(to)
  }

  #beatBody(now: number): Beat {
    const epoch = this.#knowledge.topology!.epoch
    return { kind: 'beat', incarnation: this.#self.incarnation, sentAt: now, epoch }
  }

  #sendJoin(to: Recipient): void {
    const { leaseMs, nodeTimeoutMs } = this.#options
    this.#send(to, { kind: 'join', member: this.#self, leaseMs, nodeTimeoutMs })
  }

  onGrant({ incarnation, sentAt, leaseMs }: Grant, now: number): void {
    this.#unansweredBeats = 0
    if (incarnation !== this.#self.incarnation) return
    const isMeant = sentAt >= this.#countsFrom && sentAt <= now && leaseMs > 0
    if (!isMeant) return
    const until = sentAt + Math.min(leaseMs, this.#options.leaseMs)
    this.#leaseUntil = Math.max(this.#leaseUntil, until)
  }

  onRedirect(redirect: Redirect, now: number): void {
    const isNews = redirect.term >= this.#knowledge.standing.term
    if (!isNews || redirect.coordinator === this.#self.id) return
    this.#redirect = redirect
    if (this.#redirectsLeft-- > 0) this.#speak(redirect.address, now)
  }

  /** The coordinator took this node for dead. */
  onNotUp(from: NodeId): void {
    this.#unansweredBeats = 0
    this.#sendJoin(from)
  }

  onWelcome(): void {
    this.#unansweredBeats = 0
  }

  /** This node leads the quorum: the leadership's own lease is all it has. */
  beginLeading(): void {
    this.#leaseUntil = 0
    this.#countsFrom = Number.POSITIVE_INFINITY
  }

  endLeading(now: number): void {
    this.#countsFrom = now
  }

  #coordinator(): Recipient | undefined {
    const { standing } = this.#knowledge
    const redirect = this.#redirect
    if (redirect !== undefined) {
      const isOlder = redirect.term < standing.term
      const isKnown = redirect.term === standing.term && standing.leader !== undefined
      const isDeaf = this.#unansweredBeats > PATIENCE_BEATS
      if (!isOlder && !isKnown && !isDeaf) return redirect.address
      this.#redirect = undefined
    }
    return standing.leader
  }

  /** Seeds and members in turn, besides the one that was asked already. */
  #nextOther(asked: Recipient | undefined): Recipient | undefined {
    const members = this.#knowledge.topology?.members ?? []
    const others: Recipient[] = [...this.#seeds]
    for (const { id } of members) if (id !== this.#self.id && id !== asked) others.push(id)
    return others[this.#turn++ % Math.max(1, others.length)]
  }
}
