// The cluster clients that the grid promises to work with, in their majors, behind one face.
//
// `stock` is what somebody has who reads the library's first example. `careful` clients never repeat
// on their own what may have been executed already, so that a history knows what was done how
// often, and they look for a new map when a node falls silent.

import { Cluster as Cluster5 } from 'ioredis'
import { Cluster as Cluster6 } from 'ioredis-6'
import { createCluster as createCluster6 } from 'redis'
import { createCluster as createCluster5 } from 'redis-5'
import type { AnyRedis } from '../../../src/client/index.ts'
import type { Address } from './place.ts'

export interface ClusterClient {
  readonly name: string
  /** For what is built on it. */
  readonly redis: AnyRedis
  call(key: string, ...words: readonly string[]): Promise<unknown>
  close(): void
}

export type Manners = 'stock' | 'careful'

type Connect = (seeds: readonly Address[], manners: Manners) => Promise<ClusterClient>

const REFRESH_MS = 500
const SILENCE_MS = 1_500

const carefulIoredis = {
  // A command whose connection closed may have been executed.
  retryDelayOnFailover: 0,
  slotsRefreshInterval: REFRESH_MS,
}

const carefulNodeRedis = {
  socket: { connectTimeout: SILENCE_MS, socketTimeout: SILENCE_MS },
}

/** Connections come and go in these tests; commands say what it meant to them. */
function ignore(): void {}

function destroy(cluster: { destroy(): void }): void {
  try {
    cluster.destroy()
  } catch {
    // It throws if the connection to one of the nodes has ended by itself. What is left goes with
    // the process.
  }
}

export const clusterClients: readonly (readonly [name: string, connect: Connect])[] = [
  [
    'ioredis 5',
    async (seeds, manners) => {
      const cluster = new Cluster5([...seeds], manners === 'careful' ? carefulIoredis : {})
      cluster.on('error', ignore)
      return {
        name: `${manners} ioredis 5`,
        redis: cluster,
        call: (_, ...words) => cluster.call(...(words as [string, ...string[]])),
        close: () => cluster.disconnect(),
      }
    },
  ],
  [
    'ioredis 6',
    async (seeds, manners) => {
      const cluster = new Cluster6([...seeds], manners === 'careful' ? carefulIoredis : {})
      cluster.on('error', ignore)
      return {
        name: `${manners} ioredis 6`,
        redis: cluster,
        call: (_, ...words) => cluster.call(...(words as [string, ...string[]])),
        close: () => cluster.disconnect(),
      }
    },
  ],
  [
    'node-redis 5',
    async (seeds, manners) => {
      const cluster = createCluster5({
        rootNodes: seeds.map(socket => ({ socket })),
        ...(manners === 'careful' ? { defaults: carefulNodeRedis } : {}),
      })
      cluster.on('error', ignore)
      await cluster.connect()
      return {
        name: `${manners} node-redis 5`,
        redis: cluster,
        call: (key, ...words) => cluster.sendCommand(key, false, [...words]),
        close: () => destroy(cluster),
      }
    },
  ],
  [
    'node-redis 6',
    async (seeds, manners) => {
      const cluster = createCluster6({
        rootNodes: seeds.map(socket => ({ socket })),
        ...(manners === 'careful' ? { defaults: carefulNodeRedis } : {}),
      })
      cluster.on('error', ignore)
      await cluster.connect()
      return {
        name: `${manners} node-redis 6`,
        redis: cluster,
        call: (key, ...words) => cluster.sendCommand(key, false, [...words]),
        close: () => destroy(cluster),
      }
    },
  ],
]
