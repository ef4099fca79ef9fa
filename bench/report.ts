// The tables of the benchmark, from measurements to Markdown. Every figure is followed by its ratio to
// Redis's.
import type { LatencyRow } from './latency.ts'
import { READS_PER_SECOND, WRITES_PER_SECOND } from './latency.ts'
import type { MemoryRow } from './memory.ts'
import type { Measurement } from './redis-benchmark.ts'
import { median, medianRatio } from './statistics.ts'
import { formatTable } from './table.ts'
import type { ThroughputRow } from './throughput.ts'

interface Metric {
  readonly of: (measurement: Measurement) => number
  readonly format: (value: number) => string
}

const metrics: readonly Metric[] = [
  { of: m => m.requestsPerSecond, format: value => String(Math.round(value)) },
  { of: m => m.p50Ms, format: value => value.toFixed(3) },
  { of: m => m.p99Ms, format: value => value.toFixed(3) },
  { of: m => m.cpuMicrosPerCommand, format: value => value.toFixed(2) },
]

const THROUGHPUT_COLUMNS = [
  'test',
  'pipeline:',
  'server',
  ...[
    'requests/s:',
    'ratio:',
    'p50 ms:',
    'ratio:',
    'p99 ms:',
    'ratio:',
    'CPU µs/command:',
    'ratio:',
  ],
]

/** `reference` is the label of the server that all ratios refer to. */
export function throughputTable(rows: readonly ThroughputRow[], reference: string): string {
  const cells = rows.map(row => {
    const base = rows.find(
      other =>
        other.label === reference && other.test === row.test && other.pipeline === row.pipeline,
    )
    return [
      row.test,
      String(row.pipeline),
      row.label,
      ...metrics.flatMap(({ of, format }) => {
        const values = row.measurements.map(of)
        const ratio = base === undefined ? '' : ratioCell(values, base.measurements.map(of))
        return [format(median(values)), ratio]
      }),
    ]
  })
  return formatTable(THROUGHPUT_COLUMNS, cells)
}

export function memoryTable(rows: readonly MemoryRow[], reference: string): string {
  const columns = ['of', 'server', 'resident bytes:', 'ratio:', 'used_memory:', 'ratio:']
  const cells = rows.map(row => {
    const base = rows.find(({ filling, label }) => label === reference && filling === row.filling)
    return [
      `${row.count} ${row.filling}`,
      row.label,
      row.residentBytesEach.toFixed(1),
      ratioTo(row.residentBytesEach, base?.residentBytesEach),
      row.usedBytesEach.toFixed(1),
      ratioTo(row.usedBytesEach, base?.usedBytesEach),
    ]
  })
  return formatTable(columns, cells)
}

export function latencyTable(rows: readonly LatencyRow[], reference: string): string {
  const base = rows.find(row => row.label === reference)
  const columns = ['server', 'keys:', 'p50 ms:', 'p99 ms:', 'p99.9 ms:', 'ratio:', 'longest ms:']
  const cells = rows.map(row => [
    row.label,
    String(row.keys),
    row.p50Ms.toFixed(3),
    row.p99Ms.toFixed(3),
    row.p999Ms.toFixed(3),
    ratioTo(row.p999Ms, base?.p999Ms),
    row.maxMs.toFixed(1),
  ])
  return formatTable(columns, cells)
}

export const THROUGHPUT_NOTE = `\`redis-benchmark\` with 50 connections and a million random keys. Of requests/s more is better, of
the rest less.`

export const MEMORY_NOTE = 'What a server grows by, in bytes for each key or element.'

export const LATENCY_NOTE = `${READS_PER_SECOND} GETs and ${WRITES_PER_SECOND} SETs a second, paced by the clock, on a connection each;
every GET is timed from when it was due (bench/latency.ts).`

/** Round by round where there are rounds; CPU time can round to nothing in a short run. */
function ratioCell(values: readonly number[], references: readonly number[]): string {
  return references.some(reference => reference === 0) || values.length !== references.length
    ? ''
    : medianRatio(values, references).toFixed(2)
}

function ratioTo(value: number, reference: number | undefined): string {
  return reference === undefined || reference === 0 ? '' : (value / reference).toFixed(2)
}
