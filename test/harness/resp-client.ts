// A client that hides nothing: it sends bytes and hands back the very bytes of each reply.
//
// Requests are arrays of arguments, or raw bytes for what no well-behaved client would send. Replies
// come back in order; pushes, which RESP3 may put between any two of them, wait in a queue of their own.
// It never retries, reconnects or interprets: a test decides what a reply means.
import { connect, type Socket } from 'node:net'
import { RespFramer } from './resp-framer.ts'
import { decodeFrame, type RespValue } from './resp-value.ts'

const REPLY_TIMEOUT_MS = 10_000
const PUSH = 0x3e

export interface Endpoint {
  readonly host: string
  readonly port: number
}

function endpoint(where: number | Endpoint) {
  const { host, port } = typeof where === 'number' ? { host: '127.0.0.1', port: where } : where
  return { host, port, noDelay: true }
}

/** Strings are latin1: one character per byte. */
export type Argument = string | Buffer

export function encodeCommand(args: readonly Argument[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`, 'latin1')]
  for (const arg of args) {
    const bytes = typeof arg === 'string' ? Buffer.from(arg, 'latin1') : arg
    parts.push(Buffer.from(`$${bytes.length}\r\n`, 'latin1'), bytes, Buffer.from('\r\n', 'latin1'))
  }
  return Buffer.concat(parts)
}

interface Waiter {
  readonly count: number
  readonly settle: () => void
}

/** Frames in order of arrival, and whoever waits for the next `count` of them. */
class Inbox {
  readonly #frames: Buffer[] = []
  readonly #waiters: Waiter[] = []
  #closed = false

  add(frame: Buffer): void {
    this.#frames.push(frame)
    if (this.#waiters.length > 0 && this.#frames.length >= this.#waiters[0]!.count) {
      this.#waiters[0]!.settle()
    }
  }

  close(): void {
    this.#closed = true
    for (const waiter of [...this.#waiters]) waiter.settle()
  }

  /** Fewer than `count` if the connection closes or the time runs out before they are here. */
  take(count: number, timeoutMs: number): Promise<Buffer[]> {
    if (this.#closed || (this.#waiters.length === 0 && this.#frames.length >= count)) {
      return Promise.resolve(this.#frames.splice(0, count))
    }
    return new Promise(resolve => {
      const waiter: Waiter = {
        count,
        settle: () => {
          clearTimeout(timer)
          this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
          resolve(this.#frames.splice(0, count))
          const next = this.#waiters[0]
          if (next !== undefined && this.#frames.length >= next.count) next.settle()
        },
      }
      const timer = setTimeout(waiter.settle, timeoutMs)
      this.#waiters.push(waiter)
    })
  }
}

export class RespClient {
  readonly #socket: Socket
  readonly #replies = new Inbox()
  readonly #pushes = new Inbox()
  #failure: Error | undefined
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>

  private constructor(socket: Socket) {
    this.#socket = socket
    const framer = new RespFramer()
    socket.on('data', chunk => {
      try {
        for (const frame of framer.push(chunk)) {
          const inbox = frame[0] === PUSH ? this.#pushes : this.#replies
          inbox.add(frame)
        }
      } catch (error) {
        socket.destroy(error as Error)
      }
    })
    socket.on('error', error => {
      this.#failure = error
    })
    this.closed = new Promise(resolve => {
      socket.once('close', () => {
        this.#replies.close()
        this.#pushes.close()
        resolve()
      })
    })
  }

  /** `where` is a port of the loopback interface, an address, or the path of a unix socket. */
  static connect(where: number | string | Endpoint): Promise<RespClient> {
    const socket = typeof where === 'string' ? connect(where) : connect(endpoint(where))
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RespClient(socket))
      })
    })
  }

  /** Why the connection broke: a socket error, or a reply that is no RESP. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Sends bytes as they are. */
  write(bytes: Buffer | string): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Sends one command; resolves with the bytes of its reply. */
  async send(...args: readonly Argument[]): Promise<Buffer> {
    this.write(encodeCommand(args))
    return this.reply()
  }

  /** Sends one command; resolves with its reply as a value. */
  async call(...args: readonly Argument[]): Promise<RespValue> {
    return decodeFrame(await this.send(...args))
  }

  async reply(): Promise<Buffer> {
    const [frame] = await this.replies(1)
    if (frame === undefined) throw this.#failure ?? new Error('the connection gave no reply')
    return frame
  }

  /** The next `count` replies; fewer if the connection closes or falls silent before. */
  replies(count: number, timeoutMs = REPLY_TIMEOUT_MS): Promise<Buffer[]> {
    return this.#replies.take(count, timeoutMs)
  }

  /** The next `count` pushes; fewer if the connection closes or falls silent before. */
  pushes(count: number, timeoutMs = REPLY_TIMEOUT_MS): Promise<Buffer[]> {
    return this.#pushes.take(count, timeoutMs)
  }

  close(): Promise<void> {
    this.#socket.destroy()
    return this.closed
  }
}
