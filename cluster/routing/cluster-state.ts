// cluster-state.ts — What CLUSTER commands and INFO are told of the grid, and what they may ask for.
//
// Everything here is read from the view of the moment; what is asked for goes to the metadata plane
// as a proposal, and what became of it is seen in the topology later.

import type { Call } from '../../src/call.ts'
import type { Cluster, ClusterLink } from '../../src/cluster.ts'
import { ReplyError } from '../../src/errors.ts'
import type { Fact } from '../../src/info/sections.ts'
import { SLOTS } from '../../src/keyspace/slot.ts'
import type { Server } from '../../src/server.ts'
import type { ClusterView, SegmentRole } from '../node/view.ts'
import type { TopologyEntry } from '../topology/entry.ts'
import { primary } from '../topology/segment.ts'
import { findMember, SEGMENT_COUNT, SLOTS_PER_SEGMENT } from '../topology/topology.ts'
import { ClusterMap } from './cluster-map.ts'
import { topologyReport } from './topology-report.ts'

/** What the shell of the node knows beyond the view. */
export interface NodeFigures {
  /** Messages of all planes, to and from other nodes. */
  readonly messagesSent: number
  readonly messagesReceived: number
  links(): Iterable<ClusterLink>
  /** Further lines of CLUSTER INFO and INFO: transfers, lag, leases. */
  facts(): Fact[]
}

/** How the grid is told what an operator wants. */
export interface Operations {
  propose(entries: readonly TopologyEntry[]): void
  /** Joins another cluster. Throws ReplyError if this node has one already. */
  meet(host: string, port: number, busPort: number): void
}

export interface StateParts {
  readonly server: Server
  readonly view: ClusterView
  readonly figures: NodeFigures
  readonly operations: Operations
  /** Takes over a connection that another node has dialled. */
  readonly link: (call: Call) => void
}

const ROLES: readonly SegmentRole[] = ['serves', 'settles', 'backs up', 'elsewhere', 'lost']

export class ClusterState implements Cluster {
  readonly #parts: StateParts
  readonly #map: ClusterMap
  /** Of routing: commands that were turned away, put off, forwarded. */
  routingFacts: () => Fact[] = () => []

  constructor(parts: StateParts) {
    this.#parts = parts
    this.#map = new ClusterMap(parts.view.self)
  }

  get id(): string {
    return this.#parts.view.self
  }

  get #topology() {
    return this.#parts.view.topology
  }

  knows(id: string): boolean {
    return findMember(this.#topology, id) !== undefined
  }

  // The map

  slots(protocol: number): Buffer {
    const withBackups = this.#parts.server.config.values['cluster-advertise-backups']
    return this.#map.slots(this.#topology, protocol, withBackups)
  }

  shards(protocol: number): Buffer {
    return this.#map.shards(this.#topology, protocol)
  }

  nodes(protocol: number): Buffer {
    return this.#map.nodes(this.#topology, protocol)
  }

  topology(): string {
    return topologyReport(this.#topology)
  }

  // Figures

  state(): Fact[] {
    const { figures } = this.#parts
    const { epoch, members, segments } = this.#topology
    const lost = segments.filter(each => primary(each) === undefined).length * SLOTS_PER_SEGMENT
    const primaries = new Set(segments.map(each => primary(each) ?? each.owners[0]))
    return [
      ['cluster_state', this.#isAvailable ? 'ok' : 'fail'],
      ['cluster_slots_assigned', SLOTS],
      ['cluster_slots_ok', SLOTS - lost],
      ['cluster_slots_pfail', 0],
      ['cluster_slots_fail', lost],
      ['cluster_known_nodes', members.length],
      ['cluster_size', primaries.size],
      ['cluster_current_epoch', epoch],
      ['cluster_my_epoch', findMember(this.#topology, this.id)?.epoch ?? 0],
      ['cluster_stats_messages_sent', figures.messagesSent],
      ['cluster_stats_messages_received', figures.messagesReceived],
      ['total_cluster_links_buffer_limit_exceeded', 0],
      ...this.#ownFacts(),
    ]
  }

  facts(): Fact[] {
    return [
      ['cluster_state', this.#isAvailable ? 'ok' : 'fail'],
      ['cluster_node_id', this.id],
      ['cluster_current_epoch', this.#topology.epoch],
      ['cluster_known_nodes', this.#topology.members.length],
      ...this.#ownFacts(),
    ]
  }

  #ownFacts(): Fact[] {
    const { figures, view } = this.#parts
    const counts = new Map<SegmentRole, number>(ROLES.map(role => [role, 0]))
    for (let i = 0; i < SEGMENT_COUNT; i++) {
      const role = view.roleOf(i)
      counts.set(role, counts.get(role)! + 1)
    }
    return [
      ['cluster_lease_left_ms', this.#leaseLeftMs],
      ['cluster_segments_served', counts.get('serves')!],
      ['cluster_segments_settling', counts.get('settles')!],
      ['cluster_segments_kept', counts.get('backs up')!],
      ['cluster_segments_lost', counts.get('lost')!],
      ...this.#copyFacts(),
      ...this.routingFacts(),
      ...figures.facts(),
    ]
  }

  /** Of the whole cluster: while both are 0 any node may go, and every key has a copy elsewhere. */
  #copyFacts(): Fact[] {
    const { segments } = this.#topology
    const wanted = this.#parts.server.config.values['cluster-owners']
    const short = segments.filter(({ inSync }) => inSync.length < wanted)
    const moving = segments.filter(
      ({ owners, pending }) => pending.length > 0 || owners.length > wanted,
    )
    return [
      ['cluster_segments_short', short.length],
      ['cluster_segments_moving', moving.length],
    ]
  }

  get #leaseLeftMs(): number {
    const { server, view } = this.#parts
    const left = view.leaseUntil - server.monotonic
    return Number.isFinite(left) ? Math.max(0, Math.floor(left)) : 0
  }

  /**
   * ioredis turns away from a node that says `fail`, so that is said only once commands are no
   * longer worth waiting for here.
   */
  get #isAvailable(): boolean {
    const { server, view } = this.#parts
    const waits = server.config.values['cluster-park-timeout']
    return server.monotonic < view.leaseUntil + waits
  }

  links(): Iterable<ClusterLink> {
    return this.#parts.figures.links()
  }

  // Wishes

  meet(host: string, port: number, busPort: number): void {
    this.#parts.operations.meet(host, port, busPort)
  }

  drain(id: string): void {
    const member = findMember(this.#topology, id)
    if (member === undefined) throw new ReplyError(`ERR Unknown node ${id}`)
    if (member.isLeaving) return
    const isLast = this.#topology.members.every(other => other.id === id || other.isLeaving)
    if (isLast) throw new ReplyError('ERR the last node of a cluster cannot leave it')
    this.#parts.operations.propose([{ kind: 'leave', id, expects: member.epoch }])
  }

  /** An owner that is up may still have an old copy; else this node begins with nothing. */
  forgetSegments(segments: readonly number[]): void {
    const topology = this.#topology
    const entries = segments.map((number): TopologyEntry => {
      const segment = topology.segments[number]!
      if (primary(segment) !== undefined) {
        throw new ReplyError(`ERR Segment ${number} is not lost`)
      }
      const owner = segment.owners.find(id => findMember(topology, id)?.state === 'up')
      const id = owner ?? this.id
      const { epoch: expects } = segment
      return { kind: 'recover', segment: number, id, expects, isLossAccepted: true }
    })
    this.#parts.operations.propose(entries)
  }

  link(call: Call): void {
    this.#parts.link(call)
  }
}
