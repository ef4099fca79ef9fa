// An election, told plainly: who leads and says what, who stands in line, who waits for news.

import fc from 'fast-check'
import { test } from 'vitest'
import {
  DEFAULT_LEASE_MS,
  type Expected,
  type Hold,
  Queueing,
  UNBLOCKED,
  type Waiter,
  type Wish,
} from './models.ts'
import { check, client, type Move, optionsOf, owner, says, waitMs, waitOf, wish } from './moves.ts'

const FENCED = 'FENCED the token is stale'

interface Follower {
  readonly client: number
  /** The token that is no news to it. */
  readonly known: number
  readonly until: number
}

class LeaderModel extends Queueing {
  #value = ''
  #done = 0
  #followers: Follower[] = []

  get #leader(): Hold | undefined {
    return this.holds[0]
  }

  get #seen(): Expected {
    const leader = this.#leader
    if (leader === undefined) return null
    const left = leader.until === Number.POSITIVE_INFINITY ? -1 : leader.until - this.now
    return [leader.owner, this.#value, leader.token, left]
  }

  /** An empty value is none. */
  campaign(wish: Wish, value: string): void {
    const token = this.#grant(wish, value, this.queue.length > 0)
    if (token === undefined) this.wait(wish, value)
    else this.said.set(wish.client, token)
    this.serve()
  }

  #grant(wish: Omit<Wish, 'waitMs'>, value: string, isQueued: boolean): number | undefined {
    const leader = this.#leader
    if (leader?.owner === wish.owner) {
      if (value !== '') this.#value = value
      this.begin(leader, wish)
      return leader.token
    }
    if (leader !== undefined || isQueued) return undefined
    return this.#elect(wish, value).token
  }

  #elect(wish: Omit<Wish, 'waitMs'>, value: string): Hold {
    const hold = { owner: wish.owner, token: this.newToken(), weight: 1, until: 0, client: -1 }
    this.begin(hold, wish)
    this.holds = [hold]
    this.#value = value
    return hold
  }

  protected tryWaiter(waiter: Waiter): Expected | undefined {
    return this.#grant(waiter, String(waiter.wish), false)
  }

  /** Whoever waits for news is told when those in line have had their turn. */
  protected override serve(): void {
    super.serve()
    const leader = this.#leader
    if (leader === undefined) return
    for (const { client, known } of this.#followers) {
      if (known !== leader.token) this.said.set(client, this.#seen)
    }
    this.#followers = this.#followers.filter(each => each.known === leader.token)
  }

  resign(client: number, candidate: string): void {
    this.said.set(client, this.drop(candidate) ? 1 : 0)
    this.serve()
  }

  cancel(client: number, candidate: string): void {
    this.said.set(client, this.cancelWait(candidate) || this.drop(candidate) ? 1 : 0)
    this.serve()
  }

  extendBy(client: number, candidate: string, leaseMs: number, token: number): void {
    const isStale = this.#leader?.owner === candidate && this.#leader.token !== this.rank(token)
    if (isStale) this.said.set(client, FENCED)
    else this.extend(client, candidate, leaseMs)
  }

  proclaim(client: number, candidate: string, value: string): void {
    const leads = this.#leader?.owner === candidate
    if (leads) this.#value = value
    this.said.set(client, leads ? 1 : 0)
  }

  transfer(client: number, candidate: string, heir: string): void {
    const leader = this.#leader
    if (leader?.owner !== candidate) {
      this.said.set(client, null)
      return
    }
    const term = { client, owner: heir, leaseMs: DEFAULT_LEASE_MS, bound: false }
    if (heir === candidate) this.begin(leader, term)
    else this.#elect(term, this.#value)
    this.said.set(client, this.#leader!.token)
    const waiter = this.queue.find(each => each.owner === heir)
    if (waiter !== undefined) {
      // It is answered where it stands, and leads as it asked to.
      this.said.set(waiter.client, this.tryWaiter(waiter)!)
      this.queue = this.queue.filter(each => each !== waiter)
    }
    this.serve()
  }

  get(client: number): void {
    this.said.set(client, this.#seen)
  }

  members(client: number): void {
    const inLine = this.queue.map(each => each.owner)
    this.said.set(client, [...this.holds.map(each => each.owner), ...inLine])
  }

  assert(client: number, candidate: string, token: number): void {
    const leader = this.#leader
    if (leader === undefined) this.said.set(client, 'NOTHELD nobody holds it')
    else if (leader.owner !== candidate) this.said.set(client, 'NOTOWNER somebody else holds it')
    else this.said.set(client, leader.token === this.rank(token) ? 'OK' : FENCED)
  }

  /** One more is done, but by the present leader only. */
  do(client: number, token: number): void {
    const leads = this.#leader !== undefined && this.#leader.token === this.rank(token)
    if (leads) this.#done++
    this.said.set(client, leads ? this.#done : FENCED)
  }

  /** Without `not`, what is news is any other leader than the present one. */
  await(client: number, not: number | undefined, milliseconds: number | undefined): void {
    const leader = this.#leader
    const known = not === undefined ? (leader?.token ?? 0) : this.rank(not)
    if (leader !== undefined && leader.token !== known) this.said.set(client, this.#seen)
    else if (milliseconds === undefined) this.said.set(client, null)
    else {
      const until = milliseconds === 0 ? Number.POSITIVE_INFINITY : this.now + milliseconds
      this.#followers.push({ client, known, until })
    }
  }

  delete(client: number): void {
    this.said.set(client, this.holds.length)
    this.holds = []
    this.serve()
  }

  override leave(client: number): void {
    this.#followers = this.#followers.filter(each => each.client !== client)
    super.leave(client)
  }

  override unblock(client: number, byError: boolean): void {
    if (this.#followers.some(each => each.client === client)) {
      this.#followers = this.#followers.filter(each => each.client !== client)
      this.said.set(client, byError ? UNBLOCKED : null)
    }
    super.unblock(client, byError)
  }

  protected override advance(milliseconds: number): void {
    super.advance(milliseconds)
    const over = this.#followers.filter(each => each.until <= this.now)
    for (const each of over) this.said.set(each.client, null)
    this.#followers = this.#followers.filter(each => each.until > this.now)
  }
}

const named = fc.tuple(client, owner)
const value = fc.constantFrom('', 'v1', 'v2')
/** Mostly the last token; some that are stale, some that nobody has yet. */
const token = fc.constantFrom(0, 0, 1, 2, 3, 4)

test('the server does as the model of an election says', () => {
  const commands: fc.Arbitrary<Move<LeaderModel>> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(wish, value)
        .map(([each, said]) =>
          says<LeaderModel>(
            each.client,
            `LEADER.CAMPAIGN {k}e ${each.owner} ${said && `VALUE ${said}`} ${optionsOf(each)}`,
            model => model.campaign(each, said),
          ),
        ),
    },
    {
      weight: 4,
      arbitrary: named.map(([who, name]) =>
        says<LeaderModel>(who, `LEADER.RESIGN {k}e ${name}`, model => model.resign(who, name)),
      ),
    },
    named.map(([who, name]) =>
      says<LeaderModel>(who, `LEADER.CANCEL {k}e ${name}`, model => model.cancel(who, name)),
    ),
    fc
      .tuple(client, owner, token)
      .map(([who, name, by]) =>
        says<LeaderModel>(who, `LEADER.EXTEND {k}e ${name} PX 400 TOKEN T${by}`, model =>
          model.extendBy(who, name, 400, by),
        ),
      ),
    fc
      .tuple(client, owner, fc.constantFrom('p1', 'p2'))
      .map(([who, name, said]) =>
        says<LeaderModel>(who, `LEADER.PROCLAIM {k}e ${name} ${said}`, model =>
          model.proclaim(who, name, said),
        ),
      ),
    {
      weight: 2,
      arbitrary: fc
        .tuple(client, owner, owner)
        .map(([who, name, heir]) =>
          says<LeaderModel>(who, `LEADER.TRANSFER {k}e ${name} ${heir}`, model =>
            model.transfer(who, name, heir),
          ),
        ),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(client, fc.option(token, { nil: undefined }), waitMs)
        .map(([who, not, wait]) =>
          says<LeaderModel>(
            who,
            `LEADER.AWAIT {k}e ${not === undefined ? '' : `NOT T${not}`} ${waitOf(wait)}`,
            model => model.await(who, not, wait),
          ),
        ),
    },
    fc
      .tuple(client, owner, token)
      .map(([who, name, by]) =>
        says<LeaderModel>(who, `LEADER.ASSERT {k}e ${name} TOKEN T${by}`, model =>
          model.assert(who, name, by),
        ),
      ),
    fc
      .tuple(client, token)
      .map(([who, by]) =>
        says<LeaderModel>(who, `LOCK.DO {k}e T${by} INCR {k}n`, model => model.do(who, by)),
      ),
    client.map(who => says<LeaderModel>(who, 'LEADER.GET {k}e', model => model.get(who))),
    client.map(who => says<LeaderModel>(who, 'LEADER.MEMBERS {k}e', model => model.members(who))),
    client.map(who => says<LeaderModel>(who, 'DEL {k}e', model => model.delete(who))),
  )
  check(commands, () => new LeaderModel())
})
