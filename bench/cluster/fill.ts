// Fills a cluster with the keys that the paced load writes.
import { Cluster } from 'ioredis'
import type { Address } from '../../test/cluster/processes/place.ts'

export const VALUE = 'x'.repeat(100)
const KEYS_IN_FLIGHT = 1000

export const keyName = (number: number) => `key:${number}`

export async function fill(seeds: readonly Address[], keys: number): Promise<void> {
  const cluster = new Cluster([...seeds], { enableAutoPipelining: true })
  for (let next = 0; next < keys; next += KEYS_IN_FLIGHT) {
    const count = Math.min(KEYS_IN_FLIGHT, keys - next)
    await Promise.all(
      Array.from({ length: count }, (_, i) => cluster.set(keyName(next + i), VALUE)),
    )
  }
  cluster.disconnect()
}

/** Of all keys and values, once. */
export function payloadBytes(keys: number): number {
  let bytes = keys * VALUE.length
  for (let i = 0; i < keys; i += 1) bytes += keyName(i).length
  return bytes
}
