import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MultimapMode } from '../../src/values/field-values.ts'
import { FIELD_LASTS, FIELD_MISSING, Multimap } from '../../src/values/multimap.ts'
import { PROPERTY_RUNS } from './tokens.ts'

function multimapOf(mode: MultimapMode, pairs: Record<string, string>): Multimap {
  const multimap = new Multimap(mode, false)
  for (const [name, values] of Object.entries(pairs)) {
    for (const value of values) multimap.put(name, value)
  }
  return multimap
}

describe('values', () => {
  test('a SET keeps a value once, a LIST as often as it comes', () => {
    const set = new Multimap('set', false)
    expect([set.put('f', 'a'), set.put('f', 'a')]).toEqual([true, false])
    expect(set.get('f', 0)).toEqual(['a'])
    const list = multimapOf('list', { f: 'aba' })
    expect(list.get('f', 0)).toEqual(['a', 'b', 'a'])
    expect(list.remove('f', 'a')).toBe(true)
    expect(list.get('f', 0)).toEqual(['b', 'a'])
  })

  test('a field disappears with its last value, the multimap with its last field', () => {
    const multimap = multimapOf('set', { f: 'a' })
    multimap.remove('f', 'a')
    expect(multimap.has('f', 0)).toBe(false)
    expect(multimap.isFree).toBe(true)
    expect(new Multimap('list', true).isFree).toBe(false)
  })

  test('TAKE answers what it removes', () => {
    const multimap = multimapOf('set', { f: 'ab', g: 'c' })
    expect(multimap.take('f')).toEqual(['a', 'b'])
    expect(multimap.take('f')).toEqual([])
    expect(multimap.pairs(0)).toBe(1)
  })

  test('REPLACE answers what was there, and by nothing removes the field', () => {
    const multimap = multimapOf('set', { f: 'ab' })
    expect(multimap.replace('f', ['x', 'x', 'y'])).toEqual(['a', 'b'])
    expect(multimap.pairs(0)).toBe(2)
    expect(multimap.replace('f', [])).toEqual(['x', 'y'])
    expect(multimap.isFree).toBe(true)
  })

  test('large fields behave as small ones', () => {
    const multimap = new Multimap('set', false)
    for (let i = 0; i < 1000; i++) multimap.put('f', `v${i % 500}`)
    expect(multimap.count('f', 0)).toBe(500)
    expect(multimap.get('f', 0)).toEqual([...Array(500).keys()].map(i => `v${i}`))
    expect(multimap.hasPair('f', 'v499', 0)).toBe(true)
    expect(multimap.hasValue('v500', 0)).toBe(false)
  })
})

describe('lifetimes', () => {
  test('a field that is due is missing, and everything else agrees with that', () => {
    const multimap = multimapOf('set', { f: 'ab', g: 'c' })
    expect(multimap.expireField('f', 100, 0)).toBe(true)
    expect(multimap.expireField('x', 100, 0)).toBe(false)
    expect(multimap.timeLeft('f', 40)).toBe(60)
    expect(multimap.timeLeft('g', 40)).toBe(FIELD_LASTS)
    expect(multimap.timeLeft('f', 100)).toBe(FIELD_MISSING)
    expect(multimap.pairs(99)).toBe(3)
    expect(multimap.pairs(100)).toBe(1)
    expect(multimap.size(100)).toBe(1)
    expect(multimap.names(100)).toEqual(['g'])
    expect(multimap.hasValue('a', 100)).toBe(false)
    expect(multimap.scan(0, 10, 100)).toEqual({
      cursor: 0,
      fields: [{ name: 'g', values: ['c'] }],
    })
    expect(multimap.nextExpiry()).toBe(100)
    expect(multimap.expire(99)).toEqual([])
    expect(multimap.expire(100)).toEqual(['f'])
    expect(multimap.nextExpiry()).toBe(Number.POSITIVE_INFINITY)
  })

  test('changes of a field leave its lifetime alone', () => {
    const multimap = multimapOf('set', { f: 'ab' })
    multimap.expireField('f', 100, 0)
    multimap.put('f', 'c')
    multimap.replace('f', ['d'])
    expect(multimap.timeLeft('f', 1)).toBe(99)
    multimap.delete('f')
    multimap.put('f', 'c')
    expect(multimap.timeLeft('f', 1)).toBe(FIELD_LASTS)
  })

  test('state transfer carries what is left of a lifetime', () => {
    const multimap = multimapOf('list', { f: 'aab' })
    multimap.expireField('f', 100, 0)
    const copy = Multimap.restore(multimap.snapshot(70), 5000)
    expect(copy.timeLeft('f', 5000)).toBe(30)
    expect(copy.get('f', 5000)).toEqual(['a', 'a', 'b'])
  })
})

const name = fc.constantFrom('f', 'g', 'h', 'i', 'j')
const value = fc.nat(25).map(n => `v${n}`)
const action = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('put' as const), name, value }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('remove' as const), name, value }) },
  fc.record({ kind: fc.constant('take' as const), name }),
  fc.record({ kind: fc.constant('delete' as const), name }),
  fc.record({
    kind: fc.constant('replace' as const),
    name,
    values: fc.array(value, { maxLength: 20 }),
  }),
  fc.record({ kind: fc.constant('expire' as const), name, ms: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(20) }),
)

type Action = typeof action extends fc.Arbitrary<infer A> ? A : never

/** The multimap as one would write it down: all values in one list. */
class Model {
  readonly mode: MultimapMode
  fields = new Map<string, { values: string[]; end: number }>()
  now = 0

  constructor(mode: MultimapMode) {
    this.mode = mode
  }

  put(field: string, added: string): boolean {
    const entry = this.fields.get(field) ?? { values: [], end: Number.POSITIVE_INFINITY }
    if (this.mode === 'set' && entry.values.includes(added)) return false
    this.fields.set(field, { ...entry, values: [...entry.values, added] })
    return true
  }

  run(step: Action): unknown {
    const entry = 'name' in step ? this.fields.get(step.name) : undefined
    switch (step.kind) {
      case 'put':
        return this.put(step.name, step.value)
      case 'remove': {
        const index = entry?.values.indexOf(step.value) ?? -1
        if (index < 0) return false
        entry!.values.splice(index, 1)
        if (entry!.values.length === 0) this.fields.delete(step.name)
        return true
      }
      case 'take':
        this.fields.delete(step.name)
        return entry?.values ?? []
      case 'delete':
        return this.fields.delete(step.name)
      case 'replace': {
        this.fields.delete(step.name)
        for (const added of step.values) this.put(step.name, added)
        const next = this.fields.get(step.name)
        if (next && entry) next.end = entry.end
        return entry?.values ?? []
      }
      case 'expire':
        if (entry) entry.end = this.now + step.ms
        return entry !== undefined
      case 'pass': {
        this.now += step.ms
        const gone: string[] = []
        for (const [field, { end }] of this.fields) if (end <= this.now) gone.push(field)
        for (const field of gone) this.fields.delete(field)
        return new Set(gone)
      }
    }
  }
}

function timeLeft(end: number | undefined, now: number): number {
  if (end === undefined) return FIELD_MISSING
  return end === Number.POSITIVE_INFINITY ? FIELD_LASTS : end - now
}

function run(multimap: Multimap, step: Action, now: number): unknown {
  switch (step.kind) {
    case 'put':
      return multimap.put(step.name, step.value)
    case 'remove':
      return multimap.remove(step.name, step.value)
    case 'take':
      return multimap.take(step.name)
    case 'delete':
      return multimap.delete(step.name)
    case 'replace':
      return multimap.replace(step.name, step.values)
    case 'expire':
      return multimap.expireField(step.name, step.ms, now)
    case 'pass':
      return new Set(multimap.expire(now))
  }
}

test.each(['set', 'list'] as const)('a multimap of mode %s agrees with the model', mode => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200, size: 'max' }), steps => {
      const multimap = new Multimap(mode, true)
      const backup = new Multimap(mode, true)
      const model = new Model(mode)
      for (const step of steps) {
        const expected = model.run(step)
        const now = model.now
        const answer = run(multimap, step, now)
        expect(answer).toEqual(expected)

        if ('name' in step) {
          const entry = model.fields.get(step.name)
          expect(multimap.get(step.name, now)).toEqual(entry?.values ?? [])
          expect(multimap.timeLeft(step.name, now)).toBe(timeLeft(entry?.end, now))
        }
        let pairs = 0
        let end = Number.POSITIVE_INFINITY
        for (const field of model.fields.values()) {
          pairs += field.values.length
          end = Math.min(end, field.end)
        }
        expect([multimap.pairs(now), multimap.nextExpiry()]).toEqual([pairs, end])

        // The backup hears of the end of fields, in the order in which the primary removed them.
        if (step.kind === 'pass') for (const field of answer as Set<string>) backup.delete(field)
        else run(backup, step, now)
        expect(backup.memory()).toBe(multimap.memory())
      }
      expect(new Set(multimap.names(model.now))).toEqual(new Set(model.fields.keys()))
      for (const [field, { values }] of model.fields) {
        expect(multimap.get(field, model.now)).toEqual(values)
      }
      expect(backup.snapshot(model.now)).toEqual(multimap.snapshot(model.now))
      const copy = Multimap.restore(multimap.snapshot(model.now), model.now)
      expect(copy.snapshot(model.now)).toEqual(multimap.snapshot(model.now))
      for (const field of model.fields.keys()) multimap.delete(field)
      expect(multimap.memory()).toBe(new Multimap(mode, true).memory())
    }),
    { numRuns: PROPERTY_RUNS },
  )
})

test('SCAN sees every field that stays, whatever happens on the way', () => {
  const all = Array.from({ length: 40 }, (_, i) => `f${i}`)
  const many = fc.constantFrom(...all)
  const change = fc.record({ name: many, kind: fc.constantFrom('put', 'delete', 'replace') })
  const turns = fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 60, size: 'max' })
  fc.assert(
    fc.property(fc.shuffledSubarray(all), turns, fc.nat(5), (start, script, page) => {
      const multimap = new Multimap('set', true)
      for (const field of start) multimap.put(field, 'v')
      const stayed = new Set(start)
      const seen = new Set<string>()
      let cursor = 0
      let calls = 0
      do {
        const answer = multimap.scan(cursor, page + 1, 0)
        cursor = answer.cursor
        for (const field of answer.fields) seen.add(field.name)
        for (const { kind, name: field } of script[calls] ?? []) {
          if (kind === 'put') multimap.put(field, 'w')
          else if (kind === 'replace') multimap.replace(field, ['x'])
          else if (multimap.delete(field)) stayed.delete(field)
        }
        calls++
      } while (cursor !== 0)
      for (const field of stayed) expect(seen).toContain(field)
    }),
    { numRuns: 3 * PROPERTY_RUNS },
  )
})

test('a field of a hundred thousand values is still a set', () => {
  const multimap = new Multimap('set', false)
  for (let i = 0; i < 100_000; i++) multimap.put('f', `value-${i}`)
  expect(multimap.count('f', 0)).toBe(100_000)
  expect(multimap.put('f', 'value-99999')).toBe(false)
  expect(multimap.remove('f', 'value-50000')).toBe(true)
  expect(multimap.pairs(0)).toBe(99_999)
})
