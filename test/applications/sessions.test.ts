// express-session over connect-redis: sessions that outlive the application's process.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'

declare module 'express-session' {
  interface SessionData {
    user: string
    visits: number
  }
}

const SECRET = randomUUID()

const PATIENCE = { timeout: 10_000 }

let server: ServerProcess
let client: ReturnType<typeof createClient>
const running: Server[] = []

beforeAll(async () => {
  server = await startLatchkeyServer()
  client = createClient({ socket: { host: server.host, port: server.port } })
  await client.connect()
})

afterAll(async () => {
  client.destroy()
  await server.stop()
})

beforeEach(() => client.flushAll())

afterEach(async () => {
  await Promise.all(running.splice(0).map(stop))
})

async function stop(application: Server): Promise<void> {
  application.close()
  application.closeAllConnections()
  await once(application, 'close')
}

/** The application, as one of its instances; all have the secret and the store in common. */
async function start(ttl = 3600): Promise<{ url: string; store: RedisStore; http: Server }> {
  const store = new RedisStore({ client, ttl })
  const application = express()
  application.use(session({ store, secret: SECRET, resave: false, saveUninitialized: false }))
  application.post('/login/:user', (request, response) => {
    request.session.user = request.params.user
    request.session.visits = 0
    response.send('welcome')
  })
  application.get('/', (request, response) => {
    if (request.session.user === undefined) return void response.status(401).send('who are you?')
    request.session.visits! += 1
    response.json({ user: request.session.user, visits: request.session.visits })
  })
  application.post('/logout', (request, response) => {
    request.session.destroy(() => response.send('bye'))
  })
  const http = createServer(application).listen(0, '127.0.0.1')
  await once(http, 'listening')
  running.push(http)
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, store, http }
}

async function login(url: string, user: string): Promise<{ cookie: string }> {
  const response = await fetch(`${url}/login/${user}`, { method: 'POST' })
  expect(response.status).toBe(200)
  return { cookie: response.headers.getSetCookie()[0]!.split(';')[0]! }
}

it('a session survives the restart of the application, and is known to all its instances', async () => {
  const first = await start()
  const headers = await login(first.url, 'ada')
  expect(await (await fetch(first.url, { headers })).json()).toEqual({ user: 'ada', visits: 1 })
  await stop(running.pop()!)
  const [second, third] = [await start(), await start()]
  expect(await (await fetch(second.url, { headers })).json()).toEqual({ user: 'ada', visits: 2 })
  expect(await (await fetch(third.url, { headers })).json()).toEqual({ user: 'ada', visits: 3 })
})

it('a stranger has no session, and leaves none behind', async () => {
  const { url } = await start()
  expect((await fetch(url)).status).toBe(401)
  const headers = { cookie: 'connect.sid=s%3Aforged.signature' }
  expect((await fetch(url, { headers })).status).toBe(401)
  expect(await client.dbSize()).toBe(0)
})

it('a logout ends the session at once', async () => {
  const { url } = await start()
  const headers = await login(url, 'ada')
  await fetch(`${url}/logout`, { method: 'POST', headers })
  expect((await fetch(url, { headers })).status).toBe(401)
  expect(await client.dbSize()).toBe(0)
})

it('a session ends when nobody uses it, and a visit makes it last', async () => {
  const { url } = await start(1)
  const headers = await login(url, 'ada')
  const [key] = await client.keys('sess:*')
  expect(await client.pTTL(key!)).toBeGreaterThan(0)
  await client.pExpire(key!, 200)
  await fetch(url, { headers })
  expect(await client.pTTL(key!)).toBeGreaterThan(200)
  await client.pExpire(key!, 1)
  await expect.poll(async () => (await fetch(url, { headers })).status, PATIENCE).toBe(401)
})

it('the store lists, counts and clears sessions', async () => {
  const { url, store } = await start()
  for (let i = 0; i < 250; i += 1) await login(url, `user${i}`)
  expect(await store.length()).toBe(250)
  const all: { user: string }[] = await store.all()
  expect(new Set(all.map(({ user }) => user)).size).toBe(250)
  await store.clear()
  expect(await store.ids()).toEqual([])
})
