// Real processes under load: kill -9, SIGSTOP, stops and starts, growth. No acknowledged write is
// lost, and stock clients see nothing of what is meant to go unseen. Times are printed and judged by
// nobody: a machine that is busy makes them long. `npm run faults` measures.

import { describe, expect, test } from 'vitest'
import { faults, networkFaults } from './faults.ts'
import { Namespaces, whyNoNamespaces } from './namespaces.ts'
import { type Fault, type Figures, runTrial } from './trial.ts'

const SEED = 1
const OPERATIONS_MIN = 100

function report(name: string, figures: Figures): void {
  const texts = [...figures].map(
    ([what, values]) => `${what} ${values.map(ms => ms.toFixed(0)).join(', ')} ms`,
  )
  process.stderr.write(`${name}: ${texts.join('; ')}\n`)
}

function named(from: readonly Fault[], ...names: readonly string[]): Fault[] {
  return names.map(name => from.find(fault => fault.name === name)!)
}

describe('three nodes under load', () => {
  test.each([
    ['a node, then the coordinator, is killed', ['kill', 'coordinator']],
    ['a node is paused', ['pause']],
    ['all nodes are stopped and started, one after the other', ['rolling']],
    ['three become five and three again', ['grow']],
  ])('lose nothing when %s', async (_, names) => {
    const outcome = await runTrial({ faults: named(faults, ...names), seed: SEED })
    report(names.join(', '), outcome.figures)
    expect(outcome.operations).toBeGreaterThan(OPERATIONS_MIN)
  })
})

test('five nodes lose nothing when two die one after the other', async () => {
  const settings = ['--cluster-replace-timeout', '500']
  const outcome = await runTrial({ faults: named(faults, 'two'), seed: SEED, settings })
  report('two', outcome.figures)
  expect(outcome.operations).toBeGreaterThan(OPERATIONS_MIN)
})

const why = whyNoNamespaces()
if (why !== undefined) process.stderr.write(`SKIPPED, no network namespaces here: ${why}\n`)

describe.skipIf(why !== undefined)('three nodes with a cable each', () => {
  test.each([['cut'], ['bridge'], ['one-way']])('lose nothing: %s', async name => {
    const network = new Namespaces()
    const outcome = await runTrial({ faults: named(networkFaults, name), seed: SEED, network })
    report(name, outcome.figures)
    expect(outcome.operations).toBeGreaterThan(OPERATIONS_MIN)
  })
})
