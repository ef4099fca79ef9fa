// lock.ts — LOCK: one holder, or several that only read.

import { type ClaimTerms, claim } from './claim.ts'
import { byToken, command, waiting } from './command.ts'
import {
  type Core,
  type HoldOptions,
  leaseMsOf,
  ownerOf,
  type WaitOptions,
  waitMsOf,
  wholeNumber,
} from './core.ts'
import { invalid, timedOut } from './errors.ts'
import { FencedHold, withHeld } from './held.ts'
import { Facts, readArray, readFlag, readInteger, readIntegerOrNull } from './reply.ts'

export interface LockOptions extends HoldOptions {
  /** Lets the same owner enter again; each entry is given back by itself. */
  readonly reentrant?: boolean | undefined
  /** How often it may. */
  readonly maxHolds?: number | undefined
  /** Held as long as a connection of its own lasts, instead of for a lease; not in a cluster. */
  readonly bound?: boolean | undefined
  /** A note for whoever asks who holds it. */
  readonly meta?: string | undefined
}

export type LockMode = 'read' | 'write'

export interface LockInfo {
  readonly mode: LockMode | 'free'
  readonly holders: number
  readonly waiting: number
  /** Of the first holder. */
  readonly owner: string | null
  readonly token: number | null
  readonly ttlMs: number | null
}

export interface LockHolder {
  readonly owner: string
  readonly token: number
  readonly mode: string
  readonly count: number
  readonly meta: string | null
  readonly ttlMs: number | null
  readonly heldMs: number
}

export interface LockWaiter {
  readonly owner: string
  readonly wants: string
  readonly waitingMs: number
}

export class Lock {
  readonly key: string
  readonly #core: Core
  readonly #mode: LockMode

  constructor(core: Core, key: string, mode: LockMode = 'write') {
    this.#core = core
    this.key = key
    this.#mode = mode
  }

  /** The same lock, for holders that share it with other readers. */
  read(): Lock {
    return new Lock(this.#core, this.key, 'read')
  }

  /** The same lock, for one holder alone; locks are so by default. */
  write(): Lock {
    return new Lock(this.#core, this.key, 'write')
  }

  /** Waits for the lock, without end unless told; code TIMEOUT if the wait is over. */
  async acquire(options: LockOptions = {}): Promise<HeldLock> {
    const held = await this.#claim(options, Number.POSITIVE_INFINITY)
    if (held === null) throw timedOut(this.key)
    return held
  }

  /** The lock, or null; does not wait unless told. */
  tryAcquire(options: LockOptions = {}): Promise<HeldLock | null> {
    return this.#claim(options, 0)
  }

  /** Holds the lock while the work runs. */
  using<T>(work: (held: HeldLock) => T | Promise<T>): Promise<T>
  using<T>(options: LockOptions, work: (held: HeldLock) => T | Promise<T>): Promise<T>
  async using<T>(
    first: LockOptions | ((held: HeldLock) => T | Promise<T>),
    second?: (held: HeldLock) => T | Promise<T>,
  ): Promise<T> {
    const [options, work] = typeof first === 'function' ? [{}, first] : [first, second!]
    return withHeld(await this.acquire(options), work)
  }

  async #claim(options: LockOptions, fallbackMs: number): Promise<HeldLock | null> {
    const waitMs = waitMsOf(options.wait, fallbackMs)
    const terms = lockTerms(this.#core, this.key, this.#mode, options)
    const lease = await claim(this.#core, terms, waitMs, options.signal)
    return lease === null ? null : new HeldLock(this.#core, terms, lease)
  }

  /** Null if nobody holds it or waits for it. */
  async info(): Promise<LockInfo | null> {
    const reply = await this.#core.transport.send(command('LOCK.INFO', this.key))
    if (reply === null) return null
    const facts = new Facts(reply)
    return {
      mode: facts.text('mode') as LockInfo['mode'],
      holders: facts.integer('holders'),
      waiting: facts.integer('waiting'),
      owner: facts.textOrNull('owner'),
      token: facts.integerOrNull('token'),
      ttlMs: facts.integerOrNull('ttl-ms'),
    }
  }

  async isLocked(): Promise<boolean> {
    return ((await this.info())?.holders ?? 0) > 0
  }

  async holders(): Promise<LockHolder[]> {
    const reply = await this.#core.transport.send(command('LOCK.HOLDERS', this.key))
    return readArray(reply).map(each => {
      const facts = new Facts(each)
      return {
        owner: facts.text('owner'),
        token: facts.integer('token'),
        mode: facts.text('mode'),
        count: facts.integer('count'),
        meta: facts.textOrNull('meta'),
        ttlMs: facts.integerOrNull('ttl-ms'),
        heldMs: facts.integer('held-ms'),
      }
    })
  }

  /** Those who wait, the next one first. */
  async queue(): Promise<LockWaiter[]> {
    const reply = await this.#core.transport.send(command('LOCK.QUEUE', this.key))
    return readArray(reply).map(each => {
      const facts = new Facts(each)
      return {
        owner: facts.text('owner'),
        wants: facts.text('wants'),
        waitingMs: facts.integer('waiting-ms'),
      }
    })
  }

  /** Takes it from whoever holds it; how many held it. For operators. */
  async force(): Promise<number> {
    return readInteger(await this.#core.transport.send(command('LOCK.FORCE', this.key)))
  }
}

export function lockTerms(
  core: Core,
  key: string,
  mode: LockMode,
  options: LockOptions,
): ClaimTerms {
  const owner = ownerOf(options.owner)
  const leaseMs = leaseMsOf(core, options.lease)
  const bound = options.bound === true
  if (bound && options.lease !== undefined) throw invalid('a lock is bound or has a lease')
  const words: (string | number)[] = [mode.toUpperCase()]
  if (bound) words.push('CONN')
  else words.push('PX', leaseMs)
  if (options.reentrant === true) words.push('REENTRANT')
  if (options.maxHolds !== undefined) {
    words.push('MAXHOLDS', wholeNumber('maxHolds', options.maxHolds, 1))
  }
  if (options.meta !== undefined) words.push('META', options.meta)
  return {
    key,
    owner,
    leaseMs,
    renews: options.renew ?? true,
    bound,
    request: waitMs => command('LOCK.ACQUIRE', key, owner, ...words, ...waiting(waitMs)),
    cancel: () => command('LOCK.CANCEL', key, owner),
    extend: (token, ms) => command('LOCK.EXTEND', key, owner, 'PX', ms, ...byToken(token)),
    release: token => command('LOCK.RELEASE', key, owner, ...byToken(token)),
  }
}

export class HeldLock extends FencedHold {
  /** It is given back along with others, by whoever holds them together. */
  leaveToOthers(): void {
    this.handedOver()
  }

  /** Fails with NOTOWNER, NOTHELD or FENCED unless the server still has it so. */
  async assert(): Promise<void> {
    await this.core.transport.send(
      command('LOCK.ASSERT', this.key, this.owner, 'TOKEN', this.token),
    )
  }

  /** From reading to writing; false if the wait is over before, DEADLOCK if it could never be. */
  async upgrade(options: WaitOptions = {}): Promise<boolean> {
    const waitMs = waitMsOf(options.wait, 0)
    const words = [this.key, this.owner] as const
    // The server may have changed the token while this side still asks for more time by the old one.
    this.tokenInDoubt()
    const reply =
      waitMs === 0
        ? await this.core.transport.send(command('LOCK.UPGRADE', ...words))
        : await this.core.waits.run({
            request: ms => command('LOCK.UPGRADE', ...words, 'WAIT', ms),
            waitMs,
            signal: options.signal,
          })
    if (reply === null) return false
    this.tokenChanged(readInteger(reply))
    return true
  }

  /** From writing to reading; the token stays. */
  async downgrade(): Promise<boolean> {
    return readFlag(await this.core.transport.send(command('LOCK.DOWNGRADE', this.key, this.owner)))
  }

  /** Makes it another's, of whom it is from now on; the new token, or null if it was lost. */
  async handOff(
    newOwner: string,
    options: { readonly lease?: number } = {},
  ): Promise<number | null> {
    const leaseMs = leaseMsOf(this.core, options.lease)
    const heir = ownerOf(newOwner)
    this.handedOver()
    const reply = await this.core.transport.send(
      command('LOCK.HANDOFF', this.key, this.owner, heir, 'PX', leaseMs),
    )
    return readIntegerOrNull(reply)
  }
}
