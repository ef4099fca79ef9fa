// The forms that a hash takes, at the bounds where Redis changes them.
import { expect, it } from 'vitest'
import { InProcessServer } from '../../harness/in-process.ts'

const server = new InProcessServer()
const client = server.connect()

function pairs(count: number): string[] {
  return Array.from({ length: count }, (_, i) => [`f${i}`, String(i)]).flat()
}

function encodingOf(...commands: readonly (readonly string[])[]): unknown {
  client.call('DEL', 'h')
  for (const words of commands) client.call('HSET', 'h', ...words)
  return client.call('OBJECT', 'ENCODING', 'h')
}

it('a hash is a listpack up to hash-max-listpack-entries fields', () => {
  expect(encodingOf(pairs(512))).toBe('listpack')
  expect(encodingOf(pairs(513))).toBe('hashtable')
  expect(encodingOf(pairs(512), ['f0', 'another'])).toBe('listpack')
  expect(encodingOf(pairs(512), ['more', ''])).toBe('hashtable')
})

it('and while no field and no value is longer than hash-max-listpack-value', () => {
  const [fits, exceeds] = ['x'.repeat(64), 'x'.repeat(65)]
  expect(encodingOf([fits, fits])).toBe('listpack')
  expect(encodingOf([exceeds, ''])).toBe('hashtable')
  expect(encodingOf(['a', ''], ['a', exceeds])).toBe('hashtable')
})

it('a hash that was large stays so', () => {
  encodingOf(pairs(600))
  client.call('HDEL', 'h', ...pairs(599))
  expect(client.call('OBJECT', 'ENCODING', 'h')).toBe('hashtable')
})

it('changes of form lose nothing and keep the expiry of the key', () => {
  client.call('DEL', 'h')
  const fields = pairs(600)
  for (let i = 0; i < fields.length; i += 2) {
    client.call('HSET', 'h', fields[i]!, fields[i + 1]!)
    client.call('EXPIRE', 'h', '100', 'NX')
  }
  expect(client.call('HGETALL', 'h')).toEqual(fields)
  expect(client.call('TTL', 'h')).toBe(100)
})

it('values that grow and shrink in place leave their neighbours alone', () => {
  client.call('DEL', 'h')
  const values = new Map<string, string>()
  for (let step = 0; step < 2000; step++) {
    const field = `f${(step * 7) % 20}`
    const value = 'v'.repeat((step * 13) % 64)
    values.set(field, value)
    client.call('HSET', 'h', field, value)
  }
  const all = client.call('HGETALL', 'h') as string[]
  expect(all.length).toBe(40)
  for (const [field, value] of values) expect(client.call('HGET', 'h', field)).toBe(value)
  expect(client.call('OBJECT', 'ENCODING', 'h')).toBe('listpack')
})
