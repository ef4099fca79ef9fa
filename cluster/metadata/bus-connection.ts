// One connection of the bus, dialled or accepted, from its handshake to its end.
//
// It delivers whole messages of a peer that has shown who it is, and nothing before. It may lose
// what is sent when it breaks or when the peer does not read: the machine that speaks through it
// expects no more, and repeats what matters.

import { randomBytes } from 'node:crypto'
import type net from 'node:net'
import type { Side } from '../peer-proof.ts'
import type { NodeId } from '../raft/configuration.ts'
import { BusError, BusFrameReader, FRAME_BYTES_MAX, frame } from './bus-frame.ts'
import { check, decodeHello, encodeHello, type Hello, prove } from './bus-handshake.ts'
import type { ClusterId } from './message.ts'

const HANDSHAKE_MS = 1_000
const NONCE_BYTES = 16
/** Bytes that a peer has not taken yet. More are dropped, like lost ones. */
const BACKLOG_BYTES_MAX = 8 * 1024 * 1024

export interface Own {
  readonly id: NodeId
  readonly secret: string
  readonly cluster: ClusterId | undefined
}

export interface ConnectionEvents {
  open(connection: BusConnection): void
  message(connection: BusConnection, bytes: Buffer): void
  /** `error` says why, if it is not that the peer went away. */
  closed(connection: BusConnection, error: Error | undefined): void
}

export class BusConnection {
  readonly side: Side
  readonly #socket: net.Socket
  readonly #own: () => Own
  readonly #events: ConnectionEvents
  readonly #reader = new BusFrameReader()
  readonly #nonce = randomBytes(NONCE_BYTES).toString('hex')
  #peer: Hello | undefined
  #hello: Hello | undefined
  #isOpen = false
  #isClosed = false
  #error: Error | undefined
  /** What was to be sent before it was open. */
  #early: Uint8Array[] = []
  #earlyBytes = 0
  /** The first time that something was sent and nothing has come since; 0 if there is none. */
  #unansweredSince = 0

  constructor(socket: net.Socket, side: Side, own: () => Own, events: ConnectionEvents) {
    this.#socket = socket
    this.side = side
    this.#own = own
    this.#events = events
    socket.setNoDelay(true)
    socket.setTimeout(HANDSHAKE_MS, () => this.close(new BusError('no handshake in time')))
    socket.on('data', chunk => this.#receive(chunk))
    socket.on('error', error => this.close(error))
    socket.on('close', () => events.closed(this, this.#error))
    if (side === 'dialler') socket.on('connect', () => this.#sayHello(''))
  }

  /** Undefined until the peer has shown who it is. */
  get peer(): NodeId | undefined {
    return this.#isOpen ? this.#peer!.id : undefined
  }

  get address(): string {
    return `${this.#socket.remoteAddress ?? '?'}:${this.#socket.remotePort ?? '?'}`
  }

  /** False if it was dropped. */
  send(bytes: Uint8Array, now: number): boolean {
    if (this.#isClosed) return false
    if (!this.#isOpen) {
      this.#earlyBytes += bytes.length
      if (this.#earlyBytes > BACKLOG_BYTES_MAX) return false
      this.#early.push(bytes)
      return true
    }
    if (this.#socket.writableLength > BACKLOG_BYTES_MAX) return false
    if (this.#unansweredSince === 0) this.#unansweredSince = now
    this.#socket.write(frame(bytes))
    return true
  }

  /** Something was sent so long ago, and nothing has come back since. */
  isSilent(silenceMs: number, now: number): boolean {
    return this.#unansweredSince !== 0 && now - this.#unansweredSince > silenceMs
  }

  /** What the system has taken still leaves. It is not waited for: the peer may be gone. */
  close(error?: Error): void {
    this.#isClosed = true
    this.#error ??= error
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    if (this.#isClosed) return
    this.#unansweredSince = 0
    try {
      this.#reader.add(chunk)
      for (;;) {
        const bytes = this.#reader.next()
        if (bytes === undefined || this.#isClosed) return
        if (this.#isOpen) this.#events.message(this, bytes)
        else this.#shakeHands(bytes)
      }
    } catch (error) {
      // What a strange peer sends ends its connection. Anything else is a fault of this process.
      if (!(error instanceof BusError)) throw error
      this.close(error)
    }
  }

  #sayHello(proof: string): void {
    const { id, cluster } = this.#own()
    this.#hello ??= { id, cluster, nonce: this.#nonce }
    this.#socket.write(frame(encodeHello(this.#hello, proof)))
  }

  #shakeHands(bytes: Buffer): void {
    const { secret, id, cluster } = this.#own()
    if (this.#peer === undefined) {
      const { proof, ...peer } = decodeHello(bytes)
      // The same list of seeds is often given to all nodes.
      if (peer.id === id) return this.close()
      this.#peer = peer
      this.#hello ??= { id, cluster, nonce: this.#nonce }
      if (this.side === 'listener') {
        this.#sayHello(prove(secret, 'listener', { dialler: peer, listener: this.#hello }))
        return
      }
      const introduced = { dialler: this.#hello, listener: peer }
      this.#socket.write(frame(Buffer.from(prove(secret, 'dialler', introduced), 'latin1')))
      check(secret, 'listener', introduced, proof)
    } else {
      const introduced = { dialler: this.#peer, listener: this.#hello! }
      check(secret, 'dialler', introduced, bytes.toString('latin1'))
    }
    this.#open()
  }

  #open(): void {
    this.#isOpen = true
    this.#reader.bytesMax = FRAME_BYTES_MAX
    this.#socket.setTimeout(0)
    this.#events.open(this)
    for (const bytes of this.#early) this.#socket.write(frame(bytes))
    this.#early = []
  }
}
