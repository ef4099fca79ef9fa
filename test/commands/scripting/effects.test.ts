// Scripts and functions on a copy that knows the effect log only.
//
// LATCHKEY_REPLAY_RUNS sets how many random histories are replayed.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LogEntry } from '../../../src/effects.ts'
import { Replayer } from '../../../src/replay.ts'
import { lists } from '../../differential/lists.ts'
import { sets } from '../../differential/sets.ts'
import { strings } from '../../differential/strings.ts'
import { type InProcessClient, InProcessServer } from '../../harness/in-process.ts'
import type { RespValue } from '../../harness/resp-value.ts'
import { logOf } from '../logged.ts'

const RUNS = Number(process.env['LATCHKEY_REPLAY_RUNS'] ?? 40)
const ACTIONS_MAX = 30

/** Runs the commands it is given, each as words with a space between; every second one by call. */
const PLAYER = `
local done = 0
for line in (ARGV[1] or ''):gmatch('[^\\1]+') do
  local words = {}
  for word in (line .. '\\2'):gmatch('([^\\2]*)\\2') do words[#words + 1] = word end
  done = done + 1
  if done % 2 == 0 then redis.call(unpack(words)) else redis.pcall(unpack(words)) end
end
return done`

function library(name: string): string {
  const body = PLAYER.replace('ARGV', 'args')
  return `#!lua name=${name}\nredis.register_function('play_${name}', function(keys, args) ${body} end)`
}

type Action =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | {
      readonly kind: 'play'
      readonly by: 'script' | 'function'
      readonly lines: readonly (readonly string[])[]
    }
  | { readonly kind: 'wait'; readonly ms: number }

const name = fc.constantFrom('a', 'b', 'c')
const plain = fc
  .oneof(lists, sets, strings)
  .map(move => move.flatMap(step => (step.kind === 'command' ? [[...step.args]] : [])))
const chance = fc.constantFrom(
  ['SPOP', 's'],
  ['SPOP', 's', '2'],
  ['SET', 'k', 'v', 'PX', '3'],
  ['PEXPIRE', 's', '2'],
  ['RANDOMKEY'],
  ['SELECT', '1'],
  ['SADD', 's', '1', '2', '3', '4'],
)
const lines = fc
  .array(
    fc.oneof(
      plain,
      chance.map(words => [words]),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map(moves => moves.flat())
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('play' as const),
      by: fc.constantFrom('script', 'function'),
      lines,
    }),
  },
  { weight: 2, arbitrary: chance.map(words => ({ kind: 'words' as const, words })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'words' as const, words: ['MULTI'] }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'words' as const, words: ['EXEC'] }) },
  {
    weight: 2,
    arbitrary: name.map(each => ({
      kind: 'words' as const,
      words: ['FUNCTION', 'LOAD', 'REPLACE', library(each)],
    })),
  },
  {
    weight: 1,
    arbitrary: name.map(each => ({ kind: 'words' as const, words: ['FUNCTION', 'DELETE', each] })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('FLUSH', 'APPEND', 'REPLACE')
      .map(policy => ({ kind: 'words' as const, words: ['FUNCTION', 'RESTORE', DUMPED, policy] })),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 5 }).map(ms => ({ kind: 'wait' as const, ms })),
  },
)

const DUMPED = (() => {
  const client = new InProcessServer().connect()
  client.call('FUNCTION', 'LOAD', library('a'))
  return client.call('FUNCTION', 'DUMP') as string
})()

it('a copy has the same keys and libraries', () => {
  let entries = 0
  fc.assert(
    fc.property(
      fc.array(action, { minLength: 1, maxLength: ACTIONS_MAX, size: 'max' }),
      actions => {
        const primary = new InProcessServer()
        const log: LogEntry[] = []
        primary.server.effects.subscribe(entry => log.push(entry))
        const client = primary.connect()
        for (const each of actions) act(primary, client, each)
        client.call('RESET')
        const copy = new InProcessServer()
        copy.server.keyspace.expires = false
        const replayer = new Replayer(copy.server)
        for (const entry of log) replayer.apply(entry)
        copy.clock.advance(primary.clock.now() - copy.clock.now())
        expect(contentsOf(copy)).toEqual(contentsOf(primary))
        entries += log.length
      },
    ),
    { numRuns: RUNS },
  )
  expect(entries).toBeGreaterThan(RUNS * 3)
})

function act(server: InProcessServer, client: InProcessClient, each: Action): void {
  if (each.kind === 'wait') {
    if (each.ms % 2 === 0) server.advance(each.ms)
    else server.clock.advance(each.ms)
    return
  }
  if (each.kind === 'words') {
    client.call(...each.words)
    return
  }
  const script = each.lines.map(words => words.join('\x02')).join('\x01')
  if (each.by === 'script') client.call('EVAL', PLAYER, '0', script)
  else client.call('FCALL', 'play_a', '0', script)
}

/** All that clients can learn of the keys and libraries. */
function contentsOf(server: InProcessServer): Map<string, unknown> {
  const contents = new Map<string, unknown>()
  const client = server.connect()
  for (const db of server.server.keyspace.databases) {
    client.call('SELECT', String(db.index))
    const names: string[] = []
    db.forEach(entry => {
      names.push(db.key(entry))
    })
    for (const each of names) {
      const bytes = Buffer.from(each, 'latin1')
      const entry = db.findStale(bytes, 0, bytes.length)
      contents.set(`${db.index}:${each}`, [
        db.encodingName(entry),
        db.expiry(entry),
        db.version(entry),
        elementsOf(client, each, db.type(entry)),
      ])
    }
  }
  client.call('SELECT', '0')
  const libraries = client.call('FUNCTION', 'LIST', 'WITHCODE') as RespValue[]
  contents.set('libraries', libraries.map(each => JSON.stringify(each)).sort())
  return contents
}

function elementsOf(client: InProcessClient, key: string, type: number): RespValue {
  if (type === 1) return client.call('LRANGE', key, '0', '-1')
  if (type === 2) return (client.call('SMEMBERS', key) as string[]).sort()
  return client.call('GET', key)
}

it('what a script draws from chance or time is logged as what came of it', () => {
  const server = new InProcessServer()
  const client = server.connect()
  const log = logOf(server)
  const at = server.clock.now() + 5000
  const member = client.call(
    'EVAL',
    "redis.call('SADD', 's', 'a', 'b') local m = redis.call('SPOP', 's') " +
      "redis.call('SET', 'k', math.random() > 2 and 'x' or m, 'EX', 5) return m",
    '0',
  )
  expect(log).toEqual([['SADD s a b', `SREM s ${member}`, `SET k ${member} PXAT ${at}`]])
})

it('a script that only reads is not logged', () => {
  const server = new InProcessServer()
  const client = server.connect()
  const log = logOf(server)
  client.call('EVAL', "redis.call('GET', 'k') return redis.call('DEL', 'k')", '0')
  client.call('SCRIPT', 'LOAD', 'return 1')
  client.call('SCRIPT', 'FLUSH')
  expect(log).toEqual([])
})
