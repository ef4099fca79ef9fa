// Sessions of users over two instances of an application: a limit, a list, and the end of them all.

import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { killExamples, startExample } from './example-process.ts'

let server: ServerProcess
let redis: Redis
let one: string
let two: string

beforeAll(async () => {
  server = await startLatchkeyServer()
  redis = new Redis({ host: server.host, port: server.port })
  ;[one, two] = await Promise.all([start(), start()])
})

beforeEach(async () => {
  await redis.flushall()
})

afterAll(async () => {
  await killExamples()
  redis.disconnect()
  await server.stop()
})

function start(): Promise<string> {
  const environment = { REDIS_URL: `redis://${server.host}:${server.port}`, PORT: '0' }
  return startExample('sessions-per-user/app', [], environment).line(/^http:/)
}

async function logIn(address: string, user: unknown): Promise<string> {
  const body = JSON.stringify({ user })
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(`${address}/login`, { method: 'POST', headers, body })
  if (response.status !== 200) return String(response.status)
  // The next one begins at a later millisecond, so that one of them is the oldest.
  const now = Date.now()
  while (Date.now() === now);
  return ((await response.json()) as { token: string }).token
}

function ask(address: string, path: string, token: string): Promise<Response> {
  const method = path === '/sessions' ? 'GET' : 'POST'
  return fetch(address + path, { method, headers: { Authorization: `Bearer ${token}` } })
}

async function statuses(...tokens: string[]): Promise<number[]> {
  const responses = await Promise.all(tokens.map(token => ask(two, '/sessions', token)))
  return responses.map(response => response.status)
}

test('a session is good on every instance, and is listed', async () => {
  const first = await logIn(one, 'ada:lovelace')
  const second = await logIn(two, 'ada:lovelace')
  expect(await (await ask(two, '/sessions', first)).json()).toMatchObject([
    { isThis: true },
    { isThis: false },
  ])
  expect(await (await ask(one, '/sessions', second)).json()).toMatchObject([
    { isThis: false },
    { isThis: true },
  ])
})

test('the fourth ends the oldest', async () => {
  const tokens: string[] = []
  for (const address of [one, two, one, two]) tokens.push(await logIn(address, 'ada'))
  expect(await statuses(...tokens)).toEqual([401, 200, 200, 200])
})

test('logging out ends one session', async () => {
  const [first, second] = [await logIn(one, 'ada'), await logIn(one, 'ada')]
  expect(await (await ask(two, '/logout', first)).json()).toEqual({ ended: 1 })
  expect(await statuses(first, second)).toEqual([401, 200])
})

test('logging out everywhere ends all sessions of the user, and of nobody else', async () => {
  const [first, second, bob] = [
    await logIn(one, 'ada'),
    await logIn(two, 'ada'),
    await logIn(one, 'bob'),
  ]
  expect(await (await ask(one, '/logout-everywhere', first)).json()).toEqual({ ended: 2 })
  expect(await statuses(first, second, bob)).toEqual([401, 401, 200])
})

test('a session of another is not good, nor is none', async () => {
  const token = await logIn(one, 'ada')
  expect(await statuses(token.replace('ada', 'bob'), 'ada', '')).toEqual([401, 401, 401])
  expect(await logIn(one, undefined)).toBe('400')
})

test('who stays away leaves nothing behind', async () => {
  await logIn(one, 'ada')
  const days = Number(await redis.call('MULTIMAP.TTL', 'sessions', 'ada')) / 86_400_000
  expect(days).toBeGreaterThan(29)
  expect(days).toBeLessThanOrEqual(30)
})
