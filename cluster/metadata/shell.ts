// The metadata plane with a clock, a disk and sockets: it carries out what the machine wants.
//
// It decides nothing. Each step's effects are carried out in the order that event.ts asks for. It
// runs on a thread of its own (worker.ts), so that no command delays a heartbeat.

import { randomBytes } from 'node:crypto'
import { DecodeError } from '../raft/bytes.ts'
import type { NodeId } from '../raft/configuration.ts'
import type { TopologyEntry } from '../topology/entry.ts'
import type { Introduction, Member } from '../topology/member.ts'
import { holds } from '../topology/segment.ts'
import { findMember, type Topology } from '../topology/topology.ts'
import { Bus } from './bus.ts'
import { BusError } from './bus-frame.ts'
import { BusPorts } from './bus-ports.ts'
import { decodeMetadataMessage, encodeMetadataMessage } from './codec.ts'
import type { Ending, MetadataEvent, Notice } from './event.ts'
import { foundingDisk } from './founding.ts'
import type { Identity } from './identity.ts'
import { LeaseWatch } from './lease-watch.ts'
import type { Log } from './log.ts'
import { HOW_TO_ACCEPT_LOSS, lostForGood } from './lost-segments.ts'
import type { Address, MetadataMessage } from './message.ts'
import { Metadata, type MetadataStatus } from './metadata.ts'
import { monotonicMs } from './monotonic.ts'
import type { MetadataOptions, Policy } from './options.ts'
import { assertNotElsewhere } from './own-cluster.ts'
import type { HandOverOrder } from './port.ts'
import type { SharedState } from './shared-state.ts'
import { Storage } from './storage.ts'

const TICK_MS = 10
const STATUS_MS = 1_000
const WAITING_MS = 5_000
/** For which an orderly end waits at most. */
const END_MS = 1_000
const CLUSTER_ID_BYTES = 20
/** Different notices about refusals; each is logged once, until so many are forgotten together. */
const REFUSALS_MAX = 1_000

export interface ShellOptions {
  /** Made if it is not there. Belongs to one process. */
  readonly directory: string
  /** What this node tells of itself, besides who it is. */
  readonly introduction: Omit<Introduction, 'id' | 'incarnation'>
  readonly seeds: readonly Address[]
  readonly bind: readonly string[]
  readonly busPort: number
  readonly secret: string
  /** Whether only nodes on this machine are talked to. */
  readonly isLocalOnly: boolean
  readonly metadata: MetadataOptions
}

export interface ShellStatus extends MetadataStatus {
  /** Of consensus on disk. */
  readonly logBytes: number
}

export interface ShellEvents {
  topology(topology: Topology, identity: Identity): void
  orders(orders: readonly HandOverOrder[]): void
  status(status: ShellStatus): void
  /** The node is out of its cluster for good. */
  ended(ending: Ending): void
  /** The disk failed: the process must end. */
  failed(error: Error): void
}

export class MetadataShell {
  readonly #machine: Metadata
  readonly #storage: Storage
  readonly #bus: Bus
  readonly #shared: SharedState
  readonly #events: ShellEvents
  readonly #log: Log
  readonly #seeds: readonly Address[]
  readonly #leaseWatch = new LeaseWatch()
  readonly #refusals = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #statusAt = 0
  #lostTold = 0
  #waitingToldAt = monotonicMs()
  #ticksSeen: number
  #isOut = false
  #topology: Topology | undefined
  #isTopologyDue = false

  private constructor(
    options: ShellOptions,
    storage: Storage,
    ports: BusPorts,
    shared: SharedState,
    events: ShellEvents,
    log: Log,
  ) {
    const { introduction, metadata, secret, isLocalOnly } = options
    const { id, incarnation, cluster, peers } = storage.identity
    const seeds = [...options.seeds, ...peers]
    this.#storage = storage
    this.#shared = shared
    this.#events = events
    this.#log = log
    this.#seeds = seeds
    this.#ticksSeen = shared.ticks
    const self = { ...introduction, id, incarnation }
    const { restored } = storage
    const setup = { self, cluster, restored, seeds, options: metadata, random: Math.random }
    this.#machine = new Metadata(setup, monotonicMs())
    this.#bus = new Bus({
      ports,
      own: () => ({ id, secret, cluster: this.#machine.cluster }),
      isLocalOnly,
      addressOf: member => this.#addressOf(member),
      receive: (from, bytes) => this.#receive(from, bytes),
      silenceMs: 2 * metadata.nodeTimeoutMs,
      clock: monotonicMs,
      log,
    })
    storage.events = {
      persisted: write => this.#step({ kind: 'persisted', write }),
      failed: error => events.failed(error),
    }
  }

  /**
   * Fails if the directory is in use or cannot be read, if it cannot listen, or if the node has a
   * cluster of its own and its seeds belong to another one.
   */
  static async start(
    options: ShellOptions,
    shared: SharedState,
    events: ShellEvents,
    log: Log,
  ): Promise<MetadataShell> {
    const storage = await Storage.open(options.directory)
    let ports: BusPorts | undefined
    try {
      if (storage.tornBytes > 0) {
        log.warn({ bytes: storage.tornBytes }, 'end of the log of consensus was torn off')
      }
      ports = await BusPorts.take(options.bind, options.busPort)
      await becomeSomebody(options, storage)
    } catch (error) {
      await ports?.close()
      await storage.close()
      throw error
    }
    const shell = new MetadataShell(options, storage, ports, shared, events, log)
    shell.#begin()
    return shell
  }

  get identity(): Identity {
    return this.#storage.identity
  }

  propose(entries: readonly TopologyEntry[]): void {
    this.#step({ kind: 'propose', entries })
  }

  setPolicy(policy: Policy): void {
    this.#step({ kind: 'policy', policy })
  }

  /**
   * Ends at once, or a moment later: when it is removed, if it has left and owns nothing any more;
   * when somebody else leads, if it does now and somebody can.
   */
  async stop(): Promise<void> {
    const deadline = monotonicMs() + END_MS
    const waitsFor = async (condition: () => boolean) => {
      while (!condition() && monotonicMs() < deadline) {
        await new Promise(resolve => setTimeout(resolve, TICK_MS))
      }
    }
    if (this.#hasLeft) await waitsFor(() => this.#isOut)
    this.#step({ kind: 'stop' })
    const mayHandOver = this.#machine.status.configuration.voters.length > 1
    if (mayHandOver) await waitsFor(() => !this.#machine.isCoordinator)
    clearInterval(this.#timer)
    await this.#bus.close()
    await this.#storage.close()
  }

  #begin(): void {
    this.#tellTopology(this.#machine.topology)
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /** An operator should know why commands are refused, and that it is over. */
  #watchLease(now: number): void {
    const change = this.#leaseWatch.look(now < this.#machine.lease.until, now)
    if (change === true) this.#log.info({}, 'lease granted: the node serves')
    if (change === false) this.#log.warn({}, 'lease ended: the node does not serve')
  }

  /** Everything looks well on a node that started with nothing, except that it refuses commands. */
  #watchLoss(): void {
    const { topology } = this.#machine
    const count = topology === undefined ? 0 : lostForGood(topology).length
    if (count === this.#lostTold) return
    this.#lostTold = count
    if (count > 0) this.#log.warn({ segments: count }, HOW_TO_ACCEPT_LOSS)
    else this.#log.info({}, 'no segment is lost any more')
  }

  #tick(): void {
    const { ticks } = this.#shared
    if (ticks !== this.#ticksSeen) {
      this.#ticksSeen = ticks
      this.#step({ kind: 'alive' })
    }
    this.#step({ kind: 'tick' })
    this.#bus.tick()
    const now = monotonicMs()
    this.#watchLease(now)
    if (now - this.#statusAt < STATUS_MS) return
    this.#statusAt = now
    if (this.#machine.topology === undefined && now >= this.#waitingToldAt + WAITING_MS) {
      this.#waitingToldAt = now
      this.#log.info({ seeds: this.#seeds }, 'waiting to be let into the cluster')
    }
    this.#watchLoss()
    this.#events.status({ ...this.#machine.status, logBytes: this.#storage.bytes })
  }

  #receive(from: NodeId, bytes: Buffer): void {
    const message = decoded(bytes)
    if (message.from !== from) throw new BusError('speaks for another node')
    this.#step({ kind: 'message', message })
  }

  #step(event: MetadataEvent): void {
    const effects = this.#machine.step(event, monotonicMs())
    this.#shared.publish(effects.lease)
    if (effects.joined !== undefined) {
      this.#storage.join(effects.joined)
      this.#log.info({ cluster: effects.joined }, 'joined a cluster')
    }
    for (const write of effects.writes) this.#storage.write(write)
    for (const { to, message } of effects.messages) {
      this.#bus.send(to, encodeMetadataMessage(message))
    }
    if (effects.topology !== undefined) this.#takeOver(effects.topology)
    if (effects.orders.length > 0) this.#events.orders(effects.orders)
    for (const notice of effects.notices) this.#tell(notice)
    if (effects.ended !== undefined) this.#end(effects.ended)
  }

  get #self(): Member | undefined {
    const { topology, self } = this.#machine
    return topology === undefined ? undefined : findMember(topology, self.id)
  }

  /** It is about to be removed: it leaves and owns nothing any more. */
  get #hasLeft(): boolean {
    const { topology, self } = this.#machine
    const isHolder = topology?.segments.some(segment => holds(segment, self.id))
    return this.#self?.isLeaving === true && !isHolder
  }

  #takeOver(topology: Topology): void {
    const self = this.#self
    // The record of an earlier life says nothing about this one.
    if (self?.incarnation === this.#machine.self.incarnation) {
      this.#storage.isLeaving = self.isLeaving
    }
    this.#tellTopology(topology)
  }

  /** The data thread is told the latest once a turn, however many changes the turn brought. */
  #tellTopology(topology: Topology | undefined): void {
    if (topology === undefined) return
    this.#topology = topology
    if (this.#isTopologyDue) return
    this.#isTopologyDue = true
    setImmediate(() => {
      this.#isTopologyDue = false
      this.#events.topology(this.#topology!, this.identity)
    })
  }

  #end(ending: Ending): void {
    clearInterval(this.#timer)
    this.#isOut = true
    this.#log.warn({ reason: ending }, 'out of the cluster')
    if (ending === 'forgotten' && this.#storage.identity.isLeaving) {
      // It left, it was not thrown out. Started again it may join again, as the new node that it is.
      const members = this.#machine.topology?.members ?? []
      const peers = members.filter(({ id }) => id !== this.#machine.self.id)
      this.#storage.leave(peers.map(({ host, busPort }) => ({ host, port: busPort })))
    }
    this.#events.ended(ending)
  }

  #tell(notice: Notice): void {
    const { kind, ...facts } = notice
    if (notice.kind === 'refused' || notice.kind === 'refusing') {
      const key = JSON.stringify(notice)
      if (this.#refusals.has(key)) return
      if (this.#refusals.size >= REFUSALS_MAX) this.#refusals.clear()
      this.#refusals.add(key)
      this.#log.warn(facts, notice.kind === 'refused' ? 'refused by a peer' : 'peer refused')
      return
    }
    const isBad = notice.kind === 'members failed' || notice.kind === 'data thread stalled'
    this.#log[isBad ? 'warn' : 'info'](facts, kind)
  }

  #addressOf(id: NodeId): Address | undefined {
    const { topology } = this.#machine
    const member = topology === undefined ? undefined : findMember(topology, id)
    return member === undefined ? undefined : { host: member.host, port: member.busPort }
  }
}

async function becomeSomebody(options: ShellOptions, storage: Storage): Promise<void> {
  const { introduction, seeds, secret, directory } = options
  const { id, incarnation, cluster, peers } = storage.identity
  if (cluster !== undefined) {
    await assertNotElsewhere({ id, secret, cluster }, storage.restored, seeds, directory)
  } else if (seeds.length === 0 && peers.length === 0) {
    // Nobody to ask: the first node of a new cluster.
    const disk = foundingDisk({ ...introduction, id, incarnation })
    await storage.found(randomBytes(CLUSTER_ID_BYTES).toString('hex'), disk)
  }
}

function decoded(bytes: Buffer): MetadataMessage {
  try {
    return decodeMetadataMessage(bytes)
  } catch (error) {
    if (error instanceof DecodeError) throw new BusError(error.message, { cause: error })
    throw error
  }
}
