// latchkey/testing, as docs/testing.md shows it and as packages import it.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { startCluster, startServer } from 'latchkey/testing'
import { expect, test } from 'vitest'
import { repositoryRoot } from '../harness/repository-root.ts'
import { examples } from './examples.ts'

const TIMEOUT_MS = 120_000

/** What the examples log, one after the other. */
const LOGGED: readonly (readonly unknown[])[][] = [
  [['hello']],
  [[['maxmemory-policy', 'allkeys-lru']]],
  [[3, 'paid']],
  [[true]],
]

const read = (...path: string[]) => readFileSync(join(repositoryRoot, ...path), 'utf8')
const squeezed = (text: string) => text.replace(/\s+/g, ' ').trim()

test('the page shows what is run here', () => {
  const shown = [...read('docs', 'testing.md').matchAll(/```ts\n(.*?)```/gs)]
  const bodies = [
    ...read('test', 'testing', 'examples.ts').matchAll(/^ {2}async .*?=> \{\n(.*?)^ {2}\},\n/gms),
  ]
  expect(bodies.map(([, body]) => squeezed(body!))).toEqual(
    shown.map(([, code]) => squeezed(code!)),
  )
})

test.each(examples.map((example, i) => [i + 1, example, LOGGED[i]] as const))(
  'example %i does what the page says',
  async (_, example, expected) => {
    const logged: unknown[][] = []
    await example((...values) => logged.push(values))
    expect(logged).toEqual(expected)
  },
  TIMEOUT_MS,
)

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

const leftovers = () => readdirSync(tmpdir()).filter(name => name.startsWith('latchkey-testing-'))

test('nothing is left of what was stopped', async () => {
  const before = new Set(leftovers())
  const server = await startServer()
  const own = leftovers().find(name => !before.has(name))
  expect(await isOpen(server.port)).toBe(true)
  const redis = new Redis(server.port, server.host, { retryStrategy: null })
  redis.on('error', () => undefined)
  await redis.ping()
  await server.stop()
  await server.stop()
  expect(await isOpen(server.port)).toBe(false)
  expect(existsSync(join(tmpdir(), own!))).toBe(false)
  redis.disconnect()
})

test('several servers run side by side and share nothing', async () => {
  await using one = await startServer()
  await using other = await startServer()
  const clients = [one, other].map(({ host, port }) => new Redis(port, host))
  await clients[0]!.set('mine', 1)
  expect(await clients[1]!.get('mine')).toBeNull()
  for (const client of clients) client.disconnect()
})

test('bad wishes are refused', async () => {
  await expect(startServer({ settings: { 'no-such-setting': 1 } })).rejects.toThrow(
    'no-such-setting',
  )
  await expect(startCluster({ nodes: 0 })).rejects.toThrow('1 to 16 nodes')
})

test(
  'a killed node can be named only if it is there',
  async () => {
    await using cluster = await startCluster({ nodes: 1 })
    await expect(cluster.kill(1)).rejects.toThrow('no node 1')
    await cluster.kill(0)
    await expect(cluster.stable()).rejects.toThrow('no node lives')
  },
  TIMEOUT_MS,
)
