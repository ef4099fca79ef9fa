import { expect, test } from 'vitest'
import { Tokens } from '../../src/keyspace/tokens.ts'

const NOW = Date.UTC(2024, 0, 1)

test('tokens grow strictly, also when the clock stands still or goes back', () => {
  const tokens = new Tokens()
  const issued = [NOW, NOW, NOW - 5000, NOW + 1, NOW].map(now => tokens.next(7, now))
  expect(issued).toEqual([...new Set(issued)].sort((a, b) => a - b))
})

test('tokens run ahead of a clock that stands still, and grow on', () => {
  const tokens = new Tokens()
  const first = tokens.next(0, NOW)
  for (let i = 1; i < 5000; i++) expect(tokens.next(0, NOW)).toBe(first + i)
  expect(tokens.next(0, NOW + 1)).toBe(first + 5000)
})

test('a node that has learnt a token goes on above it', () => {
  const tokens = new Tokens()
  const elsewhere = NOW * 4096
  tokens.raise(3, elsewhere)
  tokens.raise(3, 5)
  expect(tokens.next(3, NOW)).toBe(elsewhere + 1)
  expect(tokens.next(4, NOW)).toBeLessThan(elsewhere)
})

test('tokens are exact numbers for decades', () => {
  const tokens = new Tokens()
  expect(Number.isSafeInteger(tokens.next(0, Date.UTC(2100, 0, 1)))).toBe(true)
  expect(Number.isSafeInteger(tokens.next(1, NOW + 0.7))).toBe(true)
})
