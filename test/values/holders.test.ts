import { expect, test } from 'vitest'
import type { HoldState } from '../../src/values/hold.ts'
import { Holders } from '../../src/values/holders.ts'

function state(owner: string, token: number, options: Partial<HoldState> = {}): HoldState {
  return {
    owner,
    token,
    exclusive: false,
    count: 1,
    leaseMs: 0,
    connection: 0,
    meta: '',
    ...options,
  }
}

test('every index follows when a replay changes a hold among many', () => {
  const holders = new Holders()
  for (const [index, owner] of ['a', 'b', 'c'].entries()) {
    holders.add(state(owner, index + 1, { connection: 7 }), 0)
  }
  holders.put(state('b', 9, { count: 4, leaseMs: 50, meta: 'm' }), 100)
  expect(holders.findToken(2)).toBeUndefined()
  expect(holders.findToken(9)?.owner).toBe('b')
  expect(holders.total).toBe(6)
  expect(holders.nextExpiry()).toBe(150)
  expect(holders.disconnected(7, 100, 0).map(hold => hold.owner)).toEqual(['c', 'a'])
  expect(holders.sole?.owner).toBe('b')
})

test('one hold alone is found like one among many', () => {
  const holders = new Holders()
  holders.add(state('a', 1), 0)
  holders.add(state('b', 2), 0)
  holders.remove(holders.find('a')!)
  expect(holders.find('b')).toBe(holders.findToken(2))
  expect(holders.find('a')).toBeUndefined()
  expect(holders.findToken(1)).toBeUndefined()
  expect([...holders].map(hold => hold.owner)).toEqual(['b'])
})

test('holds without a token are not found by one', () => {
  const holders = new Holders()
  holders.add(state('a', 0), 0)
  expect(holders.findToken(0)).toBeUndefined()
  holders.add(state('b', 0), 0)
  expect(holders.findToken(0)).toBeUndefined()
})

test('memory goes back to nothing when nobody holds', () => {
  const holders = new Holders()
  const empty = holders.memory()
  for (let i = 0; i < 5; i++) holders.add(state(`owner ${i}`, i + 1, { connection: i }), 0)
  expect(holders.memory()).toBeGreaterThan(empty + 5 * 100)
  for (const hold of [...holders]) holders.remove(hold)
  expect(holders.memory()).toBe(empty)
  expect(holders.total).toBe(0)
})
