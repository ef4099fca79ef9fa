// Applications that use a library as it comes, each on keys of its own, one command after the other.
//
// A stock client repeats a command when its connection closes, so a command may be executed twice.
// With one writer per key that changes nothing that these commands can show.

import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { segmentOfKey } from '../../../src/keyspace/slot.ts'
import { Seeded } from '../raft/seeded.ts'
import { type ClusterClient, clusterClients } from './cluster-clients.ts'
import type { Address } from './place.ts'

const KEYS = 64
const WORKERS = 4
const PAUSE_MS_MAX = 10

interface Answer {
  readonly segment: number
  readonly calledAt: number
  readonly answeredAt: number
}

export interface StockOptions {
  readonly library: string
  readonly seeds: readonly Address[]
  readonly random: Seeded
}

export class StockLoad {
  readonly name: string
  /** What commands failed with: what an application would have seen. */
  readonly errors: string[] = []
  /** Reads that gave neither what was acknowledged last nor anything that was tried after it. */
  readonly misreadings: string[] = []
  readonly #answers: Answer[] = []
  readonly #client: ClusterClient
  readonly #workers: Promise<void>[]
  #isStopped = false

  private constructor(client: ClusterClient, random: Seeded) {
    this.name = client.name
    this.#client = client
    this.#workers = Array.from({ length: WORKERS }, (_, i) =>
      this.#work(i, new Seeded(random.below(2 ** 32))),
    )
  }

  static async start({ library, seeds, random }: StockOptions): Promise<StockLoad> {
    const found = clusterClients.find(([name]) => name === library)
    if (found === undefined) throw new Error(`no library ${library}`)
    return new StockLoad(await found[1](seeds, 'stock'), random)
  }

  get operations(): number {
    return this.#answers.length
  }

  async #work(worker: number, random: Seeded): Promise<void> {
    /** By key the last value that was acknowledged, and those of unknown fate that came after. */
    const values = new Map<string, Set<string>>()
    for (let n = 0; !this.#isStopped; n++) {
      const key = `${this.name}:${worker}:${random.below(KEYS)}`
      const possible = values.get(key) ?? new Set(['null'])
      values.set(key, possible)
      const calledAt = performance.now()
      try {
        if (random.chance(0.5)) {
          possible.add(String(n))
          await this.#client.call(key, 'SET', key, String(n))
          possible.clear()
          possible.add(String(n))
        } else {
          const value = String(await this.#client.call(key, 'GET', key))
          if (!possible.has(value)) {
            this.misreadings.push(`${key} is ${value} instead of ${[...possible].join(' or ')}`)
          }
        }
        this.#answers.push({
          segment: segmentOfKey(key),
          calledAt,
          answeredAt: performance.now(),
        })
      } catch (error) {
        this.errors.push((error as Error).message)
      }
      await sleep(random.below(PAUSE_MS_MAX))
    }
  }

  /** When, in milliseconds after the moment, a command that was sent after it was answered first. */
  firstAnswer(since: number, isConcerned: (segment: number) => boolean): number | undefined {
    const after = this.#answers
      .filter(({ segment, calledAt }) => calledAt > since && isConcerned(segment))
      .map(({ answeredAt }) => answeredAt - since)
    return after.length === 0 ? undefined : Math.min(...after)
  }

  /** The longest time that a command took, in milliseconds. */
  longest(since: number): number {
    const lengths = this.#answers
      .filter(({ answeredAt }) => answeredAt > since)
      .map(({ calledAt, answeredAt }) => answeredAt - calledAt)
    return Math.max(0, ...lengths)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#workers)
    this.#client.close()
  }
}
