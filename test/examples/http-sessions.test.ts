// express-session through connect-redis: the application dies, the sessions do not.

import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { type ExampleProcess, killExamples, startExample } from './example-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await startLatchkeyServer()
})

afterEach(killExamples)

afterAll(async () => {
  await server.stop()
})

function start(): ExampleProcess {
  const environment = { REDIS_URL: `redis://${server.host}:${server.port}`, PORT: '0' }
  return startExample('http-sessions/app', [], environment)
}

async function logIn(address: string, user: string): Promise<string> {
  const response = await fetch(`${address}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user }),
  })
  expect(response.status).toBe(204)
  return response.headers.getSetCookie()[0]!.split(';')[0]!
}

async function visit(address: string, cookie: string): Promise<unknown> {
  const response = await fetch(address, { headers: { Cookie: cookie } })
  return response.status === 200 ? response.json() : response.status
}

test('the cookie works after the application was killed and started again', async () => {
  const first = start()
  const address = await first.line(/^http:/)
  const cookie = await logIn(address, 'ada')
  expect(await visit(address, cookie)).toEqual({ user: 'ada', visits: 1 })
  expect(await visit(address, cookie)).toEqual({ user: 'ada', visits: 2 })
  first.signal('SIGKILL')
  await first.ended
  const restarted = await start().line(/^http:/)
  expect(await visit(restarted, cookie)).toEqual({ user: 'ada', visits: 3 })
})

test('it works on two instances at once, and on none after logging out', async () => {
  const [one, two] = await Promise.all([start().line(/^http:/), start().line(/^http:/)])
  const cookie = await logIn(one, 'bob')
  expect(await visit(two, cookie)).toEqual({ user: 'bob', visits: 1 })
  const out = await fetch(`${two}/logout`, { method: 'POST', headers: { Cookie: cookie } })
  expect(out.status).toBe(204)
  expect(await visit(one, cookie)).toBe(401)
})

test('a cookie that was not signed by the application is nobody', async () => {
  const address = await start().line(/^http:/)
  const cookie = await logIn(address, 'eve')
  expect(await visit(address, `${cookie}x`)).toBe(401)
  expect(await visit(address, '')).toBe(401)
})

test('sessions end by themselves, a day after the last visit', async () => {
  const address = await start().line(/^http:/)
  const redis = new Redis({ host: server.host, port: server.port })
  await redis.flushall()
  await logIn(address, 'ada')
  const [key] = await redis.keys('session:*')
  const seconds = await redis.ttl(key!)
  redis.disconnect()
  expect(seconds).toBeGreaterThan(86_000)
  expect(seconds).toBeLessThanOrEqual(86_400)
})
