// The tables of the cluster section.
import { median, medianRatio, percentile } from '../statistics.ts'
import { formatTable } from '../table.ts'
import { type GrowthRow, p99 } from './growth.ts'
import type { Paced } from './paced.ts'
import type { ClusterThroughputRow } from './throughput.ts'

export const CLUSTER_NOTE = `All processes of a cluster share one core, so requests/s and CPU are those of the whole cluster, copies
included. Every answered SET of Latchkey is on two nodes; a Redis Cluster answers before its replica has it.`

/** The first row of each pipeline is what ratios refer to. */
export function setsTable(rows: readonly ClusterThroughputRow[]): string {
  const columns = ['pipeline:', 'cluster', 'SET/s:', 'ratio:', 'p99 ms:', 'CPU µs/SET:', 'ratio:']
  const cells = rows.map(({ label, pipeline, measurements }) => {
    const base = rows.find(row => row.pipeline === pipeline)!.measurements
    const rates = measurements.map(m => m.requestsPerSecond)
    const costs = measurements.map(m => m.cpuMicrosPerCommand)
    const baseRates = base.map(m => m.requestsPerSecond)
    const baseCosts = base.map(m => m.cpuMicrosPerCommand)
    return [
      ...[String(pipeline), label, median(rates).toFixed(0)],
      medianRatio(rates, baseRates).toFixed(2),
      median(measurements.map(m => m.p99Ms)).toFixed(3),
      ...[median(costs).toFixed(2), medianRatio(costs, baseCosts).toFixed(2)],
    ]
  })
  return formatTable(columns, cells)
}

export interface PacedRow {
  readonly label: string
  readonly perSecond: number
  readonly paced: Paced
}

export function pacedTable(rows: readonly PacedRow[]): string {
  const columns = ['cluster', 'SET/s:', 'p50 ms:', 'p99 ms:', 'longest ms:', 'errors:']
  const cells = rows.map(({ label, perSecond, paced: { latencies, errors } }) => [
    ...[label, String(perSecond)],
    ...[0.5, 0.99, 1].map(share => percentile(latencies, share).toFixed(2)),
    String(errors.length),
  ])
  return formatTable(columns, cells)
}

export function growthTable(row: GrowthRow): string {
  const { copiesMoved, copiesLeast, bytesSent, bytesLeast, calm, moving } = row
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
  return formatTable(
    ['a fourth node joins three', 'measured:', 'at best:', 'ratio:'],
    [
      ['copies of segments moved', ...against(copiesMoved, copiesLeast, value => String(value))],
      ['MiB sent, against keys and values', ...against(bytesSent, bytesLeast, mebibytes)],
      ['p99 ms while moving, and calm', ...against(p99(moving), p99(calm), ms => ms.toFixed(2))],
      ['errors', String(moving.errors.length), '0', ''],
      ['seconds until all is balanced', row.seconds.toFixed(1), '', ''],
    ],
  )
}

function against(value: number, best: number, format: (value: number) => string): string[] {
  return [format(value), format(best), (value / best).toFixed(2)]
}
