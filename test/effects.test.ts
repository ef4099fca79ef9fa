// The log of effects says all that a server does to its data: whoever applies it, and nothing else, has
// the same keys with the same values, expiries, encodings and versions.
//
// LATCHKEY_REPLAY_RUNS sets how many random histories are replayed.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../src/effects.ts'
import { OBJECT } from '../src/keyspace/record.ts'
import { Replayer } from '../src/replay.ts'
import type { Server } from '../src/server.ts'
import { Element } from '../src/values/element.ts'
import { Hash } from '../src/values/hash.ts'
import { List } from '../src/values/list.ts'
import { MemberSet } from '../src/values/member-set.ts'
import { Zset } from '../src/values/zset.ts'
import { key, value } from './differential/alphabet.ts'
import { bitfields } from './differential/bitfields.ts'
import { bitmaps } from './differential/bitmaps.ts'
import { generic } from './differential/generic.ts'
import { hyperloglog } from './differential/hyperloglog.ts'
import { strings } from './differential/strings.ts'
import { transactions } from './differential/transactions.ts'
import { type InProcessClient, InProcessServer } from './harness/in-process.ts'
import { encodeCommand } from './harness/resp-client.ts'
import { decodeFrame } from './harness/resp-value.ts'
import { commandStep, describeStep, type Move, type Step } from './harness/trace.ts'

const RUNS = Number(process.env['LATCHKEY_REPLAY_RUNS'] ?? 600)
const MOVES_MAX = 120

type Settings = readonly (readonly [name: string, ...words: string[]])[]

/** A server, what it logs, and a copy of it that knows the log only. */
class Replicated {
  readonly primary: InProcessServer
  readonly copy: InProcessServer
  readonly log: LogEntry[] = []

  /** Settings of both: encodings depend on them. `limits` are the primary's alone. */
  constructor(settings: Settings = [], limits: Settings = []) {
    this.primary = new InProcessServer({ settings: [...settings, ...limits] })
    this.copy = new InProcessServer({ settings })
    this.copy.server.keyspace.expires = false
    this.primary.server.effects.subscribe(entry => this.log.push(entry))
  }

  /** Applies what was logged since the last time. `tamper` stands for a fault of the log. */
  replay(tamper: (entry: LogEntry) => LogEntry = entry => entry): void {
    const replayer = new Replayer(this.copy.server)
    for (const entry of this.log.splice(0)) replayer.apply(tamper(entry))
  }

  expectEqual(): void {
    expect(contentsOf(this.copy.server)).toEqual(contentsOf(this.primary.server))
  }
}

/** All that a server holds, whether its time is over or not. */
function contentsOf({ keyspace }: Server): Map<string, unknown> {
  const contents = new Map<string, unknown>()
  for (const db of keyspace.databases) {
    db.forEach(entry => {
      contents.set(`${db.index}:${db.key(entry)}`, {
        type: db.type(entry),
        encoding: db.encodingName(entry),
        expiry: db.expiry(entry),
        version: db.version(entry),
        value:
          db.encoding(entry) === OBJECT
            ? elementsOf(db.object(entry))
            : db.value(entry).latin1Slice(),
      })
    })
  }
  return contents
}

const element = new Element()
const other = new Element()

function elementsOf(object: object): string[] {
  const elements: string[] = []
  if (object instanceof List) {
    for (let i = 0; i < object.length; i++) elements.push(object.at(i)!)
  } else if (object instanceof MemberSet) {
    for (let i = 0; i < object.size; i++) {
      object.read(i, element)
      elements.push(element.toString())
    }
    elements.sort()
  } else if (object instanceof Zset) {
    for (let more = object.seek(0); more; more = object.next()) {
      const score = object.read(element)
      elements.push(`${element.toString()} ${score}`)
    }
  } else if (object instanceof Hash) {
    for (let i = 0; i < object.size; i++) {
      object.readIndex(i, element, other)
      elements.push(`${element.toString()} ${other.toString()}`)
    }
    elements.sort()
  }
  return elements
}

/** Keys that live for some milliseconds of the test's clock, and time that passes. */
const soon = fc.integer({ min: -5, max: 60 }).map(String)
const passing: fc.Arbitrary<Move> = fc
  .oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 5000 }))
  .map(ms => [{ kind: 'wait', ms }])
const mortal: fc.Arbitrary<Move> = fc.oneof(
  fc.tuple(key, value, soon).map(([k, v, ms]) => [commandStep(['SET', k, v, 'PX', ms])]),
  fc.tuple(key, soon).map(([k, ms]) => [commandStep(['PEXPIRE', k, ms])]),
  fc.tuple(key, soon).map(([k, ms]) => [commandStep(['GETEX', k, 'PX', ms])]),
  fc.tuple(key, value, soon).map(([k, v, ms]) => [commandStep(['PSETEX', k, ms, v])]),
  fc.tuple(key, fc.constantFrom('0', '1', '2')).map(([k, s]) => [commandStep(['EXPIRE', k, s])]),
)
const members = fc.array(fc.constantFrom('a', 'b', 'c', 'd', '17', '-3'), {
  minLength: 1,
  maxLength: 5,
})
/** Values of other types, small and large, which keys commands rename, copy and move. */
const collections: fc.Arbitrary<Move> = fc.oneof(
  fc.tuple(key, members).map(([k, all]) => [commandStep(['RPUSH', k, ...all])]),
  fc.tuple(key, members).map(([k, all]) => [commandStep(['SADD', k, ...all])]),
  fc
    .tuple(key, members)
    .map(([k, all]) => [commandStep(['ZADD', k, ...all.flatMap((each, i) => [String(i), each])])]),
  fc
    .tuple(key, members)
    .map(([k, all]) => [commandStep(['HSET', k, ...all.flatMap(each => [each, 'x'])])]),
)
const moves: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: strings },
  { weight: 2, arbitrary: bitmaps },
  { weight: 2, arbitrary: bitfields },
  { weight: 2, arbitrary: hyperloglog },
  { weight: 5, arbitrary: generic },
  { weight: 3, arbitrary: transactions },
  { weight: 3, arbitrary: collections },
  { weight: 3, arbitrary: mortal },
  { weight: 2, arbitrary: passing },
)
const history = fc.record({
  steps: fc
    .array(moves, { minLength: 1, maxLength: MOVES_MAX, size: 'max' })
    .map(chosen => chosen.flat()),
  policy: fc.constantFrom(
    'noeviction',
    'allkeys-lru',
    'allkeys-lfu',
    'allkeys-random',
    'volatile-lru',
    'volatile-lfu',
    'volatile-random',
    'volatile-ttl',
  ),
  /** Bytes; 0 for no limit. */
  memory: fc.constantFrom(0, 0, 6_000, 10_000),
})

describe('the log of effects', () => {
  it('makes a copy the same as the server, whatever clients do and time does', () => {
    const seen = { commands: 0, entries: 0, expired: 0, evicted: 0 }
    fc.assert(
      fc.property(history, given => {
        try {
          live(given, seen)
        } catch (error) {
          const typed = given.steps.map(describeStep).join('\n')
          throw new Error(`${(error as Error).message}\nafter\n${typed}`)
        }
      }),
      { numRuns: RUNS },
    )
    expect(seen.commands).toBeGreaterThan(RUNS * 10)
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0)
  })

  it('leaves keys on the copy until the log deletes them, though clients see them no more', () => {
    const servers = new Replicated()
    const { primary, copy } = servers
    primary.connect().call('SET', 'a', '1', 'PX', '50')
    servers.replay()
    copy.advance(60)
    const client = copy.connect()
    expect(client.call('GET', 'a')).toBeNull()
    expect(client.call('DBSIZE')).toBe(1)
    primary.advance(60)
    servers.replay()
    expect(client.call('DBSIZE')).toBe(0)
  })

  it('is handed on by the copy as it came', () => {
    const servers = new Replicated()
    const handed: LogEntry[] = []
    servers.copy.server.effects.subscribe(entry => handed.push(entry))
    const client = servers.primary.connect()
    client.call('SET', 'a', '1', 'PX', '50')
    servers.primary.advance(60)
    const log = [...servers.log]
    servers.replay()
    expect(handed).toEqual(log)
    expect(log.length).toBe(2)
  })
})

describe('a fault of the log', () => {
  function expectNoticed(tamper: (entry: LogEntry) => LogEntry): void {
    const servers = new Replicated()
    const client = servers.primary.connect()
    client.call('SET', 'a', '1', 'PX', '50')
    client.call('SET', 'b', '1')
    client.call('MSET', 'c', '3', 'd', '4')
    servers.primary.advance(60)
    client.call('INCR', 'a')
    expect(() => {
      servers.replay(tamper)
      servers.expectEqual()
    }).toThrow()
  }

  /** The log with the effect that reads `wanted` replaced. */
  function replacing(wanted: string, replacement: string) {
    return (entry: LogEntry): LogEntry => ({
      ...entry,
      effects: entry.effects.map(effect =>
        wordsOf(effect.bytes) === wanted
          ? { ...effect, bytes: encodeCommand(replacement.split(' ')) }
          : effect,
      ),
    })
  }

  it('shows where a value is another', () => {
    expectNoticed(replacing('SET b 1', 'SET b 2'))
  })

  it('shows where only the encoding is another', () => {
    expectNoticed(replacing('SET b 1', 'SETRANGE b 0 1'))
  })

  it('shows where a key that was over stays', () => {
    expectNoticed(replacing('DEL a', 'DEL nosuchkey'))
  })

  it('shows where it is another database', () => {
    expectNoticed(entry => ({
      ...entry,
      effects: entry.effects.map(effect => ({ ...effect, database: effect.database + 1 })),
    }))
  })

  it('shows where an entry is missing', () => {
    const servers = new Replicated()
    const client = servers.primary.connect()
    client.call('SET', 'a', '1')
    client.call('DEL', 'a')
    client.call('SET', 'b', '1')
    servers.log.splice(1, 1)
    expect(() => servers.replay()).toThrow('entry 3 of the log does not follow entry 1')
  })

  it('shows where an effect fails', () => {
    expect(() => expectNoticed(replacing('SET b 1', 'INCRBY a x'))).not.toThrow()
    const servers = new Replicated()
    servers.primary.connect().call('SET', 'b', '1')
    expect(() => servers.replay(replacing('SET b 1', 'INCRBY b x'))).toThrow(
      'entry 1 of the log: incrby fails: ERR value is not an integer or out of range',
    )
    const others = new Replicated()
    others.primary.connect().call('SET', 'b', '1')
    expect(() => others.replay(replacing('SET b 1', 'NOSUCH b'))).toThrow(
      'entry 1 of the log has the unknown command NOSUCH',
    )
  })
})

function wordsOf(effect: Buffer): string {
  return (decodeFrame(effect) as string[]).join(' ')
}

describe('what is logged', () => {
  const NOW = Date.UTC(2024, 0, 1)

  /** What each of the commands logs, entry by entry. `wait N` lets N ms pass. */
  function logged(...lines: readonly string[]): string[][] {
    const servers = new Replicated()
    const client = servers.primary.connect()
    for (const line of lines) {
      const words = line.split(' ')
      if (words[0] === 'wait') servers.primary.clock.advance(Number(words[1]))
      else client.send(...words)
    }
    return servers.log.map(({ effects }) =>
      effects.map(({ database, bytes }) => `${database}: ${wordsOf(bytes)}`),
    )
  }

  it('times are absolute', () => {
    expect(
      logged(
        'SET a 1 EX 10',
        'SETEX b 10 1',
        'EXPIRE a 20',
        'PEXPIREAT a 4102444800000',
        'EXPIREAT a 4102444800 NX',
        'GETEX a PX 30',
        'GETEX a PERSIST',
      ),
    ).toEqual([
      [`0: SET a 1 PXAT ${NOW + 10_000}`],
      [`0: SET b 1 PXAT ${NOW + 10_000}`],
      [`0: PEXPIREAT a ${NOW + 20_000}`],
      ['0: PEXPIREAT a 4102444800000'],
      [`0: PEXPIREAT a ${NOW + 30}`],
      ['0: PERSIST a'],
    ])
  })

  it('the last time of 64 bits can be read back', () => {
    expect(logged('SET a 1 PXAT 9223372036854775807')).toEqual([
      ['0: SET a 1 PXAT 9223372036854775807'],
    ])
  })

  it('an expiry in the past is the deletion that it is', () => {
    expect(
      logged('SET a 1', 'EXPIRE a -1', 'SET a 1', 'GETEX a PXAT 1', 'SET a 1', 'GETDEL a'),
    ).toEqual([
      ['0: SET a 1'],
      ['0: DEL a'],
      ['0: SET a 1'],
      ['0: DEL a'],
      ['0: SET a 1'],
      ['0: DEL a'],
    ])
  })

  it('a key whose time is over is deleted by the command that meets it, before that', () => {
    expect(logged('SET a 1 PX 5', 'wait 5', 'GET a')).toEqual([
      [`0: SET a 1 PXAT ${NOW + 5}`],
      ['0: DEL a'],
    ])
    expect(logged('SET a 1 PX 5', 'wait 5', 'APPEND a x')).toEqual([
      [`0: SET a 1 PXAT ${NOW + 5}`],
      ['0: DEL a', '0: APPEND a x'],
    ])
    expect(logged('SET a 1 PX 5', 'wait 5', 'PEXPIRE a 100')).toEqual([
      [`0: SET a 1 PXAT ${NOW + 5}`],
      ['0: DEL a'],
    ])
  })

  it('what changes nothing is not logged', () => {
    expect(
      logged(
        'GET a',
        'DEL a',
        'EXPIRE a 10',
        'SET a 1 XX',
        'SETRANGE a 0',
        'PERSIST a',
        'GETDEL a',
      ),
    ).toEqual([])
    expect(logged('LPUSH l x', 'INCR l', 'APPEND l x')).toEqual([['0: LPUSH l x']])
  })

  it('names and databases are logged as they came', () => {
    expect(
      logged('SET a 1', 'RENAME a b', 'COPY b c DB 2', 'MOVE b 1', 'SELECT 2', 'DEL c'),
    ).toEqual([
      ['0: SET a 1'],
      ['0: RENAME a b'],
      ['0: COPY b c DB 2'],
      ['0: MOVE b 1'],
      ['2: DEL c'],
    ])
  })

  it('a transaction is one entry', () => {
    expect(
      logged('MULTI', 'SET a 1 PX 7', 'SELECT 3', 'INCRBYFLOAT b 0.5', 'GET b', 'INCR b', 'EXEC'),
    ).toEqual([[`0: SET a 1 PXAT ${NOW + 7}`, '3: INCRBYFLOAT b 0.5']])
  })

  it('a PFCOUNT that refreshes what the value keeps is logged, another is not', () => {
    expect(logged('PFADD h x', 'PFCOUNT h', 'PFCOUNT h', 'PFCOUNT h h', 'PFADD h x')).toEqual([
      ['0: PFADD h x'],
      ['0: PFCOUNT h'],
    ])
  })

  it('a change of encoding alone is logged', () => {
    expect(logged('SET a x', 'SETBIT a 0 0', 'SETBIT a 0 0')).toEqual([
      ['0: SET a x'],
      ['0: SETBIT a 0 0'],
    ])
  })
})

/** Low, so that collections outgrow their packed form. */
const THRESHOLDS: Settings = [
  ['list-max-listpack-size', '3'],
  ['set-max-intset-entries', '2'],
  ['set-max-listpack-entries', '2'],
  ['hash-max-listpack-entries', '2'],
  ['zset-max-listpack-entries', '2'],
]

interface History {
  readonly steps: readonly Step[]
  readonly policy: string
  readonly memory: number
}

interface Seen {
  commands: number
  entries: number
  expired: number
  evicted: number
}

/** Runs a history on a server, gives its log to a copy, and compares the two. */
function live({ steps, policy, memory }: History, seen: Seen): void {
  const servers = new Replicated(THRESHOLDS, [
    ['maxmemory-policy', policy],
    ['maxmemory', String(memory)],
    ['proto-max-bulk-len', '1mb'],
  ])
  const { primary, copy } = servers
  const clients = [primary.connect(), primary.connect()]
  for (const step of steps) {
    if (step.kind === 'wait') {
      primary.advance(step.ms)
      copy.advance(step.ms)
    } else if (!isPaused(step.args)) {
      seen.commands++
      send(clients[step.connection]!, step.args)
    }
  }
  seen.entries += servers.log.length
  seen.expired += primary.server.stats.expiredKeys
  seen.evicted += primary.server.stats.evictedKeys
  servers.replay(longAgo)
  servers.expectEqual()
}

/** The entry without its time, which the effects of these commands must not need. */
function longAgo(entry: LogEntry): LogEntry {
  return { ...entry, now: entry.now - 1_000_000_000 }
}

/** A wait would keep the rest of its connection's commands from running. */
function isPaused([name]: readonly string[]): boolean {
  return name!.toUpperCase() === 'WAIT'
}

/** Sends a command and drops its reply, which a transaction or RESET may put off or multiply. */
function send(client: InProcessClient, args: readonly string[]): void {
  client.write(encodeCommand(args))
  client.received()
}
