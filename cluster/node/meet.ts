// What CLUSTER MEET can do here. It names a node that should be in the same cluster.
//
// A node belongs to the cluster that it founded or joined, and takes up another life to change that:
// everything that serves its clients is made for one cluster. So a node is not brought in from
// here; it joins when it is started. Who is a member already has been met, as in Redis.

import { ReplyError } from '../../src/errors.ts'
import type { NodeId } from '../raft/configuration.ts'
import { findMember, type Topology } from '../topology/topology.ts'

/** Throws unless a member listens there for clients. */
export function meet(topology: Topology, self: NodeId, host: string, port: number): void {
  const isMember = topology.members.some(
    member => member.port === port && (member.host === host || member.hostname === host),
  )
  if (isMember) return
  const own = findMember(topology, self)
  const seed = own === undefined ? 'a member' : addressOf(own.host, own.port, own.busPort)
  throw new ReplyError(
    `ERR CLUSTER MEET does not bring a node in: start that one with --cluster-join ${seed}, ` +
      'without the cluster-state folder of its dir if it has a cluster of its own',
  )
}

/** As cluster-join takes it. */
function addressOf(host: string, port: number, busPort: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}@${busPort}`
}
