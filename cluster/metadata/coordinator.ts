// What the leader of the quorum does for the grid, for one term: it grants leases, admits members,
// takes silent ones for dead, and keeps voters and segments where they should be.
//
// It is made at the election and dropped with the term, so nothing it knows outlives either. It
// answers a member only while it holds its own lease as a leader: then nobody else decides, and the
// topology it looks at is the latest. What arrives earlier waits, so that members keep their leases
// through an election without asking twice.
//
// It decides nothing by itself. Whatever it wants becomes an entry of the log that names the epoch
// it was decided on, and it wants the next thing when that is settled.

import { nextVoterChange } from '../quorum-voters.ts'
import type { Change, Configuration, NodeId } from '../raft/configuration.ts'
import { apply } from '../topology/apply.ts'
import type { TopologyEntry } from '../topology/entry.ts'
import type { Introduction, Member } from '../topology/member.ts'
import { holds, primary } from '../topology/segment.ts'
import { findMember, type Topology } from '../topology/topology.ts'
import type { Notice } from './event.ts'
import type { Beat, Body, ClusterId, JoinRequest, RefusalReason } from './message.ts'
import type { MetadataOptions, Policy } from './options.ts'
import type { HandOverOrder } from './port.ts'
import { Rebalance } from './rebalance.ts'
import { Watch } from './watch.ts'

/** Nodes whose messages wait for the lease. They ask again, so none is lost for good. */
const WAITING_MAX = 1_000

/** What a coordinator knows of consensus and may do with it. */
export interface Quorum {
  readonly id: NodeId
  readonly topology: Topology
  readonly configuration: Configuration
  readonly applied: number
  readonly predecessor: NodeId | undefined
  /** Until when this node is the only leader; 0 if that is not known. */
  readonly leaseUntil: number
  /** The position in the log, or undefined if it was not taken. */
  propose(entry: TopologyEntry): number | undefined
  reconfigure(change: Change): number | undefined
  transfer(to: NodeId): boolean
  send(to: NodeId, body: Body): void
  notice(notice: Notice): void
}

interface Waiting {
  readonly cluster: ClusterId | undefined
  readonly body: Beat | JoinRequest
}

export class Coordinator {
  readonly #quorum: Quorum
  readonly #options: MetadataOptions
  readonly #watch: Watch
  readonly #rebalance: Rebalance
  #policy: Policy
  /** Their failure is proposed at this position. They are granted nothing any more. */
  readonly #condemned = new Map<NodeId, number>()
  /** Their joining is proposed at this position. */
  readonly #joining = new Map<NodeId, number>()
  readonly #waiting = new Map<NodeId, Waiting>()
  /** The last position at which this coordinator wanted something by itself. */
  #wantedAt = 0
  #workAt = Number.NEGATIVE_INFINITY
  #workedOn: Topology | undefined

  constructor(quorum: Quorum, options: MetadataOptions, policy: Policy, now: number) {
    this.#quorum = quorum
    this.#options = options
    this.#policy = policy
    this.#watch = new Watch(options, quorum.predecessor, now)
    this.#rebalance = new Rebalance(policy)
  }

  set policy(policy: Policy) {
    this.#policy = policy
    this.#rebalance.policy = policy
  }

  isCondemned(id: NodeId): boolean {
    return this.#condemned.has(id)
  }

  /** `isUnfit`: this node's data thread gives no sign of life, or the process ends. */
  tick(isUnfit: boolean, now: number): void {
    this.#answerWaiting(now)
    this.#failSilent(now)
    if (isUnfit) return this.#giveUp(now)
    const isDue =
      this.#workedOn !== this.#quorum.topology || now - this.#workAt >= this.#options.heartbeatMs
    if (isDue && this.#quorum.applied >= this.#wantedAt) this.#work(now)
  }

  /** Entries were applied. */
  onApplied(now: number): void {
    const { applied, topology } = this.#quorum
    for (const [id, index] of this.#condemned) if (index <= applied) this.#condemned.delete(id)
    for (const [id, index] of this.#joining) {
      if (index > applied) continue
      this.#joining.delete(id)
      if (findMember(topology, id)?.state !== 'up') continue
      this.#watch.heard(id, now)
      this.#quorum.send(id, { kind: 'welcome' })
    }
    this.#answerWaiting(now)
  }

  receive(from: NodeId, cluster: ClusterId | undefined, body: Beat | JoinRequest, now: number) {
    if (now < this.#quorum.leaseUntil) this.#answer(from, { cluster, body }, now)
    else if (this.#waiting.size < WAITING_MAX || this.#waiting.has(from)) {
      if (body.kind === 'beat') this.#watch.heard(from, now)
      this.#waiting.set(from, { cluster, body })
    }
  }

  #answerWaiting(now: number): void {
    if (this.#waiting.size === 0 || now >= this.#quorum.leaseUntil) return
    const all = [...this.#waiting]
    this.#waiting.clear()
    for (const [from, waiting] of all) this.#answer(from, waiting, now)
  }

  #answer(from: NodeId, { cluster, body }: Waiting, now: number): void {
    if (body.kind === 'beat') this.#onBeat(from, body, now)
    else this.#onJoin(from, cluster, body, now)
  }

  #refuse(id: NodeId, reason: RefusalReason): void {
    this.#quorum.send(id, { kind: 'refused', reason })
    if (reason !== 'not-up') this.#quorum.notice({ kind: 'refusing', id, reason })
  }

  #onBeat(from: NodeId, { incarnation, sentAt, epoch }: Beat, now: number): void {
    const member = findMember(this.#quorum.topology, from)
    if (member === undefined) return this.#refuse(from, 'forgotten')
    if (incarnation < member.incarnation) return this.#refuse(from, 'superseded')
    if (this.#condemned.has(from)) return
    const isUp = member.state === 'up' && incarnation === member.incarnation
    if (!isUp) return this.#refuse(from, 'not-up')
    this.#watch.heard(from, now)
    // It does not know yet that it was taken for dead and came back: by the topology it acts on it
    // may be the primary of what others serve now.
    if (epoch < member.epoch) return
    const { leaseMs } = this.#options
    this.#quorum.send(from, { kind: 'grant', incarnation, sentAt, leaseMs })
  }

  #onJoin(
    from: NodeId,
    cluster: ClusterId | undefined,
    { member, leaseMs, nodeTimeoutMs }: JoinRequest,
    now: number,
  ): void {
    const { topology } = this.#quorum
    const isSameTiming =
      leaseMs === this.#options.leaseMs && nodeTimeoutMs === this.#options.nodeTimeoutMs
    if (member.id !== from) return this.#refuse(from, 'invalid')
    if (!isSameTiming) return this.#refuse(from, 'other-timing')
    const known = findMember(topology, from)
    // Whoever knows the cluster was welcomed once, and that was committed before.
    if (known === undefined && cluster !== undefined) return this.#refuse(from, 'forgotten')
    if (known !== undefined && member.incarnation < known.incarnation) {
      return this.#refuse(from, 'superseded')
    }
    if (known?.state === 'up' && isSame(known, member)) {
      if (this.#condemned.has(from)) return
      this.#watch.heard(from, now)
      return this.#quorum.send(from, { kind: 'welcome' })
    }
    if (this.#joining.has(from) || this.#condemned.has(from)) return
    const entry: TopologyEntry = { kind: 'join', member, expects: known?.epoch ?? 0 }
    if (apply(topology, entry).refusal !== undefined) return this.#refuse(from, 'invalid')
    const index = this.#quorum.propose(entry)
    if (index !== undefined) this.#joining.set(from, index)
  }

  /** The member has given up its lease, so it fails without waiting. */
  onGoodbye(from: NodeId, incarnation: number): void {
    const member = findMember(this.#quorum.topology, from)
    const isIt = member?.state === 'up' && member.incarnation === incarnation
    if (isIt && !this.#condemned.has(from)) this.#fail([member])
  }

  /** What members want. Only what the topology of now does not refuse goes into the log. */
  propose(from: NodeId, entries: readonly TopologyEntry[]): void {
    const { topology } = this.#quorum
    if (findMember(topology, from) === undefined) return
    for (const entry of entries) {
      // Who lives is the coordinator's to say.
      if (entry.kind === 'join' || entry.kind === 'fail' || entry.kind === 'remove') continue
      if (apply(topology, entry).refusal === undefined) this.#quorum.propose(entry)
    }
  }

  #failSilent(now: number): void {
    const { topology, id: self } = this.#quorum
    const watched = topology.members.filter(
      ({ id, state }) => state === 'up' && id !== self && !this.#condemned.has(id),
    )
    this.#fail(this.#watch.look(watched, now))
  }

  #fail(members: readonly Member[]): void {
    if (members.length === 0) return
    const failed = members.map(({ id, epoch }) => ({ id, expects: epoch }))
    const index = this.#quorum.propose({ kind: 'fail', members: failed })
    if (index === undefined) return
    for (const { id } of failed) this.#condemned.set(id, index)
    // That this node takes itself out is no news: it ends, or its data thread stalls.
    const others = failed.map(({ id }) => id).filter(id => id !== this.#quorum.id)
    if (others.length > 0) this.#quorum.notice({ kind: 'members failed', ids: others })
  }

  /** A node that cannot serve should not lead; without another voter it still can take itself out. */
  #giveUp(now: number): void {
    const { topology, id } = this.#quorum
    if (this.#handLeadershipOver(now)) return
    const self = findMember(topology, id)
    if (self?.state === 'up' && !this.#condemned.has(id)) this.#fail([self])
  }

  #handLeadershipOver(now: number): boolean {
    const { topology, configuration, id: self } = this.#quorum
    const lately = now - 2 * this.#options.heartbeatMs
    const able = configuration.voters.filter(id => {
      const member = findMember(topology, id)
      const isFit = member?.state === 'up' && !member.isLeaving
      return id !== self && isFit && this.#watch.heardAt(id) >= lately
    })
    return able.some(id => this.#quorum.transfer(id))
  }

  #work(now: number): void {
    const quorum = this.#quorum
    this.#workAt = now
    this.#workedOn = quorum.topology
    const { topology, configuration, id: self } = quorum
    if (findMember(topology, self)?.isLeaving && this.#handLeadershipOver(now)) return
    const change = nextVoterChange(topology.members, configuration, self, this.#policy.votersMax)
    if (change !== undefined) this.#want(quorum.reconfigure(change))
    for (const { id, epoch } of topology.members.filter(member => isGone(topology, member))) {
      this.#want(quorum.propose({ kind: 'remove', id, expects: epoch }))
    }
    const { entries, orders } = this.#rebalance.steps(topology, now)
    for (const entry of entries) this.#want(quorum.propose(entry))
    this.#sendOrders(orders)
  }

  #want(index: number | undefined): void {
    if (index !== undefined) this.#wantedAt = Math.max(this.#wantedAt, index)
  }

  #sendOrders(orders: readonly HandOverOrder[]): void {
    const { topology } = this.#quorum
    const byPrimary = new Map<NodeId, HandOverOrder[]>()
    for (const order of orders) {
      const id = primary(topology.segments[order.segment]!)!
      const list = byPrimary.get(id)
      if (list === undefined) byPrimary.set(id, [order])
      else list.push(order)
    }
    for (const [id, list] of byPrimary) this.#quorum.send(id, { kind: 'order', orders: list })
  }
}

function isSame(known: Member, member: Introduction): boolean {
  return (
    known.incarnation === member.incarnation &&
    known.host === member.host &&
    known.hostname === member.hostname &&
    known.port === member.port &&
    known.tlsPort === member.tlsPort &&
    known.busPort === member.busPort &&
    known.capacity === member.capacity &&
    known.labels.site === member.labels.site &&
    known.labels.rack === member.labels.rack &&
    known.labels.machine === member.labels.machine
  )
}

/** It left, and nothing depends on it any more. */
function isGone({ segments, voters }: Topology, { id, isLeaving }: Member): boolean {
  return isLeaving && !voters.includes(id) && !segments.some(segment => holds(segment, id))
}
