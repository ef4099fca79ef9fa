// A cluster of processes, each with a directory of its own.
//
// What the nodes log and keep is deleted when the test is over, but after a failure: then the
// message says where it is.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RespError } from '../../harness/resp-value.ts'
import { type GridReport, primaryOf, readReport, unrest } from './grid-report.ts'
import { NodeProcess } from './node-process.ts'
import { type Address, BUS_OFFSET, Loopback, type Place } from './place.ts'

const STABLE_TIMEOUT_MS = 60_000
const LOOK_MS = 50

export interface ClusterOptions {
  readonly nodes: number
  readonly place?: Place
  /** Beyond what makes a cluster of them. */
  readonly settings?: readonly string[]
  readonly owners?: number
}

export class ProcessCluster {
  readonly nodes: NodeProcess[] = []
  readonly folder = mkdtempSync(join(tmpdir(), 'latchkey-cluster-'))
  readonly #place: Place
  readonly #settings: readonly string[]
  readonly #owners: number

  constructor({ place = new Loopback(), settings = [], owners = 2 }: ClusterOptions) {
    this.#place = place
    this.#owners = owners
    this.#settings = [
      ...['--cluster-owners', String(owners), '--cluster-secret', 'of the tests', ...settings],
    ]
  }

  /** Those that run. */
  get running(): NodeProcess[] {
    return this.nodes.filter(node => node.isRunning)
  }

  get addresses(): Address[] {
    return this.running.map(node => node.address)
  }

  /** Starts one more node. It is a member some time later. */
  async add(): Promise<NodeProcess> {
    const address = await this.#place.address()
    // The first ones of a cluster, so that it is no matter which of them is gone.
    const seeds = this.nodes.map(
      ({ address: { host, port } }) => `${host}:${port}@${port + BUS_OFFSET}`,
    )
    const join = seeds.length === 0 ? [] : ['--cluster-join', ...seeds]
    const name = `node-${this.nodes.length + 1}`
    const settings = [...this.#settings, ...join]
    const node = new NodeProcess(name, this.folder, this.#place, address, settings)
    this.nodes.push(node)
    await node.start()
    return node
  }

  /** As one of the nodes sees it. */
  async report(from: NodeProcess): Promise<GridReport> {
    return readReport(await from.ask('CLUSTER', 'TOPOLOGY'))
  }

  /**
   * Until so many members are up, every segment has its owners in sync, the nodes are balanced, and all
   * those that run agree on it.
   */
  async stable(up = this.running.length, timeoutMs = STABLE_TIMEOUT_MS): Promise<GridReport> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const look = await this.#look(up)
      if (typeof look !== 'string') return look
      if (performance.now() > deadline) {
        throw new Error(`not stable after ${timeoutMs} ms: ${look}`)
      }
      await sleep(LOOK_MS)
    }
  }

  async #look(up: number): Promise<GridReport | string> {
    let reports: GridReport[]
    try {
      reports = await Promise.all(this.running.map(node => this.report(node)))
    } catch (error) {
      return String(error)
    }
    return unrest(reports, { up, owners: this.#owners }) ?? reports[0]!
  }

  /** Which node is the primary of a segment, if it is one that runs. */
  primary(report: GridReport, segment: number): NodeProcess | undefined {
    const id = primaryOf(report, segment)
    const member = report.members.find(each => each.id === id)
    return this.running.find(
      ({ address }) => address.host === member?.host && address.port === member.port,
    )
  }

  /** The id of a node in a report. */
  idOf(report: GridReport, { address, name }: NodeProcess): string {
    const { host, port } = address
    const member = report.members.find(each => each.host === host && each.port === port)
    if (member === undefined) throw new Error(`${name} is no member`)
    return member.id
  }

  /** Hands over what a node has, waits until it is a member no more, and ends it. */
  async drain(node: NodeProcess, timeoutMs = STABLE_TIMEOUT_MS): Promise<void> {
    const others = this.running.filter(each => each !== node)
    const id = this.idOf(await this.report(others[0]!), node)
    const reply = await others[0]!.ask('CLUSTER', 'DRAIN', id)
    if (reply instanceof RespError) throw new Error(`CLUSTER DRAIN: ${reply.text}`)
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const { members } = await this.report(others[0]!)
      if (members.every(member => member.id !== id)) break
      if (performance.now() > deadline) throw new Error(`not drained after ${timeoutMs} ms`)
      await sleep(LOOK_MS)
    }
    await node.end()
    this.nodes.splice(this.nodes.indexOf(node), 1)
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map(node => node.end()))
    this.#place.close()
  }

  forget(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A stable cluster for as long as the work with it lasts. */
export async function withCluster<T>(
  options: ClusterOptions,
  work: (cluster: ProcessCluster) => Promise<T>,
): Promise<T> {
  const cluster = new ProcessCluster(options)
  try {
    for (let i = 0; i < options.nodes; i++) await cluster.add()
    await cluster.stable()
    const result = await work(cluster)
    await cluster.close()
    cluster.forget()
    return result
  } catch (error) {
    await cluster.close()
    throw new Error(`${(error as Error).message}\nThe logs of the nodes are in ${cluster.folder}`, {
      cause: error,
    })
  }
}
