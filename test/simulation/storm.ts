// Everything that may go wrong, at random, for a while; then a calm.
//
// What it does stays within what the grid promises to survive: it never takes the last good copy of
// a segment that clients use, nor the disks of half of the quorum. Since it cannot know what is being
// decided at the moment, it may still do so now and then; the invariants notice.

import { findMember } from '../../cluster/topology/topology.ts'
import { CALM_WRITE_MS_MAX } from './disk.ts'
import { CALM_NETWORK } from './network.ts'
import type { SimulatedNode } from './node.ts'
import type { Thread } from './thread.ts'
import type { World } from './world.ts'

/** How many times in a second, on average, each thing happens. */
export interface Weather {
  readonly kills: number
  readonly powerLosses: number
  /** Of nodes that just gave a candidate their vote, the share that is killed at once. */
  readonly voterKillRate: number
  /** Until a process that ended starts again. */
  readonly downMsMax: number
  /** Of nodes that went down, the share that comes back with an empty disk and a new name. */
  readonly diskLossRate: number
  readonly pauses: number
  readonly dataStalls: number
  readonly metadataStalls: number
  readonly partitions: number
  readonly resets: number
  readonly slowPaths: number
  readonly slowDisks: number
  /** Spare nodes start. */
  readonly joins: number
  readonly leaves: number
}

export const CLEAR: Weather = Object.freeze({
  kills: 0,
  powerLosses: 0,
  voterKillRate: 0,
  downMsMax: 2_500,
  diskLossRate: 0,
  pauses: 0,
  dataStalls: 0,
  metadataStalls: 0,
  partitions: 0,
  resets: 0,
  slowPaths: 0,
  slowDisks: 0,
  joins: 0,
  leaves: 0,
})

const STEP_MS = 20
const SOON_MS_MAX = 5
const PAUSE_MS_MAX = 2_000
const STALL_MS_MAX = 2_500
const PARTITION_MS_MAX = 2_500
const SLOW_DISK_MS_MAX = 80
const SLOW_MS_MAX = 1_500

export class Storm {
  readonly #world: World
  readonly #weather: Weather
  #isOver = false
  /** Partitions made so far; one that ends heals only if no other was made since. */
  #partitions = 0

  constructor(world: World, weather: Weather) {
    this.#world = world
    this.#weather = weather
    if (weather.voterKillRate > 0) world.voted = node => this.#voted(node)
    this.#step()
  }

  /** Everybody is back, and everything works. */
  end(): void {
    const { network, nodes } = this.#world
    this.#note('the storm is over')
    this.#isOver = true
    network.heal()
    network.faults = CALM_NETWORK
    for (const node of nodes) {
      node.disk.writeMsMax = CALM_WRITE_MS_MAX
      if (node.process === undefined && !node.isSpare && !node.isOut) node.start()
      else if (node.isPaused) node.resume()
    }
  }

  #step(): void {
    if (this.#isOver) return
    const { seeded, running } = this.#world
    const weather = this.#weather
    const happens = (perSecond: number) =>
      perSecond > 0 && seeded.chance((perSecond * STEP_MS) / 1_000)
    if (happens(weather.partitions)) this.#partition()
    if (happens(weather.resets)) this.#reset()
    if (happens(weather.slowPaths)) this.#slowPath()
    if (happens(weather.joins)) this.#join()
    if (running.length > 0) {
      if (happens(weather.kills)) this.#crash(seeded.pick(running), false)
      else if (happens(weather.powerLosses)) this.#crash(seeded.pick(running), true)
    }
    const { running: left } = this.#world
    if (left.length > 0) {
      if (happens(weather.slowDisks)) this.#slowDisk(seeded.pick(left))
      if (happens(weather.leaves)) this.#leave(seeded.pick(left))
      if (happens(weather.pauses)) this.#pause(seeded.pick(left))
      if (happens(weather.dataStalls)) {
        const node = seeded.pick(left)
        this.#stall(node, node.process!.data.thread, 'data')
      }
      if (happens(weather.metadataStalls)) {
        const node = seeded.pick(left)
        this.#stall(node, node.process!.metadata.thread, 'metadata')
      }
    }
    this.#after(STEP_MS, () => this.#step())
  }

  #voted(node: SimulatedNode): void {
    const { seeded } = this.#world
    if (this.#isOver || !seeded.chance(this.#weather.voterKillRate)) return
    const { process } = node
    this.#after(seeded.random() * SOON_MS_MAX, () => {
      if (node.process === process) this.#crash(node, false)
    })
  }

  #after(ms: number, then: () => void): void {
    const { timeline } = this.#world
    timeline.schedule(then, timeline.now + ms)
  }

  #note(text: string): void {
    const { journal, timeline } = this.#world
    if (journal.isOpen) journal.write(timeline.now, text)
  }

  #crash(node: SimulatedNode, isSilent: boolean): void {
    const { seeded } = this.#world
    if (!this.#isSpared(node)) return
    node.crash(isSilent)
    if (seeded.chance(this.#weather.diskLossRate) && this.#isDiskSpared(node)) node.loseDisk()
    this.#after(seeded.random() * this.#weather.downMsMax, () => {
      if (node.process === undefined && !node.isOut) node.start()
    })
  }

  /** Whether others have what this node's memory holds, of what clients use. */
  #isSpared(node: SimulatedNode): boolean {
    const { invariants, subjects, nodes } = this.#world
    const { latest } = invariants
    return subjects.every(({ segment }) =>
      latest.segments[segment]!.inSync.some(id => {
        const other = nodes.find(candidate => candidate.id === id)
        // One without a lease may be as good as dead, and just not be known to be.
        const isAlive = other !== undefined && other !== node && other.isLeased
        return isAlive && findMember(latest, id)!.incarnation === other.incarnation
      }),
    )
  }

  /**
   * Whether all others of a quorum of three are well. A disk that is lost for good while another voter is
   * away may be one too many, when a change of voters is under way.
   */
  #isDiskSpared(node: SimulatedNode): boolean {
    const { voters } = this.#world.invariants.latest
    if (voters.length < 3) return false
    return voters.every(id => id === node.id || this.#world.find(id)?.isLeased === true)
  }

  #pause(node: SimulatedNode): void {
    if (node.isPaused) return
    const { process } = node
    node.pause()
    this.#after(this.#world.seeded.random() * PAUSE_MS_MAX, () => {
      if (node.process === process && node.isPaused) node.resume()
    })
  }

  #stall(node: SimulatedNode, thread: Thread, name: string): void {
    if (node.isNoted) node.note(`has its ${name} thread stalled`)
    thread.stall()
    this.#after(this.#world.seeded.random() * STALL_MS_MAX, () => {
      if (node.isNoted && !thread.isEnded) node.note(`has its ${name} thread going on`)
      thread.resume()
    })
  }

  /** Cuts paths between two halves, one way only, or with one node that reaches both. */
  #partition(): void {
    const { seeded, network, nodes, clients } = this.#world
    const places = [...nodes, ...clients].map(({ place }) => place)
    const shape = seeded.below(4)
    const alone = seeded.pick(nodes).place
    // Clients are on both sides, also of a node that is alone.
    const isAside = (place: number) =>
      shape === 0 && place < nodes.length ? place === alone : seeded.chance(0.5)
    const side = new Set(places.filter(isAside))
    const bridge = shape === 3 ? seeded.pick(nodes).place : -1
    for (const one of places) {
      for (const other of places) {
        if (!side.has(one) || side.has(other) || one === bridge || other === bridge) continue
        network.cut(one, other)
        if (shape !== 2) network.cut(other, one)
      }
    }
    const bridged = bridge === -1 ? '' : `, bridged by ${bridge}`
    this.#note(
      `${[...side]} ${shape === 2 ? 'cannot reach' : 'are cut off from'} the rest${bridged}`,
    )
    const number = ++this.#partitions
    this.#after(seeded.random() * PARTITION_MS_MAX, () => {
      if (number !== this.#partitions) return
      this.#note('paths are whole again')
      network.heal()
    })
  }

  #reset(): void {
    const { network, seeded } = this.#world
    const connections = [...network.connections]
    if (connections.length > 0) seeded.pick(connections).reset()
  }

  #slowPath(): void {
    const { network, seeded, nodes } = this.#world
    const from = seeded.pick(nodes)
    const to = seeded.pick(nodes)
    this.#note(`the path from ${from.name} to ${to.name} is slow`)
    network.slowDown(from.place, to.place)
  }

  #slowDisk(node: SimulatedNode): void {
    const { disk } = node
    if (node.isNoted) node.note('has a slow disk')
    disk.writeMsMax = SLOW_DISK_MS_MAX
    this.#after(this.#world.seeded.random() * SLOW_MS_MAX, () => {
      disk.writeMsMax = CALM_WRITE_MS_MAX
    })
  }

  #join(): void {
    const spare = this.#world.nodes.find(node => node.isSpare)
    if (spare !== undefined) spare.start()
  }

  /** Asks for a node to be drained, through any node's data thread. */
  #leave(node: SimulatedNode): void {
    const { invariants, seeded, nodes } = this.#world
    const { latest } = invariants
    const staying = latest.members.filter(member => member.state === 'up' && !member.isLeaving)
    if (staying.length <= 3) return
    const { id, epoch } = seeded.pick(staying)
    const leaving = nodes.find(other => other.id === id)
    if (leaving === undefined) return
    this.#note(`${leaving.name} is to leave`)
    leaving.isLeaving = true
    node.process!.data.proposeAll([{ kind: 'leave', id, expects: epoch }])
  }
}
