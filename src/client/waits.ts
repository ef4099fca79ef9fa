// waits.ts — Waits, each on a connection of its own, so that none stalls the caller's.
//
// A connection that is blocked answers nothing else, so as many waits as there are need as many
// connections; idle ones are used again. Beyond the limit a wait stands in line here, and its time
// runs on. Whoever gives up leaves nothing behind: the wait is cancelled until its call has
// answered, or its connection is closed, with which the server ends it.

import { after, now, TIMER_MS_MAX } from './clock.ts'
import type { Command } from './command.ts'
import { aborted, asLatchkeyError, LatchkeyError } from './errors.ts'
import type { Transport } from './transport.ts'

/** A waiting connection that nobody needed for so long is closed. */
const IDLE_MS = 10_000
/** How much longer than the server a wait lasts here, before the server is not believed to answer. */
const GRACE_MS = 2000
/** Cancellations may arrive before what they cancel: they are repeated, at doubling intervals. */
const CANCELS_MAX = 6
const CANCEL_PAUSE_MS = 20

export interface Wait {
  /** The command; it is told how long to wait, 0 for no end. */
  readonly request: (waitMs: number) => Command
  /** What ends it at the server; without, its connection is closed. */
  readonly cancel?: Command
  /** Infinity for no end. */
  readonly waitMs: number
  readonly signal: AbortSignal | undefined
}

interface InLine {
  readonly grant: (connection: Transport) => void
  readonly fail: (error: LatchkeyError) => void
}

export class Waits {
  readonly #transport: Transport
  readonly #connectionsMax: number
  readonly #idle: Transport[] = []
  /** How many of the idle ones nobody has needed since the last look. */
  #spare = 0
  #stopTimer: (() => void) | undefined
  readonly #busy = new Set<Transport>()
  readonly #line = new Set<InLine>()
  /** Connections that are there or in the making: idle, busy and opening. */
  #count = 0
  #isClosed = false

  constructor(transport: Transport, connectionsMax: number) {
    this.#transport = transport
    this.#connectionsMax = connectionsMax
  }

  /** The reply; null if the time is over before. */
  async run(wait: Wait): Promise<unknown> {
    const { signal } = wait
    const until = now() + wait.waitMs
    const connection = await this.take(until, signal)
    if (connection === undefined) return null
    if (signal?.aborted) {
      this.give(connection)
      throw aborted(signal)
    }
    const leftMs = Math.max(1, Math.ceil(until - now()))
    const reply = connection.send(wait.request(Number.isFinite(leftMs) ? leftMs : 0))
    return this.#outcome(connection, reply, wait, leftMs)
  }

  #outcome(connection: Transport, reply: Promise<unknown>, wait: Wait, leftMs: number) {
    const { signal } = wait
    return new Promise<unknown>((resolve, reject) => {
      let isOver = false
      let stopTimer = () => {}
      const end = (): boolean => {
        if (isOver) return false
        isOver = true
        stopTimer()
        signal?.removeEventListener('abort', onAbort)
        return true
      }
      const onAbort = () => {
        if (!end()) return
        void this.#abandon(connection, reply, wait.cancel)
        reject(aborted(signal!))
      }
      signal?.addEventListener('abort', onAbort)
      if (leftMs + GRACE_MS < TIMER_MS_MAX) {
        stopTimer = after(leftMs + GRACE_MS, () => {
          if (!end()) return
          void this.#abandon(connection, reply, wait.cancel)
          resolve(null)
        })
      }
      reply.then(
        value => {
          if (!end()) return
          this.give(connection)
          resolve(value)
        },
        thrown => {
          if (!end()) return
          const error = asLatchkeyError(thrown)
          if (error.code === 'CONNECTION') this.discard(connection)
          else this.give(connection)
          reject(error)
        },
      )
    })
  }

  async #abandon(
    connection: Transport,
    reply: Promise<unknown>,
    cancel: Command | undefined,
  ): Promise<void> {
    let isAnswered = false
    const answered = reply.then(
      value => {
        isAnswered = true
        return value !== null
      },
      () => {
        isAnswered = true
        return false
      },
    )
    let isCancelled = false
    for (let i = 0; cancel !== undefined && i < CANCELS_MAX && !isAnswered; i++) {
      if (!isCancelled) isCancelled = await this.#isDone(cancel)
      await Promise.race([answered, sleep(CANCEL_PAUSE_MS * 2 ** i)])
    }
    if (!isAnswered) return this.discard(connection)
    this.give(connection)
    // It was granted before the cancellation came: the grant is given back.
    if (cancel !== undefined && (await answered) && !isCancelled) await this.#isDone(cancel)
  }

  /** Whether there was something to cancel. A connection that fails leaves it to the lease. */
  #isDone(cancel: Command): Promise<boolean> {
    return this.#transport.send(cancel).then(
      reply => Number(reply) === 1,
      () => false,
    )
  }

  /** A connection for one wait; undefined if the time is over before there is one. */
  async take(until: number, signal: AbortSignal | undefined): Promise<Transport | undefined> {
    if (this.#isClosed) throw closed()
    if (signal?.aborted) throw aborted(signal)
    const idle = this.#idle.pop()
    if (idle !== undefined) {
      this.#spare = Math.min(this.#spare, this.#idle.length)
      this.#busy.add(idle)
      return idle
    }
    return this.#count < this.#connectionsMax ? this.#open() : this.#standInLine(until, signal)
  }

  async #open(): Promise<Transport> {
    this.#count++
    let connection: Transport
    try {
      connection = await this.#transport.duplicate()
    } catch (error) {
      this.#count--
      this.#admitNext()
      throw error
    }
    this.#busy.add(connection)
    if (this.#isClosed) {
      this.discard(connection)
      throw closed()
    }
    return connection
  }

  #standInLine(until: number, signal: AbortSignal | undefined): Promise<Transport | undefined> {
    return new Promise((resolve, reject) => {
      let stopTimer = () => {}
      let isOver = false
      const leave = () => {
        isOver = true
        stopTimer()
        signal?.removeEventListener('abort', onAbort)
        this.#line.delete(place)
      }
      const onAbort = () => {
        leave()
        reject(aborted(signal!))
      }
      const place: InLine = {
        grant: connection => {
          if (isOver) return this.give(connection)
          leave()
          resolve(connection)
        },
        fail: error => {
          leave()
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort)
      if (until - now() < TIMER_MS_MAX) {
        stopTimer = after(until - now(), () => {
          leave()
          resolve(undefined)
        })
      }
      this.#line.add(place)
    })
  }

  /** Gives a connection back on which nothing is in flight. */
  give(connection: Transport): void {
    if (!this.#busy.has(connection)) return
    const [next] = this.#line
    if (next !== undefined) return next.grant(connection)
    this.#busy.delete(connection)
    this.#idle.push(connection)
    this.#stopTimer ??= after(IDLE_MS, () => this.#closeSpare())
  }

  /** Closes what was idle all the time since the last look. */
  #closeSpare(): void {
    for (const connection of this.#idle.splice(0, this.#spare)) {
      this.#count--
      connection.close()
    }
    this.#spare = this.#idle.length
    this.#stopTimer = this.#spare === 0 ? undefined : after(IDLE_MS, () => this.#closeSpare())
  }

  /** Closes a connection, with whatever is in flight on it. */
  discard(connection: Transport): void {
    if (!this.#busy.delete(connection)) return
    this.#count--
    connection.close()
    this.#admitNext()
  }

  /** There is room for a connection: the first in line gets it. */
  #admitNext(): void {
    const [next] = this.#line
    if (next === undefined || this.#isClosed) return
    this.#line.delete(next)
    this.#open().then(next.grant, error => next.fail(asLatchkeyError(error)))
  }

  /** Ends all waits. */
  close(): void {
    this.#isClosed = true
    this.#stopTimer?.()
    for (const place of [...this.#line]) place.fail(closed())
    for (const connection of [...this.#busy]) this.discard(connection)
    for (const connection of this.#idle.splice(0)) {
      this.#count--
      connection.close()
    }
  }
}

function closed(): LatchkeyError {
  return new LatchkeyError('CONNECTION', 'the grid is closed')
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => {
    after(ms, resolve)
  })
}
