// What commands on streams write to the effect log, and that a copy which knows the log only is the same.
//
// LATCHKEY_REPLAY_RUNS sets how many random histories are replayed.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LogEntry } from '../../../src/effects.ts'
import { STREAM } from '../../../src/keyspace/record.ts'
import { Replayer } from '../../../src/replay.ts'
import type { Group } from '../../../src/values/group.ts'
import type { Stream } from '../../../src/values/stream.ts'
import { command, key, option, optional, token, weighted } from '../../differential/alphabet.ts'
import { streams } from '../../differential/streams.ts'
import { InProcessServer } from '../../harness/in-process.ts'
import { describeStep, type Move, type Step } from '../../harness/trace.ts'
import { streamContents } from '../../rdb/contents.ts'
import { logOf } from '../logged.ts'

const RUNS = Number(process.env['LATCHKEY_REPLAY_RUNS'] ?? 150)
const MOVES_MAX = 80
const NOW = Date.UTC(2024, 0, 1)

function logged() {
  const server = new InProcessServer({ settings: [['stream-node-max-entries', '2']] })
  return { server, client: server.connect(), log: logOf(server) }
}

it('an entry is logged with its ID', () => {
  const { client, log } = logged()
  client.call('XADD', 's', '*', 'n', '1')
  client.call('XADD', 's', 'NOMKSTREAM', '*', 'n', '2')
  client.call('XADD', 's', `${NOW}-*`, 'n', '3')
  client.call('XADD', 'none', 'NOMKSTREAM', '*', 'n', '4')
  client.call('XADD', 's', '1-1', 'n', '5')
  expect(log).toEqual([[`XADD s ${NOW}-0 n 1`], [`XADD s ${NOW}-1 n 2`], [`XADD s ${NOW}-2 n 3`]])
})

it('what is trimmed about is logged as what is left', () => {
  const { client, log } = logged()
  for (const n of ['1', '2', '3', '4', '5']) client.call('XADD', 's', `${n}-0`, 'n', n)
  log.length = 0
  client.call('XADD', 's', 'MAXLEN', '~', '3', '6-0', 'n', '6')
  client.call('XTRIM', 's', 'MINID', '~', '6')
  client.call('XTRIM', 's', 'MINID', '~', '6')
  client.call('XTRIM', 's', 'MAXLEN', '1')
  client.call('XADD', 's', 'MINID', '~', '9', '7-0', 'n', '7')
  expect(log).toEqual([
    ['XADD s MAXLEN = 4 6-0 n 6'],
    ['XTRIM s MINID = 5-0'],
    ['XTRIM s MAXLEN = 1'],
    ['XADD s MINID = 18446744073709551615-18446744073709551615 7-0 n 7'],
  ])
  expect(client.call('XLEN', 's')).toBe(0)
})

it('reading for a group is logged without the wait, whether it was served at once or later', () => {
  const { server, client, log } = logged()
  const waiter = server.connect()
  const read = ['XREADGROUP', 'GROUP', 'g', 'ann', 'COUNT', '5', 'BLOCK', '0', 'STREAMS', 's', '>']
  client.call('XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM')
  waiter.send(...read)
  client.call('XADD', 's', '1-0', 'n', '1')
  client.call('XADD', 's', '2-0', 'n', '2')
  client.call(...read)
  expect(log).toEqual([
    ['XGROUP CREATE s g $ MKSTREAM'],
    // The consumer has been made before it waits.
    ['XREADGROUP GROUP g ann COUNT 5 STREAMS s >'],
    ['XADD s 1-0 n 1'],
    ['XREADGROUP GROUP g ann COUNT 5 STREAMS s >'],
    ['XADD s 2-0 n 2'],
    ['XREADGROUP GROUP g ann COUNT 5 STREAMS s >'],
  ])
})

it('what changes nothing is not logged', () => {
  const { client, log } = logged()
  client.call('XADD', 's', '1-0', 'n', '1')
  client.call('XGROUP', 'CREATE', 's', 'g', '$')
  client.call('XGROUP', 'CREATECONSUMER', 's', 'g', 'ann')
  log.length = 0
  client.call('XREAD', 'STREAMS', 's', '0')
  client.call('XREADGROUP', 'GROUP', 'g', 'ann', 'STREAMS', 's', '>')
  client.call('XCLAIM', 's', 'g', 'ann', '0', '1-0')
  client.call('XAUTOCLAIM', 's', 'g', 'ann', '0', '0')
  client.call('XACK', 's', 'g', '1-0')
  client.call('XDEL', 's', '2-0')
  client.call('XTRIM', 's', 'MAXLEN', '5')
  client.call('XGROUP', 'CREATECONSUMER', 's', 'g', 'ann')
  client.call('XGROUP', 'DELCONSUMER', 's', 'g', 'bob')
  client.call('XGROUP', 'DESTROY', 's', 'h')
  expect(log).toEqual([])
})

const pairs = fc.constantFrom(['n', '1'], ['n', '2', 'm', '3'])
const some = fc.integer({ min: 0, max: 12 }).map(String)
const idle = fc.constantFrom('0', '5', '20')
const group = fc.constantFrom('g1', 'g2')
const consumer = fc.constantFrom('ann', 'bob')

/** Commands whose outcome the clock decides. */
const timed = weighted(
  [4, command('XADD', [key, fc.constant('*'), pairs])],
  [3, command('XADD', [key, token('MAXLEN'), fc.constant('~'), some, fc.constant('*'), pairs])],
  [2, command('XTRIM', [key, token('MINID'), fc.constant('~'), fc.constant(String(NOW + 40))])],
  [
    2,
    command('XAUTOCLAIM', [
      ...[key, group, consumer, idle, fc.constant('-')],
      optional(option('COUNT', fc.constantFrom('1', '2'))),
    ]),
  ],
  [1, command('PEXPIRE', [key, fc.constantFrom('20', '60')])],
  [4, fc.integer({ min: 1, max: 30 }).map((ms): Move => [{ kind: 'wait', ms }])],
)
const histories = fc
  .array(weighted([3, streams], [2, timed]), { minLength: 1, maxLength: MOVES_MAX, size: 'max' })
  .map(chosen => chosen.flat())

it('a copy is the same as the server', () => {
  let entries = 0
  fc.assert(
    fc.property(histories, fc.constantFrom('5', '100'), (steps, size) => {
      const primary = new InProcessServer({ settings: [['stream-node-max-entries', size]] })
      const log: LogEntry[] = []
      primary.server.effects.subscribe(entry => log.push(entry))
      run(primary, steps)
      // The nodes of the copy are of another size: what was trimmed must not depend on it.
      const copy = new InProcessServer({ settings: [['stream-node-max-entries', '7']] })
      copy.server.keyspace.expires = false
      const replayer = new Replayer(copy.server)
      for (const entry of log) replayer.apply(entry)
      const typed = steps.map(describeStep).join('\n')
      expect(contentsOf(copy), typed).toEqual(contentsOf(primary))
      entries += log.length
    }),
    { numRuns: RUNS },
  )
  expect(entries).toBeGreaterThan(RUNS * 5)
})

function run(server: InProcessServer, steps: readonly Step[]): void {
  const client = server.connect()
  for (const step of steps) {
    if (step.kind === 'wait') {
      server.advance(step.ms)
      continue
    }
    client.send(...step.args)
    // Who waits for an entry is answered when the clock is turned.
    if (client.replies().length === 0) server.advance(1000)
    client.replies()
  }
}

/** All that clients can learn of streams, but for nodes, and for when who got nothing last asked. */
function contentsOf({ server }: InProcessServer): Map<string, unknown> {
  const contents = new Map<string, unknown>()
  for (const db of server.keyspace.databases) {
    db.forEach(entry => {
      if (db.type(entry) !== STREAM) return
      const stream = db.object(entry) as Stream
      contents.set(`${db.index}:${db.key(entry)}`, {
        ...streamContents(stream),
        nodes: undefined,
        version: db.version(entry),
        expiry: db.expiry(entry),
        times: stream.groups().map(([, each]) => timesOf(each)),
      })
    })
  }
  return contents
}

function timesOf(of: Group): unknown {
  const { pending } = of
  const deliveries: number[] = []
  for (let more = pending.seekFirst(); more; more = pending.next()) {
    deliveries.push(pending.deliveredAt)
  }
  return [deliveries, of.consumers().map(({ activeAt }) => activeAt)]
}
