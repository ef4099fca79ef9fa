// A whole grid of metadata planes in one process, under a seed: messages, disks and clocks are the
// test's.
//
// Messages pass through the codec. Writes take a while to become durable, and a crash keeps a
// prefix of those under way. Clocks start anywhere and run at slightly different rates. Each node
// has a small model of a data thread: it hears of topologies late, serves what it is primary of
// while its lease holds, brings copies in sync, and hands over when told. At every millisecond no
// two nodes may serve the same segment.

import assert from 'node:assert/strict'
import { decodeMetadataMessage, encodeMetadataMessage } from '../../../cluster/metadata/codec.ts'
import type {
  Ending,
  MetadataEffects,
  MetadataEvent,
  Notice,
} from '../../../cluster/metadata/event.ts'
import { foundingDisk } from '../../../cluster/metadata/founding.ts'
import type { Address, ClusterId, MetadataMessage } from '../../../cluster/metadata/message.ts'
import { Metadata } from '../../../cluster/metadata/metadata.ts'
import {
  DEFAULT_METADATA_OPTIONS,
  type MetadataOptions,
} from '../../../cluster/metadata/options.ts'
import type { PlanLimits } from '../../../cluster/placement/plan.ts'
import type { NodeId } from '../../../cluster/raft/configuration.ts'
import type { Introduction } from '../../../cluster/topology/member.ts'
import { primary } from '../../../cluster/topology/segment.ts'
import { findMember, SEGMENT_COUNT, type Topology } from '../../../cluster/topology/topology.ts'
import { Seeded } from '../raft/seeded.ts'
import { introduction } from '../topology/fixtures.ts'
import { DataThread } from './data-thread.ts'
import { SimulatedDisk } from './simulated-disk.ts'

export interface Faults {
  readonly lossRate: number
  readonly duplicationRate: number
  readonly delayMsMax: number
  readonly writeMsMax: number
  /** Clocks run up to this share fast or slow. */
  readonly clockDrift: number
  /** Until the data thread hears of a topology. */
  readonly topologyMsMax: number
}

export const CALM: Faults = {
  lossRate: 0,
  duplicationRate: 0,
  delayMsMax: 2,
  writeMsMax: 2,
  clockDrift: 0,
  topologyMsMax: 2,
}

export class SafetyViolation extends Error {
  override readonly name = 'SafetyViolation'
}

const TICK_MS = 10
/** Without a decision for so long, none is under way. */
const CALM_MS = 150
/** So that tests do not wait for a thousand small transfers. */
const EAGER: PlanLimits = { transfersMax: 256, transfersPerNodeMax: 64, handOversMax: 64 }

export class GridNode {
  readonly index: number
  readonly clockOffset: number
  readonly clockRate: number
  self: Introduction
  cluster: ClusterId | undefined
  readonly disk = new SimulatedDisk()
  seeds: readonly Address[]
  metadata: Metadata | undefined
  data: DataThread
  isPaused = false
  /** The data thread stands still, the metadata plane does not. */
  isDataStalled = false
  ended: Ending | undefined
  reported = 0
  inbox: MetadataMessage[] = []
  nextTickAt = 0

  constructor(index: number, self: Introduction, clockOffset: number, clockRate: number) {
    this.index = index
    this.self = self
    this.seeds = []
    this.clockOffset = clockOffset
    this.clockRate = clockRate
    this.data = new DataThread(self)
  }

  get id(): NodeId {
    return this.self.id
  }

  clock(now: number): number {
    return this.clockOffset + this.clockRate * now
  }

  get topology(): Topology {
    return this.metadata!.topology!
  }

  get isCoordinator(): boolean {
    return this.metadata?.isCoordinator === true
  }
}

export interface GridOptions {
  readonly seed?: number
  readonly faults?: Faults
  readonly options?: Partial<MetadataOptions>
  readonly planted?: Planted
}

/** Bugs that the check must find. */
export interface Planted {
  /** A lease counts whatever topology its holder acts on. */
  readonly ignoresEpoch?: boolean
}

export class SimulatedGrid {
  readonly seeded: Seeded
  readonly nodes: GridNode[] = []
  readonly notices: { readonly at: number; readonly by: number; readonly notice: Notice }[] = []
  readonly #options: MetadataOptions
  readonly #planted: Planted
  faults: Faults
  now = 0
  /** Directed links that carry nothing. */
  readonly cut = new Set<string>()
  readonly #network = new Map<number, { to: GridNode; from: NodeId; bytes: Uint8Array }[]>()
  readonly #servedBy = new Array<number>(SEGMENT_COUNT).fill(0)
  /** Messages sent since the last reset, by kind. */
  readonly sent = new Map<string, number>()

  constructor({ seed = 1, faults = CALM, options, planted = {} }: GridOptions = {}) {
    this.seeded = new Seeded(seed)
    this.faults = faults
    const policy = { ...DEFAULT_METADATA_OPTIONS.policy, plan: EAGER }
    this.#options = { ...DEFAULT_METADATA_OPTIONS, policy, ...options }
    this.#planted = planted
  }

  get running(): readonly GridNode[] {
    return this.nodes.filter(node => node.metadata !== undefined && !node.isPaused)
  }

  /** The running coordinator of the highest term. */
  get coordinator(): GridNode | undefined {
    const leaders = this.running.filter(node => node.isCoordinator)
    return leaders.sort((a, b) => b.metadata!.status.term - a.metadata!.status.term)[0]
  }

  /** The coordinator's view. */
  get topology(): Topology {
    const { coordinator } = this
    assert(coordinator !== undefined, 'somebody coordinates')
    return coordinator.topology
  }

  add(changes: Partial<Introduction> = {}): GridNode {
    const index = this.nodes.length + 1
    const rate = 1 + (2 * this.seeded.random() - 1) * this.faults.clockDrift
    const self = introduction(index, changes)
    const node = new GridNode(index, self, this.seeded.below(1_000_000), rate)
    this.nodes.push(node)
    return node
  }

  found(changes?: Partial<Introduction>, cluster = 'c'.repeat(40)): GridNode {
    const node = this.add(changes)
    node.disk.hold(foundingDisk(node.self))
    node.cluster = cluster
    this.start(node)
    return node
  }

  /** Starts a new node that asks this one to be let in. */
  join(seed: GridNode, changes?: Partial<Introduction>): GridNode {
    const node = this.add(changes)
    node.seeds = [{ host: seed.self.host, port: seed.self.busPort }]
    this.start(node)
    return node
  }

  /** A founder and others that joined, voters chosen. */
  grid(count: number, changes?: (index: number) => Partial<Introduction>): readonly GridNode[] {
    const founder = this.found(changes?.(1))
    for (let index = 2; index <= count; index++) this.join(founder, changes?.(index))
    this.settle()
    return this.nodes
  }

  /** Waits until all is as it should be, and nothing is wanted any more. */
  settle(): void {
    let before = -1
    const isCalm = () => {
      if (!this.isSettled()) return false
      const { epoch } = this.topology
      if (epoch === before) return true
      before = epoch
      this.run(CALM_MS)
      return false
    }
    this.runUntil(isCalm, 60_000, 'a calm grid')
  }

  /** All who run are up, know the same, and nothing is on its way. */
  isSettled(): boolean {
    const { coordinator } = this
    if (coordinator === undefined) return false
    const { members, segments, voters } = coordinator.topology
    const wanted = members.filter(({ state, isLeaving }) => state === 'up' && !isLeaving)
    const odd = (count: number) => count - 1 + (count % 2)
    const copies = Math.min(this.#options.policy.owners, wanted.length)
    const owned = segments.reduce((sum, segment) => sum + segment.inSync.length, 0)
    const fair = Math.ceil((SEGMENT_COUNT * copies) / wanted.length)
    const held = (id: NodeId) => segments.filter(({ inSync }) => inSync.includes(id)).length
    const led = (id: NodeId) => segments.filter(segment => primary(segment) === id).length
    return (
      voters.length === odd(Math.min(5, members.filter(member => !member.isLeaving).length)) &&
      owned === SEGMENT_COUNT * copies &&
      segments.every(({ owners, pending }) => owners.length === copies && pending.length === 0) &&
      wanted.every(({ id, capacity }) => capacity !== 1 || held(id) <= fair + 1) &&
      wanted.every(({ id, capacity }) => capacity !== 1 || led(id) <= fair / copies + 2) &&
      this.running.every(
        node =>
          node.ended !== undefined ||
          (node.metadata!.topology === undefined ? false : this.#serves(node)),
      )
    )
  }

  #serves(node: GridNode): boolean {
    const { epoch } = this.topology
    return node.topology.epoch === epoch && node.clock(this.now) < node.data.lease.until
  }

  start(node: GridNode): void {
    assert(node.metadata === undefined, 'a node starts once')
    const { self, cluster, seeds } = node
    const { restored } = node.disk
    const setup = { self, cluster, restored, seeds, options: this.#options }
    const { random } = this.seeded
    node.metadata = new Metadata({ ...setup, random }, node.clock(this.now))
    node.data = new DataThread(self)
    node.data.topology = node.metadata.topology
    node.isPaused = false
    node.isDataStalled = false
    node.inbox = []
    node.reported = 0
    node.nextTickAt = this.now + this.seeded.below(TICK_MS)
  }

  /** The process ends. Of the writes under way the disk keeps the first few. */
  crash(node: GridNode): void {
    node.disk.crash(bound => this.seeded.below(bound))
    node.metadata = undefined
    node.data = new DataThread(node.self)
  }

  restart(node: GridNode, changes: Partial<Introduction> = {}): void {
    node.self = { ...node.self, ...changes, incarnation: node.self.incarnation + 1 }
    this.start(node)
  }

  pause(node: GridNode): void {
    node.isPaused = true
  }

  resume(node: GridNode): void {
    node.isPaused = false
    const { inbox } = node
    node.inbox = []
    for (const message of inbox) this.step(node, { kind: 'message', message })
  }

  partition(one: readonly GridNode[], other: readonly GridNode[]): void {
    for (const a of one) {
      for (const b of other) {
        this.cut.add(`${a.id} ${b.id}`)
        this.cut.add(`${b.id} ${a.id}`)
      }
    }
  }

  isolate(node: GridNode): void {
    this.partition(
      [node],
      this.nodes.filter(other => other !== node),
    )
  }

  heal(): void {
    this.cut.clear()
  }

  /** Asks through any node that a member leaves, be it alive or not. */
  leave(through: GridNode, id: NodeId): void {
    const { epoch } = findMember(through.topology, id)!
    this.step(through, { kind: 'propose', entries: [{ kind: 'leave', id, expects: epoch }] })
  }

  run(ms: number): void {
    for (let i = 0; i < ms; i++) this.#advance()
  }

  /** Answers how long it took. */
  runUntil(condition: () => boolean, msMax: number, what: string): number {
    for (let ms = 0; ms < msMax; ms++) {
      if (condition()) return ms
      this.#advance()
    }
    assert.fail(`${what} within ${msMax} ms`)
  }

  #advance(): void {
    this.now++
    const due = this.#network.get(this.now) ?? []
    this.#network.delete(this.now)
    for (const { to, from, bytes } of due) this.#deliver(to, from, bytes)
    for (const node of this.nodes) this.#work(node)
    this.#check()
  }

  #deliver(to: GridNode, from: NodeId, bytes: Uint8Array): void {
    if (to.metadata === undefined || this.cut.has(`${from} ${to.id}`)) return
    const message = decodeMetadataMessage(bytes)
    if (to.isPaused) to.inbox.push(message)
    else this.step(to, { kind: 'message', message })
  }

  #work(node: GridNode): void {
    if (node.metadata === undefined) return
    node.disk.settle(this.now)
    if (node.isPaused) return
    if (node.disk.durable > node.reported) {
      node.reported = node.disk.durable
      this.step(node, { kind: 'persisted', write: node.reported })
    }
    if (!node.isDataStalled) this.#workData(node)
    if (this.now < node.nextTickAt) return
    node.nextTickAt = this.now + TICK_MS
    if (!node.isDataStalled) this.step(node, { kind: 'alive' })
    this.step(node, { kind: 'tick' })
  }

  #workData(node: GridNode): void {
    const entries = node.data.work(this.now)
    if (entries.length > 0) this.step(node, { kind: 'propose', entries })
  }

  step(node: GridNode, event: MetadataEvent): MetadataEffects {
    const effects = node.metadata!.step(event, node.clock(this.now))
    node.data.lease = effects.lease
    if (effects.joined !== undefined) node.cluster = effects.joined
    for (const write of effects.writes) {
      node.disk.write(write, this.now + 1 + this.seeded.below(this.faults.writeMsMax))
    }
    for (const { to, message } of effects.messages) this.#send(node, to, message)
    if (effects.topology !== undefined) {
      node.data.hear(effects.topology, this.now + this.seeded.below(this.faults.topologyMsMax))
    }
    node.data.order(effects.orders)
    for (const notice of effects.notices)
      this.notices.push({ at: this.now, by: node.index, notice })
    if (effects.ended !== undefined) node.ended = effects.ended
    return effects
  }

  #send(from: GridNode, to: NodeId | Address, message: MetadataMessage): void {
    this.sent.set(message.body.kind, (this.sent.get(message.body.kind) ?? 0) + 1)
    const receiver = this.nodes.find(({ id, self }) =>
      typeof to === 'string' ? id === to : self.host === to.host && self.busPort === to.port,
    )
    if (receiver === undefined) return
    const copies = this.seeded.chance(this.faults.duplicationRate) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      if (this.seeded.chance(this.faults.lossRate)) continue
      const at = this.now + 1 + this.seeded.below(this.faults.delayMsMax)
      const due = this.#network.get(at) ?? []
      due.push({ to: receiver, from: from.id, bytes: encodeMetadataMessage(message) })
      this.#network.set(at, due)
    }
  }

  #check(): void {
    this.#servedBy.fill(0)
    for (const { index, data } of this.#servers()) {
      for (const segment of data.served) {
        const other = this.#servedBy[segment]!
        if (other !== 0) {
          throw new SafetyViolation(`${other} and ${index} serve ${segment} at ${this.now}`)
        }
        this.#servedBy[segment] = index
      }
    }
  }

  /** Whose process exists, moving or not, and whose lease has not ended on its own clock. */
  #servers(): readonly GridNode[] {
    return this.nodes.filter(node => {
      const { metadata, data } = node
      if (metadata === undefined || data.topology === undefined) return false
      const isKnown = this.#planted.ignoresEpoch || data.topology.epoch >= data.lease.epoch
      return isKnown && node.clock(this.now) < data.lease.until
    })
  }
}
