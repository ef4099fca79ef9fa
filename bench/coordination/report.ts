// The tables of the coordination section, one per contest.
//
// The first row of each is ours; a ratio says how many times as much of the row's figure it has.
import { median, medianRatio } from '../statistics.ts'
import { formatTable } from '../table.ts'
import type { Contest } from './contests.ts'
import type { CoordinationRow } from './measure.ts'
import { LEASE_MS, type Report } from './orders.ts'

export const COORDINATION_NOTE = `Pairs of acquire and release over ioredis with a lease of ${LEASE_MS / 1000} s, all clients in one process. A
hand-over is timed from the call of release until another contender has the lock. A ratio is Latchkey's
figure by the row's: more is better for what is counted per second, and less for the rest.`

interface Metric {
  readonly title: string
  readonly of: (report: Report) => number
  readonly digits: number
}

function metricsOf({ unit, isContended }: Contest): readonly Metric[] {
  const metrics: Metric[] = [{ title: unit, of: r => r.operations / r.seconds, digits: 0 }]
  if (isContended) {
    metrics.push(
      { title: 'hand-overs/s', of: r => r.handOvers / r.seconds, digits: 0 },
      { title: 'p50 ms', of: r => r.p50Ms, digits: 3 },
      { title: 'p99 ms', of: r => r.p99Ms, digits: 3 },
      { title: 'longest wait ms', of: r => r.longestWaitMs, digits: 0 },
    )
  }
  const each = (cpuSeconds: number, { operations }: Report) =>
    (cpuSeconds * 1e6) / Math.max(operations, 1)
  return [
    ...metrics,
    { title: 'server CPU µs each', of: r => each(r.serverCpuSeconds, r), digits: 1 },
    { title: 'client CPU µs each', of: r => each(r.clientCpuSeconds, r), digits: 1 },
  ]
}

export function coordinationTables(rows: readonly CoordinationRow[]): string {
  const contests = [...new Set(rows.map(row => row.contest))]
  return contests
    .map(contest => {
      const entries = rows.filter(row => row.contest === contest)
      return `### ${contest.title}\n\n${contestTable(contest, entries)}`
    })
    .join('\n\n')
}

function contestTable(contest: Contest, rows: readonly CoordinationRow[]): string {
  const metrics = metricsOf(contest)
  const [ours] = rows
  const columns = ['client', ...metrics.flatMap(({ title }) => [`${title}:`, 'ratio:'])]
  const cells = rows.map(({ label, reports }) => [
    label,
    ...metrics.flatMap(({ of, digits }) => {
      const values = reports.map(of)
      return [median(values).toFixed(digits), ratioCell(ours!.reports.map(of), values)]
    }),
  ])
  return formatTable(columns, cells)
}

/** Round by round, so that what slows a whole round cancels out; nothing where there is nothing to divide by. */
function ratioCell(ours: readonly number[], theirs: readonly number[]): string {
  if (theirs.some(value => value === 0)) return ''
  const ratio = medianRatio(ours, theirs)
  return ratio.toFixed(ratio < 10 ? 2 : 0)
}
