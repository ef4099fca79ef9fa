// A node that has a cluster of its own, and was told to join another one.
//
// It happens when a node is started once without seeds: it founds a cluster, and from then on its
// directory says so. Started again with seeds it would go on alone, beside the cluster that it was
// meant for, and both would serve every slot. Therefore a node without other members asks its seeds
// before it serves, and does not start if one of them belongs elsewhere. A seed that does not
// answer stops nobody: a founder must be able to start while the others are down.

import net from 'node:net'
import type { Restored } from '../raft/raft.ts'
import { applyCommitted } from '../topology/apply.ts'
import { decodeTopology } from '../topology/codec.ts'
import { BusConnection, type Own } from './bus-connection.ts'
import { ForeignCluster } from './bus-frame.ts'
import type { Address } from './message.ts'

export class OwnCluster extends Error {
  override readonly name = 'OwnCluster'
}

/** Fails with OwnCluster. Takes no longer than a handshake may. */
export async function assertNotElsewhere(
  own: Own,
  restored: Restored,
  seeds: readonly Address[],
  directory: string,
): Promise<void> {
  if (!hasNobodyElse(restored)) return
  const answers = await Promise.all(seeds.map(seed => isElsewhere(own, seed)))
  const seed = seeds[answers.indexOf(true)]
  if (seed === undefined) return
  throw new OwnCluster(
    `this node has a cluster of its own and cannot join that of ${seed.host}, bus port ${seed.port}; ` +
      `remove ${directory} and it joins, or cluster-join and it stays alone`,
  )
}

/** As far as the disk tells, committed or not. */
function hasNobodyElse({ snapshot, entries }: Restored): boolean {
  if (snapshot === undefined) return false
  let topology = decodeTopology(snapshot.state)
  for (const entry of entries) topology = applyCommitted(topology, entry).topology
  return topology.members.length === 1
}

function isElsewhere(own: Own, { host, port }: Address): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ host, port })
    const connection = new BusConnection(socket, 'dialler', () => own, {
      open: () => connection.close(),
      message: () => undefined,
      closed: (_, error) => resolve(error instanceof ForeignCluster),
    })
  })
}
