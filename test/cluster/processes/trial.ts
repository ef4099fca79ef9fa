// One cluster under load that goes through faults, and what is known in the end.
//
// The careful clients' history must be linearizable. The stock clients must read what they wrote; of
// their errors the fault decides which are forgiven. Times are reported and judged by nobody here.

import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Seeded } from '../raft/seeded.ts'
import { primaryOf } from './grid-report.ts'
import { Load } from './load.ts'
import type { Namespaces } from './namespaces.ts'
import type { NodeProcess } from './node-process.ts'
import { outageOf } from './outage.ts'
import { type ClusterOptions, type ProcessCluster, withCluster } from './process-cluster.ts'
import { StockLoad } from './stock-load.ts'

export interface Fault {
  readonly name: string
  readonly summary: string
  /** Of the cluster, before and after. */
  readonly nodes: number
  /** Whether stock ioredis sees no error at all. */
  readonly isUnseen: boolean
  inflict(trial: Trial): Promise<void>
}

/** Milliseconds, by what they measure. */
export type Figures = Map<string, number[]>

export class Trial {
  readonly cluster: ProcessCluster
  readonly random: Seeded
  readonly figures: Figures = new Map()
  readonly stock: readonly StockLoad[]
  readonly #network: Namespaces | undefined

  constructor(
    cluster: ProcessCluster,
    random: Seeded,
    stock: readonly StockLoad[],
    network: Namespaces | undefined,
  ) {
    this.cluster = cluster
    this.random = random
    this.stock = stock
    this.#network = network
  }

  get network(): Namespaces {
    if (this.#network === undefined) throw new Error('this fault needs cables to cut')
    return this.#network
  }

  note(what: string, ms: number): void {
    const values = this.figures.get(what) ?? []
    values.push(ms)
    this.figures.set(what, values)
  }

  /** Some node that runs. */
  anyNode(): NodeProcess {
    return this.random.pick(this.cluster.running)
  }

  /** The leader of the quorum. */
  async coordinator(): Promise<NodeProcess> {
    const { cluster } = this
    const [node] = cluster.running
    const info = String(await node!.ask('CLUSTER', 'INFO'))
    const id = /^cluster_quorum_leader:(\w+)/m.exec(info)?.[1]
    const report = await cluster.report(node!)
    const found = cluster.running.find(each => cluster.idOf(report, each) === id)
    if (found === undefined) throw new Error(`who is the coordinator? ${info}`)
    return found
  }

  /** Brings about a fault of a node, and notes how long its keys were out of reach. */
  async outage(node: NodeProcess, fault: () => void | Promise<void>): Promise<void> {
    const report = await this.cluster.report(node)
    const id = this.cluster.idOf(report, node)
    const { faultAt, ms } = await outageOf(this.cluster, node, fault)
    this.note('first write', ms)
    await this.#answered(faultAt, segment => primaryOf(report, segment) === id)
  }

  /** The same as the stock clients saw it. A client that is stuck on a silent node sees nothing. */
  async #answered(since: number, isConcerned: (segment: number) => boolean): Promise<void> {
    const deadline = performance.now() + STOCK_WAIT_MS
    const times = () => this.stock.map(load => load.firstAnswer(since, isConcerned))
    while (times().includes(undefined) && performance.now() < deadline) await sleep(50)
    times().forEach((time, i) => {
      if (time !== undefined) this.note(`first answer, ${this.stock[i]!.name}`, time)
    })
  }
}

const STOCK_WAIT_MS = 1_500
const CALM_MS = 300

export interface TrialOptions extends Omit<ClusterOptions, 'nodes' | 'place'> {
  readonly faults: readonly Fault[]
  readonly seed: number
  readonly network?: Namespaces
  readonly progress?: (line: string) => void
}

export interface Outcome {
  readonly figures: Figures
  readonly operations: number
  /** What operations of the careful clients ran into. */
  readonly failures: string
}

/** The faults one after the other; throws if anything came out that must not. */
export async function runTrial(options: TrialOptions): Promise<Outcome> {
  const { faults, seed, network, progress = () => undefined, ...rest } = options
  const nodes = faults[0]?.nodes ?? 0
  const random = new Seeded(seed)
  const place = network === undefined ? {} : { place: network }
  return withCluster({ ...rest, ...place, nodes }, async cluster => {
    const seeds = cluster.addresses
    const stock = await Promise.all(
      ['ioredis 5', 'ioredis 6'].map(library => StockLoad.start({ library, seeds, random })),
    )
    const load = await Load.start({ seeds, random })
    const trial = new Trial(cluster, random, stock, network)
    let isUnseen = true
    try {
      for (const fault of faults) {
        isUnseen &&= fault.isUnseen
        await sleep(CALM_MS)
        const startedAt = performance.now()
        await fault.inflict(trial)
        await cluster.stable(nodes)
        trial.note(`${fault.name}, until all is as before`, performance.now() - startedAt)
        progress(`${fault.name}: ${Math.round(performance.now() - startedAt)} ms`)
        const errors = stock.flatMap(each => each.errors)
        if (isUnseen && errors.length > 0) {
          throw new Error(`${fault.name}: stock clients saw ${errors.slice(0, 5).join('; ')}`)
        }
      }
      await sleep(CALM_MS)
    } finally {
      await Promise.all([load.stop(), ...stock.map(each => each.stop())])
    }
    await load.audit(cluster.addresses)
    load.objects.verify()
    const misreadings = stock.flatMap(each => each.misreadings)
    if (misreadings.length > 0) throw new Error(misreadings.slice(0, 5).join('; '))
    return {
      figures: trial.figures,
      operations: load.operations + stock.reduce((sum, each) => sum + each.operations, 0),
      failures: load.describeFailures(),
    }
  })
}
