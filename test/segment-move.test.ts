// Segments that move between the two servers of a node: nothing is lost on the way, and what depends on where a
// key is served follows it, or ends.
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { LOCK } from '../src/keyspace/record.ts'
import { keySlot, SEGMENTS, segmentOfKey } from '../src/keyspace/slot.ts'
import type { Router } from '../src/router.ts'
import { clearSegment, moveSegment, segmentSize, takeOverSegment } from '../src/segment-move.ts'
import type { Parked } from '../src/waiting.ts'
import { pass } from './commands/coordination/transcript.ts'
import { command, several, weighted } from './differential/alphabet.ts'
import { type InProcessClient, InProcessServer } from './harness/in-process.ts'
import { decodeFrame, type RespError, type RespValue } from './harness/resp-value.ts'
import type { Move } from './harness/trace.ts'

let serving: InProcessServer
let keeping: InProcessServer
let client: InProcessClient

/** Calls that waited for keys of a segment that has left. */
let released: Parked[]

beforeEach(() => {
  serving = new InProcessServer({ isNode: true })
  keeping = new InProcessServer({ isNode: true, twin: serving })
  keeping.server.keyspace.expires = false
  client = serving.connect()
  released = []
})

const release = (parked: Parked) => {
  released.push(parked)
  serving.server.dispatch.releaseWith(parked, reply => reply.error('MOVED 0 elsewhere'))
}

/** Hands the segment of a key over to another node: here it is only kept from now on. */
function give(key: string): void {
  moveSegment(segmentOfKey(key), serving.server, keeping.server, release)
}

/** Takes the segment of a key over from another node. */
function take(key: string, outageMs = 0): void {
  moveSegment(segmentOfKey(key), keeping.server, serving.server, release)
  takeOverSegment(segmentOfKey(key), serving.server, outageMs)
}

function moveAll(from: InProcessServer, to: InProcessServer): void {
  for (let i = 0; i < SEGMENTS; i++) moveSegment(i, from.server, to.server, release)
}

function log(): string[] {
  const lines: string[] = []
  serving.server.effects.subscribe(({ effects }) => {
    for (const { bytes } of effects) lines.push((decodeFrame(bytes) as string[]).join(' '))
  })
  return lines
}

test('keys go with their values, and are nowhere else', () => {
  client.call('SET', 'a', '1')
  client.call('RPUSH', '{a}l', '1', '2')
  client.call('SET', 'b', '2')
  give('a')
  expect(client.call('GET', 'a')).toBeNull()
  expect(client.call('DBSIZE')).toBe(1)
  expect(client.call('KEYS', '*')).toEqual(['b'])
  const other = keeping.connect()
  expect(other.call('GET', 'a')).toBe('1')
  expect(other.call('DBSIZE')).toBe(2)
  expect(segmentSize(segmentOfKey('a'), keeping.server)).toBe(2)
  take('a')
  expect(client.call('LRANGE', '{a}l', '0', '-1')).toEqual(['1', '2'])
  expect(other.call('DBSIZE')).toBe(0)
})

test('a segment cannot be on both servers, nor go to one with other memory', () => {
  client.call('SET', 'a', '1')
  const segment = segmentOfKey('a')
  keeping.connect().call('SET', 'a', '2')
  expect(() => moveSegment(segment, serving.server, keeping.server, release)).toThrow('on both')
  expect(client.call('GET', 'a')).toBe('1')
  const stranger = new InProcessServer()
  expect(() => moveSegment(segment, serving.server, stranger.server, release)).toThrow('no memory')
})

test('memory is counted once, and moving changes nothing of it', () => {
  const { server } = serving
  for (let i = 0; i < 2000; i++) client.call('SET', `key:${i}`, 'x'.repeat(i), 'PX', '100000')
  for (let i = 0; i < 50; i++) client.call('HSET', `hash:${i}`, 'a', 'x'.repeat(5000))
  for (let i = 0; i < 50; i++) client.call('HPEXPIRE', `hash:${i}`, '5000', 'FIELDS', '1', 'a')
  client.call('COUNTER.ADD', 'c', '1', 'REQ', 'r')
  const before = server.usedMemory
  moveAll(serving, keeping)
  expect(server.keyspace.size).toBe(0)
  expect(server.usedMemory).toBe(before)
  moveAll(keeping, serving)
  expect(server.usedMemory).toBe(before)
  client.call('FLUSHALL')
  while (server.keyspace.reclaim());
  for (let i = 0; i < SEGMENTS; i++) clearSegment(i, server, release)
  expect(server.keyspace.memory).toBe(0)
})

/** Commands on keys of some segments, with time going by and keys and fields that end. */
const key = fc.constantFrom('a', 'b', 'c', 'd', '{a}e', '{b}f')
const field = fc.constantFrom('f', 'g', 'h')
const value = fc.constantFrom('1', '2', 'x'.repeat(100))
const soon = fc.integer({ min: 1, max: 60 }).map(String)
const moves = weighted(
  [3, command('SET', [key, value, fc.constantFrom('PX', 'EX'), soon])],
  [2, command('SET', [key, value])],
  [2, command('DEL', [key])],
  [2, command('PEXPIRE', [key, soon])],
  [1, command('PERSIST', [key])],
  [3, command('HSET', [key, field, value])],
  [3, command('HPEXPIRE', [key, soon, fc.constant(['FIELDS', '1']), field])],
  [2, command('SADD', [key, several(value)])],
  [2, command('RPUSH', [key, several(value)])],
  [2, command('LPOP', [key])],
  [1, command('GET', [key])],
  [1, command('PTTL', [key])],
  [1, command('FLUSHDB', [])],
  [2, fc.integer({ min: 1, max: 40 }).map((ms): Move => [{ kind: 'wait', ms }])],
  [4, key.map((name): Move => [{ kind: 'wait', ms: -segmentOfKey(name) - 1 }])],
)

test('what clients see is the same whether segments have moved or not', () => {
  const seen = { moved: 0 }
  fc.assert(
    fc.property(fc.array(moves, { minLength: 1, maxLength: 100, size: 'max' }), trace => {
      const plain = new InProcessServer({ isNode: true })
      const node = new InProcessServer({ isNode: true })
      const twin = new InProcessServer({ isNode: true, twin: node })
      twin.server.keyspace.expires = false
      const [one, other] = [plain.connect(), node.connect()]
      for (const step of trace.flat()) {
        if (step.kind !== 'wait') {
          const replies = [one.call(...step.args), other.call(...step.args)]
          expect(replies[1], step.args.join(' ')).toEqual(replies[0])
        } else if (step.ms > 0) {
          plain.advance(step.ms)
          node.advance(step.ms)
        } else {
          const number = -step.ms - 1
          seen.moved += segmentSize(number, node.server)
          moveSegment(number, node.server, twin.server, () => undefined)
          moveSegment(number, twin.server, node.server, () => undefined)
        }
        expect(node.server.keyspace.size).toBe(plain.server.keyspace.size)
      }
      const [a, b] = [plain, node].map(each => each.server.keyspace.databases[0]!)
      expect([b!.expiries.count, b!.fieldDeadlines.size]).toEqual([
        a!.expiries.count,
        a!.fieldDeadlines.size,
      ])
      expect(node.server.keyspace.memory).toBe(plain.server.keyspace.memory)
    }),
    { numRuns: 60 },
  )
  expect(seen.moved).toBeGreaterThan(100)
})

describe('what depends on where a key is served', () => {
  test('keys and fields end where they are served, and not where they are kept', () => {
    const lines = log()
    client.call('SET', 'a', '1', 'PX', '50')
    client.call('HSET', '{a}h', 'f', '1', 'g', '1')
    client.call('HPEXPIRE', '{a}h', '50', 'FIELDS', '1', 'f')
    lines.length = 0
    give('a')
    serving.advance(100)
    keeping.advance(0)
    expect(lines).toEqual([])
    expect(keeping.server.keyspace.size).toBe(2)
    take('a')
    serving.advance(0)
    expect(lines).toEqual(['DEL a', 'HDEL {a}h f'])
    expect(serving.server.keyspace.size).toBe(1)
  })

  test('those who wait for one of its keys are released, and nobody else', () => {
    const [second, third] = [serving.connect(), serving.connect()]
    client.call('LOCK.ACQUIRE', 'a', 'o')
    // A router tells each call its segment.
    const segments = new Map([
      [client.id, segmentOfKey('a')],
      [second.id, segmentOfKey('a')],
      [third.id, segmentOfKey('b')],
    ])
    const router: Partial<Router> = {
      admit: call => {
        call.segment = segments.get(call.client.id)!
        return true
      },
      clockRead: () => undefined,
      serves: () => true,
      nextDeadline: Number.POSITIVE_INFINITY,
    }
    serving.server.routeBy(router as Router)
    client.send('LOCK.ACQUIRE', 'a', 'p', 'WAIT', '0')
    second.send('BLPOP', '{a}x', '{a}y', '0')
    third.send('BLPOP', 'b', '0')
    give('a')
    serving.server.flush()
    expect(released.map(parked => parked.client.id).sort()).toEqual([client.id, second.id])
    expect(textOf(client.replies()[0]!)).toContain('MOVED')
    expect(textOf(second.replies()[0]!)).toContain('MOVED')
    expect(serving.server.waiting.size).toBe(1)
    // The one who waited for the lock has not got another one instead.
    expect(serving.server.keyspace.size).toBe(0)
    expect(serving.server.coordination.count(LOCK)).toBe(0)
    expect(keeping.server.coordination.count(LOCK)).toBe(1)
  })

  test('WATCH is broken, and only of its keys', () => {
    const other = serving.connect()
    client.call('WATCH', 'a')
    other.call('WATCH', 'b')
    give('a')
    const outcome = (each: InProcessClient) => each.pipeline(['MULTI'], ['PING'], ['EXEC']).at(-1)
    expect(outcome(client)).toBeNull()
    expect(outcome(other)).toEqual(['PONG'])
  })

  test('who has cached one of its keys forgets it', () => {
    const caching = serving.connect(3)
    caching.call('CLIENT', 'TRACKING', 'ON')
    for (const each of ['a', 'b', '{a}none']) caching.call('GET', each)
    const broad = serving.connect(3)
    broad.call('CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'x')
    give('a')
    serving.server.flush()
    const told = caching.pushes().map(push => invalidated(push))
    expect(told.flat().sort()).toEqual(['a', '{a}none'])
    expect(broad.pushes().map(push => invalidated(push))).toEqual([null])
    client.call('SET', 'b', '1')
    expect(caching.pushes().map(push => invalidated(push))).toEqual([['b']])
  })

  test('requests that were answered are known where the segment went', () => {
    client.call('COUNTER.ADD', 'c', '5', 'REQ', 'r')
    give('c')
    expect(serving.server.coordination.requests.size).toBe(0)
    take('c')
    expect(client.call('COUNTER.ADD', 'c', '5', 'REQ', 'r')).toBe(5)
    const lines = log()
    serving.advance(301_000)
    expect(lines).toEqual([`request.forgotten ${segmentOfKey('c')} 1`])
  })

  test('tokens go on rising', () => {
    const token = client.call('LOCK.ACQUIRE', 'l', 'o') as number
    client.call('LOCK.RELEASE', 'l', 'o')
    give('l')
    expect(keeping.server.keyspace.tokens.last[segmentOfKey('l')]).toBe(token)
    keeping.server.keyspace.tokens.raise(segmentOfKey('l'), token + 7)
    take('l')
    expect(client.call('LOCK.ACQUIRE', 'l', 'o')).toBe(token + 8)
  })
})

describe('a server that takes over', () => {
  test('lets leases run anew at full length', () => {
    const lines = log()
    client.call('LOCK.ACQUIRE', 'l', 'o', 'PX', '1000')
    client.call('SEMAPHORE.ACQUIRE', '{l}s', 'o', 'LIMIT', '2', 'PX', '700')
    client.call('LEADER.CAMPAIGN', '{l}e', 'o', 'PX', '800')
    client.call('BARRIER.ENTER', '{l}b', 'p', '1', 'PX', '900')
    lines.length = 0
    give('l')
    pass(serving, 5000)
    take('l')
    expect(lines).toEqual([])
    pass(serving, 699)
    expect(serving.server.coordination.leases.holders).toBe(4)
    pass(serving, 301)
    expect(lines).toEqual([
      'semaphore.released {l}s o',
      'leader.released {l}e o',
      'barrier.released {l}b p',
      'lock.released l o',
    ])
    expect(serving.server.keyspace.size).toBe(0)
  })

  test('extends what else has an end by the time for which nobody served', () => {
    client.call('LATCH.CREATE', 'l', '1', 'PX', '1000')
    pass(serving, 400)
    give('l')
    pass(serving, 900)
    take('l', 900)
    pass(serving, 599)
    expect(client.call('LATCH.AWAIT', 'l')).toBe(0)
    serving.advance(1)
    expect(textOf(client.call('LATCH.AWAIT', 'l'))).toContain('EXPIRED')
  })

  test('gives holders that were bound to a connection a time to return', () => {
    const lines = log()
    client.call('CONFIG', 'SET', 'coordination-reconnect-grace', '2000')
    const token = client.call('LOCK.ACQUIRE', 'l', 'o', 'CONN', 'META', 'm')
    const left = client.call('LEADER.CAMPAIGN', '{l}e', 'o', 'CONN')
    client.call('SEMAPHORE.ACQUIRE', '{l}s', 'o', 'LIMIT', '2', 'CONN')
    client.call('BARRIER.ENTER', '{l}b', 'p', '1', 'CONN')
    lines.length = 0
    give('l')
    // On this node the connection ends for itself; that the segment is elsewhere now saves the holds.
    client.disconnect()
    expect(lines).toEqual([])
    take('l')
    expect(lines).toHaveLength(4)
    expect(lines[0]).toBe(`lock.granted l o ${token} 1 1 2000 0 m`)
    expect(lines[1]).toBe(`leader.granted {l}e o ${left} 1 1 2000 0 `)
    expect(lines[3]).toMatch(/^barrier\.entered \{l\}b p 1 \d+ 2000 0$/)
    lines.length = 0
    pass(serving, 1500)
    const again = serving.connect()
    expect(again.call('LOCK.ACQUIRE', 'l', 'other')).toBeNull()
    expect(again.call('LOCK.ACQUIRE', 'l', 'o', 'CONN')).toBe(token)
    pass(serving, 600)
    expect(lines.filter(line => line.includes('released')).sort()).toEqual([
      'barrier.released {l}b p',
      'leader.released {l}e o',
      'semaphore.released {l}s o',
    ])
    again.disconnect()
    expect(lines.at(-1)).toBe('lock.released l o')
  })

  test('ends at once what was bound to connections, where there is no such time', () => {
    const lines = log()
    client.call('CONFIG', 'SET', 'coordination-reconnect-grace', '0')
    client.call('LOCK.ACQUIRE', 'l', 'o', 'CONN')
    client.call('LOCK.ACQUIRE', '{l}m', 'o', 'PX', '1000')
    lines.length = 0
    give('l')
    take('l')
    expect(lines).toEqual(['lock.released l o'])
    expect(serving.server.keyspace.size).toBe(1)
    expect(serving.server.coordination.leases.holders).toBe(1)
  })
})

describe('a segment that is cleared', () => {
  test('is gone with all that belonged to it, without a word in the log', () => {
    const lines = log()
    client.call('SET', 'a', '1')
    client.call('LOCK.ACQUIRE', '{a}l', 'o')
    client.call('COUNTER.ADD', '{a}c', '5', 'REQ', 'r')
    client.call('SET', 'b', '1')
    lines.length = 0
    clearSegment(segmentOfKey('a'), serving.server, release)
    expect(client.call('KEYS', '*')).toEqual(['b'])
    const { coordination } = serving.server
    expect([coordination.leases.holders, coordination.requests.size]).toEqual([0, 0])
    serving.advance(60_000)
    expect(lines).toEqual([])
  })

  test('is freed in slices, which the other server may do', () => {
    for (let i = 0; i < 50_000; i++) client.call('SET', `{a}${i}`, 'x')
    give('a')
    const before = serving.server.usedMemory
    clearSegment(segmentOfKey('a'), keeping.server, release)
    expect(serving.server.keyspace.isReclaiming).toBe(true)
    expect(serving.server.usedMemory).toBeGreaterThan(before / 2)
    for (let i = 0; i < 3; i++) serving.server.cron()
    expect(serving.server.keyspace.isReclaiming).toBe(false)
    expect(serving.server.keyspace.memory).toBe(0)
  })
})

test('keys of a slot are counted and listed, up to a bound', () => {
  for (let i = 0; i < 20; i++) client.call('SET', `{a}${i}`, 'x')
  for (let i = 0; i < 200; i++) client.call('SET', `key:${i}`, 'x')
  const [db] = serving.server.keyspace.databases
  const bytes = Buffer.from('a')
  const slot = keySlot(bytes, 0, 1)
  expect(db!.countInSlot(slot)).toBe(20)
  expect(new Set(db!.keysInSlot(slot, 100))).toEqual(
    new Set(Array.from({ length: 20 }, (_, i) => `{a}${i}`)),
  )
  expect(db!.keysInSlot(slot, 3)).toHaveLength(3)
  expect(db!.keysInSlot((slot + 1) % 16384, 3)).toEqual([])
})

function textOf(reply: RespValue): string {
  return (reply as RespError).text
}

/** The keys of an invalidation; null for all. */
function invalidated(push: RespValue): RespValue {
  return (push as RespValue[])[1]!
}
