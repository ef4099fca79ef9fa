// coordination.ts — What is around the values that coordinate: their keys, their time, their news.
//
// A value is a pure machine; this is what runs it. It finds a key's value with everything that is
// over taken out, puts down what an operation left, ends what time or a closed connection ends, and
// tells those who listen. Each such end is an effect of its own in the log: a backup never ends
// anything by itself.
//
// Invariants: a value that is free has no key; whatever changed a value has called `save` after.

import type { Call, EffectPart } from './call.ts'
import type { Client } from './client.ts'
import { FORWARDED, REPLAY } from './client.ts'
import type { Database, ObjectValue } from './keyspace/database.ts'
import {
  BARRIER,
  COUNTER,
  FENCE,
  LATCH,
  LEADER,
  LIMITER,
  LOCK,
  MULTIMAP,
  SEMAPHORE,
  TYPE_NAMES,
} from './keyspace/record.ts'
import type { Segment } from './keyspace/segment.ts'
import { keySlot, SEGMENT_SHIFT, segmentOfKey } from './keyspace/slot.ts'
import { type Lease, Leases, SegmentLeases } from './leases.ts'
import { eventClass } from './notifications.ts'
import { NEWS_CHANNEL } from './pubsub.ts'
import { Requests } from './requests.ts'
import type { Server } from './server.ts'
import type { Barrier } from './values/barrier.ts'
import type { Coordinated, TokenSource } from './values/coordinated.ts'
import type { Counter } from './values/counter.ts'
import type { Fence } from './values/fence.ts'
import type { HoldView } from './values/hold.ts'
import type { Int64 } from './values/int64.ts'
import type { Latch } from './values/latch.ts'
import type { Leader } from './values/leader.ts'
import type { Limiter } from './values/limiter.ts'
import type { Lock } from './values/lock.ts'
import type { Multimap } from './values/multimap.ts'
import type { Semaphore } from './values/semaphore.ts'
import type { Threshold, Thresholds } from './values/thresholds.ts'
import type { WeakCounter } from './values/weak-counter.ts'

/** The value of each type. */
export interface ValueOf {
  [LOCK]: Lock
  [SEMAPHORE]: Semaphore
  [LATCH]: Latch
  [BARRIER]: Barrier
  [COUNTER]: Counter | WeakCounter
  [MULTIMAP]: Multimap
  [LEADER]: Leader
  [LIMITER]: Limiter
  [FENCE]: Fence
}

export type CoordinationType = keyof ValueOf
type Value = ValueOf[CoordinationType]

/** The types whose values owners hold, for a lease or as long as their connection lasts. */
export type HeldType = typeof LOCK | typeof SEMAPHORE | typeof BARRIER | typeof LEADER

/** A grant whose reply has not left yet. */
export interface Unseen {
  readonly db: Database
  readonly key: string
  readonly type: typeof LOCK | typeof SEMAPHORE | typeof LEADER
  readonly owner: string
  readonly token: number
}

/** Values that time changes per turn; the rest follows in the next. */
const LAPSES_PER_WAKE = 1000

/** Tells the node that forwards a client's commands that something is bound to the connection. */
export const BOUND_PUSH = '>1\r\n$5\r\nbound\r\n'

export class Coordination {
  readonly leases = new Leases()
  readonly requests: Requests
  /** Numbers that counters are waited for to reach, by database and key. */
  readonly thresholds = new Map<string, Thresholds>()

  readonly #server: Server
  readonly #tokens: SegmentTokens

  constructor(server: Server) {
    this.#server = server
    this.requests = new Requests(server.keyspace.valueMemory)
    this.#tokens = new SegmentTokens(server)
  }

  // Values and their keys

  /** The value of key i as it is now, or undefined; WRONGTYPE if the key holds something else. */
  find<T extends CoordinationType>(call: Call, i: number, type: T): ValueOf[T] | undefined {
    const address = call.writeType(i, type)
    if (address === 0) return undefined
    const value = call.db.object(address) as ValueOf[T]
    if (value.nextExpiry() > this.#server.monotonic || !this.#mayEnd(call.client)) return value
    this.#lapse(call.db, call.text(i), type, value)
    return value.isFree ? undefined : value
  }

  /** As `find`, for a command that only reads. */
  look<T extends CoordinationType>(call: Call, i: number, type: T): ValueOf[T] | undefined {
    call.read(i)
    return this.find(call, i, type)
  }

  /** The value of a key by its name, as it was left; undefined if it is none of this type. */
  valueAt<T extends CoordinationType>(db: Database, key: string, type: T): ValueOf[T] | undefined {
    const bytes = Buffer.from(key, 'latin1')
    const address = db.findStale(bytes, 0, bytes.length)
    return address === 0 || db.type(address) !== type
      ? undefined
      : (db.object(address) as ValueOf[T])
  }

  /** Only a primary ends anything, and not while it repeats what another one did. */
  #mayEnd(client: Client): boolean {
    return this.#server.keyspace.expires && !client.is(REPLAY)
  }

  /** Puts down what an operation left of the value of key i, which may be a new one. */
  save<T extends CoordinationType>(call: Call, i: number, type: T, value: ValueOf[T]): void {
    const { db } = call
    const address = call.peek(i)
    if (address !== 0) {
      this.#settle(db, call.text(i), address, type, value)
    } else if (!value.isFree) {
      const home = leasesOf(db.segmentOf(call.setObject(i, type, value)))
      home.counts[type]!++
      this.#follow(db, home, call.text(i), type, value)
    }
  }

  #settle(db: Database, key: string, address: number, type: CoordinationType, value: Value): void {
    if (address === 0) return
    if (value.isFree) {
      db.deleteAt(address)
      return
    }
    db.changed(address)
    this.#follow(db, leasesOf(db.segmentOf(address)), key, type, value)
  }

  #follow(
    db: Database,
    home: SegmentLeases,
    key: string,
    type: CoordinationType,
    value: Value,
  ): void {
    this.leases.follow(db, home, key, type, value, holdersOf(type, value))
    if (this.leases.firstAt < this.#server.nextWakeAt) this.#server.reschedule()
  }

  /** A source of tokens for key i. Good until the next call of this. */
  tokens(call: Call, i: number): TokenSource {
    this.#tokens.segment = segmentOf(call, i)
    return this.#tokens
  }

  /** Replays that a token was issued for key i. */
  learnToken(call: Call, i: number, token: number): void {
    this.#server.keyspace.tokens.raise(segmentOf(call, i), token)
  }

  /** Values of a type, in all databases. */
  count(type: CoordinationType): number {
    let count = 0
    for (const { segments } of this.#server.keyspace.databases) {
      for (const segment of segments) count += segment?.leases?.counts[type] ?? 0
    }
    return count
  }

  // Keys that go

  /** A key that coordinates is being deleted, for whatever reason: its waiters are served. */
  freed(db: Database, segment: Segment, key: string, type: number, value: ObjectValue): void {
    leasesOf(segment).counts[type]!--
    this.leases.forget(value as Value)
    if (this.#server.waiting.size > 0) this.#server.waiting.signal(db, key)
  }

  /** A value has come to a key by RENAME or MOVE, which took it from another, or by COPY. */
  arrived(db: Database, key: string, type: number, value: ObjectValue): void {
    const kind = type as CoordinationType
    const home = leasesOf(db.segments[segmentOfKey(key)]!)
    home.counts[type]!++
    this.#follow(db, home, key, kind, value as Value)
    if (kind === BARRIER) {
      for (const { connection } of (value as Barrier).participants()) {
        if (connection !== 0) this.leases.bind(connection, value as Value)
      }
    }
    if (kind === COUNTER) this.reached(db, key, (value as ValueOf[typeof COUNTER]).value)
    if (this.leases.firstAt < this.#server.nextWakeAt) this.#server.reschedule()
  }

  /** A segment is about to go, with its values. */
  leaving({ leases }: Segment): void {
    if (leases !== undefined) this.leases.depart(leases)
  }

  /** A segment has come to a database, with its values, from another server of this process. */
  joined(db: Database, { leases }: Segment): void {
    if (leases === undefined) return
    this.leases.arrive(leases, db)
    if (this.leases.firstAt < this.#server.nextWakeAt) this.#server.reschedule()
  }

  /**
   * This server is the primary of a segment from now on. Leases start anew, at full length; what is
   * bound to connections, which were another node's, becomes a lease in which the holder may return.
   * `outageMs`: for how long nobody served, by which the rest is extended.
   */
  takeOver({ leases }: Segment, outageMs: number): void {
    for (const lease of leases ?? []) {
      const { db, home, key } = lease
      const type = lease.type as CoordinationType
      const value = lease.value as Value
      if (isHeld(type)) this.#resume(db, key, type, value as ValueOf[HeldType])
      else value.extendAll(outageMs)
      if (!value.isFree) this.#follow(db, home, key, type, value)
    }
  }

  #resume(db: Database, key: string, type: HeldType, value: ValueOf[HeldType]): void {
    const { config, dispatch, monotonic, stats } = this.#server
    const graceMs = config.values['coordination-reconnect-grace']
    value.restart(monotonic)
    dispatch.perform(() => {
      const holds = value.orphan(monotonic, graceMs)
      if (holds.length === 0) return
      if (graceMs === 0) stats.holdsDisconnected += holds.length
      for (const hold of holds) {
        if (graceMs === 0) this.#ended(db, key, type, hold, 'disconnected')
        else this.#record(db, ...grantEffect(key, type, value, hold))
      }
      this.#changed(db, key, type, value)
    })
  }

  flushing(db: Database): void {
    this.leases.forgetAll(db)
  }

  swap(a: Database, b: Database): void {
    this.leases.swap(a, b)
  }

  // Time

  /** When something ends next; Infinity where nothing may. */
  get nextLapse(): number {
    return this.#server.keyspace.expires ? this.leases.firstAt : Number.POSITIVE_INFINITY
  }

  /** Ends what is due, value by value: each is an entry of the log. */
  lapseDue(): void {
    const { dispatch, monotonic } = this.#server
    for (let left = LAPSES_PER_WAKE; left > 0; left--) {
      const lease = this.leases.due(monotonic)
      if (lease === undefined) return
      dispatch.perform(() => this.#lapse(lease.db, lease.key, lease.type, lease.value as Value))
    }
  }

  /** Ends what of a value is over. */
  #lapse(db: Database, key: string, type: number, value: Value): void {
    const now = this.#server.monotonic
    switch (type) {
      case LOCK:
      case SEMAPHORE:
      case LEADER:
      case BARRIER: {
        const ended = (value as ValueOf[HeldType]).expire(now)
        this.#server.stats.holdsExpired += ended.length
        for (const hold of ended) this.#ended(db, key, type, hold, 'expired')
        break
      }
      case LATCH: {
        const lapse = (value as Latch).expire(now)
        this.#record(db, 'latch.lapsed', key)
        if (lapse !== 'gone') {
          const event = lapse === 'opened' ? 'latch:open' : 'latch:expired'
          this.announce(db, key, event, (value as Latch).generation)
        }
        break
      }
      case MULTIMAP:
        this.#record(db, 'multimap.expired', key, ...(value as Multimap).expire(now))
        this.announce(db, key, 'multimap:expired')
        break
      case LIMITER:
        ;(value as Limiter).expire(now)
        this.#record(db, 'limiter.expired', key)
        break
    }
    this.#changed(db, key, type as CoordinationType, value)
  }

  /** Puts down a change that is not a command's, and lets those who wait look at it. */
  #changed(db: Database, key: string, type: CoordinationType, value: Value): void {
    const bytes = Buffer.from(key, 'latin1')
    this.#settle(db, key, db.findStale(bytes, 0, bytes.length), type, value)
    this.#server.waiting.signal(db, key)
  }

  #ended(db: Database, key: string, type: HeldType, hold: HoldView, how: string): void {
    const name = TYPE_NAMES[type]
    this.#record(db, `${name}.released`, key, hold.owner)
    this.announce(db, key, `${name}:${how}`, hold.owner, hold.token)
  }

  #record(db: Database, ...parts: EffectPart[]): void {
    this.#server.effects.record(db.index, parts)
  }

  /** The event loop stood still for so long: nobody could renew a lease, so none may end of it. */
  stalled(gapMs: number): void {
    if (this.leases.count === 0 || !this.#server.keyspace.expires) return
    this.#server.stats.stalls++
    this.leases.extendAll(gapMs)
    this.#server.log.warn(
      { gapMs, leases: this.leases.count },
      'event loop stalled, leases extended',
    )
  }

  cron(): void {
    const { dispatch, effects, keyspace, monotonic } = this.#server
    if (!keyspace.expires) return
    this.requests.expire(monotonic, (segment, count) => {
      dispatch.perform(() => {
        effects.record(0, ['request.forgotten', segment, count])
        keyspace.dirty++
      })
    })
  }

  // Connections

  /** What the value grants from now on ends with the client's connection. */
  bind(client: Client, value: Coordinated): void {
    this.leases.bind(client.id, value)
    // The node that forwards must not replace this connection by another one unseen.
    if (client.is(FORWARDED)) this.#server.push(client, reply => reply.raw(BOUND_PUSH))
  }

  /** The connection has ended, and with it what is bound to it. */
  disconnected(client: Client): void {
    this.closing(client)
    if (!this.#server.keyspace.expires) return
    for (const lease of this.leases.unbind(client.id)) {
      this.#server.dispatch.perform(() => this.#endBound(lease, client.id))
    }
  }

  #endBound(lease: Lease, connection: number): void {
    const { db, key, type } = lease
    const value = lease.value as ValueOf[HeldType]
    const ended = value.disconnected(connection, this.#server.monotonic, 0)
    if (ended.length === 0) return
    this.#server.stats.holdsDisconnected += ended.length
    for (const hold of ended) this.#ended(db, key, type as HeldType, hold, 'disconnected')
    this.#changed(db, key, type as HeldType, value)
  }

  /** Takes back what was granted by replies that never left: the client will not read of it. */
  closing(client: Client): void {
    const { unseen } = client
    if (unseen === undefined) return
    client.unseen = undefined
    if (client.outputBytes === 0) return
    for (const grant of unseen) this.#server.dispatch.perform(() => this.#undo(grant))
  }

  #undo({ db, key, type, owner, token }: Unseen): void {
    const value = this.valueAt(db, key, type)
    if (value === undefined) return
    const hold = value.findToken(token)
    if (hold?.owner !== owner) return
    value.remove(owner)
    this.#server.stats.grantsUndone++
    this.#ended(db, key, type, hold, 'undone')
    this.#changed(db, key, type, value)
  }

  /** A participant that waited for a barrier to become full waits no more: it has never come. */
  withdraw(db: Database, key: string, participant: string): void {
    const barrier = this.valueAt(db, key, BARRIER)
    if (barrier === undefined) return
    this.#server.dispatch.perform(() => {
      if (!barrier.withdraw(participant)) return
      this.#record(db, 'barrier.released', key, participant)
      this.#changed(db, key, BARRIER, barrier)
    })
  }

  // News

  /** Wakes those who wait for what the counter of a key has reached. */
  reached(db: Database, key: string, value: Int64): void {
    if (this.thresholds.size === 0) return
    for (const threshold of this.thresholds.get(`${db.index}:${key}`)?.reached(value) ?? []) {
      this.#server.waiting.signal(db, thresholdQueue(key, threshold), 'news')
    }
  }

  /**
   * Tells those who listen what happened to a key: by a keyspace event of class `d`, and on the
   * key's own channel with the words that belong to it. Costs nothing while nobody listens.
   */
  announce(db: Database, key: string, event: string, ...words: (string | number | bigint)[]): void {
    const { notifies, pubsub, router } = this.#server
    if ((notifies & CLASS) !== 0) this.#server.notify('d', event, key, db)
    const isWantedElsewhere = router?.isNewsWanted === true
    if (!pubsub.hasListeners && !isWantedElsewhere) return
    const text = [event, ...words].join(' ')
    pubsub.publish(NEWS_CHANNEL + key, text)
    if (isWantedElsewhere) router.tell(NEWS_CHANNEL + key, text)
  }
}

/** The queue of those who wait for the counter of a key to reach a threshold. */
export function thresholdQueue(key: string, { comparison, value }: Threshold): string {
  return `${comparison}${value}:${key}`
}

/** Keyspace events of coordination are those of Redis's modules, which `A` includes. */
const CLASS = eventClass('d')

/** Issues the tokens of one segment. */
class SegmentTokens implements TokenSource {
  segment = 0
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
  }

  nextToken(): number {
    return this.#server.keyspace.tokens.next(this.segment, this.#server.now)
  }
}

/** The effect that says how an owner of something holds it now. */
export function grantEffect(
  key: string,
  type: HeldType,
  value: ValueOf[HeldType],
  { owner, token, exclusive, count, leaseMs, connection, meta }: HoldView,
): EffectPart[] {
  if (type === BARRIER) {
    const { parties, generation } = value as Barrier
    return ['barrier.entered', key, owner, parties, generation, leaseMs, connection]
  }
  const name = `${TYPE_NAMES[type]}.granted`
  return [name, key, owner, token, exclusive ? 1 : 0, count, leaseMs, connection, meta]
}

function isHeld(type: CoordinationType): type is HeldType {
  return type === LOCK || type === SEMAPHORE || type === BARRIER || type === LEADER
}

function leasesOf(segment: Segment): SegmentLeases {
  segment.leases ??= new SegmentLeases()
  return segment.leases
}

function segmentOf(call: Call, i: number): number {
  return keySlot(call.bytes, call.start(i), call.end(i)) >>> SEGMENT_SHIFT
}

function holdersOf(type: CoordinationType, value: Value): number {
  switch (type) {
    case LOCK:
    case SEMAPHORE:
    case BARRIER:
      return (value as Lock | Semaphore | Barrier).size
    case LEADER:
      return value.isFree ? 0 : 1
    default:
      return 0
  }
}
