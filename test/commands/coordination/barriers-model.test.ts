// A barrier, told plainly: who is in, who waits, and for which round.

import fc from 'fast-check'
import { test } from 'vitest'
import { type Said, SUPERSEDED, UNBLOCKED, type Wish } from './models.ts'
import { check, client, type Move, optionsOf, owner, says, waitMs, waitOf, wish } from './moves.ts'

interface Participant {
  until: number
  /** The client whose connection it is bound to, or -1. */
  client: number
}

interface Waiter {
  readonly client: number
  readonly participant: string
  readonly until: number
  /** Undefined for one that waits to leave. */
  readonly entry: (Wish & { readonly parties: number }) | undefined
  /** The round whose end a leaver waits for. */
  readonly round: number
}

class BarrierModel {
  now = 0
  said: Said = new Map()
  #phase: 'gathering' | 'full' | 'leaving' = 'gathering'
  #parties = 0
  #round = 0
  #inside = new Map<string, Participant>()
  #waiters: Waiter[] = []

  enter(wish: Wish, parties: number): void {
    const answer = this.#enter({ ...wish, parties }, wish.waitMs !== undefined)
    if (answer !== undefined) this.said.set(wish.client, answer)
    else if (wish.waitMs === undefined) this.said.set(wish.client, null)
    else this.#wait(wish.client, wish.owner, wish.waitMs, { ...wish, parties })
    this.#serve()
  }

  /** 1, an error, or undefined while it must wait. */
  #enter(entry: Wish & { parties: number }, canWait: boolean): number | string | undefined {
    if (this.#inside.size === 0) {
      this.#round++
      this.#phase = 'gathering'
      this.#parties = entry.parties
    }
    if (entry.parties !== this.#parties) return 'ERR the others expect another number of parties'
    const isIn = this.#inside.has(entry.owner)
    if (this.#phase === 'leaving' && !isIn) return undefined
    if (this.#phase === 'gathering') {
      const isLast = this.#inside.size + (isIn ? 0 : 1) === this.#parties
      if (!isLast) {
        // As long as it waits it is in by its connection.
        const bound = { until: Number.POSITIVE_INFINITY, client: entry.client }
        if (canWait) this.#inside.set(entry.owner, bound)
        return undefined
      }
      this.#phase = 'full'
    }
    const until = entry.leaseMs > 0 ? this.now + entry.leaseMs : Number.POSITIVE_INFINITY
    this.#inside.set(entry.owner, { until, client: entry.leaseMs > 0 ? -1 : entry.client })
    return 1
  }

  leaveBarrier(client: number, participant: string, milliseconds: number | undefined): void {
    const entering = this.#waiters.find(each => each.participant === participant && each.entry)
    if (entering !== undefined) {
      this.#giveUp(entering)
      this.said.set(entering.client, null)
      this.said.set(client, 1)
      return
    }
    const wasIn = this.#remove(participant)
    if (wasIn && this.#inside.size === 0) this.said.set(client, 1)
    else if (this.#inside.size === 0 || this.#phase !== 'leaving') this.said.set(client, null)
    else if (milliseconds === undefined) this.said.set(client, null)
    else this.#wait(client, participant, milliseconds, undefined)
    this.#serve()
  }

  #remove(participant: string): boolean {
    const wasIn = this.#inside.delete(participant)
    if (wasIn && this.#phase === 'full') this.#phase = 'leaving'
    return wasIn
  }

  #wait(client: number, participant: string, milliseconds: number, entry: Waiter['entry']): void {
    const until = milliseconds === 0 ? Number.POSITIVE_INFINITY : this.now + milliseconds
    const waiter: Waiter = { client, participant, until, entry, round: this.#round }
    const place = this.#waiters.findIndex(each => each.participant === participant)
    if (place < 0) {
      this.#waiters.push(waiter)
      return
    }
    this.said.set(this.#waiters[place]!.client, SUPERSEDED)
    this.#waiters[place] = waiter
  }

  /** Whoever stops waiting to enter has never come. */
  #giveUp(waiter: Waiter): void {
    this.#waiters = this.#waiters.filter(each => each !== waiter)
    if (waiter.entry && this.#phase === 'gathering') this.#inside.delete(waiter.participant)
  }

  #serve(): void {
    for (let before = -1; before !== this.#waiters.length; ) {
      before = this.#waiters.length
      for (const waiter of [...this.#waiters]) {
        const answer = waiter.entry ? this.#enterAgain(waiter) : this.#isOver(waiter)
        if (answer === undefined) continue
        this.#waiters = this.#waiters.filter(each => each !== waiter)
        this.said.set(waiter.client, answer)
      }
    }
  }

  #enterAgain(waiter: Waiter): number | string | undefined {
    return this.#enter(waiter.entry!, true)
  }

  #isOver(waiter: Waiter): number | undefined {
    return waiter.round !== this.#round || this.#inside.size === 0 ? 1 : undefined
  }

  delete(client: number): void {
    this.said.set(client, this.#inside.size === 0 ? 0 : 1)
    this.#inside.clear()
    this.#serve()
  }

  leave(client: number): void {
    for (const waiter of this.#waiters.filter(each => each.client === client)) this.#giveUp(waiter)
    for (const [name, each] of [...this.#inside]) if (each.client === client) this.#remove(name)
    this.#serve()
  }

  unblock(client: number, byError: boolean): void {
    for (const waiter of this.#waiters.filter(each => each.client === client)) {
      this.#giveUp(waiter)
      this.said.set(client, byError ? UNBLOCKED : null)
    }
    this.#serve()
  }

  pass(milliseconds: number): void {
    for (let left = milliseconds; left > 0; left -= 100) this.#advance(Math.min(left, 100))
  }

  stall(milliseconds: number): void {
    for (const each of this.#inside.values()) each.until += milliseconds
    this.#advance(milliseconds)
  }

  #advance(milliseconds: number): void {
    this.now += milliseconds
    for (const [name, { until }] of [...this.#inside]) if (until <= this.now) this.#remove(name)
    this.#serve()
    for (const waiter of this.#waiters.filter(each => each.until <= this.now)) {
      this.#giveUp(waiter)
      this.said.set(waiter.client, null)
    }
    this.#serve()
  }
}

/** A barrier has no default lease: whoever names none is in by its connection. */
const entry = wish.map(each => ({ ...each, bound: each.leaseMs === 0 }))

test('the server does as the model of a barrier says', () => {
  const commands: fc.Arbitrary<Move<BarrierModel>> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(entry, fc.constantFrom(1, 2, 2, 2, 3, 3))
        .map(([each, parties]) =>
          says<BarrierModel>(
            each.client,
            `BARRIER.ENTER b ${each.owner} ${parties} ${optionsOf(each)}`,
            model => model.enter(each, parties),
          ),
        ),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(client, owner, waitMs)
        .map(([who, name, wait]) =>
          says<BarrierModel>(who, `BARRIER.LEAVE b ${name} ${waitOf(wait)}`, model =>
            model.leaveBarrier(who, name, wait),
          ),
        ),
    },
    client.map(who => says<BarrierModel>(who, 'DEL b', model => model.delete(who))),
  )
  check(commands, () => new BarrierModel())
})
