// The real machines, as a simulation is given them.

import { Metadata } from '../../cluster/metadata/metadata.ts'
import { Replication } from '../../cluster/replication/replication.ts'
import { FrontEnd } from './front-end.ts'
import type { SimulatedNode } from './node.ts'
import { SimulatedStore } from './store.ts'
import type { Parts } from './world.ts'

export function partsOf(machines: {
  readonly Metadata: typeof Metadata
  readonly Replication: typeof Replication
}): Parts {
  return {
    Replication: machines.Replication,
    Store: SimulatedStore,
    FrontEnd,
    metadata(node: SimulatedNode): Metadata {
      const { world, disk, clock } = node
      const seeds = world.nodes.filter(other => other !== node).map(other => other.address)
      const setup = {
        self: node.introduction,
        cluster: disk.cluster,
        restored: disk.content,
        seeds,
        options: world.options.metadata,
        random: world.seeded.random,
      }
      return new machines.Metadata(setup, clock.read(world.timeline.now))
    },
  }
}

export const PRODUCTION: Parts = partsOf({ Metadata, Replication })
