// The cluster section: both clusters side by side, then growth.
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchOptions } from '../options.ts'
import { LatchkeyCluster, startRedisCluster } from './contenders.ts'
import { measureGrowth } from './growth.ts'
import { pacedSets } from './paced.ts'
import { growthTable, type PacedRow, pacedTable, setsTable } from './report.ts'
import { type ClusterThroughputRow, measureSets } from './throughput.ts'

const PIPELINES = [1, 16]
const PACED_PER_SECOND = 2_000
const PACED_KEYS = 100_000

export async function measureCluster(
  options: BenchOptions,
  progress: (line: string) => void,
): Promise<string> {
  const sets: ClusterThroughputRow[] = []
  const paced: PacedRow[] = []
  const clusters = [await startRedisCluster(), await LatchkeyCluster.start()]
  try {
    for (const pipeline of PIPELINES) {
      progress(`cluster, SET, pipeline ${pipeline}`)
      sets.push(...(await measureSets(clusters, pipeline, options.rounds, options.secondsPerRun)))
    }
    for (const { label, seeds } of clusters) {
      progress(`cluster, paced SETs, ${label}`)
      const until = sleep(options.secondsPerRun * 5_000)
      const load = { seeds, perSecond: PACED_PER_SECOND, keys: PACED_KEYS, until }
      paced.push({ label, perSecond: PACED_PER_SECOND, paced: await pacedSets(load) })
    }
  } finally {
    await Promise.all(clusters.map(cluster => cluster.stop()))
  }
  progress('cluster, a fourth node joins')
  const growth = await measureGrowth(options.memoryKeys, PACED_PER_SECOND)
  const pacedNote =
    'SETs paced by the clock through a stock ioredis Cluster, timed from when each was due.'
  return [
    setsTable(sets),
    pacedNote,
    pacedTable(paced),
    `${growth.keys} keys with values of 100 bytes, ${growth.perSecond} SETs a second meanwhile.`,
    growthTable(growth),
  ].join('\n\n')
}
