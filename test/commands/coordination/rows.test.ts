// Bad input, for every row: too few and too many arguments, a key of another type, a word too many, a
// name that is too long, a number out of range. Each is answered by its documented error, and nothing
// has changed.
import { describe, expect, test } from 'vitest'
import { coordinationFamilies } from '../../../commands/coordination/index.ts'
import { families } from '../../../commands/index.ts'
import type { CommandSpec } from '../../../src/command.ts'
import { OBJECT } from '../../../src/keyspace/record.ts'
import type { Server } from '../../../src/server.ts'
import { parseSyntax } from '../../../src/syntax.ts'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'
import { RespError } from '../../harness/resp-value.ts'

const rows = coordinationFamilies(() => families)
  .flat()
  .filter(spec => !spec.internal)

/** A command line of each row that works in the room that `furnish` makes. */
const EXAMPLES = [
  'BARRIER.ENTER b p 1',
  'BARRIER.LEAVE b p',
  'CL.THROTTLE r 1 1 1',
  'COUNTER.ADD c 1',
  'COUNTER.AWAIT c GE 5',
  'COUNTER.CAS c 5 6',
  'COUNTER.CMPSWAP c 5 6',
  'COUNTER.CREATE c2',
  'COUNTER.DECR c',
  'COUNTER.GET c',
  'COUNTER.GETSET c 1',
  'COUNTER.INCR c',
  'COUNTER.INFO c',
  'COUNTER.NEXT c 1',
  'COUNTER.RESET c',
  'COUNTER.SET c 1',
  'FENCE.CHECK f 1',
  'FENCE.GET f',
  'FENCE.NEXT f',
  'INCREX n',
  'LATCH.ARM t',
  'LATCH.AWAIT t',
  'LATCH.BREAK t',
  'LATCH.COUNT t',
  'LATCH.CREATE t2 1',
  'LATCH.DOWN t',
  'LATCH.INFO t',
  'LATCH.MAWAIT 1 t ANY',
  'LATCH.RESET t 1',
  'LATCH.RESULTS t',
  'LATCH.UP t',
  'LEADER.ASSERT e o',
  'LEADER.AWAIT e',
  'LEADER.CAMPAIGN e o',
  'LEADER.CANCEL e o',
  'LEADER.EXTEND e o PX 1000',
  'LEADER.GET e',
  'LEADER.MEMBERS e',
  'LEADER.PROCLAIM e o v',
  'LEADER.RESIGN e o',
  'LEADER.TRANSFER e o p',
  'LOCK.ACQUIRE l o',
  'LOCK.ASSERT l o',
  'LOCK.CANCEL l o',
  'LOCK.DO l <token> PING',
  'LOCK.DOWNGRADE l o',
  'LOCK.EXTEND l o PX 1000',
  'LOCK.FORCE l',
  'LOCK.HANDOFF l o p',
  'LOCK.HOLDERS l',
  'LOCK.INFO l',
  'LOCK.MACQUIRE 1 l o',
  'LOCK.MRELEASE 1 l o',
  'LOCK.QUEUE l',
  'LOCK.RELEASE l o',
  'LOCK.UPGRADE l o',
  'MULTIMAP.COUNT m',
  'MULTIMAP.CREATE m2 SET',
  'MULTIMAP.DELETE m x',
  'MULTIMAP.EXPIRE m PX 1000 x',
  'MULTIMAP.FIELDS m',
  'MULTIMAP.GET m x',
  'MULTIMAP.HAS m x',
  'MULTIMAP.HASVALUE m v',
  'MULTIMAP.LEN m',
  'MULTIMAP.PUT m x v',
  'MULTIMAP.REMOVE m x v',
  'MULTIMAP.REPLACE m x w',
  'MULTIMAP.SCAN m 0',
  'MULTIMAP.TAKE m x',
  'MULTIMAP.TTL m x',
  'RATE.WINDOW r2 1 1000',
  'SEMAPHORE.ACQUIRE s o',
  'SEMAPHORE.AVAILABLE s',
  'SEMAPHORE.CANCEL s o',
  'SEMAPHORE.DRAIN s o',
  'SEMAPHORE.EXTEND s o PX 1000',
  'SEMAPHORE.HOLDERS s',
  'SEMAPHORE.INFO s',
  'SEMAPHORE.INIT s 3',
  'SEMAPHORE.QUEUE s',
  'SEMAPHORE.RELEASE s o',
  'SEMAPHORE.SETLIMIT s 3',
]

const ROOM = [
  'BARRIER.ENTER b q 1',
  'COUNTER.SET c 5',
  'FENCE.NEXT f',
  'SET n 1',
  'LATCH.CREATE t 2 UPDOWN HOLD',
  'LEADER.CAMPAIGN e o CONN',
  'MULTIMAP.PUT m x v',
  'SEMAPHORE.INIT s 3',
  'SEMAPHORE.ACQUIRE s o',
  'SET string text',
  'RPUSH list element',
  'LOCK.ACQUIRE l o',
]

class Room {
  readonly server = new InProcessServer()
  readonly client: InProcessClient
  readonly token: string

  constructor() {
    this.client = this.server.connect()
    let last: unknown
    for (const line of ROOM) last = this.client.call(...line.split(' '))
    this.token = String(last)
  }

  words(line: string): string[] {
    return line.split(' ').map(word => (word === '<token>' ? this.token : word))
  }

  /** The error with which a command is refused; it must leave everything as it was. */
  refusal(words: readonly string[]): string {
    const before = contentsOf(this.server.server)
    const reply = this.client.call(...words)
    if (!(reply instanceof RespError))
      throw new Error(`${words.join(' ')} answers ${String(reply)}`)
    expect(contentsOf(this.server.server)).toEqual(before)
    return reply.text
  }
}

interface Snapshotting {
  snapshot?(now: number): unknown
}

function contentsOf(server: Server): unknown[] {
  const contents: unknown[] = [server.keyspace.dirty, server.waiting.size, server.effects.lsn]
  const db = server.keyspace.databases[0]!
  db.forEach(entry => {
    const isObject = db.encoding(entry) === OBJECT
    const value = isObject ? (db.object(entry) as Snapshotting) : undefined
    contents.push([
      db.key(entry),
      db.version(entry),
      db.expiry(entry),
      value?.snapshot?.(server.monotonic),
    ])
  })
  return contents
}

const named = (spec: CommandSpec) => spec.name.toUpperCase()

test('every row has an example, and every example a row', () => {
  expect(EXAMPLES.map(line => line.split(' ')[0])).toEqual(rows.map(named).sort())
})

describe.each(rows.map(spec => [named(spec), spec] as const))('%s', (name, spec) => {
  const line = EXAMPLES.find(each => each.split(' ')[0] === name) ?? ''

  test('works as in the example', () => {
    const room = new Room()
    expect(room.client.call(...room.words(line))).not.toBeInstanceOf(RespError)
  })

  test('refuses a wrong number of arguments', () => {
    const room = new Room()
    const wrong = `ERR wrong number of arguments for '${spec.name}' command`
    const least = Math.abs(spec.arity)
    for (let count = 1; count < least; count++) {
      expect(room.refusal(room.words(line).slice(0, count))).toBe(wrong)
    }
    if (spec.arity > 0) expect(room.refusal([...room.words(line), 'more'])).toBe(wrong)
  })

  test('refuses keys that hold something else', () => {
    const room = new Room()
    const key = (spec.keys?.[0]?.find.kind === 'keynum' ? 2 : 1) as number
    for (const other of ['list', name.startsWith('LOCK') || name === 'INCREX' ? 'm' : 'l']) {
      const words = room.words(line)
      words[key] = other
      // A string is what INCREX is for, and it says so of a text that is no number.
      expect(room.refusal(words)).toBe(
        'WRONGTYPE Operation against a key holding the wrong kind of value',
      )
    }
  })

  test('refuses a word that it does not know', () => {
    if (spec.arity > 0) return
    const last = parseSyntax(spec.syntax ?? '').at(-1)
    // The rest of the line is data, or another command.
    if (last?.flags?.includes('multiple') || spec.name === 'lock.do') return
    const room = new Room()
    const words = [...room.words(line), '=unknown=', '=words=']
    expect(room.refusal(words)).toMatch(/^ERR (syntax error|value is not an integer)/)
  })

  test('refuses options that come twice or lack their argument', () => {
    const room = new Room()
    for (const option of optionsOf(spec)) {
      const words = room.words(line)
      expect(room.refusal([...words, ...option.words, ...option.words])).toMatch(SYNTAX_OR_RANGE)
      if (option.words.length > 1) {
        expect(room.refusal([...words, option.words[0]!])).toMatch(SYNTAX_OR_RANGE)
      }
    }
  })

  test('refuses numbers that are none, or out of range', () => {
    const room = new Room()
    for (const option of optionsOf(spec)) {
      if (option.type !== 'integer' || room.words(line).includes(option.words[0]!)) continue
      for (const bad of ['x', '1.5', '99999999999999999999', '-9223372036854775809']) {
        const words = [...room.words(line), ...option.context, option.words[0]!, bad]
        expect(room.refusal(words)).toMatch(/^ERR /)
      }
    }
  })

  test('refuses names of more than 256 bytes', () => {
    const room = new Room()
    const long = 'n'.repeat(257)
    const words = room.words(line)
    const owner = words.findIndex((word, i) => i > 1 && /^[op]$/.test(word))
    if (owner > 0 && !spec.name.startsWith('multimap')) {
      expect(room.refusal(words.with(owner, long))).toBe('ERR a name is longer than 256 bytes')
      expect(new Room().client.call(...words.with(owner, 'n'.repeat(256)))).toBeDefined()
    }
    for (const option of optionsOf(spec)) {
      if (option.words[0] !== 'REQ' && option.words[0] !== 'ID') continue
      expect(room.refusal([...words, option.words[0], long])).toBe(
        'ERR a name is longer than 256 bytes',
      )
    }
  })

  test('says all that COMMAND tells', () => {
    expect(spec.summary).toMatch(/^[A-Z].*\.$/)
    expect(spec.complexity).toMatch(/O\(|inner command/)
    expect(spec.keys?.length).toBeGreaterThan(0)
    expect(spec.acl).toContain(spec.name === 'increx' ? 'string' : 'coordination')
    const isBlocking = spec.flags.includes('blocking')
    expect(isBlocking).toBe(/WAIT milliseconds/.test(spec.syntax ?? ''))
  })
})

const SYNTAX_OR_RANGE =
  /^ERR (syntax error|invalid expire time|value is not an integer|a name is longer)/

interface Option {
  /** The keyword, and an argument that fits where it takes one. */
  readonly words: readonly [string, ...string[]]
  readonly type: string
  /** What must stand before it. */
  readonly context: readonly string[]
}

/** The optional keywords of a row, from its syntax. */
function optionsOf(spec: CommandSpec): Option[] {
  const found: Option[] = []
  const visit = (argument: ReturnType<typeof parseSyntax>[number], context: string[]): void => {
    const { type, token } = argument
    if (type === 'oneof' || (type === 'block' && token === undefined)) {
      const before = [...context]
      for (const child of argument.arguments ?? []) {
        visit(child, before)
        if (type === 'block' && child.token !== undefined) before.push(child.token)
      }
      return
    }
    if (token === undefined || type === 'block') return
    if (type === 'pure-token') found.push({ words: [token], type, context })
    else found.push({ words: [token, type === 'integer' ? '7' : 'x'], type, context })
  }
  for (const argument of parseSyntax(spec.syntax ?? '')) {
    if (argument.flags?.includes('optional')) visit(argument, [])
  }
  return found
}

test('internal rows are unknown to clients', () => {
  const room = new Room()
  for (const spec of coordinationFamilies(() => families).flat()) {
    if (!spec.internal) continue
    const words = [spec.name, ...new Array(Math.abs(spec.arity) - 1).fill('1')]
    expect(room.refusal(words)).toMatch(/^ERR unknown command/)
  }
})
