// The forms that a set takes, at the bounds where Redis 7.2 changes them.
import { expect, it } from 'vitest'
import { InProcessServer } from '../../harness/in-process.ts'

const server = new InProcessServer()
const client = server.connect()

function integers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i))
}

function words(count: number): string[] {
  return integers(count).map(i => `w${i}`)
}

/** The encoding of a set to which members were added, in so many commands. */
function encodingOf(...commands: readonly (readonly string[])[]): unknown {
  client.call('DEL', 's')
  for (const members of commands) client.call('SADD', 's', ...members)
  return client.call('OBJECT', 'ENCODING', 's')
}

it('integers are an intset up to set-max-intset-entries', () => {
  expect(encodingOf(integers(512))).toBe('intset')
  expect(encodingOf(integers(513))).toBe('hashtable')
  expect(encodingOf(integers(512), ['512'])).toBe('hashtable')
  expect(encodingOf(['9223372036854775807', '-9223372036854775808'])).toBe('intset')
})

it('others are a listpack up to set-max-listpack-entries and -value', () => {
  expect(encodingOf(words(128))).toBe('listpack')
  expect(encodingOf(words(129))).toBe('hashtable')
  expect(encodingOf(words(128), ['one more'])).toBe('hashtable')
  expect(encodingOf(['x'.repeat(64)])).toBe('listpack')
  expect(encodingOf(['x'.repeat(65)])).toBe('hashtable')
})

it('an intset becomes a listpack with its first other member, if it is small enough', () => {
  expect(encodingOf(integers(127), ['a'])).toBe('listpack')
  expect(encodingOf(integers(128), ['a'])).toBe('hashtable')
  expect(encodingOf(integers(10), ['a'.repeat(65)])).toBe('hashtable')
})

it('a set that was large stays so', () => {
  encodingOf(words(200))
  client.call('SREM', 's', ...words(199))
  expect(client.call('OBJECT', 'ENCODING', 's')).toBe('hashtable')
})

it('what SADD says twice counts, as in Redis, where the set is made or grows', () => {
  const repeated = Array.from({ length: 129 }, () => 'same')
  expect(encodingOf(repeated)).toBe('hashtable')
  expect(encodingOf(['a'], repeated)).toBe('hashtable')
  expect(encodingOf(['a'], repeated.slice(1))).toBe('listpack')
})

it('a stored result has the form that its members ask for', () => {
  client.call('DEL', 'large', 'one', 'd')
  client.call('SADD', 'large', ...words(200), '1', '2')
  client.call('SADD', 'one', '1', '2', '3')
  client.call('SINTERSTORE', 'd', 'large', 'one')
  expect(client.call('OBJECT', 'ENCODING', 'd')).toBe('intset')
  client.call('SUNIONSTORE', 'd', 'one')
  expect(client.call('OBJECT', 'ENCODING', 'd')).toBe('intset')
  client.call('SDIFFSTORE', 'd', 'large', 'one')
  expect(client.call('OBJECT', 'ENCODING', 'd')).toBe('hashtable')
})

it('changes of form lose no member and keep the expiry', () => {
  client.call('DEL', 's')
  const members = [...integers(100), ...words(100)]
  for (const member of members) {
    client.call('SADD', 's', member)
    client.call('EXPIRE', 's', '100', 'NX')
  }
  expect((client.call('SMEMBERS', 's') as string[]).sort()).toEqual(members.sort())
  expect(client.call('TTL', 's')).toBe(100)
})

it('the memory of what is gone is given back', () => {
  client.call('FLUSHALL')
  const { keyspace } = server.server
  const before = keyspace.memory
  client.call('SADD', 's', ...integers(500))
  client.call('SADD', 't', ...words(1000))
  client.call('SREM', 's', ...integers(499))
  expect(client.call('MEMORY', 'USAGE', 's')).toBeLessThan(512)
  client.call('DEL', 's', 't')
  expect(keyspace.memory - before).toBeLessThan(2048)
})
