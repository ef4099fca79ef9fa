// Contenders that lock and release as fast as their library lets them, for a fixed time.
//
// A hand-over is timed from the call that gives the lock up until another contender has it, both on the
// clock of this process: that is what those who wait feel, whatever happens in between.
//
// Invariant: a contested lock is held by one contender at a time, checked at every grant; a system that
// grants it twice has no figure.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { percentile } from '../statistics.ts'
import type { LockTask, Order, Report } from './orders.ts'
import { Stopwatch, type Taken } from './stopwatch.ts'
import { type Acquire, type Release, systemNamed } from './systems.ts'

const WARM_UP_MS = 1000
const NOBODY = -1

export async function measureLocking(order: Order<LockTask>): Promise<Report> {
  const { over } = systemNamed(order.system)
  const connections: Redis[] = []
  const connect = () => {
    const redis = new Redis(order.port, '127.0.0.1')
    connections.push(redis)
    return over(redis)
  }
  const shared = order.connection === 'shared' ? connect() : undefined
  const contest = new Contest(order)
  const contenders = Array.from({ length: order.contenders }, (_, i) =>
    contest.contend(i, shared ?? connect()),
  )
  try {
    await Promise.race([sleep(WARM_UP_MS), ...contenders])
    contest.startCounting()
    const stopwatch = new Stopwatch(order.pid)
    await Promise.race([sleep(order.seconds * 1000), ...contenders])
    return { ...contest.report(), ...stopwatch.taken() }
  } finally {
    contest.end()
    // Not awaited: a library that polls without end goes on after its connection is gone.
    Promise.allSettled(contenders)
    for (const redis of connections) redis.disconnect()
  }
}

class Contest {
  readonly #lock: LockTask['lock']
  readonly #contenders: number
  /** Another one for each run: what a run leaves locked must not hold up the next. */
  readonly #key = `bench:lock:${randomUUID()}`
  #isOver = false
  #holder = NOBODY
  #lastHolder = NOBODY
  #releasedAt = 0
  /** Who has had the lock in this round, and waits for the next. */
  #letIn: (() => void)[] = []
  #pairs = 0
  #failures = 0
  #longestWaitMs = 0
  /** Since when each of those who have asked for the lock waits. */
  readonly #askedAt = new Map<number, number>()
  #handOverMs: number[] = []

  constructor({ lock, contenders }: LockTask) {
    this.#lock = lock
    this.#contenders = contenders
  }

  startCounting(): void {
    this.#pairs = 0
    this.#failures = 0
    this.#longestWaitMs = 0
    this.#handOverMs = []
  }

  end(): void {
    this.#isOver = true
    for (const letIn of this.#letIn) letIn()
  }

  report(): Omit<Report, keyof Taken> {
    // Those who never got it have waited too.
    for (const contender of this.#askedAt.keys()) this.#waited(contender)
    const handOvers = Float64Array.from(this.#handOverMs).sort()
    return {
      operations: this.#pairs,
      handOvers: handOvers.length,
      p50Ms: handOvers.length === 0 ? 0 : percentile(handOvers, 0.5),
      p99Ms: handOvers.length === 0 ? 0 : percentile(handOvers, 0.99),
      longestWaitMs: this.#longestWaitMs,
      failures: this.#failures,
    }
  }

  async contend(me: number, acquire: Acquire): Promise<void> {
    const isContested = this.#lock !== 'free'
    const key = isContested ? this.#key : `${this.#key}:${me}`
    while (!this.#isOver) {
      this.#askedAt.set(me, performance.now())
      const release = await this.#acquired(acquire, key)
      this.#waited(me)
      this.#askedAt.delete(me)
      if (isContested) this.#taken(me)
      if (isContested) this.#givenUp()
      await release()
      this.#pairs += 1
      if (this.#lock === 'rounds') await this.#nextRound()
    }
  }

  async #acquired(acquire: Acquire, key: string): Promise<Release> {
    for (;;) {
      try {
        return await acquire(key)
      } catch (error) {
        if (this.#isOver) throw error
        this.#failures += 1
      }
    }
  }

  #waited(me: number): void {
    const waitMs = performance.now() - this.#askedAt.get(me)!
    this.#longestWaitMs = Math.max(this.#longestWaitMs, waitMs)
  }

  #taken(me: number): void {
    if (this.#holder !== NOBODY) throw new Error('two contenders hold the lock')
    this.#holder = me
    if (this.#lastHolder === me) return
    if (this.#lastHolder !== NOBODY) this.#handOverMs.push(performance.now() - this.#releasedAt)
    this.#lastHolder = me
  }

  #givenUp(): void {
    this.#holder = NOBODY
    this.#releasedAt = performance.now()
  }

  #nextRound(): Promise<void> | undefined {
    if (this.#isOver) return undefined
    if (this.#letIn.length + 1 < this.#contenders) {
      return new Promise(resolve => {
        this.#letIn.push(resolve)
      })
    }
    // The way from one round to the next is no hand-over: nobody waited.
    this.#lastHolder = NOBODY
    for (const letIn of this.#letIn.splice(0)) letIn()
    return undefined
  }
}
