// settle.ts — Settles one order: takes its lock, thinks until somebody presses Enter, writes the row.

import { readSync } from 'node:fs'
import { Redis } from 'ioredis'
import { latchkey } from 'latchkey/client'
import { Orders } from './orders.ts'

const [id = '42', state = 'paid'] = process.argv.slice(2)
const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
const grid = latchkey(redis)
const lease = Number(process.env.LEASE_MS ?? 5_000)

try {
  await grid.lock(`order:${id}`).using({ lease }, ({ token }) => {
    console.log(`holding order ${id} with token ${token}; Enter writes`)
    // Reading like this blocks the event loop, so nothing renews the lease. To the server this is a
    // process that a garbage collection, a debugger or its host has stopped.
    readSync(0, Buffer.alloc(1))
    // A look at the lock here would prove nothing: the next pause may come right after it.
    using orders = new Orders(process.env.ORDERS_DB ?? 'orders.db')
    if (!orders.write(Number(id), state, token)) throw new Error(`token ${token} is stale`)
    console.log(`order ${id} is ${state}`)
  })
} catch (error) {
  console.error(`order ${id} is left alone:`, error)
  process.exitCode = 1
} finally {
  grid.close()
  redis.disconnect()
}
