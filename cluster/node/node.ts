// One node of the grid on its data thread: the server, the copies it keeps for others, and the links.
//
// Nothing is decided here. The metadata plane says who owns what, the replication machine what that
// means to each segment, the router what it means to each command. This shell passes on what they
// say to each other: topologies, frames, entries of the log, and time.

import type { Logger } from 'pino'
import { encodeEffects } from '../../src/effect-codec.ts'
import type { LogEntry } from '../../src/effects.ts'
import { takeOverSegment } from '../../src/segment-move.ts'
import type { Server } from '../../src/server.ts'
import type { MetadataPort } from '../metadata/port.ts'
import type { NodeId } from '../raft/configuration.ts'
import { REPLICATION_KINDS_END, readMessage, writeMessage } from '../replication/codec.ts'
import type { Answer, Shipment } from '../replication/message.ts'
import type { ReplicationOptions } from '../replication/options.ts'
import { Replication } from '../replication/replication.ts'
import type { Store } from '../replication/store.ts'
import { primary } from '../topology/segment.ts'
import { SEGMENT_COUNT, type Topology } from '../topology/topology.ts'
import { Channel } from './channel.ts'
import { GridCopies } from './grid-copies.ts'
import { GridLog } from './grid-log.ts'
import type { Identity } from './link.ts'
import { Links } from './links.ts'
import { SharedFunctions } from './shared-functions.ts'
import type { ClusterView, SegmentRole } from './view.ts'

const SERVED = 1
const OURS = 2

/** How often what depends on time is looked at. */
const TICK_MS = 20

export interface NodeParts {
  readonly server: Server
  readonly store: Store
  readonly port: MetadataPort
  readonly identity: Identity
  readonly replication: ReplicationOptions
  /** Whether replies wait for the copies of others. */
  readonly isSynchronous: boolean
  readonly log: Logger
}

export class ClusterNode implements ClusterView {
  readonly self: NodeId
  readonly replication: Replication
  readonly links: Links
  readonly channel: Channel
  readonly #functions: SharedFunctions
  readonly #server: Server
  readonly #port: MetadataPort
  readonly #listeners: (() => void)[] = []
  /** 1 for segments that this node serves, as far as commands have been told. */
  readonly #served = new Uint8Array(SEGMENT_COUNT)
  /** Called when a segment that was this node's is so no more. */
  onSegmentLeft: (segment: number) => void = () => undefined
  framesSent = 0
  framesReceived = 0
  #timer: NodeJS.Timeout | undefined

  constructor(parts: NodeParts) {
    const { server, store, port, identity, replication, isSynchronous, log } = parts
    this.self = identity.id
    this.#server = server
    this.#port = port
    this.replication = new Replication(
      identity.id,
      identity.incarnation,
      port.topology,
      store,
      {
        send: (to, message) => this.#send(to, message),
        answer: (to, message) => this.#answer(to, message),
        propose: entry => port.propose([entry]),
        roleChanged: segment => {
          this.#follow(segment)
          this.#changed()
        },
      },
      replication,
    )
    this.links = new Links(
      identity,
      {
        up: (peer, incarnation) => {
          log.info({ peer }, 'link is up')
          this.replication.linkUp(peer, incarnation, this.now())
          this.#functions.tell(peer)
          this.#changed()
        },
        down: peer => {
          log.info({ peer }, 'link is down')
          this.replication.linkDown(peer, this.now())
          this.#changed()
        },
        frame: (peer, kind, body) => this.#frame(peer, kind, body),
        received: () => this.replication.flush(),
      },
      {
        up: peer => this.replication.peerUp(peer),
        down: peer => this.replication.peerDown(peer),
        frame: (peer, kind, body) => this.#frame(peer, kind, body),
        received: () => this.replication.flush(),
      },
      log,
    )
    this.channel = new Channel(this.links)
    this.#functions = new SharedFunctions(server, this.channel)
    server.effects.subscribe(entry => this.#logged(entry))
    const copies = new GridCopies(this.replication)
    server.replicate(new GridLog(this.replication), copies, isSynchronous)
  }

  start(): void {
    const port = this.#port
    this.replication.start(this.now())
    port.onTopology(topology => this.#adopt(topology))
    port.onHandOver(({ segment, to, epoch }) => {
      this.replication.handOver(segment, to, epoch, this.now())
    })
    this.#adopt(port.topology)
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.links.close()
  }

  #adopt(topology: Topology): void {
    // What is taken over is changed at a time, and may write to clients.
    this.#server.beginTurn()
    this.replication.setTopology(topology, this.now())
    this.links.follow(topology)
    this.#changed()
  }

  #tick(): void {
    this.#port.tick()
    this.replication.tick(this.now())
  }

  /** Time has gone on since the turn began, if one has. */
  now(): number {
    return this.#server.clock.monotonic()
  }

  #frame(peer: NodeId, kind: number, body: Buffer): void {
    this.framesReceived++
    if (kind < REPLICATION_KINDS_END) {
      this.replication.received(peer, readMessage(kind, body), this.now())
    } else {
      this.channel.receive(peer, kind, body)
    }
  }

  /** Does what has to be done when a segment comes to this node, or goes. */
  #follow(segment: number): void {
    const role = this.replication.roleOf(segment)
    const before = this.#served[segment]!
    const now = role === 'serves' ? SERVED : role === 'settles' ? before & ~SERVED : 0
    this.#served[segment] = now === 0 ? 0 : now | OURS
    if (now === SERVED && before === 0) {
      // Nobody could renew a lease while another node ceased to serve and this one began.
      takeOverSegment(segment, this.#server, this.#server.config.values['cluster-node-timeout'])
    } else if (now === 0 && before !== 0) {
      this.onSegmentLeft(segment)
    }
  }

  #logged({ segment, now, effects }: LogEntry): void {
    this.replication.executed(segment, now, encodeEffects(effects), this.#server.monotonic)
  }

  #send(to: NodeId, message: Shipment): void {
    const link = this.links.to(to)
    if (link === undefined) return
    this.framesSent++
    writeMessage(message, link.frames)
  }

  #answer(to: NodeId, message: Answer): void {
    this.links.answer(to, frames => writeMessage(message, frames))
  }

  // What routing asks for

  get topology(): Topology {
    return this.replication.topology
  }

  get leaseUntil(): number {
    return this.#port.leaseUntil
  }

  get isCongested(): boolean {
    return this.replication.isCongested
  }

  roleOf(segment: number): SegmentRole {
    const role = this.replication.roleOf(segment)
    if (role !== 'elsewhere' && role !== 'backs up') return role
    // A primary that cannot be reached may be about to be replaced: clients had better wait here.
    const leader = primary(this.topology.segments[segment]!)!
    return this.links.to(leader) === undefined ? 'settles' : role
  }

  /** Whether the node is responsible for any copy. */
  get ownsAnything(): boolean {
    return this.topology.segments.some(each => each.owners.includes(this.self))
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** At once: a command that comes next must find the role as it is. */
  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
