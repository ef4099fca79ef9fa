import { describe, expect, test } from 'vitest'
import { Element } from '../../src/values/element.ts'
import { Hash } from '../../src/values/hash.ts'
import { List } from '../../src/values/list.ts'
import { MemberSet } from '../../src/values/member-set.ts'
import { Zset } from '../../src/values/zset.ts'

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
})
