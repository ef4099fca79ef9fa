// The forms that a list takes, at the bounds where Redis 7.2 changes them, in both directions.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'

function connect(fill = '-2'): InProcessClient {
  return new InProcessServer({ settings: [['list-max-listpack-size', fill]] }).connect()
}

function encodingOf(client: InProcessClient): unknown {
  return client.call('OBJECT', 'ENCODING', 'l')
}

/** Bytes of a listpack without elements. */
const EMPTY = 7

describe('a listpack', () => {
  it('becomes a quicklist before it and the texts that come exceed 8 KB', () => {
    const client = connect()
    client.call('RPUSH', 'l', 'x'.repeat(8192 - EMPTY))
    expect(encodingOf(client)).toBe('listpack')
    client.call('RPUSH', 'l', '')
    expect(encodingOf(client)).toBe('quicklist')
    client.call('DEL', 'l')
    client.call('RPUSH', 'l', 'x'.repeat(8193 - EMPTY))
    expect(encodingOf(client)).toBe('quicklist')
  })

  it.each([
    ['-1', 4096],
    ['-3', 16384],
    ['-4', 32768],
    ['-5', 65536],
    ['-9', 65536],
  ])('has the bound of list-max-listpack-size %s', (fill, bytes) => {
    const client = connect(fill)
    client.call('RPUSH', 'l', 'x'.repeat(bytes - EMPTY))
    expect(encodingOf(client)).toBe('listpack')
    client.call('DEL', 'l')
    client.call('RPUSH', 'l', 'x'.repeat(bytes - EMPTY + 1))
    expect(encodingOf(client)).toBe('quicklist')
  })

  it('holds so many elements where that setting is their number, and 8 KB at most', () => {
    const client = connect('3')
    client.call('RPUSH', 'l', 'a', 'b', 'c')
    expect(encodingOf(client)).toBe('listpack')
    client.call('RPUSH', 'l', 'd')
    expect(encodingOf(client)).toBe('quicklist')
    client.call('DEL', 'l')
    client.call('RPUSH', 'l', 'x'.repeat(8192))
    expect(encodingOf(client)).toBe('quicklist')
  })

  it.each([
    ['LPUSH', 'l', 'y'.repeat(500)],
    ['LINSERT', 'l', 'AFTER', 'pivot', 'y'.repeat(500)],
    ['LSET', 'l', '0', 'y'.repeat(500)],
    ['LMOVE', 'source', 'l', 'LEFT', 'LEFT'],
  ])('is left by %s, too', (...words) => {
    const client = connect()
    client.call('RPUSH', 'source', 'y'.repeat(500))
    client.call('RPUSH', 'l', 'pivot', 'x'.repeat(8000))
    expect(encodingOf(client)).toBe('listpack')
    client.call(...words)
    expect(encodingOf(client)).toBe('quicklist')
  })
})

describe('a quicklist', () => {
  /** Fifteen elements in a quicklist of one node, which is nearly full. */
  function large(): InProcessClient {
    const client = connect()
    client.call('RPUSH', 'l', ...Array.from({ length: 15 }, (_, i) => String(i).padEnd(500, '.')))
    client.call('RPUSH', 'l', 'x'.repeat(700))
    client.call('RPOP', 'l')
    expect(encodingOf(client)).toBe('quicklist')
    return client
  }

  it.each([
    ['LPOP', 'l', '7'],
    ['RPOP', 'l', '7'],
    ['LTRIM', 'l', '0', '7'],
    ['LTRIM', 'l', '-8', '-1'],
  ])('becomes a listpack when %s %s %s leaves half of what that may have', (...words) => {
    const client = large()
    const before = client.call('LRANGE', 'l', '0', '-1') as string[]
    client.call(...words)
    expect(encodingOf(client)).toBe('listpack')
    const after = client.call('LRANGE', 'l', '0', '-1') as string[]
    const at = before.indexOf(after[0]!)
    expect(after).toEqual(before.slice(at, at + 8))
  })

  it('stays one while it has more than that, or two nodes', () => {
    const client = large()
    client.call('LPOP', 'l', '6')
    expect(encodingOf(client)).toBe('quicklist')
    const other = large()
    other.call('RPUSH', 'l', 'x'.repeat(700))
    other.call('LPOP', 'l', '14')
    expect(encodingOf(other)).toBe('quicklist')
  })

  it('by LREM and LSET as well', () => {
    const client = large()
    for (let i = 0; i < 7; i++) client.call('LREM', 'l', '1', String(i).padEnd(500, '.'))
    expect(encodingOf(client)).toBe('listpack')
    const other = connect()
    other.call('RPUSH', 'l', 'x'.repeat(9000))
    other.call('LSET', 'l', '0', 'b')
    expect(encodingOf(other)).toBe('listpack')
    expect(other.call('LRANGE', 'l', '0', '-1')).toEqual(['b'])
  })
})

it('changes of form keep the elements and the expiry', () => {
  const client = connect()
  const elements = Array.from({ length: 3000 }, (_, i) => `element ${i}`)
  for (const element of elements) {
    client.call('RPUSH', 'l', element)
    client.call('EXPIRE', 'l', '100', 'NX')
  }
  expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(elements)
  expect(client.call('TTL', 'l')).toBe(100)
  client.call('LTRIM', 'l', '100', '110')
  expect(encodingOf(client)).toBe('listpack')
  expect(client.call('LRANGE', 'l', '0', '-1')).toEqual(elements.slice(100, 111))
  expect(client.call('TTL', 'l')).toBe(100)
})

it('the memory of what is gone is given back', () => {
  const client = connect()
  client.call('RPUSH', 'l', ...Array.from({ length: 500 }, (_, i) => `element ${i}`))
  client.call('LTRIM', 'l', '0', '1')
  expect(client.call('MEMORY', 'USAGE', 'l')).toBeLessThan(300)
})
