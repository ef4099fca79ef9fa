// Socket.IO on two servers that know each other only through Redis: by PUBLISH, by SPUBLISH, by streams.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter'
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { Server, type ServerOptions } from 'socket.io'
import { connect, type Socket } from 'socket.io-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'

const PATIENCE = { timeout: 10_000 }

let latchkey: ServerProcess
const ends: (() => unknown)[] = []

beforeAll(async () => {
  latchkey = await startLatchkeyServer()
})

afterAll(() => latchkey.stop())

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function ioredis(): Promise<Redis> {
  const client = new Redis(latchkey.port, latchkey.host)
  ends.push(() => client.quit())
  await once(client, 'ready')
  return client
}

async function nodeRedis() {
  const client = createClient({ socket: { host: latchkey.host, port: latchkey.port } })
  ends.push(() => client.close())
  await client.connect()
  return client
}

type Adapter = NonNullable<ServerOptions['adapter']>

const adapters: readonly (readonly [name: string, make: () => Promise<Adapter>])[] = [
  ['PUBLISH over ioredis', async () => createAdapter(await ioredis(), await ioredis())],
  ['PUBLISH over node-redis', async () => createAdapter(await nodeRedis(), await nodeRedis())],
  ['SPUBLISH over ioredis', async () => createShardedAdapter(await ioredis(), await ioredis())],
  [
    'SPUBLISH over node-redis',
    async () => createShardedAdapter(await nodeRedis(), await nodeRedis()),
  ],
  [
    'SPUBLISH with a channel for each room',
    async () =>
      createShardedAdapter(await nodeRedis(), await nodeRedis(), {
        subscriptionMode: 'dynamic-private',
      }),
  ],
  [
    'streams over ioredis',
    async () => createStreamsAdapter(await ioredis(), { blockTimeInMs: 100 }),
  ],
  [
    'streams over node-redis',
    async () => createStreamsAdapter(await nodeRedis(), { blockTimeInMs: 100 }),
  ],
]

interface Instance {
  readonly io: Server
  readonly url: string
}

/** One server of the application, with connections of its own. */
async function start(makeAdapter: () => Promise<Adapter>, options: Partial<ServerOptions> = {}) {
  const adapter = await makeAdapter()
  const http = createServer()
  const io = new Server(http, { adapter, ...options })
  io.of('/greetings')
  ends.push(() => io.close())
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  io.on('connection', socket => {
    socket.on('join', (room: string, joined: () => void) => {
      void socket.join(room)
      joined()
    })
  })
  return { io, url }
}

async function join({ url }: Pick<Instance, 'url'>, ...rooms: string[]): Promise<Socket> {
  // It connects again only when it is told to.
  const socket = connect(url, { transports: ['websocket'], forceNew: true, reconnection: false })
  ends.push(() => socket.disconnect())
  await new Promise<void>(resolve => socket.once('connect', resolve))
  for (const room of rooms) await socket.timeout(5000).emitWithAck('join', room)
  return socket
}

/**
 * Waits until each has heard of the other, by messages too: what is sent before an adapter reads its
 * stream for the first time, or while it has read nothing yet and is between two reads, it never sees.
 */
async function acquaint(first: Instance, second: Instance): Promise<void> {
  for (const [speaker, listener] of [
    [first, second],
    [second, first],
  ] as const) {
    await expect.poll(() => speaker.io.of('/').adapter.serverCount(), PATIENCE).toBe(2)
    const ear = await join({ url: `${listener.url}/greetings` })
    let hasHeard = false
    ear.once('hello', () => {
      hasHeard = true
    })
    const greeted = () => {
      speaker.io.of('/greetings').emit('hello')
      return hasHeard
    }
    await expect.poll(greeted, PATIENCE).toBe(true)
    ear.disconnect()
  }
}

/** The arguments of the next event of this name. */
function next(socket: Socket, event: string): Promise<unknown[]> {
  return new Promise(resolve => socket.once(event, (...args: unknown[]) => resolve(args)))
}

describe.each(adapters)('%s', (_, makeAdapter) => {
  let first: Instance
  let second: Instance
  beforeEach(async () => {
    first = await start(makeAdapter)
    second = await start(makeAdapter)
    await acquaint(first, second)
  })

  it('what one server emits reaches the clients of both, in order', async () => {
    const [here, there] = [await join(first), await join(second)]
    const heard: number[] = []
    there.on('n', (n: number) => heard.push(n))
    const last = [next(here, 'end'), next(there, 'end')]
    for (let n = 0; n < 100; n += 1) first.io.emit('n', n)
    first.io.emit('end', { binary: Buffer.from([0, 255, 13, 10]), text: 'ünïcode' })
    const [[onOne], [onOther]] = (await Promise.all(last)) as [[unknown], [unknown]]
    expect(onOther).toEqual(onOne)
    expect(onOther).toEqual({ binary: Buffer.from([0, 255, 13, 10]), text: 'ünïcode' })
    expect(heard).toEqual(Array.from({ length: 100 }, (_, n) => n))
  })

  it('a room spans both servers, and whoever is not in it hears nothing', async () => {
    const member = await join(second, 'blue')
    const both = await join(second, 'blue', 'red')
    const stranger = await join(second, 'red')
    const heard: string[] = []
    stranger.onAny((event: string) => heard.push(event))
    both.onAny((event: string) => heard.push(`both ${event}`))
    first.io.to('blue').except('red').emit('hello', 1)
    expect(await next(member, 'hello')).toEqual([1])
    first.io.to('red').emit('bye')
    await next(stranger, 'bye')
    expect(heard.toSorted()).toEqual(['both bye', 'bye'])
  })

  it('clients of the other server answer, are counted, moved and disconnected', async () => {
    const [here, there] = [await join(first, 'blue'), await join(second, 'blue')]
    for (const [socket, answer] of [
      [here, 'a'],
      [there, 'b'],
    ] as const) {
      socket.on('ask', (reply: (answer: string) => void) => reply(answer))
    }
    const answers = await first.io.to('blue').timeout(5000).emitWithAck('ask')
    expect(answers.toSorted()).toEqual(['a', 'b'])
    const sockets = await first.io.in('blue').fetchSockets()
    expect(sockets.map(({ id }) => id).toSorted()).toEqual([here.id, there.id].toSorted())
    first.io.in(there.id!).socketsJoin('green')
    await expect
      .poll(async () => (await first.io.in('green').fetchSockets()).length, PATIENCE)
      .toBe(1)
    const gone = next(there, 'disconnect')
    first.io.in('green').disconnectSockets()
    expect((await gone)[0]).toBe('io server disconnect')
  })

  it('servers talk to each other', async () => {
    second.io.on('question', (n: number, reply: (answer: number) => void) => reply(n * 2))
    expect(await first.io.serverSideEmitWithAck('question', 21)).toEqual([42])
  })
})

it('with streams a client that comes back to another server gets what it has missed', async () => {
  const streams = async () => createStreamsAdapter(await ioredis(), { blockTimeInMs: 100 })
  const recovery = { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } }
  const [first, second] = [await start(streams, recovery), await start(streams, recovery)]
  await acquaint(first, second)
  const client = await join(first, 'blue')
  const heard: number[] = []
  client.on('n', (n: number) => heard.push(n))
  second.io.to('blue').emit('n', 1)
  await expect.poll(() => heard, PATIENCE).toEqual([1])
  // The connection breaks; the client finds the other server.
  client.io.engine.close()
  await expect.poll(() => first.io.of('/').sockets.size, PATIENCE).toBe(0)
  second.io.to('blue').emit('n', 2)
  second.io.to('red').emit('n', 3)
  Object.assign(client.io, { uri: second.url })
  client.connect()
  await expect.poll(() => heard, PATIENCE).toEqual([1, 2])
  expect(client.recovered).toBe(true)
  expect(second.io.of('/').sockets.size).toBe(1)
})
