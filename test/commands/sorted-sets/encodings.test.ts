// When a sorted set is packed and when it is not, beside what it answers in both forms.
import { describe, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'

function encodingOf({ client }: InProcessClient, key: string): string {
  const bytes = Buffer.from(key)
  return client.db.encodingName(client.db.find(bytes, 0, bytes.length))
}

function fill(client: InProcessClient, count: number, from = 0): void {
  for (let i = from; i < from + count; i++) client.call('ZADD', 'z', String(i), `m${i}`)
}

describe('a sorted set', () => {
  it('is packed up to 128 members, and never again once it was large', () => {
    const client = new InProcessServer().connect()
    fill(client, 128)
    expect(encodingOf(client, 'z')).toBe('listpack')
    fill(client, 1, 128)
    expect(encodingOf(client, 'z')).toBe('skiplist')
    client.call('ZREMRANGEBYRANK', 'z', '1', '-1')
    expect(client.call('ZCARD', 'z')).toBe(1)
    expect(encodingOf(client, 'z')).toBe('skiplist')
  })

  it('is packed while no member is longer than 64 bytes', () => {
    const client = new InProcessServer().connect()
    client.call('ZADD', 'z', '1', 'm'.repeat(64))
    expect(encodingOf(client, 'z')).toBe('listpack')
    client.call('ZADD', 'z', '1', 'm'.repeat(65))
    expect(encodingOf(client, 'z')).toBe('skiplist')
  })

  it('keeps to the settings', () => {
    const server = new InProcessServer({
      settings: [
        ['zset-max-listpack-entries', '2'],
        ['zset-max-listpack-value', '3'],
      ],
    })
    const client = server.connect()
    client.call('ZADD', 'few', '1', 'a', '2', 'b')
    client.call('ZADD', 'many', '1', 'a', '2', 'b', '3', 'c')
    client.call('ZADD', 'long', '1', 'four')
    expect(encodingOf(client, 'few')).toBe('listpack')
    expect(encodingOf(client, 'many')).toBe('skiplist')
    expect(encodingOf(client, 'long')).toBe('skiplist')
  })

  it('that was computed takes the form of its size', () => {
    const client = new InProcessServer().connect()
    fill(client, 200)
    client.call('ZRANGESTORE', 'small', 'z', '0', '127')
    client.call('ZRANGESTORE', 'large', 'z', '0', '128')
    client.call('ZUNIONSTORE', 'union', '2', 'small', 'large')
    client.call('ZINTERSTORE', 'common', '2', 'small', 'large')
    expect(encodingOf(client, 'small')).toBe('listpack')
    expect(encodingOf(client, 'large')).toBe('skiplist')
    expect(encodingOf(client, 'union')).toBe('skiplist')
    expect(encodingOf(client, 'common')).toBe('listpack')
  })

  it('keeps its expiry when it becomes large, and loses it when it is computed anew', () => {
    const client = new InProcessServer().connect()
    const expiryOf = (key: string) => {
      const { db } = client.client
      return db.expiry(db.find(Buffer.from(key), 0, key.length))
    }
    fill(client, 128)
    const { db } = client.client
    db.setExpiry(db.find(Buffer.from('z'), 0, 1), 4_000_000_000_000)
    fill(client, 1, 128)
    expect(encodingOf(client, 'z')).toBe('skiplist')
    expect(expiryOf('z')).toBe(4_000_000_000_000)
    client.call('ZUNIONSTORE', 'z', '1', 'z')
    expect(expiryOf('z')).toBe(-1)
  })

  it('gives back what it does not need any more', () => {
    const client = new InProcessServer().connect()
    fill(client, 128)
    const { db } = client.client
    const memory = () => db.memory(db.find(Buffer.from('z'), 0, 1))
    const full = memory()
    client.call('ZREMRANGEBYRANK', 'z', '1', '-1')
    expect(memory()).toBeLessThan(full / 4)
  })
})
