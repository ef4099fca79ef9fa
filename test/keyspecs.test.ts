import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type CommandSpec,
  type KeyFlag,
  type KeySpec,
  keyAfter,
  keyAt,
  keyNum,
  keyRange,
  keysUnknown,
} from '../src/command.ts'
import { joinKeySpecs, type KeyArguments, KeyPositions } from '../src/keyspecs.ts'
import { describeWithRedis } from './harness/redis-server.ts'
import { RespError, type RespValue } from './harness/resp-value.ts'
import { Reference } from './reference.ts'

function row(keys: readonly KeySpec[], keysOf?: (args: KeyArguments) => number[]): CommandSpec {
  return {
    name: 'command',
    arity: -1,
    flags: [],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'A command.',
    keys,
    ...(keysOf !== undefined && { keysOf }),
  }
}

function line(words: readonly string[]): KeyArguments {
  return { count: words.length, text: i => words[i]! }
}

/** The keys that the specs see in a line of words, with what is done to each. */
function keysIn(spec: CommandSpec, text: string, notKeys = false): [string, string][] {
  const words = text.split(' ')
  const found = new KeyPositions()
  const count = found.find(spec, line(words), notKeys)
  return found.positions
    .slice(0, count)
    .map((position, i) => [words[position]!, found.flags[i]!.join(' ')])
}

const streams: KeySpec = {
  flags: ['RO'],
  begin: { kind: 'keyword', keyword: 'STREAMS', from: 1 },
  find: { kind: 'range', last: -1, step: 1, limit: 2 },
}

describe('KeyPositions', () => {
  test('finds nothing in a command without key specs', () => {
    const { keys: _, ...keyless } = row([])
    expect(keysIn(keyless, 'ping key')).toEqual([])
    expect(keysIn(row([]), 'ping key')).toEqual([])
  })

  test('finds keys at fixed places', () => {
    expect(keysIn(row([keyAt(1, 'RO', 'access')]), 'get a')).toEqual([['a', 'RO access']])
    expect(keysIn(row([keyAt(2, 'OW'), keyRange(3, -1, 1, 'RO')]), 'bitop not a b c')).toEqual([
      ['a', 'OW'],
      ['b', 'RO'],
      ['c', 'RO'],
    ])
  })

  test('finds every second argument, and all but the last', () => {
    expect(keysIn(row([keyRange(1, -1, 2, 'OW')]), 'mset a 1 b 2')).toEqual([
      ['a', 'OW'],
      ['b', 'OW'],
    ])
    expect(keysIn(row([keyRange(1, -2, 1, 'RW')]), 'blpop a b 0')).toEqual([
      ['a', 'RW'],
      ['b', 'RW'],
    ])
  })

  test('finds keys that are counted', () => {
    const eva1 = row([keyNum(2, 'RW')])
    expect(keysIn(eva1, 'eval script 2 a b c')).toEqual([
      ['a', 'RW'],
      ['b', 'RW'],
    ])
    for (const count of ['0', '4', '-1', 'x', '', '02', '99999999999999999999']) {
      expect(keysIn(eva1, `eval script ${count} a b c`), count).toEqual([])
    }
    expect(keysIn(eva1, 'eval script')).toEqual([])
  })

  test('finds keys after a keyword in either case, and none where it is missing', () => {
    const store = row([keyAt(1, 'RO'), keyAfter('STORE', 2, 'OW')])
    expect(keysIn(store, 'georadius a 1 store b')).toEqual([
      ['a', 'RO'],
      ['b', 'OW'],
    ])
    expect(keysIn(store, 'georadius a 1 stored b')).toEqual([['a', 'RO']])
    expect(keysIn(store, 'georadius a 1 2 STORE')).toEqual([['a', 'RO']])
  })

  test('takes the first half of what follows a keyword', () => {
    expect(keysIn(row([streams]), 'xread streams a b 0 0')).toEqual([
      ['a', 'RO'],
      ['b', 'RO'],
    ])
    expect(keysIn(row([streams]), 'xread streams a')).toEqual([])
  })

  test('searches a keyword backwards from the end', () => {
    const spec: KeySpec = {
      flags: ['RW'],
      begin: { kind: 'keyword', keyword: 'KEYS', from: -2 },
      find: { kind: 'range', last: -1, step: 1, limit: 0 },
    }
    expect(keysIn(row([spec]), 'migrate keys x keys a b')).toEqual([
      ['a', 'RW'],
      ['b', 'RW'],
    ])
    expect(keysIn(row([spec]), 'migrate x keys')).toEqual([])
  })

  test('finds no key at all where one spec does not fit', () => {
    const zunionstore = row([keyAt(1, 'OW'), keyNum(2, 'RO')])
    expect(keysIn(zunionstore, 'zunionstore d 1 a')).toHaveLength(2)
    expect(keysIn(zunionstore, 'zunionstore d 2 a')).toEqual([])
  })

  test('asks the row’s function where a spec is unknown or incomplete', () => {
    const keysOf = (args: KeyArguments) => [1, args.count - 1]
    const sort = row([keyAt(1, 'RO'), keysUnknown('STORE', 'OW', 'update')], keysOf)
    expect(keysIn(sort, 'sort a store b')).toEqual([
      ['a', 'RO'],
      ['b', 'OW update'],
    ])
    const incomplete = row([keyAt(1, 'RW', 'incomplete')], keysOf)
    expect(keysIn(incomplete, 'migrate a b')).toEqual([
      ['a', 'RW incomplete'],
      ['b', 'RW incomplete'],
    ])
    expect(keysIn(row([keysUnknown('Anywhere.', 'RO')]), 'sort a')).toEqual([])
  })

  test('finds what is routed like a key only when asked', () => {
    const spublish = row([keyAt(1, 'not_key')])
    expect(keysIn(spublish, 'spublish a m')).toEqual([])
    expect(keysIn(spublish, 'spublish a m', true)).toEqual([['a', 'not_key']])
  })

  test('forgets the keys of the line before', () => {
    const found = new KeyPositions()
    expect(found.find(row([keyRange(1, -1, 1, 'RM')]), line(['del', 'a', 'b']))).toBe(2)
    expect(found.find(row([keyAt(1, 'RO')]), line(['get', 'a']))).toBe(1)
    expect(found.count).toBe(1)
    expect(found.find(row([]), line(['ping']))).toBe(0)
    expect(found.count).toBe(0)
  })
})

describe('joinKeySpecs', () => {
  test.each([
    [[], { first: 0, last: 0, step: 0, movable: false }],
    [[keyAt(1, 'RO')], { first: 1, last: 1, step: 1, movable: false }],
    [[keyRange(1, -1, 2, 'OW')], { first: 1, last: -1, step: 2, movable: false }],
    [[keyAt(2, 'OW'), keyRange(3, -1, 1, 'RO')], { first: 2, last: -1, step: 1, movable: false }],
    [[keyAt(1, 'RO'), keyAt(3, 'RO')], { first: 1, last: 1, step: 1, movable: true }],
    [[keyNum(1, 'RO')], { first: 0, last: 0, step: 0, movable: true }],
    [[keyAt(1, 'OW'), keyNum(2, 'RO')], { first: 1, last: 1, step: 1, movable: true }],
    [[keyAt(3, 'RW', 'incomplete')], { first: 3, last: 3, step: 1, movable: true }],
  ])('joins specs as COMMAND INFO does: %#', (keys, range) => {
    expect(joinKeySpecs(keys)).toEqual(range)
  })
})

describeWithRedis('key specs, beside Redis', () => {
  let reference: Reference
  let commands: readonly Described[]
  beforeAll(async () => {
    reference = await Reference.start()
    await reference.call('HELLO', 3)
    commands = ((await reference.call('COMMAND')) as RespValue[]).flatMap(describeReply)
  })
  afterAll(() => reference.stop())

  test('joined, they are the range that COMMAND INFO replies', () => {
    expect(commands.length).toBeGreaterThan(300)
    for (const { name, spec, range } of commands) {
      expect(joinKeySpecs(spec.keys), name).toEqual(range)
    }
  })

  test('find the keys that COMMAND GETKEYS finds', async () => {
    // The rows of these have functions of their own, which are tested where they are.
    const own = (key: KeySpec) => key.begin.kind === 'unknown' || key.flags.includes('incomplete')
    const withKeys = commands.filter(({ spec }) => spec.keys?.some(key => !own(key)) === true)
    const testable = withKeys.filter(({ spec }) => spec.keys!.every(key => !own(key)))
    expect(testable.length).toBeGreaterThan(150)
    const words = fc.constantFrom('a', 'b', 'c', '', '0', '1', '2', '3', '-1', 'streams', 'STORE')
    const lines = fc.array(words, { maxLength: 9 })
    await fc.assert(
      fc.asyncProperty(lines, fc.constantFrom(...testable), async (drawn, { name, spec }) => {
        const fill = Math.max(0, Math.abs(spec.arity) - drawn.length)
        const rest = [...drawn, ...Array<string>(fill).fill('1')]
        const called = name.split('|')
        const given = spec.arity > 0 ? spec.arity : Math.max(called.length, rest.length)
        const argv = [...called, ...rest].slice(0, given)
        const reply = await reference.call('COMMAND', 'GETKEYS', ...argv)
        const found = new KeyPositions()
        const count = found.find(spec, line(argv))
        const keys = found.positions.slice(0, count).map(position => argv[position])
        expect(keys, argv.join(' ')).toEqual(reply instanceof RespError ? [] : reply)
      }),
      { numRuns: Number(process.env['LATCHKEY_KEYSPECS_RUNS'] ?? 2000) },
    )
  })
})

interface Described {
  readonly name: string
  readonly spec: CommandSpec
  readonly range: ReturnType<typeof joinKeySpecs>
}

/** A command and its subcommands from a COMMAND reply in RESP3. */
function describeReply(reply: RespValue): Described[] {
  const [name, arity, flags, first, last, step, , , specs, subcommands] = reply as [
    string,
    number,
    Set<string>,
    number,
    number,
    number,
    unknown,
    unknown,
    Set<Map<string, RespValue>>,
    Set<RespValue>,
  ]
  const spec = { ...row([...specs].map(keySpec)), arity }
  const range = { first, last, step, movable: flags.has('movablekeys') }
  return [{ name, spec, range }, ...[...subcommands].flatMap(describeReply)]
}

function keySpec(reply: Map<string, RespValue>): KeySpec {
  const part = (name: string) => {
    const map = reply.get(name) as Map<string, RespValue>
    return { type: map.get('type'), spec: map.get('spec') as Map<string, never> }
  }
  const begin = part('begin_search')
  const find = part('find_keys')
  return {
    flags: [...(reply.get('flags') as Set<KeyFlag>)],
    begin:
      begin.type === 'index'
        ? { kind: 'index', index: begin.spec.get('index')! }
        : begin.type === 'keyword'
          ? {
              kind: 'keyword',
              keyword: begin.spec.get('keyword')!,
              from: begin.spec.get('startfrom')!,
            }
          : { kind: 'unknown' },
    find:
      find.type === 'range'
        ? {
            kind: 'range',
            last: find.spec.get('lastkey')!,
            step: find.spec.get('keystep')!,
            limit: find.spec.get('limit')!,
          }
        : find.type === 'keynum'
          ? {
              kind: 'keynum',
              countIndex: find.spec.get('keynumidx')!,
              firstKey: find.spec.get('firstkey')!,
              step: find.spec.get('keystep')!,
            }
          : { kind: 'unknown' },
  }
}
