// `redis-benchmark --cluster` with SETs: how many a second, and what one costs the whole cluster.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { parseBenchmarkCsv } from '../benchmark-csv.ts'
import { onClientCore } from '../contender.ts'
import { type Measurement, RANDOM_KEYS } from '../redis-benchmark.ts'
import type { RunningCluster } from './contenders.ts'

const CONNECTIONS = 50
const PROBE_PIPELINES = 2000
/** Until the code of all three nodes is compiled: with fewer a SET costs twice as much. */
const WARM_UP_REQUESTS = 200_000
const run = promisify(execFile)

export interface ClusterThroughputRow {
  readonly label: string
  readonly pipeline: number
  /** One per round. */
  readonly measurements: readonly Measurement[]
}

/** The clusters take turns, in an order that is reversed from round to round. */
export async function measureSets(
  clusters: readonly RunningCluster[],
  pipeline: number,
  rounds: number,
  seconds: number,
): Promise<ClusterThroughputRow[]> {
  const turns: { cluster: RunningCluster; requests: number; measurements: Measurement[] }[] = []
  for (const cluster of clusters) {
    await runSets(cluster, pipeline, WARM_UP_REQUESTS)
    const warm = await runSets(cluster, pipeline, PROBE_PIPELINES * pipeline)
    const requests = Math.ceil(warm.requestsPerSecond * seconds)
    turns.push({ cluster, requests, measurements: [] })
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
      turn.measurements.push(await runSets(turn.cluster, pipeline, turn.requests))
    }
  }
  return turns.map(({ cluster: { label }, measurements }) => ({ label, pipeline, measurements }))
}

async function runSets(
  cluster: RunningCluster,
  pipeline: number,
  requests: number,
): Promise<Measurement> {
  const { host, port } = cluster.seeds[0]!
  const [program, args] = onClientCore('redis-benchmark', [
    ...['--cluster', '-h', host, '-p', String(port), '-c', String(CONNECTIONS), '-t', 'set'],
    ...['-n', String(requests), '-P', String(pipeline), '-r', String(RANDOM_KEYS), '--csv'],
  ])
  const before = cluster.cpuSeconds()
  const { stdout, stderr } = await run(program, args)
  const cpu = cluster.cpuSeconds() - before
  const row = parseBenchmarkCsv(stdout).at(-1)
  if (row === undefined) throw new Error(`redis-benchmark measured nothing: ${stdout}${stderr}`)
  const { requestsPerSecond, p50Ms, p99Ms } = row
  return { requestsPerSecond, p50Ms, p99Ms, cpuMicrosPerCommand: (cpu * 1e6) / requests }
}
