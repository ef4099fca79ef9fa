import { describe, expect, test } from 'vitest'
import { Element } from '../../src/values/element.ts'
import { Hash } from '../../src/values/hash.ts'
import { List } from '../../src/values/list.ts'
import { MemberSet } from '../../src/values/member-set.ts'
import { Stream } from '../../src/values/stream.ts'
import { StreamId } from '../../src/values/stream-id.ts'
import { Zset } from '../../src/values/zset.ts'
import { FieldList } from './field-list.ts'

const names = Array.from({ length: 2000 }, (_, i) => (i % 3 === 0 ? String(i) : `name ${i}`))
const element = new Element()

describe('a copy has what the original has, and neither feels the other change', () => {
  test('lists', () => {
    const list = new List(-2)
    for (const name of names) list.pushTail(name)
    const copy = list.copy()
    list.popHead(element)
    expect(copy.length).toBe(names.length)
    expect(names.map((_, i) => copy.at(i))).toEqual(names)
    copy.pushTail('more')
    expect(list.length).toBe(names.length - 1)
  })

  test('sets', () => {
    const set = new MemberSet()
    for (const name of names) set.add(name)
    const copy = set.copy()
    set.remove(names[0]!)
    expect(copy.size).toBe(names.length)
    expect(names.every(name => copy.has(name))).toBe(true)
  })

  test('hashes, with the expiries of their fields', () => {
    const hash = new Hash()
    for (const name of names) hash.set(name, `value of ${name}`)
    hash.setExpiry(names[5]!, 12345)
    const copy = hash.copy()
    hash.set(names[7]!, 'changed')
    expect(copy.size).toBe(names.length)
    expect(copy.get(names[7]!)).toBe(`value of ${names[7]}`)
    expect(copy.expiresAt(names[5]!)).toBe(12345)
    expect(copy.expiryCount).toBe(1)
  })

  test('sorted sets, with their order', () => {
    const zset = new Zset()
    names.forEach((name, i) => {
      zset.set(name, (i * 7919) % 1000)
    })
    const copy = zset.copy()
    zset.remove(names[0]!)
    expect(copy.size).toBe(names.length)
    expect(names.slice(1).map(name => copy.score(name))).toEqual(
      names.slice(1).map(name => zset.score(name)),
    )
    expect(copy.rank(names[0]!)).toBe(0)
  })
  test('streams, with their groups and what is pending', () => {
    const stream = new Stream()
    const limits = { bytesMax: 4096, entriesMax: 100 }
    for (let i = 1; i <= 500; i++) {
      stream.append(StreamId.of(i, 0), new FieldList(['field', names[i]!]), limits)
    }
    stream.delete(StreamId.of(499, 0))
    const group = stream.createGroup('workers', StreamId.of(7, 0), 7)!
    const [ada, bob] = ['ada', 'bob'].map(name => group.createConsumer(name, 1000)!)
    group.removeConsumer(ada!)
    const eve = group.createConsumer('eve', 2000)!
    eve.activeAt = 3000
    group.assign(StreamId.of(6, 0), bob!, 10, 1)
    group.assign(StreamId.of(7, 0), eve, 20, 2)
    const copy = stream.copy()
    stream.delete(StreamId.of(1, 0))
    group.acknowledge(StreamId.of(7, 0))
    expect([copy.length, copy.entriesAdded, copy.lastId, copy.firstId, copy.maxDeletedId]).toEqual(
      [499, 500, 500, 1, 499].map((each, i) => (i < 2 ? each : StreamId.of(each, 0))),
    )
    const copied = copy.group('workers')!
    expect([copied.lastId, copied.entriesRead]).toEqual([StreamId.of(7, 0), 7])
    expect(copied.consumers().map(each => [each.name, each.seenAt, each.activeAt])).toEqual([
      ['bob', 1000, -1],
      ['eve', 2000, 3000],
    ])
    expect(copied.pending.size).toBe(2)
    expect(copied.pending.find(StreamId.of(7, 0))).toBe(true)
    expect(copied.consumerOf(copied.pending.consumer).name).toBe('eve')
    expect([copied.pending.deliveredAt, copied.pending.deliveryCount]).toEqual([20, 2])
  })
})
