// The clusters that are compared: three nodes of Latchkey, each keeping copies for the others, and a
// Redis Cluster of three primaries with a replica each, which is as many copies.
//
// All processes of a cluster share the servers' core, so what counts is what a command costs the
// cluster as a whole, copies included.
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Address, Loopback } from '../../test/cluster/processes/place.ts'
import { ProcessCluster } from '../../test/cluster/processes/process-cluster.ts'
import { RespClient } from '../../test/harness/resp-client.ts'
import { type ServerProcess, startServerProcess } from '../../test/harness/server-process.ts'
import { onServerCore } from '../contender.ts'
import { cpuSeconds } from '../process-clock.ts'

export const PRIMARIES = 3
const REDIS_OPTIONS = ['--save', '', '--appendonly', 'no', '--cluster-enabled', 'yes']
const READY_TIMEOUT_MS = 60_000
const READY_LOOK_MS = 200

export interface RunningCluster {
  readonly label: string
  readonly seeds: readonly Address[]
  /** Of all its processes together, in seconds. */
  cpuSeconds(): number
  stop(): Promise<void>
}

class PinnedLoopback extends Loopback {
  override commandAt(_: Address, command: readonly string[]): readonly string[] {
    return onServerCore(command)
  }
}

const sumOf = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)

export class LatchkeyCluster implements RunningCluster {
  readonly label = `Latchkey, ${PRIMARIES} nodes, 2 owners, synchronous`
  readonly processes = new ProcessCluster({ nodes: PRIMARIES, place: new PinnedLoopback() })

  static async start(): Promise<LatchkeyCluster> {
    const cluster = new LatchkeyCluster()
    for (let i = 0; i < PRIMARIES; i += 1) await cluster.processes.add()
    await cluster.processes.stable(PRIMARIES, READY_TIMEOUT_MS)
    return cluster
  }

  get seeds(): readonly Address[] {
    return this.processes.addresses
  }

  cpuSeconds(): number {
    return sumOf(this.processes.running.map(({ pid }) => pid))
  }

  async stop(): Promise<void> {
    await this.processes.close()
    this.processes.forget()
  }
}

class RedisCluster implements RunningCluster {
  readonly label = `Redis Cluster, ${PRIMARIES} primaries, ${PRIMARIES} replicas, asynchronous`
  readonly #servers: readonly ServerProcess[]

  constructor(servers: readonly ServerProcess[]) {
    this.#servers = servers
  }

  get seeds(): readonly Address[] {
    return this.#servers
  }

  cpuSeconds(): number {
    return sumOf(this.#servers.map(({ pid }) => pid))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map(server => server.stop()))
  }
}

export async function startRedisCluster(): Promise<RunningCluster> {
  const command = onServerCore(['redis-server'])
  const servers: ServerProcess[] = []
  for (let i = 0; i < 2 * PRIMARIES; i += 1) {
    // The bus listens 10000 higher.
    const { port } = await new Loopback().address()
    servers.push(await startServerProcess(command, REDIS_OPTIONS, port))
  }
  const addresses = servers.map(({ host, port }) => `${host}:${port}`)
  const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes']
  await promisify(execFile)('redis-cli', create)
  for (const server of servers) await untilReady(server)
  return new RedisCluster(servers)
}

/** Its replicas have what there is. */
async function untilReady({ port }: ServerProcess): Promise<void> {
  const client = await RespClient.connect(port)
  const deadline = performance.now() + READY_TIMEOUT_MS
  for (;;) {
    const cluster = String(await client.call('CLUSTER', 'INFO'))
    const replication = String(await client.call('INFO', 'replication'))
    const isLinked = /master_link_status:up|connected_slaves:1/.test(replication)
    if (cluster.includes('cluster_state:ok') && isLinked) break
    if (performance.now() > deadline) throw new Error('the Redis Cluster does not get ready')
    await sleep(READY_LOOK_MS)
  }
  await client.close()
}
