// Clients of all libraries that work on shared objects for as long as the test lets them.
//
// Whatever happens to the grid meanwhile, in the end the histories must be those of one machine that
// never failed. What an operation ran into is counted, and decides nothing.

import { setTimeout as sleep } from 'node:timers/promises'
import { latchkey } from '../../../src/client/index.ts'
import { Seeded } from '../raft/seeded.ts'
import { type ClusterClient, clusterClients, type Manners } from './cluster-clients.ts'
import { type Actor, Objects } from './objects.ts'
import type { Address } from './place.ts'

const KEYS_PER_KIND = 16
const ACTORS_PER_CLIENT = 4
const PAUSE_MS_MAX = 40
/** The last look at each object is repeated until the grid answers. */
const AUDIT_TRIES_MAX = 20
const AUDIT_PAUSE_MS = 250

type Kind = 'register' | 'counter' | 'set' | 'lock'
const KINDS: readonly Kind[] = ['register', 'counter', 'set', 'lock']

const keysOf = (kind: Kind) => Array.from({ length: KEYS_PER_KIND }, (_, i) => `${kind}:${i}`)

export interface LoadOptions {
  readonly seeds: readonly Address[]
  readonly random: Seeded
}

export class Load {
  readonly objects = new Objects()
  /** How often operations failed, by the beginning of the message. */
  readonly failures = new Map<string, number>()
  operations = 0
  readonly #clients: ClusterClient[] = []
  readonly #workers: Promise<void>[] = []
  readonly #random: Seeded
  #unique = 0
  #isStopped = false

  private constructor(random: Seeded) {
    this.#random = random
  }

  static async start({ seeds, random }: LoadOptions): Promise<Load> {
    const load = new Load(random)
    for (const [, connect] of clusterClients) {
      const client = await connect(seeds, 'careful' satisfies Manners)
      load.#clients.push(client)
      const grid = latchkey(client.redis)
      for (let i = 0; i < ACTORS_PER_CLIENT; i++) {
        const actor: Actor = {
          name: `${client.name} ${i}`,
          client,
          grid,
          random: new Seeded(random.below(2 ** 32)),
          unique: () => ++load.#unique,
        }
        load.#workers.push(load.#work(actor))
      }
    }
    return load
  }

  async #work(actor: Actor): Promise<void> {
    while (!this.#isStopped) {
      const kind = actor.random.pick(KINDS)
      const key = actor.random.pick(keysOf(kind))
      await this.#attempt(() => this.objects[kind](actor, key))
      await sleep(actor.random.below(PAUSE_MS_MAX))
    }
  }

  /** Whether it went through. */
  async #attempt(operation: () => Promise<void>): Promise<boolean> {
    this.operations++
    try {
      await operation()
      return true
    } catch (error) {
      const reason = (error as Error).message.slice(0, 60)
      this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1)
      return false
    }
  }

  /** Stops when all that is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#workers)
    for (const client of this.#clients) client.close()
  }

  /**
   * Looks at everything once more, with a new client: what the old ones think of the grid plays no
   * part.
   */
  async audit(seeds: readonly Address[]): Promise<void> {
    const [, connect] = clusterClients[0]!
    const client = await connect(seeds, 'careful')
    const actor: Actor = {
      name: 'audit',
      client,
      grid: latchkey(client.redis),
      random: this.#random,
      unique: () => ++this.#unique,
    }
    const { objects } = this
    const looks = [
      ...keysOf('register').map(key => () => objects.readRegister(actor, key)),
      ...keysOf('counter').map(key => () => objects.readCounter(actor, key)),
      ...keysOf('set').map(key => () => objects.readSet(actor, key)),
      ...keysOf('lock').map(key => () => objects.lock(actor, key)),
    ]
    try {
      for (const look of looks) await this.#insist(look)
    } finally {
      client.close()
    }
  }

  async #insist(look: () => Promise<void>): Promise<void> {
    for (let tries = 0; tries < AUDIT_TRIES_MAX; tries++) {
      if (await this.#attempt(look)) return
      await sleep(AUDIT_PAUSE_MS)
    }
    throw new Error(`the grid does not answer any more: ${this.describeFailures()}`)
  }

  describeFailures(): string {
    return [...this.failures].map(([reason, count]) => `${count}x ${reason}`).join('; ')
  }
}
