// renewals.ts — Keeps all that a grid holds: one timer, and one pipeline for what is due together.
//
// Invariant: no held lease is past its deadline and unaware of it for longer than the event loop
// stood still. While it stands still nothing here can run; what has passed its deadline meanwhile is
// lost first, and only then is the rest renewed.

import { after, now } from './clock.ts'
import type { Command } from './command.ts'
import { LatchkeyError } from './errors.ts'
import type { Lease } from './lease.ts'
import type { Transport } from './transport.ts'

/** What comes due within this part of its lease goes along with what is due now. */
const TOGETHER_PART = 1 / 10
/** The codes by which the server says that somebody else holds it, or nobody. */
const LOSSES: ReadonlySet<string> = new Set(['FENCED', 'NOTOWNER', 'NOTHELD'])

export class Renewals {
  readonly #transport: Transport
  readonly #leases = new Map<Lease, () => Command>()
  #stopTimer = () => {}
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(transport: Transport) {
    this.#transport = transport
  }

  get size(): number {
    return this.#leases.size
  }

  /** From now on it is kept, by the command that extends it. */
  add(lease: Lease, extension: () => Command): void {
    this.#leases.set(lease, extension)
    this.reconsider(lease)
  }

  /** Its times have changed. */
  reconsider(lease: Lease): void {
    if (!this.#leases.has(lease)) return
    this.#wakeAt(Math.min(lease.renewAt, lease.deadline))
  }

  /** It was given back. The timer stays: the next lease is likely to need it. */
  remove(lease: Lease): void {
    this.#leases.delete(lease)
  }

  /** It is lost: whoever holds it is told. */
  lose(lease: Lease, why: string, cause?: unknown): void {
    if (this.#leases.delete(lease)) lease.lose(why, cause)
  }

  close(): void {
    this.#stopTimer()
    this.#wakesAt = Number.POSITIVE_INFINITY
    for (const lease of [...this.#leases.keys()]) this.lose(lease, 'the grid is closed')
  }

  #wakeAt(at: number): void {
    if (at >= this.#wakesAt) return
    this.#stopTimer()
    this.#wakesAt = at
    this.#stopTimer = after(at - now(), () => this.#wake())
  }

  #wake(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY
    const time = now()
    const due: Lease[] = []
    for (const lease of [...this.#leases.keys()]) {
      if (time >= lease.deadline) {
        this.lose(lease, 'the lease could not be renewed in time')
      } else if (lease.renewAt - time <= (lease.isAsked ? 0 : lease.leaseMs * TOGETHER_PART)) {
        due.push(lease)
      }
    }
    if (due.length > 0) void this.#renew(due, time)
    this.#schedule()
  }

  #schedule(): void {
    let next = Number.POSITIVE_INFINITY
    for (const lease of this.#leases.keys()) next = Math.min(next, lease.renewAt, lease.deadline)
    this.#wakeAt(next)
  }

  async #renew(due: readonly Lease[], sentAt: number): Promise<void> {
    for (const lease of due) lease.asked(sentAt)
    const commands = due.map(lease => this.#leases.get(lease)!())
    const tokens = due.map(lease => lease.token)
    const replies = await this.#transport.sendAll(commands)
    for (const [i, lease] of due.entries()) {
      const reply = replies[i]
      // Given back meanwhile, or its token has changed: this reply says nothing of it any more.
      if (!this.#leases.has(lease) || lease.token !== tokens[i]) continue
      if (reply instanceof LatchkeyError) {
        // Any other error leaves it open: it is tried again until the deadline.
        if (LOSSES.has(reply.code)) this.lose(lease, 'it is held by somebody else', reply)
      } else if (Number(reply) > 0) {
        lease.renewed(sentAt)
      } else {
        this.lose(lease, 'it is held no more')
      }
    }
    this.#schedule()
  }
}
