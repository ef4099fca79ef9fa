// What CLUSTER INFO, CLUSTER LINKS and INFO tell of this node beyond the topology.

import type { ClusterLink } from '../../src/cluster.ts'
import type { Fact } from '../../src/info/sections.ts'
import type { ThreadPort } from '../metadata/thread-port.ts'
import type { NodeFigures } from '../routing/cluster-state.ts'
import type { ClusterNode } from './node.ts'

export class NodeReport implements NodeFigures {
  readonly #node: ClusterNode
  readonly #port: ThreadPort

  constructor(node: ClusterNode, port: ThreadPort) {
    this.#node = node
    this.#port = port
  }

  get messagesSent(): number {
    return this.#node.framesSent + sum(this.#port.status?.sent)
  }

  get messagesReceived(): number {
    return this.#node.framesReceived + sum(this.#port.status?.received)
  }

  links(): Iterable<ClusterLink> {
    return this.#node.links.list()
  }

  facts(): Fact[] {
    const { status } = this.#port
    const { replication } = this.#node
    return [
      ['cluster_quorum_role', status?.role ?? 'unknown'],
      ['cluster_quorum_term', status?.term ?? 0],
      ['cluster_quorum_leader', status?.leader ?? ''],
      ['cluster_quorum_voters', status?.configuration.voters.length ?? 0],
      ['cluster_segments_leaving', replication.transferring],
      ['cluster_entries_open', replication.openEntries],
      ['cluster_entries_open_bytes', replication.openBytes],
      ['cluster_state_bytes_sent', replication.stateBytesSent],
      ['cluster_state_bytes_received', replication.stateBytesReceived],
    ]
  }
}

function sum(counts: ReadonlyMap<string, number> | undefined): number {
  let total = 0
  for (const count of counts?.values() ?? []) total += count
  return total
}
