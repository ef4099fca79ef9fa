// A simulated client: one operation after the other, routed as a cluster client routes.
//
// It keeps a map of primaries that it learns from MOVED. What was surely not executed it tries
// again, elsewhere if need be; a read it tries again in any case. A write whose connection was lost,
// or that took too long, or was answered INDOUBT, has an unknown outcome and is never repeated.

import type { NodeId } from '../../cluster/raft/configuration.ts'
import type { Seeded } from '../cluster/raft/seeded.ts'
import { CLOCK_DRIFT_MAX } from './clock.ts'
import type { Connection } from './connection.ts'
import { type Dialler, dial } from './dial.ts'
import type { History } from './history.ts'
import { type Input, isRead, type Output, type Subject } from './objects.ts'
import type { ClientMessage, Reply } from './request.ts'
import type { World } from './world.ts'

/** A client that hears nothing for so long hangs up. */
const TIMEOUT_MS = 1_500
const RETRY_MS = 60
/** Of one operation. Then it was not executed, and the client does something else. */
const ATTEMPTS_MAX = 200
const LOCK_LEASE_MS = 400
const VALUES = 1_000_000

export class SimulatedClient {
  readonly name: string
  readonly place: number
  readonly #world: World
  readonly #seeded: Seeded
  readonly #history: History<Input, Output>
  readonly #primaries = new Map<number, NodeId>()
  readonly #links = new Map<NodeId, ClientLink>()
  /** Counts operations and attempts: what comes for an earlier one is ignored. */
  #turn = 0
  #operation: Pending | undefined
  #isStopping = false
  #token = 0
  readonly #last: { readonly subject: Subject; readonly answered: () => void }[] = []
  answered = 0

  constructor(world: World, name: string, place: number, history: History<Input, Output>) {
    this.#world = world
    this.#seeded = world.seeded
    this.name = name
    this.place = place
    this.#history = history
  }

  get isIdle(): boolean {
    return this.#operation === undefined
  }

  start(): void {
    this.#isStopping = false
    this.#think()
  }

  /** After the operation that is under way. */
  stop(): void {
    this.#isStopping = true
  }

  /** Does not wait for an answer about these segments any more. */
  giveUp(segments: ReadonlySet<number>): void {
    const operation = this.#operation
    if (operation === undefined || !segments.has(operation.subject.segment)) return
    this.#history.lose(operation.id)
    this.#end()
  }

  /** After it has stopped: reads one thing after the other, each until it is answered. */
  readLast(subject: Subject, answered: () => void): void {
    this.#last.push({ subject, answered })
    if (this.#operation === undefined) this.#think()
  }

  #think(): void {
    const turn = ++this.#turn
    this.#later(this.#seeded.random() * this.#world.options.thinkMsMax, turn, () => {
      const last = this.#last.shift()
      if (last !== undefined) {
        const { subject, answered } = last
        this.#begin(subject, readOf(subject), Number.POSITIVE_INFINITY, answered)
      }
      if (this.#isStopping) return
      const subject = this.#seeded.pick(this.#world.subjects)
      this.#begin(subject, this.#choose(subject), ATTEMPTS_MAX, undefined)
    })
  }

  #later(ms: number, turn: number, then: () => void): void {
    const { timeline } = this.#world
    timeline.schedule(() => {
      if (this.#turn === turn) then()
    }, timeline.now + ms)
  }

  #begin(
    subject: Subject,
    input: Input,
    attemptsMax: number,
    answered: (() => void) | undefined,
  ): void {
    const id = this.#history.call(
      this.name,
      subject.name,
      guaranteed(input),
      this.#world.timeline.now,
    )
    this.#operation = { id, subject, input, attemptsMax, attempts: 0, answered }
    this.#note(`asks ${describe(subject, input)}`)
    this.#attempt(this.#operation)
  }

  #attempt(operation: Pending): void {
    if (++operation.attempts > operation.attemptsMax) {
      this.#history.refuse(operation.id)
      this.#end()
      return
    }
    const { segment } = operation.subject
    const known = this.#primaries.get(segment)
    const to = known ?? this.#seeded.pick(this.#world.nodes).id
    const turn = ++this.#turn
    this.#linkTo(to).ask(turn, operation)
    this.#later(TIMEOUT_MS, turn, () => {
      this.#hangUp(to)
      this.lost(turn, to, true)
    })
  }

  #linkTo(id: NodeId): ClientLink {
    const known = this.#links.get(id)
    if (known !== undefined) return known
    const link = new ClientLink(this, id)
    this.#links.set(id, link)
    const node = this.#world.find(id)
    if (node === undefined) this.#later(RETRY_MS, this.#turn, () => link.failed())
    else dial(this.#world.network, this.place, node.place, node.clients, link)
    return link
  }

  #hangUp(id: NodeId): void {
    const link = this.#links.get(id)
    this.#links.delete(id)
    link?.connection?.close(0)
  }

  /** The connection is gone, after the command may have been sent or before. */
  lost(turn: number, id: NodeId, isSent: boolean): void {
    this.#links.delete(id)
    const operation = this.#operation
    if (this.#turn !== turn || operation === undefined) return
    this.#primaries.delete(operation.subject.segment)
    const { id: number, subject, input } = operation
    if (isSent && !isRead(subject, input)) {
      this.#note(`does not know of ${describe(subject, input)}`)
      this.#history.lose(number)
      this.#end()
    } else {
      this.#retry(operation)
    }
  }

  #retry(operation: Pending): void {
    this.#later(this.#seeded.random() * RETRY_MS, ++this.#turn, () => this.#attempt(operation))
  }

  replied(reply: Reply): void {
    const operation = this.#operation
    if (reply.number !== this.#turn || operation === undefined) return
    const { id, subject, input, answered } = operation
    switch (reply.kind) {
      case 'done':
        this.#note(`hears ${JSON.stringify(reply.output)} of ${describe(subject, input)}`)
        this.#history.answer(id, reply.output, this.#world.timeline.now)
        this.answered++
        if (subject.kind === 'lock' && typeof reply.output === 'number') this.#token = reply.output
        this.#end()
        answered?.()
        break
      case 'indoubt':
        this.#note(`is left in doubt of ${describe(subject, input)}`)
        this.#history.lose(id)
        this.#end()
        break
      case 'moved':
        this.#primaries.set(subject.segment, reply.to)
        this.#attempt(operation)
        break
      case 'clusterdown':
        this.#primaries.delete(subject.segment)
        this.#retry(operation)
    }
  }

  #end(): void {
    this.#operation = undefined
    this.#think()
  }

  #note(text: string): void {
    const { journal, timeline } = this.#world
    if (journal.isOpen) journal.write(timeline.now, `${this.name} ${text}`)
  }

  #choose(subject: Subject): Input {
    const seeded = this.#seeded
    switch (subject.kind) {
      case 'register': {
        const shape = seeded.below(5)
        if (shape < 2) return { kind: 'read' }
        const value = `${seeded.below(VALUES)}`
        return shape === 2 ? { kind: 'swap', expected: null, value } : { kind: 'write', value }
      }
      case 'counter':
        return seeded.chance(0.4) ? { kind: 'get' } : { kind: 'add', delta: 1 + seeded.below(9) }
      case 'set': {
        const member = `m${seeded.below(6)}`
        if (seeded.chance(0.2)) return { kind: 'size' }
        return { kind: seeded.pick(['add', 'remove', 'has'] as const), member }
      }
      case 'lock': {
        const owner = this.name
        const shape = seeded.below(4)
        if (shape === 0) return { kind: 'release', owner }
        if (shape === 1 && this.#token > 0) return { kind: 'use', token: this.#token }
        return { kind: 'acquire', owner, leaseMs: LOCK_LEASE_MS }
      }
      case 'latch':
        if (seeded.chance(0.1)) return { kind: 'create', count: 500 }
        if (seeded.chance(0.4)) return { kind: 'count' }
        return { kind: 'down', by: 1 + seeded.below(3) }
      case 'pair': {
        const shape = seeded.below(6)
        if (shape < 2) return { kind: 'read' }
        if (shape === 2) return { kind: 'copy' }
        if (shape === 3) return { kind: 'swap' }
        return { kind: 'add', to: shape === 4 ? 0 : 1, delta: 1 + seeded.below(9) }
      }
    }
  }
}

interface Pending {
  readonly id: number
  readonly subject: Subject
  readonly input: Input
  readonly attemptsMax: number
  readonly answered: (() => void) | undefined
  attempts: number
}

function readOf({ kind }: Subject): Input {
  switch (kind) {
    case 'register':
    case 'pair':
      return { kind: 'read' }
    case 'counter':
      return { kind: 'get' }
    case 'set':
      return { kind: 'size' }
    case 'latch':
      return { kind: 'count' }
    case 'lock':
      return { kind: 'use', token: 0 }
  }
}

/** A lease is counted on a clock that may be fast; what it is sure to last is a little less. */
function guaranteed(input: Input): Input {
  if (input.kind !== 'acquire') return input
  return { ...input, leaseMs: input.leaseMs * (1 - CLOCK_DRIFT_MAX) }
}

function describe({ name }: Subject, input: Input): string {
  return `${name} ${Object.values(input).join(' ')}`
}

/** A connection to one node; at most one command is under way on it. */
class ClientLink implements Dialler<ClientMessage> {
  readonly #client: SimulatedClient
  readonly #id: NodeId
  connection: Connection<ClientMessage> | undefined
  #turn = 0
  #waiting: Pending | undefined

  constructor(client: SimulatedClient, id: NodeId) {
    this.#client = client
    this.#id = id
  }

  ask(turn: number, operation: Pending): void {
    this.#turn = turn
    if (this.connection === undefined) this.#waiting = operation
    else this.#send(operation)
  }

  #send({ subject, input }: Pending): void {
    this.connection!.send(0, { number: this.#turn, subject, input })
  }

  opened(connection: Connection<ClientMessage>): void {
    this.connection = connection
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) this.#send(waiting)
  }

  failed(): void {
    this.#client.lost(this.#turn, this.#id, false)
  }

  received(_: Connection<ClientMessage>, message: ClientMessage): void {
    this.#client.replied(message as Reply)
  }

  closed(): void {
    this.#client.lost(this.#turn, this.#id, this.#waiting === undefined)
  }
}
