// What clients hear without asking: random conversations of some clients with a real Redis and with
// Latchkey, in which they publish, subscribe, track keys and change them. After each step all that any
// client was sent is compared byte for byte, ids of clients aside.
//
// Two of the clients speak RESP3. One only changes keys and publishes, and transactions change
// nothing: since Redis 7.2 a client hears of its own doings after the reply, never before it or in the
// middle, and the reference may be older.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type InProcessClient, InProcessServer } from '../harness/in-process.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import { encodeCommand, RespClient } from '../harness/resp-client.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { escapeBytes } from '../harness/trace.ts'

const runs = Number(process.env['LATCHKEY_PUSH_RUNS'] ?? 40)

const PROTOCOLS = [3, 3, 2, 2, 3] as const
const HEARERS = 3
const PLAIN = 3
/** Tracks all the time: without any tracker Latchkey forgets all keys, and Redis keeps them. */
const BYSTANDER = 4
const MARKER = 'marker'

/** Stands in an argument for the id of a client, which each server gives its own. */
const idOf = (client: number) => `<${client}>`

/** What one client sends in one packet: a command, or a transaction. */
interface Step {
  readonly client: number
  readonly commands: readonly (readonly string[])[]
}

const key = fc.constantFrom('a', 'b', 'ab', 'c')
const prefix = fc.constantFrom('a', 'ab', 'b', '', 'x')
const channel = fc.constantFrom('a', 'b', '__redis__:invalidate', '__keyspace@0__:a')
const glob = fc.constantFrom('*', 'a*', '?', '__key*')
const command = (name: string, ...args: fc.Arbitrary<string | string[]>[]) =>
  fc.tuple(...args).map(words => [...name.split(' '), ...words.flat()])

const changes = fc.oneof(
  command('SET', key, fc.constant('1')),
  command('MSET', key, fc.constant('1'), key, fc.constant('2')),
  command('GETDEL', key),
  command('INCR', key),
  command('LPUSH', key, fc.constant('x')),
  command('RPOP', key),
  command('FLUSHALL'),
  command('FLUSHDB'),
)
const publications = fc.oneof(
  command('PUBLISH', channel, fc.constantFrom('x', '', '\x00\r\n')),
  command('SPUBLISH', channel, fc.constant('x')),
)
const trackingOptions = fc.array(
  fc.oneof(
    fc.constantFrom(['OPTIN'], ['OPTOUT'], ['NOLOOP'], ['BCAST']),
    prefix.map(each => ['PREFIX', each]),
    fc.nat({ max: HEARERS - 1 }).map(client => ['REDIRECT', idOf(client)]),
  ),
  { maxLength: 3 },
)
const hearing = fc.oneof(
  { weight: 4, arbitrary: command('GET', key) },
  { weight: 2, arbitrary: command('MGET', key, key) },
  { weight: 4, arbitrary: changes },
  {
    weight: 5,
    arbitrary: trackingOptions.map(options => ['CLIENT', 'TRACKING', 'ON', ...options.flat()]),
  },
  { weight: 1, arbitrary: command('CLIENT TRACKING OFF') },
  { weight: 1, arbitrary: command('CLIENT TRACKINGINFO') },
  { weight: 2, arbitrary: command('CLIENT CACHING', fc.constantFrom('YES', 'NO')) },
  { weight: 2, arbitrary: command('SUBSCRIBE', channel) },
  { weight: 1, arbitrary: command('SUBSCRIBE', channel, channel) },
  { weight: 1, arbitrary: command('PSUBSCRIBE', glob) },
  { weight: 1, arbitrary: command('SSUBSCRIBE', channel) },
  { weight: 1, arbitrary: command('UNSUBSCRIBE', channel) },
  { weight: 1, arbitrary: command('PUNSUBSCRIBE', glob) },
  { weight: 1, arbitrary: command('SUNSUBSCRIBE', channel) },
  { weight: 1, arbitrary: command('PUBSUB NUMPAT') },
  { weight: 1, arbitrary: command('PUBSUB NUMSUB', channel) },
  { weight: 1, arbitrary: command('RESET') },
)
const alone = (args: string[]) => [args]
const CHANGING = new Set(['SET', 'MSET', 'GETDEL', 'INCR', 'LPUSH', 'RPOP', 'FLUSHALL', 'FLUSHDB'])
const transaction = (commands: string[][]) => [
  ['MULTI'],
  ...commands.filter(([name]) => name !== 'RESET' && !CHANGING.has(name!)),
  ['EXEC'],
]
const said = fc.oneof(
  { weight: 6, arbitrary: hearing.map(alone) },
  { weight: 1, arbitrary: fc.array(hearing, { maxLength: 4 }).map(transaction) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ client: fc.nat({ max: HEARERS - 1 }), commands: said }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      client: fc.constant(PLAIN),
      commands: fc.oneof(changes, publications).map(alone),
    }),
  },
)

const conversation = fc.record({
  steps: fc.array(step, { maxLength: 40, size: 'max' }),
  events: fc.constantFrom('', 'K$g'),
})

/** A conversation with one of the two servers. */
interface Side {
  /** Sends a command; resolves with all that each of the clients has been sent since. */
  say(step: Step): Promise<Buffer[][]>
}

/** The real server's clients. What one is sent is complete when it answers a marker. */
class Reference implements Side {
  readonly #clients: RespClient[]
  readonly #ids: readonly number[]

  constructor(clients: RespClient[], ids: readonly number[]) {
    this.#clients = clients
    this.#ids = ids
  }

  static async start(port: number): Promise<Reference> {
    const clients = await Promise.all(PROTOCOLS.map(() => RespClient.connect(port)))
    const ids: number[] = []
    for (const client of clients) ids.push(Number(await client.call('CLIENT', 'ID')))
    for (const [i, client] of clients.entries()) await client.call('HELLO', `${PROTOCOLS[i]}`)
    return new Reference(clients, ids)
  }

  async say({ client, commands }: Step): Promise<Buffer[][]> {
    for (const args of commands) {
      this.#clients[client]!.write(encodeCommand(withIds(args, this.#ids)))
    }
    const first = await this.#drain(client)
    const heard: Buffer[][] = []
    for (let i = 0; i < this.#clients.length; i++) {
      heard.push(withoutIds(i === client ? first : await this.#drain(i), this.#ids))
    }
    return heard
  }

  async #drain(i: number): Promise<Buffer[]> {
    const client = this.#clients[i]!
    client.write(encodeCommand(['PING', MARKER]))
    const frames: Buffer[] = []
    for (;;) {
      const frame = await client.reply()
      if (isMarker(frame)) break
      frames.push(frame)
    }
    const pushes = await client.pushes(Number.MAX_SAFE_INTEGER, 0)
    return [...frames, ...pushes]
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map(client => client.close()))
  }
}

class Candidate implements Side {
  readonly #clients: InProcessClient[]
  readonly #ids: readonly number[]

  constructor(server: InProcessServer) {
    this.#clients = PROTOCOLS.map(protocol => server.connect(protocol))
    this.#ids = this.#clients.map(client => client.id)
    for (const client of this.#clients) client.receivedFrames()
  }

  async say({ client, commands }: Step): Promise<Buffer[][]> {
    const speaker = this.#clients[client]!
    for (const args of commands) speaker.send(...withIds(args, this.#ids))
    return this.#clients.map(each => {
      each.send('PING', MARKER)
      const frames = each.receivedFrames().filter(frame => !isMarker(frame))
      const isPush = (frame: Buffer) => frame[0] === 0x3e
      return withoutIds(
        [...frames.filter(frame => !isPush(frame)), ...frames.filter(isPush)],
        this.#ids,
      )
    })
  }
}

function isMarker(frame: Buffer): boolean {
  const text = frame.toString('latin1')
  return text === '$6\r\nmarker\r\n' || text === '*2\r\n$4\r\npong\r\n$6\r\nmarker\r\n'
}

function withIds(args: readonly string[], ids: readonly number[]): string[] {
  return args.map(arg => arg.replace(/^<(\d)>$/, (_, i) => String(ids[Number(i)])))
}

/** Ids are told by position, since the servers number clients as they please. */
function withoutIds(frames: readonly Buffer[], ids: readonly number[]): Buffer[] {
  return frames.map(frame => {
    const text = frame.toString('latin1')
    const told = text.replace(/(redirect|redir-broken)\r\n:(\d+)/g, (whole, word, id) => {
      const place = ids.indexOf(Number(id))
      return place < 0 ? whole : `${word}\r\n:<${place}>`
    })
    return Buffer.from(told, 'latin1')
  })
}

describeWithRedis('Pushes, as in Redis', () => {
  let redis: ServerProcess
  beforeAll(async () => {
    redis = await startRedisServer()
  })
  afterAll(async () => {
    await redis?.stop()
  })

  it('reach the same clients with the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(conversation, async ({ steps, events }) => {
        const server = new InProcessServer()
        const reference = await Reference.start(redis.port)
        const candidate = new Candidate(server)
        try {
          const setUp = [
            { client: PLAIN, commands: [['CONFIG', 'SET', 'notify-keyspace-events', events]] },
            { client: PLAIN, commands: [['FLUSHALL']] },
            { client: BYSTANDER, commands: [['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'z']] },
          ]
          for (const each of [...setUp, ...steps]) {
            const theirs = await reference.say(each)
            const ours = await candidate.say(each)
            expect([each, shown(ours)]).toEqual([each, shown(theirs)])
          }
        } finally {
          await reference.close()
        }
      }),
      { numRuns: runs },
    )
  })
})

/**
 * Frames to be read by people. Patterns are a hash table in Redis, so their messages come in any order;
 * and a client that hears both of keys to forget and of keyspace events hears them in some order.
 * The null of a flush stands there in the protocol of the client that tracks, whichever protocol the
 * client that hears of it speaks; Latchkey writes what the reader can read.
 */
function shown(heard: readonly (readonly Buffer[])[]): string[][] {
  return heard.map(frames => {
    const texts = frames.map(frame =>
      escapeBytes(frame.toString('latin1').replace(/(invalidate\r\n)(_|[$]-1)/, '$1null')),
    )
    const ordered = texts.filter(text => !/pmessage|keyspace@/.test(text))
    return [...ordered, ...texts.filter(text => !ordered.includes(text)).sort()]
  })
}
