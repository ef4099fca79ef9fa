// A node of a cluster in the test's own process, with a view of the grid that the test sets.

import { Door } from '../../../cluster/node/door.ts'
import { readBackup } from '../../../cluster/routing/backup-read.ts'
import { ClusterState, type Operations } from '../../../cluster/routing/cluster-state.ts'
import { becomeForwarded } from '../../../cluster/routing/forward-door.ts'
import { ClusterRouter } from '../../../cluster/routing/router.ts'
import type { TopologyEntry } from '../../../cluster/topology/entry.ts'
import type { Topology } from '../../../cluster/topology/topology.ts'
import { keySlot, segmentOfKey } from '../../../src/keyspace/slot.ts'
import { type InProcessOptions, InProcessServer } from '../../harness/in-process.ts'
import { FakeChannel, FakeNetwork } from './fake-network.ts'
import { FakeView, nodeId, threeNodes } from './fake-view.ts'

export function slotOf(key: string): number {
  const bytes = Buffer.from(key, 'latin1')
  return keySlot(bytes, 0, bytes.length)
}

/** A key of a segment: the first of a row of names that falls there. */
export function keyIn(segment: number, prefix = 'key'): string {
  for (let i = 0; ; i++) {
    const key = `${prefix}:${i}`
    if (segmentOfKey(key) === segment) return key
  }
}

/** What operators have asked the grid for. */
export class FakeOperations implements Operations {
  readonly proposed: TopologyEntry[] = []
  readonly met: (readonly [host: string, port: number, busPort: number])[] = []

  propose(entries: readonly TopologyEntry[]): void {
    this.proposed.push(...entries)
  }

  meet(host: string, port: number, busPort: number): void {
    this.met.push([host, port, busPort])
  }
}

export interface RoutedOptions extends InProcessOptions {
  readonly view?: FakeView
  readonly network?: FakeNetwork
  readonly secret?: string
}

export class RoutedServer extends InProcessServer {
  readonly view: FakeView
  readonly channel = new FakeChannel()
  readonly operations = new FakeOperations()
  readonly router: ClusterRouter
  readonly cluster: ClusterState
  /** Keeps what the node backs up. */
  readonly backup = new InProcessServer()
  #nonces = 0

  constructor(options: RoutedOptions = {}) {
    super({ ...options, isNode: true })
    const { network = new FakeNetwork(), secret = 'secret' } = options
    this.view = options.view ?? new FakeView(1, threeNodes())
    const nonce = () => (++this.#nonces).toString(16)
    const door = new Door({ clusterId: 'c', secret, nonce, accept: () => undefined })
    door.open('FORWARD', call => becomeForwarded(call, secret !== ''))
    this.cluster = new ClusterState({
      server: this.server,
      view: this.view,
      figures: {
        messagesSent: 5,
        messagesReceived: 7,
        links: () => [{ direction: 'to', node: nodeId(2), createdAt: 1000, unsentBytes: 0 }],
        facts: () => [['cluster_transfers', 0]],
      },
      operations: this.operations,
      link: call => door.enter(call),
    })
    this.router = new ClusterRouter({
      server: this.server,
      view: this.view,
      channel: this.channel,
      dialler: network.dialler(),
      secret,
      nonce,
      readBackup: call => readBackup(this.backup.server, call),
    })
    this.cluster.routingFacts = () => this.router.facts()
    this.server.routeBy(this.router, this.cluster)
  }
}

/** Several nodes with the same topology, and the network between them. */
export class RoutedCluster {
  readonly network = new FakeNetwork()
  readonly nodes: readonly RoutedServer[]

  constructor(topology: Topology = threeNodes(), options: RoutedOptions = {}) {
    this.nodes = topology.members.map((member, i) => {
      const view = new FakeView(i + 1, topology)
      const node = new RoutedServer({ ...options, view, network: this.network })
      this.network.add(`${member.host}:${member.port}`, member.id, node.server, node.channel)
      return node
    })
  }

  /** Nodes are numbered from 1, as their ids. */
  node(number: number): RoutedServer {
    return this.nodes[number - 1]!
  }

  set topology(topology: Topology) {
    for (const { view } of this.nodes) view.topology = topology
  }

  settle(): void {
    this.network.settle()
  }

  /** Time passes at all nodes. */
  advance(milliseconds: number): void {
    for (const node of this.nodes) node.clock.advance(milliseconds)
    for (const { server } of this.nodes) {
      server.wake()
      server.cron()
    }
    this.settle()
  }
}
