import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Element } from '../../src/values/element.ts'
import * as intset from '../../src/values/intset.ts'
import * as listpack from '../../src/values/listpack.ts'
import { MemberSet } from '../../src/values/member-set.ts'
import { generator, member, repeated, SCALE, text } from './texts.ts'

const element = new Element()

function members(set: MemberSet): string[] {
  return Array.from({ length: set.size }, (_, index) => {
    set.read(index, element)
    return element.toString()
  })
}

function check(set: MemberSet, model: Set<string>): void {
  expect(set.size).toBe(model.size)
  expect(members(set).sort()).toEqual([...model].sort())
  expect([...model].every(value => set.has(value))).toBe(true)
}

/** Keeps a set and its model near a size while members come and go at random; counts mistakes. */
function churn(set: MemberSet, model: Set<string>, size: number, steps: number, seed: number) {
  const random = generator(seed)
  let mistakes = 0
  const name = () => `m${Math.floor(random() * size * 2)}`.padEnd(1 + Math.floor(random() * 3), '.')
  for (let i = 0; i < steps; i++) {
    const value = name()
    if (random() * 2 * size > model.size) {
      if (set.add(value) === model.has(value)) mistakes++
      model.add(value)
    } else if (set.remove(value) !== model.delete(value)) mistakes++
  }
  expect(mistakes).toBe(0)
}

describe('a set of members', () => {
  it('behaves as a Set under random edits', () => {
    const value = fc.oneof({ weight: 4, arbitrary: member }, { weight: 1, arbitrary: text })
    const step = fc.tuple(fc.constantFrom('add', 'add', 'remove', 'has'), value)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const set = new MemberSet()
        const model = new Set<string>()
        for (const [what, value] of steps) {
          if (what === 'add') {
            expect(set.add(value)).toBe(!model.has(value))
            model.add(value)
          } else if (what === 'remove') {
            expect(set.remove(value)).toBe(model.delete(value))
          } else {
            expect(set.has(value)).toBe(model.has(value))
          }
        }
        check(set, model)
      }),
      { numRuns: 100 * SCALE },
    )
  })

  it('grows through many tables and shrinks to nothing again', () => {
    const set = new MemberSet()
    const empty = set.memory()
    const model = new Set<string>()
    for (let i = 0; i < 60_000; i++) {
      set.add(`member:${i}`)
      model.add(`member:${i}`)
    }
    check(set, model)
    const full = set.memory()
    const random = generator(3)
    while (set.size > 100 && set.pop(random, element) && model.delete(element.toString()));
    check(set, model)
    expect(set.memory()).toBeLessThan(full / 100)
    while (set.pop(random, element)) model.delete(element.toString())
    check(set, model)
    expect(set.memory()).toBeLessThan(empty + 2000)
    churn(set, model, 5000, 40_000, 4)
    check(set, model)
  })

  it('keeps its memory bounded while members of all lengths come and go', () => {
    const set = new MemberSet()
    const random = generator(5)
    const held: string[] = []
    let bytes = 0
    for (let i = 0; i < 30_000; i++) {
      const value = `${i}:${repeated(Math.floor(random() ** 3 * (i % 1000 === 0 ? 20_000 : 300)))}`
      set.add(value)
      held.push(value)
      bytes += value.length
      if (held.length > 2000) {
        const at = Math.floor(random() * held.length)
        const gone = held[at]!
        held[at] = held[held.length - 1]!
        held.pop()
        if (set.remove(gone)) bytes -= gone.length
      }
    }
    expect(members(set).sort()).toEqual(held.sort())
    expect(set.memory()).toBeLessThan(bytes * 1.7 + held.length * 40)
  })

  it('draws every member with the same chance', () => {
    const set = new MemberSet()
    for (let i = 0; i < 10; i++) set.add(String(i))
    let draws = 0
    const seen = new Set<string>()
    const evenly = () => (draws++ % 10) / 10
    for (let i = 0; i < 10; i++) {
      expect(set.pop(evenly, element)).toBe(true)
      seen.add(element.toString())
      set.add(element.toString())
    }
    expect(set.size).toBe(10)
    expect(seen.size).toBeGreaterThan(1)
    expect(set.pop(() => 0.999999, element)).toBe(true)
    expect(new MemberSet().pop(() => 0, element)).toBe(false)
  })

  it('shows a scan every member that stays, whatever comes and goes meanwhile', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 40 }), (seed, count) => {
        const random = generator(seed)
        const set = new MemberSet()
        const model = new Set<string>()
        churn(set, model, 100, 300, seed)
        const staying = [...model].filter((_, i) => i % 3 === 0)
        const seen = new Set<string>()
        let cursor = 0
        do {
          cursor = set.scan(cursor, count, member => seen.add(member.toString()))
          for (let i = 0; i < 10; i++) {
            const value = `m${Math.floor(random() * 200)}`
            if (random() < 0.6 && !staying.includes(value)) set.remove(value)
            else set.add(value)
          }
        } while (cursor !== 0)
        expect(staying.filter(value => !seen.has(value))).toEqual([])
      }),
      { numRuns: 100 * SCALE },
    )
  })

  it('is made from an intset or a listpack', () => {
    let integers: Uint8Array = intset.create()
    let packed: Uint8Array = listpack.create()
    for (const value of ['5', '-70000', '9223372036854775807']) {
      element.fromString(value)
      integers = intset.add(integers, 0, integers.length, element)
      packed = listpack.append(packed, 0, packed.length, element)
    }
    packed = listpack.append(packed, 0, packed.length, element.fromString('x'))
    expect(members(MemberSet.fromIntset(integers, 0))).toEqual([
      '-70000',
      '5',
      '9223372036854775807',
    ])
    expect(members(MemberSet.fromListpack(packed, 0))).toEqual([
      '5',
      '-70000',
      '9223372036854775807',
      'x',
    ])
  })
})
