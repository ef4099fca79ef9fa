import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import type { Database } from '../../src/keyspace/database.ts'
import { Keyspace } from '../../src/keyspace/keyspace.ts'

let keyspace: Keyspace
let db: Database
let expired: string[]

beforeEach(() => {
  expired = []
  keyspace = new Keyspace(2, {
    changed: () => undefined,
    flushing: () => undefined,
    leaving: () => undefined,
    freed: () => undefined,
    expired: (_, key) => expired.push(key),
  })
  db = keyspace.databases[0]!
  keyspace.now = 1000
})

function set(key: string, value: string, keepExpiry = false): number {
  const k = Buffer.from(key, 'latin1')
  const v = Buffer.from(value, 'latin1')
  return db.setString(k, 0, k.length, v, 0, v.length, keepExpiry)
}

function get(key: string): string | undefined {
  const k = Buffer.from(key, 'latin1')
  const address = db.find(k, 0, k.length)
  return address === 0 ? undefined : db.value(address).latin1Slice()
}

function del(key: string): boolean {
  const k = Buffer.from(key, 'latin1')
  return db.delete(k, 0, k.length)
}

const key = fc.string({ unit: 'binary-ascii', maxLength: 40 })
const value = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 300 }),
  fc.integer({ min: 0, max: 100_000 }).map(length => 'v'.repeat(length)),
)

test('behaves like a map, with any keys and values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('set', 'set', 'del', 'get'), key, value), {
        maxLength: 300,
      }),
      steps => {
        keyspace.flush(db)
        const model = new Map<string, string>()
        for (const [verb, key, value] of steps) {
          if (verb === 'set') {
            set(key, value)
            model.set(key, value)
          } else if (verb === 'del') {
            expect(del(key)).toBe(model.delete(key))
          }
          expect(get(key)).toBe(model.get(key))
          expect(db.size).toBe(model.size)
        }
        const seen = new Map<string, string>()
        db.forEach(address => {
          seen.set(db.key(address), db.value(address).latin1Slice())
        })
        expect(seen).toEqual(model)
      },
    ),
    { numRuns: 60 },
  )
})

test('keeps a hundred thousand keys apart, and gives all memory back', () => {
  for (let i = 0; i < 100_000; i++) set(`key:${i}`, `value ${i}`)
  expect(db.size).toBe(100_000)
  for (let i = 0; i < 100_000; i += 997) expect(get(`key:${i}`)).toBe(`value ${i}`)
  for (let i = 0; i < 100_000; i++) expect(del(`key:${i}`)).toBe(true)
  expect(db.size).toBe(0)
  expect(keyspace.arena.liveBytes).toBe(0)
})

test('an entry past its expiry is gone, and its owner is told once', () => {
  db.setExpiry(set('a', '1'), 2000)
  db.setExpiry(set('b', '1'), 3000)
  keyspace.now = 1999
  expect(get('a')).toBe('1')
  keyspace.now = 2000
  expect(get('a')).toBeUndefined()
  expect(get('a')).toBeUndefined()
  expect(expired).toEqual(['a'])
  keyspace.now = 5000
  expect(db.expireDue(10)).toBe(1)
  expect(expired).toEqual(['a', 'b'])
})

test('a backup treats an expired entry as missing and keeps it', () => {
  keyspace.expires = false
  db.setExpiry(set('a', '1'), 2000)
  keyspace.now = 2000
  expect(get('a')).toBeUndefined()
  expect(db.size).toBe(1)
  expect(expired).toEqual([])
})

test('an expiry follows its entry when the value outgrows its record', () => {
  db.setExpiry(set('a', '1'), 2000)
  for (const length of [10, 100, 1000, 70_000, 300_000, 5]) {
    const address = set('a', 'x'.repeat(length), true)
    expect(db.expiry(address)).toBe(2000)
    expect(get('a')).toHaveLength(length)
  }
  expect(db.expiry(set('a', '2'))).toBe(-1)
})

/** Keys of one segment, of others, and how they are to expire. */
const mortals = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 30 }), fc.boolean(), fc.integer({ min: 1, max: 500 })),
  { maxLength: 200 },
)

test('expiries come in order of time in each segment, whatever was changed in between', () => {
  fc.assert(
    fc.property(mortals, steps => {
      keyspace.flush(db)
      expired = []
      keyspace.now = 0
      const model = new Map<string, number>()
      for (const [number, tagged, at] of steps) {
        const key = tagged ? `{t}${number}` : `k${number}`
        if (at % 7 === 0) {
          del(key)
          model.delete(key)
        } else {
          db.setExpiry(set(key, 'v'), at)
          model.set(key, at)
        }
        const earliest = db.expiries.first
        expect(db.expiries.count).toBe(model.size)
        expect(db.expiries.firstAt).toBe(Math.min(...model.values()))
        if (earliest !== 0) expect(db.expiry(earliest)).toBe(db.expiries.firstAt)
      }
      keyspace.now = 250
      db.expireDue(1000)
      keyspace.now = 1000
      while (db.expireDue(7) === 7);
      const tagged = expired.filter(key => key.startsWith('{t}'))
      const times = tagged.map(key => model.get(key)!)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(new Set(expired)).toEqual(new Set(model.keys()))
      expect(expired).toHaveLength(model.size)
      expect([db.size, db.expiries.count]).toEqual([0, 0])
      expect(db.expiries.first).toBe(0)
    }),
  )
})

test('random volatile entries are drawn fairly from all segments', () => {
  for (let i = 0; i < 100; i++) db.setExpiry(set(`key:${i}`, 'v'), 5000)
  for (let i = 0; i < 100; i++) set(`stays:${i}`, 'v')
  const counts = new Map<string, number>()
  for (let i = 0; i < 10_000; i++) {
    const key = db.key(db.expiries.random(() => (((i * 7919) % 10_000) + 0.5) / 10_000))
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  expect([...counts.values()]).toEqual(new Array(100).fill(100))
  expect(db.expiries.meanTtl(1000)).toBe(4000)
})

test('memory is as it was once everything is gone, also what was flushed', () => {
  const fill = (count: number) => {
    for (let i = 0; i < count; i++) db.setExpiry(set(`key:${i}`, 'v'), 5000)
  }
  fill(20_000)
  keyspace.flush(db)
  while (keyspace.reclaim());
  expect(keyspace.memory).toBe(0)
  fill(1000)
  for (let number = 0; number < 256; number++) keyspace.flushSegment(db, number)
  expect([keyspace.memory, db.size, db.expiries.count]).toEqual([0, 0, 0])
})

test('SCAN returns every entry that stays, whatever comes and goes meanwhile', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.tuple(fc.boolean(), fc.nat(400)), { maxLength: 200 }),
      (count, changes) => {
        keyspace.flush(db)
        for (let i = 0; i < 100; i++) set(`stays:${i}`, 'v')
        for (let i = 0; i < 100; i++) set(`goes:${i}`, 'v')
        const seen = new Set<string>()
        let cursor = 0
        let steps = 0
        do {
          cursor = db.scan(cursor, count, address => seen.add(db.key(address)))
          for (const [add, number] of changes.splice(0, 5)) {
            if (add) set(`new:${number}`, 'v')
            else del(`goes:${number % 100}`)
          }
        } while (cursor !== 0 && steps++ < 5000)
        expect(cursor).toBe(0)
        for (let i = 0; i < 100; i++) expect(seen).toContain(`stays:${i}`)
      },
    ),
    { numRuns: 50 },
  )
})

test('random entries are drawn fairly', () => {
  for (let i = 0; i < 100; i++) set(`key:${i}`, 'v')
  const counts = new Map<string, number>()
  let state = 1
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state / 0x80000000
  }
  for (let i = 0; i < 100_000; i++) {
    const key = db.key(db.random(random))
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  expect(counts.size).toBe(100)
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(250)
})

test('flushing a large database frees it in slices', () => {
  for (let i = 0; i < 50_000; i++) set(`key:${i}`, 'v')
  keyspace.flush(db)
  expect(db.size).toBe(0)
  expect(get('key:1')).toBeUndefined()
  expect(keyspace.isReclaiming).toBe(true)
  set('key:1', 'new')
  while (keyspace.reclaim());
  expect(get('key:1')).toBe('new')
  expect(keyspace.arena.liveBytes).toBeLessThan(100)
})

test('a value whose memory was lent is not changed in place', () => {
  const address = set('a', 'x'.repeat(100_000))
  const lent = db.value(address)
  db.lend(address)
  const grown = db.resizeValue(address, 100_001)
  db.page(grown).fill(0x79, db.valueStart(grown), db.valueStart(grown) + 10)
  expect(lent.latin1Slice(0, 10)).toBe('xxxxxxxxxx')
  expect(get('a')!.slice(0, 12)).toBe('yyyyyyyyyyxx')
})

test('integers are stored in place and read back', () => {
  const key = Buffer.from('n')
  let address = 0
  for (const number of [0, 9, 10, -1, 123456789, -999999999999999, 7]) {
    address = db.setInteger(key, 0, 1, address, number)
    expect(db.integer(address)).toBe(number)
    expect(get('n')).toBe(String(number))
    expect(db.encodingName(address)).toBe('int')
  }
})

test('encodings follow the value as in Redis', () => {
  const cases = [
    ['123', 'int'],
    ['-9223372036854775808', 'int'],
    ['9223372036854775808', 'embstr'],
    ['0123', 'embstr'],
    ['', 'embstr'],
    ['x'.repeat(44), 'embstr'],
    ['x'.repeat(45), 'raw'],
  ] as const
  for (const [value, encoding] of cases) expect(db.encodingName(set('a', value))).toBe(encoding)
})
