// held.ts — Something held: until it is given back, or lost, of which its signal tells.
//
// After the loss somebody else may hold it. The signal asks the work to stop; only the token, shown
// to whatever the work changes, makes it harmless if the work does not.

import type { ClaimTerms } from './claim.ts'
import { now } from './clock.ts'
import { type Core, leaseMsOf } from './core.ts'
import { invalid, type LatchkeyError } from './errors.ts'
import type { Lease } from './lease.ts'
import { readInteger } from './reply.ts'
import { Store } from './store.ts'

export class Held implements AsyncDisposable {
  protected readonly core: Core
  protected readonly terms: ClaimTerms
  readonly #lease: Lease
  #token: number
  #releasing: Promise<boolean> | undefined

  constructor(core: Core, terms: ClaimTerms, lease: Lease) {
    this.core = core
    this.terms = terms
    this.#lease = lease
    this.#token = lease.token ?? 0
    core.renewals.add(lease, () => terms.extend(lease.token, lease.leaseMs))
  }

  get key(): string {
    return this.terms.key
  }

  get owner(): string {
    return this.terms.owner
  }

  /** The fencing token: greater than that of every holder before. */
  get token(): number {
    return this.#token
  }

  /** Aborts when it is lost or may be, with a LatchkeyError of code LOST as its reason. */
  get signal(): AbortSignal {
    return this.#lease.signal
  }

  /** Whether it is certainly held now. Right also when the event loop was blocked. */
  get isHeld(): boolean {
    return this.#releasing === undefined && this.#lease.isCertain
  }

  /** Milliseconds for which it is certainly held without a renewal. */
  get remainingMs(): number {
    return this.isHeld ? this.#lease.deadline - now() : 0
  }

  /** Starts a lease of this length now; false if it was lost. Renewals start one of the first length. */
  async extend(lease?: number): Promise<boolean> {
    if (this.#lease.binding !== undefined) throw invalid('what is bound has no lease to extend')
    const leaseMs = lease === undefined ? this.terms.leaseMs : leaseMsOf(this.core, lease)
    const sentAt = now()
    this.#lease.asked(sentAt, leaseMs)
    const reply = await this.core.transport.send(this.terms.extend(this.#lease.token, leaseMs))
    if (readInteger(reply) === 0) {
      this.core.renewals.lose(this.#lease, 'it is held no more')
      return false
    }
    this.#lease.renewed(sentAt, leaseMs)
    this.core.renewals.reconsider(this.#lease)
    return true
  }

  /** Gives it back; whether there was something to give back. Repeated, answers the same. */
  release(): Promise<boolean> {
    this.#releasing ??= this.#release()
    return this.#releasing
  }

  async #release(): Promise<boolean> {
    this.core.renewals.remove(this.#lease)
    try {
      return readInteger(await this.core.transport.send(this.terms.release(this.#lease.token))) > 0
    } catch (error) {
      // A stale token says that it was lost, which is no error when giving it back.
      if ((error as LatchkeyError).code === 'FENCED') return false
      throw error
    } finally {
      this.#lease.binding?.end()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  /** It has become another's by this holder's own will: nothing is renewed or given back any more. */
  protected handedOver(): void {
    this.core.renewals.remove(this.#lease)
    this.#lease.binding?.end()
    this.#releasing = Promise.resolve(false)
  }

  /** Its token is about to change: until the new one is known, the owner alone identifies it. */
  protected tokenInDoubt(): void {
    this.#lease.token = undefined
  }

  protected tokenChanged(token: number): void {
    this.#lease.token = token
    this.#token = token
  }
}

/** Something held by one alone, whose token the server itself can check. */
export class FencedHold extends Held {
  /** Commands that run only while this is the present holder; FENCED otherwise. */
  get store(): Store {
    return new Store(this.core.transport, this.key, this.token)
  }
}

/** Runs some work with something held, and gives it back whatever happens. */
export async function withHeld<H extends { release(): Promise<boolean> }, T>(
  held: H,
  work: (held: H) => T | Promise<T>,
): Promise<T> {
  let result: T
  try {
    result = await work(held)
  } catch (error) {
    // The failure of the work is what the caller must hear of.
    await held.release().catch(() => {})
    throw error
  }
  await held.release()
  return result
}
