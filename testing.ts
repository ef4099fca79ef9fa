// testing.ts — latchkey/testing: a server or a whole cluster in the process of a test.
//
// Nodes are real ones: they listen on free ports of the loopback interface, replicate, fail over.
// All of them share the event loop of the test, but for the threads on which they agree who serves
// what. Their directories are temporary, and nothing is left when they are stopped.

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import type { Topology } from './cluster/topology/topology.ts'
import { type Launched, launch } from './launch.ts'
import { Config } from './src/config/config.ts'

const HOST = '127.0.0.1'
const NODES_DEFAULT = 3
const NODES_MAX = 16
const STABLE_TIMEOUT_MS = 30_000
const STABLE_LOOK_MS = 10
/** Another process may take a port that was free a moment ago. */
const START_TRIES_MAX = 5

/**
 * Machines that run tests are busy, and a test that stands at a breakpoint is no failure of its
 * nodes, so they have more patience with each other than by default. A node that is killed is missed
 * at once all the same, and its copies are soon made elsewhere.
 */
const CLUSTER_SETTINGS = {
  'cluster-heartbeat-interval': 200,
  'cluster-lease': 2_000,
  'cluster-node-timeout': 3_000,
  'cluster-stall-timeout': 3_600_000,
  'cluster-replace-timeout': 200,
} as const

/** By the names of the configuration file; several words are an array. */
export type TestSettings = Readonly<
  Record<string, string | number | boolean | readonly (string | number)[]>
>

export interface ServerOptions {
  readonly settings?: TestSettings
  /** Where nodes log; silent by default. */
  readonly log?: Logger
}

export interface ClusterOptions extends ServerOptions {
  /** 3 by default. */
  readonly nodes?: number
}

/** Where something listens. */
export interface TestNode {
  readonly host: string
  readonly port: number
}

export interface TestServer extends TestNode, AsyncDisposable {
  stop(): Promise<void>
}

export interface TestCluster extends AsyncDisposable {
  /** All that were started, those that are dead too. */
  readonly nodes: readonly TestNode[]
  /** Ends a node as if its process had died: nothing is handed over before. */
  kill(index: number): Promise<void>
  /** Adds a node. */
  add(): Promise<TestNode>
  /** Until every key has all its copies on nodes that live. */
  stable(): Promise<void>
  stop(): Promise<void>
}

/** A node and the directory that goes with it. */
class Instance implements TestNode {
  readonly host = HOST
  readonly port: number
  readonly busPort: number
  readonly #directory: string
  readonly #launched: Launched
  isAlive = true

  private constructor(port: number, busPort: number, directory: string, launched: Launched) {
    this.port = port
    this.busPort = busPort
    this.#directory = directory
    this.#launched = launched
  }

  static async start(settings: TestSettings, log: Logger): Promise<Instance> {
    for (let tries = 1; ; tries++) {
      const port = await freePort()
      const busPort = await freePort()
      const directory = mkdtempSync(join(tmpdir(), 'latchkey-testing-'))
      const addresses = { bind: HOST, port, 'cluster-port': busPort, dir: directory }
      const config = new Config()
      const onShutdown = (reason: string) => log.info({ port, reason }, 'node asked for its end')
      try {
        config.load(directives({ ...settings, ...addresses }))
        const launched = await launch({ config, configFile: undefined, log, onShutdown })
        return new Instance(port, busPort, directory, launched)
      } catch (error) {
        rmSync(directory, { recursive: true, force: true })
        const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
        if (!isTaken || tries === START_TRIES_MAX) throw error
      }
    }
  }

  /** What the node knows of its cluster. */
  get topology(): Topology {
    const { node } = this.#launched
    if (node === undefined) throw new Error('a node without a cluster')
    return node.topology
  }

  async end(): Promise<void> {
    if (!this.isAlive) return
    this.isAlive = false
    await this.#launched.kill()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

class Cluster implements TestCluster {
  readonly nodes: Instance[] = []
  readonly #settings: TestSettings
  readonly #log: Logger
  readonly #owners: number

  constructor({ settings = {}, log = pino({ level: 'silent' }) }: ServerOptions) {
    this.#settings = {
      'cluster-secret': randomBytes(20).toString('hex'),
      ...CLUSTER_SETTINGS,
      ...settings,
      'cluster-enabled': true,
    }
    const config = new Config()
    config.load(directives(this.#settings))
    this.#owners = config.values['cluster-owners']
    this.#log = log
  }

  get #living(): Instance[] {
    return this.nodes.filter(({ isAlive }) => isAlive)
  }

  async add(): Promise<TestNode> {
    const seeds = this.#living.map(({ port, busPort }) => `${HOST}:${port}@${busPort}`)
    const settings = seeds.length === 0 ? {} : { 'cluster-join': seeds }
    const node = await Instance.start({ ...this.#settings, ...settings }, this.#log)
    this.nodes.push(node)
    return node
  }

  async kill(index: number): Promise<void> {
    const node = this.nodes[index]
    if (node === undefined) throw new RangeError(`no node ${index}`)
    await node.end()
  }

  async stable(): Promise<void> {
    const deadline = performance.now() + STABLE_TIMEOUT_MS
    while (!this.#isStable) {
      if (performance.now() > deadline) {
        throw new Error(`the cluster is not stable after ${STABLE_TIMEOUT_MS} ms`)
      }
      await sleep(STABLE_LOOK_MS)
    }
  }

  get #isStable(): boolean {
    const living = this.#living
    const topologies = living.map(node => node.topology)
    const [first] = topologies
    if (first === undefined) throw new Error('no node lives')
    const up = first.members.filter(({ state }) => state === 'up').map(({ port }) => port)
    const owners = Math.min(this.#owners, living.length)
    return (
      topologies.every(({ epoch }) => epoch === first.epoch) &&
      up.length === living.length &&
      living.every(({ port }) => up.includes(port)) &&
      first.segments.every(
        each =>
          each.owners.length === owners &&
          each.inSync.length === owners &&
          each.pending.length === 0,
      )
    )
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(node => node.end()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** One server, which is no cluster. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const { settings = {}, log = pino({ level: 'silent' }) } = options
  const node = await Instance.start(settings, log)
  const stop = () => node.end()
  return { host: node.host, port: node.port, stop, [Symbol.asyncDispose]: stop }
}

/** A cluster in which every key has all its copies. */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const { nodes = NODES_DEFAULT } = options
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > NODES_MAX) {
    throw new RangeError(`a test cluster has 1 to ${NODES_MAX} nodes`)
  }
  const cluster = new Cluster(options)
  try {
    for (let i = 0; i < nodes; i++) await cluster.add()
    await cluster.stable()
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

function directives(settings: TestSettings) {
  return Object.entries(settings).map(([name, value]) => ({
    name,
    words: wordsOf(value),
    origin: 'latchkey/testing',
  }))
}

function wordsOf(value: TestSettings[string]): string[] {
  if (typeof value === 'boolean') return [value ? 'yes' : 'no']
  return typeof value === 'object' ? value.map(String) : [String(value)]
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, HOST, () => {
      const address = probe.address()
      if (address === null || typeof address === 'string') throw new Error('a port was expected')
      probe.close(() => resolve(address.port))
    })
  })
}
