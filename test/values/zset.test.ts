import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Element } from '../../src/values/element.ts'
import * as listpack from '../../src/values/listpack.ts'
import { packScore, parseScore } from '../../src/values/score.ts'
import { Zset } from '../../src/values/zset.ts'
import { generator, member, repeated, SCALE } from './texts.ts'

const element = new Element()

/** A sorted set and the Map that it must behave as. */
class Twin {
  readonly zset = new Zset()
  readonly model = new Map<string, number>()

  set(name: string, score: number): void {
    expect(this.zset.set(name, score)).toBe(!this.model.has(name))
    // Redis leaves a score alone that equals the new one, and -0 equals 0.
    if (this.model.get(name) !== score) this.model.set(name, score)
  }

  remove(name: string): void {
    expect(this.zset.remove(name)).toBe(this.model.delete(name))
  }

  sorted(): [string, number][] {
    return [...this.model].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
  }

  cut(from: number, to: number): void {
    const gone = this.sorted().slice(Math.max(from, 0), Math.max(to, 0))
    expect(this.zset.removeRanks(from, to)).toBe(gone.length)
    for (const [name] of gone) this.model.delete(name)
  }

  check(): void {
    const { zset } = this
    const sorted = this.sorted()
    expect(zset.size).toBe(sorted.length)
    expect(walk(zset)).toEqual(sorted)
    const backward: [string, number][] = []
    for (let more = zset.seek(zset.size - 1); more; more = zset.previous()) {
      const score = zset.read(element)
      backward.unshift([element.toString(), score])
    }
    expect(backward).toEqual(sorted)
    expect(sorted.map(([name]) => zset.rank(name))).toEqual(sorted.map((_, rank) => rank))
    expect(sorted.map(([name]) => zset.score(name))).toEqual(sorted.map(([, score]) => score))
  }
}

function walk(zset: Zset): [string, number][] {
  const pairs: [string, number][] = []
  for (let more = zset.seek(0); more; more = zset.next()) {
    const score = zset.read(element)
    pairs.push([element.toString(), score])
  }
  return pairs
}

const score = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(-0, 0, 0.1, -0.1, Infinity, -Infinity, 5e-324, -5e-324, 2 ** 53, 1.7e308),
  fc.double({ noNaN: true }),
)

type Step = (twin: Twin) => void
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(member, score).map(
      ([n, s]) =>
        (t: Twin) =>
          t.set(n, s),
    ),
  },
  { weight: 2, arbitrary: member.map(n => (t: Twin) => t.remove(n)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.integer({ min: -2, max: 8 }), fc.nat(4)).map(
      ([from, count]) =>
        (t: Twin) =>
          t.cut(from, from + count),
    ),
  },
)

describe('a sorted set', () => {
  it('behaves as a sorted Map under random edits', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => {
        const twin = new Twin()
        for (const run of steps) run(twin)
        twin.check()
      }),
      { numRuns: 200 * SCALE },
    )
  })

  it('counts by score and by bytes, bounds included or not', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(member, score)), score, member, (pairs, bound, text) => {
        const twin = new Twin()
        for (const [name, value] of pairs) twin.set(name, value)
        const sorted = twin.sorted()
        const { zset } = twin
        expect(zset.rankOfScore(bound, false)).toBe(sorted.filter(([, s]) => s < bound).length)
        expect(zset.rankOfScore(bound, true)).toBe(sorted.filter(([, s]) => s <= bound).length)
        const names = new Zset()
        for (const [name] of sorted) names.set(name, 7)
        expect(names.rankOfLex(text, false)).toBe(sorted.filter(([n]) => n < text).length)
        expect(names.rankOfLex(text, true)).toBe(sorted.filter(([n]) => n <= text).length)
      }),
      { numRuns: 200 * SCALE },
    )
  })

  it('gives back -0 as it was set, and orders it with 0', () => {
    const zset = new Zset()
    zset.set('b', -0)
    zset.set('a', 0)
    zset.set('c', -0)
    expect(walk(zset)).toEqual([
      ['a', 0],
      ['b', -0],
      ['c', -0],
    ])
    expect(zset.set('b', 0)).toBe(false)
    expect(zset.score('b')).toBe(-0)
    expect(zset.rankOfScore(-0, false)).toBe(0)
    expect(zset.rankOfScore(0, true)).toBe(3)
  })

  it('stays right while thousands of members of all lengths come, go and move', () => {
    const random = generator(9)
    const twin = new Twin()
    let most = 0
    for (let i = 0; i < 30_000; i++) {
      const number = Math.floor(random() * 3000)
      const name = `${number}:${repeated(number % 97 === 0 ? 3000 : number % 50)}`
      if (random() < 0.7) {
        const value = Math.floor(random() * 500)
        twin.zset.set(name, value)
        twin.model.set(name, value)
      } else if (twin.zset.remove(name) !== twin.model.delete(name)) throw new Error(name)
      most = Math.max(most, twin.zset.memory())
    }
    twin.check()
    let bytes = 0
    for (const name of twin.model.keys()) bytes += name.length
    expect(most).toBeLessThan(1.6 * (bytes + twin.model.size * 70))
    twin.cut(10, twin.model.size - 10)
    twin.check()
    expect(twin.zset.memory()).toBeLessThan(30_000)
  })

  it('pops from both ends', () => {
    const twin = new Twin()
    for (let i = 0; i < 300; i++) twin.set(`m${i}`, (i * 37) % 101)
    for (let i = 0; i < 300; i++) {
      const sorted = twin.sorted()
      const [name, value] = sorted.at(i % 2 === 0 ? 0 : -1)!
      const popped = i % 2 === 0 ? twin.zset.popMin(element) : twin.zset.popMax(element)
      expect([element.toString(), popped]).toEqual([name, value])
      twin.model.delete(name)
    }
    expect(twin.zset.popMin(element)).toBeUndefined()
    expect(twin.zset.popMax(element)).toBeUndefined()
  })

  it('shows a scan every member that stays, whatever comes and goes meanwhile', () => {
    const random = generator(2)
    const zset = new Zset()
    for (let i = 0; i < 500; i++) zset.set(`m${i}`, i)
    const seen = new Map<string, number>()
    let cursor = 0
    do {
      cursor = zset.scan(cursor, 10, (name, value) => seen.set(name.toString(), value))
      for (let i = 0; i < 5; i++) {
        zset.remove(`m${2 * Math.floor(random() * 250)}`)
        zset.set(`new${Math.floor(random() * 1000)}`, 3)
      }
    } while (cursor !== 0)
    for (let i = 1; i < 500; i += 2) expect(seen.get(`m${i}`)).toBe(i)
  })

  it('reads members by dense index, each once', () => {
    const zset = new Zset()
    for (let i = 0; i < 50; i++) zset.set(String(i), -i)
    for (let i = 0; i < 50; i += 3) zset.remove(String(i))
    const seen = new Map<string, number>()
    for (let i = 0; i < zset.size; i++) {
      const value = zset.readIndex(i, element)
      seen.set(element.toString(), value)
    }
    expect(seen.size).toBe(zset.size)
    for (const [name, value] of seen) expect(value).toBe(-Number(name))
  })

  it('comes to an end with collecting, wherever stretches of members are removed', () => {
    const random = generator(7)
    for (let round = 0; round < 60; round++) {
      const zset = new Zset()
      const width = 1 + Math.floor(random() * 60)
      const count = Math.floor(random() * 4000)
      for (let i = 0; i < count; i++) zset.set(`${i}`.padStart(width, '0'), random())
      const full = zset.memory()
      while (zset.size > 10) {
        const from = Math.floor(random() * zset.size)
        zset.removeRanks(from, from + 1 + Math.floor(random() * zset.size * 0.7))
      }
      expect(zset.memory()).toBeLessThan(Math.max(full / 2, 8000))
    }
  })

  it('is emptied from either end, and gives its memory back on the way', () => {
    const random = generator(8)
    const zset = new Zset()
    for (let i = 0; i < 20_000; i++) zset.set(`member ${i}`, random())
    const full = zset.memory()
    for (let before = Number.NEGATIVE_INFINITY; zset.size > 2000; ) {
      const score = zset.popMin(element)!
      expect(score).toBeGreaterThanOrEqual(before)
      before = score
    }
    expect(zset.memory()).toBeLessThan(full / 3)
  })

  it('becomes a listpack and is made from one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(member, score)), pairs => {
        const twin = new Twin()
        for (const [name, value] of pairs) twin.set(name, value)
        const lp = twin.zset.toListpack()
        expect(listpack.validate(lp, 0, listpack.byteLength(lp, 0))).toBe(true)
        const packed = twin.sorted().map(([name, value]) => [name, value + 0])
        expect(walk(Zset.fromListpack(lp, 0))).toEqual(packed)
      }),
    )
  })
})

describe('a score', () => {
  it('is read back as it was packed, and -0 as 0', () => {
    fc.assert(
      fc.property(score, value => {
        expect(parseScore(packScore(value, element))).toBe(value + 0)
        expect(parseScore(element.fromString(element.toString()))).toBe(value + 0)
      }),
    )
  })

  it('is not read from anything else', () => {
    for (const text of ['', ' 1', '1 ', 'nan', 'x', '0x10', '1e', '--1', 'Infinity', '1.2.3']) {
      expect(parseScore(element.fromString(text))).toBeNaN()
    }
    expect(parseScore(element.fromString('3.'))).toBe(3)
    expect(parseScore(element.fromString('9223372036854775807'))).toBe(2 ** 63)
    expect(parseScore(element.fromString('0.10000000000000001'))).toBe(0.1)
  })
})
