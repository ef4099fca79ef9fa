import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Tree } from '../../src/values/tree.ts'
import { generator, SCALE } from './texts.ts'

/** Rows of a two-word key and a payload, and the sorted array that they must behave as. */
class Twin {
  readonly tree = new Tree(2, 3)
  model: number[] = []

  aim(value: number): void {
    this.tree.key[0] = Math.floor(value / 1000)
    this.tree.key[1] = value % 1000
    this.tree.key[2] = payload(value)
  }

  /** Index of the first value that is not less. */
  rank(value: number): number {
    let from = 0
    let to = this.model.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (this.model[middle]! < value) from = middle + 1
      else to = middle
    }
    return from
  }

  insert(value: number): void {
    const at = this.rank(value)
    if (this.model[at] === value) return
    this.aim(value)
    this.tree.insert()
    this.model.splice(at, 0, value)
  }

  remove(value: number): void {
    const at = this.rank(value)
    const exists = this.model[at] === value
    this.aim(value)
    if (this.tree.remove() !== exists) throw new Error(`remove ${value}`)
    if (exists) this.model.splice(at, 1)
  }

  removeRanks(from: number, to: number): void {
    this.tree.removeRanks(from, to)
    this.model.splice(from, Math.max(to - from, 0))
  }

  value(): number {
    const value = (this.tree.word(0) >>> 0) * 1000 + this.tree.word(1)
    return this.tree.word(2) === payload(value) ? value : Number.NaN
  }

  check(): void {
    expect(this.tree.size).toBe(this.model.length)
    const forward: number[] = []
    for (let more = this.tree.seekFirst(); more; more = this.tree.next()) forward.push(this.value())
    expect(forward).toEqual(this.model)
    const backward: number[] = []
    for (let more = this.tree.seekLast(); more; more = this.tree.previous()) {
      backward.push(this.value())
    }
    expect(backward.reverse()).toEqual(this.model)
    const wrong = this.model.filter((value, rank) => {
      if (!this.tree.seekRank(rank) || this.value() !== value) return true
      this.aim(value)
      return this.tree.rank() !== rank || !this.tree.find() || this.value() !== value
    })
    expect(wrong).toEqual([])
  }
}

const payload = (value: number) => (value * 31) | 0

describe('a tree', () => {
  it('behaves as a sorted array under random edits', () => {
    const value = fc.nat(4000)
    const step = fc.tuple(
      fc.constantFrom('insert', 'insert', 'fill', 'remove', 'cut'),
      value,
      value,
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const twin = new Twin()
        for (const [what, a, b] of steps) {
          if (what === 'insert') twin.insert(a)
          else if (what === 'remove') twin.remove(twin.model[a % (twin.model.length + 1)] ?? b)
          else if (what === 'fill') {
            for (let i = 0; i < 100; i++) twin.insert((a * 7 + i * (b % 50)) % 5000)
          } else twin.removeRanks(a % 300, (a % 300) + (b % 200))
        }
        twin.check()
      }),
      { numRuns: 100 * SCALE },
    )
  })

  it('grows by several levels in any order of arrival, and shrinks again', () => {
    const random = generator(1)
    const orders: ((i: number) => number)[] = [
      i => i,
      i => 30_000 - i,
      () => Math.floor(random() * 4_000_000),
    ]
    for (const order of orders) {
      const twin = new Twin()
      const empty = twin.tree.memory()
      for (let i = 0; i < 30_000; i++) twin.insert(order(i))
      twin.check()
      const full = twin.tree.memory()
      expect(full).toBeLessThan(twin.model.length * 12 * 2.3)
      while (twin.model.length > 500) {
        twin.remove(twin.model[Math.floor(random() * twin.model.length)]!)
      }
      twin.check()
      expect(twin.tree.memory()).toBeLessThan(full / 8)
      for (let i = 0; i < 3000; i++) twin.insert(order(i * 3))
      twin.check()
      twin.removeRanks(0, twin.model.length)
      twin.check()
      expect(twin.tree.memory()).toBeLessThanOrEqual(empty + 960)
      twin.insert(5)
      twin.check()
    }
  })

  it('fills its leaves when rows arrive in order', () => {
    const twin = new Twin()
    for (let i = 0; i < 20_000; i++) twin.insert(i)
    expect(twin.tree.memory()).toBeLessThan(20_000 * 12 * 1.15)
  })

  it('compares words as unsigned numbers', () => {
    const twin = new Twin()
    const values = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1].map(high => high * 1000)
    for (const value of [...values].reverse()) twin.insert(value)
    twin.check()
    expect(twin.model).toEqual(values)
  })

  it('finds the place of a key that is not there', () => {
    const twin = new Twin()
    for (let i = 0; i < 1000; i++) twin.insert(i * 10)
    for (const [sought, rank] of [
      [0, 0],
      [5, 1],
      [9990, 999],
      [9991, 1000],
    ] as const) {
      twin.aim(sought)
      expect(twin.tree.rank()).toBe(rank)
      expect(twin.tree.seek()).toBe(rank < 1000)
      if (rank < 1000) expect(twin.value()).toBe(rank * 10)
    }
    twin.aim(15)
    expect(twin.tree.find()).toBe(false)
    expect(twin.tree.rewrite()).toBe(false)
    expect(twin.tree.seekRank(1000)).toBe(false)
    expect(twin.tree.seekRank(-1)).toBe(false)
  })

  it('asks the tie about equal keys only, and by rankByTie about nothing else', () => {
    let sought = 0
    const tree = new Tree(1, 2, { compare: held => held - sought })
    for (const [key, held] of [
      [1, 5],
      [1, 3],
      [2, 9],
      [1, 4],
      [2, 7],
    ] as const) {
      tree.key[0] = key
      tree.key[1] = held
      sought = held
      tree.insert()
    }
    const rows: [number, number][] = []
    for (let more = tree.seekFirst(); more; more = tree.next()) {
      rows.push([tree.word(0), tree.word(1)])
    }
    expect(rows).toEqual([
      [1, 3],
      [1, 4],
      [1, 5],
      [2, 7],
      [2, 9],
    ])
    tree.key[0] = 0
    sought = 6
    expect(tree.rank()).toBe(0)
    expect(tree.rankByTie()).toBe(3)
    expect(tree.rank()).toBe(0)
  })
})
