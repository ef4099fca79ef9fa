// semaphore.ts — A number of permits, held by owners with tokens and leases.
//
// Requests are weighted and strictly first come, first served: a newcomer is granted only if nobody
// waits ahead (`queued`), so a small request never overtakes a large one. Acquiring is idempotent by
// owner: `permits` is what the owner wants to hold, and one that holds as many gets its token back
// with a fresh lease; one that holds fewer is topped up. Only `add` (for a caller whose retries are
// told apart by a request id) asks for that many more.
//
// Invariant: available + the sum of all holds = limit. Lowering the limit takes nothing away; then
// `available` is negative until enough has come back. A request above the limit could never be
// granted and is OUTOFBOUNDS, save that a limit of 0 closes the semaphore and makes everybody wait.
//
// `configured` says that the limit was set on purpose; a semaphore that a mere acquire made
// disappears with its last permit.

import {
  BUSY,
  type Busy,
  type Coordinated,
  type Refused,
  refused,
  type TokenSource,
} from './coordinated.ts'
import { OBJECT_BYTES, WORD_BYTES } from './footprint.ts'
import { Held } from './held.ts'
import type { Granted, HoldState, HoldView, Kept, NotHolder } from './hold.ts'

export interface SemaphoreRequest {
  readonly owner: string
  /** At least 1. */
  readonly permits: number
  /** On top of what the owner holds, not in total. */
  readonly add: boolean
  /** 0 for none; then there is a connection. */
  readonly leaseMs: number
  /** 0 for none; then there is a lease. */
  readonly connection: number
  /** Whether somebody waits ahead of this request. */
  readonly queued: boolean
}

export interface PermitsReturned {
  readonly kind: 'returned'
  readonly permits: number
  /** What the owner still holds; undefined if nothing. */
  readonly hold: HoldView | undefined
}

export interface SemaphoreSnapshot {
  readonly limit: number
  readonly configured: boolean
  readonly holds: readonly HoldState[]
}

const OUTOFBOUNDS = refused('OUTOFBOUNDS')

const SEMAPHORE_BYTES = OBJECT_BYTES + 3 * WORD_BYTES

export class Semaphore extends Held implements Coordinated {
  #limit: number
  #configured: boolean

  constructor(limit: number, configured: boolean) {
    super()
    this.#limit = limit
    this.#configured = configured
  }

  get limit(): number {
    return this.#limit
  }

  get configured(): boolean {
    return this.#configured
  }

  /** Permits that are free; negative after the limit was lowered below what is held. */
  get available(): number {
    return this.#limit - this.owners.total
  }

  get isFree(): boolean {
    return this.owners.size === 0 && !this.#configured
  }

  acquire(
    request: SemaphoreRequest,
    tokens: TokenSource,
    now: number,
  ): Granted | Busy | Refused<'OUTOFBOUNDS'> {
    const { permits, leaseMs, connection } = request
    const hold = this.owners.find(request.owner)
    const held = hold === undefined ? 0 : hold.count
    const wanted = request.add ? permits : permits - held
    if (wanted > 0) {
      if (this.#limit > 0 && held + wanted > this.#limit) return OUTOFBOUNDS
      if (request.queued || wanted > this.available) return BUSY
    }
    if (hold === undefined) return this.#grant(request.owner, wanted, request, tokens, now)
    if (wanted > 0) this.owners.setCount(hold, held + wanted)
    this.owners.setTerm(hold, leaseMs, connection, now)
    return { kind: 'granted', hold, fresh: false }
  }

  /** Takes all permits that are free, on top of what the owner holds. */
  drain(request: SemaphoreRequest, tokens: TokenSource, now: number): Granted | Busy {
    const permits = this.available
    if (permits <= 0 || request.queued) return BUSY
    const hold = this.owners.find(request.owner)
    if (hold === undefined) return this.#grant(request.owner, permits, request, tokens, now)
    this.owners.setCount(hold, hold.count + permits)
    this.owners.setTerm(hold, request.leaseMs, request.connection, now)
    return { kind: 'granted', hold, fresh: false }
  }

  #grant(
    owner: string,
    permits: number,
    term: { readonly leaseMs: number; readonly connection: number },
    tokens: TokenSource,
    now: number,
  ): Granted {
    const state: HoldState = {
      owner,
      token: tokens.nextToken(),
      exclusive: false,
      count: permits,
      leaseMs: term.leaseMs,
      connection: term.connection,
      meta: '',
    }
    return { kind: 'granted', hold: this.owners.add(state, now), fresh: true }
  }

  /** Gives back up to `permits`: an owner returns no more than it holds. */
  release(owner: string, permits: number): PermitsReturned | NotHolder {
    const hold = this.owners.find(owner)
    if (hold === undefined) return this.owners.refusal()
    if (permits < hold.count) {
      this.owners.setCount(hold, hold.count - permits)
      return { kind: 'returned', permits, hold }
    }
    this.owners.remove(hold)
    return { kind: 'returned', permits: hold.count, hold: undefined }
  }

  /** Starts a lease of this length now. It takes the place of a binding to a connection. */
  extend(owner: string, leaseMs: number, now: number): Kept | NotHolder {
    const hold = this.owners.find(owner)
    if (hold === undefined) return this.owners.refusal()
    this.owners.setTerm(hold, leaseMs, 0, now)
    return { kind: 'kept', hold }
  }

  /** Sets the number of permits on purpose: the semaphore stays when it is free. */
  configure(limit: number): void {
    this.#limit = limit
    this.#configured = true
  }

  /** Replays how many permits there are, and whether that was set on purpose. */
  assign(limit: number, configured: boolean): void {
    this.#limit = limit
    this.#configured = configured
  }

  memory(): number {
    return SEMAPHORE_BYTES + this.owners.memory()
  }

  snapshot(): SemaphoreSnapshot {
    return {
      limit: this.#limit,
      configured: this.#configured,
      holds: this.owners.snapshot(),
    }
  }

  static restore(snapshot: SemaphoreSnapshot, now: number): Semaphore {
    const semaphore = new Semaphore(snapshot.limit, snapshot.configured)
    semaphore.owners.restore(snapshot.holds, now)
    return semaphore
  }
}
