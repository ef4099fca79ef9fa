// semaphore.ts — SEMAPHORE: permits, held with a lease.
//
// Every hold has an owner of its own, and asks for its permits as a total: so neither a repeated
// request nor a repeated release counts twice.

import { type ClaimTerms, claim } from './claim.ts'
import { now } from './clock.ts'
import { command, waiting } from './command.ts'
import { type Core, type HoldOptions, leaseMsOf, ownerOf, waitMsOf, wholeNumber } from './core.ts'
import { invalid, timedOut } from './errors.ts'
import { Held, withHeld } from './held.ts'
import { Lease } from './lease.ts'
import { Facts, readArray, readFlag, readInteger, readIntegerOrNull } from './reply.ts'

export interface SemaphoreOptions extends HoldOptions {
  /** How many; 1 unless told. */
  readonly permits?: number | undefined
}

export interface SemaphoreInfo {
  readonly limit: number
  readonly available: number
  readonly holders: number
  readonly waiting: number
}

export interface PermitHolder {
  readonly owner: string
  readonly token: number
  readonly permits: number
  readonly ttlMs: number | null
}

export class Semaphore {
  readonly key: string
  readonly #core: Core
  readonly #limit: number | undefined

  /** With a limit the first who acquires makes it; without, it is made by `init`. */
  constructor(core: Core, key: string, limit: number | undefined) {
    this.#core = core
    this.key = key
    this.#limit = limit === undefined ? undefined : wholeNumber('permits', limit, 1)
  }

  /** Waits for permits, without end unless told; code TIMEOUT if the wait is over. */
  async acquire(options: SemaphoreOptions = {}): Promise<HeldPermits> {
    const held = await this.#claim(options, Number.POSITIVE_INFINITY)
    if (held === null) throw timedOut(this.key)
    return held
  }

  /** Permits, or null; does not wait unless told. */
  tryAcquire(options: SemaphoreOptions = {}): Promise<HeldPermits | null> {
    return this.#claim(options, 0)
  }

  /** Holds permits while the work runs. */
  async using<T>(
    options: SemaphoreOptions,
    work: (held: HeldPermits) => T | Promise<T>,
  ): Promise<T> {
    return withHeld(await this.acquire(options), work)
  }

  async #claim(options: SemaphoreOptions, fallbackMs: number): Promise<HeldPermits | null> {
    const waitMs = waitMsOf(options.wait, fallbackMs)
    const permits = wholeNumber('permits', options.permits ?? 1, 1)
    const terms = this.#terms(options, permits)
    const lease = await claim(this.#core, terms, waitMs, options.signal)
    return lease === null ? null : new HeldPermits(this.#core, terms, lease, permits)
  }

  /** All permits that are free now; null if none is. */
  async drain(options: Omit<HoldOptions, 'wait' | 'signal'> = {}): Promise<HeldPermits | null> {
    const terms = this.#terms(options, 1)
    const { owner, leaseMs, renews } = terms
    const sentAt = now()
    const reply = await this.#core.transport.send(
      command('SEMAPHORE.DRAIN', this.key, owner, 'PX', leaseMs),
    )
    const permits = readInteger(reply)
    if (permits === 0) return null
    const hold = (await this.holders()).find(each => each.owner === owner)
    if (hold === undefined) return null
    const lease = new Lease(leaseMs, renews, hold.token, sentAt)
    return new HeldPermits(this.#core, terms, lease, permits)
  }

  #terms(options: HoldOptions, permits: number): ClaimTerms {
    const { key } = this
    const owner = ownerOf(options.owner)
    const leaseMs = leaseMsOf(this.#core, options.lease)
    const words: (string | number)[] = ['PERMITS', permits, 'PX', leaseMs]
    if (this.#limit !== undefined) words.push('LIMIT', this.#limit)
    return {
      key,
      owner,
      leaseMs,
      renews: options.renew ?? true,
      request: ms => command('SEMAPHORE.ACQUIRE', key, owner, ...words, ...waiting(ms)),
      cancel: () => command('SEMAPHORE.CANCEL', key, owner),
      extend: (_, ms) => command('SEMAPHORE.EXTEND', key, owner, 'PX', ms),
      release: () => command('SEMAPHORE.RELEASE', key, owner, 'ALL'),
    }
  }

  /** Makes it, or sets its limit; with `onlyNew` it leaves one alone that is there. */
  async init(permits: number, options: { readonly onlyNew?: boolean } = {}): Promise<boolean> {
    const words = options.onlyNew === true ? ['NX'] : []
    const limit = wholeNumber('permits', permits, 0)
    return readFlag(
      await this.#core.transport.send(command('SEMAPHORE.INIT', this.key, limit, ...words)),
    )
  }

  /** What is held stays held; false if there is no semaphore. */
  async setLimit(permits: number): Promise<boolean> {
    const limit = wholeNumber('permits', permits, 0)
    return readFlag(await this.#core.transport.send(command('SEMAPHORE.SETLIMIT', this.key, limit)))
  }

  /** Permits that are free; null if there is no semaphore. */
  async available(): Promise<number | null> {
    return readIntegerOrNull(
      await this.#core.transport.send(command('SEMAPHORE.AVAILABLE', this.key)),
    )
  }

  async info(): Promise<SemaphoreInfo | null> {
    const reply = await this.#core.transport.send(command('SEMAPHORE.INFO', this.key))
    if (reply === null) return null
    const facts = new Facts(reply)
    return {
      limit: facts.integer('limit'),
      available: facts.integer('available'),
      holders: facts.integer('holders'),
      waiting: facts.integer('waiting'),
    }
  }

  async holders(): Promise<PermitHolder[]> {
    const reply = await this.#core.transport.send(command('SEMAPHORE.HOLDERS', this.key))
    return readArray(reply).map(each => {
      const facts = new Facts(each)
      return {
        owner: facts.text('owner'),
        token: facts.integer('token'),
        permits: facts.integer('permits'),
        ttlMs: facts.integerOrNull('ttl-ms'),
      }
    })
  }
}

export class HeldPermits extends Held {
  #permits: number

  constructor(core: Core, terms: ClaimTerms, lease: Lease, permits: number) {
    super(core, terms, lease)
    this.#permits = permits
  }

  /** How many are still held. */
  get permits(): number {
    return this.#permits
  }

  /**
   * Gives some back and keeps the others, of which there must be some; how many were given back.
   * Sent again by a library it counts once.
   */
  async releaseSome(permits: number): Promise<number> {
    const some = wholeNumber('permits', permits, 1)
    if (some >= this.#permits) throw invalid(`of ${this.#permits} permits some must stay`)
    this.#permits -= some
    const words = [this.owner, 'PERMITS', some, 'REQ', crypto.randomUUID()]
    const request = command('SEMAPHORE.RELEASE', this.key, ...words)
    return readInteger(await this.core.transport.send(request))
  }
}
