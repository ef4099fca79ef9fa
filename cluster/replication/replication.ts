// The data plane of one node: primary and backup of its segments.
//
// A primary executes first and ships what it did; a reply that depends on it waits until everybody
// who is in sync has it. A backup prepares, acknowledges, and applies what is committed. Who is
// what is the topology's to say, and every change of a segment has an epoch of its own: primaries
// begin anew under it, and backups refuse what is older than what they know.
//
// Why nothing acknowledged is lost: an entry is committed when all that are in sync, or were
// proposed to be, have prepared it. Only one of those is ever promoted, and it takes its whole tail
// along. Why nothing is taken back: a backup applies only what is committed, and a node that is in
// sync no more forgets its copy.
//
// The machine is pure: time is given with every event, and what it wants goes to `Output`. It knows
// nothing of leases: whoever executes commands does so only while the node's lease holds.

import type { NodeId } from '../raft/configuration.ts'
import type { SegmentEntry } from '../topology/entry.ts'
import { holds, primary, type Segment } from '../topology/segment.ts'
import { findMember, SEGMENT_COUNT, type Topology } from '../topology/topology.ts'
import { Copy } from './copy.ts'
import { Entry } from './entry.ts'
import type { Follower, Standing } from './follower.ts'
import { Leading } from './leading.ts'
import type { Answer, Message, Shipment } from './message.ts'
import { DEFAULT_REPLICATION_OPTIONS, type ReplicationOptions } from './options.ts'
import { Session } from './session.ts'
import type { Store } from './store.ts'
import { Throttle } from './throttle.ts'

export interface Output {
  /** On the link that we dialled. It is up. */
  send(to: NodeId, message: Shipment): void
  /** On the link that the other node dialled. It may be gone. */
  answer(to: NodeId, message: Answer): void
  propose(entry: SegmentEntry): void
  /** A segment's role may have changed. */
  roleChanged(segment: number): void
}

export type ReplicationRole = 'serves' | 'settles' | 'backs up' | 'elsewhere' | 'lost'

/** A link that a peer dialled to us, while it is up. */
interface Inbound {
  received: number
  acknowledged: number
  /** Segments of which it was told that they are refused. */
  readonly refused: Set<number>
}

export class Replication {
  readonly self: NodeId
  readonly incarnation: number
  readonly #store: Store
  readonly #output: Output
  readonly #options: ReplicationOptions
  #topology: Topology
  readonly #leading: (Leading | undefined)[] = new Array(SEGMENT_COUNT).fill(undefined)
  readonly #copies: (Copy | undefined)[] = new Array(SEGMENT_COUNT).fill(undefined)
  readonly #sessions = new Map<NodeId, Session>()
  readonly #inbound = new Map<NodeId, Inbound>()
  /** Followers that are being sent a segment's state. */
  readonly #receiving = new Set<Follower>()
  readonly #throttle: Throttle
  #tailBytes = 0
  /** Bytes of segments' state since the start. */
  stateBytesSent = 0
  stateBytesReceived = 0
  #now = 0

  constructor(
    self: NodeId,
    incarnation: number,
    topology: Topology,
    store: Store,
    output: Output,
    options = DEFAULT_REPLICATION_OPTIONS,
  ) {
    this.self = self
    this.incarnation = incarnation
    this.#store = store
    this.#output = output
    this.#options = options
    this.#throttle = new Throttle(options.transferBytesPerSecond, options.transferWindowBytes)
    this.#topology = topology
  }

  // What others ask

  get topology(): Topology {
    return this.#topology
  }

  roleOf(segment: number): ReplicationRole {
    const leading = this.#leading[segment]
    if (leading !== undefined && !leading.isSuspended) return leading.serves ? 'serves' : 'settles'
    const record = this.#topology.segments[segment]!
    const leader = primary(record)
    if (leader === undefined) return 'lost'
    // It was the process before this one; what becomes of the segment is being decided.
    if (leader === this.self) return 'settles'
    return this.#copies[segment]?.isInSync ? 'backs up' : 'elsewhere'
  }

  /** The last entry of a served segment if it is not committed: what a read of it depends on. */
  openEntry(segment: number): Entry | undefined {
    return this.#leading[segment]?.tail.last
  }

  /** Writes have to wait: too much is not committed. */
  get isCongested(): boolean {
    return this.#tailBytes > this.#options.tailBytesMax
  }

  /** Segments that this node sends to others. */
  get transferring(): number {
    return this.#receiving.size
  }

  /** Entries that are not committed, and their bytes. */
  get openEntries(): number {
    return this.#leading.reduce((sum, leading) => sum + (leading?.tail.length ?? 0), 0)
  }

  get openBytes(): number {
    return this.#tailBytes
  }

  leadingOf(segment: number): Readonly<Leading> | undefined {
    return this.#leading[segment]
  }

  copyOf(segment: number): Readonly<Copy> | undefined {
    return this.#copies[segment]
  }

  // Topology

  setTopology(topology: Topology, now: number): void {
    this.#now = now
    const before = this.#topology
    if (topology.epoch < before.epoch) return
    this.#topology = topology
    const membersChanged = topology.members !== before.members
    for (let i = 0; i < SEGMENT_COUNT; i++) {
      const record = topology.segments[i]!
      // Not by identity: what comes out of a snapshot is another object and the same record.
      if (record.epoch !== before.segments[i]!.epoch) this.#adopt(i, record)
      else if (membersChanged) this.#remember(i, record)
    }
    this.#pump()
  }

  /** Takes over the topology given at the start. */
  start(now: number): void {
    this.#now = now
    this.#topology.segments.forEach((record, i) => {
      this.#adopt(i, record)
    })
  }

  /** A segment's record is new. */
  #adopt(i: number, record: Segment): void {
    const leading = this.#leading[i]
    // A primary has shown us a newer epoch, so this record is over already.
    if ((this.#copies[i]?.epoch ?? 0) > record.epoch) return
    if (this.#isCurrent && primary(record) === this.self) {
      if (leading === undefined) this.#promote(i, record)
      else this.#renew(leading, record)
    } else if (leading !== undefined) {
      this.#depose(leading, record)
    } else {
      this.#keep(i, record)
    }
    this.#output.roleChanged(i)
  }

  /** Members have changed, the segment has not: a receiver may have come or gone. */
  #remember(i: number, record: Segment): void {
    const leading = this.#leading[i]
    if (leading === undefined) {
      if (this.#isCurrent && primary(record) === this.self) this.#adopt(i, record)
    } else if (!leading.isSuspended) {
      this.#reconcile(leading, record, false)
    }
  }

  /** The topology speaks of this process, and not of one before it. */
  get #isCurrent(): boolean {
    return findMember(this.#topology, this.self)?.incarnation === this.incarnation
  }

  #isInSync(record: Segment): boolean {
    return this.#isCurrent && record.inSync.includes(this.self)
  }

  /** Nobody is in sync, and our copy is one of the last that were. */
  #isLastCopy(record: Segment): boolean {
    return record.lastInSync.some(
      copy => copy.id === this.self && copy.incarnation === this.incarnation,
    )
  }

  // The primary

  #promote(i: number, record: Segment): void {
    const copy = this.#copies[i]
    const applied = copy?.applied ?? 0
    const leading = new Leading(i, record.epoch, copy?.last ?? 0, applied)
    if (copy !== undefined) {
      for (const { sequence, now, effects } of copy.tail) {
        this.#store.apply(i, now, effects)
        leading.tail.push(new Entry(i, sequence, now, effects, this.#now))
      }
      this.#tailBytes += leading.tail.bytes
    }
    this.#copies[i] = undefined
    this.#leading[i] = leading
    this.#store.promote(i)
    this.#reconcile(leading, record, true)
    this.#beginAll(leading)
    this.#advance(leading)
  }

  /** Still the primary, under a new epoch. */
  #renew(leading: Leading, record: Segment): void {
    leading.epoch = record.epoch
    leading.isSuspended = false
    leading.settling = undefined
    this.#takeBack(leading)
    leading.proposedAt = Number.NEGATIVE_INFINITY
    if (leading.fencedBy <= record.epoch) leading.fencedBy = 0
    this.#reconcile(leading, record, true)
    this.#beginAll(leading)
    this.#advance(leading)
  }

  /**
   * Makes the followers those of the topology. `isSettled`: the record has a new epoch, so what was
   * proposed before is decided.
   */
  #reconcile(leading: Leading, record: Segment, isSettled: boolean): void {
    const wanted = new Map<NodeId, number>()
    for (const id of [...record.owners, ...record.pending]) {
      const member = findMember(this.#topology, id)
      if (id !== this.self && member?.state === 'up') wanted.set(id, member.incarnation)
    }
    for (const follower of [...leading.followers.values()]) {
      if (wanted.get(follower.id) !== follower.incarnation) this.#drop(leading, follower)
    }
    for (const [id, incarnation] of wanted) {
      const follower = leading.followers.get(id)
      const isInSync = record.inSync.includes(id)
      const standing = nextStanding(follower?.standing, isInSync, isSettled)
      if (follower === undefined) {
        leading.follow(id, incarnation, standing)
      } else if (standing !== follower.standing) {
        if (standing === 'waiting') follower.interrupt(leading.committed)
        follower.standing = standing
      }
    }
    leading.countVoters()
  }

  #drop(leading: Leading, follower: Follower): void {
    this.#receiving.delete(follower)
    leading.drop(follower)
  }

  /** Begins with everybody who prepares entries. */
  #beginAll(leading: Leading): void {
    for (const follower of leading.followers.values()) {
      if (follower.counts || follower.standing === 'transferred') this.#begin(leading, follower)
    }
  }

  #begin(leading: Leading, follower: Follower): void {
    const session = this.#sessionOf(follower)
    follower.interrupt(leading.committed)
    if (session === undefined) {
      // It is not begun with when the link is up: only those are that may be in sync.
      if (!follower.isProposed) this.#restart(leading, follower)
      return
    }
    const { segment, epoch, committed: from } = leading
    follower.isBegun = true
    follower.begunAt = this.#now
    session.ship({ kind: 'begin', segment, epoch, from }, follower, from)
    // Entries of before are still on their way, and their acknowledgements count no more.
    if (follower.standing === 'transferred') follower.transferredBy = session.sent
    for (const entry of leading.tail) this.#ship(leading, follower, entry, entry.effects)
  }

  #sessionOf({ id, incarnation }: Follower): Session | undefined {
    const session = this.#sessions.get(id)
    return session?.incarnation === incarnation ? session : undefined
  }

  #ship(leading: Leading, follower: Follower, entry: Entry, effects: Buffer): void {
    const { segment, committed } = leading
    const { sequence, now } = entry
    const message: Shipment = { kind: 'entry', segment, sequence, committed, now, effects }
    this.#sessionOf(follower)!.ship(message, follower, sequence)
  }

  /**
   * A command was executed here, as the primary, or time has changed something. Its replies must not leave before the entry is
   * committed; it may be so at once. `now` is the command's time, `monotonic` the node's.
   */
  executed(segment: number, now: number, effects: Buffer, monotonic: number): Entry {
    const leading = this.#leading[segment]
    if (leading === undefined || leading.isPutAside) {
      throw new Error(`segment ${segment} was changed by a node that does not serve it`)
    }
    const entry = new Entry(segment, ++leading.sequence, now, effects, monotonic)
    leading.tail.push(entry)
    this.#tailBytes += effects.length
    for (const follower of leading.isAllInSync ? leading.voters : leading.followers.values()) {
      if (!follower.isBegun) continue
      const { transfer } = follower
      this.#ship(leading, follower, entry, transfer?.filter(effects) ?? effects)
    }
    leading.told = leading.committed
    if (leading.voters.length === 0) this.#advance(leading)
    return entry
  }

  /** Commits what everybody who counts has. */
  #advance(leading: Leading): void {
    const { tail } = leading
    const acknowledged = leading.acknowledged
    for (let first = tail.first; first !== undefined; first = tail.first) {
      if (first.sequence > acknowledged) break
      tail.shift()
      this.#tailBytes -= first.effects.length
      leading.committed = first.sequence
      first.settle(true)
    }
    if (!leading.isAllInSync) this.#admitNewcomers(leading)
    if (leading.settling !== undefined) this.#settleHandOver(leading)
  }

  #admitNewcomers(leading: Leading): void {
    for (const follower of leading.followers.values()) {
      if (follower.standing === 'transferred') this.#count(leading, follower)
      if (follower.standing === 'catching up') this.#join(leading, follower)
    }
  }

  /** Lets a follower count that has everything of before, and all of that committed. */
  #count(leading: Leading, follower: Follower): void {
    const { transferredAt, transferredBy } = follower
    if (!follower.isBegun || leading.committed < transferredAt) return
    if (this.#sessionOf(follower)!.acknowledged < transferredBy) return
    follower.standing = 'catching up'
    follower.countsAfter = leading.committed
    leading.countVoters()
  }

  /** Proposes it once it also has what was committed while it did not count. */
  #join(leading: Leading, follower: Follower): void {
    if (follower.acked < follower.countsAfter) return
    follower.standing = 'joining'
    leading.proposedAt = this.#now
    this.#proposeJoin(leading, follower)
  }

  #proposeJoin({ segment, epoch: expects }: Leading, { id, incarnation }: Follower): void {
    this.#output.propose({ kind: 'in-sync', segment, id, incarnation, expects })
  }

  /** The copy may be served by another node: ours counts no more, or becomes a backup. */
  #depose(leading: Leading, record: Segment): void {
    if (record.epoch < leading.epoch) return
    if (primary(record) === undefined && this.#isLastCopy(record)) {
      this.#suspend(leading, record)
      return
    }
    if (this.#isInSync(record)) this.#handedOver(leading, record.epoch, primary(record))
    else this.#forget(leading)
  }

  #suspend(leading: Leading, record: Segment): void {
    for (const follower of [...leading.followers.values()]) this.#drop(leading, follower)
    leading.countVoters()
    leading.isSuspended = true
    leading.settling = undefined
    this.#takeBack(leading)
    leading.epoch = record.epoch
  }

  /** What we asked for has happened: we are a backup now. */
  #handedOver(leading: Leading, epoch: number, source: NodeId | undefined): void {
    const { segment, sequence, tail } = leading
    if (tail.length > 0) throw new Error(`segment ${segment} was handed over before it settled`)
    this.#release(leading)
    this.#putAside(leading)
    // Nobody has begun under the new epoch yet.
    const copy = new Copy(segment, epoch, source, sequence, false)
    copy.isInSync = true
    this.#copies[segment] = copy
  }

  /** Others go on without our copy, and nobody here knows with which of its last entries. */
  #forget(leading: Leading): void {
    this.#release(leading)
    this.#store.clear(leading.segment)
    for (const entry of leading.tail) entry.settle(false)
  }

  #release(leading: Leading): void {
    for (const follower of [...leading.followers.values()]) this.#drop(leading, follower)
    this.#tailBytes -= leading.tail.bytes
    this.#leading[leading.segment] = undefined
  }

  // Hand-over

  /** The coordinator wants another owner to serve the segment. From now on nothing is executed. */
  handOver(segment: number, to: NodeId, epoch: number, now: number): void {
    this.#now = now
    const leading = this.#leading[segment]
    if (leading === undefined || !leading.serves || leading.epoch !== epoch) return
    if (leading.followers.get(to)?.standing !== 'in-sync') return
    leading.settling = { to, proposedAt: Number.NEGATIVE_INFINITY }
    this.#output.roleChanged(segment)
    this.#settleHandOver(leading)
  }

  /**
   * Proposes once nothing is open, and again until the epoch moves on: as long as the proposal may
   * still be accepted, nothing may be executed.
   */
  #settleHandOver(leading: Leading): void {
    const { segment, epoch: expects, tail, settling } = leading
    if (settling === undefined || tail.length > 0) return
    const { proposalRepeatMs } = this.#options
    if (this.#now - settling.proposedAt < proposalRepeatMs) return
    settling.proposedAt = this.#now
    this.#putAside(leading)
    this.#output.propose({ kind: 'hand-over', segment, id: settling.to, expects })
  }

  /** Nothing may change the copy any more, not even time: it is a backup's from now on. */
  #putAside(leading: Leading): void {
    if (leading.isPutAside) return
    leading.isPutAside = true
    this.#store.demote(leading.segment)
  }

  #takeBack(leading: Leading): void {
    if (!leading.isPutAside) return
    leading.isPutAside = false
    this.#store.promote(leading.segment)
  }

  // Links that we dialled

  linkUp(peer: NodeId, incarnation: number, now: number): void {
    this.#now = now
    if (this.#sessions.has(peer)) this.linkDown(peer, now)
    const session = new Session(peer, incarnation, this.#send)
    this.#sessions.set(peer, session)
    for (const leading of this.#leading) {
      const follower = leading?.followers.get(peer)
      const isAwaiting = follower?.isProposed && follower.incarnation === incarnation
      if (isAwaiting) this.#begin(leading!, follower)
    }
    this.#pump()
  }

  readonly #send = (to: NodeId, message: Shipment): void => {
    this.#output.send(to, message)
  }

  linkDown(peer: NodeId, now: number): void {
    this.#now = now
    if (!this.#sessions.delete(peer)) return
    for (const leading of this.#leading) {
      const follower = leading?.followers.get(peer)
      if (follower === undefined) continue
      follower.interrupt(leading!.committed)
      // A copy that was not complete, or not proposed, begins again.
      if (!follower.isProposed) this.#restart(leading!, follower)
    }
  }

  #restart(leading: Leading, follower: Follower): void {
    const counted = follower.counts
    this.#receiving.delete(follower)
    follower.endTransfer()
    follower.standing = 'waiting'
    if (!counted) return
    leading.countVoters()
    this.#advance(leading)
  }

  answered(peer: NodeId, answer: Answer, now: number): void {
    this.#now = now
    if (answer.kind === 'ack') this.#acknowledged(peer, answer.count)
    else this.#refused(peer, answer.segment, answer.epoch)
  }

  #acknowledged(peer: NodeId, count: number): void {
    const touched = this.#touched
    this.#sessions.get(peer)?.acknowledge(count, this.#touch)
    for (const leading of touched) {
      if (this.#leading[leading.segment] === leading) this.#advance(leading)
    }
    touched.clear()
    if (this.#receiving.size > 0) this.#pump()
  }

  readonly #touched = new Set<Leading>()
  readonly #touch = (follower: Follower): void => {
    this.#touched.add(follower.leading)
  }

  /** The peer knows of a newer epoch, in which we may be the primary or not. */
  #refused(peer: NodeId, segment: number, epoch: number): void {
    const leading = this.#leading[segment]
    if (leading === undefined) return
    const follower = leading.followers.get(peer)
    if (follower !== undefined && !follower.isProposed) {
      // It may have dropped a part of the state.
      follower.interrupt(leading.committed)
      this.#restart(leading, follower)
    }
    // Else it is about what was sent under an older epoch than ours, and we have begun anew since.
    if (epoch <= leading.epoch) return
    leading.fencedBy = Math.max(leading.fencedBy, epoch)
    follower?.interrupt(leading.committed)
    this.#output.roleChanged(segment)
  }

  // State transfer

  /** Starts transfers for which there is room, and sends the next part of those under way. */
  #pump(): void {
    this.#startTransfers()
    for (const follower of this.#receiving) this.#sendState(follower)
  }

  #startTransfers(): void {
    const { transfersMax } = this.#options
    for (const leading of this.#leading) {
      if (this.#receiving.size >= transfersMax) return
      if (leading === undefined || !leading.serves) continue
      for (const follower of leading.followers.values()) {
        if (follower.standing === 'waiting') this.#startTransfer(leading, follower)
      }
    }
  }

  #startTransfer(leading: Leading, follower: Follower): void {
    const session = this.#sessionOf(follower)
    if (session === undefined || this.#receiving.size >= this.#options.transfersMax) return
    const { segment, epoch, sequence } = leading
    follower.interrupt(leading.committed)
    follower.standing = 'receiving'
    follower.isBegun = true
    follower.begunAt = this.#now
    follower.transfer = this.#store.transfer(segment)
    follower.transferEpoch = epoch
    this.#receiving.add(follower)
    session.tell({ kind: 'transfer', segment, epoch, sequence })
  }

  #sendState(follower: Follower): void {
    const { transferChunkBytes, transferWindowBytes } = this.#options
    const { leading, transfer } = follower
    const { segment, sequence } = leading
    if (follower.stateBytes >= transferWindowBytes || !this.#throttle.isOpen(this.#now)) return
    const session = this.#sessionOf(follower)!
    const effects = transfer!.next(transferChunkBytes)
    if (effects !== undefined) {
      this.#throttle.take(effects.length)
      this.stateBytesSent += effects.length
      follower.stateBytes += effects.length
      session.ship({ kind: 'state', segment, effects }, follower, sequence, effects.length)
      return
    }
    this.#receiving.delete(follower)
    follower.endTransfer()
    follower.standing = 'transferred'
    follower.transferredAt = sequence
    session.ship({ kind: 'transferred', segment, sequence }, follower, sequence)
    follower.transferredBy = session.sent
    // It follows under the epoch in which the transfer began. Else it would refuse what comes when
    // it learns of a newer one, and its refusal would look like one of before.
    if (follower.transferEpoch !== leading.epoch) this.#begin(leading, follower)
  }

  // Links that peers dialled: the backup

  peerUp(peer: NodeId): void {
    this.#inbound.set(peer, { received: 0, acknowledged: 0, refused: new Set() })
    this.#unfollow(peer)
  }

  peerDown(peer: NodeId): void {
    this.#inbound.delete(peer)
    this.#unfollow(peer)
  }

  /** What was under way from the peer is lost: it has to begin again. */
  #unfollow(peer: NodeId): void {
    for (const copy of this.#copies) {
      if (copy === undefined || copy.source !== peer) continue
      copy.leader = undefined
      if (copy.isReceiving) this.#clear(copy)
    }
  }

  received(peer: NodeId, message: Message, now: number): void {
    this.#now = now
    if (message.kind === 'ack' || message.kind === 'refused') {
      this.answered(peer, message, now)
      return
    }
    const inbound = this.#inbound.get(peer)
    if (inbound === undefined) return
    inbound.received++
    switch (message.kind) {
      case 'begin':
        this.#begun(peer, inbound, message.segment, message.epoch, message.from)
        return
      case 'transfer':
        this.#receive(peer, inbound, message.segment, message.epoch, message.sequence)
        return
    }
    const copy = this.#copies[message.segment]
    if (copy?.leader !== peer) {
      this.#refuse(peer, inbound, message.segment)
      return
    }
    switch (message.kind) {
      case 'state':
        this.stateBytesReceived += message.effects.length
        this.#store.apply(copy.segment, 0, message.effects)
        break
      case 'transferred':
        copy.isReceiving = false
        break
      case 'entry':
        this.#entered(copy, message)
        break
      case 'commit':
        copy.applyTo(message.committed, this.#store)
        break
    }
  }

  #entered(copy: Copy, entry: Extract<Shipment, { kind: 'entry' }>): void {
    const { sequence, now, effects, committed } = entry
    if (!copy.isReceiving) {
      copy.prepare(sequence, now, effects)
      copy.applyTo(committed, this.#store)
      return
    }
    if (effects.length > 0) this.#store.apply(copy.segment, now, effects)
    copy.applied = sequence
  }

  /** The newest epoch of a segment that anybody has told us. */
  #epochOf(segment: number): number {
    return Math.max(
      this.#topology.segments[segment]!.epoch,
      this.#copies[segment]?.epoch ?? 0,
      this.#leading[segment]?.epoch ?? 0,
    )
  }

  #refuse(peer: NodeId, inbound: Inbound, segment: number): void {
    if (inbound.refused.has(segment)) return
    inbound.refused.add(segment)
    this.#output.answer(peer, { kind: 'refused', segment, epoch: this.#epochOf(segment) })
  }

  /** Refuses a beginning, and with it what follows: that is no continuation of what came before. */
  #turnAway(peer: NodeId, inbound: Inbound, segment: number): void {
    const copy = this.#copies[segment]
    if (copy?.leader === peer) copy.leader = undefined
    this.#refuse(peer, inbound, segment)
  }

  #begun(peer: NodeId, inbound: Inbound, segment: number, epoch: number, from: number): void {
    inbound.refused.delete(segment)
    if (epoch < this.#epochOf(segment)) {
      this.#turnAway(peer, inbound, segment)
      return
    }
    // The new primary may be faster than the topology that made it one.
    const leading = this.#leading[segment]
    if (leading !== undefined) this.#handedOver(leading, epoch, peer)
    const copy = this.#copies[segment]
    if (copy === undefined || copy.isReceiving) {
      // It has refused the state, and the sender does not know yet.
      const isExpected = this.#isInSync(this.#topology.segments[segment]!)
      if (isExpected) throw new Error(`segment ${segment}: a backup in sync without a copy`)
      this.#refuse(peer, inbound, segment)
      return
    }
    if (copy.last < from && !copy.isInSync) {
      // It has refused entries under an older epoch than it knew, which others have committed.
      this.#clear(copy)
      this.#refuse(peer, inbound, segment)
      return
    }
    copy.begin(peer, epoch, from)
    copy.applyTo(from, this.#store)
    this.#output.roleChanged(segment)
  }

  #receive(peer: NodeId, inbound: Inbound, segment: number, epoch: number, sequence: number): void {
    inbound.refused.delete(segment)
    if (epoch < this.#epochOf(segment)) {
      this.#turnAway(peer, inbound, segment)
      return
    }
    const leading = this.#leading[segment]
    const copy = this.#copies[segment]
    if (leading !== undefined) this.#forget(leading)
    else if (copy !== undefined) this.#clear(copy)
    this.#copies[segment] = new Copy(segment, epoch, peer, sequence, true)
    this.#output.roleChanged(segment)
  }

  /** What the topology means to a copy that we keep. */
  #keep(i: number, record: Segment): void {
    const copy = this.#copies[i]
    if (copy === undefined) return
    const wasInSync = copy.isInSync
    copy.isInSync = this.#isInSync(record)
    if (!copy.isInSync && !this.#isLastCopy(record)) {
      // Until it is in sync it is the work of one primary, and nothing without it.
      const isAwaited = holds(record, this.self) && primary(record) === copy.source
      if (wasInSync || !isAwaited) {
        this.#clear(copy)
        return
      }
    }
    // A receiver is not begun with anew: what it gets stays in one order.
    if (!copy.isReceiving && record.epoch > copy.epoch) copy.leader = undefined
  }

  #clear(copy: Copy): void {
    this.#copies[copy.segment] = undefined
    this.#store.clear(copy.segment)
  }

  /** To be called when a batch of messages was received. */
  flush(): void {
    for (const [peer, inbound] of this.#inbound) {
      if (inbound.received === inbound.acknowledged) continue
      inbound.acknowledged = inbound.received
      this.#output.answer(peer, { kind: 'ack', count: inbound.received })
    }
  }

  // Time

  /** Some tens of times a second. */
  tick(now: number): void {
    this.#now = now
    for (const leading of this.#leading) {
      if (leading === undefined || leading.isSuspended) continue
      if (leading.committed > leading.told) this.#tell(leading)
      this.#settleHandOver(leading)
      if (leading.voters.length > 0) this.#watch(leading)
    }
    this.#pump()
  }

  /** Lets the backups apply what is committed, where no entry tells them. */
  #tell(leading: Leading): void {
    const { segment, committed } = leading
    leading.told = committed
    for (const follower of leading.followers.values()) {
      if (!follower.isBegun || follower.standing === 'receiving') continue
      this.#sessionOf(follower)?.tell({ kind: 'commit', segment, committed })
    }
  }

  /** Proposes again what has not been decided, and the removal of those who do not acknowledge. */
  #watch(leading: Leading): void {
    const { proposalRepeatMs, ackTimeoutMs } = this.#options
    if (this.#now - leading.proposedAt < proposalRepeatMs) return
    const first = leading.tail.first
    for (const follower of leading.voters) {
      if (follower.standing === 'joining') {
        leading.proposedAt = this.#now
        this.#proposeJoin(leading, follower)
      } else if (first !== undefined && follower.acked < first.sequence) {
        const since = Math.max(first.since, follower.begunAt)
        if (this.#now - since < ackTimeoutMs) continue
        if (follower.standing === 'catching up') {
          follower.interrupt(leading.committed)
          this.#restart(leading, follower)
          continue
        }
        leading.proposedAt = this.#now
        const { segment, epoch: expects } = leading
        this.#output.propose({ kind: 'out-of-sync', segment, id: follower.id, expects })
      }
    }
  }
}

/** What a follower is under a new record, given what it was. */
function nextStanding(
  before: Standing | undefined,
  isInSync: boolean,
  isSettled: boolean,
): Standing {
  if (isInSync) return 'in-sync'
  switch (before) {
    case 'receiving':
    case 'transferred':
      return before
    case 'catching up':
      return isSettled ? 'transferred' : before
    case 'joining':
      // Until it is decided the follower may become one that counts at any moment.
      return isSettled ? 'transferred' : 'joining'
    default:
      return 'waiting'
  }
}
