// Connections between nodes of one test: nothing arrives before the test lets it.

import type { PeerChannel } from '../../../cluster/node/view.ts'
import type { Connection, ConnectionEvents, Dialler } from '../../../cluster/routing/dialler.ts'
import type { Client, Link } from '../../../src/client.ts'
import type { Server } from '../../../src/server.ts'
import type { Output } from '../../../src/wire/output.ts'

/** Whoever would go on after this is going round in circles. */
const STEPS_MAX = 100_000

export class FakeNetwork {
  /** By `host:port` and by node id. */
  readonly #servers = new Map<string, Server>()
  readonly #channels = new Map<string, FakeChannel>()
  readonly #unreachable = new Set<string>()
  readonly connections: FakeConnection[] = []
  #steps: (() => void)[] = []
  #nextPort = 40_000

  add(address: string, id: string, server: Server, channel: FakeChannel): void {
    this.#servers.set(address, server)
    this.#channels.set(id, channel)
    channel.join(this, id)
  }

  dialler(): Dialler {
    return { dial: (host, port, events) => this.#dial(`${host}:${port}`, events) }
  }

  #dial(address: string, events: ConnectionEvents): Connection {
    const connection = new FakeConnection(this, address, events, this.#nextPort++)
    this.connections.push(connection)
    this.later(() => {
      const server = this.#servers.get(address)
      if (server === undefined || this.#unreachable.has(address)) connection.breakOff()
      else connection.open(server)
    })
    return connection
  }

  /** Connections to the address break, and none can be made. */
  cut(address: string): void {
    this.#unreachable.add(address)
    for (const connection of this.connections) {
      if (connection.address === address) connection.breakOff()
    }
  }

  mend(address: string): void {
    this.#unreachable.delete(address)
  }

  later(step: () => void): void {
    this.#steps.push(step)
  }

  channelOf(id: string): FakeChannel | undefined {
    return this.#channels.get(id)
  }

  get ids(): readonly string[] {
    return [...this.#channels.keys()]
  }

  /** Lets everything arrive, and what follows from it. */
  settle(): void {
    for (let i = 0; i < STEPS_MAX; i++) {
      for (const server of this.#servers.values()) server.flush()
      const step = this.#steps.shift()
      if (step === undefined) return
      step()
    }
    throw new Error('the nodes talk without end')
  }

  /** One thing arrives. */
  step(): void {
    this.#steps.shift()?.()
    for (const server of this.#servers.values()) server.flush()
  }
}

export class FakeConnection implements Connection, Link {
  readonly address: string
  readonly localAddress: string
  readonly kind = 'internal'
  readonly isLocal = true
  readonly fd = 0
  unsentBytes = 0
  isOver = false
  /** The other node's end. */
  client: Client | undefined = undefined
  readonly #network: FakeNetwork
  readonly #events: ConnectionEvents
  #server: Server | undefined = undefined

  constructor(network: FakeNetwork, address: string, events: ConnectionEvents, port: number) {
    this.#network = network
    this.address = address
    this.#events = events
    this.localAddress = `127.0.0.1:${port}`
  }

  open(server: Server): void {
    if (this.isOver) return
    this.#server = server
    this.client = server.connect(this)
    this.#events.opened()
  }

  /** From the node that dialled. */
  write(bytes: Buffer): void {
    const copy = Buffer.from(bytes)
    this.#network.later(() => {
      if (!this.isOver && this.client !== undefined) {
        this.#server!.receive(this.client, copy, copy.length)
      }
    })
  }

  /** From the node that was dialled; in two pieces, to be put together. */
  send(output: Output): boolean {
    const bytes = output.copy()
    const middle = bytes.length >>> 1
    for (const piece of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
      this.#network.later(() => {
        if (!this.isOver) this.#events.received(piece)
      })
    }
    return true
  }

  close(): void {
    if (this.isOver) return
    this.isOver = true
    this.#network.later(() => this.#leave())
  }

  breakOff(): void {
    if (this.isOver) return
    this.isOver = true
    this.#leave()
    this.#network.later(() => this.#events.closed('broken'))
  }

  #leave(): void {
    if (this.client === undefined || this.#server === undefined) return
    this.#server.beginTurn()
    this.#server.disconnected(this.client)
  }

  holdReading(): void {}
}

export class FakeChannel implements PeerChannel {
  readonly #listeners = new Map<number, (from: string, payload: Buffer) => void>()
  readonly sent: { readonly to: string; readonly kind: number; readonly payload: Buffer }[] = []
  /** Peers to which there is no link. */
  readonly down = new Set<string>()
  #network: FakeNetwork | undefined = undefined
  #self = ''

  join(network: FakeNetwork, self: string): void {
    this.#network = network
    this.#self = self
  }

  get peers(): Iterable<string> {
    return (this.#network?.ids ?? []).filter(id => id !== this.#self && !this.down.has(id))
  }

  send(to: string, kind: number, payload: Buffer): boolean {
    const peer = this.#network?.channelOf(to)
    if (peer === undefined || this.down.has(to)) return false
    this.sent.push({ to, kind, payload })
    this.#network!.later(() => peer.#listeners.get(kind)?.(this.#self, payload))
    return true
  }

  onMessage(kind: number, listener: (from: string, payload: Buffer) => void): void {
    this.#listeners.set(kind, listener)
  }
}
