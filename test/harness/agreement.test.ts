import { describe, expect, it } from 'vitest'
import { type Agreement, exact, sameType, scanned, unordered, within } from './agreement.ts'

const agree = (agreement: Agreement, reference: string, candidate: string) =>
  agreement(Buffer.from(reference, 'latin1'), Buffer.from(candidate, 'latin1'))

const cases: [string, Agreement, string, string, boolean][] = [
  ['exact', exact, '+OK\r\n', '$2\r\nOK\r\n', false],
  ['exact', exact, '+OK\r\n', '+OK\r\n', true],
  ['sameType', sameType, '$1\r\na\r\n', '$1\r\nb\r\n', true],
  ['sameType', sameType, '$1\r\na\r\n', '$-1\r\n', false],
  ['sameType', sameType, '$1\r\na\r\n', '_\r\n', false],
  ['sameType', sameType, '-ERR a\r\n', '-ERR b\r\n', false],
  ['sameType', sameType, '+QUEUED\r\n', '+OK\r\n', false],
  ['unordered', unordered, '*2\r\n:1\r\n:2\r\n', '*2\r\n:2\r\n:1\r\n', true],
  ['unordered', unordered, '*2\r\n:1\r\n:2\r\n', '*2\r\n:1\r\n:1\r\n', false],
  ['unordered', unordered, '*1\r\n:1\r\n', '~1\r\n:1\r\n', false],
  ['unordered', unordered, '-ERR a\r\n', '-ERR b\r\n', false],
  [
    'scanned',
    scanned,
    '*2\r\n$1\r\n0\r\n*2\r\n+a\r\n+b\r\n',
    '*2\r\n$1\r\n0\r\n*2\r\n+b\r\n+a\r\n',
    true,
  ],
  ['scanned', scanned, '*2\r\n$1\r\n0\r\n*0\r\n', '*2\r\n$1\r\n5\r\n*0\r\n', false],
  ['within(2)', within(2), ':100\r\n', ':98\r\n', true],
  ['within(2)', within(2), ':100\r\n', ':97\r\n', false],
  ['within(2)', within(2), ':-1\r\n', ':-2\r\n', false],
  ['within(2)', within(2), ':0\r\n', ':-1\r\n', false],
  ['within(2)', within(2), ':1\r\n', '$1\r\n1\r\n', false],
]

describe('an agreement', () => {
  it.each(cases)('%s compares %#', (_name, agreement, reference, candidate, expected) => {
    expect(agree(agreement, reference, candidate)).toBe(expected)
  })
})
