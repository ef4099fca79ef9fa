// The thread of the metadata plane. It lives as long as the process; an error that nobody expects
// ends both.

import assert from 'node:assert/strict'
import { parentPort, workerData } from 'node:worker_threads'
import { DecodeError } from '../raft/bytes.ts'
import type { Topology } from '../topology/topology.ts'
import { DirectoryInUse } from './directory-lock.ts'
import type { Log, LogLevel } from './log.ts'
import { OwnCluster } from './own-cluster.ts'
import { SharedState } from './shared-state.ts'
import { MetadataShell, type ShellEvents } from './shell.ts'
import type { FromWorker, ToWorker, WorkerStart } from './thread-message.ts'
import { deltaOf } from './topology-delta.ts'

assert(parentPort !== null, 'this is the code of a worker thread')
const port = parentPort
const { options, shared } = workerData as WorkerStart

function tell(message: FromWorker): void {
  port.postMessage(message)
}

function line(level: LogLevel): Log[LogLevel] {
  return (facts, text) => tell({ kind: 'log', level, facts, text })
}

const log: Log = {
  debug: line('debug'),
  info: line('info'),
  warn: line('warn'),
  error: line('error'),
}

/** The last topology that the data thread was told. */
let told: Topology | undefined

/** Undefined if it could not start. */
async function start(): Promise<MetadataShell | undefined> {
  const events: ShellEvents = {
    topology: (topology, identity) => {
      tell({ kind: 'topology', delta: deltaOf(told, topology), identity })
      told = topology
    },
    orders: orders => tell({ kind: 'orders', orders }),
    status: status => tell({ kind: 'status', status }),
    ended: ending => tell({ kind: 'ended', ending }),
    failed: error => {
      throw error
    },
  }
  try {
    return await MetadataShell.start(options, new SharedState(shared), events, log)
  } catch (error) {
    if (!isOperatorsToMend(error)) throw error
    tell({ kind: 'refused', reason: (error as Error).message })
    return undefined
  }
}

/** A directory in use, damaged, not to be written or of another cluster; a port that is taken. */
function isOperatorsToMend(error: unknown): boolean {
  const isOfSystem = (error as NodeJS.ErrnoException).syscall !== undefined
  const isOfFile = error instanceof DecodeError || error instanceof SyntaxError
  return isOfSystem || isOfFile || error instanceof DirectoryInUse || error instanceof OwnCluster
}

const shell = await start()

if (shell !== undefined) {
  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'propose':
        return shell.propose(message.entries)
      case 'policy':
        return shell.setPolicy(message.policy)
      case 'stop':
        shell.stop().then(() => port.close())
        return
    }
  })
}
