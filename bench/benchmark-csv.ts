// What `redis-benchmark --csv` prints: a header that names the columns, then a row per test, every field
// in quotes. Other lines (warnings) come between them and are passed over.
//
// CSV and not -q, because Debian's redis-benchmark gives percentiles in no other machine-readable form.

export interface BenchmarkRow {
  readonly test: string
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export function parseBenchmarkCsv(output: string): BenchmarkRow[] {
  const records = output
    .split('\n')
    .filter(line => line.startsWith('"'))
    .map(parseRecord)
  const [header, ...rows] = records
  if (header?.[0] !== 'test')
    throw new Error(`no header in the output of redis-benchmark: ${output}`)
  const column = (row: readonly string[], name: string): number => {
    const field = row[header.indexOf(name)]
    const value = Number(field)
    if (field === undefined || field === '' || Number.isNaN(value)) {
      throw new Error(`no ${name} in the output of redis-benchmark: ${row.join(',')}`)
    }
    return value
  }
  return rows.map(row => ({
    test: row[0]!,
    requestsPerSecond: column(row, 'rps'),
    p50Ms: column(row, 'p50_latency_ms'),
    p99Ms: column(row, 'p99_latency_ms'),
  }))
}

/** Names hold commas and brackets, as in "MSET (10 keys)", but never quotes. */
function parseRecord(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"/g)].map(match => match[1]!)
}
