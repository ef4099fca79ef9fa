// SETs paced by the clock through a stock ioredis Cluster, each timed from when it was due: what an
// application waits for, whatever the cluster is doing.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import type { Address } from '../../test/cluster/processes/place.ts'
import { keyName, VALUE } from './fill.ts'

export const WARM_UP_MS = 1000
/** A prime: all keys have their turn, and neighbours are far apart. */
const KEY_STEP = 7919

export interface PacedOptions {
  readonly seeds: readonly Address[]
  readonly perSecond: number
  readonly keys: number
  /** The load lasts until this settles. */
  readonly until: Promise<unknown>
  /** Whether what is due now is measured; always, unless it is given. */
  readonly counts?: () => boolean
}

export interface Paced {
  /** Milliseconds from when a SET was due until its reply was here, ascending. */
  readonly latencies: Float64Array
  readonly errors: readonly string[]
}

export async function pacedSets(options: PacedOptions): Promise<Paced> {
  const cluster = new Cluster([...options.seeds])
  try {
    await runFor(cluster, options, WARM_UP_MS)
    let isOver = false
    const over = () => {
      isOver = true
    }
    options.until.then(over, over)
    return await send(cluster, options, () => isOver)
  } finally {
    cluster.disconnect()
  }
}

function runFor(cluster: Cluster, options: PacedOptions, ms: number): Promise<Paced> {
  const start = performance.now()
  return send(cluster, options, () => performance.now() - start > ms)
}

async function send(
  cluster: Cluster,
  { perSecond, keys, counts = () => true }: PacedOptions,
  isOver: () => boolean,
): Promise<Paced> {
  const latencies: number[] = []
  const errors: string[] = []
  const underWay = new Set<Promise<void>>()
  const start = performance.now()
  for (let sent = 0; !isOver(); ) {
    const due = Math.floor(((performance.now() - start) * perSecond) / 1000)
    const isCounted = counts()
    for (; sent < due; sent += 1) {
      const dueAt = start + ((sent + 1) * 1000) / perSecond
      const key = keyName((sent * KEY_STEP) % keys)
      const answered: Promise<void> = cluster
        .set(key, VALUE)
        .then(
          () => {
            if (isCounted) latencies.push(performance.now() - dueAt)
          },
          (error: Error) => {
            errors.push(error.message)
          },
        )
        .finally(() => underWay.delete(answered))
      underWay.add(answered)
    }
    await nextTurn()
  }
  await Promise.all(underWay)
  return { latencies: Float64Array.from(latencies).sort(), errors }
}
