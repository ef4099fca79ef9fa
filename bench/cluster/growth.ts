// A fourth node joins three that hold data and serve: what is moved against the least that would do,
// and what an application notices.
import { setTimeout as sleep } from 'node:timers/promises'
import type { GridReport } from '../../test/cluster/processes/grid-report.ts'
import type { NodeProcess } from '../../test/cluster/processes/node-process.ts'
import { percentile } from '../statistics.ts'
import { LatchkeyCluster, PRIMARIES } from './contenders.ts'
import { fill, payloadBytes } from './fill.ts'
import { type Paced, pacedSets, WARM_UP_MS } from './paced.ts'

const CALM_MS = 5_000
const SETTLE_TIMEOUT_MS = 120_000
const SEGMENTS = 256
const OWNERS = 2

export interface GrowthRow {
  readonly keys: number
  readonly perSecond: number
  readonly copiesMoved: number
  readonly copiesLeast: number
  readonly bytesSent: number
  /** The keys and values of as many segments, without anything around them. */
  readonly bytesLeast: number
  readonly seconds: number
  readonly calm: Paced
  readonly moving: Paced
}

export async function measureGrowth(keys: number, perSecond: number): Promise<GrowthRow> {
  const cluster = await LatchkeyCluster.start()
  const { processes } = cluster
  try {
    await fill(cluster.seeds, keys)
    const load = { seeds: cluster.seeds, perSecond, keys }
    const calm = await pacedSets({ ...load, until: sleep(CALM_MS + WARM_UP_MS) })
    const before = await processes.report(processes.nodes[0]!)
    const sentBefore = await stateBytesSent(processes.nodes)
    let startedAt = Number.POSITIVE_INFINITY
    let seconds = 0
    // That a fourth process starts on the same core is no matter of moving, so the clock starts later.
    const grown = async () => {
      await sleep(WARM_UP_MS)
      await processes.add()
      startedAt = performance.now()
      const report = await processes.stable(PRIMARIES + 1, SETTLE_TIMEOUT_MS)
      seconds = (performance.now() - startedAt) / 1000
      return report
    }
    const growing = grown()
    const counts = () => performance.now() >= startedAt
    const moving = await pacedSets({ ...load, until: growing, counts })
    const after = await growing
    const bytesSent = (await stateBytesSent(processes.nodes)) - sentBefore
    const copiesMoved = newCopies(before, after)
    const copiesLeast = (SEGMENTS * OWNERS) / (PRIMARIES + 1)
    return {
      ...{ keys, perSecond, copiesMoved, copiesLeast, bytesSent, seconds, calm, moving },
      bytesLeast: (payloadBytes(keys) * copiesLeast) / SEGMENTS,
    }
  } finally {
    await cluster.stop()
  }
}

export const p99 = ({ latencies }: Paced) => percentile(latencies, 0.99)

/** Copies that are where none was before. */
function newCopies(before: GridReport, after: GridReport): number {
  const had = copies(before)
  return [...copies(after)].filter(copy => !had.has(copy)).length
}

function copies({ segments }: GridReport): Set<string> {
  const found = new Set<string>()
  for (const { first, last, owners } of segments) {
    for (let segment = first; segment <= last; segment += 1) {
      for (const owner of owners) found.add(`${segment} ${owner}`)
    }
  }
  return found
}

async function stateBytesSent(nodes: readonly NodeProcess[]): Promise<number> {
  let total = 0
  for (const node of nodes) {
    const info = String(await node.ask('CLUSTER', 'INFO'))
    total += Number(/^cluster_state_bytes_sent:(\d+)/m.exec(info)?.[1])
  }
  return total
}
