// As much of a data thread as the metadata plane can notice.

import type { Lease } from '../../../cluster/metadata/event.ts'
import type { HandOverOrder } from '../../../cluster/metadata/port.ts'
import type { TopologyEntry } from '../../../cluster/topology/entry.ts'
import type { Introduction } from '../../../cluster/topology/member.ts'
import { primary, type Segment } from '../../../cluster/topology/segment.ts'
import { findMember, type Topology } from '../../../cluster/topology/topology.ts'

const TRANSFER_MS = 20
const REPEAT_MS = 100

interface Stopped {
  readonly to: string
  readonly epoch: number
  proposedAt: number
}

export class DataThread {
  readonly #self: Introduction
  lease: Lease = { until: 0, epoch: 0 }
  topology: Topology | undefined
  #served: number[] | undefined
  #heard: { readonly topology: Topology; readonly at: number }[] = []
  /** Segments that this node was told to hand over, and serves no more. */
  readonly #stopped = new Map<number, Stopped>()
  /** Since when a segment's receivers are sent its keys, or when that was last reported. */
  readonly #since = new Map<number, { readonly epoch: number; at: number }>()

  constructor(self: Introduction) {
    this.#self = self
  }

  hear(topology: Topology, at: number): void {
    this.#heard.push({ topology, at: Math.max(at, this.#heard.at(-1)?.at ?? 0) })
  }

  /** What this node serves as far as it knows. */
  get served(): readonly number[] {
    if (this.#served === undefined) {
      this.#served = []
      this.topology?.segments.forEach((segment, number) => {
        const isOurs = primary(segment) === this.#self.id
        if (isOurs && !this.#stopped.has(number)) this.#served!.push(number)
      })
    }
    return this.#served
  }

  order(orders: readonly HandOverOrder[]): void {
    for (const { segment, to, epoch } of orders) {
      const record = this.topology?.segments[segment]
      if (record?.epoch !== epoch || primary(record) !== this.#self.id) continue
      if (!this.#stopped.has(segment)) this.#stopped.set(segment, { to, epoch, proposedAt: 0 })
      this.#served = undefined
    }
  }

  work(now: number): readonly TopologyEntry[] {
    const before = this.topology
    while (this.#heard.length > 0 && this.#heard[0]!.at <= now) {
      this.topology = this.#heard.shift()!.topology
    }
    const { topology } = this
    if (topology === undefined) return []
    if (topology !== before) this.#served = undefined
    for (const [segment, { epoch }] of this.#stopped) {
      if (topology.segments[segment]!.epoch !== epoch) this.#stopped.delete(segment)
    }
    if (before === topology && now % TRANSFER_MS !== 0) return []
    const entries: TopologyEntry[] = []
    for (const [segment, stopped] of this.#stopped) {
      if (now - stopped.proposedAt < REPEAT_MS) continue
      stopped.proposedAt = now
      entries.push({ kind: 'hand-over', segment, id: stopped.to, expects: stopped.epoch })
    }
    topology.segments.forEach((segment, number) => {
      if (primary(segment) === this.#self.id) this.#synchronize(segment, number, now, entries)
    })
    return entries
  }

  #synchronize(segment: Segment, number: number, now: number, entries: TopologyEntry[]): void {
    const { owners, inSync, pending, epoch } = segment
    const behind = [...pending, ...owners.filter(id => !inSync.includes(id))]
    const receiver = behind.find(id => findMember(this.topology!, id)!.state === 'up')
    if (receiver === undefined) return
    const since = this.#since.get(number)
    if (since?.epoch !== epoch) {
      this.#since.set(number, { epoch, at: now })
    } else if (now - since.at >= TRANSFER_MS) {
      since.at = now + REPEAT_MS
      const { incarnation } = findMember(this.topology!, receiver)!
      entries.push({ kind: 'in-sync', segment: number, id: receiver, incarnation, expects: epoch })
    }
  }
}
