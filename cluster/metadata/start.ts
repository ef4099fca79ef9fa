// Starts the metadata plane of this process on a thread of its own.

import { Worker } from 'node:worker_threads'
import type { Clock } from '../../src/clock.ts'
import type { Config } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/directive.ts'
import type { SettingName } from '../../src/config/settings.ts'
import { findMember, type Topology } from '../topology/topology.ts'
import { configuredPolicy, configuredShell } from './configured.ts'
import type { Ending } from './event.ts'
import type { Log } from './log.ts'
import { SharedState } from './shared-state.ts'
import type { FromWorker, WorkerStart } from './thread-message.ts'
import { ThreadPort } from './thread-port.ts'
import { withDelta } from './topology-delta.ts'

const TICK_MS = 100

const POLICY_SETTINGS = [
  'cluster-owners',
  'cluster-voters',
  'cluster-replace-timeout',
  'cluster-lost-segments',
] as const satisfies readonly SettingName[]

/**
 * A worker thread is started from a file, and Node 20 runs no TypeScript. So from sources, as in
 * tests, the worker is the one that was built last.
 */
const WORKER_FILE = import.meta.url.endsWith('.ts')
  ? '../../dist/cluster/metadata/worker.js'
  : './worker.js'

export interface MetadataStart {
  readonly config: Config
  /** On which this node listens for clients. */
  readonly clientPort: number
  /** Of the data thread. */
  readonly clock: Clock
  readonly log: Log
  /** The metadata plane has failed: the process must end. */
  readonly onFailure: (error: Error) => void
}

/** Why a node that was out of its cluster before it started does not start. */
function outBefore(ending: Ending, directory: string): string {
  return ending === 'forgotten'
    ? `the cluster has forgotten this node; without ${directory} it joins as a new one`
    : `another process runs as this node; is ${directory} a copy?`
}

/**
 * Comes back when the node knows a topology that it is in, in this life or an earlier one: founded,
 * remembered or joined. A node that nobody lets in waits, and says so in the log. Fails with a ConfigError if the directory
 * is in use or damaged, or if the bus cannot listen.
 */
export function startMetadata(start: MetadataStart): Promise<ThreadPort> {
  const { config, clientPort, clock, log, onFailure } = start
  const options = configuredShell(config.values, clientPort)
  if (options.isLocalOnly) {
    log.warn({}, 'without cluster-secret only nodes of this machine can join')
  }
  const state = new SharedState()
  // Until the node runs, this is how the data thread shows that it lives.
  const ticking = setInterval(() => state.tick(), TICK_MS)
  const workerData: WorkerStart = { options, shared: state.buffer }
  const worker = new Worker(new URL(WORKER_FILE, import.meta.url), { workerData })
  let topology: Topology | undefined
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      clearInterval(ticking)
      reject(error)
    }
    const receive = (message: FromWorker) => {
      if (message.kind === 'log') log[message.level](message.facts, message.text)
      if (message.kind === 'refused') failed(new ConfigError(message.reason))
      if (message.kind === 'ended') {
        void worker.terminate()
        failed(new ConfigError(outBefore(message.ending, options.directory)))
      }
      if (message.kind !== 'topology') return
      const { identity, delta } = message
      topology = withDelta(topology, delta)
      // A newcomer is told first what was there before it.
      if (findMember(topology, identity.id) === undefined) return
      clearInterval(ticking)
      worker.off('message', receive)
      worker.off('error', failed)
      worker.on('error', onFailure)
      const port = new ThreadPort(worker, state, topology, identity, clock, log)
      for (const name of POLICY_SETTINGS) {
        config.onChange(name, () => port.setPolicy(configuredPolicy(config.values)))
      }
      resolve(port)
    }
    worker.on('error', failed)
    worker.on('message', receive)
  })
}
