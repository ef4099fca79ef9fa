// How long the keys of one node could not be written: from the moment of a fault to the first write
// that is acknowledged, whoever acknowledges it.
//
// It asks all other nodes at once and again and again, as many impatient clients would, and has no
// opinion of its own about who is to answer.

import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { segmentOfKey } from '../../../src/keyspace/slot.ts'
import { RespClient } from '../../harness/resp-client.ts'
import { primaryOf } from './grid-report.ts'
import type { NodeProcess } from './node-process.ts'
import type { ProcessCluster } from './process-cluster.ts'

const KEYS = 3
const KEY_TRIES_MAX = 100_000
const ASK_PAUSE_MS = 5
export const OUTAGE_MS_MAX = 15_000

/** Keys whose primary is the node. */
export async function keysServedBy(
  cluster: ProcessCluster,
  node: NodeProcess,
  count = KEYS,
): Promise<string[]> {
  const report = await cluster.report(node)
  const id = cluster.idOf(report, node)
  const keys: string[] = []
  for (let i = 0; keys.length < count && i < KEY_TRIES_MAX; i++) {
    const key = `outage:${i}`
    if (primaryOf(report, segmentOfKey(key)) === id) keys.push(key)
  }
  if (keys.length < count) throw new Error(`${node.name} serves nothing`)
  return keys
}

export interface Outage {
  /** When it was brought about, of `performance.now()`. */
  readonly faultAt: number
  /** From then on until all of the keys were written again. */
  readonly ms: number
}

export async function outageOf(
  cluster: ProcessCluster,
  node: NodeProcess,
  fault: () => void | Promise<void>,
): Promise<Outage> {
  const keys = await keysServedBy(cluster, node)
  const others = cluster.running.filter(each => each !== node)
  const lanes = await Promise.all(
    keys.flatMap(key =>
      others.map(async other => ({ key, client: await RespClient.connect(other.address) })),
    ),
  )
  const firstAt = new Map<string, number>()
  const faultAt = performance.now()
  await fault()
  const ask = async ({ key, client }: (typeof lanes)[number]) => {
    while (!firstAt.has(key)) {
      if (performance.now() > faultAt + OUTAGE_MS_MAX) return
      const reply = await client.call('SET', key, 'written').catch(() => undefined)
      if (reply === undefined) return
      if (reply === 'OK' && !firstAt.has(key)) firstAt.set(key, performance.now())
      else await sleep(ASK_PAUSE_MS)
    }
  }
  try {
    await Promise.all(lanes.map(ask))
  } finally {
    await Promise.all(lanes.map(({ client }) => client.close()))
  }
  if (firstAt.size < keys.length) {
    throw new Error(`keys of ${node.name} were not served again within ${OUTAGE_MS_MAX} ms`)
  }
  return { faultAt, ms: Math.max(...firstAt.values()) - faultAt }
}
