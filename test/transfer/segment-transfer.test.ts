// While clients go on, a segment is read by a transfer in random steps; who applies what it says, and nothing
// else, has in the end what the server has, and keeps it by the entries that follow.
//
// LATCHKEY_TRANSFER_RUNS sets how many random histories are tried.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeEffects, encodeEffects } from '../../src/effect-codec.ts'
import type { LogEntry } from '../../src/effects.ts'
import type { Database } from '../../src/keyspace/database.ts'
import { FIRST_COORDINATION_TYPE, HASH, OBJECT, TYPE_NAMES } from '../../src/keyspace/record.ts'
import { segmentOfKey } from '../../src/keyspace/slot.ts'
import { KeyPositions } from '../../src/keyspecs.ts'
import type { Value } from '../../src/rdb/value.ts'
import { Replayer } from '../../src/replay.ts'
import { PART_LIMITS, type PartLimits } from '../../src/transfer/part.ts'
import { SegmentTransfer } from '../../src/transfer/segment-transfer.ts'
import type { Stream } from '../../src/values/stream.ts'
import { Company } from '../commands/coordination/company.ts'
import { everything, reportSchedule, schedule } from '../commands/coordination/schedules.ts'
import { key, several, weighted } from '../differential/alphabet.ts'
import { bitfields } from '../differential/bitfields.ts'
import { bitmaps } from '../differential/bitmaps.ts'
import { generic } from '../differential/generic.ts'
import { geo } from '../differential/geo.ts'
import { hashes } from '../differential/hashes.ts'
import { hyperloglog } from '../differential/hyperloglog.ts'
import { lists } from '../differential/lists.ts'
import { sets } from '../differential/sets.ts'
import { sortedSets } from '../differential/sorted-sets.ts'
import { streams } from '../differential/streams.ts'
import { strings } from '../differential/strings.ts'
import { InProcessServer } from '../harness/in-process.ts'
import { decodeFrame } from '../harness/resp-value.ts'
import { commandStep, describeStep, type Move, type Step } from '../harness/trace.ts'
import { contentsOf } from '../rdb/contents.ts'

const RUNS = Number(process.env['LATCHKEY_TRANSFER_RUNS'] ?? 80)
/** Small, so that values of a few elements travel in parts. */
const SMALL: PartLimits = { elements: 2, bytes: 30 }

/** Low, so that collections outgrow their packed form. */
const THRESHOLDS = [
  ['list-max-listpack-size', '3'],
  ['set-max-intset-entries', '2'],
  ['set-max-listpack-entries', '2'],
  ['hash-max-listpack-entries', '2'],
  ['zset-max-listpack-entries', '2'],
  ['stream-node-max-entries', '2'],
] as const

type Filter = (transfer: SegmentTransfer, effects: Buffer) => Buffer

/** A server, a segment of it, and a receiver that is told of the segment. */
class Transferred {
  readonly server: InProcessServer
  readonly receiver: InProcessServer
  readonly segment: number
  transfer: SegmentTransfer | undefined = undefined
  readonly #replayer: Replayer
  readonly #limits: PartLimits
  /** How entries were passed on, while a transfer was under way. */
  readonly seen = { dropped: 0, passed: 0, replaced: 0 }

  constructor(
    server: InProcessServer,
    tag: string,
    settings: readonly (readonly [string, ...string[]])[] = [],
    limits = SMALL,
    filter: Filter = (transfer, effects) => transfer.filter(effects),
  ) {
    this.server = server
    this.segment = segmentOfKey(tag)
    this.receiver = new InProcessServer({ isNode: true, settings })
    this.receiver.server.keyspace.expires = false
    this.#replayer = new Replayer(this.receiver.server)
    this.#limits = limits
    server.server.effects.subscribe(entry => this.#pass(entry, filter))
  }

  open(): void {
    this.transfer = new SegmentTransfer(this.server.server, this.segment, this.#limits)
  }

  #pass({ now, segment, effects }: LogEntry, filter: Filter): void {
    if (segment !== this.segment || this.transfer === undefined) return
    const encoded = encodeEffects(effects)
    const filtered = filter(this.transfer, encoded)
    if (filtered.length === 0) this.seen.dropped++
    else if (filtered.equals(encoded)) this.seen.passed++
    else this.seen.replaced++
    this.apply(now, filtered)
  }

  /** Reads a part of about so many bytes; false if there is none left. */
  step(bytesMax: number): boolean {
    const part = this.transfer!.next(bytesMax)
    if (part !== undefined) this.apply(0, part)
    return part !== undefined
  }

  apply(now: number, encoded: Buffer): void {
    this.catchUp()
    this.#replayer.applyEffects(now, decodeEffects(encoded, this.segment))
    this.receiver.server.flush()
  }

  /** The receiver's clock shows what the server's does. */
  catchUp(): void {
    this.receiver.clock.advance(this.server.clock.now() - this.receiver.clock.now())
    this.receiver.server.beginTurn()
  }

  expectEqual(): void {
    this.catchUp()
    this.server.server.beginTurn()
    const [held, given] = [this.receiver.server, this.server.server]
    expect(stateOf(this.receiver, this.segment)).toEqual(stateOf(this.server, this.segment))
    const ends = endsOf(this.receiver, this.segment)
    for (const [name, end] of endsOf(this.server, this.segment)) {
      // Replay starts leases anew: on a copy they may end later, and never sooner.
      expect(ends.get(name), name).toBeGreaterThanOrEqual(end - 0.001)
    }
    expect(held.coordination.leases.holders).toBe(given.coordination.leases.holders)
    for (let type = FIRST_COORDINATION_TYPE; type < TYPE_NAMES.length; type++) {
      expect(held.coordination.count(type as 6)).toBe(given.coordination.count(type as 6))
    }
    const requests = [held, given].map(each => [
      ...(each.coordination.requests.of(this.segment)?.entries() ?? []),
    ])
    expect(requests[0]).toEqual(requests[1])
    // The server may have drawn one since that nobody got.
    const [known, drawn] = [held, given].map(each => each.keyspace.tokens.last[this.segment]!)
    expect(known).toBeLessThanOrEqual(drawn!)
  }
}

interface Snapshotting {
  snapshot(now: number): unknown
  nextExpiry(): number
}

/** All that a segment holds, whether its time is over or not. */
function stateOf({ server }: InProcessServer, segment: number): Map<string, unknown> {
  const state = new Map<string, unknown>()
  for (const db of server.keyspace.databases) {
    const held = db.segments[segment]
    for (let i = 0; i < (held?.count ?? 0); i++) {
      const entry = held!.dense[i]!
      state.set(`${db.index}:${db.key(entry)}`, {
        type: TYPE_NAMES[db.type(entry)],
        encoding: db.encodingName(entry),
        expiry: db.expiry(entry),
        value: heldAt(db, entry, server.monotonic),
      })
    }
  }
  return state
}

function heldAt(db: Database, entry: number, now: number): unknown {
  if (db.encoding(entry) !== OBJECT) return db.value(entry).latin1Slice()
  if (db.type(entry) < FIRST_COORDINATION_TYPE) {
    const value = contentsOf(db.object(entry) as unknown as Value)
    // Their order by index is nobody's business.
    if ('values' in value && db.type(entry) !== 1) value.values.sort()
    if ('pairs' in value && db.type(entry) === HASH) value.pairs.sort()
    return value
  }
  return (db.object(entry) as unknown as Snapshotting).snapshot(now)
}

/** When the first thing of each value that coordinates ends. */
function endsOf({ server }: InProcessServer, segment: number): Map<string, number> {
  const ends = new Map<string, number>()
  for (const db of server.keyspace.databases) {
    const held = db.segments[segment]
    for (let i = 0; i < (held?.count ?? 0); i++) {
      const entry = held!.dense[i]!
      if (db.type(entry) < FIRST_COORDINATION_TYPE) continue
      const value = db.object(entry) as unknown as Snapshotting
      ends.set(`${db.index}:${db.key(entry)}`, value.nextExpiry())
    }
  }
  return ends
}

/** Commands of all families on keys of one segment, with time going by and keys that end. */
const soon = fc.integer({ min: 1, max: 60 }).map(String)
const field = fc.constantFrom('f', 'g', 'h')
const times = weighted(
  [2, fc.tuple(key, soon).map(([k, ms]): Move => [commandStep(['PEXPIRE', k, ms])])],
  [
    2,
    fc
      .tuple(key, field, soon)
      .map(
        ([k, f, ms]): Move => [
          commandStep(['HSET', k, f, 'x']),
          commandStep(['HPEXPIRE', k, ms, 'FIELDS', '1', f]),
        ],
      ),
  ],
  [3, fc.integer({ min: 1, max: 40 }).map((ms): Move => [{ kind: 'wait', ms }])],
  [1, fc.constant<Move>([commandStep(['FLUSHDB'])])],
  [1, key.map((k): Move => [commandStep(['MOVE', k, '1'])])],
  [
    1,
    fc.tuple(key, key).map(([a, b]): Move => [commandStep(['COPY', a, b, 'DB', '1', 'REPLACE'])]),
  ],
)
/** What makes values that travel in parts, and changes them while they do. */
const members = several(fc.constantFrom('1', 'two', '3', 'x'.repeat(40)), 1, 4)
const crowds = weighted(
  [1, fc.tuple(key, members).map(([k, m]): Move => [commandStep(['SADD', k, ...m])])],
  [1, fc.tuple(key, members).map(([k, m]): Move => [commandStep(['RPUSH', k, ...m])])],
  [1, fc.tuple(key, members).map(([k, m]): Move => [commandStep(['PFADD', k, ...m])])],
)
/** More keys, so that a transfer takes a while, and commands that meet some sent and some not. */
const wide = fc.nat(15).map(n => `{t}${n}`)
const pairs = fc.tuple(wide, wide)
const mixing = weighted(
  [4, fc.tuple(wide, members).map(([k, m]): Move => [commandStep(['SADD', k, ...m])])],
  [2, fc.tuple(wide, members).map(([k, m]): Move => [commandStep(['RPUSH', k, ...m])])],
  [2, pairs.map(([a, b]): Move => [commandStep(['RENAME', a, b])])],
  [1, pairs.map(([a, b]): Move => [commandStep(['COPY', a, b, 'REPLACE'])])],
  [1, pairs.map(([a, b]): Move => [commandStep(['COPY', a, b, 'DB', '2', 'REPLACE'])])],
  [2, pairs.map(([a, b]): Move => [commandStep(['SUNIONSTORE', a, a, b])])],
  [2, pairs.map(([a, b]): Move => [commandStep(['SMOVE', a, b, '1'])])],
  [1, pairs.map(([a, b]): Move => [commandStep(['LMOVE', a, b, 'LEFT', 'LEFT'])])],
  [1, pairs.map(([a, b]): Move => [commandStep(['MSET', a, '1', b, '2'])])],
  [1, wide.map((k): Move => [commandStep(['DEL', k])])],
)
const moves = weighted(
  [14, mixing],
  [2, strings],
  [1, bitmaps],
  [1, bitfields],
  [1, hyperloglog],
  [3, generic],
  [2, lists],
  [2, sets],
  [2, sortedSets],
  [1, geo],
  [3, hashes],
  [4, streams],
  [4, times],
  [3, crowds],
)

const TAGGED = new Set(['a', 'b', 'c', 'nosuch'])
/** Commands that would wait: here they do not. */
const WAITING = /^(B[LRZ]|XREAD)/i

/** Commands that make strings as long as an offset says. */
const SPARSE = /^(SETBIT|BITFIELD|SETRANGE)/i

interface History {
  readonly before: readonly Step[]
  readonly during: readonly (readonly [step: Step, reads: number])[]
  readonly bytes: number
  readonly after: readonly Step[]
}

const trace = (minLength: number, maxLength: number) =>
  fc.array(moves, { minLength, maxLength, size: 'max' }).map(chosen => chosen.flat().map(tagged))
const history: fc.Arbitrary<History> = fc
  .record({
    before: trace(20, 60),
    during: trace(0, 60),
    reads: fc.array(fc.constantFrom(0, 0, 0, 1, 2), { minLength: 50, maxLength: 50 }),
    bytes: fc.constantFrom(1, 1, 200),
    after: trace(0, 20),
  })
  .map(({ before, during, reads, bytes, after }) => ({
    before,
    during: during.map((step, i) => [step, reads[i % reads.length]!] as const),
    bytes,
    after,
  }))

function tagged(step: Step): Step {
  if (step.kind === 'wait') return step
  return { ...step, args: step.args.map(arg => (TAGGED.has(arg) ? `{t}${arg}` : arg)) }
}

/** Runs a step, unless a router would refuse it: its keys are not all of the segment. */
function run(server: InProcessServer, client: ReturnType<InProcessServer['connect']>, step: Step) {
  if (step.kind === 'wait') {
    server.advance(step.ms)
    return
  }
  const { args } = step
  // Half a gigabyte in parts of thirty bytes would take a while.
  if (SPARSE.test(args[0]!) && args.some(arg => /^#?\d{5,}$/.test(arg))) return
  const name = Buffer.from(args[0]!, 'latin1')
  let command = server.server.registry.find(name, 0, name.length)
  command = command?.subcommands?.get((args[1] ?? '').toLowerCase()) ?? command
  if (command === undefined) return
  const positions = new KeyPositions()
  const count = positions.find(command.spec, { count: args.length, text: i => args[i]! })
  for (const position of positions.positions.slice(0, count)) {
    if (segmentOfKey(args[position]!) !== segmentOfKey('{t}')) return
  }
  if (WAITING.test(args[0]!)) client.pipeline(['MULTI'], args, ['EXEC'])
  else client.call(...args)
}

function live(given: History, filter?: Filter): Transferred {
  const settings = THRESHOLDS
  const server = new InProcessServer({ isNode: true, settings })
  const transferred = new Transferred(server, '{t}', settings, SMALL, filter)
  const client = server.connect()
  for (const step of given.before) run(server, client, step)
  transferred.open()
  for (const [step, reads] of given.during) {
    run(server, client, step)
    for (let i = 0; i < reads; i++) transferred.step(given.bytes)
  }
  while (transferred.step(given.bytes));
  transferred.expectEqual()
  for (const step of given.after) run(server, client, step)
  transferred.expectEqual()
  return transferred
}

function described(given: History): string {
  const during = given.during.map(([step, reads]) => `${describeStep(step)} — ${reads}`)
  return [
    ...given.before.map(describeStep),
    `open, ${given.bytes} bytes`,
    ...during,
    'to the end',
    ...given.after.map(describeStep),
  ].join('\n')
}

describe('a receiver has what the server has', () => {
  test('of all of Redis’s types, whatever clients do and time does meanwhile', () => {
    const seen = { dropped: 0, passed: 0, replaced: 0 }
    fc.assert(
      fc.property(history, given => {
        try {
          const transferred = live(given)
          for (const kind of ['dropped', 'passed', 'replaced'] as const) {
            seen[kind] += transferred.seen[kind]
          }
        } catch (error) {
          throw new Error(`${(error as Error).message}\nafter\n${described(given)}`)
        }
      }),
      { numRuns: RUNS },
    )
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 10)
  })

  test('of all that coordinates, with holders, requests and tokens', () => {
    fc.assert(
      fc.property(schedule(everything, 100), steps => {
        const company = new Company(new InProcessServer({ isNode: true }))
        const transferred = new Transferred(company.server, '{k}')
        const open = steps.length >> 2
        let isOver = false
        for (const [i, step] of steps.entries()) {
          if (i === open) transferred.open()
          // A stall extends the leases of those who serve: the copies start theirs anew in any case.
          if (step.kind !== 'stall') company.step(step)
          if (i < open || isOver) continue
          for (let left = i % 3; left > 0; left--) isOver ||= !transferred.step(1)
          if (isOver) transferred.expectEqual()
        }
        while (transferred.step(100));
        transferred.expectEqual()
      }),
      { numRuns: RUNS, reporter: reportSchedule },
    )
  })

  test.each<[string, Filter]>([
    ['passed on as they are', (_, effects) => effects],
    ['kept back', () => Buffer.alloc(0)],
    ['passed on, and keys sent for them', twice],
  ])('not if entries are %s', (_, filter) => {
    const details = fc.check(
      fc.property(history, given => {
        live(given, filter)
      }),
      { numRuns: 500, endOnFailure: true },
    )
    expect(details.failed).toBe(true)
  })
})

function twice(transfer: SegmentTransfer, effects: Buffer): Buffer {
  return Buffer.concat([effects, transfer.filter(effects)])
}

describe('a transfer', () => {
  function begin(...lines: string[]) {
    const server = new InProcessServer({ isNode: true, settings: THRESHOLDS })
    const transferred = new Transferred(server, '{t}', THRESHOLDS)
    const client = server.connect()
    const call = (line: string) => client.call(...line.split(' '))
    for (const line of lines) call(line)
    transferred.open()
    const log: string[] = []
    const { apply } = transferred
    transferred.apply = (now, encoded) => {
      for (const { database, bytes } of decodeEffects(encoded, 0)) {
        const [name, k] = decodeFrame(bytes) as string[]
        log.push(`${database}: ${name} ${k}`)
      }
      apply.call(transferred, now, encoded)
    }
    return { call, transferred, told: () => log.splice(0) }
  }

  test('says nothing of keys that are still to be sent', () => {
    const { call, transferred, told } = begin('SET {t}a 1', 'SET {t}b 1')
    call('SET {t}b 2')
    call('DEL {t}b')
    call('RPUSH {t}b x')
    expect(told()).toEqual([])
    transferred.step(1)
    call('SET {t}a 2')
    call('SET {t}new 2')
    expect(told()).toEqual(['0: entry.begun {t}a', '0: SET {t}a', '0: SET {t}new'])
    while (transferred.step(1));
    expect(told()).toEqual(['0: entry.begun {t}b', `0: segment.tokens ${transferred.segment}`])
    transferred.expectEqual()
  })

  test('sends what an entry has written if it has met a key that is still to be sent', () => {
    const { call, transferred, told } = begin('SET {t}a 1', 'SADD {t}b 1', 'SADD {t}c 2')
    transferred.step(1)
    told()
    call('RENAME {t}a {t}b')
    expect(told()).toEqual(['0: DEL {t}a', '0: entry.begun {t}b'])
    call('SUNIONSTORE {t}d {t}c')
    expect(told()).toEqual(['0: entry.begun {t}d'])
    call('MOVE {t}c 3')
    expect(told()).toEqual(['0: DEL {t}c', '3: entry.begun {t}c'])
    while (transferred.step(1));
    transferred.expectEqual()
  })

  test('puts off a key that changes while it is partly sent, and sends it whole in the end', () => {
    const { call, transferred, told } = begin('SADD {t}a 1 x 2 3 4 5', 'SET {t}b 1')
    for (let i = 0; i < 3; i++) {
      transferred.step(1)
      call(`SADD {t}a new${i}`)
      if (i === 0) transferred.step(1)
    }
    expect(told()).toEqual([
      '0: entry.begun {t}a',
      '0: entry.begun {t}b',
      '0: entry.begun {t}a',
      '0: entry.begun {t}a',
    ])
    transferred.step(1)
    call('SREM {t}a new0')
    expect(told()).toEqual([
      '0: entry.begun {t}a',
      '0: entry.begun {t}a',
      ...new Array(3).fill('0: entry.continued {t}a'),
    ])
    call('SREM {t}a new1')
    expect(told()).toEqual(['0: SREM {t}a'])
    expect(transferred.transfer!.keysLeft).toBe(0)
    while (transferred.step(1));
    transferred.expectEqual()
  })

  test('takes back the part of a key that is gone when its turn comes again', () => {
    const { call, transferred, told } = begin('SADD {t}a 1 x 2 3 4 5')
    transferred.step(1)
    call('DEL {t}a')
    expect(told()).toEqual(['0: entry.begun {t}a'])
    transferred.step(1)
    expect(told()).toEqual(['0: DEL {t}a'])
    while (transferred.step(1));
    transferred.expectEqual()
  })

  test('begins from nothing after a flush', () => {
    const { call, transferred, told } = begin('SADD {t}a 1 x 2 3 4 5', 'SET {t}b 1', 'SELECT 2')
    call('SET {t}z 1')
    transferred.transfer!.close()
    transferred.open()
    transferred.step(1)
    call('SELECT 0')
    call('FLUSHDB')
    expect(told().at(-1)).toBe(`0: segment.flushed ${transferred.segment}`)
    call('SET {t}b 2')
    expect(told()).toEqual(['0: SET {t}b'])
    while (transferred.step(1));
    expect(told()[0]).toBe('2: entry.begun {t}z')
    transferred.expectEqual()
  })

  test('disturbs nothing: keys whose time is over stay for the server to end', () => {
    const { call, transferred, told } = begin('SET {t}a 1 PX 10')
    transferred.server.clock.advance(20)
    transferred.server.server.beginTurn()
    while (transferred.step(1));
    expect(transferred.server.server.keyspace.size).toBe(1)
    transferred.expectEqual()
    told()
    expect(call('GET {t}a')).toBeNull()
    expect(told()).toEqual(['0: DEL {t}a'])
  })

  test('brings all parts of large values, as they are', () => {
    const settings = [] as const
    const server = new InProcessServer({ isNode: true })
    const client = server.connect()
    const many = Array.from({ length: 10_000 }, (_, i) => `member:${i}`)
    client.call('RPUSH', '{t}l', ...many)
    client.call('SADD', '{t}s', ...many)
    client.call('SREM', '{t}s', ...many.slice(0, 1000))
    client.call('ZADD', '{t}z', ...many.flatMap((each, i) => [String(i % 77), each]))
    client.call('HSET', '{t}h', ...many.flatMap(each => [each, 'value']))
    client.call('HPEXPIRE', '{t}h', '50000', 'FIELDS', '3', ...many.slice(0, 3))
    client.call('SET', '{t}str', 'x'.repeat(3_000_000), 'PX', '100000')
    client.call('APPEND', '{t}short', 'raw')
    client.call('PFADD', '{t}hll', ...many)
    for (let i = 0; i < 500; i++) client.call('XADD', '{t}x', '*', 'n', String(i))
    client.call('XGROUP', 'CREATE', '{t}x', 'g', '0')
    client.call('XGROUP', 'CREATE', '{t}x', 'other', '$')
    client.call('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', '300', 'STREAMS', '{t}x', '>')
    client.call('XDEL', '{t}x', '1704067200000-3')
    for (let i = 0; i < 50; i++) {
      client.call('MULTIMAP.PUT', '{t}m', `field:${i}`, ...many.slice(0, 300))
      client.call('SEMAPHORE.ACQUIRE', '{t}sem', `owner:${i}`, 'LIMIT', '99', 'PX', `${i + 1000}`)
    }
    client.call('LATCH.CREATE', '{t}la', '9000', 'UPDOWN')
    for (let i = 0; i < 5000; i++) client.call('LATCH.DOWN', '{t}la', 'ID', `p${i}`, 'DATA', `${i}`)
    for (let i = 0; i < 6000; i++) client.call('COUNTER.ADD', '{t}c', '1', 'REQ', `r${i}`)
    server.clock.advance(400)
    server.server.beginTurn()
    const transferred = new Transferred(server, '{t}', settings, PART_LIMITS)
    transferred.open()
    let parts = 0
    while (transferred.step(1)) parts++
    transferred.expectEqual()
    expect(parts).toBeGreaterThan(25)
    // Also what no later command could make so: order by index, chunks, times of delivery.
    for (const name of ['s', 'h', 'z', 'l']) expectSameDump(transferred, `{t}${name}`)
    const pending = (of: InProcessServer) => {
      const db = of.server.keyspace.databases[0]!
      const bytes = Buffer.from('{t}x')
      const stream = db.object(db.findStale(bytes, 0, bytes.length)) as unknown as Stream
      const group = stream.group('g')!
      const { seenAt, activeAt } = group.consumer('c')!
      group.pending.seekFirst()
      return [seenAt, activeAt, group.pending.deliveredAt]
    }
    expect(pending(transferred.receiver)).toEqual(pending(server))
  })

  test('keeps how much a key was used', () => {
    const { call, transferred } = begin('SET {t}a 1')
    call('DEBUG SLEEP 0')
    transferred.server.clock.advance(60_000)
    while (transferred.step(1));
    transferred.catchUp()
    expect(transferred.receiver.connect().call('OBJECT', 'IDLETIME', '{t}a')).toBe(60)
  })
})

function expectSameDump({ server, receiver }: Transferred, name: string): void {
  const dump = (of: InProcessServer) => of.connect().callBytes('DUMP', name)
  expect(dump(receiver).equals(dump(server)), name).toBe(true)
}
