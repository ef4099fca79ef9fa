// app.ts — Logging in, seeing where one is logged in, and logging out there too.
//
// Passwords are left out: what is shown is what comes after them.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express, { type Request, type Response } from 'express'
import { Redis } from 'ioredis'
import { latchkey } from 'latchkey/client'
import { type Session, Sessions } from './sessions.ts'

const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
const sessions = new Sessions(latchkey(redis), { max: 3, idleMs: 30 * 24 * 3_600_000 })

function tokenOf({ user, id }: Session): string {
  return `${encodeURIComponent(user)}:${id}`
}

/** The session of a request, which it must have; null after the answer that it has none. */
async function sessionOf(request: Request, response: Response): Promise<Session | null> {
  const token = /^Bearer ([^:]+):(.+)$/.exec(request.get('Authorization') ?? '')
  if (token !== null) {
    const session = { user: decodeURIComponent(token[1]!), id: token[2]! }
    if (await sessions.touch(session)) return session
  }
  response.status(401).json({ error: 'log in first' })
  return null
}

const app = express()
app.use(express.json())

app.post('/login', async (request, response) => {
  const user: unknown = request.body?.user
  if (typeof user !== 'string' || user === '') {
    response.status(400).json({ error: 'user is missing' })
    return
  }
  response.json({ token: tokenOf(await sessions.logIn(user)) })
})

app.get('/sessions', async (request, response) => {
  const session = await sessionOf(request, response)
  if (session === null) return
  const ids = await sessions.list(session.user)
  response.json(ids.map(id => ({ since: id.split('_')[0], isThis: id === session.id })))
})

app.post('/logout', async (request, response) => {
  const session = await sessionOf(request, response)
  if (session !== null) response.json({ ended: (await sessions.logOut(session)) ? 1 : 0 })
})

app.post('/logout-everywhere', async (request, response) => {
  const session = await sessionOf(request, response)
  if (session !== null) response.json({ ended: await sessions.logOutEverywhere(session.user) })
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
await once(server, 'listening')
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
