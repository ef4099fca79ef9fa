// The data thread of a simulated process: replication, its links, and the clients' connections.
//
// It dials every member it knows, greets, and is told the incarnation it reached; from then on the
// link carries shipments one way and answers the other. The wiring is the real node's; sockets,
// frames and timers are the simulation's.

import type { HandOverOrder } from '../../cluster/metadata/port.ts'
import type { NodeId } from '../../cluster/raft/configuration.ts'
import type { Answer, Message, Shipment } from '../../cluster/replication/message.ts'
import type { ReplicationOptions } from '../../cluster/replication/options.ts'
import type { Output, Replication } from '../../cluster/replication/replication.ts'
import type { SegmentEntry, TopologyEntry } from '../../cluster/topology/entry.ts'
import type { Member } from '../../cluster/topology/member.ts'
import type { Topology } from '../../cluster/topology/topology.ts'
import type { Connection, End } from './connection.ts'
import { type Dialler, dial } from './dial.ts'
import type { FrontEnd } from './front-end.ts'
import type { MetadataThread } from './metadata-thread.ts'
import type { SimulatedNode } from './node.ts'
import type { ClientMessage, Request } from './request.ts'
import type { SimulatedStore } from './store.ts'
import { Thread } from './thread.ts'

export type LinkMessage =
  | { readonly kind: 'hello'; readonly from: NodeId; readonly to: NodeId }
  | { readonly kind: 'welcome'; readonly incarnation: number }
  | Message

export type ReplicationMachine = new (
  self: NodeId,
  incarnation: number,
  topology: Topology,
  store: SimulatedStore,
  output: Output,
  options: ReplicationOptions,
) => Replication

const TICK_MS = 20
/** A link that could not be made, or was lost, is dialled again after this. */
const REDIAL_MS = 100

export class DataThread implements Output {
  readonly thread = new Thread()
  readonly node: SimulatedNode
  readonly store: SimulatedStore
  readonly replication: Replication
  readonly frontEnd: FrontEnd
  readonly #metadata: MetadataThread
  readonly #outbound = new Map<NodeId, Outbound>()
  /** The members that are dialled. */
  #dialled: readonly Member[] = []
  readonly #inbound = new Map<NodeId, Inbound>()
  readonly #connections = new Map<Connection<LinkMessage>, 0 | 1>()
  readonly #clients = new Set<Connection<ClientMessage>>()
  /** Segments whose role may have changed in this turn. */
  #changed: number[] = []
  #isTickWaiting = false
  #isTurnEnding = false
  #isRetryDue = false

  constructor(node: SimulatedNode, metadata: MetadataThread, known: Topology) {
    this.node = node
    this.#metadata = metadata
    const { world } = node
    this.store = new world.parts.Store(this.clock, () => world.invariants.promoted())
    const { Replication } = world.parts
    this.replication = new Replication(
      node.id,
      node.incarnation,
      known,
      this.store,
      this,
      world.options.replication,
    )
    this.frontEnd = new world.parts.FrontEnd(this)
    metadata.onTopology(topology => this.thread.run(() => this.#learn(topology)))
    metadata.onHandOver(order => this.thread.run(() => this.#order(order)))
  }

  start(): void {
    this.replication.start(this.clock())
    this.#scheduleTick()
  }

  readonly clock = (): number => this.node.clock.read(this.node.world.timeline.now)

  get leaseUntil(): number {
    const { lease } = this.#metadata
    return this.replication.topology.epoch >= lease.epoch ? lease.until : 0
  }

  note(text: string): void {
    this.node.note(text)
  }

  executing(segment: number): void {
    this.node.world.invariants.serves(this.node, segment)
  }

  /** The process is gone; `isSilent` if with it its machine, so that nobody is told. */
  crash(isSilent: boolean): void {
    this.thread.end()
    for (const [connection, side] of this.#connections) connection.crash(side, isSilent)
    for (const connection of this.#clients) connection.crash(1, isSilent)
  }

  // What replication wants

  send(to: NodeId, message: Shipment): void {
    const link = this.#outbound.get(to)
    if (link?.isUp !== true) throw new Error('replication sends on links that are up')
    link.connection!.send(0, message)
  }

  answer(to: NodeId, message: Answer): void {
    this.#inbound.get(to)?.connection.send(1, message)
  }

  propose(entry: SegmentEntry): void {
    if (this.node.isNoted) {
      this.note(
        `proposes ${entry.kind} of ${this.node.world.nameOf(entry.id)} for ${entry.segment}`,
      )
    }
    this.#metadata.propose([entry])
  }

  /** What an operator asks for. */
  proposeAll(entries: readonly TopologyEntry[]): void {
    this.#metadata.propose(entries)
  }

  roleChanged(segment: number): void {
    this.#changed.push(segment)
    this.#isRetryDue = true
    this.#endTurnSoon()
  }

  // Topology

  #learn(topology: Topology): void {
    this.replication.setTopology(topology, this.clock())
    this.#isRetryDue = true
    this.#endTurn()
  }

  #order({ segment, to, epoch }: HandOverOrder): void {
    this.replication.handOver(segment, to, epoch, this.clock())
    this.#endTurn()
  }

  // Time

  /** Its moment has come, whether the thread can take it or not. */
  #tickDue(): void {
    if (this.thread.isEnded) return
    this.#scheduleTick()
    if (this.#isTickWaiting) return
    this.#isTickWaiting = true
    this.thread.run(() => this.#tick())
  }

  #tick(): void {
    this.#isTickWaiting = false
    this.#metadata.tick()
    this.#dialMembers()
    this.replication.tick(this.clock())
    this.#isRetryDue = true
    this.#endTurn()
  }

  #scheduleTick(): void {
    const { world, clock } = this.node
    const at = world.timeline.now + clock.trueMs(TICK_MS)
    world.timeline.schedule(() => this.#tickDue(), at)
  }

  /** Acknowledgements of all that was received since, in one message a link. */
  #endTurn(): void {
    this.#isTurnEnding = false
    this.replication.flush()
    for (const segment of this.#changed) {
      if (this.node.isNoted) this.#noteRole(segment)
      this.node.world.invariants.serves(this.node, segment)
    }
    this.#changed = []
    if (!this.#isRetryDue) return
    this.#isRetryDue = false
    this.frontEnd.retry()
  }

  #noteRole(segment: number): void {
    const { replication } = this
    const leading = replication.leadingOf(segment)
    const copy = replication.copyOf(segment)
    const epoch = leading?.epoch ?? copy?.epoch ?? replication.topology.segments[segment]!.epoch
    this.note(`segment ${segment}: ${replication.roleOf(segment)} under ${epoch}`)
  }

  #endTurnSoon(): void {
    if (this.#isTurnEnding) return
    this.#isTurnEnding = true
    const { timeline } = this.node.world
    timeline.schedule(() => this.thread.run(() => this.#endTurn()), timeline.now)
  }

  // Links that we dial

  #dialMembers(): void {
    const { members } = this.replication.topology
    const now = this.clock()
    for (const link of this.#outbound.values()) {
      if (link.isOver && now >= link.redialAt) this.#dial(link.peer)
    }
    if (members === this.#dialled) return
    this.#dialled = members
    const ids = new Set(members.map(({ id }) => id))
    for (const link of this.#outbound.values()) if (!ids.has(link.peer)) this.#hangUp(link)
    for (const id of ids) if (id !== this.node.id && !this.#outbound.has(id)) this.#dial(id)
  }

  #dial(id: NodeId): void {
    const { world, place } = this.node
    const peer = world.find(id)
    const link = new Outbound(this, id)
    this.#outbound.set(id, link)
    if (peer === undefined) this.lost(link)
    else dial(world.network, place, peer.place, peer.links, link)
  }

  #hangUp(link: Outbound): void {
    this.#outbound.delete(link.peer)
    if (link.connection === undefined || link.isOver) return
    this.#connections.delete(link.connection)
    link.connection.close(0)
    if (link.isUp) this.replication.linkDown(link.peer, this.clock())
    link.isUp = false
    link.isOver = true
  }

  opened(link: Outbound, connection: Connection<LinkMessage>): void {
    // The process may be gone, or the link given up, while the other side accepted.
    if (this.thread.isEnded || this.#outbound.get(link.peer) !== link) {
      connection.crash(0, false)
      return
    }
    link.connection = connection
    this.#connections.set(connection, 0)
    connection.send(0, { kind: 'hello', from: this.node.id, to: link.peer })
  }

  answered(link: Outbound, message: LinkMessage): void {
    if (link.isOver) return
    const now = this.clock()
    if (this.node.isNoted) this.#noteMessage(link.peer, message)
    if (message.kind === 'welcome') {
      link.isUp = true
      if (this.node.isNoted) this.note(`link to ${this.node.world.nameOf(link.peer)} is up`)
      this.replication.linkUp(link.peer, message.incarnation, now)
    } else if (message.kind === 'ack' || message.kind === 'refused') {
      this.replication.answered(link.peer, message, now)
    }
    this.#endTurnSoon()
  }

  lost(link: Outbound): void {
    if (link.connection !== undefined) this.#connections.delete(link.connection)
    link.redialAt = this.clock() + REDIAL_MS
    link.isOver = true
    if (!link.isUp) return
    link.isUp = false
    if (this.node.isNoted) this.note(`link to ${this.node.world.nameOf(link.peer)} is down`)
    this.replication.linkDown(link.peer, this.clock())
    this.#endTurnSoon()
  }

  // Links that peers dial

  accept(connection: Connection<LinkMessage>): End<LinkMessage> {
    this.#connections.set(connection, 1)
    return new Inbound(this, connection)
  }

  shipped(link: Inbound, message: LinkMessage): void {
    if (this.node.isNoted) this.#noteMessage(link.peer, message)
    if (message.kind === 'hello') {
      if (message.to !== this.node.id) return
      link.peer = message.from
      const before = this.#inbound.get(link.peer)
      // The peer knows better than we do that this one is over.
      if (before !== undefined) {
        this.#connections.delete(before.connection)
        before.connection.close(1)
      }
      this.#inbound.set(link.peer, link)
      this.replication.peerUp(link.peer)
      link.connection.send(1, { kind: 'welcome', incarnation: this.node.incarnation })
    } else if (message.kind !== 'welcome' && this.#inbound.get(link.peer) === link) {
      this.replication.received(link.peer, message, this.clock())
    }
    this.#endTurnSoon()
  }

  left(link: Inbound): void {
    this.#connections.delete(link.connection)
    if (this.#inbound.get(link.peer) !== link) return
    this.#inbound.delete(link.peer)
    this.replication.peerDown(link.peer)
    this.#endTurnSoon()
  }

  #noteMessage(peer: NodeId, message: LinkMessage): void {
    const { kind, ...rest } = message
    const words = Object.entries(rest).map(([name, value]) => `${name} ${textOf(value)}`)
    this.note(`hears ${kind} from ${this.node.world.nameOf(peer)}: ${words.join(', ')}`)
  }

  // Clients

  acceptClient(connection: Connection<ClientMessage>): End<ClientMessage> {
    this.#clients.add(connection)
    return {
      received: (_, message) => {
        this.thread.run(() => this.frontEnd.received(connection, message as Request))
      },
      closed: () => {
        this.#clients.delete(connection)
      },
    }
  }
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? `"${Buffer.from(value).toString('latin1')}"` : `${value}`
}

class Outbound implements Dialler<LinkMessage> {
  readonly peer: NodeId
  readonly #data: DataThread
  connection: Connection<LinkMessage> | undefined
  isUp = false
  isOver = false
  redialAt = 0

  constructor(data: DataThread, peer: NodeId) {
    this.#data = data
    this.peer = peer
  }

  opened(connection: Connection<LinkMessage>): void {
    if (this.#data.thread.isEnded) connection.crash(0, false)
    else this.#data.thread.run(() => this.#data.opened(this, connection))
  }

  failed(): void {
    this.closed()
  }

  received(_: Connection<LinkMessage>, message: LinkMessage): void {
    this.#data.thread.run(() => this.#data.answered(this, message))
  }

  closed(): void {
    this.#data.thread.run(() => this.#data.lost(this))
  }
}

class Inbound implements End<LinkMessage> {
  /** Empty until it has said so. */
  peer: NodeId = ''
  readonly connection: Connection<LinkMessage>
  readonly #data: DataThread

  constructor(data: DataThread, connection: Connection<LinkMessage>) {
    this.#data = data
    this.connection = connection
  }

  received(_: Connection<LinkMessage>, message: LinkMessage): void {
    this.#data.thread.run(() => this.#data.shipped(this, message))
  }

  closed(): void {
    this.#data.thread.run(() => this.#data.left(this))
  }
}
