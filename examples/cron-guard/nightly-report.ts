// nightly-report.ts — What the crontab of each of the five instances starts at the same minute.

import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { latchkey } from 'latchkey/client'
import { once } from './once.ts'

const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
const grid = latchkey(redis)
const due = process.argv[2] ?? new Date().toISOString().slice(0, 'yyyy-mm-ddThh'.length)
/** How long others wait if this process dies at work. While it lives the lease is renewed. */
const lease = Number(process.env.LEASE_MS ?? 30_000)
const reportMs = Number(process.env.REPORT_MS ?? 2_000)

try {
  const outcome = await once(
    grid,
    'nightly-report',
    due,
    lease,
    async ({ store, signal, token }) => {
      console.log(`writing the report of ${due} with token ${token}`)
      // Stands for the work, which must end when the signal says so.
      await sleep(reportMs, undefined, { signal })
      // Writes the same again if a run is repeated: its predecessor may have died just after this.
      await store.hSet('{cron:nightly-report}:reports', due, `by ${token}`)
    },
  )
  console.log(`${due}: ${outcome}`)
} catch (error) {
  console.error(`${due}: gave up:`, error)
  process.exitCode = 1
} finally {
  grid.close()
  redis.disconnect()
}
