// How long it takes from a latch's last count-down until the last of many who wait has heard of it.
//
// Each of them waits over a connection of its own, through Latchkey's client, all in this process: the
// time includes that one thread here reads as many replies.
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { latchkey } from '../../src/client/index.ts'
import { percentile } from '../statistics.ts'
import type { LatchTask, Order, Report } from './orders.ts'
import { Stopwatch } from './stopwatch.ts'

export async function measureLatch(order: Order<LatchTask>): Promise<Report> {
  const redis = new Redis(order.port, '127.0.0.1')
  const grid = latchkey(redis, { waitConnectionsMax: order.awaiters })
  const openings: number[] = []
  let [serverCpu, clientCpu] = [0, 0]
  try {
    // The first opening is not counted: before it the connections are made.
    for (let round = 0; round <= order.rounds; round += 1) {
      const latch = grid.latch(`bench:latch:${randomUUID()}`)
      await latch.create(1)
      let lastAt = 0
      const released = Array.from({ length: order.awaiters }, async () => {
        await latch.await()
        lastAt = performance.now()
      })
      while ((await latch.info())?.waiting !== order.awaiters);
      const stopwatch = new Stopwatch(order.pid)
      const start = performance.now()
      await latch.down()
      await Promise.all(released)
      if (round === 0) continue
      openings.push(lastAt - start)
      const { serverCpuSeconds, clientCpuSeconds } = stopwatch.taken()
      serverCpu += serverCpuSeconds
      clientCpu += clientCpuSeconds
    }
  } finally {
    grid.close()
    redis.disconnect()
  }
  openings.sort((a, b) => a - b)
  return {
    operations: order.awaiters * order.rounds,
    seconds: openings.reduce((sum, ms) => sum + ms, 0) / 1000,
    serverCpuSeconds: serverCpu,
    clientCpuSeconds: clientCpu,
    handOvers: order.rounds,
    p50Ms: percentile(openings, 0.5),
    p99Ms: percentile(openings, 0.99),
    longestWaitMs: openings.at(-1)!,
    failures: 0,
  }
}
