// One node's metadata plane as a pure machine: who is in the grid, who owns what, and until when
// this node may serve.
//
// It is consensus with the topology as its state machine, and on top of it two roles: every node is
// a member, which sends heartbeats and holds a lease (membership.ts); the leader of the quorum is
// also the coordinator, which grants and decides (coordinator.ts). There is no socket, timer, file,
// clock or chance in here; event.ts says how a shell drives it.
//
// Every member receives the log of the quorum, as a voter or as a learner. That is the only way a
// topology reaches it: consensus repeats what gets lost, compacts, and brings a newcomer up to date
// already, and a second way would have to be proved too. A heartbeat says which epoch the member
// acts on; the coordinator grants a lease only if that is not from before the member itself was
// taken for dead.
//
// Why no two nodes may serve a segment at once. A primary is replaced without its doing only by a
// failure that is committed, which is proposed when every lease of the failed node has ended:
//   - a member's, because the coordinator heard nothing of it for longer than any lease lasts,
//     counted from its own election or later, and grants nothing between proposing and applying;
//   - a former leader's, because nobody is elected before it ends (raft/leadership.ts). Therefore a
//     leader holds that lease only, and forgets what it was granted as a member, also what is still
//     on its way;
//   - a former life's, because its process is gone.

import assert from 'node:assert/strict'
import type { Change, Configuration, NodeId } from '../raft/configuration.ts'
import type { Entry } from '../raft/entry.ts'
import type { Effects, Event, Outcome, Standing, Write } from '../raft/event.ts'
import { Raft, type Random, type Restored } from '../raft/raft.ts'
import { apply, applyCommitted } from '../topology/apply.ts'
import {
  decodeTopology,
  decodeTopologyEntry,
  encodeTopology,
  encodeTopologyEntry,
} from '../topology/codec.ts'
import type { TopologyEntry } from '../topology/entry.ts'
import type { Introduction } from '../topology/member.ts'
import { findMember, type Topology } from '../topology/topology.ts'
import { Coordinator, type Quorum } from './coordinator.ts'
import type { Ending, Lease, MetadataEffects, MetadataEvent, Notice, Outgoing } from './event.ts'
import { Membership } from './membership.ts'
import type {
  Address,
  Beat,
  Body,
  ClusterId,
  Consensus,
  JoinRequest,
  MessageKind,
  MetadataMessage,
  Recipient,
  Refused,
} from './message.ts'
import { assertMetadataOptions, type MetadataOptions, type Policy } from './options.ts'
import type { HandOverOrder } from './port.ts'

/** Entries in one message to the coordinator. */
const PROPOSE_ENTRIES_MAX = 256

export interface MetadataSetup {
  /** What this node says of itself. Its incarnation was never used before, and is on disk. */
  readonly self: Introduction
  /** Undefined for a node that has not joined one. */
  readonly cluster: ClusterId | undefined
  readonly restored: Restored
  /** Where to ask for the cluster, besides the members that are known. */
  readonly seeds: readonly Address[]
  readonly options: MetadataOptions
  readonly random: Random
}

/** What INFO and CLUSTER INFO tell. */
export interface MetadataStatus extends Standing {
  readonly configuration: Configuration
  readonly applied: number
  /** Entries after the last snapshot. */
  readonly logEntries: number
  readonly sent: ReadonlyMap<MessageKind, number>
  readonly received: ReadonlyMap<MessageKind, number>
}

export class Metadata {
  readonly self: Introduction
  readonly #options: MetadataOptions
  readonly #raft: Raft
  readonly #membership: Membership
  /** Set exactly while this node leads the quorum. */
  #coordinator: Coordinator | undefined
  #policy: Policy
  #cluster: ClusterId | undefined
  #topology: Topology | undefined
  /** Invariant: never goes back. */
  #now: number
  #tickedAt: number
  #aliveAt: number
  #isStalled = false
  #isStopping = false
  /** As told by the latest leadership. Stays good when that ends by itself. */
  #leaderLeaseUntil = 0
  #snapshotIndex: number
  #ending: Ending | undefined
  #isEndingTold = false
  readonly #sentCounts = new Map<MessageKind, number>()
  readonly #receivedCounts = new Map<MessageKind, number>()

  // Effects of the step under way.
  #joined: ClusterId | undefined
  #writes: Write[] = []
  #messages: Outgoing[] = []
  #orders: HandOverOrder[] = []
  #notices: Notice[] = []
  /** To this node itself. */
  #local: Body[] = []

  constructor(setup: MetadataSetup, now: number) {
    const { self, cluster, restored, seeds, options, random } = setup
    assertMetadataOptions(options)
    this.self = self
    this.#options = options
    this.#policy = options.policy
    this.#cluster = cluster
    this.#now = now
    this.#tickedAt = now
    this.#aliveAt = now
    this.#raft = new Raft(self.id, restored, options.raft, random, now)
    this.#snapshotIndex = restored.snapshot?.index ?? 0
    if (restored.snapshot !== undefined) this.#topology = decodeTopology(restored.snapshot.state)
    const machine = this
    const knowledge = {
      get topology() {
        return machine.#topology
      },
      get standing() {
        return machine.#raft.standing
      },
    }
    const send = (to: Recipient, body: Body) => this.#send(to, body)
    this.#membership = new Membership(self, seeds, options, knowledge, send)
  }

  /** Undefined for a node that has not joined yet. */
  get topology(): Topology | undefined {
    return this.#topology
  }

  get cluster(): ClusterId | undefined {
    return this.#cluster
  }

  get isCoordinator(): boolean {
    return this.#coordinator !== undefined
  }

  /** What this node may do now. */
  get lease(): Lease {
    const epoch = this.#membership.joinedAtEpoch
    if (epoch === undefined || this.#isStopping) return NO_LEASE
    if (this.#coordinator?.isCondemned(this.self.id)) return NO_LEASE
    const granted = this.#membership.leaseUntil
    const until = Math.max(this.#leaderLeaseUntil, granted)
    return { until, epoch }
  }

  get status(): MetadataStatus {
    return {
      ...this.#raft.standing,
      configuration: this.#raft.configuration,
      applied: this.#raft.applied,
      logEntries: this.#raft.lastIndex - this.#snapshotIndex,
      sent: this.#sentCounts,
      received: this.#receivedCounts,
    }
  }

  step(event: MetadataEvent, now: number): MetadataEffects {
    this.#now = Math.max(this.#now, now)
    const before = this.#topology
    const { leader } = this.#raft.standing
    const joinedAt = this.#membership.joinedAtEpoch
    if (this.#ending === undefined) {
      this.#handle(event)
      const isNews =
        this.#raft.standing.leader !== leader || this.#membership.joinedAtEpoch !== joinedAt
      if (isNews && !this.#isUnfit) this.#membership.beat(this.#now)
      for (const body of this.#takeLocal()) this.#receiveOwn(body)
    }
    return this.#effects(before)
  }

  #handle(event: MetadataEvent): void {
    switch (event.kind) {
      case 'tick':
        return this.#tick()
      case 'message':
        return this.#receive(event.message)
      case 'persisted':
        this.#consensus({ kind: 'persisted', write: event.write })
        return
      case 'propose':
        return this.#propose(event.entries)
      case 'alive':
        this.#aliveAt = this.#now
        return
      case 'policy':
        this.#policy = event.policy
        if (this.#coordinator !== undefined) this.#coordinator.policy = event.policy
        return
      case 'stop':
        this.#isStopping = true
        this.#membership.sayGoodbye()
        return this.#tick()
    }
  }

  #effects(before: Topology | undefined): MetadataEffects {
    const effects: MetadataEffects = {
      lease: this.lease,
      joined: this.#joined,
      writes: this.#writes,
      messages: this.#messages,
      topology: this.#topology === before ? undefined : this.#topology,
      orders: this.#orders,
      notices: this.#notices,
      ended: this.#isEndingTold ? undefined : this.#ending,
    }
    this.#isEndingTold = this.#ending !== undefined
    this.#joined = undefined
    this.#writes = []
    this.#messages = []
    this.#orders = []
    this.#notices = []
    return effects
  }

  #takeLocal(): readonly Body[] {
    const local = this.#local
    this.#local = []
    return local
  }

  #tick(): void {
    const sinceTick = this.#now - this.#tickedAt
    this.#tickedAt = this.#now
    // While this thread stood still it could not have noticed that the other one lives.
    if (sinceTick > this.#options.heartbeatMs) this.#aliveAt += sinceTick
    this.#consensus({ kind: 'tick' })
    const silentMs = this.#now - this.#aliveAt
    const isStalled = silentMs >= this.#options.stallTimeoutMs
    if (isStalled && !this.#isStalled) this.#notice({ kind: 'data thread stalled', silentMs })
    if (!isStalled && this.#isStalled) this.#notice({ kind: 'data thread lives' })
    this.#isStalled = isStalled
    if (!this.#isUnfit) this.#membership.tick(this.#now)
    this.#coordinator?.tick(this.#isUnfit, this.#now)
  }

  /** It should neither serve nor lead. */
  get #isUnfit(): boolean {
    return this.#isStalled || this.#isStopping
  }

  #propose(entries: readonly TopologyEntry[]): void {
    const { leader } = this.#raft.standing
    if (this.#coordinator !== undefined) this.#coordinator.propose(this.self.id, entries)
    else if (leader !== undefined) {
      for (let at = 0; at < entries.length; at += PROPOSE_ENTRIES_MAX) {
        const some = entries.slice(at, at + PROPOSE_ENTRIES_MAX)
        this.#send(leader, { kind: 'propose', entries: some })
      }
    }
  }

  #notice(notice: Notice): void {
    this.#notices.push(notice)
  }

  #send(to: Recipient, body: Body): void {
    if (to === this.self.id) {
      this.#local.push(body)
      return
    }
    this.#sentCounts.set(body.kind, (this.#sentCounts.get(body.kind) ?? 0) + 1)
    const message = { cluster: this.#cluster, from: this.self.id, body }
    this.#messages.push({ to, message })
  }

  #receiveOwn(body: Body): void {
    if (body.kind === 'join') {
      this.#coordinator?.receive(this.self.id, this.#cluster, body, this.#now)
    }
    if (body.kind === 'order') this.#orders.push(...body.orders)
  }

  #receive({ cluster, from, body }: MetadataMessage): void {
    if (from === this.self.id) return
    this.#receivedCounts.set(body.kind, (this.#receivedCounts.get(body.kind) ?? 0) + 1)
    if (body.kind === 'refused') return this.#onRefused(from, cluster, body)
    if (cluster !== this.#cluster) return this.#receiveStranger(cluster, from, body)
    switch (body.kind) {
      case 'beat':
      case 'join':
        return this.#onRequest(from, cluster, body)
      case 'grant':
        return this.#membership.onGrant(body, this.#now)
      case 'welcome':
        return this.#membership.onWelcome()
      case 'redirect':
        return this.#membership.onRedirect(body, this.#now)
      case 'propose':
        this.#coordinator?.propose(from, body.entries)
        return
      case 'order':
        this.#orders.push(...body.orders)
        return
      case 'goodbye':
        this.#coordinator?.onGoodbye(from, body.incarnation)
        return
      case 'raft':
        return this.#onConsensus(from, body)
    }
  }

  /** One of the two has not joined yet, or they belong to different clusters. */
  #receiveStranger(cluster: ClusterId | undefined, from: NodeId, body: Body): void {
    const asksUs = body.kind === 'join' || body.kind === 'beat'
    if (cluster === undefined) {
      if (body.kind === 'join') this.#onRequest(from, cluster, body)
    } else if (this.#cluster !== undefined) {
      if (asksUs) this.#refuseForeign(from)
    } else if (body.kind === 'redirect') {
      this.#membership.onRedirect(body, this.#now)
    } else if (body.kind === 'welcome') {
      this.#cluster = cluster
      this.#joined = cluster
      this.#membership.onWelcome()
    }
  }

  #refuseForeign(from: NodeId): void {
    const reason = 'foreign-cluster'
    this.#send(from, { kind: 'refused', reason })
    this.#notice({ kind: 'refusing', id: from, reason })
  }

  #onRefused(from: NodeId, cluster: ClusterId | undefined, { reason }: Refused): void {
    if (reason !== 'not-up') this.#notice({ kind: 'refused', by: from, reason })
    if (cluster !== this.#cluster) return
    if (reason === 'not-up' && !this.#isUnfit) this.#membership.onNotUp(from)
    if (reason === 'forgotten' || reason === 'superseded') this.#ending = reason
  }

  /** Only the coordinator answers; the others say who that is. */
  #onRequest(from: NodeId, cluster: ClusterId | undefined, body: Beat | JoinRequest): void {
    if (this.#coordinator !== undefined) {
      this.#coordinator.receive(from, cluster, body, this.#now)
      return
    }
    const { leader, term } = this.#raft.standing
    if (leader === undefined || leader === from || this.#topology === undefined) return
    const member = findMember(this.#topology, leader)
    if (member === undefined) return
    const address = { host: member.host, port: member.busPort }
    this.#send(from, { kind: 'redirect', term, coordinator: leader, address })
  }

  #onConsensus(from: NodeId, { message }: Consensus): void {
    // A node may have been started anew, without its state, where another one was.
    if (this.#cluster === undefined || message.to !== this.self.id || message.from !== from) return
    this.#consensus({ kind: 'message', message })
  }

  #consensus(event: Event): Outcome | undefined {
    const effects = this.#raft.step(event, this.#now)
    if (effects.write !== undefined) this.#writes.push(effects.write)
    for (const message of effects.messages) this.#send(message.to, { kind: 'raft', message })
    if (effects.restored !== undefined) {
      this.#snapshotIndex = effects.restored.index
      this.#becomeTopology(decodeTopology(effects.restored.state))
    }
    for (const entry of effects.committed) this.#apply(entry)
    this.#follow(effects)
    if (effects.committed.length > 0) this.#coordinator?.onApplied(this.#now)
    if (effects.isCompactionDue && event.kind !== 'compact') this.#compact()
    return effects.outcome
  }

  /** Takes over what became of the leadership. */
  #follow({ standing, leaseUntil }: Effects): void {
    const { role, term } = this.#raft.standing
    if (role === 'leader') this.#leaderLeaseUntil = leaseUntil
    if (standing === undefined) return
    if (this.#coordinator !== undefined) {
      if (role === 'leader') return
      this.#coordinator = undefined
      this.#membership.endLeading(this.#now)
      this.#notice({ kind: 'no longer coordinating', term })
    } else if (role === 'leader') {
      this.#membership.beginLeading()
      const quorum = this.#quorum()
      this.#coordinator = new Coordinator(quorum, this.#options, this.#policy, this.#now)
      this.#notice({ kind: 'coordinating', term })
    }
  }

  #quorum(): Quorum {
    const machine = this
    return {
      id: this.self.id,
      get topology() {
        assert(machine.#topology !== undefined, 'a voter knows the topology')
        return machine.#topology
      },
      get configuration() {
        return machine.#raft.configuration
      },
      get applied() {
        return machine.#raft.applied
      },
      get predecessor() {
        const { predecessor } = machine.#raft
        return predecessor === machine.self.id ? undefined : predecessor
      },
      get leaseUntil() {
        return machine.#leaderLeaseUntil
      },
      propose: entry =>
        positionOf(this.#consensus({ kind: 'propose', bytes: encodeTopologyEntry(entry) })),
      reconfigure: (change: Change) => positionOf(this.#consensus({ kind: 'reconfigure', change })),
      transfer: to => positionOf(this.#consensus({ kind: 'transfer', to })) !== undefined,
      send: (to, body) => this.#send(to, body),
      notice: notice => this.#notice(notice),
    }
  }

  #apply(entry: Entry): void {
    assert(this.#topology !== undefined, 'a node is sent a snapshot before its first entry')
    if (entry.kind !== 'command') {
      this.#becomeTopology(applyCommitted(this.#topology, entry).topology)
      return
    }
    const decision = decodeTopologyEntry(entry.bytes)
    const { topology, refusal } = apply(this.#topology, decision)
    if (refusal !== undefined) return
    this.#becomeTopology(topology)
    if (this.#coordinator === undefined) return
    if (decision.kind === 'join') {
      const { id, incarnation } = decision.member
      this.#notice({ kind: 'member joined', id, incarnation })
    }
    if (decision.kind === 'remove') this.#notice({ kind: 'member removed', id: decision.id })
  }

  #becomeTopology(topology: Topology): void {
    const wasMember =
      this.#topology !== undefined && findMember(this.#topology, this.self.id) !== undefined
    this.#topology = topology
    if (wasMember && findMember(topology, this.self.id) === undefined) this.#ending = 'forgotten'
  }

  #compact(): void {
    assert(this.#topology !== undefined, 'what is compacted was applied')
    this.#snapshotIndex = this.#raft.applied
    this.#consensus({ kind: 'compact', state: encodeTopology(this.#topology) })
  }
}

const NO_LEASE: Lease = Object.freeze({ until: 0, epoch: 0 })

function positionOf(outcome: Outcome | undefined): number | undefined {
  return outcome?.kind === 'accepted' ? outcome.index : undefined
}
