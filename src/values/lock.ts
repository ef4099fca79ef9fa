// lock.ts — A lock: one writer or many readers, each with a fencing token and a lease.
//
// A newcomer is granted only if nobody waits ahead (`queued`), so a reader behind a waiting writer
// waits too, and readers that reach the head of the queue together are granted together. Acquiring
// is idempotent by owner: an owner that holds the lock gets the same token and a fresh lease,
// whoever waits. Only `reentrant` counts entries, and then as many releases are due.
//
// A token is taken from the source exactly when the holder changes: at a grant, an upgrade, a
// hand-off. Re-entry, extension and downgrade keep it. Invariants: an exclusive hold is the only
// one; a token is greater than those of all earlier grants.
//
// Whoever holds READ and asks for WRITE would wait for itself: that is DEADLOCK, and `upgrade` is
// the way. An upgrade waits for the other readers only, so its waiter stands before the queue.

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

export type LockMode = 'read' | 'write'

export interface LockRequest {
  readonly owner: string
  readonly mode: LockMode
  /** 0 for none; then there is a connection. */
  readonly leaseMs: number
  /** 0 for none; then there is a lease. */
  readonly connection: number
  readonly reentrant: boolean
  /** Entries that one owner may have at a time. */
  readonly maxHolds: number
  /** Undefined leaves what a holder said before. */
  readonly meta: string | undefined
  /** Whether somebody waits ahead of this request. */
  readonly queued: boolean
}

export interface Released {
  readonly kind: 'released'
  readonly hold: HoldView
  /** Whether the owner still holds it: entries are left. */
  readonly held: boolean
}

export type NotEntitled = NotHolder | Refused<'FENCED'>

const FENCED = refused('FENCED')
const HOLDLIMIT = refused('HOLDLIMIT')
const DEADLOCK = refused('DEADLOCK')

export interface LockSnapshot {
  readonly holds: readonly HoldState[]
}

const LOCK_BYTES = OBJECT_BYTES + WORD_BYTES

export class Lock extends Held implements Coordinated {
  get isFree(): boolean {
    return this.owners.size === 0
  }

  get mode(): LockMode | undefined {
    if (this.owners.size === 0) return undefined
    return this.owners.sole?.exclusive ? 'write' : 'read'
  }

  /** What `acquire` would answer instead of a grant, or undefined. Changes nothing. */
  refusal(request: LockRequest): Busy | Refused<'HOLDLIMIT' | 'DEADLOCK'> | undefined {
    const hold = this.owners.find(request.owner)
    if (hold === undefined) {
      if (request.queued || this.owners.sole?.exclusive) return BUSY
      return request.mode === 'read' || this.owners.size === 0 ? undefined : BUSY
    }
    if (request.mode === 'write' && !hold.exclusive) return DEADLOCK
    if (request.reentrant && hold.count >= request.maxHolds) return HOLDLIMIT
    return undefined
  }

  acquire(
    request: LockRequest,
    tokens: TokenSource,
    now: number,
  ): Granted | Busy | Refused<'HOLDLIMIT' | 'DEADLOCK'> {
    const refusal = this.refusal(request)
    if (refusal !== undefined) return refusal
    const owners = this.owners
    const held = owners.find(request.owner)
    if (held !== undefined) {
      if (request.reentrant) owners.setCount(held, held.count + 1)
      if (request.meta !== undefined) owners.setMeta(held, request.meta)
      owners.setTerm(held, request.leaseMs, request.connection, now)
      return { kind: 'granted', hold: held, fresh: false }
    }
    const state: HoldState = {
      owner: request.owner,
      token: tokens.nextToken(),
      exclusive: request.mode === 'write',
      count: 1,
      leaseMs: request.leaseMs,
      connection: request.connection,
      meta: request.meta ?? '',
    }
    return { kind: 'granted', hold: owners.add(state, now), fresh: true }
  }

  /** Gives back one entry, or `all` of them. */
  release(owner: string, token: number | undefined, all: boolean): Released | NotEntitled {
    const check = this.check(owner, token)
    if (check.kind === 'refused') return check
    const hold = check.hold
    if (hold.count > 1 && !all) {
      this.owners.setCount(hold, hold.count - 1)
      return { kind: 'released', hold, held: true }
    }
    this.owners.remove(hold)
    return { kind: 'released', hold, held: false }
  }

  /** Starts a lease of this length now. It takes the place of a binding to a connection. */
  extend(
    owner: string,
    leaseMs: number,
    token: number | undefined,
    now: number,
  ): Kept | NotEntitled {
    const check = this.check(owner, token)
    if (check.kind === 'kept') this.owners.setTerm(check.hold, leaseMs, 0, now)
    return check
  }

  /**
   * Makes a reader the writer once it is the only reader. `contended`: another reader waits for the
   * same already, and each would wait for the other.
   */
  upgrade(
    owner: string,
    contended: boolean,
    tokens: TokenSource,
    now: number,
  ): Granted | Busy | Refused<'DEADLOCK'> | NotHolder {
    const hold = this.owners.find(owner)
    if (hold === undefined) return this.owners.refusal()
    if (hold.exclusive) return { kind: 'granted', hold, fresh: false }
    if (this.owners.size > 1) return contended ? DEADLOCK : BUSY
    hold.exclusive = true
    this.owners.setToken(hold, tokens.nextToken())
    this.owners.setTerm(hold, hold.leaseMs, hold.connection, now)
    return { kind: 'granted', hold, fresh: true }
  }

  downgrade(owner: string): Kept | NotHolder {
    const hold = this.owners.find(owner)
    if (hold === undefined) return this.owners.refusal()
    hold.exclusive = false
    return { kind: 'kept', hold }
  }

  /**
   * Passes the owner's hold, all entries of it, to another owner under a new token and a lease. One
   * that holds the lock already keeps its token, as when it acquires again.
   */
  handOff(
    owner: string,
    newOwner: string,
    leaseMs: number,
    tokens: TokenSource,
    now: number,
  ): Granted | NotHolder {
    const owners = this.owners
    const hold = owners.find(owner)
    if (hold === undefined) return this.owners.refusal()
    if (owner !== newOwner) owners.remove(hold)
    const held = owners.find(newOwner)
    if (held !== undefined) {
      owners.setTerm(held, leaseMs, 0, now)
      return { kind: 'granted', hold: held, fresh: false }
    }
    const state: HoldState = {
      owner: newOwner,
      token: tokens.nextToken(),
      exclusive: hold.exclusive,
      count: 1,
      leaseMs,
      connection: 0,
      meta: hold.meta,
    }
    return { kind: 'granted', hold: owners.add(state, now), fresh: true }
  }

  /** Replaces what the owner says about its hold. */
  describe(owner: string, meta: string): Kept | NotHolder {
    const hold = this.owners.find(owner)
    if (hold === undefined) return this.owners.refusal()
    this.owners.setMeta(hold, meta)
    return { kind: 'kept', hold }
  }

  /** Whether the owner holds it, and on this token if one is given. */
  check(owner: string, token: number | undefined): Kept | NotEntitled {
    const hold = this.owners.find(owner)
    if (hold === undefined) return this.owners.refusal()
    if (token !== undefined && token !== hold.token) return FENCED
    return { kind: 'kept', hold }
  }

  /** Takes it from everybody. */
  force(): readonly HoldView[] {
    return this.owners.removeAll()
  }

  memory(): number {
    return LOCK_BYTES + this.owners.memory()
  }

  snapshot(): LockSnapshot {
    return { holds: this.owners.snapshot() }
  }

  static restore(snapshot: LockSnapshot, now: number): Lock {
    const lock = new Lock()
    lock.owners.restore(snapshot.holds, now)
    return lock
  }
}
