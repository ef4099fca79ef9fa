// forwarder.ts — Runs commands of this node's clients at other nodes, for clients that do not go there
// themselves.
//
// Client libraries have no table of the keys of LOCK.ACQUIRE and its kin, so they send these to any node;
// and with `cluster-routing forward` a client need not know of the cluster at all. Each client that
// needs it has connections of its own to other nodes, since a connection may hold, watch and wait.

import type { Call } from '../../src/call.ts'
import { type Client, TRACKED } from '../../src/client.ts'
import type { Fact } from '../../src/info/sections.ts'
import type { Server } from '../../src/server.ts'
import { endTransaction } from '../../src/transaction.ts'
import type { PeerChannel } from '../node/view.ts'
import type { Member } from '../topology/member.ts'
import { ClientForwards, ForwardFigures, type ForwardingGround } from './client-forwards.ts'
import type { Dialler } from './dialler.ts'
import { type ForwardRequest, forwardedCall, forwardedTransaction } from './forward-request.ts'
import { UNBLOCK } from './kinds.ts'

/** Connections to other nodes on behalf of clients; beyond it clients are redirected. */
export const SESSIONS_MAX = 10_000
/** A connection that holds nothing is closed when nobody has used it for so long. */
export const IDLE_MS = 60_000
/** A node that could not be reached is tried again after this. */
const RETRY_MS = 50

export interface ForwarderParts {
  readonly server: Server
  readonly dialler: Dialler
  readonly secret: string
  readonly nonce: () => string
  readonly channel: PeerChannel
  ownerOf(slot: number): Member | undefined
  memberAt(address: string): Member | undefined
}

export class Forwarder {
  readonly #parts: ForwarderParts
  readonly #figures = new ForwardFigures()
  readonly #clients = new Map<Client, ClientForwards>()
  readonly #ground: ForwardingGround
  /** Requests whose node could not be reached. */
  #retries: { readonly forwards: ClientForwards; readonly request: ForwardRequest }[] = []
  #retryAt = Number.POSITIVE_INFINITY

  constructor(parts: ForwarderParts) {
    this.#parts = parts
    const { server, dialler, secret, nonce } = parts
    this.#ground = {
      server,
      session: { dialler, secret, nonce },
      ownerOf: slot => parts.ownerOf(slot),
      memberAt: address => parts.memberAt(address),
      mayOpen: () => this.#figures.sessions < SESSIONS_MAX,
      retryLater: (forwards, request) => this.#retryLater(forwards, request),
      figures: this.#figures,
    }
  }

  /** False if the client is to be redirected: there is no room, or its caches could not be kept true. */
  forward(call: Call, owner: Member): boolean {
    const forwards = this.#forwardsFor(call.client, owner)
    if (forwards === undefined) return false
    forwards.forward(forwardedCall(call, this.#until), owner)
    return true
  }

  /** As `forward`, for EXEC with all that was queued. The transaction is over here. */
  forwardTransaction(call: Call, owner: Member): boolean {
    const { client, server } = call
    const forwards = this.#forwardsFor(client, owner)
    if (forwards === undefined) return false
    const request = forwardedTransaction(call, client.transaction!.queue, this.#until)
    endTransaction(server, client)
    forwards.forward(request, owner)
    return true
  }

  /** Sends a request behind others that are under way to the same node. */
  follow(call: Call, owner: Member): boolean {
    const forwards = this.#clients.get(call.client)
    if (forwards?.mayFollow(owner.id) !== true) return false
    forwards.forward(forwardedCall(call, this.#until), owner)
    return true
  }

  /** Other nodes do not tell us what a client may no longer cache, so one that caches goes itself. */
  #forwardsFor(client: Client, owner: Member): ClientForwards | undefined {
    if (client.is(TRACKED)) return undefined
    let forwards = this.#clients.get(client)
    if (forwards === undefined) {
      forwards = new ClientForwards(client, this.#ground)
      this.#clients.set(client, forwards)
    }
    return forwards.mayReach(owner.id) ? forwards : undefined
  }

  get #until(): number {
    const { server } = this.#parts
    return server.monotonic + server.config.values['cluster-park-timeout']
  }

  unblock(client: Client, byError: boolean): boolean {
    const waits = this.#clients.get(client)?.waitsAt()
    if (waits === undefined) return false
    const message = Buffer.alloc(9)
    message.writeDoubleBE(waits.clientId)
    message[8] = byError ? 1 : 0
    return this.#parts.channel.send(waits.node, UNBLOCK, message)
  }

  disconnected(client: Client): void {
    const forwards = this.#clients.get(client)
    if (forwards === undefined) return
    forwards.close()
    this.#clients.delete(client)
    this.#retries = this.#retries.filter(each => each.forwards !== forwards)
  }

  // Retries

  #retryLater(forwards: ClientForwards, request: ForwardRequest): void {
    const { server } = this.#parts
    this.#retries.push({ forwards, request })
    this.#retryAt = Math.min(this.#retryAt, server.clock.monotonic() + RETRY_MS)
    server.reschedule()
  }

  get nextDeadline(): number {
    return this.#retries.length === 0 ? Number.POSITIVE_INFINITY : this.#retryAt
  }

  /** `hasChanged`: somebody else may serve what could not be reached. */
  wake(now: number, hasChanged: boolean): void {
    if (this.#retries.length === 0 || (now < this.#retryAt && !hasChanged)) return
    const retries = this.#retries
    this.#retries = []
    this.#retryAt = Number.POSITIVE_INFINITY
    for (const { forwards, request } of retries) forwards.resend(request)
  }

  get hasRetries(): boolean {
    return this.#retries.length > 0
  }

  cron(now: number): void {
    for (const [client, forwards] of this.#clients) {
      forwards.cron(now, IDLE_MS)
      if (forwards.isEmpty) this.#clients.delete(client)
    }
  }

  facts(): Fact[] {
    const { commands, followed, repeated, inDoubt, sessions } = this.#figures
    return [
      ['cluster_forwarded_commands', commands],
      ['cluster_forwards_followed', followed],
      ['cluster_forwards_repeated', repeated],
      ['cluster_forwards_in_doubt', inDoubt],
      ['cluster_forward_connections', sessions],
    ]
  }
}
