// barrier.ts — BARRIER: a number of parties enter together and leave together.
//
// Who is in keeps the connection on which it entered until it leaves: if the process dies, the
// server sees the connection end, and the others are not kept.

import { now } from './clock.ts'
import { command, waiting } from './command.ts'
import { type Core, ownerOf, type WaitOptions, waitMsOf, wholeNumber } from './core.ts'
import { timedOut } from './errors.ts'
import { askOn, leftMs } from './own-connection.ts'
import type { Transport } from './transport.ts'

export interface EnterOptions extends WaitOptions {
  /** Who enters; a random name unless given. */
  readonly participant?: string | undefined
}

export class Barrier {
  readonly key: string
  readonly parties: number
  readonly #core: Core

  constructor(core: Core, key: string, parties: number) {
    this.#core = core
    this.key = key
    this.parties = wholeNumber('parties', parties, 1)
  }

  /** Waits until all parties are in; code TIMEOUT if the wait is over, and then it is not in. */
  async enter(options: EnterOptions = {}): Promise<Entry> {
    const entry = await this.tryEnter({
      ...options,
      wait: options.wait ?? Number.POSITIVE_INFINITY,
    })
    if (entry === null) throw timedOut(this.key)
    return entry
  }

  /** As `enter`, but null if the wait is over; waits only if told, as the last party need not. */
  async tryEnter(options: EnterOptions = {}): Promise<Entry | null> {
    const { signal } = options
    const waitMs = waitMsOf(options.wait, 0)
    const participant = ownerOf(options.participant)
    const until = now() + waitMs
    const opened = await this.#core.waits.take(
      waitMs === 0 ? Number.POSITIVE_INFINITY : until,
      signal,
    )
    if (opened === undefined) return null
    const words = waiting(leftMs(waitMs, until))
    const request = command('BARRIER.ENTER', this.key, participant, this.parties, ...words)
    const reply = await askOn(this.#core, opened, request, signal)
    if (reply !== null) return new Entry(this.#core, this.key, participant, opened)
    this.#core.waits.give(opened)
    return null
  }
}

/** Being in. */
export class Entry implements AsyncDisposable {
  readonly key: string
  readonly participant: string
  readonly #core: Core
  readonly #connection: Transport
  #leaving: Promise<boolean> | undefined

  constructor(core: Core, key: string, participant: string, connection: Transport) {
    this.#core = core
    this.key = key
    this.participant = participant
    this.#connection = connection
  }

  /** Leaves, and waits until all others have; false if the wait is over before. Asked again, answers the same. */
  leave(options: WaitOptions = {}): Promise<boolean> {
    this.#leaving ??= this.#leave(options)
    return this.#leaving
  }

  async #leave(options: WaitOptions): Promise<boolean> {
    const waitMs = waitMsOf(options.wait, Number.POSITIVE_INFINITY)
    const words = waiting(leftMs(waitMs, now() + waitMs))
    const request = command('BARRIER.LEAVE', this.key, this.participant, ...words)
    const reply = await askOn(this.#core, this.#connection, request, options.signal)
    this.#core.waits.give(this.#connection)
    return reply !== null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
  }
}
