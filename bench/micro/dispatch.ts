// A whole server without sockets: from the chunk that was read to the bytes that would be written.
import { pino } from 'pino'
import { families } from '../../commands/index.ts'
import type { Client, Link } from '../../src/client.ts'
import { systemClock } from '../../src/clock.ts'
import { Config } from '../../src/config/config.ts'
import { type Host, Server } from '../../src/server.ts'
import type { MicroCase } from './measure.ts'
import { encode, keyName, pipelinesOf, VALUE_3 } from './requests.ts'

const ignore = () => undefined

/** A peer that takes everything at once. */
const link: Link = {
  kind: 'internal',
  isLocal: true,
  address: '127.0.0.1:1',
  localAddress: '127.0.0.1:6379',
  fd: -1,
  unsentBytes: 0,
  send: () => true,
  close: ignore,
  holdReading: ignore,
}

/** The turns of the event loop are taken by hand, so there is nothing to ask for. */
const host: Host = {
  requestFlush: ignore,
  requestWake: ignore,
  shutdown: ignore,
  stall: ignore,
  report: () => ({
    pid: 0,
    executable: '',
    os: '',
    nodeVersion: '',
    rss: 0,
    heapUsed: 0,
    totalMemory: 0,
    cpuUser: 0,
    cpuSystem: 0,
    port: 0,
  }),
}

function startServer(): { server: Server; client: Client } {
  const server = new Server({
    config: new Config(),
    families,
    clock: systemClock,
    random: Math.random,
    log: pino({ level: 'silent' }),
    host,
    runId: '0'.repeat(40),
  })
  return { server, client: server.connect(link) }
}

function serving(name: string, pipeline: number, command: (n: number) => string): MicroCase {
  const { server, client } = startServer()
  const send = (chunk: Buffer) => {
    server.beginTurn()
    server.receive(client, chunk, chunk.length)
    server.flush()
  }
  for (const chunk of pipelinesOf(100, n => encode('SET', keyName(n), VALUE_3))) send(chunk)
  const chunks = pipelinesOf(pipeline, command)
  let next = 0
  return {
    name: `serve ${name}, pipeline ${pipeline}`,
    operations: pipeline,
    run() {
      send(chunks[next]!)
      next = next + 1 === chunks.length ? 0 : next + 1
    },
  }
}

const commands: readonly (readonly [string, (n: number) => string])[] = [
  ['PING', () => encode('PING')],
  ['GET', n => encode('GET', keyName(n))],
  ['SET', n => encode('SET', keyName(n), VALUE_3)],
  // A list that does not grow for ever; the commands take turns.
  ['LPUSH, RPOP', n => (n % 2 === 0 ? encode('LPUSH', 'list', VALUE_3) : encode('RPOP', 'list'))],
  ['RPUSH', () => encode('RPUSH', 'growing', VALUE_3)],
  ['SADD', n => encode('SADD', 'set', `element:${n}`)],
  ['HSET', n => encode('HSET', 'hash', `element:${n}`, VALUE_3)],
  ['INCR', n => encode('INCR', `counter:${n % 1000}`)],
  [
    'MSET of 10',
    n => encode('MSET', ...Array.from({ length: 10 }, (_, i) => [keyName(n + i), VALUE_3]).flat()),
  ],
]

export const dispatchCases: readonly (() => MicroCase)[] = commands.flatMap(([name, command]) =>
  [1, 16, 64].map(pipeline => () => serving(name, pipeline, command)),
)
