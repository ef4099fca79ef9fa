import { expect, it } from 'vitest'
import { composeResults, provenance } from '../../bench/results.ts'

const first = composeResults(
  '',
  [
    { heading: 'Memory', body: 'old memory\n\n### A table\n\n| a |' },
    { heading: 'Throughput', body: 'old throughput' },
  ],
  '## Where the time goes\n\nOld notes.',
)

it('sections come in their order, and the notes last', () => {
  expect(first.split('\n').filter(line => line.startsWith('#'))).toEqual([
    '# Results',
    '## Throughput',
    '## Memory',
    '### A table',
    '## Where the time goes',
  ])
})

it('a section that was not measured stays as it was, and the notes are the new ones', () => {
  const measured = [{ heading: 'Throughput', body: 'new throughput' }] as const
  const second = composeResults(first, measured, '## Where the time goes\n\nNew notes.')
  expect(second).toBe(
    first.replace('old throughput', 'new throughput').replace('Old notes', 'New notes'),
  )
})

it('a section says when and on what it was measured', () => {
  const machine = {
    processor: 'Some CPU',
    cores: 2,
    memoryGib: 24,
    system: 'Linux 6',
    loadAverage: 1.234,
    commit: 'abc+',
  }
  const text = provenance(new Date('2026-01-02T03:04:05Z'), machine, 3)
  for (const fact of ['2026-01-02', 'abc+', '3 rounds', '2 cores of Some CPU', '1.23']) {
    expect(text).toContain(fact)
  }
})
