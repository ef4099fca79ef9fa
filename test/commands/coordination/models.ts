// Plain sequential models of what clients see, as a person would tell it: who holds, who waits, since
// when and until when. They know nothing of the server's structures, and take no care to be fast.
//
// A model is given the same steps as the server and says what each client must be answered. Tokens are
// told as their rank among all tokens so far.

export type Expected = number | string | null | readonly Expected[]

/** What is said to which client in one step. */
export type Said = Map<number, Expected>

/** A client that waits, and what for. */
export interface Waiter {
  readonly client: number
  readonly owner: string
  /** Permits, a lock's mode, or what a candidate has to say. */
  readonly wish: number | string
  readonly leaseMs: number
  readonly bound: boolean
  readonly until: number
}

export interface Hold {
  owner: string
  token: number
  /** Of a lock 1 for reading, EXCLUSIVE for writing; of a semaphore the permits. */
  weight: number
  until: number
  /** The client whose connection it is bound to, or -1. */
  client: number
}

export interface Wish {
  readonly client: number
  readonly owner: string
  readonly leaseMs: number
  readonly bound: boolean
  /** Undefined to try once; 0 for ever. */
  readonly waitMs: number | undefined
}

export const DEFAULT_LEASE_MS = 30_000
export const SUPERSEDED = 'UNBLOCKED superseded by the same owner on another connection'
export const UNBLOCKED = 'UNBLOCKED client unblocked via CLIENT UNBLOCK'

/** What a lock and a semaphore have in common: holds that end, and a queue in order of arrival. */
export abstract class Queueing {
  now = 0
  holds: Hold[] = []
  queue: Waiter[] = []
  said: Said = new Map()
  #tokens = 0

  protected newToken(): number {
    return ++this.#tokens
  }

  /** The rank of a token of the test's: 0 stands for the last one, -1 for one that nobody has yet. */
  protected rank(token: number): number {
    if (token > this.#tokens) return -1
    return token === 0 ? this.#tokens : token
  }

  hold(owner: string): Hold | undefined {
    return this.holds.find(each => each.owner === owner)
  }

  protected begin(hold: Hold, wish: { leaseMs: number; bound: boolean; client: number }): void {
    const leaseMs = wish.leaseMs || DEFAULT_LEASE_MS
    hold.until = wish.bound ? Number.POSITIVE_INFINITY : this.now + leaseMs
    hold.client = wish.bound ? wish.client : -1
  }

  /** Answers the waiter if it can be granted, or need not wait any more. */
  protected abstract tryWaiter(waiter: Waiter): Expected | undefined

  protected serve(): void {
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      const answer = this.tryWaiter(head)
      if (answer === undefined) return
      this.queue.shift()
      this.said.set(head.client, answer)
    }
  }

  protected wait(wish: Wish, what: Waiter['wish'], first = false): void {
    if (wish.waitMs === undefined) {
      this.said.set(wish.client, null)
      return
    }
    const until = wish.waitMs === 0 ? Number.POSITIVE_INFINITY : this.now + wish.waitMs
    const waiter: Waiter = { ...wish, wish: what, until }
    const place = this.queue.findIndex(each => each.owner === wish.owner)
    if (place >= 0) {
      this.said.set(this.queue[place]!.client, SUPERSEDED)
      this.queue[place] = waiter
    } else if (first) {
      this.queue.unshift(waiter)
    } else {
      this.queue.push(waiter)
    }
    this.serve()
  }

  /** Ends the wait of an owner with nil. */
  protected cancelWait(owner: string): boolean {
    const place = this.queue.findIndex(each => each.owner === owner)
    if (place < 0) return false
    const [waiter] = this.queue.splice(place, 1)
    this.said.set(waiter!.client, null)
    this.serve()
    return true
  }

  drop(owner: string): boolean {
    const before = this.holds.length
    this.holds = this.holds.filter(each => each.owner !== owner)
    return this.holds.length < before
  }

  extend(client: number, owner: string, leaseMs: number): void {
    const hold = this.hold(owner)
    if (hold !== undefined) this.begin(hold, { leaseMs, bound: false, client })
    this.said.set(client, hold === undefined ? 0 : leaseMs)
  }

  leave(client: number): void {
    this.queue = this.queue.filter(each => each.client !== client)
    this.holds = this.holds.filter(each => each.client !== client)
    this.serve()
  }

  unblock(client: number, byError: boolean): void {
    const place = this.queue.findIndex(each => each.client === client)
    if (place < 0) return
    this.queue.splice(place, 1)
    this.said.set(client, byError ? UNBLOCKED : null)
    this.serve()
  }

  pass(milliseconds: number): void {
    for (let left = milliseconds; left > 0; left -= 100) this.advance(Math.min(left, 100))
  }

  stall(milliseconds: number): void {
    for (const hold of this.holds) hold.until += milliseconds
    this.advance(milliseconds)
  }

  protected advance(milliseconds: number): void {
    this.now += milliseconds
    this.holds = this.holds.filter(each => each.until > this.now)
    this.serve()
    for (const waiter of this.queue.filter(each => each.until <= this.now)) {
      this.said.set(waiter.client, null)
      this.queue = this.queue.filter(each => each !== waiter)
    }
    this.serve()
  }
}

const EXCLUSIVE = 1000

export class LockModel extends Queueing {
  get #isExclusive(): boolean {
    return this.holds.some(each => each.weight === EXCLUSIVE)
  }

  acquire(wish: Wish, mode: 'read' | 'write'): void {
    const answer = this.#grant(wish, mode, this.queue.length > 0)
    if (answer === undefined) this.wait(wish, mode)
    else this.said.set(wish.client, answer)
  }

  #grant(
    wish: Omit<Wish, 'waitMs'>,
    mode: 'read' | 'write',
    isQueued: boolean,
  ): Expected | undefined {
    const held = this.hold(wish.owner)
    if (held !== undefined) {
      if (mode === 'write' && held.weight !== EXCLUSIVE) return 'DEADLOCK it would wait for itself'
      this.begin(held, wish)
      return held.token
    }
    if (isQueued || this.#isExclusive) return undefined
    if (mode === 'write' && this.holds.length > 0) return undefined
    const weight = mode === 'write' ? EXCLUSIVE : 1
    const hold = { owner: wish.owner, token: this.newToken(), weight, until: 0, client: -1 }
    this.begin(hold, wish)
    this.holds.push(hold)
    return hold.token
  }

  protected tryWaiter(waiter: Waiter): Expected | undefined {
    if (waiter.wish !== 'upgrade')
      return this.#grant(waiter, waiter.wish as 'read' | 'write', false)
    const held = this.hold(waiter.owner)
    return held === undefined ? null : this.#upgraded(held)
  }

  #upgraded(held: Hold): number | undefined {
    if (held.weight === EXCLUSIVE) return held.token
    if (this.holds.length > 1) return undefined
    held.weight = EXCLUSIVE
    held.token = this.newToken()
    if (held.client < 0) held.until = this.now + this.#leaseOf(held)
    return held.token
  }

  /** Lengths of leases, since an upgrade starts one anew. */
  readonly #leases = new Map<Hold, number>()

  #leaseOf(hold: Hold): number {
    return this.#leases.get(hold) ?? DEFAULT_LEASE_MS
  }

  protected override begin(
    hold: Hold,
    wish: { leaseMs: number; bound: boolean; client: number },
  ): void {
    super.begin(hold, wish)
    this.#leases.set(hold, wish.leaseMs || DEFAULT_LEASE_MS)
  }

  upgrade(wish: Wish): void {
    const held = this.hold(wish.owner)
    if (held === undefined) {
      this.said.set(wish.client, null)
      return
    }
    const token = this.#upgraded(held)
    const [head] = this.queue
    if (token !== undefined) this.said.set(wish.client, token)
    else if (head?.wish === 'upgrade' && head.owner !== wish.owner) {
      this.said.set(wish.client, 'DEADLOCK it would wait for itself')
    } else {
      this.wait(wish, 'upgrade', true)
    }
  }

  downgrade(client: number, owner: string): void {
    const held = this.hold(owner)
    if (held !== undefined) held.weight = 1
    this.said.set(client, held === undefined ? 0 : 1)
    this.serve()
  }

  release(client: number, owner: string): void {
    this.said.set(client, this.drop(owner) ? 1 : 0)
    this.serve()
  }

  cancel(client: number, owner: string): void {
    this.said.set(client, this.cancelWait(owner) || this.drop(owner) ? 1 : 0)
    this.serve()
  }
}

export class SemaphoreModel extends Queueing {
  limit = 0

  get #available(): number {
    return this.limit - this.holds.reduce((sum, each) => sum + each.weight, 0)
  }

  init(client: number, limit: number): void {
    this.limit = limit
    this.said.set(client, 1)
    this.serve()
  }

  acquire(wish: Wish, permits: number): void {
    const answer = this.#grant(wish, permits, this.queue.length > 0)
    if (answer === undefined) this.wait(wish, permits)
    else this.said.set(wish.client, answer)
  }

  #grant(wish: Omit<Wish, 'waitMs'>, permits: number, isQueued: boolean): Expected | undefined {
    const held = this.hold(wish.owner)
    const wanted = permits - (held?.weight ?? 0)
    if (wanted > 0) {
      if (this.limit > 0 && permits > this.limit) {
        return 'OUTOFBOUNDS the result would leave the bounds'
      }
      if (isQueued || wanted > this.#available) return undefined
    }
    const hold = held ?? {
      owner: wish.owner,
      token: this.newToken(),
      weight: 0,
      until: 0,
      client: -1,
    }
    if (held === undefined) this.holds.push(hold)
    if (wanted > 0) hold.weight += wanted
    this.begin(hold, wish)
    return hold.token
  }

  protected tryWaiter(waiter: Waiter): Expected | undefined {
    return this.#grant(waiter, waiter.wish as number, false)
  }

  #giveBack(owner: string, permits: number): number {
    const held = this.hold(owner)
    if (held === undefined) return 0
    const returned = Math.min(permits, held.weight)
    held.weight -= returned
    if (held.weight === 0) this.drop(owner)
    return returned
  }

  release(client: number, owner: string, permits: number): void {
    this.said.set(client, this.#giveBack(owner, permits))
    this.serve()
  }

  cancel(client: number, owner: string): void {
    const isDone = this.cancelWait(owner) || this.#giveBack(owner, Number.POSITIVE_INFINITY) > 0
    this.said.set(client, isDone ? 1 : 0)
    this.serve()
  }
}

type Comparison = 'GE' | 'LE' | 'EQ'

export class CounterModel {
  now = 0
  value: number | undefined = undefined
  said: Said = new Map()
  readonly #requests = new Map<string, number>()
  #waiters: { client: number; comparison: Comparison; threshold: number; until: number }[] = []

  change(client: number, change: (value: number) => number, reply: (v: number) => Expected): void {
    this.value = change(this.value ?? 0)
    this.said.set(client, reply(this.value))
    const { value } = this
    for (const waiter of this.#waiters.filter(each =>
      holds(each.comparison, value, each.threshold),
    )) {
      this.#end(waiter.client, value)
    }
  }

  /** Sent again under its id, it is answered again and counts once. */
  add(client: number, delta: number, request: string | undefined): void {
    const again = request === undefined ? undefined : this.#requests.get(request)
    if (again !== undefined) {
      this.said.set(client, again)
      return
    }
    this.change(
      client,
      value => value + delta,
      value => value,
    )
    if (request !== undefined) this.#requests.set(request, this.value!)
  }

  compareAndSet(client: number, expected: number, update: number): void {
    if (this.value === expected)
      this.change(
        client,
        () => update,
        () => 1,
      )
    else this.said.set(client, 0)
  }

  await(
    client: number,
    comparison: Comparison,
    threshold: number,
    waitMs: number | undefined,
  ): void {
    if (this.value !== undefined && holds(comparison, this.value, threshold)) {
      this.said.set(client, this.value)
    } else if (waitMs === undefined) {
      this.said.set(client, null)
    } else {
      const until = waitMs === 0 ? Number.POSITIVE_INFINITY : this.now + waitMs
      this.#waiters.push({ client, comparison, threshold, until })
    }
  }

  #end(client: number, answer: Expected): void {
    this.#waiters = this.#waiters.filter(each => each.client !== client)
    this.said.set(client, answer)
  }

  delete(client: number): void {
    this.said.set(client, this.value === undefined ? 0 : 1)
    this.value = undefined
  }

  leave(client: number): void {
    this.#waiters = this.#waiters.filter(each => each.client !== client)
  }

  unblock(client: number, byError: boolean): void {
    if (this.#waiters.some(each => each.client === client)) {
      this.#end(client, byError ? UNBLOCKED : null)
    }
  }

  pass(milliseconds: number): void {
    this.now += milliseconds
    for (const waiter of this.#waiters.filter(each => each.until <= this.now)) {
      this.#end(waiter.client, null)
    }
  }

  stall(milliseconds: number): void {
    this.pass(milliseconds)
  }
}

function holds(comparison: Comparison, value: number, threshold: number): boolean {
  if (comparison === 'GE') return value >= threshold
  return comparison === 'LE' ? value <= threshold : value === threshold
}

/** One generation after the other, without lifetimes. */
export class LatchModel {
  now = 0
  said: Said = new Map()
  #state: 'none' | 'closed' | 'open' | 'broken' = 'none'
  #count = 0
  #participants = new Set<string>()
  readonly #requests = new Map<string, number>()
  #waiters: { client: number; until: number }[] = []

  create(client: number, count: number): void {
    if (this.#state !== 'none') {
      this.said.set(client, 0)
      return
    }
    this.#begin(count)
    this.said.set(client, 1)
  }

  #begin(count: number): void {
    this.#count = count
    this.#state = count === 0 ? 'open' : 'closed'
    this.#participants = new Set()
  }

  reset(client: number, count: number): void {
    if (this.#state === 'none') {
      this.said.set(client, 'NOLATCH there is no such latch')
      return
    }
    this.#endAll('BROKEN the latch was broken')
    this.#begin(count)
    this.said.set(client, 1)
  }

  /** A step of a participant counts once, and so does one that is sent again under its id. */
  down(
    client: number,
    amount: number,
    participant: string | undefined,
    request: string | undefined,
  ): void {
    const again = request === undefined ? undefined : this.#requests.get(request)
    if (again !== undefined) {
      this.said.set(client, again)
      return
    }
    if (this.#state === 'none' || this.#state === 'broken') {
      this.said.set(client, this.#state === 'none' ? 'NOLATCH there is no such latch' : BROKEN)
      return
    }
    const isNew = participant === undefined || !this.#participants.has(participant)
    if (this.#state === 'closed' && isNew) {
      if (participant !== undefined) this.#participants.add(participant)
      this.#count = Math.max(0, this.#count - amount)
      if (this.#count === 0) {
        this.#state = 'open'
        this.#endAll(1)
      }
    }
    this.said.set(client, this.#count)
    if (request !== undefined) this.#requests.set(request, this.#count)
  }

  break(client: number): void {
    if (this.#state === 'none') this.said.set(client, 'NOLATCH there is no such latch')
    else if (this.#state === 'open') this.said.set(client, 'LATCHOPEN the latch is open')
    else {
      this.#state = 'broken'
      this.#endAll(BROKEN)
      this.said.set(client, 1)
    }
  }

  await(client: number, waitMs: number | undefined): void {
    if (this.#state === 'none') this.said.set(client, 'NOLATCH there is no such latch')
    else if (this.#state === 'open') this.said.set(client, 1)
    else if (this.#state === 'broken') this.said.set(client, BROKEN)
    else if (waitMs === undefined) this.said.set(client, 0)
    else {
      const until = waitMs === 0 ? Number.POSITIVE_INFINITY : this.now + waitMs
      this.#waiters.push({ client, until })
    }
  }

  delete(client: number): void {
    this.said.set(client, this.#state === 'none' ? 0 : 1)
    this.#state = 'none'
    this.#endAll('NOLATCH there is no such latch')
  }

  #endAll(answer: Expected): void {
    for (const { client } of this.#waiters) this.said.set(client, answer)
    this.#waiters = []
  }

  leave(client: number): void {
    this.#waiters = this.#waiters.filter(each => each.client !== client)
  }

  unblock(client: number, byError: boolean): void {
    if (!this.#waiters.some(each => each.client === client)) return
    this.leave(client)
    this.said.set(client, byError ? UNBLOCKED : 0)
  }

  pass(milliseconds: number): void {
    this.now += milliseconds
    for (const { client, until } of this.#waiters) if (until <= this.now) this.said.set(client, 0)
    this.#waiters = this.#waiters.filter(each => each.until > this.now)
  }

  stall(milliseconds: number): void {
    this.pass(milliseconds)
  }
}

const BROKEN = 'BROKEN the latch was broken'
