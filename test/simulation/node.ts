// One machine of the simulated cluster, and the process that runs on it, if one does.
//
// The process has two threads, like the real one. A pause stops both, a slow command stops the data
// thread, a busy machine may stop the metadata thread; time goes on for all of them.

import type { Ending } from '../../cluster/metadata/event.ts'
import type { Address, MetadataMessage } from '../../cluster/metadata/message.ts'
import type { NodeId } from '../../cluster/raft/configuration.ts'
import type { Introduction, Labels } from '../../cluster/topology/member.ts'
import type { Topology } from '../../cluster/topology/topology.ts'
import { SkewedClock } from './clock.ts'
import { DataThread, type LinkMessage } from './data-thread.ts'
import type { Listener } from './dial.ts'
import { SimulatedDisk } from './disk.ts'
import { MetadataThread } from './metadata-thread.ts'
import type { Receiver } from './network.ts'
import type { ClientMessage } from './request.ts'
import type { World } from './world.ts'

const PORT = 6_379
const BUS_PORT = 16_379

export interface Process {
  readonly metadata: MetadataThread
  readonly data: DataThread
}

export class SimulatedNode implements Receiver<MetadataMessage> {
  readonly world: World
  readonly place: number
  readonly labels: Labels
  /** Belongs to the disk. */
  id: NodeId
  disk: SimulatedDisk
  clock: SkewedClock
  process: Process | undefined
  isPaused = false
  /** An operator asked for it to be drained. */
  isLeaving = false
  /** Its machine said that it is out of the cluster for good. */
  isOut = false
  readonly links: Listener<LinkMessage>
  readonly clients: Listener<ClientMessage>

  constructor(world: World, place: number, id: NodeId, labels: Labels) {
    this.world = world
    this.place = place
    this.id = id
    this.labels = labels
    this.disk = new SimulatedDisk(world.timeline, world.seeded)
    this.clock = new SkewedClock(world.seeded, world.options.clockDrift)
    this.links = { accept: (_, connection) => this.process?.data.accept(connection) }
    this.clients = { accept: (_, connection) => this.process?.data.acceptClient(connection) }
  }

  get incarnation(): number {
    return this.disk.incarnation
  }

  /** It was never started, with the disk that it has. */
  get isSpare(): boolean {
    return (
      this.process === undefined &&
      this.incarnation === 0 &&
      this.place >= this.world.options.nodeCount
    )
  }

  get name(): string {
    return `n${this.place}`
  }

  get address(): Address {
    return { host: `10.0.0.${this.place + 1}`, port: BUS_PORT }
  }

  get introduction(): Introduction {
    const { id, labels, incarnation, address } = this
    const ports = { port: PORT, tlsPort: 0, busPort: address.port }
    return { id, host: address.host, hostname: '', ...ports, labels, capacity: 1, incarnation }
  }

  /** Its process may serve now, by its own clock and the topology that it acts on. */
  get isLeased(): boolean {
    const { process } = this
    if (process === undefined) return false
    return this.clock.read(this.world.timeline.now) < process.data.leaseUntil
  }

  get isStalled(): boolean {
    const { process } = this
    return (
      process !== undefined && (process.data.thread.isStalled || process.metadata.thread.isStalled)
    )
  }

  get isNoted(): boolean {
    return this.world.journal.isOpen
  }

  note(text: string): void {
    this.world.journal.write(this.world.timeline.now, `${this.name} ${text}`)
  }

  /** `known` is what its data plane begins with, if that is not what the disk says. */
  start(known?: Topology): void {
    this.disk.incarnation++
    if (this.isNoted) this.note(`starts as ${this.id.slice(-4)}, incarnation ${this.incarnation}`)
    const metadata = new MetadataThread(this)
    const data = new DataThread(this, metadata, known ?? metadata.topology)
    this.process = { metadata, data }
    data.start()
  }

  /** The process ends; if `isSilent`, its machine goes down with it. */
  crash(isSilent: boolean): void {
    if (this.isNoted) this.note(isSilent ? 'loses power' : 'is killed')
    const { metadata, data } = this.process!
    this.process = undefined
    this.isPaused = false
    metadata.crash()
    data.crash(isSilent)
    this.disk.crash()
    if (isSilent) this.clock = new SkewedClock(this.world.seeded, this.world.options.clockDrift)
  }

  /** The next start is that of a new node, on an empty disk. */
  loseDisk(): void {
    const { world } = this
    this.disk = new SimulatedDisk(world.timeline, world.seeded)
    const old = this.id
    this.id = world.newId()
    world.renamed(this, old)
    this.isOut = false
    this.isLeaving = false
    if (this.isNoted) this.note(`lost its disk and is now ${this.id.slice(-4)}`)
  }

  pause(): void {
    if (this.isNoted) this.note('is paused')
    this.isPaused = true
    this.process!.metadata.thread.stall()
    this.process!.data.thread.stall()
  }

  resume(): void {
    if (this.isNoted) this.note('goes on')
    this.isPaused = false
    const { metadata, data } = this.process!
    const isDataFirst = this.world.seeded.chance(0.5)
    if (isDataFirst) data.thread.resume()
    metadata.thread.resume()
    if (!isDataFirst) data.thread.resume()
  }

  datagram(message: MetadataMessage): void {
    this.process?.metadata.datagram(message)
  }

  /** The machine says that it is out of the cluster for good, and the process ends. */
  ended(ending: Ending): void {
    if (this.isOut) return
    this.isOut = true
    if (this.isNoted) this.note(`is out of the cluster: ${ending}`)
    const { timeline } = this.world
    timeline.schedule(() => {
      if (this.process !== undefined) this.crash(false)
    }, timeline.now)
  }
}
