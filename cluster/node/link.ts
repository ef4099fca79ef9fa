// The links that this node dials to the other members: one to each, dialled again when it breaks.
//
// A link connects to the port that clients use, shows that it knows the secret of the cluster, and
// changes from commands to frames. It belongs to one incarnation of the member: a process that was
// started anew is another peer. Frames of a turn leave in one write.
//
// Invariant: between `up` and `down` of a link everything sent on it arrives in order, or the link
// goes down.

import { randomBytes } from 'node:crypto'
import net from 'node:net'
import type { Logger } from 'pino'
import { isProof, proveSecret } from '../peer-proof.ts'
import type { NodeId } from '../raft/configuration.ts'
import type { Member } from '../topology/member.ts'
import { FrameError, FrameReader, FrameWriter } from './frame.ts'
import { HandshakeReader } from './handshake.ts'

export interface LinkEvents {
  up(peer: NodeId, incarnation: number): void
  down(peer: NodeId): void
  /** `body` is good until the call returns. */
  frame(peer: NodeId, kind: number, body: Buffer): void
  /** All frames of a chunk were handed on. */
  received(): void
}

export interface Identity {
  readonly id: NodeId
  readonly incarnation: number
  readonly clusterId: string
  readonly secret: string
}

const RETRY_FIRST_MS = 20
const RETRY_MAX_MS = 500
const HANDSHAKE_MS = 1000

type State = 'waiting' | 'dialling' | 'up' | 'closed'

export class Link {
  readonly peer: NodeId
  readonly incarnation: number
  readonly #host: string
  readonly #port: number
  readonly #identity: Identity
  readonly #events: LinkEvents
  readonly #log: Logger
  readonly #readBuffer: Buffer
  readonly #frames = new FrameWriter()
  /** Ms since the epoch at which it came up last. */
  upSince = 0
  #state: State = 'waiting'
  #socket: net.Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #retryMs = RETRY_FIRST_MS
  #isFlushing = false
  /** Why the peer refused us last: tried again and again, told once. */
  #refusal = ''

  constructor(
    member: Member,
    identity: Identity,
    events: LinkEvents,
    log: Logger,
    readBuffer: Buffer,
  ) {
    this.peer = member.id
    this.incarnation = member.incarnation
    this.#host = member.host
    this.#port = member.port
    this.#identity = identity
    this.#events = events
    this.#log = log
    this.#readBuffer = readBuffer
    this.#dial()
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  /** Bytes that the peer has not taken yet. */
  get unsentBytes(): number {
    return this.#frames.length + (this.#socket?.writableLength ?? 0)
  }

  /** Where the next frame is written; it leaves at the end of the turn. */
  get frames(): FrameWriter {
    if (!this.#isFlushing) {
      this.#isFlushing = true
      setImmediate(this.flush)
    }
    return this.#frames
  }

  readonly flush = (): void => {
    this.#isFlushing = false
    if (this.#frames.isEmpty) return
    const bytes = this.#frames.take()
    if (this.#state === 'up') this.#socket!.write(bytes)
  }

  close(): void {
    const wasUp = this.isUp
    this.#state = 'closed'
    clearTimeout(this.#timer)
    this.#socket?.destroy()
    if (wasUp) this.#events.down(this.peer)
  }

  #dial(): void {
    this.#state = 'dialling'
    const reader = new FrameReader()
    const frame = (kind: number, body: Buffer) => this.#events.frame(this.peer, kind, body)
    const socket = net.connect({
      host: this.#host,
      port: this.#port,
      noDelay: true,
      keepAlive: true,
      onread: {
        buffer: this.#readBuffer,
        callback: (length: number, buffer: Uint8Array) => {
          if (this.#socket !== socket) return true
          const chunk = buffer as Buffer
          if (this.#state === 'up') this.#read(reader, chunk, length, frame)
          else this.#greet(greeting, chunk.latin1Slice(0, length))
          return true
        },
      },
    })
    this.#socket = socket
    const greeting = this.#greeting(socket)
    this.#timer = setTimeout(() => socket.destroy(), HANDSHAKE_MS)
    socket.on('error', error => this.#log.debug({ peer: this.peer, error: error.message }, 'link'))
    socket.on('close', () => this.#ended(socket))
  }

  /** What we say, and what must come back. */
  #greeting(socket: net.Socket): HandshakeReader {
    const { id, incarnation, clusterId, secret } = this.#identity
    const nonce = randomBytes(16).toString('hex')
    const prove = (side: 'dialler' | 'listener', theirs: string) =>
      proveSecret(secret, side, 'link', nonce, theirs)
    socket.on('connect', () => socket.write(command('CLUSTER', 'LINK', 'HELLO', nonce)))
    return new HandshakeReader((theirs, proof) => {
      if (!isProof(proof, prove('listener', theirs))) throw new FrameError('a wrong proof')
      const ours = prove('dialler', theirs)
      socket.write(command('CLUSTER', 'LINK', 'DATA', ours, clusterId, id, String(incarnation)))
    })
  }

  #greet(greeting: HandshakeReader, text: string): void {
    try {
      if (!greeting.read(text)) return
    } catch (error) {
      this.#tellRefusal((error as Error).message)
      this.#retryMs = RETRY_MAX_MS
      this.#socket!.destroy()
      return
    }
    clearTimeout(this.#timer)
    this.#state = 'up'
    this.upSince = Date.now()
    this.#retryMs = RETRY_FIRST_MS
    this.#refusal = ''
    this.#events.up(this.peer, this.incarnation)
  }

  #tellRefusal(reason: string): void {
    if (reason === this.#refusal) return
    this.#refusal = reason
    this.#log.warn({ peer: this.peer, reason }, 'link refused')
  }

  #read(
    reader: FrameReader,
    chunk: Buffer,
    length: number,
    frame: (kind: number, body: Buffer) => void,
  ): void {
    try {
      reader.read(chunk, length, frame)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#log.error({ peer: this.peer, reason: error.message }, 'link broken by its peer')
      this.#socket!.destroy()
    }
    this.#events.received()
  }

  #ended(socket: net.Socket): void {
    if (this.#socket !== socket || this.#state === 'closed') return
    clearTimeout(this.#timer)
    const wasUp = this.isUp
    this.#state = 'waiting'
    this.#socket = undefined
    this.#frames.length = 0
    if (wasUp) this.#events.down(this.peer)
    this.#timer = setTimeout(() => this.#dial(), this.#retryMs)
    this.#retryMs = Math.min(RETRY_MAX_MS, 2 * this.#retryMs)
  }
}

function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map(word => `$${word.length}\r\n${word}\r\n`).join('')}`
}
