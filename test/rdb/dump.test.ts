import * as fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Crc64 } from '../../src/rdb/crc64.ts'
import { dump, isIntact, restore } from '../../src/rdb/dump.ts'
import { PayloadError } from '../../src/rdb/reader.ts'
import * as types from '../../src/rdb/types.ts'
import type { Limits, Value } from '../../src/rdb/value.ts'
import { Writer } from '../../src/rdb/writer.ts'
import { Hash, NO_EXPIRY } from '../../src/values/hash.ts'
import { List } from '../../src/values/list.ts'
import { MemberSet } from '../../src/values/member-set.ts'
import { Zset } from '../../src/values/zset.ts'
import { describeWithRedis } from '../harness/redis-server.ts'
import { Reference } from '../reference.ts'
import { generator, integerTexts, repeated, SCALE, text } from '../values/texts.ts'
import {
  type Contents,
  contentsOf,
  formOf,
  isSound,
  LIMITS,
  latin1,
  NO_ROOM,
  packed,
  pairsOf,
} from './contents.ts'
import { ziplist, zipmap } from './old-forms.ts'

function read(payload: Buffer, limits: Limits = LIMITS): Value {
  expect(isIntact(payload, 0, payload.length)).toBe(true)
  return restore(payload, 0, payload.length, limits)
}

/** A payload made by hand: type, body, footer. */
function payload(type: number, version: number, write: (to: Writer) => void): Buffer {
  const writer = new Writer(false)
  writer.byte(type)
  write(writer)
  return seal(Buffer.from(writer.finish()), version)
}

function seal(body: Buffer, version: number): Buffer {
  const sealed = Buffer.concat([body, Buffer.alloc(10)])
  sealed.writeUInt16LE(version, body.length)
  const { high, low } = new Crc64().update(sealed, 0, body.length + 2)
  sealed.writeInt32LE(low, body.length + 2)
  sealed.writeInt32LE(high, body.length + 6)
  return sealed
}

function refuses(bytes: Buffer): boolean {
  try {
    restore(bytes, 0, bytes.length, LIMITS)
    return false
  } catch (error) {
    expect(error).toBeInstanceOf(PayloadError)
    return true
  }
}

const distinct = (values: string[]) => [...new Set(values)]
const texts = fc.array(text, { minLength: 1, maxLength: 30 }).map(distinct)
const score = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(Infinity, -Infinity, -0),
)

function listOf(values: readonly string[], fill = -2): List {
  const list = new List(fill)
  for (const value of values) list.pushTail(value)
  return list
}

function setOf(values: readonly string[]): MemberSet {
  const set = new MemberSet()
  for (const value of values) set.add(value)
  return set
}

function zsetOf(pairs: readonly (readonly [string, number])[]): Zset {
  const zset = new Zset()
  for (const [name, value] of pairs) zset.set(name, value)
  return zset
}

function hashOf(pairs: readonly (readonly [string, string])[]): Hash {
  const hash = new Hash()
  for (const [name, value] of pairs) hash.set(name, value)
  return hash
}

/** A value of each type in each form that it can have. */
const value: fc.Arbitrary<Value> = fc.oneof(
  text.map((string): Value => ({ kind: 'string', bytes: Buffer.from(string, 'latin1') })),
  texts.map((values): Value => ({ kind: 'listpack', type: 'list', bytes: packed(values) })),
  fc.tuple(texts, fc.constantFrom(1, 3, -1)).map(([values, fill]) => listOf(values, fill)),
  texts.map((values): Value => ({ kind: 'listpack', type: 'set', bytes: packed(values) })),
  texts.map(setOf),
  fc.uniqueArray(fc.constantFrom(...integerTexts.slice(0, 60)), { minLength: 1 }).map(values => ({
    kind: 'intset' as const,
    bytes: setOf(values).toIntset()!,
  })),
  fc
    .array(fc.tuple(text, score), { minLength: 1, maxLength: 20 })
    .map(pairs => zsetOf(pairs))
    .chain(zset => fc.constantFrom<Value>(zset, packedZset(zset))),
  fc
    .array(fc.tuple(text, text), { minLength: 1, maxLength: 20 })
    .map(pairs => hashOf(pairs))
    .chain(hash => fc.constantFrom<Value>(hash, packedHash(hash))),
)

function packedZset(zset: Zset): Value {
  return { kind: 'listpack', type: 'zset', bytes: zset.toListpack() }
}

function packedHash(hash: Hash): Value {
  return { kind: 'listpack', type: 'hash', bytes: hash.toListpack() }
}

describe('a payload', () => {
  it('gives back what was dumped, packed or not, compressed or not', () => {
    fc.assert(
      fc.property(value, fc.boolean(), fc.boolean(), (given, compresses, hasRoom) => {
        const restored = read(dump(given, compresses), hasRoom ? LIMITS : NO_ROOM)
        expect(contentsOf(restored)).toEqual(contentsOf(given))
        expect(isSound(restored)).toBe(true)
        if (!hasRoom && 'kind' in restored) {
          expect(['string', 'list']).toContain(contentsOf(restored).type)
        }
      }),
      { numRuns: 300 * SCALE },
    )
  })

  it('is packed again up to the limits, and not beyond', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`)
    const pairs = (count: number) => many(count).map((name, i) => [name, String(i)] as const)
    const scored = (count: number) => many(count).map((name, i) => [name, i] as const)
    const form = (given: Value) => formOf(read(dump(given, true)))
    expect(form(hashOf(pairs(128)))).toBe('listpack')
    expect(form(hashOf(pairs(129)))).toBe('hashtable')
    expect(form(hashOf([['a', repeated(64)]]))).toBe('listpack')
    expect(form(hashOf([['a', repeated(65)]]))).toBe('hashtable')
    expect(form(zsetOf(scored(128)))).toBe('listpack')
    expect(form(zsetOf(scored(129)))).toBe('skiplist')
    expect(form(zsetOf([[repeated(65), 1]]))).toBe('skiplist')
    expect(form(setOf(many(128)))).toBe('listpack')
    expect(form(setOf(many(129)))).toBe('hashtable')
    expect(form(setOf(many(512).map(name => name.slice(1))))).toBe('intset')
    expect(form(setOf(many(513).map(name => name.slice(1))))).toBe('hashtable')
    expect(form(listOf(many(1000)))).toBe('listpack')
    expect(form(listOf(many(5000)))).toBe('quicklist')
  })

  it('keeps when fields expire, and says so with a newer version', () => {
    const hash = hashOf([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ])
    hash.setExpiry('b', 1_800_000_000_123)
    hash.setExpiry('c', 1_700_000_000_000)
    const bytes = dump(hash, true)
    expect(bytes.readUInt16LE(bytes.length - 10)).toBe(types.VERSION_FIELD_EXPIRY)
    expect(contentsOf(read(bytes))).toEqual({
      type: 'hash',
      pairs: [
        ['a', '1', NO_EXPIRY],
        ['b', '2', 1_800_000_000_123],
        ['c', '3', 1_700_000_000_000],
      ],
    })
  })

  it('of a packed hash with expiry is read', () => {
    const bytes = payload(types.HASH_LISTPACK_EX, 12, to => {
      to.uint64(5)
      to.blob(packed(['a', 'x', '5', 'b', '7', '1700000000000', 'c', 'y', '0']))
    })
    expect(contentsOf(read(bytes))).toEqual({
      type: 'hash',
      pairs: [
        ['a', 'x', 5],
        ['b', '7', 1_700_000_000_000],
        ['c', 'y', NO_EXPIRY],
      ],
    })
  })

  it('of a packed set of version 11 is read', () => {
    const bytes = payload(types.SET_LISTPACK, 11, to => to.blob(packed(['b', '5', 'a'])))
    expect(formOf(read(bytes))).toBe('listpack')
    expect(contentsOf(read(bytes, NO_ROOM))).toEqual({ type: 'set', values: ['5', 'a', 'b'] })
  })

  it('is not intact if it is short, of a newer version, or changed anywhere', () => {
    const bytes = dump({ kind: 'string', bytes: Buffer.from('hello') }, true)
    expect(isIntact(bytes, 0, bytes.length)).toBe(true)
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes)
      changed[i]! ^= 0x10
      expect(isIntact(changed, 0, changed.length)).toBe(false)
    }
    expect(isIntact(bytes, 0, 9)).toBe(false)
    expect(isIntact(seal(bytes.subarray(0, -10), 13), 0, bytes.length)).toBe(false)
  })

  it('keeps -0 where the set is not packed', () => {
    const restored = read(dump(zsetOf([['a', -0]]), true), NO_ROOM) as Zset
    expect(restored.score('a')).toBe(-0)
  })
})

describe('restore', () => {
  it.each<[string, Buffer]>([
    ['an unknown type', payload(6, 10, to => to.length(1))],
    ['an empty list', payload(types.LIST, 10, to => to.length(0))],
    ['an empty set', payload(types.SET, 10, to => to.length(0))],
    ['an empty packed hash', payload(types.HASH_LISTPACK, 10, to => to.blob(packed([])))],
    ['a list of empty nodes', quicklist(packed([]))],
    ['a set with a member twice', strings(types.SET, 2, 'a', 'a')],
    ['a packed set with a member twice', packedPayload(types.SET_LISTPACK, 'a', 'a')],
    ['a hash with a field twice', strings(types.HASH, 2, 'a', '1', 'a', '2')],
    ['a packed hash with a field twice', packedPayload(types.HASH_LISTPACK, 'a', '1', 'a', '2')],
    ['a packed hash that breaks off', packedPayload(types.HASH_LISTPACK, 'a', '1', 'b')],
    ['a packed zset that breaks off', packedPayload(types.ZSET_LISTPACK, 'a')],
    ['a packed zset with a score of text', packedPayload(types.ZSET_LISTPACK, 'a', 'x')],
    ['a packed zset with a member twice', packedPayload(types.ZSET_LISTPACK, 'a', '1', 'a', '2')],
    ['a zset with NaN for a score', scored(Number.NaN)],
    ['a list node of unknown form', payload(types.LIST_QUICKLIST_2, 10, to => to.length(3))],
    ['a count that nothing follows', payload(types.SET, 10, to => to.length(2 ** 50))],
    ['a string that is not there', payload(types.STRING, 10, to => to.length(2 ** 31))],
    ['a compressed string too long to be', compressedString(2 ** 30)],
    [
      'bytes behind the value',
      payload(types.STRING, 10, to => to.raw(Buffer.from('\x01ab'), 0, 3)),
    ],
    ['an expiry out of range', expiring(2 ** 53 - 2)],
    ['nothing', seal(Buffer.alloc(0), 10)],
  ])('refuses %s', (_what, bytes) => {
    expect(isIntact(bytes, 0, bytes.length)).toBe(true)
    expect(refuses(bytes)).toBe(true)
  })

  it('puts a packed zset in order that came without', () => {
    const bytes = packedPayload(types.ZSET_LISTPACK, 'b', '2', 'a', '2', 'c', '1')
    expect(contentsOf(read(bytes))).toEqual({
      type: 'zset',
      pairs: [
        ['c', 1],
        ['a', 2],
        ['b', 2],
      ],
    })
  })

  it('refuses strings beyond the limit, compressed or not', () => {
    const limits = { ...LIMITS, stringBytesMax: 100 }
    for (const compresses of [true, false]) {
      const long = dump({ kind: 'string', bytes: Buffer.alloc(101, 'a') }, compresses)
      expect(() => restore(long, 0, long.length, limits)).toThrow(PayloadError)
      const short = dump({ kind: 'string', bytes: Buffer.alloc(100, 'a') }, compresses)
      expect(contentsOf(restore(short, 0, short.length, limits)).type).toBe('string')
    }
  })

  it('refuses or gives a sound value, whatever the bytes', () => {
    let accepted = 0
    fc.assert(
      fc.property(
        value,
        fc.boolean(),
        fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        fc.option(fc.nat(10_000)),
        (given, compresses, changes, cut) => {
          let body = Buffer.from(dump(given, compresses)).subarray(0, -10)
          for (const [where, byte] of changes) body[where % body.length] = byte
          if (cut !== null) body = body.subarray(0, cut % body.length)
          const bytes = seal(body, 10)
          if (refuses(bytes)) return
          accepted++
          const restored = read(bytes)
          expect(isSound(restored)).toBe(true)
          // What was accepted can be written and read again.
          expect(contentsOf(read(dump(restored, true), NO_ROOM))).toEqual(contentsOf(restored))
        },
      ),
      { numRuns: 1500 * SCALE },
    )
    expect(accepted).toBeGreaterThan(0)
  })
})

function quicklist(...nodes: Uint8Array[]): Buffer {
  return payload(types.LIST_QUICKLIST_2, 10, to => {
    to.length(nodes.length)
    for (const node of nodes) {
      to.length(types.NODE_PACKED)
      to.blob(node)
    }
  })
}

function strings(type: number, count: number, ...parts: string[]): Buffer {
  return payload(type, 10, to => {
    to.length(count)
    for (const part of parts) to.string(part)
  })
}

function packedPayload(type: number, ...parts: string[]): Buffer {
  return payload(type, 11, to => to.blob(packed(parts)))
}

function scored(score: number): Buffer {
  return payload(types.ZSET_2, 10, to => {
    to.length(1)
    to.string('a')
    to.double(score)
  })
}

function compressedString(length: number): Buffer {
  return payload(types.STRING, 10, to => {
    to.byte(0xc3)
    to.length(3)
    to.length(length)
    to.raw(Buffer.from([0, 0x61, 0]), 0, 3)
  })
}

function expiring(offset: number): Buffer {
  return payload(types.HASH_METADATA, 12, to => {
    to.uint64(2 ** 52)
    to.length(1)
    to.length(offset)
    to.string('a')
    to.string('b')
  })
}

describeWithRedis('a payload beside Redis', () => {
  let redis: Reference
  beforeAll(async () => {
    redis = await Reference.start('--sanitize-dump-payload', 'yes')
  })
  beforeEach(async () => {
    await redis.call('FLUSHALL')
  })
  afterAll(() => redis.stop())

  async function contentsThere(key: string): Promise<Contents> {
    const type = await redis.call('TYPE', key)
    switch (type) {
      case 'string':
        return { type, value: (await redis.call('GET', key)) as string }
      case 'list':
        return { type, values: (await redis.call('LRANGE', key, 0, -1)) as string[] }
      case 'set':
        return { type, values: ((await redis.call('SMEMBERS', key)) as string[]).sort() }
      case 'zset': {
        const parts = (await redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')) as string[]
        const pairs = pairsOf(parts).map(([name, text]): [string, number] => [name, numberOf(text)])
        return { type, pairs }
      }
      default: {
        expect(type).toBe('hash')
        const parts = pairsOf((await redis.call('HGETALL', key)) as string[])
        return {
          type: 'hash',
          pairs: parts.map(([name, held]): [string, string, number] => [name, held, -1]).sort(),
        }
      }
    }
  }

  const numberOf = (text: string) =>
    text === 'inf' ? Infinity : text === '-inf' ? -Infinity : Number(text) + 0

  async function dumpedThere(key: string): Promise<Buffer> {
    return Buffer.from((await redis.call('DUMP', key)) as string, 'latin1')
  }

  /** Our payload must be read there, and theirs of the same key here. */
  async function agree(given: Value): Promise<void> {
    const contents = contentsOf(given)
    for (const compresses of [true, false]) {
      expect(await redis.call('RESTORE', 'k', 0, dump(given, compresses), 'REPLACE')).toBe('OK')
      expect(await contentsThere('k')).toEqual(contents)
      expect(contentsOf(read(await dumpedThere('k')))).toEqual(contents)
    }
  }

  it('is read there as here, for random values of every type and form', async () => {
    for (const given of fc.sample(value, { numRuns: 100 * SCALE, seed: 42 })) await agree(given)
  })

  it('is read there as here, for large values of every type', async () => {
    const random = generator(3)
    const names = Array.from({ length: 3000 }, (_, i) => `${i}:${repeated(i % 90)}`)
    await agree(listOf(names))
    await agree(listOf([repeated(20_000), 'x', repeated(9000)]))
    await agree(setOf(names))
    await agree(setOf(Array.from({ length: 2000 }, (_, i) => String(i * 7 - 500))))
    await agree(zsetOf(names.map(name => [name, (random() - 0.5) * 1e6])))
    await agree(hashOf(names.map((name, i) => [name, repeated((i * 7) % 200)])))
    await agree({ kind: 'string', bytes: Buffer.from(names.join()) })
  })

  it.each([
    ['quicklist', ['RPUSH', 'k', ...Array.from({ length: 3000 }, (_, i) => `v${i % 100}`)]],
    ['quicklist', ['RPUSH', 'k', repeated(100_000), 'a', '-5', repeated(9000)]],
    ['intset', ['SADD', 'k', '1', '-70000', '9223372036854775807']],
    ['hashtable', ['SADD', 'k', 'a', '1', repeated(300)]],
    ['hashtable', ['SADD', 'k', ...Array.from({ length: 600 }, (_, i) => String(i))]],
    ['listpack', ['ZADD', 'k', '1', 'a', '-inf', 'b', '0.1', 'c', '1e300', 'd', '-0', 'e']],
    ['skiplist', ['ZADD', 'k', '3.5', repeated(100), 'inf', 'x', '-2', '7', '-0', 'zero']],
    ['listpack', ['HSET', 'k', 'a', '1', 'b', repeated(60), '-3', 'x']],
    ['hashtable', ['HSET', 'k', 'a', repeated(1000), '5', '6']],
    ['int', ['SET', 'k', '12345678901']],
    ['embstr', ['SET', 'k', 'short']],
    ['raw', ['SET', 'k', 'ab'.repeat(5000)]],
  ])('written there as %s is read here: %#', async (encoding, command) => {
    for (const compression of ['yes', 'no']) {
      await redis.call('CONFIG', 'SET', 'rdbcompression', compression)
      await redis.call('DEL', 'k')
      await redis.call(...(command as [string]))
      expect(await redis.call('OBJECT', 'ENCODING', 'k')).toBe(encoding)
      const restored = read(await dumpedThere('k'))
      expect(contentsOf(restored)).toEqual(await contentsThere('k'))
    }
  })

  it('of every older type is read there as here', async () => {
    const values = [
      ...integerTexts.slice(0, 50),
      'a',
      '',
      repeated(63),
      repeated(64),
      repeated(300),
    ]
    const pairs = distinct(values).flatMap((name, i) => [name, repeated(i)])
    const scores = distinct(values).flatMap((name, i) => [name, String(i / 4)])
    const payloads = [
      strings(types.LIST, values.length, ...values),
      strings(types.SET, distinct(values).length, ...distinct(values)),
      strings(types.HASH, pairs.length / 2, ...pairs),
      payload(types.ZSET, 3, to => {
        to.length(4)
        for (const [name, text] of [
          ['a', '1.5'],
          ['b', '-17'],
        ] as const) {
          to.string(name)
          to.byte(text.length)
          to.raw(Buffer.from(text), 0, text.length)
        }
        to.string('c')
        to.byte(254)
        to.string('d')
        to.byte(255)
      }),
      payload(types.HASH_ZIPMAP, 3, to => to.blob(zipmap(['a', '1', 'b', 'xyz'], 2))),
      payload(types.LIST_ZIPLIST, 6, to => to.blob(ziplist(values))),
      payload(types.ZSET_ZIPLIST, 6, to => to.blob(ziplist(scores))),
      payload(types.HASH_ZIPLIST, 6, to => to.blob(ziplist(pairs))),
      payload(types.LIST_QUICKLIST, 7, to => {
        to.length(2)
        to.blob(ziplist(values))
        to.blob(ziplist(['x', '-4096']))
      }),
      payload(types.LIST_QUICKLIST_2, 10, to => {
        to.length(2)
        to.length(types.NODE_PLAIN)
        to.blob(Buffer.from(repeated(5000), 'latin1'))
        to.length(types.NODE_PACKED)
        to.blob(packed(values))
      }),
    ]
    for (const bytes of payloads) {
      expect(await redis.call('RESTORE', 'k', 0, latin1(bytes), 'REPLACE')).toBe('OK')
      const contents = await contentsThere('k')
      expect(contentsOf(read(bytes))).toEqual(contents)
      expect(contentsOf(read(bytes, NO_ROOM))).toEqual(contents)
    }
  })
})
