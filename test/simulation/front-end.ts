// The rules by which a node answers clients: the same as a real node's, without its bytes.
//
// A command is executed only while the node serves its segment and its lease holds, by the clock as
// it is after the command was read. It is parked while that may change in a moment. Its reply waits
// until what it did, or saw, is committed.

import type { Entry, SettledListener } from '../../cluster/replication/entry.ts'
import type { Replication } from '../../cluster/replication/replication.ts'
import { primary } from '../../cluster/topology/segment.ts'
import type { Connection } from './connection.ts'
import type { ClientMessage, Reply, Request } from './request.ts'
import type { SimulatedStore } from './store.ts'

/** `cluster-park-timeout`. */
export const PARK_TIMEOUT_MS = 2_000
const PARKED_MAX = 1_000

/** What the front end asks of its node. */
export interface Serving {
  readonly replication: Replication
  readonly store: SimulatedStore
  /** The node's monotonic clock. */
  readonly clock: () => number
  readonly leaseUntil: number
  /** A command of this segment is executed next. */
  executing(segment: number): void
}

interface Parked {
  readonly asked: Asked
  readonly until: number
}

type Verdict = 'execute' | 'park' | 'redirect'

/** One command of a client, until it is answered. */
class Asked implements SettledListener {
  readonly connection: Connection<ClientMessage>
  readonly request: Request
  #kept: Reply | undefined
  #isWrite = false
  readonly #frontEnd: FrontEnd

  constructor(frontEnd: FrontEnd, connection: Connection<ClientMessage>, request: Request) {
    this.#frontEnd = frontEnd
    this.connection = connection
    this.request = request
  }

  answer(reply: Reply): void {
    this.connection.send(1, reply)
  }

  /** Keeps the reply until the entry is settled. */
  wait(entry: Entry, reply: Reply, isWrite: boolean): void {
    this.#kept = reply
    this.#isWrite = isWrite
    entry.listen(this)
  }

  settled(_entry: Entry, isCommitted: boolean): void {
    if (isCommitted) this.answer(this.#kept!)
    else if (this.#isWrite) this.answer({ kind: 'indoubt', number: this.request.number })
    // What a read saw is gone; it may be done again.
    else this.#frontEnd.redo(this)
  }
}

export class FrontEnd {
  readonly #node: Serving
  #parked: Parked[] = []
  /** Reads whose entry was lost: they are done again when that is over. */
  #again: Asked[] = []

  constructor(node: Serving) {
    this.#node = node
  }

  received(connection: Connection<ClientMessage>, request: Request): void {
    this.#attempt(new Asked(this, connection, request), this.#node.clock() + PARK_TIMEOUT_MS)
  }

  redo(asked: Asked): void {
    this.#again.push(asked)
  }

  /** Something has changed, or time has passed: tries what is parked once more. */
  retry(): void {
    if (this.#again.length > 0) {
      const again = this.#again
      this.#again = []
      const until = this.#node.clock() + PARK_TIMEOUT_MS
      for (const asked of again) this.#attempt(asked, until)
    }
    if (this.#parked.length === 0) return
    const parked = this.#parked
    this.#parked = []
    for (const { asked, until } of parked) this.#attempt(asked, until)
  }

  #attempt(asked: Asked, until: number): void {
    const { request } = asked
    switch (this.#verdict(request)) {
      case 'execute':
        this.#execute(asked)
        break
      case 'redirect': {
        const { segment } = request.subject
        const to = primary(this.#node.replication.topology.segments[segment]!)!
        asked.answer({ kind: 'moved', number: request.number, to })
        break
      }
      case 'park':
        if (this.#node.clock() < until && this.#parked.length < PARKED_MAX) {
          this.#parked.push({ asked, until })
        } else {
          asked.answer({ kind: 'clusterdown', number: request.number })
        }
    }
  }

  #verdict({ subject: { segment } }: Request): Verdict {
    const { replication } = this.#node
    const role = replication.roleOf(segment)
    if (role === 'serves') {
      return this.holdsLease(this.#node) && !replication.isCongested ? 'execute' : 'park'
    }
    if (role === 'settles' || role === 'lost') return 'park'
    const leader = primary(replication.topology.segments[segment]!)
    return leader === undefined || leader === replication.self ? 'park' : 'redirect'
  }

  protected holdsLease({ clock, leaseUntil }: Serving): boolean {
    return clock() < leaseUntil
  }

  /** What a read depends on. */
  protected seen(replication: Replication, segment: number): Entry | undefined {
    return replication.openEntry(segment)
  }

  #execute(asked: Asked): void {
    const { replication, store } = this.#node
    const { subject, input, number } = asked.request
    const now = this.#node.clock()
    this.#node.executing(subject.segment)
    const { output, effects } = store.execute(subject, input)
    const reply: Reply = { kind: 'done', number, output }
    const isWrite = effects.length > 0
    const entry = isWrite
      ? replication.executed(subject.segment, now, effects, now)
      : this.seen(replication, subject.segment)
    if (entry === undefined || entry.isCommitted === true) asked.answer(reply)
    else asked.wait(entry, reply, isWrite)
  }
}
