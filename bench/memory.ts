// Bytes per key or element: what a fresh server grows by when it is filled.
//
// Two figures, and they should agree: resident memory as the kernel counts it, which includes everything,
// and `used_memory` as the server itself reports it.
import { setTimeout as sleep } from 'node:timers/promises'
import { RespClient } from '../test/harness/resp-client.ts'
import type { ServerProcess } from '../test/harness/server-process.ts'
import { type Contender, startContender } from './contender.ts'
import type { Filling } from './fillings.ts'
import { residentBytes } from './process-clock.ts'

/** Time for deferred work, such as a collection of garbage, to be over. */
const SETTLE_MS = 3000

export interface MemoryRow {
  readonly filling: string
  readonly label: string
  readonly count: number
  readonly residentBytesEach: number
  readonly usedBytesEach: number
}

export async function measureMemory(
  contender: Contender,
  filling: Filling,
  count: number,
): Promise<MemoryRow> {
  const { label, server } = await startContender(contender)
  try {
    await sleep(SETTLE_MS)
    const [resident, used] = [residentBytes(server.pid), await usedMemory(server)]
    await filling.fill(server.port, count)
    await sleep(SETTLE_MS)
    return {
      filling: filling.title,
      label,
      count,
      residentBytesEach: (residentBytes(server.pid) - resident) / count,
      usedBytesEach: ((await usedMemory(server)) - used) / count,
    }
  } finally {
    await server.stop()
  }
}

async function usedMemory(server: ServerProcess): Promise<number> {
  const client = await RespClient.connect(server.port)
  const info = await client.call('INFO', 'memory')
  await client.close()
  const used = /^used_memory:(\d+)\r$/m.exec(String(info))?.[1]
  if (used === undefined) throw new Error('no used_memory in INFO memory')
  return Number(used)
}
