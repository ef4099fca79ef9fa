// held.ts — What a lock and a semaphore have in common: owners hold them for a time.
//
// The rules of who may hold are theirs; how a hold ends, and how a backup follows, is here. A hold
// is replicated as what it is now (`grant`) or that it is no more (`remove`); neither ever refuses.

import type { HoldState, HoldView } from './hold.ts'
import { Holders } from './holders.ts'

export abstract class Held {
  protected readonly owners = new Holders()

  /** Number of owners. */
  get size(): number {
    return this.owners.size
  }

  /** In the order of grants. */
  holders(): Iterable<HoldView> {
    return this.owners
  }

  find(owner: string): HoldView | undefined {
    return this.owners.find(owner)
  }

  /** Who holds it on this token. */
  findToken(token: number): HoldView | undefined {
    return this.owners.findToken(token)
  }

  /** Replays what an operation left behind: this owner's hold is now as `state` says. */
  grant(state: HoldState, now: number): void {
    this.owners.put(state, now)
  }

  /** Replays that the owner holds nothing any more. */
  remove(owner: string): void {
    const hold = this.owners.find(owner)
    if (hold !== undefined) this.owners.remove(hold)
  }

  nextExpiry(): number {
    return this.owners.nextExpiry()
  }

  /** Removes the holds whose lease has ended, and answers them. */
  expire(now: number): readonly HoldView[] {
    return this.owners.expire(now)
  }

  extendAll(gapMs: number): void {
    this.owners.extendAll(gapMs)
  }

  /** See `Holders.disconnected`: a grace of 0 releases at once. */
  disconnected(connection: number, now: number, graceMs: number): readonly HoldView[] {
    return this.owners.disconnected(connection, now, graceMs)
  }

  /** To be called when the node becomes primary: see `Holders.restart`. */
  restart(now: number): void {
    this.owners.restart(now)
  }

  /** To be called when the node becomes primary: bindings to connections become leases. */
  orphan(now: number, graceMs: number): readonly HoldView[] {
    return this.owners.orphan(now, graceMs)
  }
}
