// router.ts — Decides for every command whether it runs here, waits, or belongs to another node.
//
// Semantics are those of a Redis Cluster node, with what the grid adds: roles are by segment, nobody
// serves without a lease, and a command that meets a change of roles waits for its outcome instead
// of being refused. A command without keys runs where it came.
//
// The usual case takes one look at a table of segments that are served now. The table is empty while
// the lease is over, so there is no second look for that: the lease is compared with the clock once
// for every chunk of requests, after it came.
//
// Invariant: a segment is open only if the view says `serves` and the lease lasted beyond the last
// reading of the clock.

import type { Call } from '../../src/call.ts'
import { type Client, IN_MULTI, READONLY_MODE } from '../../src/client.ts'
import { IMMEDIATE, RUNS_QUEUE } from '../../src/command.ts'
import { NO_SEGMENT } from '../../src/effects.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import {
  forgetRoute,
  keySlot,
  NO_SLOT,
  routeKey,
  SEGMENT_SHIFT,
  SEGMENTS,
} from '../../src/keyspace/slot.ts'
import { KeyPositions } from '../../src/keyspecs.ts'
import type { Router } from '../../src/router.ts'
import type { Server } from '../../src/server.ts'
import { SEVERAL_SLOTS } from '../../src/transaction.ts'
import type { ClusterView, SegmentRole } from '../node/view.ts'
import type { Member } from '../topology/member.ts'
import { primary } from '../topology/segment.ts'
import { findMember } from '../topology/topology.ts'
import { mayReadBackup } from './backup-read.ts'
import { KEYLESS, keyIndexes } from './command-keys.ts'
import { PutOff } from './put-off.ts'
import { leave } from './segment-left.ts'

/** Renewals of the lease come unannounced, so who waits for one looks this often. */
const LEASE_LOOK_MS = 10

const NOTHING_SERVED = new Uint8Array(SEGMENTS)

export interface RouterOptions {
  readonly server: Server
  readonly view: ClusterView
  /** Answers a command that only reads from the copy that this node keeps. */
  readonly readBackup: (call: Call) => void
}

export class ClusterRouter implements Router {
  readonly #server: Server
  readonly #view: ClusterView
  readonly #readBackup: (call: Call) => void
  readonly #keyIndexes: Int8Array
  readonly #positions = new KeyPositions()
  readonly #putOff = new PutOff()
  /** 1 for each segment that the view says we serve. */
  readonly #served = new Uint8Array(SEGMENTS)
  /** `#served` while the lease holds, else NOTHING_SERVED. */
  #open: Uint8Array = NOTHING_SERVED
  /** The view has changed since `#served` was filled. */
  #isStale = true
  /** Segments with waiting calls whose turn came while the segment was not served. */
  readonly #missedTurns = new Set<number>()

  constructor({ server, view, readBackup }: RouterOptions) {
    this.#server = server
    this.#view = view
    this.#readBackup = readBackup
    this.#keyIndexes = keyIndexes(server.registry)
    view.onChange(this.#viewChanged)
  }

  /** Commands that wait for their segment. */
  get putOffCount(): number {
    return this.#putOff.size
  }

  /** Whether this node's lease lasted when the clock was read last. */
  get holdsLease(): boolean {
    return this.#server.monotonic < this.#view.leaseUntil
  }

  // Time and roles

  clockRead(): void {
    this.#open = this.holdsLease && !this.#isStale ? this.#served : NOTHING_SERVED
  }

  readonly #viewChanged = (): void => {
    this.#isStale = true
    this.#open = NOTHING_SERVED
    if (this.isDue) this.#server.wakeUp()
  }

  /** Many roles change at once, so those who wait are looked after when the turn ends. */
  get isDue(): boolean {
    return this.#isStale && this.#isAwaited
  }

  get #isAwaited(): boolean {
    return this.#putOff.size > 0 || this.#missedTurns.size > 0
  }

  #refresh(): void {
    const { roleOf } = this.#view
    for (let i = 0; i < SEGMENTS; i++) {
      this.#served[i] = roleOf.call(this.#view, i) === 'serves' ? 1 : 0
    }
    this.#isStale = false
    this.clockRead()
  }

  get nextDeadline(): number {
    if (!this.#isAwaited) return Number.POSITIVE_INFINITY
    const { firstUntil } = this.#putOff
    if (this.holdsLease) return firstUntil
    return Math.min(firstUntil, this.#server.monotonic + LEASE_LOOK_MS)
  }

  wake(): void {
    if (this.#isStale) this.#refresh()
    const { dispatch, monotonic } = this.#server
    for (const client of this.#putOff.take(monotonic, this.#isDecided)) dispatch.tryAgain(client)
    for (const segment of this.#missedTurns) {
      if (this.serves(segment)) this.#giveTurns(segment)
    }
    this.#server.reschedule()
  }

  /** Whether a command on the segment would not have to wait. */
  readonly #isDecided = (segment: number): boolean => {
    const role = this.#roleOf(segment)
    return role !== 'settles' && (role !== 'serves' || this.#open[segment] === 1)
  }

  /** As the view has it; a primary that is this node itself cannot be elsewhere for long. */
  #roleOf(segment: number): SegmentRole {
    const role = this.#view.roleOf(segment)
    if (role !== 'elsewhere' && role !== 'backs up') return role
    const owner = primary(this.#view.topology.segments[segment]!)
    if (owner === undefined) return 'lost'
    return owner === this.#view.self ? 'settles' : role
  }

  serves(segment: number): boolean {
    if (segment === NO_SEGMENT) return true
    if (this.#isStale) this.#refresh()
    if (this.#open[segment] === 1) return true
    this.#missedTurns.add(segment)
    this.#server.reschedule()
    return false
  }

  /** Those who wait for a segment's keys are tried, in their order. */
  #giveTurns(segment: number): void {
    this.#missedTurns.delete(segment)
    const { clients, waiting } = this.#server
    for (const { parked } of clients.values()) {
      if (parked?.segment !== segment) continue
      for (const key of parked.keys) waiting.signal(parked.db, key, parked.topic)
    }
  }

  // Commands

  admit(call: Call): boolean {
    const at = this.#keyIndexes[call.command.id]!
    if (at > 0) {
      const { offsets } = call
      const slot = routeKey(call.bytes, offsets[at << 1]!, offsets[(at << 1) | 1]!)
      const segment = slot >>> SEGMENT_SHIFT
      call.slot = slot
      call.segment = segment
      return this.#open[segment] === 1 || this.#admitElse(call)
    }
    forgetRoute()
    return at === KEYLESS || this.#admitSearched(call)
  }

  #admitSearched(call: Call): boolean {
    if ((call.command.bits & RUNS_QUEUE) !== 0) return this.#admitTransaction(call)
    const found = this.#positions
    const count = found.find(call.command.spec, call, true)
    if (count === 0) return true
    for (let i = 0; i < count; i++) {
      const at = found.positions[i]!
      const slot = keySlot(call.bytes, call.start(at), call.end(at))
      if (i === 0) this.#tell(call, slot)
      else if (slot !== call.slot) return this.#refuseSeveral(call)
    }
    return this.#open[call.segment] === 1 || this.#admitElse(call)
  }

  #admitTransaction(call: Call): boolean {
    const { transaction } = call.client
    if (transaction === undefined || transaction.failed || transaction.slot === NO_SLOT) return true
    if (transaction.slot === SEVERAL_SLOTS) return this.#refuse(call, errors.crossSlot)
    this.#tell(call, transaction.slot)
    return this.#open[call.segment] === 1 || this.#admitElse(call)
  }

  #tell(call: Call, slot: number): void {
    call.slot = slot
    call.segment = slot >>> SEGMENT_SHIFT
  }

  /** As in Redis, a first key that nobody serves counts before keys that are apart. */
  #refuseSeveral(call: Call): false {
    const isLost = this.#roleOf(call.segment) === 'lost'
    return this.#refuse(call, isLost ? errors.slotNotServed : errors.crossSlot)
  }

  /** The segment is not open. */
  #admitElse(call: Call): boolean {
    if (this.#isStale) this.#refresh()
    const { client, segment } = call
    if (this.#open[segment] === 1) return true
    switch (this.#roleOf(segment)) {
      case 'serves':
      case 'settles':
        // It is queued in any case, and EXEC waits.
        if (client.is(IN_MULTI) && (call.command.bits & IMMEDIATE) === 0) return true
        return this.#wait(call)
      case 'lost':
        return this.#refuse(call, errors.slotNotServed)
      case 'backs up':
        if (!this.#readsBackups(call)) return this.#redirect(call)
        this.#readBackup(call)
        return false
      case 'elsewhere':
        return this.#redirect(call)
    }
  }

  #readsBackups({ client, command }: Call): boolean {
    const asks = client.is(READONLY_MODE) || this.#server.config.values['cluster-advertise-backups']
    return asks && !client.is(IN_MULTI) && mayReadBackup(command)
  }

  #wait(call: Call): false {
    const { client } = call
    const { config, dispatch, monotonic } = this.#server
    const timeoutMs = config.values['cluster-park-timeout']
    if (!this.#putOff.add(client, call.segment, monotonic, timeoutMs)) {
      return this.#refuse(call, this.holdsLease ? errors.slotNotServed : errors.clusterDown)
    }
    dispatch.putOff(client)
    this.#server.reschedule()
    return false
  }

  #redirect(call: Call): false {
    return this.#refuse(call, this.moved(call.slot))
  }

  #refuse(call: Call, error: ReplyError): false {
    this.#server.dispatch.turnAway(call, error)
    return false
  }

  /** Where the keys of a slot are. */
  moved(slot: number): ReplyError {
    const owner = this.#ownerOf(slot >>> SEGMENT_SHIFT)
    if (owner === undefined) return errors.slotNotServed
    return new ReplyError(`MOVED ${slot} ${owner.host}:${owner.port}`)
  }

  #ownerOf(segment: number): Member | undefined {
    const { topology } = this.#view
    const id = primary(topology.segments[segment]!)
    return id === undefined ? undefined : findMember(topology, id)
  }

  deny(outer: Call, call: Call): ReplyError | undefined {
    const found = this.#positions
    const count = found.find(call.command.spec, call, true)
    for (let i = 0; i < count; i++) {
      const at = found.positions[i]!
      const slot = keySlot(call.bytes, call.start(at), call.end(at))
      if (outer.slot !== NO_SLOT) {
        if (slot !== outer.slot) return errors.scriptCrossSlot
      } else if (!this.#isServedNow(slot >>> SEGMENT_SHIFT)) {
        return errors.scriptNotLocal
      }
    }
    return undefined
  }

  #isServedNow(segment: number): boolean {
    if (this.#isStale) this.#refresh()
    return this.#open[segment] === 1
  }

  // Clients

  disconnected(client: Client): void {
    this.#putOff.delete(client)
  }

  /** The segment is not this node's any more: who waits for its keys here is told where they are. */
  segmentLeft(segment: number): void {
    this.#missedTurns.delete(segment)
    leave(this.#server, segment, slot => this.moved(slot))
  }
}
