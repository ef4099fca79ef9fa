import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Group, type Tally, UNKNOWN_READ } from '../../src/values/group.ts'
import { Stream } from '../../src/values/stream.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { FieldList } from './field-list.ts'
import { SCALE } from './texts.ts'

const LIMITS = { bytesMax: 4096, entriesMax: 100 }

interface Delivery {
  consumer: string
  at: number
  count: number
}

/** A group, and the Map of its pending entries that it must behave as. */
class Twin {
  readonly tally: Tally = { bytes: 0 }
  readonly group = new Group(StreamId.MIN, 0, this.tally)
  readonly model = new Map<number, Delivery>()
  readonly names = new Set<string>()

  assign(ms: number, name: string, at: number, count: number): void {
    const consumer = this.group.consumer(name) ?? this.group.createConsumer(name, 1)!
    this.names.add(name)
    this.group.assign(StreamId.of(ms, 0), consumer, at, count)
    this.model.set(ms, { consumer: name, at, count })
  }

  acknowledge(ms: number): void {
    expect(this.group.acknowledge(StreamId.of(ms, 0))).toBe(this.model.delete(ms))
  }

  removeConsumer(name: string): void {
    const consumer = this.group.consumer(name)
    expect(consumer === undefined).toBe(!this.names.delete(name))
    if (consumer === undefined) return
    const held = [...this.model].filter(([, delivery]) => delivery.consumer === name)
    expect(this.group.removeConsumer(consumer)).toBe(held.length)
    for (const [ms] of held) this.model.delete(ms)
  }

  check(): void {
    const { group, model } = this
    const pending: [number, Delivery][] = []
    for (let more = group.pending.seekFirst(); more; more = group.pending.next()) {
      const delivery = {
        consumer: group.consumerOf(group.pending.consumer).name,
        at: group.pending.deliveredAt,
        count: group.pending.deliveryCount,
      }
      pending.push([group.pending.id.ms, delivery])
    }
    expect(pending).toEqual([...model].sort(([a], [b]) => a - b))
    expect(group.pending.size).toBe(model.size)
    expect(group.consumers().map(consumer => consumer.name)).toEqual([...this.names].sort())
    let bytes = 0
    for (const consumer of group.consumers()) {
      const ids: number[] = []
      for (let more = consumer.seek(StreamId.MIN); more; more = consumer.ids.next()) {
        ids.push(consumer.id.ms)
      }
      const held = [...model].filter(([, delivery]) => delivery.consumer === consumer.name)
      expect(ids).toEqual(held.map(([ms]) => ms).sort((a, b) => a - b))
      bytes += 200 + consumer.name.length + consumer.ids.memory()
    }
    expect(this.tally.bytes).toBe(360 + group.pending.memory() + bytes)
  }
}

const name = fc.constantFrom('a', 'b', 'c')
const ms = fc.nat(30)
const time = fc.constantFrom(0, 1, 2 ** 32, 1_700_000_000_000, 2 ** 48 - 1)
type Step = (twin: Twin) => void
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(ms, name, time, fc.constantFrom(0, 1, 7, 2 ** 32, 2 ** 47)).map(
      ([id, to, at, count]) =>
        (twin: Twin) =>
          twin.assign(id, to, at, count),
    ),
  },
  { weight: 3, arbitrary: ms.map(id => (twin: Twin) => twin.acknowledge(id)) },
  { weight: 1, arbitrary: name.map(of => (twin: Twin) => twin.removeConsumer(of)) },
)

describe('a consumer group', () => {
  it('keeps each pending entry with exactly one consumer, under random edits', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => {
        const twin = new Twin()
        for (const run of steps) {
          run(twin)
          twin.check()
        }
      }),
      { numRuns: 100 * SCALE },
    )
  })

  it('stays right with thousands pending, and leaves no bytes behind', () => {
    const twin = new Twin()
    for (let i = 0; i < 5000; i++) twin.assign(i, 'abc'[i % 3]!, i, 1)
    for (let i = 0; i < 5000; i += 2) twin.assign(i, 'd', i, 2)
    for (let i = 0; i < 5000; i += 5) twin.acknowledge(i)
    twin.check()
    twin.removeConsumer('d')
    twin.removeConsumer('a')
    twin.check()
    twin.group.discard()
    expect(twin.tally.bytes).toBe(0)
  })

  it('finds the first pending entry from an ID on', () => {
    const twin = new Twin()
    for (const at of [10, 20, 30]) twin.assign(at, 'a', 1, 1)
    const { pending } = twin.group
    expect(pending.seek(StreamId.of(11, 0)) && pending.id.ms).toBe(20)
    expect(pending.seek(StreamId.of(20, 0)) && pending.id.ms).toBe(20)
    expect(pending.seek(StreamId.of(20, 1)) && pending.id.ms).toBe(30)
    expect(pending.seek(StreamId.of(31, 0))).toBe(false)
    expect(pending.seekLast() && pending.id.ms).toBe(30)
  })
})

describe('the groups of a stream', () => {
  function streamOf(count: number): Stream {
    const stream = new Stream()
    for (let i = 1; i <= count; i++) {
      stream.append(StreamId.of(i, 0), new FieldList(['a', 'b']), LIMITS)
    }
    return stream
  }

  function readAll(stream: Stream, group: Group): number {
    const cursor = stream.range(group.lastId.next()!, StreamId.MAX)
    let count = 0
    while (cursor.next()) {
      stream.advance(group, cursor.id)
      count++
    }
    return count
  }

  it('are listed by name and made once', () => {
    const stream = new Stream()
    for (const each of ['b', 'a', 'c']) stream.createGroup(each, StreamId.MIN, 0)
    expect(stream.createGroup('a', StreamId.MIN, 0)).toBeUndefined()
    expect(stream.groups().map(([each]) => each)).toEqual(['a', 'b', 'c'])
    const before = stream.memory()
    expect(stream.removeGroup('b')).toBe(true)
    expect(stream.removeGroup('b')).toBe(false)
    expect(stream.memory()).toBeLessThan(before)
    expect(stream.groupCount).toBe(2)
  })

  it('lag by what they have not read', () => {
    const stream = streamOf(10)
    const group = stream.createGroup('g', StreamId.MIN, 0)!
    expect(stream.lag(group)).toBe(10)
    expect(readAll(stream, group)).toBe(10)
    expect([group.entriesRead, stream.lag(group)]).toEqual([10, 0])
    stream.append(StreamId.of(11, 0), new FieldList(['a', 'b']), LIMITS)
    expect(stream.lag(group)).toBe(1)
    stream.trimByLength(3, false, 0)
    expect(stream.lag(group)).toBe(1)
  })

  it('do not know their lag while an entry is missing ahead of them', () => {
    const stream = streamOf(10)
    const group = stream.createGroup('g', StreamId.of(3, 0), UNKNOWN_READ)!
    expect(stream.lag(group)).toBeUndefined()
    stream.delete(StreamId.of(7, 0))
    expect(stream.lag(group)).toBeUndefined()
    expect(readAll(stream, group)).toBe(6)
    expect([group.entriesRead, stream.lag(group)]).toEqual([10, 0])
  })

  it('move forward only', () => {
    const stream = streamOf(3)
    const group = stream.createGroup('g', StreamId.of(2, 0), 2)!
    stream.advance(group, StreamId.of(1, 0))
    expect([group.lastId.toString(), group.entriesRead]).toEqual(['2-0', 2])
  })
})
