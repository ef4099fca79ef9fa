// cluster-of.ts — The cluster that a command is about, or Redis's error where there is none.

import type { Call } from '../../src/call.ts'
import type { Cluster } from '../../src/cluster.ts'
import { errors, ReplyError } from '../../src/errors.ts'

export function clusterOf(call: Call): Cluster {
  const { cluster } = call.server
  if (cluster === undefined) throw errors.clusterDisabled
  return cluster
}

/** Argument i as the id of a member. */
export function memberId(call: Call, i: number): string {
  const id = call.text(i)
  if (!clusterOf(call).knows(id)) throw new ReplyError(`ERR Unknown node ${id}`)
  return id
}
