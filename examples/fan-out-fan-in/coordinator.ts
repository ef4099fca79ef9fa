// coordinator.ts — Hands out the parts of a run, waits for all, and adds up what the workers found.
//
// A worker may die with a part in its hands. So after each `PATIENCE_MS` the parts that nobody has
// reported go out again; one that is then done twice counts once, since it counts by its name.

import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { latchkey } from 'latchkey/client'
import { PARTS_LIST, participant, split } from './job.ts'

const [limit = '200000', count = '16'] = process.argv.slice(2)
const patienceMs = Number(process.env.PATIENCE_MS ?? 10_000)
const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
const grid = latchkey(redis)

const run = `primes:${randomUUID()}`
const parts = split(run, Number(limit), Number(count))
const latch = grid.latch(run)
// If this process dies the latch goes by itself, and workers find that nobody wants the part.
await latch.create(parts.length, { lifetime: 3_600_000 })

let results = new Map<string, string>()
do {
  const missing = parts.filter(part => !results.has(participant(part)))
  console.log(`handing out ${missing.length} of ${parts.length} parts`)
  await redis.lpush(PARTS_LIST, ...missing.map(part => JSON.stringify(part)))
  await latch.tryAwait({ wait: patienceMs })
  results = await latch.results()
} while (results.size < parts.length)

const total = [...results.values()].reduce((sum, found) => sum + Number(found), 0)
console.log(`${total} primes below ${limit}`)
grid.close()
redis.disconnect()
