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
// its connection.

import type { Call } from './call.ts'
import type { Client } from './client.ts'
import type { Command } from './command.ts'
import type { Database } from './keyspace/database.ts'
import { Deadlines, type Due } from './values/deadlines.ts'
import type { Reply } from './wire/reply.ts'

export type WaitPolicy = 'fifo' | 'broadcast'

/** What a call that stops waiting without success answers. */
export type EmptyReply = (reply: Reply) => void

export interface ParkOptions {
  /** Names of the keys; none for waits that only a deadline or `wake` ends. */
  readonly keys: readonly string[]
  /** Monotonic ms; Infinity waits for ever. */
  readonly deadline: number
  readonly onTimeout: EmptyReply
  readonly policy?: WaitPolicy
  /** Of the waiter under its key, e.g. a lock's owner: the same one waits only once. */
  readonly identity?: string
  /** Before those who wait already, e.g. an upgrade. */
  readonly first?: boolean
}

export class Parked implements Due {
  readonly client: Client
  readonly command: Command
  readonly db: Database
  readonly bytes: Buffer
  readonly offsets: Int32Array
  readonly count: number
  readonly keys: readonly string[]
  readonly fifo: boolean
  readonly identity: string | undefined
  readonly onTimeout: EmptyReply
  /** Monotonic ms at which the wait began. */
  readonly since: number
  /** Monotonic ms. */
  expiresAt: number
  deadlineIndex = -1

  constructor(call: Call, options: ParkOptions, since: number) {
    this.client = call.client
    this.command = call.command
    this.db = call.db
    const copied = copyArguments(call)
    this.bytes = copied.bytes
    this.offsets = copied.offsets
    this.count = call.count
    this.keys = options.keys
    this.fifo = options.policy !== 'broadcast'
    this.identity = options.identity
    this.onTimeout = options.onTimeout
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

interface Queue {
  readonly parked: Set<Parked>
  ready: boolean
}

export class Waiting {
  /** Number of parked calls. */
  size = 0
  /** Whether a key was signalled and nobody has looked yet. */
  get hasReady(): boolean {
    return this.#ready.length > 0
  }

  /** Number of keys for which somebody waits. */
  get keyCount(): number {
    return this.#queues.size
  }

  readonly #queues = new Map<string, Queue>()
  readonly #ready: Queue[] = []
  readonly #deadlines = new Deadlines<Parked>()

  /** The earliest deadline, or Infinity. */
  get nextDeadline(): number {
    return this.#deadlines.firstAt
  }

  add(parked: Parked, first: boolean): void {
    this.size++
    for (const key of parked.keys) {
      const name = queueName(parked.db, key)
      let queue = this.#queues.get(name)
      if (queue === undefined) {
        queue = { parked: new Set(), ready: false }
        this.#queues.set(name, queue)
      }
      if (first && queue.parked.size > 0) {
        const others = [...queue.parked]
        queue.parked.clear()
        queue.parked.add(parked)
        for (const other of others) queue.parked.add(other)
      } else {
        queue.parked.add(parked)
      }
    }
    if (parked.expiresAt !== Number.POSITIVE_INFINITY) this.#deadlines.add(parked)
  }

  remove(parked: Parked): void {
    this.size--
    for (const key of parked.keys) {
      const name = queueName(parked.db, key)
      const queue = this.#queues.get(name)
      if (queue === undefined) continue
      queue.parked.delete(parked)
      if (queue.parked.size === 0) this.#queues.delete(name)
    }
    if (parked.deadlineIndex >= 0) this.#deadlines.remove(parked)
  }

  /** Those who wait for a key, in order. */
  at(db: Database, key: string): Iterable<Parked> {
    return this.#queues.get(queueName(db, key))?.parked ?? []
  }

  /** How many wait for a key. */
  count(db: Database, key: string): number {
    return this.#queues.get(queueName(db, key))?.parked.size ?? 0
  }

  /** Notes that a key may be ready for somebody. */
  signal(db: Database, key: string): void {
    const queue = this.#queues.get(queueName(db, key))
    if (queue === undefined || queue.ready) return
    queue.ready = true
    this.#ready.push(queue)
  }

  /** Notes that any key of a database may be ready: after SWAPDB, FLUSHDB. */
  signalAll(db: Database): void {
    const prefix = `${db.index}:`
    for (const [name, queue] of this.#queues) {
      if (!name.startsWith(prefix) || queue.ready) continue
      queue.ready = true
      this.#ready.push(queue)
    }
  }

  /** Runs the calls whose keys were signalled. `attempt` answers whether the call is done. */
  serve(attempt: (parked: Parked) => boolean): void {
    for (let queue = this.#ready.shift(); queue !== undefined; queue = this.#ready.shift()) {
      queue.ready = false
      for (const parked of queue.parked) {
        if (!attempt(parked) && parked.fifo) break
      }
    }
  }

  /** The call whose deadline passed first, if any has. It is still in its queues. */
  due(now: number): Parked | undefined {
    return this.#deadlines.firstAt <= now ? this.#deadlines.first : undefined
  }
}

function queueName(db: Database, key: string): string {
  return `${db.index}:${key}`
}
