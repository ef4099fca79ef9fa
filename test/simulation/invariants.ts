// What must hold at every moment, whatever goes wrong. It sees more than any node: true time, and
// all processes at once.
//
// - At most one process serves a segment: it is the primary as far as it knows, and its lease holds
//   by its own clock. One that stands still counts too, for it may go on at any moment.
// - Who begins to serve has everything that was ever committed.
// - What is committed at one place of a segment's sequence is committed there for good.
// - A term has one coordinator.
// - Topologies of one epoch are one topology, and they are sound.
//
// A segment whose last good copies are all gone has lost its data by right. It is noted here, and
// nothing more is asked of it.

import { primary, type Segment } from '../../cluster/topology/segment.ts'
import { assertTopology, findMember, type Topology } from '../../cluster/topology/topology.ts'
import type { SimulatedNode } from './node.ts'
import type { World } from './world.ts'

export class Violation extends Error {
  override readonly name = 'Violation'
}

/** Looking at a whole topology costs more than most events. */
const ASSERT_EVERY = 16

export class Invariants {
  readonly #world: World
  /** The latest topology that any node has. It is committed. */
  #latest: Topology | undefined
  readonly #topologies = new Map<number, Topology>()
  readonly #coordinators = new Map<number, string>()
  /** By segment, the highest sequence that any primary took for committed. */
  readonly #committed = new Map<number, number>()
  /** Segments that nobody serves, as they were last. */
  readonly #waiting = new Map<number, Segment>()
  /** Segments of which acknowledged writes were lost by right. */
  readonly lost = new Set<number>()
  /** How many times a node began to serve a segment. */
  promotions = 0

  constructor(world: World) {
    this.#world = world
  }

  get latest(): Topology {
    return this.#latest!
  }

  /** A node became the primary of a segment, with what it held as a backup. */
  promoted(): void {
    this.promotions++
  }

  /** A node does something as the server of a segment, or may from now on. */
  serves(node: SimulatedNode, segment: number): void {
    const leading = node.process!.data.replication.leadingOf(segment)
    if (leading === undefined || !leading.serves || !node.isLeased) return
    for (const other of this.#world.nodes) {
      if (other === node || !isServing(other, segment)) continue
      throw new Violation(`${node.name} and ${other.name} both serve segment ${segment}`)
    }
    const committed = this.#committed.get(segment) ?? 0
    if (leading.sequence < committed && !this.lost.has(segment)) {
      throw new Violation(
        `${node.name} serves segment ${segment} up to ${leading.sequence} of ${committed}`,
      )
    }
    if (leading.committed > committed) this.#committed.set(segment, leading.committed)
  }

  coordinates({ id, name }: SimulatedNode, term: number): void {
    const known = this.#coordinators.get(term)
    if (known !== undefined) throw new Violation(`${name} and ${known} coordinate in ${term}`)
    this.#coordinators.set(term, id)
  }

  leaseBegan(node: SimulatedNode): void {
    const count = this.#latest?.segments.length ?? 0
    for (let segment = 0; segment < count; segment++) this.serves(node, segment)
  }

  topologyLearned(node: SimulatedNode, topology: Topology): void {
    const known = this.#topologies.get(topology.epoch)
    if (known === undefined) {
      this.#topologies.set(topology.epoch, topology)
      if (topology.epoch % ASSERT_EVERY === 0) assertTopology(topology)
    } else if (!isSame(known, topology, this.#world)) {
      throw new Violation(`${node.name} has another topology ${topology.epoch} than others`)
    }
    const before = this.#latest
    if (before !== undefined && topology.epoch <= before.epoch) return
    this.#latest = topology
    if (node.isNoted && before !== undefined) this.#note(before, topology)
    for (const { segment } of this.#world.subjects) this.#observe(segment, topology)
  }

  #note(before: Topology, { epoch, segments, members }: Topology): void {
    const { journal, timeline } = this.#world
    const names = (ids: readonly string[]) => ids.map(id => this.#world.nameOf(id)).join(' ')
    segments.forEach((record, number) => {
      if (record.epoch === before.segments[number]!.epoch) return
      const { owners, inSync, pending } = record
      const text = `${names(owners)}, in sync ${names(inSync)}, pending ${names(pending)}`
      journal.write(timeline.now, `epoch ${record.epoch}: segment ${number}: ${text}`)
    })
    if (members === before.members) return
    const states = members.map(member => {
      return `${names([member.id])}.${member.incarnation} ${member.state}`
    })
    journal.write(timeline.now, `epoch ${epoch}: members ${states.join(', ')}`)
  }

  #observe(segment: number, topology: Topology): void {
    const record = topology.segments[segment]!
    const leader = primary(record)
    if (leader === undefined) {
      if (!this.#waiting.has(segment)) this.#waiting.set(segment, record)
      return
    }
    const before = this.#waiting.get(segment)
    if (before === undefined) return
    this.#waiting.delete(segment)
    const member = findMember(topology, leader)!
    const isBack = before.lastInSync.some(
      copy => copy.id === leader && copy.incarnation === member.incarnation,
    )
    if (!isBack) this.lost.add(segment)
  }
}

export function isServing(node: SimulatedNode, segment: number): boolean {
  if (node.process === undefined) return false
  const leading = node.process.data.replication.leadingOf(segment)
  return leading?.serves === true && node.isLeased
}

/** As far as it matters to clients. */
function isSame(a: Topology, b: Topology, { subjects }: World): boolean {
  if (a === b) return true
  if (a.members.length !== b.members.length) return false
  if (a.segments.some(({ epoch }, number) => epoch !== b.segments[number]!.epoch)) return false
  return subjects.every(({ segment }) => {
    const one = a.segments[segment]!
    const other = b.segments[segment]!
    return (
      one.epoch === other.epoch &&
      `${one.owners}|${one.inSync}` === `${other.owners}|${other.inSync}`
    )
  })
}
