// `npm run bench`: Latchkey beside a real Redis, on the same core in turns. Prints the tables, and writes
// them to RESULTS.md with what they depend on: machine, versions, commit.
//
// What NOTES.md says, where the time goes and why, is kept below them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../test/harness/repository-root.ts'
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
import { LATENCY_NOTE, latencyTable, memoryTable, throughputTable } from './report.ts'
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

function preface(options: BenchOptions): string {
  const machine = describeMachine()
  return `# Results

${new Date().toISOString().slice(0, 10)}, commit ${machine.commit}, ${machine.cores} cores of ${machine.processor},
${machine.memoryGib} GiB, ${machine.system}, load average before ${machine.loadAverage.toFixed(2)}. Made by \`npm run bench\`: medians of ${options.rounds} rounds,
servers on one core, clients on another.`
}

async function run(options: BenchOptions): Promise<string> {
  const progress = (line: string) => process.stderr.write(`${line}\n`)
  const contenders = contendersOf(options)
  const reference = contenders[0]!.label
  const parts = [preface(options)]
  if (options.sections.includes('throughput')) {
    const rows = await measureThroughput(contenders, options, progress)
    parts.push(
      `## Throughput\n\n\`redis-benchmark\` with 50 connections and a million random keys. Of requests/s more is better, of\nthe rest less.`,
      throughputTable(rows, reference),
    )
  }
  if (options.sections.includes('memory')) {
    const rows = []
    for (const filling of fillings) {
      for (const contender of contenders) {
        progress(`memory, ${filling.title}, ${contender.label}`)
        rows.push(await measureMemory(contender, filling, options.memoryKeys))
      }
    }
    parts.push(
      '## Memory\n\nWhat a server grows by, in bytes for each key or element.',
      memoryTable(rows, reference),
    )
  }
  if (options.sections.includes('latency')) {
    const rows = []
    for (const contender of contenders) {
      progress(`latency, ${contender.label}`)
      rows.push(await measureLatency(contender, options.latencyKeys, options.latencySeconds))
    }
    parts.push(`## Latency under load\n\n${LATENCY_NOTE}`, latencyTable(rows, reference))
  }
  if (options.sections.includes('coordination')) {
    const rows = await measureCoordination(contenders[0]!, contenders[1]!, options, progress)
    parts.push(`## Coordination\n\n${COORDINATION_NOTE}`, coordinationTables(rows))
  }
  const notes = join(folder, 'NOTES.md')
  if (existsSync(notes)) parts.push(readFileSync(notes, 'utf8').trim())
  return `${parts.join('\n\n')}\n`
}

async function main(): Promise<void> {
  const args = process.argv.slice(2)
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  const options = parseOptions(args)
  moveToClientCore()
  const results = await run(options)
  process.stdout.write(results)
  if (options.writesResults) writeFileSync(join(folder, 'RESULTS.md'), results)
}

await main()
