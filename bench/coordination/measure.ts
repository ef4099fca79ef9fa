// The coordination section: every contest, round by round, each entry in a fresh process in turn.
//
// Redis and Latchkey run on the same core all the time, and the order of the turns is reversed from round
// to round, as in the throughput section.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Contender, onClientCore, startContender } from '../contender.ts'
import type { BenchOptions } from '../options.ts'
import { type Contest, contests } from './contests.ts'
import type { Report } from './orders.ts'

const worker = fileURLToPath(new URL('./worker.js', import.meta.url))
const run = promisify(execFile)

export interface CoordinationRow {
  readonly contest: Contest
  readonly label: string
  /** One per round. */
  readonly reports: readonly Report[]
}

export async function measureCoordination(
  redis: Contender,
  latchkey: Contender,
  options: BenchOptions,
  progress: (line: string) => void,
): Promise<CoordinationRow[]> {
  const servers = { redis: await startContender(redis), latchkey: await startContender(latchkey) }
  try {
    const rows: CoordinationRow[] = []
    for (const contest of contests) {
      const turns = contest.entries.map(entry => ({ entry, reports: [] as Report[] }))
      for (let round = 0; round < options.rounds; round += 1) {
        for (const { entry, reports } of round % 2 === 0 ? turns : turns.toReversed()) {
          progress(`${contest.title}, ${entry.label}`)
          const { port, pid } = servers[entry.server].server
          const order = { ...entry.task, port, pid, seconds: options.secondsPerRun }
          const [program, args] = onClientCore(process.execPath, [worker, JSON.stringify(order)])
          reports.push(JSON.parse((await run(program, args)).stdout) as Report)
        }
      }
      rows.push(...turns.map(({ entry, reports }) => ({ contest, label: entry.label, reports })))
    }
    return rows
  } finally {
    for (const { server } of Object.values(servers)) await server.stop()
  }
}
