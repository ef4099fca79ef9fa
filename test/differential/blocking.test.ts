// Several clients that wait and push, against a real Redis: who is served with what, and who goes on waiting.
//
// After every step it is settled on both servers who waits; at the end all replies of each client are
// compared. LATCHKEY_BLOCKING_RUNS sets how many random scenes are played.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import { encodeCommand, RespClient } from '../harness/resp-client.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { escapeBytes } from '../harness/trace.ts'

const RUNS = Number(process.env['LATCHKEY_BLOCKING_RUNS'] ?? 60)
const CLIENTS = 5
const STEPS_MAX = 40

type Command = readonly string[]

/** What one client sends at once. */
interface Step {
  readonly client: number
  readonly commands: readonly Command[]
}

const key = fc.constantFrom('a', 'b', 'c')
const keys = fc.uniqueArray(key, { minLength: 1, maxLength: 3 })
const element = fc.constantFrom('x', 'y', '1', '2')
const elements = fc.array(element, { minLength: 1, maxLength: 3 })
const end = fc.constantFrom('LEFT', 'RIGHT')

function waitsFor(under: fc.Arbitrary<readonly string[]>): fc.Arbitrary<Command>[] {
  return [
    fc.tuple(fc.constantFrom('BLPOP', 'BRPOP'), under).map(([name, ks]) => [name, ...ks, '0']),
    fc
      .tuple(under, end, fc.constantFrom('1', '2', '5'))
      .map(([ks, side, n]) => ['BLMPOP', '0', String(ks.length), ...ks, side, 'COUNT', n]),
    fc.tuple(fc.constantFrom('BZPOPMIN', 'BZPOPMAX'), under).map(([n, ks]) => [n, ...ks, '0']),
  ]
}

const moving: fc.Arbitrary<Command>[] = [
  fc.tuple(key, key, end, end).map(([s, d, from, to]) => ['BLMOVE', s, d, from, to, '0']),
  fc.tuple(key, key).map(([s, d]) => ['BRPOPLPUSH', s, d, '0']),
]

const changes: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(key, elements).map(([k, es]) => ['RPUSH', k, ...es]) },
  { weight: 3, arbitrary: fc.tuple(key, elements).map(([k, es]) => ['LPUSH', k, ...es]) },
  { weight: 2, arbitrary: fc.tuple(key, element).map(([k, e]) => ['ZADD', k, '1', e]) },
  { weight: 2, arbitrary: fc.tuple(key, key).map(([k, l]) => ['LMOVE', k, l, 'LEFT', 'RIGHT']) },
  { weight: 1, arbitrary: fc.tuple(key, key).map(([k, l]) => ['RENAME', k, l]) },
  { weight: 1, arbitrary: fc.tuple(key, key).map(([k, l]) => ['COPY', k, l]) },
  { weight: 2, arbitrary: key.map(k => ['DEL', k]) },
  { weight: 1, arbitrary: key.map(k => ['SET', k, 'text']) },
  { weight: 1, arbitrary: key.map(k => ['LPOP', k]) },
)
const transaction: fc.Arbitrary<readonly Command[]> = fc
  .tuple(key, fc.array(fc.tuple(fc.constantFrom('RPUSH', 'LPUSH', 'LPOP', 'DEL'), element)))
  .map(([k, queued]) => [
    ['MULTI'],
    ...queued.map(([name, e]) => (name.endsWith('PUSH') ? [name, k, e] : [name, k])),
    ['EXEC'],
  ])

const addEntry: fc.Arbitrary<Command> = fc
  .tuple(key, fc.constantFrom('1-*', '2-*', '3-*'), element)
  .map(([k, id, e]) => ['XADD', k, id, 'n', e])

const streamChanges: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: addEntry },
  { weight: 2, arbitrary: key.map(k => ['XGROUP', 'CREATE', k, 'g', '$', 'MKSTREAM']) },
  { weight: 1, arbitrary: key.map(k => ['XTRIM', k, 'MAXLEN', '1']) },
  { weight: 1, arbitrary: key.map(k => ['XACK', k, 'g', '1-0', '1-1']) },
)

/** Since 7.2 who waits for a group is told in other words that there is none any more: none goes here. */
const endings: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(key, key).map(([k, l]) => ['RENAME', k, l]),
  key.map(k => ['DEL', k]),
  key.map(k => ['SET', k, 'text']),
)

const streamTransaction: fc.Arbitrary<readonly Command[]> = fc
  .tuple(key, fc.array(element))
  .map(([k, es]) => [['MULTI'], ...es.map(e => ['XADD', k, '3-*', 'n', e]), ['EXEC']])

const readers: fc.Arbitrary<Command> = fc
  .tuple(keys, fc.constantFrom('$', '0', '2-1'), fc.constantFrom([], ['COUNT', '1']))
  .map(([ks, id, count]) => [
    'XREAD',
    ...count,
    'BLOCK',
    '0',
    'STREAMS',
    ...ks,
    ...ks.map(() => id),
  ])

const groupReaders: fc.Arbitrary<Command> = fc
  .tuple(keys, fc.constantFrom('ann', 'bob'), fc.constantFrom([], ['COUNT', '1'], ['NOACK']))
  .map(([ks, who, options]) => {
    const words = [...options, 'BLOCK', '0', 'STREAMS', ...ks, ...ks.map(() => '>')]
    return ['XREADGROUP', 'GROUP', 'g', who, ...words]
  })

function stepsWith(
  waits: fc.Arbitrary<Command>,
  others: fc.Arbitrary<Command> = changes,
  transactions: fc.Arbitrary<readonly Command[]> = transaction,
): fc.Arbitrary<Step[]> {
  const step = fc.record({
    client: fc.nat({ max: CLIENTS - 1 }),
    commands: fc.oneof(
      { weight: 5, arbitrary: waits.map(command => [command]) },
      { weight: 6, arbitrary: others.map(command => [command]) },
      { weight: 1, arbitrary: transactions },
      // What waits behind a command that waits.
      { weight: 1, arbitrary: fc.tuple(waits, others) },
    ),
  })
  return fc.array(step, { minLength: 1, maxLength: STEPS_MAX, size: 'max' })
}

/**
 * Who waits under several keys of which more than one is ready is served the first in their order
 * since 7.2, and the one that was ready first before it. So either several keys, or moves.
 */
const scenes = fc.oneof(
  stepsWith(fc.oneof(...waitsFor(keys))),
  stepsWith(fc.oneof(...waitsFor(key.map(name => [name])), ...moving)),
  stepsWith(readers, fc.oneof({ weight: 3, arbitrary: streamChanges }, endings), streamTransaction),
  stepsWith(fc.oneof(readers, groupReaders), streamChanges, streamTransaction),
)

/** One server, its clients, and what each of them was told. */
class Scene {
  readonly #control: RespClient
  readonly #clients: RespClient[] = []
  readonly replies: string[][] = []
  readonly #expected: number[] = []

  private constructor(control: RespClient) {
    this.#control = control
  }

  static async open(port: number): Promise<Scene> {
    const scene = new Scene(await RespClient.connect(port))
    await scene.#control.call('FLUSHALL')
    for (let i = 0; i < CLIENTS; i++) {
      const client = await RespClient.connect(port)
      await client.call('CLIENT', 'SETNAME', `client${i}`)
      scene.#clients.push(client)
      scene.replies.push([])
      scene.#expected.push(0)
    }
    return scene
  }

  /** Which clients wait, by the server's own account. */
  async waiting(): Promise<boolean[]> {
    const list = (await this.#control.call('CLIENT', 'LIST')) as string
    return this.#clients.map((_client, i) => new RegExp(`name=client${i} .*flags=b`).test(list))
  }

  /** Sends a step and stays until all of it is answered or its client waits. */
  async play({ client, commands }: Step): Promise<void> {
    const replies = this.replies[client]!
    this.#clients[client]!.write(Buffer.concat(commands.map(encodeCommand)))
    this.#expected[client]! += commands.length
    this.#listen(client, commands.length)
    while (replies.length < this.#expected[client]! && !(await this.waiting())[client]);
  }

  #listen(client: number, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#clients[client]!.replies(1, 60_000).then(([frame]) => {
        if (frame !== undefined) this.replies[client]!.push(escapeBytes(frame.toString('latin1')))
      })
    }
  }

  /** Once nobody but those who wait is without an answer: what each client was told. */
  async settle(): Promise<string[][]> {
    for (;;) {
      const waiting = await this.waiting()
      const open = this.replies.some((told, i) => told.length < this.#expected[i]! && !waiting[i])
      if (!open) return this.replies
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#control, ...this.#clients].map(client => client.close()))
  }
}

describeWithRedis('those who wait are served as by Redis', () => {
  let redis: ServerProcess
  let latchkey: ServerProcess
  beforeAll(async () => {
    redis = await startRedisServer()
    latchkey = await startLatchkeyServer()
  })
  afterAll(async () => {
    await redis?.stop()
    await latchkey?.stop()
  })

  it('in order of arrival, with the same elements', async () => {
    const property = fc.asyncProperty(scenes, async steps => {
      const theirs = await Scene.open(redis.port)
      const ours = await Scene.open(latchkey.port)
      try {
        for (const each of steps) {
          const waiting = await theirs.waiting()
          // A client that waits cannot say anything.
          if (waiting[each.client]) continue
          await Promise.all([theirs.play(each), ours.play(each)])
          expect(await ours.waiting()).toEqual(await theirs.waiting())
        }
        expect(await ours.settle()).toEqual(await theirs.settle())
      } finally {
        await Promise.all([theirs.close(), ours.close()])
      }
    })
    await fc.assert(property, { numRuns: RUNS, seed: 1 })
  })
})
