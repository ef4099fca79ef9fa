import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Element } from '../../src/values/element.ts'
import * as listpack from '../../src/values/listpack.ts'
import { Stream } from '../../src/values/stream.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { entryCount } from '../../src/values/stream-node.ts'
import { FieldList } from './field-list.ts'
import { generator, repeated, SCALE, text } from './texts.ts'

const field = new Element()
const value = new Element()
const LIMITS = { bytesMax: 4096, entriesMax: 100 }

type Entry = [string, string[]]

function entriesOf(stream: Stream, from = StreamId.MIN, to = StreamId.MAX, backward = false) {
  const entries: Entry[] = []
  const cursor = stream.range(from, to, backward)
  while (cursor.next()) {
    const parts: string[] = []
    while (cursor.nextPair(field, value)) parts.push(field.toString(), value.toString())
    expect(parts.length).toBe(2 * cursor.fieldCount)
    entries.push([cursor.id.toString(), parts])
  }
  return entries
}

const idOf = (text: string) => StreamId.parse(text)!

/** A stream and the array of entries that it must behave as. */
class Twin {
  readonly stream = new Stream()
  model: Entry[] = []

  add(id: StreamId, parts: string[], limits = LIMITS): void {
    if (id.compare(this.stream.lastId) <= 0) return
    expect(this.stream.append(id, new FieldList(parts), limits)).toBe(true)
    this.model.push([id.toString(), parts])
  }

  delete(at: number): void {
    const entry = this.model[at]
    const id = entry === undefined ? StreamId.of(at, 77) : idOf(entry[0])
    expect(this.stream.delete(id)).toBe(entry !== undefined)
    this.model = this.model.filter(held => held !== entry)
  }

  check(): void {
    const { stream, model } = this
    expect(stream.length).toBe(model.length)
    expect(entriesOf(stream)).toEqual(model)
    expect(entriesOf(stream, StreamId.MIN, StreamId.MAX, true).reverse()).toEqual(model)
    expect(stream.firstId.toString()).toBe(model[0]?.[0] ?? '0-0')
    expect(stream.lastEntryId().toString()).toBe(model.at(-1)?.[0] ?? '0-0')
    let nodes = 0
    let entries = 0
    stream.eachNode((_id, node) => {
      const bytes = listpack.byteLength(node, 0)
      expect(listpack.validate(node, 0, bytes)).toBe(true)
      entries += entryCount(node)
      nodes++
    })
    expect(nodes).toBe(stream.nodeCount)
    expect(entries).toBe(model.length)
  }
}

const parts = fc
  .tuple(
    fc.constantFrom(['a'], ['a', 'b'], ['1', ''], ['x', 'y', 'z']),
    fc.array(text, { minLength: 3, maxLength: 3 }),
  )
  .map(([names, values]) => names.flatMap((name, i) => [name, values[i]!]))

const big = fc.bigInt(0n, 2n ** 64n - 1n)
const id = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(40), fc.nat(3)).map(([ms, seq]) => StreamId.of(ms, seq)),
  },
  { weight: 1, arbitrary: fc.tuple(big, big).map(([ms, seq]) => idOf(`${ms}-${seq}`)) },
)
const limits = fc.record({
  bytesMax: fc.constantFrom(0, 60, 200, 4096),
  entriesMax: fc.constantFrom(0, 1, 3, 100),
})

type Step = (twin: Twin) => void
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.nat(3), fc.nat(3), parts, limits)
      .map(([ms, seq, added, bounds]) => (twin: Twin) => {
        const { lastId } = twin.stream
        const next = ms === 0 ? lastId.next() : StreamId.of(lastId.ms + ms, seq)
        if (next !== undefined) twin.add(next, added, bounds)
      }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(id, parts, limits).map(([given, added, bounds]) => (twin: Twin) => {
      twin.add(given, added, bounds)
    }),
  },
  { weight: 3, arbitrary: fc.nat(30).map(at => (twin: Twin) => twin.delete(at)) },
  {
    weight: 1,
    arbitrary: fc.nat(20).map(length => (twin: Twin) => {
      const kept = twin.model.slice(Math.max(twin.model.length - length, 0))
      expect(twin.stream.trimByLength(length, false, 0)).toBe(twin.model.length - kept.length)
      twin.model = kept
    }),
  },
  {
    weight: 1,
    arbitrary: id.map(bound => (twin: Twin) => {
      const kept = twin.model.filter(([held]) => idOf(held).compare(bound) >= 0)
      expect(twin.stream.trimById(bound, false, 0)).toBe(twin.model.length - kept.length)
      twin.model = kept
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(20), fc.nat(10)).map(([length, limit]) => (twin: Twin) => {
      const removed = twin.stream.trimByLength(length, true, limit)
      if (limit > 0) expect(removed).toBeLessThanOrEqual(limit)
      twin.model = twin.model.slice(removed)
      if (removed > 0) expect(twin.model.length).toBeGreaterThanOrEqual(length)
    }),
  },
)

describe('a stream', () => {
  it('behaves as an array of entries under random edits', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const twin = new Twin()
        for (const run of steps) run(twin)
        twin.check()
      }),
      { numRuns: 200 * SCALE },
    )
  })

  it('gives any range, in both directions, and knows its entries by ID', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), id, id, (steps, a, b) => {
        const twin = new Twin()
        for (const run of steps) run(twin)
        const [from, to] = a.compare(b) <= 0 ? [a, b] : [b, a]
        const expected = twin.model.filter(
          ([held]) => idOf(held).compare(from) >= 0 && idOf(held).compare(to) <= 0,
        )
        expect(entriesOf(twin.stream, from, to)).toEqual(expected)
        expect(entriesOf(twin.stream, from, to, true).reverse()).toEqual(expected)
        expect(twin.stream.has(a)).toBe(twin.model.some(([held]) => held === a.toString()))
      }),
      { numRuns: 200 * SCALE },
    )
  })

  it('packs a hundred entries to a node and about four kilobytes', () => {
    const twin = new Twin()
    for (let i = 1; i <= 1000; i++) twin.add(StreamId.of(i, 0), ['temperature', String(i)])
    expect(twin.stream.nodeCount).toBe(10)
    expect(twin.stream.memory()).toBeLessThan(1000 * 12 + 10 * 500 + 3000)
    for (let i = 1001; i <= 1100; i++) twin.add(StreamId.of(i, 0), ['t', repeated(1000)])
    expect(twin.stream.nodeCount).toBeGreaterThan(30)
    twin.check()
  })

  it('trims about as much as it was asked for, by whole nodes', () => {
    const twin = new Twin()
    for (let i = 1; i <= 1000; i++) twin.add(StreamId.of(i, 0), ['a', 'b'])
    expect(twin.stream.trimByLength(750, true, 0)).toBe(200)
    expect(twin.stream.trimByLength(450, true, 150)).toBe(100)
    expect(twin.stream.trimById(StreamId.of(455, 0), true, 0)).toBe(100)
    expect(twin.stream.firstId.toString()).toBe('401-0')
    expect(twin.stream.trimByLength(0, false, 0)).toBe(600)
    expect(twin.stream.length).toBe(0)
    expect(twin.stream.lastId.toString()).toBe('1000-0')
    expect(twin.stream.firstId.isZero).toBe(true)
  })

  it('lets several walks go on side by side', () => {
    const twin = new Twin()
    for (let i = 1; i <= 500; i++) twin.add(StreamId.of(i, 0), ['a', String(i)])
    const walks = [1, 150, 350].map(from => ({
      from,
      cursor: twin.stream.range(StreamId.of(from, 0), StreamId.MAX),
    }))
    for (let i = 0; i < 150; i++) {
      for (const { from, cursor } of walks) {
        expect(cursor.next()).toBe(true)
        expect(cursor.id.toString()).toBe(`${from + i}-0`)
      }
    }
  })

  it('stores entries that are larger than a node, and entries of very many fields', () => {
    const twin = new Twin()
    twin.add(StreamId.of(1, 0), ['big', repeated(100_000)])
    twin.add(
      StreamId.of(2, 0),
      Array.from({ length: 140_000 }, (_, i) => String(i % 100)),
    )
    twin.add(StreamId.of(3, 0), ['a', 'b'])
    twin.delete(1)
    twin.check()
  })

  it('gives memory back when it is trimmed', () => {
    const twin = new Twin()
    const empty = twin.stream.memory()
    const random = generator(4)
    for (let i = 1; i <= 20_000; i++) {
      twin.stream.append(StreamId.of(i, 0), new FieldList(['f', repeated(random() * 30)]), LIMITS)
    }
    const full = twin.stream.memory()
    twin.stream.trimByLength(200, false, 0)
    expect(twin.stream.memory()).toBeLessThan(full / 20)
    twin.stream.trimByLength(0, false, 0)
    expect(twin.stream.memory()).toBeLessThan(empty + 2000)
  })
})
