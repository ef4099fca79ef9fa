// Ten thousand clients that wait for one lock: counted in work, not in time.
import { expect, test } from 'vitest'
import type { Call } from '../../../src/call.ts'
import type { Client, Link } from '../../../src/client.ts'
import type { Server } from '../../../src/server.ts'
import { InProcessServer } from '../../harness/in-process.ts'
import { encodeCommand } from '../../harness/resp-client.ts'

const CROWD = 10_000

/** A peer that takes everything and keeps nothing but the count of what came. */
function countingLink(): Link & { messages: number } {
  return {
    kind: 'internal',
    isLocal: true,
    address: '127.0.0.1:1',
    localAddress: '127.0.0.1:6379',
    fd: -1,
    unsentBytes: 0,
    messages: 0,
    send() {
      this.messages++
      return true
    },
    close: () => undefined,
    holdReading: () => undefined,
  }
}

function say(server: Server, client: Client, ...words: string[]): void {
  const bytes = encodeCommand(words)
  server.receive(client, bytes, bytes.length)
  server.flush()
}

/** Counts how often the handler of a command runs. */
function counting(server: Server, name: string): { runs: number } {
  const command = server.registry.named(name)!
  const handler = command.handler!
  const count = { runs: 0 }
  Object.assign(command, {
    handler: (call: Call) => {
      count.runs++
      handler(call)
    },
  })
  return count
}

function crowd(
  server: Server,
  ...words: string[]
): { client: Client; link: { messages: number } }[] {
  return Array.from({ length: CROWD }, (_, i) => {
    const link = countingLink()
    const client = server.connect(link)
    say(server, client, ...words.map(word => (word === '<owner>' ? `o${i}` : word)))
    return { client, link }
  })
}

test('each release of a lock wakes one of ten thousand', () => {
  const { server } = new InProcessServer({ settings: [['maxclients', '20000']] })
  const holder = server.connect(countingLink())
  say(server, holder, 'LOCK.ACQUIRE', 'k', 'me')
  const waiting = crowd(server, 'LOCK.ACQUIRE', 'k', '<owner>', 'WAIT', '0')
  expect(server.waiting.size).toBe(CROWD)
  const acquires = counting(server, 'lock.acquire')
  say(server, holder, 'LOCK.RELEASE', 'k', 'me')
  for (const [i, { client, link }] of waiting.entries()) {
    expect(acquires.runs).toBe(i + 1)
    expect(link.messages).toBe(1)
    say(server, client, 'LOCK.RELEASE', 'k', `o${i}`)
  }
  expect(acquires.runs).toBe(CROWD)
  expect(server.waiting.size).toBe(0)
  expect(server.keyspace.databases[0]!.size).toBe(0)
})

test('a latch wakes ten thousand once each, and count-downs before that wake nobody', () => {
  const { server } = new InProcessServer()
  const other = server.connect(countingLink())
  say(server, other, 'LATCH.CREATE', 'l', '100')
  const waiting = crowd(server, 'LATCH.AWAIT', 'l', 'WAIT', '0')
  const awaits = counting(server, 'latch.await')
  for (let i = 0; i < 99; i++) say(server, other, 'LATCH.DOWN', 'l')
  expect(awaits.runs).toBe(0)
  say(server, other, 'LATCH.DOWN', 'l')
  expect(awaits.runs).toBe(CROWD)
  expect(waiting.every(({ link }) => link.messages === 1)).toBe(true)
})

test('ten thousand leave a queue from its middle, and the order of the others stays', () => {
  const { server } = new InProcessServer()
  const holder = server.connect(countingLink())
  say(server, holder, 'LOCK.ACQUIRE', 'k', 'me')
  const waiting = crowd(server, 'LOCK.ACQUIRE', 'k', '<owner>', 'WAIT', '0')
  for (const [i, { client }] of waiting.entries()) if (i % 2 === 0) server.disconnected(client)
  const left = [...server.waiting.at(server.keyspace.databases[0]!, 'k', 'turn')]
  const expected = waiting.flatMap((_, i) => (i % 2 === 0 ? [] : [`o${i}`]))
  expect(left.map(({ identity }) => identity)).toEqual(expected)
})

test('twenty thousand leases cost one entry each, and none when they are over', () => {
  const { server } = new InProcessServer()
  const client = server.connect(countingLink())
  for (let i = 0; i < 20_000; i++) say(server, client, 'LOCK.ACQUIRE', `k${i}`, 'me')
  const { leases } = server.coordination
  expect(leases.count).toBe(20_000)
  for (let i = 0; i < 20_000; i++) say(server, client, 'LOCK.RELEASE', `k${i}`, 'me')
  expect(leases.count).toBe(0)
})
