// The metadata thread of a simulated process: the worker around the metadata machine.
//
// It carries out effects in the order that the machine asks for. The lease goes to memory that both
// threads share, so it is seen at once; topologies and orders are messages between threads.

import type { Lease, MetadataEffects, MetadataEvent } from '../../cluster/metadata/event.ts'
import type { MetadataMessage, Recipient } from '../../cluster/metadata/message.ts'
import type { Metadata } from '../../cluster/metadata/metadata.ts'
import type { HandOverOrder, MetadataPort } from '../../cluster/metadata/port.ts'
import type { TopologyEntry } from '../../cluster/topology/entry.ts'
import { segment } from '../../cluster/topology/segment.ts'
import { freezeTopology, SEGMENT_COUNT, type Topology } from '../../cluster/topology/topology.ts'
import type { SimulatedNode } from './node.ts'
import { Thread } from './thread.ts'

const TICK_MS = 10

/** What a node knows that has not joined. */
const NOWHERE: Topology = freezeTopology({
  epoch: 0,
  members: [],
  segments: Array.from({ length: SEGMENT_COUNT }, () => segment([], 0)),
  voters: [],
  caches: [],
})
/** From one thread to the other. */
const HOP_MS_MAX = 0.5

export class MetadataThread implements MetadataPort {
  readonly thread = new Thread()
  readonly machine: Metadata
  /** Shared with the data thread. */
  lease: Lease = { until: 0, epoch: 0 }
  sentCount = 0
  readonly #node: SimulatedNode
  readonly #topologyListeners: ((topology: Topology) => void)[] = []
  readonly #orderListeners: ((order: HandOverOrder) => void)[] = []
  #isTickWaiting = false
  /** When the last message between the threads arrives, each way. */
  #downAt = 0
  #upAt = 0

  constructor(node: SimulatedNode) {
    this.#node = node
    this.machine = node.world.parts.metadata(node)
    this.#scheduleTick()
  }

  datagram(message: MetadataMessage): void {
    this.thread.run(() => this.#step({ kind: 'message', message }))
  }

  crash(): void {
    this.thread.end()
  }

  // What the data thread sees

  get topology(): Topology {
    return this.machine.topology ?? NOWHERE
  }

  get leaseUntil(): number {
    return this.lease.until
  }

  onTopology(listener: (topology: Topology) => void): void {
    this.#topologyListeners.push(listener)
  }

  onHandOver(listener: (order: HandOverOrder) => void): void {
    this.#orderListeners.push(listener)
  }

  propose(entries: readonly TopologyEntry[]): void {
    this.#up({ kind: 'propose', entries })
  }

  tick(): void {
    this.#up({ kind: 'alive' })
  }

  #up(event: MetadataEvent): void {
    const { timeline, seeded } = this.#node.world
    this.#upAt = Math.max(this.#upAt, timeline.now + seeded.random() * HOP_MS_MAX)
    timeline.schedule(() => this.thread.run(() => this.#step(event)), this.#upAt)
  }

  /** To the data thread, in order. */
  #down(deliver: () => void): void {
    const { timeline, seeded } = this.#node.world
    this.#downAt = Math.max(this.#downAt, timeline.now + seeded.random() * HOP_MS_MAX)
    timeline.schedule(deliver, this.#downAt)
  }

  // The machine

  #scheduleTick(): void {
    const { world, clock } = this.#node
    world.timeline.schedule(() => this.#tickDue(), world.timeline.now + clock.trueMs(TICK_MS))
  }

  /** Its moment has come, whether the thread can take it or not. */
  #tickDue(): void {
    if (this.thread.isEnded) return
    this.#scheduleTick()
    if (this.#isTickWaiting) return
    this.#isTickWaiting = true
    this.thread.run(() => {
      this.#isTickWaiting = false
      this.#step({ kind: 'tick' })
    })
  }

  #step(event: MetadataEvent): void {
    const { world, clock } = this.#node
    this.#carryOut(this.machine.step(event, clock.read(world.timeline.now)))
  }

  #carryOut(effects: MetadataEffects): void {
    const { lease, joined, writes, messages, topology, orders, ended } = effects
    const node = this.#node
    const hadLease = node.isLeased
    this.lease = lease
    if (!hadLease && node.isLeased) node.world.invariants.leaseBegan(node)
    if (joined !== undefined) node.disk.cluster = joined
    for (const write of writes) {
      node.disk.write(write, () => {
        this.thread.run(() => this.#step({ kind: 'persisted', write: write.number }))
      })
    }
    for (const { to, message } of messages) this.#send(to, message)
    if (topology !== undefined) {
      node.world.invariants.topologyLearned(node, topology)
      this.#down(() => {
        for (const listener of this.#topologyListeners) listener(topology)
      })
    }
    for (const order of orders) {
      this.#down(() => {
        for (const listener of this.#orderListeners) listener(order)
      })
    }
    for (const notice of effects.notices) {
      if (notice.kind === 'coordinating') node.world.invariants.coordinates(node, notice.term)
      if (node.isNoted) node.note(JSON.stringify(notice))
    }
    if (ended !== undefined) node.ended(ended)
  }

  #send(to: Recipient, message: MetadataMessage): void {
    const { world, place } = this.#node
    const peer = typeof to === 'string' ? world.find(to) : world.listening(to)
    this.sentCount++
    if (isVote(message)) world.voted(this.#node)
    if (peer !== undefined) world.network.send(place, peer.place, peer, message)
  }
}

function isVote({ body }: MetadataMessage): boolean {
  if (body.kind !== 'raft' || body.message.kind !== 'vote-reply') return false
  return body.message.granted && !body.message.preVote
}
