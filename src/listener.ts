// listener.ts — The shell around the server: sockets in, sockets out, timers.
//
// All connections read into one buffer: a chunk is executed before the next one is read, so nothing
// needs a buffer of its own until a request arrives in pieces. Replies of a turn leave in one write
// per connection, when the turn of the event loop ends. If the kernel takes them all at once, which
// is the rule, the reply buffer is reused and a request has allocated nothing.

import { chmodSync, unlinkSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import type { Client, Link } from './client.ts'
import type { ProcessReport } from './process-report.ts'
import type { Host, Server } from './server.ts'
import type { Output } from './wire/output.ts'

const READ_BUFFER_BYTES = 1 << 16
const HZ_MAX = 500
/** Clients for which the configured `hz` is enough. */
const CLIENTS_PER_HZ = 2000

/** The handle of an accepted socket: moved into a socket that reads into the shared buffer. */
type WithHandle = net.Socket & { _handle: (object & { fd: number }) | null }

/** A client's connection over TCP or a unix socket. */
class SocketLink implements Link {
  readonly kind: 'tcp' | 'unix'
  readonly isLocal: boolean
  readonly address: string
  readonly localAddress: string
  readonly fd: number
  readonly #socket: net.Socket
  #held = false

  constructor(socket: net.Socket, kind: 'tcp' | 'unix', fd: number, path: string) {
    this.#socket = socket
    this.kind = kind
    this.fd = fd
    this.address = kind === 'unix' ? `${path}:0` : endpoint(socket.remoteAddress, socket.remotePort)
    this.localAddress =
      kind === 'unix' ? `${path}:0` : endpoint(socket.localAddress, socket.localPort)
    this.isLocal = kind === 'unix' || isLoopback(socket.remoteAddress)
    socket.on('drain', () => this.holdReading(false))
  }

  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  send(output: Output): boolean {
    const socket = this.#socket
    if (socket.destroyed) return true
    if (output.ranges === 1) {
      socket.write(output.buffers[0]!.subarray(output.starts[0], output.ends[0]))
    } else {
      socket.cork()
      for (let i = 0; i < output.ranges; i++) {
        socket.write(output.buffers[i]!.subarray(output.starts[i], output.ends[i]))
      }
      socket.uncork()
    }
    // What the kernel did not take is referred to by the socket until it does.
    return socket.writableLength === 0
  }

  close(afterOutput: boolean): void {
    if (afterOutput) this.#socket.destroySoon()
    else this.#socket.destroy()
  }

  holdReading(hold: boolean): void {
    if (hold === this.#held) return
    this.#held = hold
    if (hold) this.#socket.pause()
    else this.#socket.resume()
  }

  get isHeld(): boolean {
    return this.#held
  }
}

function endpoint(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return '?:0'
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

export class Listener implements Host {
  /** To be set once it is made, for the two need each other. */
  server!: Server
  readonly #servers: net.Server[] = []
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)
  readonly #sockets = new Map<Client, net.Socket>()
  readonly #onShutdown: (reason: string) => void
  #flushRequested = false
  #wakeTimer: NodeJS.Timeout | undefined
  #cronTimer: NodeJS.Timeout | undefined

  constructor(onShutdown: (reason: string) => void) {
    this.#onShutdown = onShutdown
  }

  /** Starts to listen as the configuration says; fails with the system's error. */
  async listen(server: Server): Promise<void> {
    this.server = server
    const { values } = server.config
    const backlog = values['tcp-backlog']
    if (values.port !== 0) {
      for (const name of values.bind) {
        // A leading minus: it is no error if the machine has no such address.
        const optional = name.startsWith('-')
        const host = bindAddress(optional ? name.slice(1) : name)
        try {
          await this.#open('tcp', { host, port: values.port, backlog, ipv6Only: host === '::' }, '')
        } catch (error) {
          if (!optional) throw error
          server.log.debug({ address: name, error }, 'address not available')
        }
      }
    }
    if (values.unixsocket !== '') {
      removeSocketFile(values.unixsocket)
      await this.#open('unix', { path: values.unixsocket, backlog }, values.unixsocket)
      if (values.unixsocketperm !== 0) chmodSync(values.unixsocket, values.unixsocketperm)
    }
    const weight = process.memoryUsage()
    server.baselineBytes = weight.heapUsed + weight.external
    this.#scheduleCron()
  }

  /** `hz` may change, so each round sets the time of the next. */
  #scheduleCron(): void {
    this.#cronTimer = setTimeout(() => {
      this.server.cron()
      this.requestFlush()
      this.#scheduleCron()
    }, 1000 / this.#hz)
  }

  /** More often with very many clients, so that each is looked at in time. */
  get #hz(): number {
    const { hz, 'dynamic-hz': dynamic } = this.server.config.values
    if (!dynamic) return hz
    return Math.min(HZ_MAX, hz * Math.max(1, Math.ceil(this.server.clients.size / CLIENTS_PER_HZ)))
  }

  #open(kind: 'tcp' | 'unix', options: net.ListenOptions, path: string): Promise<void> {
    const acceptor = net.createServer({ pauseOnConnect: true, noDelay: true }, socket =>
      this.#accept(socket as WithHandle, kind, path),
    )
    this.#servers.push(acceptor)
    return new Promise((resolve, reject) => {
      acceptor.once('error', reject)
      acceptor.listen(options, () => {
        acceptor.removeListener('error', reject)
        acceptor.on('error', error => this.server.log.error({ error }, 'accepting failed'))
        resolve()
      })
    })
  }

  #accept(accepted: WithHandle, kind: 'tcp' | 'unix', path: string): void {
    const { server } = this
    // `onread` is how Node lets a socket read into memory of ours. It is an option of the
    // constructor only, so the accepted handle moves into a socket made with it.
    const handle = accepted._handle
    if (handle === null) return
    const fd = handle.fd
    accepted._handle = null
    let client: Client | undefined
    const socket = new net.Socket({
      handle,
      onread: {
        buffer: this.#readBuffer,
        callback: (length: number, buffer: Buffer) => {
          if (client !== undefined) server.receive(client, buffer, length)
          return true
        },
      },
    } as net.SocketConstructorOpts)
    const link = new SocketLink(socket, kind, fd, path)
    socket.on('error', error => server.log.debug({ error: error.message }, 'connection failed'))
    // The acceptor counts what it has accepted, and is closed when that has ended.
    socket.on('close', () => accepted.destroy())
    const refusal = server.refusal() ?? this.#protectedModeRefusal(socket, kind)
    if (refusal !== undefined) {
      socket.end(refusal)
      socket.destroySoon()
      return
    }
    const keepAlive = server.config.values['tcp-keepalive']
    if (kind === 'tcp' && keepAlive > 0) socket.setKeepAlive(true, keepAlive * 1000)
    client = server.connect(link)
    const connected = client
    this.#sockets.set(connected, socket)
    const gone = () => {
      if (!this.#sockets.delete(connected)) return
      server.beginTurn()
      server.disconnected(connected)
      socket.destroy()
      this.requestFlush()
    }
    socket.on('end', gone)
    socket.on('close', gone)
  }

  /** Without a password only this machine is let in. */
  #protectedModeRefusal(socket: net.Socket, kind: 'tcp' | 'unix'): string | undefined {
    const { values } = this.server.config
    if (!values['protected-mode'] || kind === 'unix' || !this.server.acl.defaultUser.isOpen) {
      return undefined
    }
    if (isLoopback(socket.remoteAddress)) return undefined
    return PROTECTED_MODE
  }

  requestFlush(): void {
    if (this.#flushRequested) return
    this.#flushRequested = true
    setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    this.#flushRequested = false
    this.server.flush()
  }

  requestWake(at: number): void {
    clearTimeout(this.#wakeTimer)
    if (at === Number.POSITIVE_INFINITY) return
    const delay = Math.max(0, Math.ceil(at - this.server.clock.monotonic()))
    this.#wakeTimer = setTimeout(this.#wake, Math.min(delay, 2 ** 31 - 1))
  }

  readonly #wake = (): void => {
    this.server.wake()
    this.requestFlush()
  }

  shutdown(reason: string): void {
    this.#onShutdown(reason)
  }

  stall(milliseconds: number): void {
    // Nothing may run meanwhile, so this waits on memory that nobody else has.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
  }

  report(): ProcessReport {
    const usage = process.cpuUsage()
    const memory = process.memoryUsage()
    return {
      pid: process.pid,
      executable: process.execPath,
      os: `${os.type()} ${os.release()} ${process.arch}`,
      nodeVersion: process.versions.node,
      rss: memory.rss,
      heapUsed: memory.heapUsed,
      totalMemory: os.totalmem(),
      cpuUser: usage.user / 1e6,
      cpuSystem: usage.system / 1e6,
      port: this.port,
    }
  }

  /** Stops listening and ends all connections. */
  async close(): Promise<void> {
    clearTimeout(this.#cronTimer)
    clearTimeout(this.#wakeTimer)
    if (this.server !== undefined) this.server.flush()
    const closed = this.#servers.map(
      acceptor => new Promise<void>(resolve => acceptor.close(() => resolve())),
    )
    for (const socket of this.#sockets.values()) socket.destroySoon()
    await Promise.all(closed)
    if (this.server !== undefined && this.server.config.values.unixsocket !== '') {
      removeSocketFile(this.server.config.values.unixsocket)
    }
  }

  /** Where the first TCP socket listens. */
  get port(): number {
    const address = this.#servers[0]?.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }
}

const PROTECTED_MODE =
  '-DENIED Latchkey is running in protected mode because protected mode is enabled and no password ' +
  'is set for the default user. In this mode connections are only accepted from the loopback ' +
  'interface. To connect from other machines, set a password (requirepass) or turn protected mode ' +
  'off (--protected-mode no).\r\n'

function bindAddress(name: string): string {
  if (name === '*') return '0.0.0.0'
  return name === '::*' ? '::' : name
}

function isLoopback(address = ''): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}

/** A socket file left by a process that is gone would keep us from listening. */
function removeSocketFile(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
