// locks.ts — LOCK.MACQUIRE: several locks, all or nothing.
//
// Who waits for several holds none of them meanwhile, so no two such waits can stand in each
// other's way, in whatever order they name them. In a cluster the keys share a slot.

import { now } from './clock.ts'
import { keysCommand, waiting } from './command.ts'
import { type Core, leaseMsOf, ownerOf, waitMsOf } from './core.ts'
import { aborted, asLatchkeyError, invalid, timedOut } from './errors.ts'
import { withHeld } from './held.ts'
import { isStale, Lease } from './lease.ts'
import { HeldLock, type LockMode, type LockOptions, lockTerms } from './lock.ts'
import { readArray, readInteger } from './reply.ts'

export type LocksOptions = Omit<LockOptions, 'reentrant' | 'maxHolds' | 'bound'> & {
  /** To share all of them with other readers, or to hold them alone, as unless told. */
  readonly mode?: LockMode | undefined
}

export class Locks {
  readonly keys: readonly string[]
  readonly #core: Core

  constructor(core: Core, keys: readonly string[]) {
    if (keys.length === 0 || new Set(keys).size < keys.length) {
      throw invalid('several locks need several names, none of them twice')
    }
    this.#core = core
    this.keys = keys
  }

  /** Waits for all, without end unless told; code TIMEOUT if the wait is over. */
  async acquire(options: LocksOptions = {}): Promise<HeldLocks> {
    const held = await this.#claim(options, Number.POSITIVE_INFINITY)
    if (held === null) throw timedOut(this.keys.join(', '))
    return held
  }

  /** All of them, or null; does not wait unless told. */
  tryAcquire(options: LocksOptions = {}): Promise<HeldLocks | null> {
    return this.#claim(options, 0)
  }

  /** Holds all while the work runs. */
  async using<T>(options: LocksOptions, work: (held: HeldLocks) => T | Promise<T>): Promise<T> {
    return withHeld(await this.acquire(options), work)
  }

  async #claim(options: LocksOptions, fallbackMs: number): Promise<HeldLocks | null> {
    const { signal } = options
    const waitMs = waitMsOf(options.wait, fallbackMs)
    const owner = ownerOf(options.owner)
    const until = now() + waitMs
    if (signal?.aborted) throw aborted(signal)
    try {
      const tried = await this.#ask(owner, options, 0)
      if (signal?.aborted) {
        await tried?.release()
        throw aborted(signal)
      }
      if (tried !== null || waitMs === 0) return tried
      while (now() < until) {
        const held = await this.#ask(owner, options, until - now())
        if (held === null || !held.isStale) return held
        // The leases began somewhere in a long wait: what is left of them is made whole.
        if (await held.extend()) return held
        await held.release()
      }
      return null
    } catch (thrown) {
      const error = asLatchkeyError(thrown)
      // Whatever was granted unseen is given back; what cannot be told so ends with its lease.
      if (error.code === 'ABORTED' || error.code === 'CONNECTION') {
        this.#core.transport.send(this.#release(owner)).catch(() => {})
      }
      throw error
    }
  }

  async #ask(owner: string, options: LocksOptions, waitMs: number): Promise<HeldLocks | null> {
    const core = this.#core
    const leaseMs = leaseMsOf(core, options.lease)
    const mode = options.mode ?? 'write'
    const words: (string | number)[] = [owner, mode.toUpperCase(), 'PX', leaseMs]
    if (options.meta !== undefined) words.push('META', options.meta)
    const request = (ms: number | undefined) =>
      keysCommand('LOCK.MACQUIRE', this.keys, ...words, ...waiting(ms))
    const sentAt = now()
    const reply =
      waitMs === 0
        ? await core.transport.send(request(undefined))
        : // Without a command to cancel it, it is ended by closing its connection.
          await core.waits.run({ request, waitMs, signal: options.signal })
    if (reply === null) return null
    const tokens = readArray(reply).map(readInteger)
    const locks = this.keys.map((key, i) => {
      const terms = lockTerms(core, key, mode, { ...options, owner })
      return new HeldLock(core, terms, new Lease(leaseMs, terms.renews, tokens[i]!, sentAt))
    })
    return new HeldLocks(locks, isStale(sentAt, leaseMs), () =>
      core.transport.send(this.#release(owner)),
    )
  }

  #release(owner: string) {
    return keysCommand('LOCK.MRELEASE', this.keys, owner)
  }
}

export class HeldLocks implements AsyncDisposable {
  /** Each by itself, in the order in which they were named. */
  readonly locks: readonly HeldLock[]
  /** Aborts when one of them is lost, or may be. */
  readonly signal: AbortSignal
  /** Whether the leases may have begun long before the grant was heard of. */
  readonly isStale: boolean
  readonly #giveBack: () => Promise<unknown>
  #releasing: Promise<boolean> | undefined

  constructor(locks: readonly HeldLock[], isStale: boolean, giveBack: () => Promise<unknown>) {
    this.locks = locks
    this.signal = AbortSignal.any(locks.map(lock => lock.signal))
    this.isStale = isStale
    this.#giveBack = giveBack
  }

  get isHeld(): boolean {
    return this.locks.every(lock => lock.isHeld)
  }

  /** The fencing tokens, in the order of the names. */
  get tokens(): number[] {
    return this.locks.map(lock => lock.token)
  }

  /** Starts leases of this length now; false if one was lost. */
  async extend(lease?: number): Promise<boolean> {
    const extended = await Promise.all(this.locks.map(lock => lock.extend(lease)))
    return !extended.includes(false)
  }

  /** Gives all back; whether all were held. Repeated, answers the same. */
  release(): Promise<boolean> {
    this.#releasing ??= this.#release()
    return this.#releasing
  }

  async #release(): Promise<boolean> {
    for (const lock of this.locks) lock.leaveToOthers()
    return readInteger(await this.#giveBack()) === this.locks.length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}
