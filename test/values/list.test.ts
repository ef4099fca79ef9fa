import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHUNK_OVERHEAD_BYTES } from '../../src/values/chunk.ts'
import { Element } from '../../src/values/element.ts'
import { List } from '../../src/values/list.ts'
import * as listpack from '../../src/values/listpack.ts'
import { generator, member, repeated, SCALE, text } from './texts.ts'

const taken = new Element()

/** A list and the array that it must behave as. */
class Twin {
  list: List
  model: string[] = []

  constructor(fill: number) {
    this.list = new List(fill)
  }

  pop(fromHead: boolean): void {
    const popped = fromHead ? this.list.popHead(taken) : this.list.popTail(taken)
    const expected = fromHead ? this.model.shift() : this.model.pop()
    expect(popped ? taken.toString() : undefined).toBe(expected)
  }

  remove(value: string, count: number): void {
    let left = count === 0 ? this.model.length : Math.abs(count)
    const keep = (held: string) => held !== value || left-- <= 0
    const before = this.model.length
    if (count < 0) this.model = this.model.reverse().filter(keep).reverse()
    else this.model = this.model.filter(keep)
    expect(this.list.remove(value, count)).toBe(before - this.model.length)
  }

  insert(pivot: string, value: string, after: boolean): void {
    const at = this.model.indexOf(pivot)
    expect(this.list.insert(pivot, value, after)).toBe(at >= 0)
    if (at >= 0) this.model.splice(after ? at + 1 : at, 0, value)
  }

  set(index: number, value: string): void {
    const at = index < 0 ? this.model.length + index : index
    const exists = at >= 0 && at < this.model.length
    expect(this.list.set(index, value)).toBe(exists)
    if (exists) this.model[at] = value
  }

  check(): void {
    const { list, model } = this
    expect(list.length).toBe(model.length)
    expect(forward(list)).toEqual(model)
    expect(backward(list)).toEqual(model)
    expect(chunkedStrings(list)).toEqual(model)
    checkMemory(list)
  }
}

function forward(list: List): string[] {
  const values: string[] = []
  for (let cursor = list.cursor(0); cursor !== undefined; ) {
    expect(cursor.index).toBe(values.length)
    cursor.read(taken)
    values.push(taken.toString())
    if (!cursor.next()) break
  }
  return values
}

function backward(list: List): string[] {
  const values: string[] = []
  for (let cursor = list.cursor(-1); cursor !== undefined; ) {
    cursor.read(taken)
    values.unshift(taken.toString())
    if (!cursor.previous()) break
  }
  return values
}

function chunkedStrings(list: List): string[] {
  const values: string[] = []
  for (let chunk = list.head; chunk !== undefined; chunk = chunk.next) {
    const bytes = Buffer.alloc(chunk.listpackBytes)
    expect(chunk.writeListpack(bytes, 0)).toBe(bytes.length)
    expect(listpack.validate(bytes, 0, bytes.length)).toBe(true)
    expect(listpack.length(bytes, 0)).toBeGreaterThan(0)
    values.push(...listpack.strings(bytes, 0))
  }
  return values
}

/** The estimate is kept in steps; it must be what a walk would find. */
function checkMemory(list: List): void {
  let capacity = 0
  let chunks = 0
  for (let chunk = list.head; chunk !== undefined; chunk = chunk.next) {
    capacity += chunk.bytes.length
    chunks++
  }
  expect(list.chunkCount).toBe(chunks)
  expect(list.memory()).toBe(new List(-2).memory() + capacity + chunks * CHUNK_OVERHEAD_BYTES)
}

type Step = (twin: Twin) => void

const value = fc.oneof({ weight: 3, arbitrary: member }, { weight: 1, arbitrary: text })
const index = fc.integer({ min: -60, max: 60 })

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.boolean(), value).map(([atHead, pushed]) => (twin: Twin) => {
    if (atHead) {
      twin.list.pushHead(pushed)
      twin.model.unshift(pushed)
    } else {
      twin.list.pushTail(pushed)
      twin.model.push(pushed)
    }
  }),
  fc.array(value, { maxLength: 30 }).map(values => (twin: Twin) => {
    for (const pushed of values) twin.list.pushTail(pushed)
    twin.model.push(...values)
  }),
  fc.boolean().map(fromHead => (twin: Twin) => twin.pop(fromHead)),
  fc.tuple(member, fc.integer({ min: -3, max: 3 })).map(([removed, count]) => (twin: Twin) => {
    twin.remove(removed, count)
  }),
  fc.tuple(member, value, fc.boolean()).map(([pivot, added, after]) => (twin: Twin) => {
    twin.insert(pivot, added, after)
  }),
  fc.tuple(index, value).map(
    ([at, set]) =>
      (twin: Twin) =>
        twin.set(at, set),
  ),
  fc.constant((twin: Twin) => {
    twin.list.rotate()
    if (twin.model.length > 0) twin.model.unshift(twin.model.pop()!)
  }),
  fc.tuple(fc.nat(5), fc.nat(100)).map(([from, to]) => (twin: Twin) => {
    twin.list.trim(from, to)
    twin.model = twin.model.slice(from, to)
  }),
  index.map(at => (twin: Twin) => expect(twin.list.at(at)).toBe(twin.model.at(at))),
)

describe('a list', () => {
  it.each([1, 2, 5, -1])('behaves as an array with chunks of %i', fill => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const twin = new Twin(fill)
        for (const run of steps) {
          run(twin)
          twin.check()
        }
      }),
      { numRuns: 60 * SCALE },
    )
  })

  it('behaves as an array when it is long and its elements are of all sizes', () => {
    const random = generator(7)
    const twin = new Twin(-1)
    for (let i = 0; i < 3000 * SCALE; i++) {
      const size = [3, 20, 200, 1000, 5000][Math.floor(random() * 5)]!
      const added = repeated(Math.floor(random() * size))
      const at = Math.floor(random() * twin.model.length)
      const choice = Math.floor(random() * 8)
      if (choice <= 1) twin.insert(twin.model[at] ?? '', added, random() < 0.5)
      else if (choice === 2) twin.set(at, added)
      else if (choice === 3) twin.remove(twin.model[at] ?? '', 1)
      else if (choice <= 5) {
        twin.list.pushTail(added)
        twin.model.push(added)
      } else if (choice === 6) {
        twin.list.pushHead(added)
        twin.model.unshift(added)
      } else twin.pop(random() < 0.5)
      if (i % 100 === 0) twin.check()
    }
    twin.check()
  })

  it('works as a queue in either direction without growing', () => {
    for (const toHead of [true, false]) {
      const twin = new Twin(-2)
      let most = 0
      for (let i = 0; i < 20_000; i++) {
        if (toHead) {
          twin.list.pushHead(String(i))
          twin.model.unshift(String(i))
        } else {
          twin.list.pushTail(String(i))
          twin.model.push(String(i))
        }
        if (i > 50) twin.pop(!toHead)
        most = Math.max(most, twin.list.memory())
      }
      twin.check()
      expect(most).toBeLessThan(3000)
    }
  })

  it('is made from a listpack, whether or not that fits in a chunk', () => {
    for (const count of [0, 1, 200, 5000]) {
      const values = Array.from({ length: count }, (_, i) =>
        i % 3 === 0 ? String(i) : `value-${i}`,
      )
      let packed: Uint8Array = listpack.create(100_000)
      for (const added of values) {
        packed = listpack.append(packed, 0, packed.length, taken.fromString(added))
      }
      const list = List.fromListpack(packed, 0, -2)
      expect(forward(list)).toEqual(values)
      checkMemory(list)
    }
  })

  it('takes an element that was read from the list itself', () => {
    const twin = new Twin(-2)
    for (let i = 0; i < 100; i++) {
      const added = repeated(i)
      twin.list.pushTail(added)
      twin.model.push(added)
      twin.list.read(i >> 1, taken)
      const copied = twin.model[i >> 1]!
      twin.list.pushHead(taken)
      twin.model.unshift(copied)
      twin.list.read(i >> 1, taken)
      twin.list.set(i, taken)
      twin.model[i] = twin.model[i >> 1]!
    }
    twin.check()
  })

  it('gives memory back when most elements are removed', () => {
    const list = new List(-2)
    for (let i = 0; i < 50_000; i++) list.pushTail(i % 20 === 0 ? `keep-${i}` : 'drop')
    const full = list.memory()
    expect(list.remove('drop', 0)).toBe(47_500)
    expect(list.memory()).toBeLessThan(full / 4)
    expect(list.at(-1)).toBe('keep-49980')
    list.trim(0, 0)
    expect(list.memory()).toBe(new List(-2).memory())
  })
})
