// WATCH seen through expiry: what random traces cannot show, because it hangs on when time passes.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startLatchkeyServer } from '../harness/latchkey-server.ts'
import { describeWithRedis, startRedisServer } from '../harness/redis-server.ts'
import type { ServerProcess } from '../harness/server-process.ts'
import { commandStep, type Step } from '../harness/trace.ts'
import { TwoServers } from '../harness/two-servers.ts'

/** Time enough for a busy machine to watch a key before it expires. */
const LIFE_MS = 500
const a = (...args: string[]) => commandStep(args, undefined, 0)
const b = (...args: string[]) => commandStep(args, undefined, 1)
const wait = (ms: number): Step => ({ kind: 'wait', ms })
const transaction = [a('MULTI'), a('PING'), a('EXEC')]

const traces: [string, Step[]][] = [
  [
    'a key that expires after WATCH aborts the transaction',
    [a('SET', 'k', 'v', 'PX', `${LIFE_MS}`), a('WATCH', 'k'), wait(LIFE_MS + 50), ...transaction],
  ],
  [
    'a key that has expired before WATCH does not',
    [a('SET', 'k', 'v', 'PX', '1'), wait(5), a('WATCH', 'k'), ...transaction],
  ],
  [
    'a key that has expired before WATCH and is set again does',
    [a('SET', 'k', 'v', 'PX', '1'), wait(5), a('WATCH', 'k'), b('SET', 'k', 'v'), ...transaction],
  ],
  [
    'a key that has expired before WATCH and is deleted does not',
    [a('SET', 'k', 'v', 'PX', '1'), wait(5), a('WATCH', 'k'), b('DEL', 'k'), ...transaction],
  ],
  [
    'a key that expires while its reads are queued is gone for all of them',
    [
      a('SET', 'k', 'v', 'PX', `${LIFE_MS}`),
      a('MULTI'),
      a('GET', 'k'),
      a('GET', 'k'),
      wait(LIFE_MS + 50),
      a('EXEC'),
    ],
  ],
]

describeWithRedis('WATCH and expiry, as in Redis', () => {
  let redis: ServerProcess
  let latchkey: ServerProcess
  beforeAll(async () => {
    redis = await startRedisServer()
    latchkey = await startLatchkeyServer()
  })
  afterAll(async () => {
    await redis?.stop()
    await latchkey?.stop()
  })

  it.each(traces)('%s', async (_title, trace) => {
    const servers = new TwoServers(redis.port, latchkey.port, 2)
    expect(await servers.firstDifference(trace)).toBeUndefined()
    await servers.close()
  })
})
