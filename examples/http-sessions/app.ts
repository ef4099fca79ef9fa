// app.ts — HTTP sessions that are kept by the server, so the application may restart, or be several.
//
// Nothing here is Latchkey's own: express-session and connect-redis, as with any Redis.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { createClient } from 'redis'

declare module 'express-session' {
  interface SessionData {
    user: string
    visits: number
  }
}

const client = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' })
client.on('error', error => console.error('no sessions for now:', error.message))
await client.connect()

const app = express()
app.use(express.json())
app.use(
  session({
    store: new RedisStore({ client, prefix: 'session:' }),
    // Signs the cookies: every instance needs the same one, also after a restart.
    secret: process.env.SESSION_SECRET ?? 'for development only',
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', maxAge: 24 * 3_600_000 },
  }),
)

app.post('/login', (request, response, next) => {
  // A new id, so that nobody can have prepared the old one.
  request.session.regenerate(error => {
    if (error) return next(error)
    request.session.user = String(request.body?.user)
    request.session.visits = 0
    response.sendStatus(204)
  })
})

app.get('/', (request, response) => {
  const { user } = request.session
  if (user === undefined) {
    response.status(401).json({ error: 'log in first' })
    return
  }
  request.session.visits = (request.session.visits ?? 0) + 1
  response.json({ user, visits: request.session.visits })
})

app.post('/logout', (request, response, next) => {
  request.session.destroy(error => {
    if (error) return next(error)
    response.sendStatus(204)
  })
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
await once(server, 'listening')
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
