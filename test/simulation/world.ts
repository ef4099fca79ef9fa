// A whole cluster with its clients in one process, under a seed.
//
// The machines of both planes are the production ones, as `parts`, so that a test can put a broken
// one in their place. The cluster may begin in the middle of its life: `nodeCount` members that own
// every segment together, all in sync and empty; spare nodes stand by and join when they start.

import type { Address } from '../../cluster/metadata/message.ts'
import type { Metadata } from '../../cluster/metadata/metadata.ts'
import type { MetadataOptions } from '../../cluster/metadata/options.ts'
import type { NodeId } from '../../cluster/raft/configuration.ts'
import type { ReplicationOptions } from '../../cluster/replication/options.ts'
import type { Labels } from '../../cluster/topology/member.ts'
import { Seeded } from '../cluster/raft/seeded.ts'
import { nodeId } from '../cluster/raft/simulated-cluster.ts'
import { SimulatedClient } from './client.ts'
import type { ReplicationMachine } from './data-thread.ts'
import { found } from './founding.ts'
import type { FrontEnd } from './front-end.ts'
import { History } from './history.ts'
import { Invariants, Violation } from './invariants.ts'
import { Journal } from './journal.ts'
import { CALM_NETWORK, Network, type NetworkFaults } from './network.ts'
import { SimulatedNode } from './node.ts'
import type { Input, Output, Subject } from './objects.ts'
import type { SimulatedStore } from './store.ts'
import { Timeline } from './timeline.ts'

const LOOK_MS = 10

/** What the simulation is about: the real machines, or broken ones. */
export interface Parts {
  readonly Replication: ReplicationMachine
  readonly Store: new (clock: () => number, promoted: () => void) => SimulatedStore
  readonly FrontEnd: typeof FrontEnd
  metadata(node: SimulatedNode): Metadata
}

export interface WorldOptions {
  readonly nodeCount: number
  readonly spareCount: number
  readonly clientCount: number
  /** Clients wait up to so long between an answer and the next question. */
  readonly thinkMsMax: number
  /** The others are lost from the start. Undefined for all of them. */
  readonly liveSegments: ReadonlySet<number> | undefined
  readonly subjects: readonly Subject[]
  readonly clockDrift: number
  readonly faults: NetworkFaults
  readonly labelsOf: (place: number) => Labels
  readonly metadata: MetadataOptions
  readonly replication: ReplicationOptions
}

export class World {
  readonly timeline = new Timeline()
  readonly seeded: Seeded
  readonly journal: Journal
  readonly network: Network
  readonly invariants: Invariants
  readonly options: WorldOptions
  readonly parts: Parts
  readonly nodes: readonly SimulatedNode[]
  readonly clients: readonly SimulatedClient[]
  readonly history = new History<Input, Output>()
  /** Called when a node has given a candidate its vote. */
  voted: (node: SimulatedNode) => void = () => undefined
  readonly #byId = new Map<NodeId, SimulatedNode>()
  #idCount = 0

  constructor(seed: number, options: WorldOptions, parts: Parts, journal = new Journal()) {
    this.seeded = new Seeded(seed)
    this.options = options
    this.parts = parts
    this.journal = journal
    const { nodeCount, spareCount, clientCount, faults, labelsOf } = options
    const machineCount = nodeCount + spareCount
    const placeCount = machineCount + clientCount
    this.network = new Network(this.timeline, this.seeded, placeCount, CALM_NETWORK)
    this.invariants = new Invariants(this)
    this.nodes = Array.from(
      { length: machineCount },
      (_, place) => new SimulatedNode(this, place, this.newId(), labelsOf(place)),
    )
    this.clients = Array.from({ length: clientCount }, (_, number) => {
      return new SimulatedClient(this, `c${number}`, machineCount + number, this.history)
    })
    for (const node of this.nodes) this.#byId.set(node.id, node)
    found(this.nodes.slice(0, nodeCount))
    this.network.faults = faults
  }

  get subjects(): readonly Subject[] {
    return this.options.subjects
  }

  get running(): readonly SimulatedNode[] {
    return this.nodes.filter(node => node.process !== undefined)
  }

  newId(): NodeId {
    return nodeId(++this.#idCount)
  }

  /** The machine that has this identity now. */
  readonly find = (id: NodeId): SimulatedNode | undefined => this.#byId.get(id)

  /** A machine has taken a new identity in the place of an old one. */
  renamed(node: SimulatedNode, old: NodeId): void {
    this.#byId.delete(old)
    this.#byId.set(node.id, node)
  }

  listening({ host }: Address): SimulatedNode | undefined {
    return this.nodes.find(node => node.address.host === host)
  }

  nameOf(id: NodeId): string {
    return this.find(id)?.name ?? id.slice(-4)
  }

  run(ms: number): void {
    this.timeline.runUntil(this.timeline.now + ms)
  }

  /** Runs until the condition holds; a violation if it does not within the time. */
  runUntil(condition: () => boolean, msMax: number, what: string): void {
    const until = this.timeline.now + msMax
    while (!condition()) {
      if (this.timeline.now >= until) throw new Violation(`not within ${msMax} ms: ${what}`)
      this.run(LOOK_MS)
    }
  }
}
