// client-forwards.ts — What one client has under way at other nodes, and the order of the answers.
//
// Requests stand in the order in which the client sent them. Whoever answers first, an answer is
// written only when all before it were. Until the queue is empty the client's own node runs nothing
// for it, so no reply of ours gets between.
//
// A node that serves the slot no more says MOVED: then the request goes to where it is, some times. If
// a connection breaks, what it had not sent goes elsewhere, and what only reads is sent again; but
// what may have changed something is answered INDOUBT, for nobody can know, and a library that
// repeated it by itself might do it twice.

import { type Client, FORWARDING } from '../../src/client.ts'
import { errors, ReplyError } from '../../src/errors.ts'
import type { Server } from '../../src/server.ts'
import type { Member } from '../topology/member.ts'
import type { ForwardRequest } from './forward-request.ts'
import { ForwardSession, type SessionOwner, type SessionParts } from './forward-session.ts'

/** How often a request follows a segment that goes on moving, and how often at once. */
export const HOPS_MAX = 16
const HOPS_AT_ONCE_MAX = 3
/** Requests of one client under way, beyond which further ones wait with us. */
export const IN_FLIGHT_MAX = 256
/** Bytes that a node has not taken yet, beyond which further requests wait with us. */
const UNSENT_BYTES_MAX = 1 << 20

const inDoubt = new ReplyError(
  'INDOUBT the command may or may not have taken effect: the connection to the node that ran it was lost',
)
const MOVED = '-MOVED '

/** What is common to all clients. */
export interface ForwardingGround {
  readonly server: Server
  readonly session: Pick<SessionParts, 'dialler' | 'secret' | 'nonce'>
  /** Who serves a slot; undefined if nobody does. */
  ownerOf(slot: number): Member | undefined
  memberAt(address: string): Member | undefined
  /** False if there are too many already. */
  mayOpen(): boolean
  /** Tries the request again before long: its node could not be reached. */
  retryLater(forwards: ClientForwards, request: ForwardRequest): void
  readonly figures: ForwardFigures
}

export class ForwardFigures {
  commands = 0
  followed = 0
  repeated = 0
  inDoubt = 0
  sessions = 0
}

export class ClientForwards implements SessionOwner {
  readonly client: Client
  readonly #ground: ForwardingGround
  readonly #sessions = new Map<string, ForwardSession>()
  /** In the order of the client. */
  readonly #queue: ForwardRequest[] = []
  /** Where the last request went. */
  #lastNode: string | undefined = undefined

  constructor(client: Client, ground: ForwardingGround) {
    this.client = client
    this.#ground = ground
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#sessions.size === 0
  }

  /** Whether a session to the node is there, or may be opened. */
  mayReach(node: string): boolean {
    return this.#sessions.has(node) || this.#ground.mayOpen()
  }

  /** Whether a request for this node may be sent before those under way are answered. */
  mayFollow(node: string): boolean {
    const session = this.#sessions.get(node)
    if (session === undefined || node !== this.#lastNode) return false
    if (this.#queue.length >= IN_FLIGHT_MAX || session.unsentBytes > UNSENT_BYTES_MAX) return false
    return this.#queue.at(-1)?.isBlocking === false
  }

  /** Sends a request of the client, which is halted until all are answered. */
  forward(request: ForwardRequest, node: Member): void {
    this.#ground.figures.commands++
    this.client.set(FORWARDING, true)
    this.#queue.push(request)
    this.#send(request, node)
  }

  /** The connection there of a command that may be waiting. */
  waitsAt(): { readonly node: string; readonly clientId: number } | undefined {
    const node = this.#lastNode
    if (node === undefined || this.#queue.at(-1)?.isBlocking !== true) return undefined
    const clientId = this.#sessions.get(node)?.clientId ?? 0
    return clientId === 0 ? undefined : { node, clientId }
  }

  #send(request: ForwardRequest, { id, host, port }: Member): void {
    let session = this.#sessions.get(id)
    if (session === undefined) {
      const { server, figures } = this.#ground
      const { name, link } = this.client
      session = new ForwardSession({
        ...this.#ground.session,
        host,
        port,
        address: link.address,
        name,
        now: () => server.clock.monotonic(),
        owner: this,
      })
      this.#sessions.set(id, session)
      figures.sessions++
    }
    this.#lastNode = id
    // The client has given up since what it watched there.
    if (session.watches && this.client.watchesAt !== id && request.watches !== 'ends') {
      session.unwatch()
    }
    session.send(request)
  }

  /** Tries again to find the node that runs the request. */
  resend(request: ForwardRequest): void {
    const { server } = this.#ground
    const owner = this.#ground.ownerOf(request.slot)
    if (server.clock.monotonic() >= request.until) {
      this.#settle(request, errorReply(owner ? errors.clusterDown : errors.slotNotServed))
    } else if (owner === undefined || !this.mayReach(owner.id)) {
      this.#ground.retryLater(this, request)
    } else {
      this.#send(request, owner)
    }
  }

  // What comes back

  answered(session: ForwardSession, request: ForwardRequest, reply: Buffer): void {
    const moved = movedAddress(request.firstError ?? reply)
    request.firstError = undefined
    if (moved !== undefined && request.hops < HOPS_MAX) {
      request.hops++
      this.#follow(request, moved)
      return
    }
    if (request.watches === 'begins' && reply[0] === PLUS) {
      this.client.watchesAt = this.#nodeOf(session)
    }
    this.#settle(request, reply)
  }

  #follow(request: ForwardRequest, address: string): void {
    this.#ground.figures.followed++
    // What was watched at the old node is watched no more.
    if (request.watches === 'ends') {
      this.#settle(request, nothing(request))
      return
    }
    // Two nodes that both say that it is the other one will agree in a moment.
    if (request.hops > HOPS_AT_ONCE_MAX) {
      this.#ground.retryLater(this, request)
      return
    }
    const member = this.#ground.memberAt(address)
    if (member === undefined || !this.mayReach(member.id)) this.#ground.retryLater(this, request)
    else this.#send(request, member)
  }

  pushed(push: Buffer): void {
    this.#write(push)
  }

  refused(session: ForwardSession, requests: readonly ForwardRequest[], error: Buffer): void {
    this.#forget(session)
    for (const request of requests) this.#settle(request, error)
  }

  broken(
    session: ForwardSession,
    sent: readonly ForwardRequest[],
    unsent: readonly ForwardRequest[],
  ): void {
    const { figures, server } = this.#ground
    this.#forget(session)
    for (const request of sent) {
      if (request.isRepeatable && request.watches === 'ends') {
        this.#settle(request, nothing(request))
      } else if (request.isRepeatable) {
        figures.repeated++
        this.#ground.retryLater(this, request)
      } else {
        figures.inDoubt++
        server.stats.countError(inDoubt.text)
        this.#settle(request, errorReply(inDoubt))
      }
    }
    for (const request of unsent) {
      if (request.watches === 'ends') this.#settle(request, nothing(request))
      else this.#ground.retryLater(this, request)
    }
    if (!session.isBound) return
    // The client would go on believing that it holds what was bound to its connection.
    server.closeAfterOutput(this.client, 'a node that held something for the connection was lost')
  }

  #forget(session: ForwardSession): void {
    const node = this.#nodeOf(session)
    if (node === undefined) return
    this.#sessions.delete(node)
    this.#ground.figures.sessions--
    if (this.client.watchesAt !== node) return
    this.client.watchesAt = undefined
    this.client.watchBroken = true
  }

  #nodeOf(session: ForwardSession): string | undefined {
    for (const [node, each] of this.#sessions) if (each === session) return node
    return undefined
  }

  // To the client

  #settle(request: ForwardRequest, answer: Buffer): void {
    request.answer = answer
    const queue = this.#queue
    for (let first = queue[0]; first?.answer !== undefined; first = queue[0]) {
      queue.shift()
      if (!first.isSilent) this.#write(first.answer)
    }
    if (queue.length === 0) this.#ground.server.dispatch.tryAgain(this.client)
  }

  #write(bytes: Buffer): void {
    const { client } = this
    const { server } = this.#ground
    server.beginTurn()
    client.output.add(bytes, 0, bytes.length)
    server.checkOutput(client)
  }

  /** Ends what is idle, and what does not begin. */
  cron(now: number, idleMs: number): void {
    for (const session of [...this.#sessions.values()]) {
      session.checkGreeting(now)
      const isNeeded = session.isBound || session.watches || !session.isIdle
      if (session.isClosed || isNeeded || now - session.lastUsedAt < idleMs) continue
      session.close()
      this.#forget(session)
    }
  }

  /** The client has gone, and with it all that it has elsewhere. */
  close(): void {
    this.#queue.length = 0
    for (const session of this.#sessions.values()) session.close()
    this.#ground.figures.sessions -= this.#sessions.size
    this.#sessions.clear()
  }
}

const PLUS = 0x2b

/** What EXEC answers when it did nothing, because a watched key may have changed. */
function nothing({ persona }: ForwardRequest): Buffer {
  return Buffer.from(persona.protocol === 2 ? '*-1\r\n' : '_\r\n')
}

function errorReply({ text }: ReplyError): Buffer {
  return Buffer.from(`-${text}\r\n`, 'latin1')
}

/** `host:port` of a redirection. */
function movedAddress(reply: Buffer): string | undefined {
  if (reply[0] !== 0x2d || reply.latin1Slice(0, MOVED.length) !== MOVED) return undefined
  return reply.latin1Slice(reply.lastIndexOf(0x20) + 1, reply.length - 2)
}
