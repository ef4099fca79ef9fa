import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Element } from '../../src/values/element.ts'
import { Hash, NO_EXPIRY } from '../../src/values/hash.ts'
import * as listpack from '../../src/values/listpack.ts'
import { generator, member, repeated, SCALE, text } from './texts.ts'

const field = new Element()
const value = new Element()

interface Held {
  value: string
  expiresAt: number
}

/** A hash and the Map that it must behave as. */
class Twin {
  readonly hash = new Hash()
  readonly model = new Map<string, Held>()

  set(name: string, held: string, keepsExpiry: boolean): void {
    const before = this.model.get(name)
    expect(this.hash.set(name, held, keepsExpiry)).toBe(before === undefined)
    const expiresAt = keepsExpiry ? (before?.expiresAt ?? NO_EXPIRY) : NO_EXPIRY
    this.model.set(name, { value: held, expiresAt })
  }

  setExpiry(name: string, expiresAt: number): void {
    const held = this.model.get(name)
    expect(this.hash.setExpiry(name, expiresAt)).toBe(held !== undefined)
    if (held !== undefined) held.expiresAt = expiresAt
  }

  expire(now: number, max: number): void {
    const due = [...this.model].filter(([, { expiresAt: at }]) => at !== NO_EXPIRY && at <= now)
    due.sort(([, a], [, b]) => a.expiresAt - b.expiresAt)
    const gone: string[] = []
    const count = this.hash.expire(now, max, name => gone.push(name.toString()))
    expect(count).toBe(Math.min(due.length, max))
    expect(gone.length).toBe(count)
    const times = gone.map(name => this.model.get(name)!.expiresAt)
    expect(times).toEqual(due.slice(0, count).map(([, held]) => held.expiresAt))
    for (const name of gone) this.model.delete(name)
  }

  check(): void {
    const { hash, model } = this
    expect(hash.size).toBe(model.size)
    const read = new Map<string, Held>()
    for (let i = 0; i < hash.size; i++) {
      hash.readIndex(i, field, value)
      read.set(field.toString(), { value: value.toString(), expiresAt: hash.expiresAtIndex(i) })
    }
    expect(read).toEqual(model)
    const wrong = [...model].filter(
      ([name, held]) => hash.get(name) !== held.value || hash.expiresAt(name) !== held.expiresAt,
    )
    expect(wrong).toEqual([])
    const times = [...model.values()].map(held => held.expiresAt).filter(at => at !== NO_EXPIRY)
    expect(hash.expiryCount).toBe(times.length)
    expect(hash.nextExpiry()).toBe(Math.min(...times))
  }
}

const held = fc.oneof({ weight: 3, arbitrary: member }, { weight: 1, arbitrary: text })
const time = fc.constantFrom(0, 1, 5, 5, 7, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 46)

type Step = (twin: Twin) => void
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(member, held, fc.boolean()).map(
      ([name, added, keeps]) =>
        (twin: Twin) =>
          twin.set(name, added, keeps),
    ),
  },
  {
    weight: 2,
    arbitrary: member.map(name => (twin: Twin) => {
      expect(twin.hash.remove(name)).toBe(twin.model.delete(name))
    }),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(member, fc.oneof(time, fc.constant(NO_EXPIRY))).map(
      ([name, at]) =>
        (twin: Twin) =>
          twin.setExpiry(name, at),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(time, fc.nat(3)).map(
      ([now, max]) =>
        (twin: Twin) =>
          twin.expire(now, max),
    ),
  },
)

describe('a hash', () => {
  it('behaves as a Map under random edits, with and without expiry', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), steps => {
        const twin = new Twin()
        for (const run of steps) run(twin)
        twin.check()
      }),
      { numRuns: 200 * SCALE },
    )
  })

  it('stays right and within its memory while thousands of fields change their values', () => {
    const random = generator(11)
    const twin = new Twin()
    let most = 0
    let largest = 0
    for (let i = 0; i < 40_000; i++) {
      const name = `field:${Math.floor(random() * 3000)}`
      const choice = random()
      if (choice < 0.7) {
        const added = repeated(Math.floor(random() * 120))
        twin.hash.set(name, added, true)
        const before = twin.model.get(name)
        twin.model.set(name, { value: added, expiresAt: before?.expiresAt ?? NO_EXPIRY })
      } else if (choice < 0.85) {
        const at = Math.floor(random() * 2 ** 40)
        if (twin.hash.setExpiry(name, at)) twin.model.get(name)!.expiresAt = at
      } else if (twin.hash.remove(name) !== twin.model.delete(name)) throw new Error(name)
      most = Math.max(most, twin.hash.memory())
      largest = Math.max(largest, twin.model.size)
    }
    twin.check()
    expect(most).toBeLessThan(1.5 * largest * (70 + 14 + 60))
    twin.expire(2 ** 41, 1_000_000)
    twin.check()
  })

  it('holds values that need a page of their own', () => {
    const twin = new Twin()
    for (const length of [10, 9000, 100_000, 0, 50_000, 8192, 8180, 3]) {
      twin.set('large', repeated(length), false)
      twin.set(`f${length}`, repeated(length), false)
      twin.setExpiry('large', length)
      twin.check()
    }
    expect(twin.hash.memory()).toBeGreaterThan(160_000)
    for (const name of [...twin.model.keys()]) {
      twin.hash.remove(name)
      twin.model.delete(name)
    }
    twin.check()
    expect(twin.hash.memory()).toBeLessThan(4000)
  })

  it('takes a value that was read from the hash itself', () => {
    const twin = new Twin()
    for (let i = 0; i < 500; i++) {
      twin.set(`f${i % 50}`, repeated(i % 83), false)
      twin.hash.read(`f${(i * 7) % 50}`, value)
      if (!twin.model.has(`f${(i * 7) % 50}`)) continue
      twin.hash.set(`f${(i + 1) % 50}`, value)
      const copied = twin.model.get(`f${(i * 7) % 50}`)!.value
      twin.model.set(`f${(i + 1) % 50}`, { value: copied, expiresAt: NO_EXPIRY })
    }
    twin.check()
  })

  it('shows a scan every field that stays, whatever comes and goes meanwhile', () => {
    const random = generator(12)
    const hash = new Hash()
    for (let i = 0; i < 500; i++) hash.set(`f${i}`, `v${i}`)
    const seen = new Map<string, string>()
    let cursor = 0
    do {
      cursor = hash.scan(cursor, 10, (name, read) => seen.set(name.toString(), read.toString()))
      for (let i = 0; i < 5; i++) {
        hash.remove(`f${2 * Math.floor(random() * 250)}`)
        hash.set(`new${Math.floor(random() * 1000)}`, repeated(i * 40))
      }
    } while (cursor !== 0)
    for (let i = 1; i < 500; i += 2) expect(seen.get(`f${i}`)).toBe(`v${i}`)
  })

  it('is made from a listpack of pairs', () => {
    let lp: Uint8Array = listpack.create()
    for (const part of ['a', '1', '22', 'x']) {
      lp = listpack.append(lp, 0, lp.length, value.fromString(part))
    }
    const hash = Hash.fromListpack(lp, 0)
    expect([hash.size, hash.get('a'), hash.get('22'), hash.get('x')]).toEqual([
      2,
      '1',
      'x',
      undefined,
    ])
  })
})
