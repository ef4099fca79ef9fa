// Requests per second, latency and CPU per command of every contender, test and pipeline depth.
//
// The contenders run all the time and take turns: within one test and depth each is measured once per
// round, in an order that is reversed from one round to the next. So a machine that slows down slows them
// all, and the ratios, taken round by round, hardly notice.
import { RespClient } from '../test/harness/resp-client.ts'
import { benchmarkCommands, runnableCases } from './cases.ts'
import { type Contender, type RunningContender, startContender } from './contender.ts'
import { loadKeys } from './loader.ts'
import type { BenchOptions } from './options.ts'
import { type Measurement, measure, RANDOM_KEYS } from './redis-benchmark.ts'

/** redis-benchmark's own size of a value. */
const VALUE_BYTES = 3
/** Enough to see how fast a test is, between PING and LRANGE a factor of 500. */
const PROBE_PIPELINES = 1000
const WARM_UP_SECONDS = 0.5

export interface ThroughputRow {
  readonly test: string
  readonly pipeline: number
  readonly label: string
  /** One per round. */
  readonly measurements: readonly Measurement[]
}

export async function measureThroughput(
  contenders: readonly Contender[],
  options: BenchOptions,
  progress: (line: string) => void,
): Promise<ThroughputRow[]> {
  const running: RunningContender[] = []
  try {
    for (const contender of contenders) {
      const started = await startContender(contender)
      running.push(started)
      await loadKeys(started.server.port, RANDOM_KEYS, VALUE_BYTES)
    }
    const rows: ThroughputRow[] = []
    for (const { name } of runnableCases(options.tests, await commandsOfAll(running))) {
      for (const pipeline of options.pipelines) {
        progress(`${name}, pipeline ${pipeline}`)
        rows.push(...(await measureInTurns(running, name, pipeline, options)))
      }
    }
    return rows
  } finally {
    for (const { server } of running) await server.stop()
  }
}

async function measureInTurns(
  running: readonly RunningContender[],
  test: string,
  pipeline: number,
  options: BenchOptions,
): Promise<ThroughputRow[]> {
  const turns: { contender: RunningContender; requests: number; measurements: Measurement[] }[] = []
  for (const contender of running) {
    const probe = { test, pipeline, requests: PROBE_PIPELINES * pipeline }
    const { requestsPerSecond } = await measure(contender.server, probe)
    const warmUp = { test, pipeline, requests: Math.ceil(requestsPerSecond * WARM_UP_SECONDS) }
    const warm = await measure(contender.server, warmUp)
    const requests = Math.ceil(warm.requestsPerSecond * options.secondsPerRun)
    turns.push({ contender, requests, measurements: [] })
  }
  for (let round = 0; round < options.rounds; round += 1) {
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
      const load = { test, pipeline, requests: turn.requests }
      turn.measurements.push(await measure(turn.contender.server, load))
    }
  }
  return turns.map(({ contender, measurements }) => ({
    test,
    pipeline,
    label: contender.label,
    measurements,
  }))
}

/** The commands, of those that redis-benchmark uses, that every contender has. */
async function commandsOfAll(running: readonly RunningContender[]): Promise<Set<string>> {
  const shared = new Set(benchmarkCommands)
  for (const { server } of running) {
    const client = await RespClient.connect(server.port)
    const rows = await client.call('COMMAND', 'INFO', ...benchmarkCommands)
    if (!Array.isArray(rows)) throw new Error('the server does not know COMMAND INFO')
    benchmarkCommands.forEach((name, i) => {
      if (rows[i] === null) shared.delete(name)
    })
    await client.close()
  }
  return shared
}
