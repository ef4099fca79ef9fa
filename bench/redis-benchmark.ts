// One run of redis-benchmark against one server, with the CPU time that the server spent on it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { parseBenchmarkCsv } from './benchmark-csv.ts'
import { selectionOf } from './cases.ts'
import { onClientCore } from './contender.ts'
import { cpuSeconds } from './process-clock.ts'

const CONNECTIONS = 50
export const RANDOM_KEYS = 1_000_000

export interface Load {
  readonly test: string
  readonly pipeline: number
  readonly requests: number
}

export interface Measurement {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMicrosPerCommand: number
}

const run = promisify(execFile)

export async function measure(
  server: { readonly port: number; readonly pid: number },
  load: Load,
): Promise<Measurement> {
  const [program, args] = onClientCore('redis-benchmark', [
    ...['-h', '127.0.0.1', '-p', String(server.port), '-c', String(CONNECTIONS)],
    ...['-n', String(load.requests), '-P', String(load.pipeline), '-r', String(RANDOM_KEYS)],
    ...['--csv', ...selectionOf(load.test)],
  ])
  const before = cpuSeconds(server.pid)
  const { stdout, stderr } = await run(program, args)
  const cpu = cpuSeconds(server.pid) - before
  // Before LRANGE it fills a list and reports that too; the test asked for is the last row.
  const row = parseBenchmarkCsv(stdout).at(-1)
  if (row === undefined) throw new Error(`redis-benchmark measured nothing: ${stdout}${stderr}`)
  return {
    requestsPerSecond: row.requestsPerSecond,
    p50Ms: row.p50Ms,
    p99Ms: row.p99Ms,
    cpuMicrosPerCommand: (cpu * 1e6) / load.requests,
  }
}
