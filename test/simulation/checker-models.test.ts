// The models must accept what a correct grid may answer and reject everything else; one that
// accepts too much would make every simulation look good.

import { describe, expect, it } from 'vitest'
import { type Bar, NEVER, read, swap, verdict, write } from './checker-fixtures.ts'
import {
  type CounterInput,
  type CounterOutput,
  counter,
  type LatchInput,
  type LatchOutput,
  type LockInput,
  type LockOutput,
  latch,
  lock,
  type RegisterInput,
  type RegisterOutput,
  register,
  type SetInput,
  type SetOutput,
  set,
} from './checker-models.ts'

describe('A register', () => {
  type Bars = readonly Bar<RegisterInput, RegisterOutput>[]
  it.each<[string, Bars]>([
    ['is empty at first', [[0, 1, read, null]]],
    [
      'is read as written',
      [
        [0, 1, write('x'), true],
        [2, 3, read, 'x'],
      ],
    ],
    [
      'may be read old or new during a write',
      [
        [0, 9, write('x'), true],
        [1, 2, read, null],
        [3, 4, read, 'x'],
      ],
    ],
    [
      'may take concurrent writes in any order',
      [
        [0, 9, write('x'), true],
        [1, 8, write('y'), true],
        [10, 11, read, 'x'],
      ],
    ],
    [
      'may have a write of unknown outcome take effect late',
      [
        [0, NEVER, write('x'), undefined],
        [1, 2, read, null],
        [3, 4, write('y'), true],
        [5, 6, read, 'y'],
        [7, 8, read, 'x'],
      ],
    ],
    [
      'may have a write of unknown outcome never take effect',
      [
        [0, NEVER, write('x'), undefined],
        [1, 2, read, null],
      ],
    ],
    [
      'swaps what it expects',
      [
        [0, 1, swap(null, 'x'), true],
        [2, 3, swap('y', 'z'), false],
        [4, 5, swap('x', 'y'), true],
        [6, 7, read, 'y'],
      ],
    ],
    [
      'may swap by an operation of unknown outcome',
      [
        [0, 1, write('x'), true],
        [2, NEVER, swap('x', 'y'), undefined],
        [3, 4, swap('x', 'z'), false],
        [5, 6, read, 'y'],
      ],
    ],
  ])('%s', (_, bars) => {
    expect(verdict(register, bars)).toBe('linearizable')
  })

  it.each<[string, Bars]>([
    [
      'is not read before it is written',
      [
        [0, 1, read, 'x'],
        [2, 3, write('x'), true],
      ],
    ],
    [
      'does not forget a write',
      [
        [0, 1, write('x'), true],
        [2, 3, read, null],
      ],
    ],
    [
      'does not show an old value after a new one',
      [
        [0, 9, write('x'), true],
        [1, 2, read, 'x'],
        [3, 4, read, null],
      ],
    ],
    [
      'does not go back between two readers during a write',
      [
        [0, 1, write('x'), true],
        [2, 20, write('y'), true],
        [3, 5, read, 'y'],
        [6, 8, read, 'x'],
      ],
    ],
    [
      'does not take one write of unknown outcome twice',
      [
        [0, NEVER, write('x'), undefined],
        [1, 2, read, 'x'],
        [3, 4, write('y'), true],
        [5, 6, read, 'x'],
      ],
    ],
    [
      'does not let two swaps of one value succeed',
      [
        [0, 1, write('x'), true],
        [2, 9, swap('x', 'y'), true],
        [3, 8, swap('x', 'z'), true],
      ],
    ],
    [
      'does not take a write of unknown outcome before its call',
      [
        [0, 1, read, 'x'],
        [2, NEVER, write('x'), undefined],
      ],
    ],
  ])('%s', (_, bars) => {
    expect(verdict(register, bars)).toBe('illegal')
  })
})

describe('A counter', () => {
  const add = (delta: number): CounterInput => ({ kind: 'add', delta })
  const get: CounterInput = { kind: 'get' }
  type Bars = readonly Bar<CounterInput, CounterOutput>[]
  const bounded = counter(0, 3)

  it.each<[string, Bars]>([
    [
      'adds up',
      [
        [0, 1, add(1), 1],
        [2, 3, add(2), 3],
        [4, 5, get, 3],
      ],
    ],
    [
      'gives concurrent additions different sums',
      [
        [0, 9, add(1), 2],
        [1, 8, add(1), 1],
      ],
    ],
    [
      'stays within its bounds',
      [
        [0, 1, add(4), 'out-of-bounds'],
        [2, 3, get, 0],
      ],
    ],
    [
      'may have additions of unknown outcome, some of which took place',
      [
        [0, NEVER, add(1), undefined],
        [1, NEVER, add(1), undefined],
        [2, NEVER, add(1), undefined],
        [3, 4, get, 2],
      ],
    ],
  ])('%s', (_, bars) => {
    expect(verdict(bounded, bars)).toBe('linearizable')
  })

  it.each<[string, Bars]>([
    [
      'does not lose an addition',
      [
        [0, 9, add(1), 1],
        [1, 8, add(1), 1],
      ],
    ],
    [
      'does not count an addition twice',
      [
        [0, 1, add(1), 1],
        [2, 3, get, 2],
      ],
    ],
    [
      'does not leave its bounds',
      [
        [0, 1, add(2), 2],
        [2, 3, add(2), 4],
      ],
    ],
    ['is not out of bounds without reason', [[0, 1, add(1), 'out-of-bounds']]],
    [
      'does not have more additions than there were',
      [
        [0, NEVER, add(1), undefined],
        [1, NEVER, add(1), undefined],
        [2, 3, get, 3],
      ],
    ],
  ])('%s', (_, bars) => {
    expect(verdict(bounded, bars)).toBe('illegal')
  })
})

describe('A set', () => {
  const of = (kind: 'add' | 'remove' | 'has', member: string): SetInput => ({ kind, member })
  type Bars = readonly Bar<SetInput, SetOutput>[]

  it.each<[string, Bars]>([
    [
      'adds and removes once',
      [
        [0, 1, of('add', 'a'), true],
        [2, 3, of('add', 'a'), false],
        [4, 5, of('remove', 'a'), true],
        [6, 7, of('remove', 'a'), false],
      ],
    ],
    [
      'knows its members and how many they are',
      [
        [0, 1, of('add', 'a'), true],
        [0.5, 1.5, of('add', 'b'), true],
        [2, 3, { kind: 'size' }, 2],
        [4, 5, of('has', 'b'), true],
      ],
    ],
  ])('%s', (_, bars) => {
    expect(verdict(set, bars)).toBe('linearizable')
  })

  it.each<[string, Bars]>([
    [
      'does not add a member twice',
      [
        [0, 9, of('add', 'a'), true],
        [1, 8, of('add', 'a'), true],
      ],
    ],
    [
      'does not forget a member',
      [
        [0, 1, of('add', 'a'), true],
        [2, 3, of('has', 'a'), false],
      ],
    ],
    [
      'does not count what is not there',
      [
        [0, 1, of('add', 'a'), true],
        [2, 3, { kind: 'size' }, 2],
      ],
    ],
  ])('%s', (_, bars) => {
    expect(verdict(set, bars)).toBe('illegal')
  })
})

describe('A lock', () => {
  const acquire = (owner: string, leaseMs = 100): LockInput => ({ kind: 'acquire', owner, leaseMs })
  const release = (owner: string): LockInput => ({ kind: 'release', owner })
  const use = (token: number): LockInput => ({ kind: 'use', token })
  type Bars = readonly Bar<LockInput, LockOutput>[]

  it.each<[string, Bars]>([
    [
      'goes from one holder to the next',
      [
        [0, 1, acquire('a'), 5],
        [2, 3, acquire('b'), null],
        [4, 5, release('a'), true],
        [6, 7, acquire('b'), 6],
      ],
    ],
    [
      'answers its holder the same token again',
      [
        [0, 1, acquire('a'), 5],
        [2, 3, acquire('a'), 5],
      ],
    ],
    [
      'may be lost when its lease has ended',
      [
        [0, 1, acquire('a'), 5],
        [90, 101, acquire('b'), 6],
        [102, 103, use(5), 'fenced'],
        [104, 105, release('a'), false],
      ],
    ],
    [
      'may be held longer than its lease, for a failover lengthens it',
      [
        [0, 1, acquire('a'), 5],
        [200, 201, acquire('b'), null],
        [300, 301, use(5), 'done'],
      ],
    ],
    [
      'has its lease begin anew when its holder acquires again',
      [
        [0, 1, acquire('a'), 5],
        [90, 91, acquire('a'), 5],
        [150, 151, acquire('b'), null],
      ],
    ],
    [
      'may be held by an owner who was never told',
      [
        [0, NEVER, acquire('a'), undefined],
        [1, 2, acquire('b'), null],
        [3, 4, acquire('a'), 9],
        [5, 6, use(9), 'done'],
      ],
    ],
    [
      'may have been released by an operation of unknown outcome',
      [
        [0, 1, acquire('a'), 5],
        [2, NEVER, release('a'), undefined],
        [3, 4, acquire('b'), 6],
      ],
    ],
  ])('%s', (_, bars) => {
    expect(verdict(lock, bars)).toBe('linearizable')
  })

  it.each<[string, Bars]>([
    [
      'has no two holders',
      [
        [0, 9, acquire('a'), 5],
        [1, 8, acquire('b'), 6],
      ],
    ],
    [
      'is not stolen before its lease ends',
      [
        [0, 1, acquire('a'), 5],
        [50, 60, acquire('b'), 6],
      ],
    ],
    [
      'never gives the same token to another',
      [
        [0, 1, acquire('a'), 5],
        [2, 3, release('a'), true],
        [4, 5, acquire('b'), 5],
      ],
    ],
    [
      'never gives a smaller token',
      [
        [0, 1, acquire('a'), 5],
        [2, 3, release('a'), true],
        [4, 5, acquire('b'), 4],
      ],
    ],
    [
      'does nothing for a stale holder',
      [
        [0, 1, acquire('a'), 5],
        [150, 151, acquire('b'), 6],
        [152, 153, use(5), 'done'],
      ],
    ],
    [
      'does not fence off its holder',
      [
        [0, 1, acquire('a'), 5],
        [2, 3, use(5), 'fenced'],
      ],
    ],
    [
      'is not both fenced off and usable',
      [
        [0, 1, acquire('a'), 5],
        [150, 151, use(5), 'fenced'],
        [152, 153, use(5), 'done'],
      ],
    ],
    ['is not refused when it is free', [[0, 1, acquire('a'), null]]],
    [
      'is not lost by its holder before the lease ends',
      [
        [0, 1, acquire('a'), 5],
        [2, 3, release('a'), false],
      ],
    ],
    [
      'is not taken early by an operation of unknown outcome',
      [
        [0, 1, acquire('a'), 5],
        [2, NEVER, acquire('b'), undefined],
        [20, 21, use(6), 'done'],
      ],
    ],
    [
      'has no token between one that was never told and the next',
      [
        [0, 1, acquire('a'), 5],
        [2, 3, release('a'), true],
        [4, NEVER, acquire('b'), undefined],
        [5, 6, acquire('c'), null],
        [7, 8, release('b'), true],
        [9, 10, acquire('c'), 6],
      ],
    ],
  ])('%s', (_, bars) => {
    expect(verdict(lock, bars)).toBe('illegal')
  })
})

describe('A latch', () => {
  const create = (count: number): LatchInput => ({ kind: 'create', count })
  const down: LatchInput = { kind: 'down', by: 1 }
  const wait: LatchInput = { kind: 'await' }
  type Bars = readonly Bar<LatchInput, LatchOutput>[]

  it.each<[string, Bars]>([
    [
      'opens at zero',
      [
        [0, 1, create(2), true],
        [2, 20, wait, true],
        [3, 4, down, 1],
        [5, 6, down, 0],
        [7, 8, { kind: 'count' }, 0],
      ],
    ],
    [
      'may open for a waiter before the last count down is answered',
      [
        [0, 1, create(1), true],
        [2, 20, down, 0],
        [3, 4, wait, true],
      ],
    ],
    [
      'is created once, and not below zero',
      [
        [0, 1, create(1), true],
        [2, 3, create(5), false],
        [4, 5, down, 0],
        [6, 7, down, 0],
      ],
    ],
    [
      'says that it is not there',
      [
        [0, 1, wait, 'no-latch'],
        [2, 3, down, 'no-latch'],
      ],
    ],
  ])('%s', (_, bars) => {
    expect(verdict(latch, bars)).toBe('linearizable')
  })

  it.each<[string, Bars]>([
    [
      'does not open early',
      [
        [0, 1, create(2), true],
        [2, 3, down, 1],
        [4, 5, wait, true],
      ],
    ],
    [
      'does not close again',
      [
        [0, 1, create(1), true],
        [2, 3, down, 0],
        [4, 5, wait, false],
      ],
    ],
    [
      'does not open before the count down was called',
      [
        [0, 1, create(1), true],
        [2, 3, wait, true],
        [4, 5, down, 0],
      ],
    ],
  ])('%s', (_, bars) => {
    expect(verdict(latch, bars)).toBe('illegal')
  })
})
