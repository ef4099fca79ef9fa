import { describe, expect, it } from 'vitest'
import { parseBenchmarkCsv } from '../../bench/benchmark-csv.ts'

const HEADER =
  '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"'

describe('parseBenchmarkCsv', () => {
  it('reads the rows by the names of the columns', () => {
    const output = `${HEADER}\n"SET","952380.94","0.656","0.088","0.663","0.959","1.783","1.911"\n`
    expect(parseBenchmarkCsv(output)).toEqual([
      { test: 'SET', requestsPerSecond: 952380.94, p50Ms: 0.663, p99Ms: 1.783 },
    ])
  })

  it('keeps names with commas and brackets whole', () => {
    const output = `${HEADER}\n"MSET (10 keys, random)","1.00","1","1","2","3","4","5"\n`
    expect(parseBenchmarkCsv(output)[0]?.test).toBe('MSET (10 keys, random)')
  })

  it('keeps the row that fills the list for LRANGE before the row of LRANGE', () => {
    const rows = ['LPUSH (needed to benchmark LRANGE)', 'LRANGE_100 (first 100 elements)']
    const output = [HEADER, ...rows.map(name => `"${name}","5","1","1","2","3","4","5"`)].join('\n')
    expect(parseBenchmarkCsv(output).map(row => row.test)).toEqual(rows)
  })

  it('passes over lines that are no CSV', () => {
    const output = `WARNING: Could not fetch server CONFIG\n${HEADER}\n\n"GET","5","1","1","2","3","4","5"\n`
    expect(parseBenchmarkCsv(output)).toHaveLength(1)
  })

  it('refuses output without a header, or with a column missing', () => {
    expect(() => parseBenchmarkCsv('Error from server: ERR unknown command\n')).toThrow('no header')
    expect(() => parseBenchmarkCsv('"test","rps"\n"GET","5"\n')).toThrow('no p50_latency_ms')
    expect(() => parseBenchmarkCsv(`${HEADER}\n"GET","nan","1","1","2","3","4","5"\n`)).toThrow(
      'no rps',
    )
  })
})
