// `npm run bench`: Latchkey beside a real Redis, on the same core in turns. Prints the tables, and writes
// them to RESULTS.md with what they depend on: machine, versions, commit.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../test/harness/repository-root.ts'
import { measureCluster } from './cluster/measure.ts'
import { CLUSTER_NOTE } from './cluster/report.ts'
import {
  type Contender,
  latchkeyContender,
  moveToClientCore,
  namedContender,
  redisContender,
} from './contender.ts'
import { measureCoordination } from './coordination/measure.ts'
import { COORDINATION_NOTE, coordinationTables } from './coordination/report.ts'
import { fillings } from './fillings.ts'
import { measureLatency } from './latency.ts'
import { describeMachine } from './machine.ts'
import { measureMemory } from './memory.ts'
import { type BenchOptions, parseOptions, USAGE } from './options.ts'
import {
  LATENCY_NOTE,
  latencyTable,
  MEMORY_NOTE,
  memoryTable,
  THROUGHPUT_NOTE,
  throughputTable,
} from './report.ts'
import { composeResults, type Heading, provenance, type Section } from './results.ts'
import { measureThroughput } from './throughput.ts'

const folder = join(repositoryRoot, 'bench')

function contendersOf(options: BenchOptions): Contender[] {
  const candidates =
    options.candidate !== undefined
      ? [namedContender(options.candidate)]
      : [process.execPath, ...(options.node === undefined ? [] : [options.node])].map(
          latchkeyContender,
        )
  return [redisContender(), ...candidates]
}

async function measure(options: BenchOptions): Promise<Section[]> {
  const progress = (line: string) => process.stderr.write(`${line}\n`)
  const origin = provenance(new Date(), describeMachine(), options.rounds)
  const contenders = contendersOf(options)
  const reference = contenders[0]!.label
  const sections: Section[] = []
  const report = (heading: Heading, ...parts: readonly string[]) => {
    sections.push({ heading, body: [origin, ...parts].join('\n\n') })
  }
  if (options.sections.includes('throughput')) {
    const rows = await measureThroughput(contenders, options, progress)
    report('Throughput', THROUGHPUT_NOTE, throughputTable(rows, reference))
  }
  if (options.sections.includes('memory')) {
    const rows = []
    for (const filling of fillings) {
      for (const contender of contenders) {
        progress(`memory, ${filling.title}, ${contender.label}`)
        rows.push(await measureMemory(contender, filling, options.memoryKeys))
      }
    }
    report('Memory', MEMORY_NOTE, memoryTable(rows, reference))
  }
  if (options.sections.includes('latency')) {
    const rows = []
    for (const contender of contenders) {
      progress(`latency, ${contender.label}`)
      rows.push(await measureLatency(contender, options.latencyKeys, options.latencySeconds))
    }
    report('Latency under load', LATENCY_NOTE, latencyTable(rows, reference))
  }
  if (options.sections.includes('coordination')) {
    const rows = await measureCoordination(contenders[0]!, contenders[1]!, options, progress)
    report('Coordination', COORDINATION_NOTE, coordinationTables(rows))
  }
  if (options.sections.includes('cluster')) {
    report('Cluster', CLUSTER_NOTE, await measureCluster(options, progress))
  }
  return sections
}

function contentOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
}

async function main(): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  const options = parseOptions(args)
  moveToClientCore()
  const sections = await measure(options)
  process.stdout.write(composeResults('', sections, ''))
  if (!options.writesResults) return
  const results = join(folder, 'RESULTS.md')
  const notes = contentOf(join(folder, 'NOTES.md'))
  writeFileSync(results, composeResults(contentOf(results), sections, notes))
}

await main()
