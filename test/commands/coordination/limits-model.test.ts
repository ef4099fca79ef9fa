// Limits, told plainly: what was taken and when, and who stands in line for more.

import fc from 'fast-check'
import { describe, test } from 'vitest'
import { type Said, UNBLOCKED } from './models.ts'
import { check, client, type Move, says, waitMs, waitOf } from './moves.ts'

interface Asked {
  readonly client: number
  readonly limit: number
  readonly quantity: number
}

interface Waiter extends Asked {
  readonly until: number
}

/** What an algorithm says, in milliseconds. */
interface Verdict {
  readonly limited: boolean
  readonly remaining: number
  /** -1 for never. */
  readonly retryMs: number
  readonly resetMs: number
}

/** What was taken so far. */
interface Taken {
  /** Takes if it may; `isQueued` says that others come first. */
  ask(asked: Asked, isQueued: boolean, now: number): Verdict
  /** Whether all is forgiven. */
  isFree(now: number): boolean
  clear(): void
}

const INTERVAL_MS = 700
const WINDOW_MS = 2000

/** Units cost time, which is paid off by time: burst + 1 units may be owed. */
class Throttled implements Taken {
  #paidAt = 0

  ask({ limit, quantity }: Asked, isQueued: boolean, now: number): Verdict {
    const owed = Math.max(0, this.#paidAt - now)
    const wanted = owed + quantity * INTERVAL_MS
    const most = limit * INTERVAL_MS
    const limited = wanted > most || (isQueued && quantity > 0)
    if (!limited && quantity > 0) this.#paidAt = now + wanted
    const resetMs = limited ? owed : wanted
    return {
      limited,
      remaining: Math.max(0, Math.floor((most - resetMs) / INTERVAL_MS)),
      retryMs: limited && quantity <= limit ? Math.max(0, wanted - most) : -1,
      resetMs,
    }
  }

  isFree(now: number): boolean {
    return this.#paidAt <= now
  }

  clear(): void {
    this.#paidAt = 0
  }
}

/** So many in a window, which begins with the first. */
class Fixed implements Taken {
  #used = 0
  #endsAt = 0

  ask({ limit, quantity }: Asked, isQueued: boolean, now: number): Verdict {
    if (this.isFree(now)) this.#used = 0
    const leftMs = this.#used > 0 ? this.#endsAt - now : 0
    const limited = this.#used + quantity > limit || (isQueued && quantity > 0)
    if (!limited && quantity > 0) {
      if (this.#used === 0) this.#endsAt = now + WINDOW_MS
      this.#used += quantity
    }
    return {
      limited,
      remaining: Math.max(0, limit - this.#used),
      retryMs: limited && quantity <= limit ? leftMs : -1,
      resetMs: this.#used > 0 ? this.#endsAt - now : 0,
    }
  }

  isFree(now: number): boolean {
    return this.#used === 0 || this.#endsAt <= now
  }

  clear(): void {
    this.#used = 0
  }
}

/** So many in any window: each unit counts until it is that old. */
class Sliding implements Taken {
  #units: number[] = []

  ask({ limit, quantity }: Asked, isQueued: boolean, now: number): Verdict {
    this.#units = this.#units.filter(at => at + WINDOW_MS > now)
    const excess = this.#units.length + quantity - limit
    const limited = excess > 0 || (isQueued && quantity > 0)
    const enough = excess > 0 ? (this.#units[excess - 1] ?? 0) + WINDOW_MS - now : 0
    if (!limited) for (let i = 0; i < quantity; i++) this.#units.push(now)
    const youngest = this.#units.at(-1)
    return {
      limited,
      remaining: Math.max(0, limit - this.#units.length),
      retryMs: limited && quantity <= limit ? enough : -1,
      resetMs: youngest === undefined ? 0 : youngest + WINDOW_MS - now,
    }
  }

  isFree(now: number): boolean {
    return this.#units.every(at => at + WINDOW_MS <= now)
  }

  clear(): void {
    this.#units = []
  }
}

function seconds(milliseconds: number): number {
  return milliseconds < 0 ? -1 : Math.ceil(milliseconds / 1000)
}

class LimitModel {
  now = 0
  said: Said = new Map()
  readonly #taken: Taken
  #queue: Waiter[] = []

  constructor(taken: Taken) {
    this.#taken = taken
  }

  ask(asked: Asked, waitMs: number | undefined): void {
    const verdict = this.#taken.ask(asked, this.#queue.length > 0, this.now)
    if (!verdict.limited || verdict.retryMs < 0 || waitMs === undefined) {
      this.#say(asked, verdict)
      return
    }
    const until = waitMs === 0 ? Number.POSITIVE_INFINITY : this.now + waitMs
    this.#queue.push({ ...asked, until })
  }

  #say({ client, limit }: Asked, { limited, remaining, retryMs, resetMs }: Verdict): void {
    const answer = [limited ? 1 : 0, limit, remaining, seconds(retryMs), seconds(resetMs)]
    this.said.set(client, answer)
  }

  #serve(): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const verdict = this.#taken.ask(head, false, this.now)
      if (verdict.limited) return
      this.#queue.shift()
      this.#say(head, verdict)
    }
  }

  /** The answer of one that waited in vain is a refusal. */
  #refuse(waiter: Waiter): void {
    this.#queue = this.#queue.filter(each => each !== waiter)
    this.#say(waiter, this.#taken.ask(waiter, true, this.now))
  }

  delete(client: number): void {
    this.said.set(client, this.#taken.isFree(this.now) ? 0 : 1)
    this.#taken.clear()
    this.#serve()
  }

  leave(client: number): void {
    this.#queue = this.#queue.filter(each => each.client !== client)
    this.#serve()
  }

  unblock(client: number, byError: boolean): void {
    for (const waiter of this.#queue.filter(each => each.client === client)) {
      this.#refuse(waiter)
      if (byError) this.said.set(client, UNBLOCKED)
    }
    this.#serve()
  }

  pass(milliseconds: number): void {
    for (let left = milliseconds; left > 0; left -= 100) this.stall(Math.min(left, 100))
  }

  /** What time forgives it forgives, whether the server ran or not. */
  stall(milliseconds: number): void {
    this.now += milliseconds
    this.#serve()
    for (const waiter of this.#queue.filter(each => each.until <= this.now)) this.#refuse(waiter)
    this.#serve()
  }
}

const asked = fc.record({
  client,
  limit: fc.constantFrom(2, 3, 3, 3, 4),
  quantity: fc.constantFrom(0, 1, 1, 1, 2, 3, 5),
})

function words(name: string, { limit, quantity }: Asked): string {
  if (name === 'CL.THROTTLE') return `CL.THROTTLE r ${limit - 1} 10 7 ${quantity}`
  const sliding = name === 'sliding' ? 'SLIDING' : ''
  return `RATE.WINDOW r ${limit} ${WINDOW_MS} ${sliding} QUANTITY ${quantity}`
}

describe('the server does as the model says', () => {
  test.each([
    ['CL.THROTTLE', () => new Throttled()],
    ['fixed', () => new Fixed()],
    ['sliding', () => new Sliding()],
  ] as const)('of a limit: %s', (name, taken) => {
    const commands: fc.Arbitrary<Move<LimitModel>> = fc.oneof(
      {
        weight: 12,
        arbitrary: fc
          .tuple(asked, waitMs)
          .map(([each, wait]) =>
            says<LimitModel>(each.client, `${words(name, each)} ${waitOf(wait)}`, model =>
              model.ask(each, wait),
            ),
          ),
      },
      client.map(who => says<LimitModel>(who, 'DEL r', model => model.delete(who))),
    )
    check(commands, () => new LimitModel(taken()))
  })
})
