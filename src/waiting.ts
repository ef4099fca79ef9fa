// waiting.ts — Commands that wait: BLPOP, LOCK.ACQUIRE, WAIT and all others, by one mechanism.
//
// A handler that cannot answer yet parks its call under the keys it waits for. A command that may
// make a key ready signals the key. After that command has run, the calls parked under the key are
// run again in order of arrival; each either answers, and is done, or parks again, and keeps its
// place. Under the `fifo` policy the first that stays ends the round: nobody overtakes, and one
// release wakes one waiter. Under `broadcast` each is tried.
//
// A parked call holds a copy of its arguments and nothing else of its connection's buffers. It ends
// by being served, by its deadline, by CLIENT UNBLOCK, by another call that supersedes it, or with
// its connection. Whoever leaves the head of a queue makes room for the next, so that one is tried
// then.
//
// Invariants: everything but `serve` costs O(number of the call's keys), and O(log n) for deadlines;
// in a queue each identity stands once.

import type { Call } from './call.ts'
import type { Client } from './client.ts'
import type { Command } from './command.ts'
import type { Database } from './keyspace/database.ts'
import { Deadlines, type Due } from './values/deadlines.ts'
import type { Reply } from './wire/reply.ts'

export type WaitPolicy = 'fifo' | 'broadcast'

/**
 * What is waited for under a key: elements of a list, of a sorted set or of a stream, a turn at
 * holding it, or news of it. Those who wait for different things do not stand in each other's way:
 * a BLPOP that came first does not keep a BZPOPMIN from its member.
 */
export type Topic = 'list' | 'zset' | 'stream' | 'turn' | 'news'

const TOPICS: readonly Topic[] = ['list', 'zset', 'stream', 'turn', 'news']

/** How a wait ended. */
export type WaitEnd = 'served' | 'abandoned' | 'superseded'

/** What came of trying a call again; after the `last` one there is nothing left for others. */
export type Attempt = 'stays' | 'done' | 'last'

/** What a call that stops waiting without success answers. */
export type EmptyReply = (reply: Reply) => void

export interface ParkOptions {
  /** Names of the keys; none for waits that only a deadline or `wake` ends. */
  readonly keys: readonly string[]
  /** Monotonic ms; Infinity waits for ever. */
  readonly deadline: number
  readonly onTimeout: EmptyReply
  readonly policy?: WaitPolicy
  readonly topic?: Topic
  /** Of the waiter under its key, e.g. a lock's owner: the same one waits only once. */
  readonly identity?: string
  /** Before those who wait already, e.g. an upgrade. */
  readonly first?: boolean
  /** What the handler must know when it runs again, e.g. the generation that it saw of a latch. */
  readonly memo?: readonly number[]
  /** What is asked for, in a word, for those who look at the queue. */
  readonly wish?: string
  /** Monotonic ms at which to try again though nobody signals: what comes back by time alone. */
  readonly retryAt?: number
  /** Called once, when the wait is over for whatever reason. */
  readonly onEnd?: (end: WaitEnd) => void
}

export class Parked implements Due {
  readonly client: Client
  readonly command: Command
  readonly db: Database
  readonly bytes: Buffer
  readonly offsets: Int32Array
  readonly count: number
  /** Of the call, as the router told it. */
  readonly slot: number
  readonly segment: number
  readonly keys: readonly string[]
  readonly fifo: boolean
  readonly topic: Topic
  readonly identity: string | undefined
  readonly first: boolean
  readonly memo: readonly number[]
  readonly wish: string
  readonly onTimeout: EmptyReply
  readonly onEnd: ((end: WaitEnd) => void) | undefined
  /** Monotonic ms at which the wait began. */
  readonly since: number
  /** Monotonic ms. */
  expiresAt: number
  deadlineIndex = -1
  /** One for each key, in their order; none once the wait is over. Belongs to `Waiting`. */
  places: Place[] = []
  /** When it is tried again though nobody signals. Belongs to `Waiting`. */
  alarm: Alarm | undefined = undefined

  constructor(call: Call, options: ParkOptions, since: number) {
    this.client = call.client
    this.command = call.command
    this.db = call.db
    const copied = copyArguments(call)
    this.bytes = copied.bytes
    this.offsets = copied.offsets
    this.count = call.count
    this.slot = call.slot
    this.segment = call.segment
    this.keys = options.keys
    this.fifo = options.policy !== 'broadcast'
    this.topic = options.topic ?? 'news'
    this.identity = options.identity
    this.first = options.first ?? false
    this.memo = options.memo ?? []
    this.wish = options.wish ?? ''
    this.onTimeout = options.onTimeout
    this.onEnd = options.onEnd
    this.since = since
    this.expiresAt = options.deadline
  }
}

/** The arguments of a call in memory of their own. */
export function copyArguments(call: Call): { bytes: Buffer; offsets: Int32Array } {
  const base = call.start(0)
  let end = base
  const offsets = new Int32Array(call.count * 2)
  for (let i = 0; i < call.count; i++) {
    offsets[2 * i] = call.start(i) - base
    offsets[2 * i + 1] = call.end(i) - base
    end = call.end(i)
  }
  return { bytes: Buffer.from(call.bytes.subarray(base, end)), offsets }
}

/** Where a parked call stands in the queue of one of its keys. */
export class Place {
  readonly parked: Parked
  readonly queue: Queue
  next: Place | undefined = undefined
  previous: Place | undefined = undefined

  constructor(parked: Parked, queue: Queue) {
    this.parked = parked
    this.queue = queue
  }
}

/** A list, so that a place in the middle can be left, taken over or put before all others. */
class Queue {
  readonly name: string
  readonly db: Database
  readonly topic: Topic
  head: Place | undefined = undefined
  tail: Place | undefined = undefined
  length = 0
  ready = false
  /** A round goes over it, and will come to whoever is next. */
  serving = false
  readonly identities = new Map<string, Parked>()

  constructor(name: string, db: Database, topic: Topic) {
    this.name = name
    this.db = db
    this.topic = topic
  }

  append(place: Place): void {
    place.previous = this.tail
    if (this.tail === undefined) this.head = place
    else this.tail.next = place
    this.tail = place
    this.#joined(place)
  }

  prepend(place: Place): void {
    place.next = this.head
    if (this.head === undefined) this.tail = place
    else this.head.previous = place
    this.head = place
    this.#joined(place)
  }

  /** Leaves `place.next` as it is: a round that stands there finds its way on. */
  remove(place: Place): void {
    const { next, previous } = place
    if (previous === undefined) this.head = next
    else previous.next = next
    if (next === undefined) this.tail = previous
    else next.previous = previous
    this.length--
    const { identity } = place.parked
    if (identity !== undefined && this.identities.get(identity) === place.parked) {
      this.identities.delete(identity)
    }
  }

  /** Puts `place` where `old` stands. */
  replace(old: Place, place: Place): void {
    place.next = old.next
    place.previous = old.previous
    if (old.previous === undefined) this.head = place
    else old.previous.next = place
    if (old.next === undefined) this.tail = place
    else old.next.previous = place
    this.length--
    this.#joined(place)
  }

  #joined(place: Place): void {
    this.length++
    const { identity } = place.parked
    if (identity !== undefined) this.identities.set(identity, place.parked)
  }
}

class Alarm implements Due {
  readonly parked: Parked
  expiresAt: number
  deadlineIndex = -1

  constructor(parked: Parked, at: number) {
    this.parked = parked
    this.expiresAt = at
  }
}

export class Waiting {
  /** Number of parked calls. */
  size = 0

  readonly #queues: Readonly<Record<Topic, Map<string, Queue>>> = {
    list: new Map(),
    zset: new Map(),
    stream: new Map(),
    turn: new Map(),
    news: new Map(),
  }
  #ready: Queue[] = []
  #summoned: Parked[] = []
  readonly #deadlines = new Deadlines<Parked>()
  readonly #alarms = new Deadlines<Alarm>()

  /** Whether a key was signalled and nobody has looked yet. */
  get hasReady(): boolean {
    return this.#ready.length > 0 || this.#summoned.length > 0
  }

  /** Number of keys for which somebody waits; of one that is waited for in two ways, 2. */
  get keyCount(): number {
    let count = 0
    for (const topic of TOPICS) count += this.#queues[topic].size
    return count
  }

  /** The earliest deadline or alarm, or Infinity. */
  get nextDeadline(): number {
    return Math.min(this.#deadlines.firstAt, this.#alarms.firstAt)
  }

  add(parked: Parked): void {
    this.#begin(parked)
    for (const key of parked.keys) {
      const queue = this.#queueOf(parked, key)
      const place = new Place(parked, queue)
      if (parked.first) queue.prepend(place)
      else queue.append(place)
      parked.places.push(place)
    }
  }

  /** Adds a call that takes the places of one with the same keys; that one is still to be removed. */
  takeOver(older: Parked, parked: Parked): void {
    this.#begin(parked)
    for (const old of older.places) {
      const place = new Place(parked, old.queue)
      old.queue.replace(old, place)
      parked.places.push(place)
    }
    older.places = []
  }

  #begin(parked: Parked): void {
    this.size++
    if (parked.expiresAt !== Number.POSITIVE_INFINITY) this.#deadlines.add(parked)
  }

  #queueOf(parked: Parked, key: string): Queue {
    const name = queueName(parked.db, key)
    const queues = this.#queues[parked.topic]
    let queue = queues.get(name)
    if (queue === undefined) {
      queue = new Queue(name, parked.db, parked.topic)
      queues.set(name, queue)
    }
    return queue
  }

  /** Takes out a call. Those who stood behind it may be ready now. */
  remove(parked: Parked): void {
    this.size--
    for (const place of parked.places) {
      const { queue } = place
      const wasHead = queue.head === place
      queue.remove(place)
      if (queue.length === 0) this.#queues[queue.topic].delete(queue.name)
      else if (wasHead && !queue.serving) this.#makeReady(queue)
    }
    parked.places = []
    if (parked.deadlineIndex >= 0) this.#deadlines.remove(parked)
    if (parked.alarm !== undefined) this.#alarms.remove(parked.alarm)
    parked.alarm = undefined
  }

  /** Those who wait for keys of a segment, as the router told it, each once. */
  ofSegment(segment: number): Set<Parked> {
    const found = new Set<Parked>()
    for (const topic of TOPICS) {
      for (const { head } of this.#queues[topic].values()) {
        for (let place = head; place !== undefined; place = place.next) {
          if (place.parked.segment === segment) found.add(place.parked)
        }
      }
    }
    return found
  }

  /** Those who wait for a turn, or another topic, at a key, in order. */
  *at(db: Database, key: string, topic: Topic): Generator<Parked> {
    let place = this.#queues[topic].get(queueName(db, key))?.head
    for (; place !== undefined; place = place.next) yield place.parked
  }

  /** How many wait for a key. */
  count(db: Database, key: string, topic: Topic): number {
    return this.#queues[topic].get(queueName(db, key))?.length ?? 0
  }

  head(db: Database, key: string, topic: Topic): Parked | undefined {
    return this.#queues[topic].get(queueName(db, key))?.head?.parked
  }

  /** Who waits under a key by this name. */
  find(db: Database, key: string, topic: Topic, identity: string): Parked | undefined {
    return this.#queues[topic].get(queueName(db, key))?.identities.get(identity)
  }

  /** Notes that a key may be ready for somebody: on all topics, or on one. */
  signal(db: Database, key: string, topic?: Topic): void {
    const name = queueName(db, key)
    for (const each of topic === undefined ? TOPICS : [topic]) {
      const queue = this.#queues[each].get(name)
      if (queue !== undefined) this.#makeReady(queue)
    }
  }

  /** Notes that any key of a database may be ready: after SWAPDB, FLUSHDB. */
  signalAll(db: Database): void {
    for (const topic of TOPICS) {
      for (const queue of this.#queues[topic].values()) {
        if (queue.db === db) this.#makeReady(queue)
      }
    }
  }

  #makeReady(queue: Queue): void {
    if (queue.ready) return
    queue.ready = true
    this.#ready.push(queue)
  }

  /** Notes that this very call can be answered, wherever it stands. */
  summon(parked: Parked): void {
    this.#summoned.push(parked)
  }

  /** Sets the time at which a call is tried again though nobody signals. */
  setAlarm(parked: Parked, at: number): void {
    if (parked.alarm === undefined) {
      parked.alarm = new Alarm(parked, at)
      this.#alarms.add(parked.alarm)
    } else {
      parked.alarm.expiresAt = at
      this.#alarms.moved(parked.alarm)
    }
  }

  /** Signals the queues of those whose alarm is due. */
  ring(now: number): void {
    while (this.#alarms.firstAt <= now) {
      const alarm = this.#alarms.first!
      this.#alarms.remove(alarm)
      alarm.parked.alarm = undefined
      for (const place of alarm.parked.places) this.#makeReady(place.queue)
    }
  }

  /** Runs the calls whose keys were signalled. */
  serve(attempt: (parked: Parked) => Attempt): void {
    while (this.hasReady) {
      const summoned = this.#summoned
      const ready = this.#ready
      this.#summoned = []
      this.#ready = []
      for (const parked of summoned) if (parked.places.length > 0) attempt(parked)
      for (const queue of ready) {
        queue.ready = false
        this.#serveQueue(queue, attempt)
      }
    }
  }

  #serveQueue(queue: Queue, attempt: (parked: Parked) => Attempt): void {
    queue.serving = true
    for (let place = queue.head; place !== undefined; place = place.next) {
      const { parked } = place
      // The call before may have ended the wait of this one.
      if (parked.places.length === 0) continue
      const outcome = attempt(parked)
      if (outcome === 'last' || (outcome === 'stays' && parked.fifo)) break
    }
    queue.serving = false
  }

  /** The call whose deadline passed first, if any has. It is still in its queues. */
  due(now: number): Parked | undefined {
    return this.#deadlines.firstAt <= now ? this.#deadlines.first : undefined
  }
}

function queueName(db: Database, key: string): string {
  return `${db.index}:${key}`
}
