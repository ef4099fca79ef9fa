// The command line of the benchmark.
import { parseArgs } from 'node:util'

export const SECTIONS = ['throughput', 'memory', 'latency', 'coordination', 'cluster'] as const
export type Section = (typeof SECTIONS)[number]

export interface BenchOptions {
  readonly sections: readonly Section[]
  /** Undefined: all that the server has commands for. */
  readonly tests: readonly string[] | undefined
  readonly pipelines: readonly number[]
  readonly rounds: number
  readonly secondsPerRun: number
  readonly memoryKeys: number
  readonly latencyKeys: number
  readonly latencySeconds: number
  /** A second Node.js to run Latchkey on. */
  readonly node: string | undefined
  /** Another server in Latchkey's place, as a command line to which `--port N` is appended. */
  readonly candidate: string | undefined
  /** A quick run is for the terminal only. */
  readonly writesResults: boolean
}

export const USAGE = `npm run bench -- [options]
  --tests set,get      tests of redis-benchmark (default: all that the server has commands for)
  --pipelines 1,16,64  commands per pipeline
  --rounds 5           runs per server, test and pipeline, of which the median counts
  --sections ${SECTIONS.join(',')}
  --node PATH          also measure Latchkey on this Node.js
  --candidate COMMAND  measure this server instead of Latchkey
  --quick              one short round, smaller data, no RESULTS.md`

export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      tests: { type: 'string' },
      pipelines: { type: 'string' },
      rounds: { type: 'string' },
      sections: { type: 'string' },
      node: { type: 'string' },
      candidate: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  })
  const { quick } = values
  const sections = values.sections?.split(',') ?? [...SECTIONS]
  const unknown = sections.find(name => !SECTIONS.some(section => section === name))
  if (unknown !== undefined) throw new Error(`--sections: no section ${unknown}`)
  return {
    sections: SECTIONS.filter(section => sections.includes(section)),
    tests: values.tests?.split(','),
    pipelines: (values.pipelines ?? '1,16,64').split(',').map(n => count('--pipelines', n)),
    rounds: count('--rounds', values.rounds ?? (quick ? '1' : '5')),
    secondsPerRun: quick ? 0.5 : 2,
    memoryKeys: quick ? 200_000 : 1_000_000,
    latencyKeys: quick ? 400_000 : 4_000_000,
    latencySeconds: quick ? 3 : 30,
    node: values.node,
    candidate: values.candidate,
    writesResults: !quick,
  }
}

function count(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 10_000) {
    throw new Error(`${option}: ${JSON.stringify(text)} is not a whole number from 1 to 10000`)
  }
  return value
}
