// app.ts — An API in Express of which each caller may ask so often.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Redis } from 'ioredis'
import { latchkey } from 'latchkey/client'
import { rateLimit } from './rate-limit.ts'

// A request must not wait for a server that is away: it fails at once, and the middleware decides.
const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
})
redis.on('error', error => console.error('no limits for now:', error.message))
await once(redis, 'ready')

const app = express()
app.use(
  rateLimit(latchkey(redis), {
    limit: Number(process.env.LIMIT ?? 100),
    window: Number(process.env.WINDOW_MS ?? 60_000),
    caller: request => request.get('X-Api-Key') ?? request.ip ?? 'unknown',
  }),
)
app.get('/time', (_, response) => {
  response.json({ now: new Date().toISOString() })
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
await once(server, 'listening')
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
