// Two instances of an Express application share the limit of each caller.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { killExamples, startExample } from './example-process.ts'

let server: ServerProcess

beforeEach(async () => {
  server = await startLatchkeyServer()
})

afterEach(async () => {
  await killExamples()
  await server.stop()
})

/** The address of an instance that allows four requests in an hour. */
function start(): Promise<string> {
  const environment = {
    REDIS_URL: `redis://${server.host}:${server.port}`,
    PORT: '0',
    LIMIT: '4',
    WINDOW_MS: '3600000',
  }
  return startExample('rate-limited-api/app', [], environment).line(/^http:/)
}

function ask(address: string, caller: string): Promise<Response> {
  return fetch(`${address}/time`, { headers: { 'X-Api-Key': caller } })
}

test('the fifth request is refused, whichever instance it reaches, and says when to come again', async () => {
  const [one, two] = await Promise.all([start(), start()])
  const remaining: (string | null)[] = []
  for (const address of [one, two, two, one]) {
    const response = await ask(address, 'ada')
    expect(response.status).toBe(200)
    expect(response.headers.get('RateLimit-Limit')).toBe('4')
    expect(response.headers.get('Retry-After')).toBeNull()
    remaining.push(response.headers.get('RateLimit-Remaining'))
  }
  expect(remaining).toEqual(['3', '2', '1', '0'])
  for (const address of [one, two]) {
    const refused = await ask(address, 'ada')
    expect(refused.status).toBe(429)
    expect(refused.headers.get('RateLimit-Policy')).toBe('4;w=3600')
    expect(refused.headers.get('RateLimit-Remaining')).toBe('0')
    for (const name of ['Retry-After', 'RateLimit-Reset']) {
      const seconds = Number(refused.headers.get(name))
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThanOrEqual(2 * 3600)
    }
    expect(await refused.json()).toEqual({ error: 'too many requests' })
  }
})

test('of many at once as many pass as may', async () => {
  const [one, two] = await Promise.all([start(), start()])
  const asked = Array.from({ length: 20 }, (_, i) => ask(i % 2 === 0 ? one : two, 'ada'))
  const statuses = (await Promise.all(asked)).map(response => response.status)
  expect(statuses.filter(status => status === 200)).toHaveLength(4)
  expect(statuses.filter(status => status === 429)).toHaveLength(16)
})

test('each caller has a limit of its own', async () => {
  const address = await start()
  for (let i = 0; i < 5; i++) await ask(address, 'ada')
  expect((await ask(address, 'bob')).status).toBe(200)
})

test('without the server everybody is served', async () => {
  const address = await start()
  for (let i = 0; i < 4; i++) await ask(address, 'ada')
  expect((await ask(address, 'ada')).status).toBe(429)
  await server.stop()
  const response = await ask(address, 'ada')
  expect(response.status).toBe(200)
  expect(response.headers.get('RateLimit-Limit')).toBeNull()
})
