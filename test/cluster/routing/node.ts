// A node of a cluster in the test's own process, with a view of the grid that the test sets.

import { readBackup } from '../../../cluster/routing/backup-read.ts'
import { ClusterState, type Operations } from '../../../cluster/routing/cluster-state.ts'
import { ClusterRouter } from '../../../cluster/routing/router.ts'
import type { TopologyEntry } from '../../../cluster/topology/entry.ts'
import { keySlot, SEGMENT_SHIFT } from '../../../src/keyspace/slot.ts'
import { type InProcessOptions, InProcessServer } from '../../harness/in-process.ts'
import { FakeView, nodeId, threeNodes } from './fake-view.ts'

export function slotOf(key: string): number {
  const bytes = Buffer.from(key, 'latin1')
  return keySlot(bytes, 0, bytes.length)
}

export function segmentOf(key: string): number {
  return slotOf(key) >>> SEGMENT_SHIFT
}

/** A key of a segment: the first of a row of names that falls there. */
export function keyIn(segment: number, prefix = 'key'): string {
  for (let i = 0; ; i++) {
    const key = `${prefix}:${i}`
    if (segmentOf(key) === segment) return key
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

export class RoutedServer extends InProcessServer {
  readonly view: FakeView
  readonly operations = new FakeOperations()
  readonly router: ClusterRouter
  readonly cluster: ClusterState
  /** Keeps what the node backs up. */
  readonly backup = new InProcessServer()

  constructor(options: InProcessOptions & { readonly view?: FakeView } = {}) {
    super({ ...options, isNode: true })
    this.view = options.view ?? new FakeView(1, threeNodes())
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
      link: () => undefined,
    })
    this.router = new ClusterRouter({
      server: this.server,
      view: this.view,
      readBackup: call => readBackup(this.backup.server, call),
    })
    this.server.routeBy(this.router, this.cluster)
  }
}
