// `npm run faults`: what befalls real clusters, round after round, and how long each fault is felt.
//
// Each fault has clusters of its own, with the seed counted up from round to round. The first
// outcome that must not be ends it, with the logs of the nodes kept.

import { parseArgs } from 'node:util'
import { median } from '../../../bench/statistics.ts'
import { formatTable } from '../../../bench/table.ts'
import { faults, networkFaults } from './faults.ts'
import { Namespaces, whyNoNamespaces } from './namespaces.ts'
import { type Fault, type Figures, runTrial } from './trial.ts'

const USAGE = `npm run faults -- [--fault name,…] [--rounds 10] [--seed 1]

${[...faults, ...networkFaults].map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')}`

/** Copies of a dead node are made elsewhere soon, or the second death would find single copies. */
const SETTINGS = ['--cluster-replace-timeout', '3000']

const print = (line: string) => process.stdout.write(`${line}\n`)

async function rounds(fault: Fault, count: number, seed: number): Promise<void> {
  const all: Figures = new Map()
  let operations = 0
  for (let round = 0; round < count; round++) {
    const network = networkFaults.includes(fault) ? new Namespaces() : undefined
    const options = { faults: [fault], seed: seed + round, settings: SETTINGS }
    const outcome = await runTrial(network === undefined ? options : { ...options, network })
    operations += outcome.operations
    for (const [what, values] of outcome.figures) {
      all.set(what, [...(all.get(what) ?? []), ...values])
    }
    process.stderr.write(
      `${fault.name}, seed ${seed + round}: ${outcome.failures || 'no errors'}\n`,
    )
  }
  print(`\n## ${fault.summary}\n`)
  print(`${count} rounds, ${operations} operations, every history linearizable.\n`)
  const ms = (value: number) => value.toFixed(0)
  const rows = [...all].map(([what, values]) => [
    ...[what, String(values.length), ms(median(values))],
    ...[ms(Math.min(...values)), ms(Math.max(...values))],
  ])
  print(formatTable(['milliseconds', 'times:', 'median:', 'least:', 'most:'], rows))
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      fault: { type: 'string' },
      rounds: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    print(USAGE)
    return
  }
  const why = whyNoNamespaces()
  if (why !== undefined) process.stderr.write(`No cables to cut here: ${why}\n`)
  const possible = why === undefined ? [...faults, ...networkFaults] : faults
  const names = values.fault?.split(',') ?? possible.map(({ name }) => name)
  for (const name of names) {
    const fault = possible.find(each => each.name === name)
    if (fault === undefined) throw new Error(`no fault ${name}\n${USAGE}`)
    await rounds(fault, Number(values.rounds), Number(values.seed))
  }
}

await main()
