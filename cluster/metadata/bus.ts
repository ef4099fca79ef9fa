// The connections between metadata planes: a listener, and a connection to whoever there is
// something to tell.
//
// Two nodes may have a connection each way. Both use the one that the lower id dialled, for both
// directions, and the other one only if there is no such: a node whose address nobody knows yet is
// answered on the one that it dialled. A connection on which something was sent and nothing comes
// back for a while is taken for dead and dialled anew, because the system would wait for minutes
// after a cable was cut and mended.
//
// Without a secret anybody could become a member. Then only peers of the same machine are talked
// to, unless protected mode is off.

import net from 'node:net'
import type { NodeId } from '../raft/configuration.ts'
import { BusConnection, type ConnectionEvents, type Own } from './bus-connection.ts'
import { BusError } from './bus-frame.ts'
import type { BusPorts } from './bus-ports.ts'
import type { Log } from './log.ts'
import type { Address, Recipient } from './message.ts'

const RETRY_FIRST_MS = 20
const RETRY_MAX_MS = 1_000
/** Connections that have not shown who they are. */
const STRANGERS_MAX = 256
/** Different complaints about peers; each is logged once, until this many are forgotten together. */
const COMPLAINTS_MAX = 1_000

export interface BusOptions {
  readonly ports: BusPorts
  readonly own: () => Own
  /** Only peers on this machine. */
  readonly isLocalOnly: boolean
  /** The address of a member. */
  readonly addressOf: (id: NodeId) => Address | undefined
  readonly receive: (from: NodeId, bytes: Buffer) => void
  readonly silenceMs: number
  readonly clock: () => number
  readonly log: Log
}

/** Where something was to be sent, and when to try again. */
interface Dial {
  connection: BusConnection | undefined
  retryAt: number
  retryMs: number
}

export class Bus {
  readonly #options: BusOptions
  readonly #ports: BusPorts
  /** By address, so that a seed and the member that it turns out to be are one. */
  readonly #dials = new Map<string, Dial>()
  readonly #accepted = new Map<NodeId, BusConnection>()
  readonly #dialled = new Map<NodeId, BusConnection>()
  readonly #strangers = new Set<BusConnection>()
  readonly #complaints = new Set<string>()
  #isClosed = false

  constructor(options: BusOptions) {
    this.#options = options
    this.#ports = options.ports
    this.#ports.open(
      socket => this.#accept(socket),
      error => options.log.error({ error }, 'accepting failed'),
    )
  }

  send(to: Recipient, bytes: Uint8Array): void {
    const now = this.#options.clock()
    const known = typeof to === 'string' ? this.#connectionTo(to) : undefined
    if (known !== undefined) {
      known.send(bytes, now)
      return
    }
    const address = typeof to === 'string' ? this.#options.addressOf(to) : to
    if (address !== undefined) this.#dial(address, now)?.send(bytes, now)
  }

  /** Ends connections whose peer does not answer any more. */
  tick(): void {
    const now = this.#options.clock()
    for (const connections of [this.#dialled, this.#accepted]) {
      for (const connection of connections.values()) {
        if (connection.isSilent(this.#options.silenceMs, now)) connection.close()
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const closed = this.#ports.close()
    for (const connection of this.#all()) connection.close()
    await closed
  }

  #all(): readonly BusConnection[] {
    const dialled = [...this.#dials.values()].map(({ connection }) => connection)
    const all = [...dialled, ...this.#accepted.values(), ...this.#strangers]
    return all.filter(connection => connection !== undefined)
  }

  #connectionTo(id: NodeId): BusConnection | undefined {
    const dialled = this.#dialled.get(id)
    const accepted = this.#accepted.get(id)
    return this.#options.own().id < id ? (dialled ?? accepted) : (accepted ?? dialled)
  }

  #dial({ host, port }: Address, now: number): BusConnection | undefined {
    const key = `${host} ${port}`
    const dial = this.#dials.get(key) ?? {
      connection: undefined,
      retryAt: Number.NEGATIVE_INFINITY,
      retryMs: RETRY_FIRST_MS,
    }
    this.#dials.set(key, dial)
    if (dial.connection !== undefined || now < dial.retryAt || this.#isClosed) {
      return dial.connection
    }
    const socket = net.connect({ host, port })
    const connection = new BusConnection(socket, 'dialler', this.#options.own, {
      open: () => {
        dial.retryMs = RETRY_FIRST_MS
        this.#refuseOthers(socket)
        this.#dialled.set(connection.peer!, connection)
      },
      message: (_, bytes) => this.#options.receive(connection.peer!, bytes),
      closed: (_, error) => {
        dial.connection = undefined
        dial.retryAt = this.#options.clock() + dial.retryMs
        dial.retryMs = Math.min(2 * dial.retryMs, RETRY_MAX_MS)
        forget(this.#dialled, connection)
        this.#complain(key, error)
      },
    })
    dial.connection = connection
    return connection
  }

  #accept(socket: net.Socket): void {
    if (this.#strangers.size >= STRANGERS_MAX || this.#isClosed) {
      socket.destroy()
      return
    }
    const events: ConnectionEvents = {
      open: connection => {
        this.#strangers.delete(connection)
        this.#accepted.get(connection.peer!)?.close()
        this.#accepted.set(connection.peer!, connection)
      },
      message: (connection, bytes) => this.#options.receive(connection.peer!, bytes),
      closed: (connection, error) => {
        this.#strangers.delete(connection)
        forget(this.#accepted, connection)
        this.#complain(socket.remoteAddress ?? 'unknown', error)
      },
    }
    const connection = new BusConnection(socket, 'listener', this.#options.own, events)
    this.#strangers.add(connection)
    const refusal = this.#refusal(socket)
    if (refusal !== undefined) connection.close(refusal)
  }

  #refuseOthers(socket: net.Socket): void {
    const refusal = this.#refusal(socket)
    if (refusal !== undefined) throw refusal
  }

  #refusal({ remoteAddress, localAddress }: net.Socket): BusError | undefined {
    if (!this.#options.isLocalOnly) return undefined
    const isLocal = remoteAddress !== undefined && remoteAddress === localAddress
    return isLocal || isLoopback(remoteAddress)
      ? undefined
      : new BusError('without cluster-secret only nodes of this machine are talked to')
  }

  /** Once for each thing that is wrong with a peer. Peers that come and go are not worth a line. */
  #complain(peer: string, error: Error | undefined): void {
    if (error === undefined || (error as NodeJS.ErrnoException).code !== undefined) return
    const key = `${peer} ${error.message}`
    if (this.#complaints.has(key)) return
    if (this.#complaints.size >= COMPLAINTS_MAX) this.#complaints.clear()
    this.#complaints.add(key)
    this.#options.log.warn({ peer, reason: error.message }, 'peer refused')
  }
}

function forget(connections: Map<NodeId, BusConnection>, connection: BusConnection): void {
  const id = connection.peer
  if (id !== undefined && connections.get(id) === connection) connections.delete(id)
}

function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}
