// A whole consensus group in one process, under a seed: every message, write and clock is the
// test's.
//
// Messages and writes pass through the codec. A write takes a while to become durable; a crash
// keeps a prefix of the writes under way, also one that no node was told of. Clocks start anywhere
// and run at slightly different rates. A paused node stands still while its published lease runs
// on.

import assert from 'node:assert/strict'
import {
  decodeEntry,
  decodeHardState,
  decodeMessage,
  decodeSnapshot,
  encodeEntry,
  encodeHardState,
  encodeMessage,
  encodeSnapshot,
} from '../../../cluster/raft/codec.ts'
import type { NodeId } from '../../../cluster/raft/configuration.ts'
import type { Entry } from '../../../cluster/raft/entry.ts'
import type { Effects, Event, Outcome, Write } from '../../../cluster/raft/event.ts'
import type { Message } from '../../../cluster/raft/message.ts'
import { DEFAULT_OPTIONS, type RaftOptions } from '../../../cluster/raft/options.ts'
import { BLANK, Raft, type Restored } from '../../../cluster/raft/raft.ts'
import { FOUNDING_HARD_STATE, foundingSnapshot } from '../../../cluster/raft/snapshot.ts'
import { type Leaseholder, Safety } from './safety.ts'
import { Seeded } from './seeded.ts'

export interface Faults {
  readonly lossRate: number
  readonly duplicationRate: number
  readonly delayMsMax: number
  readonly writeMsMax: number
  /** Clocks run up to this share fast or slow. */
  readonly clockDrift: number
}

export const CALM: Faults = {
  lossRate: 0,
  duplicationRate: 0,
  delayMsMax: 2,
  writeMsMax: 2,
  clockDrift: 0,
}

export interface ClusterOptions {
  readonly seed: number
  readonly voters: number
  /** Nodes with an empty disk that wait to be added. */
  readonly spares?: number
  readonly options?: Partial<RaftOptions>
  readonly faults?: Faults
  readonly tickMs?: number
  readonly machine?: typeof Raft
}

interface PendingWrite {
  readonly write: Write
  readonly durableAt: number
}

export class SimulatedNode {
  readonly id: NodeId
  raft: Raft | undefined
  disk: Restored
  isPaused = false
  /** Writes under way. */
  pending: PendingWrite[] = []
  /** Numbers of the last write on disk, and of the last one that the machine knows to be there. */
  durable = 0
  reported = 0
  /** What arrived while paused. */
  inbox: Message[] = []
  /** The replicated state: a digest of all commands, and the index it stands for. */
  state = ''
  applied = 0
  leaseUntil = 0
  readonly clockOffset: number
  readonly clockRate: number
  nextTickAt = 0

  constructor(id: NodeId, disk: Restored, clockOffset: number, clockRate: number) {
    this.id = id
    this.disk = disk
    this.clockOffset = clockOffset
    this.clockRate = clockRate
  }

  clock(now: number): number {
    return this.clockOffset + this.clockRate * now
  }
}

const FOUNDING_STATE = 'founded'

export function nodeId(index: number): NodeId {
  return index.toString(16).padStart(40, '0')
}

function digest(state: string, command: Uint8Array): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(`${state} ${Buffer.from(command).toString('latin1')}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return hash.toString(16)
}

/** What a file holds after a write. */
export function written(disk: Restored, write: Write): Restored {
  let { hardState, snapshot, entries } = disk
  if (write.hardState !== undefined) hardState = decodeHardState(encodeHardState(write.hardState))
  if (write.snapshot !== undefined) {
    snapshot = decodeSnapshot(encodeSnapshot(write.snapshot))
    const { index } = write.snapshot
    entries = write.isSnapshotInstalled ? [] : entries.filter(entry => entry.index > index)
  }
  const first = write.entries[0]?.index
  if (first !== undefined) {
    const added = write.entries.map(entry => decodeEntry(encodeEntry(entry)))
    entries = [...entries.filter(entry => entry.index < first), ...added]
  }
  return { hardState, snapshot, entries }
}

export class SimulatedCluster {
  readonly safety = new Safety()
  readonly seeded: Seeded
  readonly nodes: readonly SimulatedNode[]
  readonly #options: RaftOptions
  readonly #machine: typeof Raft
  readonly #tickMs: number
  faults: Faults
  now = 0
  /** Directed links that carry nothing. */
  readonly cut = new Set<string>()
  /** Messages under way, by the time they arrive. */
  readonly #network = new Map<number, Message[]>()
  /** For tests that want to see or drop single messages. */
  filter: (message: Message) => boolean = () => true
  steps = 0

  constructor(clusterOptions: ClusterOptions) {
    const { seed, voters, spares = 0, options, faults = CALM, machine = Raft } = clusterOptions
    this.#tickMs = clusterOptions.tickMs ?? 10
    this.seeded = new Seeded(seed)
    this.faults = faults
    this.#options = { ...DEFAULT_OPTIONS, ...options }
    this.#machine = machine
    const ids = Array.from({ length: voters + spares }, (_, index) => nodeId(index + 1))
    const state = Buffer.from(FOUNDING_STATE)
    const snapshot = foundingSnapshot(ids.slice(0, voters), state)
    const founder: Restored = { hardState: FOUNDING_HARD_STATE, snapshot, entries: [] }
    this.nodes = ids.map((id, index) => {
      const rate = 1 + (2 * this.seeded.random() - 1) * faults.clockDrift
      const disk = index < voters ? founder : BLANK
      return new SimulatedNode(id, disk, this.seeded.below(1_000_000), rate)
    })
    for (const node of this.nodes) this.start(node)
  }

  get running(): readonly SimulatedNode[] {
    return this.nodes.filter(node => node.raft !== undefined && !node.isPaused)
  }

  /** The running leader of the highest term. */
  get leader(): SimulatedNode | undefined {
    let latest: SimulatedNode | undefined
    for (const node of this.running) {
      const { role, term } = node.raft!.standing
      if (role !== 'leader') continue
      if (latest === undefined || term > latest.raft!.standing.term) latest = node
    }
    return latest
  }

  node(id: NodeId): SimulatedNode {
    const found = this.nodes.find(node => node.id === id)
    assert(found !== undefined, `there is a node ${id}`)
    return found
  }

  start(node: SimulatedNode): void {
    assert(node.raft === undefined, 'a node starts once')
    const machine = this.#machine
    const now = node.clock(this.now)
    node.raft = new machine(node.id, node.disk, this.#options, this.seeded.random, now)
    node.isPaused = false
    node.inbox = []
    node.leaseUntil = 0
    node.durable = 0
    node.reported = 0
    node.nextTickAt = this.now + this.seeded.below(this.#tickMs)
    const { snapshot } = node.disk
    node.state = snapshot === undefined ? '' : Buffer.from(snapshot.state).toString('latin1')
    node.applied = snapshot?.index ?? 0
  }

  /** The process ends. Of the writes under way the disk keeps the first few. */
  crash(node: SimulatedNode, kept = this.seeded.below(node.pending.length + 1)): void {
    for (const { write } of node.pending.slice(0, kept)) node.disk = written(node.disk, write)
    node.pending = []
    node.raft = undefined
    node.leaseUntil = 0
  }

  pause(node: SimulatedNode): void {
    node.isPaused = true
  }

  resume(node: SimulatedNode): void {
    node.isPaused = false
    const { inbox } = node
    node.inbox = []
    for (const message of inbox) this.step(node, { kind: 'message', message })
  }

  /** Cuts all links between the two groups. */
  partition(one: readonly SimulatedNode[], other: readonly SimulatedNode[]): void {
    for (const a of one) {
      for (const b of other) {
        this.cut.add(`${a.id} ${b.id}`)
        this.cut.add(`${b.id} ${a.id}`)
      }
    }
  }

  isolate(node: SimulatedNode): void {
    this.partition(
      [node],
      this.nodes.filter(other => other !== node),
    )
  }

  heal(): void {
    this.cut.clear()
  }

  propose(node: SimulatedNode, command: string): Outcome {
    return this.step(node, { kind: 'propose', bytes: Buffer.from(command, 'latin1') }).outcome!
  }

  run(ms: number): void {
    for (let i = 0; i < ms; i++) this.#advance()
  }

  /** Runs until the condition holds; fails if it does not within the time. */
  runUntil(condition: () => boolean, msMax: number, what: string): void {
    for (let i = 0; i < msMax; i++) {
      if (condition()) return
      this.#advance()
    }
    assert.fail(`${what} within ${msMax} ms`)
  }

  #advance(): void {
    this.now++
    const due = this.#network.get(this.now) ?? []
    this.#network.delete(this.now)
    for (const message of due) this.#deliver(message)
    for (const node of this.nodes) this.#work(node)
    this.safety.leases(this.#leaseholders())
  }

  #deliver(message: Message): void {
    const node = this.node(message.to)
    if (node.raft === undefined || this.cut.has(`${message.from} ${message.to}`)) return
    if (node.isPaused) node.inbox.push(message)
    else this.step(node, { kind: 'message', message })
  }

  #work(node: SimulatedNode): void {
    if (node.raft === undefined) return
    while (node.pending.length > 0 && node.pending[0]!.durableAt <= this.now) {
      const { write } = node.pending.shift()!
      node.disk = written(node.disk, write)
      node.durable = write.number
    }
    if (node.isPaused) return
    if (node.durable > node.reported) {
      node.reported = node.durable
      this.step(node, { kind: 'persisted', write: node.durable })
    }
    if (this.now < node.nextTickAt) return
    node.nextTickAt = this.now + this.#tickMs
    this.step(node, { kind: 'tick' })
  }

  step(node: SimulatedNode, event: Event): Effects {
    this.steps++
    const raft = node.raft!
    const wasLeader = raft.standing.role === 'leader'
    const effects = raft.step(event, node.clock(this.now))
    // A lease that was once told is good to its end, also if the leadership is not; only asking
    // another node to stand for election takes it back.
    const isGivenUp = effects.messages.some(message => message.kind === 'timeout-now')
    node.leaseUntil = isGivenUp ? 0 : Math.max(node.leaseUntil, effects.leaseUntil)
    if (effects.write !== undefined) this.#write(node, effects.write)
    for (const message of effects.messages) this.#send(message)
    if (effects.restored !== undefined) {
      node.state = Buffer.from(effects.restored.state).toString('latin1')
      node.applied = effects.restored.index
      this.safety.applied(node.applied, node.state)
    }
    for (const entry of effects.committed) this.#apply(node, entry)
    assert.equal(raft.applied, node.applied, 'what counts as applied was handed out')
    if (effects.standing?.role === 'leader' && !wasLeader) {
      this.safety.elected(raft, this.#leaseholders())
    }
    if (effects.isCompactionDue && event.kind !== 'compact') {
      this.step(node, { kind: 'compact', state: Buffer.from(node.state, 'latin1') })
    }
    return effects
  }

  #write(node: SimulatedNode, write: Write): void {
    const takes = 1 + this.seeded.below(this.faults.writeMsMax)
    const after = node.pending.at(-1)?.durableAt ?? 0
    node.pending.push({ write, durableAt: Math.max(after, this.now + takes) })
    for (const entry of write.entries) {
      this.safety.logged(entry, node.raft!.termAt(entry.index - 1)!)
    }
  }

  #apply(node: SimulatedNode, entry: Entry): void {
    assert.equal(entry.index, node.applied + 1, 'entries are applied in order')
    node.applied = entry.index
    if (entry.kind === 'command') node.state = digest(node.state, entry.bytes)
    this.safety.committed(entry, node.raft!.standing.term)
    this.safety.applied(entry.index, node.state)
  }

  #send(message: Message): void {
    if (message.kind === 'vote-reply' && message.granted && !message.preVote) {
      this.safety.vote(message.from, message.term, message.to)
    }
    if (!this.filter(message)) return
    const copies = this.seeded.chance(this.faults.duplicationRate) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      if (this.seeded.chance(this.faults.lossRate)) continue
      const at = this.now + 1 + this.seeded.below(this.faults.delayMsMax)
      const due = this.#network.get(at) ?? []
      due.push(decodeMessage(encodeMessage(message)))
      this.#network.set(at, due)
    }
  }

  /**
   * Who may act on a lease: its process runs or stands still, and its clock has not reached the
   * end.
   */
  #leaseholders(): readonly Leaseholder[] {
    const holders = this.nodes.filter(node => node.clock(this.now) < node.leaseUntil)
    return holders.map(({ id, raft, applied }) => ({ id, term: raft!.standing.term, applied }))
  }
}
