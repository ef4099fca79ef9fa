// The metadata plane as the data thread sees it: the last topology, the lease, and a way to ask.
//
// The lease is read from memory that the worker writes, the topology comes as a message and is
// therefore older. A lease counts only for the topology that it was granted on, so until that has
// arrived there is none (event.ts says why).

import type { Worker } from 'node:worker_threads'
import type { TopologyEntry } from '../topology/entry.ts'
import type { Topology } from '../topology/topology.ts'
import type { Ending } from './event.ts'
import type { Identity } from './identity.ts'
import type { Log } from './log.ts'
import { monotonicMs } from './monotonic.ts'
import type { Policy } from './options.ts'
import type { HandOverOrder, MetadataPort } from './port.ts'
import type { SharedState } from './shared-state.ts'
import type { ShellStatus } from './shell.ts'
import type { FromWorker, ToWorker } from './thread-message.ts'
import { withDelta } from './topology-delta.ts'

export class ThreadPort implements MetadataPort {
  readonly #worker: Worker
  readonly #shared: SharedState
  /** What this thread's clock shows less than the shared one; never too little. */
  readonly #clockOffsetMs: number
  readonly #topologyListeners: ((topology: Topology) => void)[] = []
  readonly #handOverListeners: ((order: HandOverOrder) => void)[] = []
  readonly #endListeners: ((ending: Ending) => void)[] = []
  #topology: Topology
  #identity: Identity
  #status: ShellStatus | undefined
  #ending: Ending | undefined

  /** `topology` is what the worker has told so far. Leases are told by `clock`, this thread's. */
  constructor(
    worker: Worker,
    shared: SharedState,
    topology: Topology,
    identity: Identity,
    clock: { monotonic(): number },
    log: Log,
  ) {
    this.#worker = worker
    this.#shared = shared
    const now = clock.monotonic()
    this.#clockOffsetMs = monotonicMs() - now
    this.#topology = topology
    this.#identity = identity
    worker.on('message', (message: FromWorker) => this.#receive(message, log))
  }

  /** Who this node is. Its cluster is known: it has founded or joined one. */
  get identity(): Identity {
    return this.#identity
  }

  get topology(): Topology {
    return this.#topology
  }

  get leaseUntil(): number {
    const until = this.#shared.leaseUntil(this.#topology.epoch)
    return until === 0 ? 0 : until - this.#clockOffsetMs
  }

  /** As it was a second ago or later; undefined at the very beginning. */
  get status(): ShellStatus | undefined {
    return this.#status
  }

  onTopology(listener: (topology: Topology) => void): void {
    this.#topologyListeners.push(listener)
  }

  onHandOver(listener: (order: HandOverOrder) => void): void {
    this.#handOverListeners.push(listener)
  }

  /** The node is out of its cluster for good: it was drained or forgotten, or replaced. */
  onEnded(listener: (ending: Ending) => void): void {
    this.#endListeners.push(listener)
    if (this.#ending !== undefined) listener(this.#ending)
  }

  propose(entries: readonly TopologyEntry[]): void {
    this.#send({ kind: 'propose', entries })
  }

  tick(): void {
    this.#shared.tick()
  }

  setPolicy(policy: Policy): void {
    this.#send({ kind: 'policy', policy })
  }

  /** Ends when the directory is free again. */
  async stop(): Promise<void> {
    const exited = new Promise(resolve => this.#worker.once('exit', resolve))
    this.#send({ kind: 'stop' })
    await exited
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  #receive(message: FromWorker, log: Log): void {
    switch (message.kind) {
      case 'topology':
        this.#identity = message.identity
        this.#topology = withDelta(this.#topology, message.delta)
        for (const listener of this.#topologyListeners) listener(this.#topology)
        return
      case 'orders':
        for (const order of message.orders) {
          for (const listener of this.#handOverListeners) listener(order)
        }
        return
      case 'status':
        this.#status = message.status
        return
      case 'ended':
        this.#ending = message.ending
        for (const listener of this.#endListeners) listener(message.ending)
        return
      case 'log':
        log[message.level](message.facts, message.text)
        return
      case 'refused':
        return
    }
  }
}
