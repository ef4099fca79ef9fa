// A whole server in the test's own process: no sockets, no timers, a clock that the test turns.
//
// What a client sends is executed before `call` returns, so tests read like a conversation. What the
// server sends without being asked waits in `pushes` (RESP3) or among the replies (RESP2).
import { pino } from 'pino'
import { families } from '../../commands/index.ts'
import type { AclStore } from '../../src/acl/store.ts'
import type { Client, Link } from '../../src/client.ts'
import { Config } from '../../src/config/config.ts'
import type { Host } from '../../src/server.ts'
import { Server } from '../../src/server.ts'
import type { Output } from '../../src/wire/output.ts'
import { type Argument, encodeCommand } from './resp-client.ts'
import { RespFramer } from './resp-framer.ts'
import { decodeFrame, type RespValue } from './resp-value.ts'

const PUSH = 0x3e
const FIRST_PORT = 50_000
const START = Date.UTC(2024, 0, 1)

/** Stands still unless the test turns it. */
class TestClock {
  #milliseconds = START

  now(): number {
    return this.#milliseconds
  }

  monotonic(): number {
    return this.#milliseconds - START
  }

  microseconds(): number {
    return (this.#milliseconds - START) * 1000
  }

  advance(milliseconds: number): void {
    this.#milliseconds += milliseconds
  }
}

const host: Host = {
  requestFlush: () => undefined,
  requestWake: () => undefined,
  shutdown: () => undefined,
  stall: () => undefined,
  report: () => {
    throw new Error('no process report in a test')
  },
}

/** Chance that is the same in every run. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

export interface InProcessOptions {
  /** Settings as in a configuration file: a name and its words. */
  readonly settings?: readonly (readonly [name: string, ...words: string[]])[]
  readonly aclStore?: AclStore
  /** A server with which it shares clock and memory, as the two of a node do. */
  readonly twin?: InProcessServer
  /** As a node of a cluster: one without a router, to which every key belongs. */
  readonly isNode?: boolean
}

export class InProcessServer {
  readonly server: Server
  readonly clock: TestClock
  #nextPort = FIRST_PORT

  constructor(options: InProcessOptions = {}) {
    this.clock = options.twin?.clock ?? new TestClock()
    const config = new Config()
    const directives = (options.settings ?? []).map(([name, ...words]) => ({
      name,
      words,
      origin: 'test',
    }))
    config.load(directives)
    if (options.isNode) config.values['cluster-enabled'] = true
    this.server = new Server({
      config,
      families,
      clock: this.clock,
      random: seededRandom(1),
      log: pino({ level: 'silent' }),
      host,
      runId: '0'.repeat(40),
      ...(options.aclStore === undefined ? {} : { aclStore: options.aclStore }),
      ...(options.twin && { valueMemory: options.twin.server.keyspace.valueMemory }),
    })
  }

  connect(protocol: 2 | 3 = 2): InProcessClient {
    const client = new InProcessClient(this.server, this.#nextPort++)
    if (protocol === 3) client.call('HELLO', '3')
    return client
  }

  /** Lets time pass: deadlines are met, and the work of ten times a second is done once. */
  advance(milliseconds: number): void {
    this.clock.advance(milliseconds)
    this.server.wake()
    this.server.cron()
    this.server.flush()
  }
}

/** The server's end of a client's connection: it hears everything at once. */
class Wire implements Link {
  readonly kind = 'internal'
  readonly isLocal = true
  readonly address: string
  readonly localAddress = '127.0.0.1:6379'
  readonly fd: number
  readonly unsentBytes = 0
  closed = false
  readonly replies: Buffer[] = []
  readonly pushes: Buffer[] = []
  /** Every frame in the order in which it came. */
  readonly frames: Buffer[] = []
  readonly #framer = new RespFramer()

  constructor(port: number) {
    this.address = `127.0.0.1:${port}`
    this.fd = port - FIRST_PORT
  }

  send(output: Output): boolean {
    for (let i = 0; i < output.ranges; i++) {
      const bytes = output.buffers[i]!.subarray(output.starts[i], output.ends[i])
      for (const frame of this.#framer.push(bytes)) {
        this.frames.push(frame)
        if (frame[0] === PUSH) this.pushes.push(frame)
        else this.replies.push(frame)
      }
    }
    return true
  }

  close(): void {
    this.closed = true
  }

  holdReading(): void {}
}

export class InProcessClient {
  readonly client: Client
  readonly #server: Server
  readonly #wire: Wire

  constructor(server: Server, port: number) {
    this.#server = server
    this.#wire = new Wire(port)
    this.client = server.connect(this.#wire)
  }

  get address(): string {
    return this.#wire.address
  }

  /** Whether the server has ended the connection. */
  get closed(): boolean {
    return this.#wire.closed
  }

  get id(): number {
    return this.client.id
  }

  /** Sends one command; its reply as a value. */
  call(...args: readonly Argument[]): RespValue {
    return decodeFrame(this.callBytes(...args))
  }

  /** Sends one command; the bytes of its reply. */
  callBytes(...args: readonly Argument[]): Buffer {
    this.send(...args)
    const reply = this.#wire.replies.shift()
    if (reply === undefined) throw new Error(`no reply to ${args.join(' ')}`)
    return reply
  }

  /** Sends a command whose reply is read later, or never comes. */
  send(...args: readonly Argument[]): void {
    this.write(encodeCommand(args))
  }

  /** Sends commands in one packet, as a pipeline. */
  pipeline(...commands: readonly (readonly Argument[])[]): RespValue[] {
    this.write(Buffer.concat(commands.map(encodeCommand)))
    return this.replies()
  }

  write(bytes: Buffer): void {
    this.#server.receive(this.client, bytes, bytes.length)
    this.#server.flush()
  }

  /** The replies that nobody has read yet. */
  replies(): RespValue[] {
    return this.#wire.replies.splice(0).map(decodeFrame)
  }

  /** All that has come since the last look, replies and pushes in the order of their arrival. */
  received(): RespValue[] {
    return this.receivedFrames().map(decodeFrame)
  }

  /** As `received`, in the bytes that came. */
  receivedFrames(): Buffer[] {
    this.#wire.replies.length = 0
    this.#wire.pushes.length = 0
    return this.#wire.frames.splice(0)
  }

  /** The pushes that nobody has read yet. */
  pushes(): RespValue[] {
    return this.#wire.pushes.splice(0).map(decodeFrame)
  }

  disconnect(): void {
    this.#server.disconnected(this.client)
    this.#server.flush()
  }
}
