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
// Invariant: what runs here has keys in a segment that is served, or none.

import type { Call } from '../../src/call.ts'
import { type Client, FORWARDED, IN_MULTI, READONLY_MODE } from '../../src/client.ts'
import { IMMEDIATE, NOSCRIPT, PUBSUB, RUNS_QUEUE, WRITE } from '../../src/command.ts'
import { NO_SEGMENT } from '../../src/effects.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import type { Fact } from '../../src/info/sections.ts'
import { forgetRoute, keySlot, NO_SLOT, routeKey, SEGMENT_SHIFT } from '../../src/keyspace/slot.ts'
import { KeyPositions } from '../../src/keyspecs.ts'
import type { Router } from '../../src/router.ts'
import type { Server } from '../../src/server.ts'
import { SEVERAL_SLOTS } from '../../src/transaction.ts'
import type { ClusterView, PeerChannel } from '../node/view.ts'
import type { Member } from '../topology/member.ts'
import { primary } from '../topology/segment.ts'
import { findMember } from '../topology/topology.ts'
import { mayReadBackup } from './backup-read.ts'
import { EVERYWHERE, KEYLESS, keyIndexes, unroutedByClients } from './command-keys.ts'
import type { Dialler } from './dialler.ts'
import { listenForUnblocking } from './forward-door.ts'
import { Forwarder } from './forwarder.ts'
import { PeerPubSub } from './peer-pubsub.ts'
import { PutOff } from './put-off.ts'
import { leave } from './segment-left.ts'
import { OPEN, SegmentsServed } from './segments-served.ts'

/** Renewals of the lease, and commits, come unannounced: who waits for one looks this often. */
const LEASE_LOOK_MS = 10

/** In the place of a segment: all those of this node, which FLUSHALL changes at once. */
const ALL_SEGMENTS = -2

export interface RouterOptions {
  readonly server: Server
  readonly view: ClusterView
  readonly channel: PeerChannel
  /** How other nodes are reached on behalf of clients. */
  readonly dialler: Dialler
  /** What all nodes of the cluster know. */
  readonly secret: string
  /** Hexadecimal, and never the same twice. */
  readonly nonce: () => string
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
  readonly #segments: SegmentsServed
  /** Segments with waiting calls whose turn came while the segment was not served. */
  readonly #missedTurns = new Set<number>()
  /** 1 for commands, by their numbers, that client libraries do not route by their keys. */
  readonly #isUnrouted: Uint8Array
  readonly #forwarder: Forwarder
  readonly #peers: PeerPubSub
  #redirections = 0
  #everPutOff = 0

  constructor(options: RouterOptions) {
    const { server, view, channel, dialler, secret, nonce, readBackup } = options
    this.#server = server
    this.#view = view
    this.#segments = new SegmentsServed(server, view)
    this.#readBackup = readBackup
    this.#keyIndexes = keyIndexes(server.registry)
    this.#isUnrouted = unroutedByClients(server.registry)
    this.#forwarder = new Forwarder({
      server,
      dialler,
      secret,
      nonce,
      channel,
      ownerOf: slot => (slot === NO_SLOT ? undefined : this.#ownerOf(slot >>> SEGMENT_SHIFT)),
      memberAt: address => this.#memberAt(address),
    })
    this.#peers = new PeerPubSub(server, view, channel)
    listenForUnblocking(server, channel)
    view.onChange(this.#viewChanged)
    server.config.onChange('min-insync-owners', this.#viewChanged)
  }

  /** Commands that wait for their segment. */
  get putOffCount(): number {
    return this.#putOff.size
  }

  // Time and roles

  clockRead(): void {
    this.#segments.clockRead()
  }

  readonly #viewChanged = (): void => {
    this.#segments.viewChanged()
    if (this.isDue) this.#server.wakeUp()
  }

  /** Many roles change at once, so those who wait are looked after when the turn ends. */
  get isDue(): boolean {
    return this.#segments.isStale && (this.#isAwaited || this.#forwarder.hasRetries)
  }

  get #isAwaited(): boolean {
    return this.#putOff.size > 0 || this.#missedTurns.size > 0
  }

  get nextDeadline(): number {
    const forwarded = this.#forwarder.nextDeadline
    if (!this.#isAwaited) return forwarded
    const first = Math.min(this.#putOff.firstUntil, forwarded)
    return this.#segments.isUsual ? first : Math.min(first, this.#server.monotonic + LEASE_LOOK_MS)
  }

  wake(): void {
    const hasChanged = this.#segments.isStale
    this.#segments.refresh()
    const { dispatch, monotonic } = this.#server
    this.#forwarder.wake(monotonic, hasChanged)
    for (const client of this.#putOff.take(monotonic, this.#isDecided)) dispatch.tryAgain(client)
    for (const segment of this.#missedTurns) {
      if (this.serves(segment)) this.#giveTurns(segment)
    }
    this.#server.reschedule()
  }

  cron(): void {
    this.#forwarder.cron(this.#server.monotonic)
    this.#peers.cron(this.#server.monotonic)
  }

  /** Whether a command on the segment would not have to wait. */
  readonly #isDecided = (segment: number): boolean => {
    if (segment === ALL_SEGMENTS) return this.#segments.areAllFree
    const role = this.#segments.roleOf(segment)
    return role !== 'settles' && (role !== 'serves' || this.#segments.isFree(segment))
  }

  serves(segment: number): boolean {
    if (segment === NO_SEGMENT || this.#segments.isFree(segment)) return true
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
      return this.#segments.open[segment] === OPEN || this.#admitElse(call)
    }
    forgetRoute()
    if (at === KEYLESS) return true
    return at === EVERYWHERE ? this.#admitEverywhere(call) : this.#admitSearched(call)
  }

  /** What changes all keys of the node must not miss those that are on their way. */
  #admitEverywhere(call: Call): boolean {
    if (isQueued(call)) return true
    if (this.#segments.isAnyReadOnly) return this.#refuse(call, errors.noReplicas)
    return this.#segments.areAllFree || this.#wait(call, ALL_SEGMENTS)
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
    return this.#segments.open[call.segment] === OPEN || this.#admitElse(call)
  }

  #admitTransaction(call: Call): boolean {
    const { transaction } = call.client
    if (transaction === undefined || transaction.failed || call.client.watchBroken) return true
    if (transaction.slot === SEVERAL_SLOTS) return this.#refuse(call, errors.crossSlot)
    if (transaction.slot === NO_SLOT) return this.#admitWatched(call)
    this.#tell(call, transaction.slot)
    // What is watched and what is run are to be at one node.
    const isOpen = this.#segments.open[call.segment] === OPEN
    if (isOpen && call.client.watchesAt === undefined) return true
    return this.#admitElse(call)
  }

  /** A transaction without keys runs where its keys are watched. */
  #admitWatched(call: Call): boolean {
    const { transaction, watchesAt } = call.client
    if (watchesAt === undefined) {
      return (transaction!.bits & WRITE) === 0 || this.#admitEverywhere(call)
    }
    const member = findMember(this.#view.topology, watchesAt)
    if (member !== undefined && this.#forwarder.forwardTransaction(call, member)) return false
    return this.#refuse(call, errors.clusterDown)
  }

  #tell(call: Call, slot: number): void {
    call.slot = slot
    call.segment = slot >>> SEGMENT_SHIFT
  }

  /** As in Redis, a first key that nobody serves counts before keys that are apart. */
  #refuseSeveral(call: Call): false {
    const isLost = this.#segments.roleOf(call.segment) === 'lost'
    return this.#refuse(call, isLost ? errors.slotNotServed : errors.crossSlot)
  }

  /** The segment is not open. */
  #admitElse(call: Call): boolean {
    const { segment } = call
    if (this.#segments.isServed(segment)) return this.#admitGuarded(call)
    switch (this.#segments.roleOf(segment)) {
      case 'serves':
      case 'settles':
        // It is queued in any case, and EXEC waits.
        return isQueued(call) || this.#wait(call, segment)
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

  /** The segment is served, but perhaps not for writes. */
  #admitGuarded(call: Call): boolean {
    const { client, command, segment } = call
    const bits = command.bits | (client.transaction?.bits ?? 0)
    if ((bits & WRITE) !== 0) {
      if (this.#segments.isReadOnly(segment)) return this.#refuse(call, errors.noReplicas)
      if (this.#view.isCongested && !isQueued(call)) return this.#wait(call, segment)
    }
    return this.#watchesHere(call)
  }

  #readsBackups({ client, command }: Call): boolean {
    const asks = client.is(READONLY_MODE) || this.#server.config.values['cluster-advertise-backups']
    return asks && !client.is(IN_MULTI) && mayReadBackup(command)
  }

  #wait(call: Call, segment: number): false {
    const { client } = call
    const { config, dispatch, monotonic } = this.#server
    const timeoutMs = config.values['cluster-park-timeout']
    if (!this.#putOff.add(client, segment, monotonic, timeoutMs)) {
      return this.#refuse(
        call,
        this.#segments.holdsLease ? errors.slotNotServed : errors.clusterDown,
      )
    }
    this.#everPutOff++
    dispatch.putOff(client)
    this.#server.reschedule()
    return false
  }

  /** What was watched at another node cannot be checked for a transaction that runs here. */
  #watchesHere(call: Call): boolean {
    const isTransaction = (call.command.bits & RUNS_QUEUE) !== 0
    if (!isTransaction || call.client.watchesAt === undefined) return true
    return this.#refuse(call, errors.crossSlot)
  }

  /** The keys are elsewhere: the command goes there, or the client is told to. */
  #redirect(call: Call): boolean {
    const { client, segment } = call
    const owner = this.#ownerOf(segment)
    if (owner !== undefined && this.#mayForward(call)) {
      // Queued here, sent as a whole; and WATCH in a transaction is refused by its handler.
      if (client.is(IN_MULTI)) {
        if ((call.command.bits & RUNS_QUEUE) === 0) return true
        const watchesElsewhere =
          client.watched.length > 0 || (client.watchesAt ?? owner.id) !== owner.id
        if (watchesElsewhere) return this.#refuse(call, errors.crossSlot)
        if (this.#forwarder.forwardTransaction(call, owner)) return false
      } else if (this.#forwarder.forward(call, owner)) {
        return false
      }
    }
    this.#redirections++
    return this.#refuse(call, this.moved(call.slot))
  }

  /**
   * Whether another node may run the command for the client. Subscriptions belong to the connection
   * itself; and what another node has forwarded is its to send on.
   */
  #mayForward({ client, command }: Call): boolean {
    const subscribes = (command.bits & (PUBSUB | NOSCRIPT)) === (PUBSUB | NOSCRIPT)
    if (client.is(FORWARDED) || subscribes) return false
    const routing = client.routing ?? this.#server.config.values['cluster-routing']
    if (routing === 'forward') return true
    const isChosen = client.routing === 'redirect'
    return !isChosen && !client.is(IN_MULTI) && this.#isUnrouted[command.id] === 1
  }

  follow(call: Call): boolean {
    const at = this.#keyIndexes[call.command.id]!
    if (at <= 0 || !this.#mayForward(call) || (call.command.bits & IMMEDIATE) !== 0) return false
    const slot = keySlot(call.bytes, call.start(at), call.end(at))
    this.#tell(call, slot)
    const role = this.#segments.roleOf(call.segment)
    if (role !== 'elsewhere' && role !== 'backs up') return false
    const owner = this.#ownerOf(call.segment)
    return owner !== undefined && this.#forwarder.follow(call, owner)
  }

  unblock(client: Client, byError: boolean): boolean {
    return this.#forwarder.unblock(client, byError)
  }

  publish(channel: string, text: string): void {
    this.#peers.publish(channel, text)
  }

  get isNewsWanted(): boolean {
    return this.#peers.isNewsWanted
  }

  tell(channel: string, text: string): void {
    this.#peers.tell(channel, text)
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

  #memberAt(address: string): Member | undefined {
    return this.#view.topology.members.find(({ host, port }) => `${host}:${port}` === address)
  }

  deny(outer: Call, call: Call): ReplyError | undefined {
    const found = this.#positions
    const count = found.find(call.command.spec, call, true)
    for (let i = 0; i < count; i++) {
      const at = found.positions[i]!
      const slot = keySlot(call.bytes, call.start(at), call.end(at))
      const isWrite = (call.command.bits & WRITE) !== 0
      if (isWrite && this.#segments.isReadOnly(slot >>> SEGMENT_SHIFT)) return errors.noReplicas
      if (outer.slot !== NO_SLOT) {
        if (slot !== outer.slot) return errors.scriptCrossSlot
      } else if (!this.#segments.isServed(slot >>> SEGMENT_SHIFT)) {
        return errors.scriptNotLocal
      }
    }
    return undefined
  }

  // Clients

  disconnected(client: Client): void {
    this.#putOff.delete(client)
    this.#forwarder.disconnected(client)
  }

  /** The segment is not this node's any more: what was here for its keys goes, or follows it. */
  segmentLeft(segment: number): void {
    this.#missedTurns.delete(segment)
    leave(this.#server, segment)
  }

  facts(): Fact[] {
    return [
      ['cluster_redirections', this.#redirections],
      ['cluster_commands_waiting', this.#putOff.size],
      ['cluster_commands_waited', this.#everPutOff],
      ...this.#forwarder.facts(),
      ...this.#peers.facts(),
    ]
  }
}

/** Whether the call joins a transaction, and runs with it. */
function isQueued({ client, command }: Call): boolean {
  return client.is(IN_MULTI) && (command.bits & IMMEDIATE) === 0
}
