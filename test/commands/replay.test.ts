// Lists, sets and hashes on a copy that knows the effect log only: the same elements, times, encodings and
// versions, after any commands and while time passes.
//
// LATCHKEY_REPLAY_RUNS sets how many random histories are replayed.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LogEntry } from '../../src/effects.ts'
import { Replayer } from '../../src/replay.ts'
import { command, key, several, weighted } from '../differential/alphabet.ts'
import { hashes } from '../differential/hashes.ts'
import { lists } from '../differential/lists.ts'
import { sets } from '../differential/sets.ts'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { describeStep, type Move, type Step } from '../harness/trace.ts'

const RUNS = Number(process.env['LATCHKEY_REPLAY_RUNS'] ?? 150)
const MOVES_MAX = 80

const field = fc.constantFrom('a', 'b', 'c', '1')
const fields = fc
  .array(field, { minLength: 1, maxLength: 3 })
  .map(names => ['FIELDS', String(names.length), ...names])
const condition = fc.constantFrom([], [], ['NX'], ['XX'], ['GT'], ['LT'])
const soon = fc.integer({ min: 0, max: 60 }).map(String)

const fieldTimes = weighted(
  [4, command('HPEXPIRE', [key, soon, condition, fields])],
  [1, command('HEXPIRE', [key, fc.constantFrom('0', '1', '100'), condition, fields])],
  [1, command('HPEXPIREAT', [key, fc.constantFrom('1', '4102444800000'), condition, fields])],
  [1, command('HPERSIST', [key, fields])],
  [2, command('HSET', [key, several(fc.tuple(field, soon))])],
  [1, command('HINCRBY', [key, field, soon])],
  [1, command('HPTTL', [key, fields])],
  [1, command('PEXPIRE', [key, soon])],
  [1, command('RENAME', [key, key])],
  [1, command('SWAPDB', [fc.constantFrom('0', '1'), fc.constantFrom('0', '1')])],
  [2, fc.integer({ min: 1, max: 40 }).map((ms): Move => [{ kind: 'wait', ms }])],
)

/** Many fields that end at once, more than a command removes: those who come by meet the rest. */
const manyFields = Array.from({ length: 60 }, (_, i) => `m${i}`)
const crowd = key.map(
  (name): Move => [
    {
      kind: 'command',
      connection: 0,
      agree: () => true,
      args: ['HSET', name, ...manyFields.flatMap(each => [each, 'x'])],
    },
    {
      kind: 'command',
      connection: 0,
      agree: () => true,
      args: ['HPEXPIRE', name, '3', 'FIELDS', '60', ...manyFields],
    },
    { kind: 'wait', ms: 3 },
  ],
)

const moves = weighted([3, lists], [3, sets], [3, hashes], [4, fieldTimes], [1, crowd])
const histories = fc
  .array(moves, { minLength: 1, maxLength: MOVES_MAX, size: 'max' })
  .map(chosen => chosen.flat())

it('a copy is the same as the server', () => {
  const seen = { entries: 0, expired: 0 }
  fc.assert(
    fc.property(histories, steps => {
      const primary = new InProcessServer()
      const log: LogEntry[] = []
      primary.server.effects.subscribe(entry => log.push(entry))
      run(primary, steps)
      const copy = new InProcessServer()
      copy.server.keyspace.expires = false
      const replayer = new Replayer(copy.server)
      for (const entry of log) replayer.apply(entry)
      // The clocks of both stand where they began to differ: what is over must not hide on either.
      copy.clock.advance(primary.clock.now() - copy.clock.now())
      const typed = steps.map(describeStep).join('\n')
      expect(contentsOf(copy), typed).toEqual(contentsOf(primary))
      seen.entries += log.length
      seen.expired += primary.server.stats.expiredFields
    }),
    { numRuns: RUNS },
  )
  expect(seen.entries).toBeGreaterThan(RUNS * 5)
  expect(seen.expired).toBeGreaterThan(0)
})

function run(server: InProcessServer, steps: readonly Step[]): void {
  const client = server.connect()
  for (const step of steps) {
    if (step.kind === 'wait') {
      // Sometimes a command comes before the cycle that removes what is over.
      if (step.ms % 2 === 0) server.advance(step.ms)
      else server.clock.advance(step.ms)
      continue
    }
    client.send(...step.args)
    // Who waits for an element is answered when the clock is turned.
    if (client.replies().length === 0) server.advance(1000)
    client.replies()
  }
}

/** All that clients can learn of the keys. */
function contentsOf(server: InProcessServer): Map<string, unknown> {
  const contents = new Map<string, unknown>()
  for (const db of server.server.keyspace.databases) {
    const client = server.connect()
    client.call('SELECT', String(db.index))
    const names: string[] = []
    db.forEach(entry => {
      names.push(db.key(entry))
    })
    for (const name of names) {
      const bytes = Buffer.from(name, 'latin1')
      const entry = db.findStale(bytes, 0, bytes.length)
      contents.set(`${db.index}:${name}`, {
        version: db.version(entry),
        encoding: db.encodingName(entry),
        expiry: db.expiry(entry),
        elements: elementsOf(client, name, db.type(entry)),
      })
    }
  }
  return contents
}

function elementsOf(client: InProcessClient, name: string, type: number): unknown {
  client.call('PING')
  switch (type) {
    case 1:
      return client.call('LRANGE', name, '0', '-1')
    case 2:
      return (client.call('SMEMBERS', name) as string[]).sort()
    case 4: {
      const names = (client.call('HKEYS', name) as string[]).sort()
      if (names.length === 0) return []
      const count = String(names.length)
      return [
        names,
        client.call('HMGET', name, ...names),
        client.call('HPEXPIRETIME', name, 'FIELDS', count, ...names),
      ]
    }
    default:
      return undefined
  }
}
