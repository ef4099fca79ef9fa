import { expect, test } from 'vitest'
import { RespError } from '../../harness/resp-value.ts'
import { type GridReport, primaryOf, readReport, unrest } from './grid-report.ts'

const EXPECTED = { up: 2, owners: 2 }

function member(id: string, change: object = {}) {
  const counts = { primaryOf: 128, copies: 256 }
  const address = { host: '127.0.0.1', port: 7001 }
  return { id, ...address, state: 'up', isLeaving: false, capacity: 1, ...counts, ...change }
}

function report(change: Partial<GridReport> = {}): GridReport {
  return {
    epoch: 7,
    members: [member('a'), member('b')],
    segments: [
      { first: 0, last: 127, owners: ['a', 'b'], inSync: ['a', 'b'], pending: [] },
      { first: 128, last: 255, owners: ['b', 'a'], inSync: ['b', 'a'], pending: [] },
    ],
    ...change,
  }
}

test('a grid where all agree and nothing is left to do is at rest', () => {
  expect(unrest([report(), report()], EXPECTED)).toBeUndefined()
})

test('a dead member that has been replaced does not disturb', () => {
  const members = [member('a'), member('b'), member('c', { state: 'down', copies: 0 })]
  expect(unrest([report({ members })], EXPECTED)).toBeUndefined()
})

const [whole, other] = report().segments as [GridReport['segments'][0], GridReport['segments'][0]]

test.each<[string, readonly GridReport[]]>([
  ['nobody answers', []],
  ['epochs 7, 8', [report(), report({ epoch: 8 })]],
  ['1 of 2 members are up', [report({ members: [member('a'), member('b', { state: 'down' })] })]],
  ['1 of 2 members are up', [report({ members: [member('a'), member('b', { isLeaving: true })] })]],
  ['segments 0 to 127', [report({ segments: [{ ...whole, inSync: ['a'] }, other] })]],
  ['segments 128 to 255', [report({ segments: [whole, { ...other, owners: ['b'] }] })]],
  ['segments 0 to 127', [report({ segments: [{ ...whole, pending: ['c'] }, other] })]],
  [
    'primaryOf is 138, 118',
    [report({ members: [member('a', { primaryOf: 138 }), member('b', { primaryOf: 118 })] })],
  ],
])('a grid is not at rest: %s', (reason, reports) => {
  expect(unrest(reports, EXPECTED)).toContain(reason)
})

test('the primary is the first owner in sync', () => {
  const segments = [
    { ...whole, inSync: ['b', 'a'] },
    { ...other, inSync: [] },
  ]
  expect(primaryOf(report({ segments }), 127)).toBe('b')
  expect(primaryOf(report({ segments }), 128)).toBeUndefined()
})

test('a reply that is an error is one', () => {
  expect(readReport(JSON.stringify(report()))).toEqual(report())
  expect(() => readReport(new RespError('ERR no'))).toThrow('ERR no')
})
