// worker.ts — Takes parts from the list until it is stopped; start as many as there are cores.

import { Redis } from 'ioredis'
import { LatchkeyError, latchkey } from 'latchkey/client'
import { countPrimes, PARTS_LIST, type Part, participant } from './job.ts'

// One connection waits for parts, so reports need another.
const parts = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
const grid = latchkey(parts.duplicate())

console.log('ready')
for (;;) {
  const taken = await parts.brpop(PARTS_LIST, 0)
  if (taken === null) continue
  const part: Part = JSON.parse(taken[1])
  console.log(`counting ${participant(part)}`)
  const primes = countPrimes(part)
  try {
    await grid.latch(part.run).down(1, { participant: participant(part), data: String(primes) })
  } catch (error) {
    // The run is over, or was given up; the part came from a time when it was not.
    if (!(error instanceof LatchkeyError && error.code === 'NOLATCH')) throw error
  }
}
