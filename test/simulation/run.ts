// Runs seeds on all cores: npm run simulate -- --seeds 100000 [--from 1] [--workers n]
// Replays one seed, with its journal:  npm run simulate -- --seed 4711 --log

import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { simulate } from './simulation.ts'
import { Tally } from './tally.ts'

interface Share {
  readonly from: number
  readonly count: number
  /** Seeds that were taken so far, for all workers to count up. */
  readonly taken: SharedArrayBuffer
}

const REPORT_MS = 10_000
/** Seeds between two messages of a worker. */
const BATCH = 8

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** What a worker does: takes the next seeds until there are no more. */
function work({ from, count, taken }: Share): void {
  const counter = new Int32Array(taken)
  for (;;) {
    const first = Atomics.add(counter, 0, BATCH)
    if (first >= count) return
    const tally = new Tally()
    for (let i = first; i < Math.min(first + BATCH, count); i++) tally.run(from + i)
    parentPort!.postMessage(tally.counts)
  }
}

function runOne(seed: number, isLogged: boolean): void {
  try {
    const { world, healedMs } = simulate(seed, undefined, undefined, isLogged ? print : undefined)
    print(`seed ${seed} is good: ${world.timeline.count} events, whole again after ${healedMs} ms`)
  } catch (error) {
    print(`seed ${seed} failed: ${error instanceof Error ? error.stack : error}`)
    process.exitCode = 1
  }
}

async function runMany(from: number, count: number, workers: number): Promise<void> {
  const tally = new Tally()
  const startedAt = performance.now()
  const report = () => print(tally.report((performance.now() - startedAt) / 1000))
  const timer = setInterval(report, REPORT_MS)
  const share: Share = { from, count, taken: new SharedArrayBuffer(4) }
  const ends: Promise<void>[] = []
  for (let i = 0; i < workers; i++) {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: share })
    worker.on('message', counts => {
      for (const failure of counts.failures) print(failure)
      tally.add(counts)
    })
    ends.push(
      new Promise((resolve, reject) => {
        worker.on('exit', () => resolve())
        worker.on('error', reject)
      }),
    )
  }
  await Promise.all(ends)
  clearInterval(timer)
  report()
  if (tally.counts.failures.length > 0) process.exitCode = 1
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      workers: { type: 'string', default: `${availableParallelism()}` },
      seed: { type: 'string' },
      log: { type: 'boolean', default: false },
    },
  })
  if (values.seed !== undefined) runOne(Number(values.seed), values.log)
  else await runMany(Number(values.from), Number(values.seeds), Number(values.workers))
}

if (isMainThread) await main()
else work(workerData as Share)
