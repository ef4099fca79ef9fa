// Real processes under load: killed, paused, cut off, stopped, joined and drained. No acknowledged
// write is lost, and stock ioredis sees nothing of what is meant to go unseen.
//
// Times are printed and judged by nobody: a busy machine makes them long. So that it makes nothing
// else of them, nodes have more patience here than by default. `npm run faults` measures.

import { describe, expect, test } from 'vitest'
import { faults, networkFaults } from './faults.ts'
import { Namespaces, whyNoNamespaces } from './namespaces.ts'
import { type Fault, type Outcome, runTrial } from './trial.ts'

const SEED = 1
const OPERATIONS_MIN = 100
const TIMEOUT_MS = 300_000

const PATIENCE = [
  ...['--cluster-heartbeat-interval', '200', '--cluster-lease', '1500'],
  ...['--cluster-node-timeout', '2000', '--cluster-park-timeout', '30000'],
]

function named(from: readonly Fault[], names: readonly string[]): Fault[] {
  return names.map(name => from.find(fault => fault.name === name)!)
}

function judge({ operations, figures }: Outcome): void {
  for (const [what, values] of figures) {
    process.stderr.write(`${what}: ${values.map(ms => ms.toFixed(0)).join(', ')} ms\n`)
  }
  expect(operations).toBeGreaterThan(OPERATIONS_MIN)
}

describe('three nodes under load lose nothing', () => {
  test.each([
    ['when one is killed, then the coordinator, and one is paused', 'kill,coordinator,pause'],
    [
      'and no stock client notices when one is restarted, one joins, and one leaves',
      'restart,join',
    ],
  ])(
    '%s',
    async (_, names) => {
      const inflicted = named(faults, names.split(','))
      judge(await runTrial({ faults: inflicted, seed: SEED, settings: PATIENCE }))
    },
    TIMEOUT_MS,
  )
})

const why = whyNoNamespaces()
if (why !== undefined) process.stderr.write(`SKIPPED, no network namespaces here: ${why}\n`)

describe.skipIf(why !== undefined)('three nodes with a cable each lose nothing', () => {
  test(
    'when a cable is cut, and when two do not see each other',
    async () => {
      const inflicted = named(networkFaults, ['cut', 'bridge'])
      const network = new Namespaces()
      judge(await runTrial({ faults: inflicted, seed: SEED, settings: PATIENCE, network }))
    },
    TIMEOUT_MS,
  )
})
