// A multimap, told plainly: fields with their values in the order in which they came.

import fc from 'fast-check'
import { describe, test } from 'vitest'
import type { Expected, Said } from './models.ts'
import { check, client, type Move, says } from './moves.ts'

interface Field {
  values: string[]
  until: number
}

interface Contents {
  readonly isList: boolean
  /** Whether it stays when it is empty. */
  readonly stays: boolean
  readonly fields: Map<string, Field>
}

class MultimapModel {
  now = 0
  said: Said = new Map()
  readonly #multimaps = new Map<string, Contents>()

  #at(key: string): Contents {
    return this.#multimaps.get(key) ?? { isList: false, stays: false, fields: new Map() }
  }

  /** Says what a change answers, and puts down what is left. */
  change(client: number, key: string, change: (contents: Contents) => Expected): void {
    const contents = this.#at(key)
    this.said.set(client, change(contents))
    this.#multimaps.set(key, contents)
    this.#tidy()
  }

  read(client: number, key: string, read: (contents: Contents) => Expected): void {
    this.said.set(client, read(this.#at(key)))
  }

  #tidy(): void {
    for (const [key, { fields, stays }] of this.#multimaps) {
      for (const [name, field] of fields) {
        if (field.values.length === 0 || field.until <= this.now) fields.delete(name)
      }
      if (fields.size === 0 && !stays) this.#multimaps.delete(key)
    }
  }

  create(client: number, key: string, isList: boolean): void {
    const exists = this.#multimaps.has(key)
    if (!exists) this.#multimaps.set(key, { isList, stays: true, fields: new Map() })
    this.said.set(client, exists ? 0 : 1)
  }

  copy(client: number, from: string, to: string): void {
    const contents = this.#multimaps.get(from)
    if (from === to) {
      this.said.set(client, 'ERR source and destination objects are the same')
    } else if (contents === undefined || this.#multimaps.has(to)) {
      this.said.set(client, 0)
    } else {
      this.#multimaps.set(to, structuredClone(contents))
      this.said.set(client, 1)
    }
  }

  delete(client: number, key: string): void {
    this.said.set(client, this.#multimaps.delete(key) ? 1 : 0)
  }

  leave(): void {}

  unblock(): void {}

  pass(milliseconds: number): void {
    this.now += milliseconds
    this.#tidy()
  }

  stall(milliseconds: number): void {
    this.pass(milliseconds)
  }
}

/** Adds a value; how many that are. */
function add({ isList, fields }: Contents, name: string, value: string): number {
  const field = fields.get(name) ?? { values: [], until: Number.POSITIVE_INFINITY }
  if (!isList && field.values.includes(value)) return 0
  field.values.push(value)
  fields.set(name, field)
  return 1
}

function removeOne({ fields }: Contents, name: string, value: string): number {
  const values = fields.get(name)?.values ?? []
  const place = values.indexOf(value)
  if (place < 0) return 0
  values.splice(place, 1)
  return 1
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

const key = fc.constantFrom('{k}m', '{k}n')
const name = fc.constantFrom('f', 'g', 'h')
const value = fc.constantFrom('x', 'y', 'z')
const values = fc.array(value, { minLength: 1, maxLength: 4 })
const target = fc.tuple(client, key, name)

type Change = (contents: Contents, name: string) => Expected

/** A command on one field: `VERB key field words…`. */
function onField(verb: string, words: string, kind: 'change' | 'read', what: Change) {
  return target.map(([who, at, field]) =>
    says<MultimapModel>(who, `MULTIMAP.${verb} ${at} ${field} ${words}`, model =>
      model[kind](who, at, contents => what(contents, field)),
    ),
  )
}

const withValues = (verb: string, what: (c: Contents, field: string, all: string[]) => Expected) =>
  values.chain(all =>
    onField(verb, all.join(' '), 'change', (contents, field) => what(contents, field, all)),
  )

const changes: fc.Arbitrary<Move<MultimapModel>> = fc.oneof(
  {
    weight: 6,
    arbitrary: withValues('PUT', (contents, field, all) =>
      sum(all.map(each => add(contents, field, each))),
    ),
  },
  {
    weight: 3,
    arbitrary: withValues('REMOVE', (contents, field, all) =>
      sum(all.map(each => removeOne(contents, field, each))),
    ),
  },
  withValues('REPLACE', (contents, field, all) => {
    const old = contents.fields.get(field)
    contents.fields.set(field, { values: [], until: old?.until ?? Number.POSITIVE_INFINITY })
    for (const each of all) add(contents, field, each)
    return old?.values ?? []
  }),
  onField('DELETE', '', 'change', ({ fields }, field) => (fields.delete(field) ? 1 : 0)),
  onField('TAKE', '', 'change', ({ fields }, field) => {
    const taken = fields.get(field)?.values ?? []
    fields.delete(field)
    return taken
  }),
  {
    weight: 2,
    arbitrary: fc
      .tuple(target, fc.constantFrom(100, 300, 700))
      .map(([[who, at, field], lifetimeMs]) =>
        says<MultimapModel>(who, `MULTIMAP.EXPIRE ${at} PX ${lifetimeMs} ${field}`, model =>
          model.change(who, at, ({ fields }) => {
            const found = fields.get(field)
            if (found !== undefined) found.until = model.now + lifetimeMs
            return [found === undefined ? 0 : 1]
          }),
        ),
      ),
  },
  fc
    .tuple(client, key, fc.boolean())
    .map(([who, at, isList]) =>
      says<MultimapModel>(who, `MULTIMAP.CREATE ${at} ${isList ? 'LIST' : 'SET'}`, model =>
        model.create(who, at, isList),
      ),
    ),
  fc
    .tuple(client, key, key)
    .map(([who, from, to]) =>
      says<MultimapModel>(who, `COPY ${from} ${to}`, model => model.copy(who, from, to)),
    ),
  fc
    .tuple(client, key)
    .map(([who, at]) => says<MultimapModel>(who, `DEL ${at}`, model => model.delete(who, at))),
)

/** A command that reads a whole multimap. */
function onAll(verb: string, words: string, read: (contents: Contents) => Expected) {
  return fc
    .tuple(client, key)
    .map(([who, at]) =>
      says<MultimapModel>(who, `MULTIMAP.${verb} ${at} ${words}`, model =>
        model.read(who, at, read),
      ),
    )
}

const reads: fc.Arbitrary<Move<MultimapModel>> = fc.oneof(
  onField('GET', '', 'read', ({ fields }, field) => fields.get(field)?.values ?? []),
  onField('HAS', '', 'read', ({ fields }, field) => (fields.has(field) ? 1 : 0)),
  onField('HAS', 'x', 'read', ({ fields }, field) =>
    fields.get(field)?.values.includes('x') ? 1 : 0,
  ),
  onField('COUNT', '', 'read', ({ fields }, field) => fields.get(field)?.values.length ?? 0),
  target.map(([who, at, field]) =>
    says<MultimapModel>(who, `MULTIMAP.TTL ${at} ${field}`, model =>
      model.read(who, at, ({ fields }) => {
        const found = fields.get(field)
        if (found === undefined) return [-2]
        return [found.until === Number.POSITIVE_INFINITY ? -1 : found.until - model.now]
      }),
    ),
  ),
  onAll('HASVALUE', 'y', ({ fields }) =>
    [...fields.values()].some(each => each.values.includes('y')) ? 1 : 0,
  ),
  onAll('LEN', '', ({ fields }) => sum([...fields.values()].map(each => each.values.length))),
  onAll('COUNT', '', ({ fields }) => fields.size),
)

describe('the server does as the model says', () => {
  test('of a multimap', () => {
    const commands = fc.oneof({ weight: 3, arbitrary: changes }, { weight: 2, arbitrary: reads })
    check(commands, () => new MultimapModel())
  })
})
