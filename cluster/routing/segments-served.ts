// segments-served.ts — Which segments this node may serve at this moment, at a glance.
//
// Roles come from the view, and are looked up again when that has changed. The lease is compared with
// the clock whenever that was read. While it is over, and while so much is not committed that writes
// have to wait, `open` is empty: so the usual case is one look, and all else is found out behind it.
//
// Invariant: a segment is open only if the view says `serves`, it has enough copies to be written, and
// the lease lasted beyond the last reading of the clock.

import { SEGMENTS } from '../../src/keyspace/slot.ts'
import type { Server } from '../../src/server.ts'
import type { ClusterView, SegmentRole } from '../node/view.ts'
import { primary } from '../topology/segment.ts'

const NOTHING = new Uint8Array(SEGMENTS)
export const OPEN = 1
const READ_ONLY = 2

export class SegmentsServed {
  /** OPEN for segments in which any command may run; others may still be served. */
  open: Uint8Array = NOTHING
  /** The view has changed since the table was filled. */
  isStale = true
  readonly #server: Server
  readonly #view: ClusterView
  /** For each segment that the view says we serve OPEN, or READ_ONLY where it has too few copies. */
  readonly #served = new Uint8Array(SEGMENTS)

  constructor(server: Server, view: ClusterView) {
    this.#server = server
    this.#view = view
  }

  /** Whether this node's lease lasted when the clock was read last. */
  get holdsLease(): boolean {
    return this.#server.monotonic < this.#view.leaseUntil
  }

  /** Whether nothing keeps commands waiting but the roles of their segments. */
  get isUsual(): boolean {
    return this.holdsLease && !this.#view.isCongested
  }

  clockRead(): void {
    this.open = this.isUsual && !this.isStale ? this.#served : NOTHING
  }

  viewChanged(): void {
    this.isStale = true
    this.open = NOTHING
  }

  refresh(): void {
    if (!this.isStale) return
    const view = this.#view
    const copiesMin = this.#server.config.values['min-insync-owners']
    for (let i = 0; i < SEGMENTS; i++) {
      const isWritable = view.topology.segments[i]!.inSync.length >= copiesMin
      this.#served[i] = view.roleOf(i) !== 'serves' ? 0 : isWritable ? OPEN : READ_ONLY
    }
    this.isStale = false
    this.clockRead()
  }

  /** Whether commands on the segment may run at all. */
  isServed(segment: number): boolean {
    this.refresh()
    return this.#served[segment] !== 0 && this.holdsLease
  }

  /** Whether the segment is served and has too few copies to be written. */
  isReadOnly(segment: number): boolean {
    this.refresh()
    return this.#served[segment] === READ_ONLY
  }

  /** Whether no command on the segment need wait, as far as this node is concerned. */
  isFree(segment: number): boolean {
    this.refresh()
    return this.open[segment] !== 0
  }

  /** Whether no command on any segment need wait of which this node is the primary. */
  get areAllFree(): boolean {
    const { self, topology } = this.#view
    if (!this.isUsual) return false
    return topology.segments.every((each, i) => primary(each) !== self || this.isFree(i))
  }

  get isAnyReadOnly(): boolean {
    this.refresh()
    return this.#served.includes(READ_ONLY)
  }

  /** As the view has it; a primary that is this node itself cannot be elsewhere for long. */
  roleOf(segment: number): SegmentRole {
    const role = this.#view.roleOf(segment)
    if (role !== 'elsewhere' && role !== 'backs up') return role
    const owner = primary(this.#view.topology.segments[segment]!)
    if (owner === undefined) return 'lost'
    return owner === this.#view.self ? 'settles' : role
  }
}
