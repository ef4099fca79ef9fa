// A view of the grid that the test sets, and topologies to put into it.

import type { ClusterView, SegmentRole } from '../../../cluster/node/view.ts'
import type { Member } from '../../../cluster/topology/member.ts'
import { primary, segment } from '../../../cluster/topology/segment.ts'
import { freezeTopology, SEGMENT_COUNT, type Topology } from '../../../cluster/topology/topology.ts'

/** 40 hexadecimal characters, in the order of the numbers. */
export function nodeId(number: number): string {
  return String(number).padStart(40, '0')
}

export function member(number: number, changes: Partial<Member> = {}): Member {
  return {
    id: nodeId(number),
    host: `10.0.0.${number}`,
    hostname: '',
    port: 7000 + number,
    tlsPort: 0,
    busPort: 17_000 + number,
    labels: { site: '', rack: '', machine: '' },
    capacity: 1,
    incarnation: 1,
    state: 'up',
    isLeaving: false,
    epoch: number,
    ...changes,
  }
}

/** Members 1 to `count`; `owners` tells the numbers of those that own a segment, primary first. */
export function topologyOf(
  count: number,
  owners: (segment: number) => readonly number[],
  epoch = 10,
): Topology {
  return freezeTopology({
    epoch,
    members: Array.from({ length: count }, (_, i) => member(i + 1)),
    segments: Array.from({ length: SEGMENT_COUNT }, (_, i) => segment(owners(i).map(nodeId), 1)),
    voters: [nodeId(1)],
    caches: [],
  })
}

/** Thirds of the segments in order, each backed up by the next node. */
export function threeNodes(epoch = 10): Topology {
  return topologyOf(3, i => (i < 85 ? [1, 2] : i < 170 ? [2, 3] : [3, 1]), epoch)
}

export class FakeView implements ClusterView {
  readonly self: string
  leaseUntil = Number.POSITIVE_INFINITY
  isCongested = false
  /** What the topology alone does not tell, as `settles`. */
  readonly roles = new Map<number, SegmentRole>()
  #topology: Topology
  readonly #listeners: (() => void)[] = []

  constructor(self: number, topology: Topology) {
    this.self = nodeId(self)
    this.#topology = topology
  }

  get topology(): Topology {
    return this.#topology
  }

  set topology(topology: Topology) {
    this.#topology = topology
    this.changed()
  }

  roleOf(number: number): SegmentRole {
    const said = this.roles.get(number)
    if (said !== undefined) return said
    const record = this.#topology.segments[number]!
    if (record.inSync.length === 0) return 'lost'
    if (primary(record) === this.self) return 'serves'
    return record.inSync.includes(this.self) ? 'backs up' : 'elsewhere'
  }

  setRole(number: number, role: SegmentRole | undefined): void {
    if (role === undefined) this.roles.delete(number)
    else this.roles.set(number, role)
    this.changed()
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener)
  }

  changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
