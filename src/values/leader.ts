// leader.ts — An election: an exclusive lock whose holder says something about itself.
//
// The term's token is the lock's fencing token, the leader's value its `meta`; waiting candidates
// are the waiting table's. So everything that a lock promises holds here: campaigning is idempotent
// by candidate, the token changes exactly when the leader does, a leader that does not renew loses.

import type { Busy, Coordinated, TokenSource } from './coordinated.ts'
import type { Granted, HoldState, HoldView, Kept, NotHolder } from './hold.ts'
import { Lock, type LockSnapshot, type NotEntitled, type Released } from './lock.ts'

export interface Campaign {
  readonly candidate: string
  /** Undefined leaves what a leader said before. */
  readonly value: string | undefined
  readonly leaseMs: number
  readonly connection: number
  /** Whether another candidate waits ahead. */
  readonly queued: boolean
}

export class Leader implements Coordinated {
  readonly #lock: Lock

  constructor(lock = new Lock()) {
    this.#lock = lock
  }

  get isFree(): boolean {
    return this.#lock.isFree
  }

  /** The present leader: `owner` is the candidate, `meta` its value. */
  get current(): HoldView | undefined {
    for (const hold of this.#lock.holders()) return hold
    return undefined
  }

  /** The leader, if this is the token of the present term. */
  findToken(token: number): HoldView | undefined {
    return this.#lock.findToken(token)
  }

  campaign(request: Campaign, tokens: TokenSource, now: number): Granted | Busy {
    const answer = this.#lock.acquire(
      {
        owner: request.candidate,
        mode: 'write',
        leaseMs: request.leaseMs,
        connection: request.connection,
        reentrant: false,
        maxHolds: 1,
        meta: request.value,
        queued: request.queued,
      },
      tokens,
      now,
    )
    if (answer.kind === 'refused') throw new Error(`an exclusive hold refused ${answer.code}`)
    return answer
  }

  resign(candidate: string): Released | NotEntitled {
    return this.#lock.release(candidate, undefined, true)
  }

  extend(
    candidate: string,
    leaseMs: number,
    token: number | undefined,
    now: number,
  ): Kept | NotEntitled {
    return this.#lock.extend(candidate, leaseMs, token, now)
  }

  proclaim(candidate: string, value: string): Kept | NotHolder {
    return this.#lock.describe(candidate, value)
  }

  /** The successor starts with the value of its predecessor, until it proclaims its own. */
  transfer(
    candidate: string,
    successor: string,
    leaseMs: number,
    tokens: TokenSource,
    now: number,
  ): Granted | NotHolder {
    return this.#lock.handOff(candidate, successor, leaseMs, tokens, now)
  }

  check(candidate: string, token: number | undefined): Kept | NotEntitled {
    return this.#lock.check(candidate, token)
  }

  /** Replays that this candidate leads, as `state` says. */
  grant(state: HoldState, now: number): void {
    this.#lock.grant(state, now)
  }

  /** Replays that the candidate leads no more. */
  remove(candidate: string): void {
    this.#lock.remove(candidate)
  }

  nextExpiry(): number {
    return this.#lock.nextExpiry()
  }

  expire(now: number): readonly HoldView[] {
    return this.#lock.expire(now)
  }

  extendAll(gapMs: number): void {
    this.#lock.extendAll(gapMs)
  }

  disconnected(connection: number, now: number, graceMs: number): readonly HoldView[] {
    return this.#lock.disconnected(connection, now, graceMs)
  }

  restart(now: number): void {
    this.#lock.restart(now)
  }

  orphan(now: number, graceMs: number): readonly HoldView[] {
    return this.#lock.orphan(now, graceMs)
  }

  memory(): number {
    return this.#lock.memory()
  }

  snapshot(): LockSnapshot {
    return this.#lock.snapshot()
  }

  static restore(snapshot: LockSnapshot, now: number): Leader {
    return new Leader(Lock.restore(snapshot, now))
  }
}
