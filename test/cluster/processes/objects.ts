// What clients of a test do to the grid, one operation at a time, each written into a history.
//
// A reply that says that nothing was done keeps the operation out of the history; every other
// failure leaves its fate open.

import { performance } from 'node:perf_hooks'
import { type Grid, type HeldLock, LatchkeyError } from '../../../src/client/index.ts'
import { check, explain, type Verdict } from '../../simulation/checker.ts'
import {
  type CounterInput,
  type CounterOutput,
  counter,
  type LockInput,
  type LockOutput,
  lock,
  type RegisterInput,
  type RegisterOutput,
  register,
  type SetInput,
  type SetOutput,
  set,
} from '../../simulation/checker-models.ts'
import { History } from '../../simulation/history.ts'
import type { Seeded } from '../raft/seeded.ts'
import type { ClusterClient } from './cluster-clients.ts'

/** By their first words: the command was not executed. */
const REFUSALS = /^(MOVED|TRYAGAIN|CLUSTERDOWN|NOREPLICAS|LOADING|CROSSSLOT) /
/** Longer than commands wait in a node for a segment that changes its primary. */
export const OPERATION_TIMEOUT_MS = 4_000
const LEASE_MS = 1_000

export class OperationTimeout extends Error {}

/** Who does something: a client of the test as the history knows it, and what it works with. */
export interface Actor {
  readonly name: string
  readonly client: ClusterClient
  readonly grid: Grid
  readonly random: Seeded
  /** A number that no other actor has: what is written is written once. */
  unique(): number
}

export class Objects {
  readonly registers = new History<RegisterInput, RegisterOutput>()
  readonly counters = new History<CounterInput, CounterOutput>()
  readonly sets = new History<SetInput, SetOutput>()
  readonly locks = new History<LockInput, LockOutput>()

  async register(actor: Actor, key: string): Promise<void> {
    if (actor.random.chance(0.5)) return this.readRegister(actor, key)
    const value = String(actor.unique())
    await this.#record(this.registers, actor, key, { kind: 'write', value }, async () => {
      await actor.client.call(key, 'SET', key, value)
      return true
    })
  }

  readRegister(actor: Actor, key: string): Promise<void> {
    return this.#record(this.registers, actor, key, { kind: 'read' }, async () => {
      const value = await actor.client.call(key, 'GET', key)
      return value === null ? null : String(value)
    })
  }

  async counter(actor: Actor, key: string): Promise<void> {
    if (actor.random.chance(0.2)) return this.readCounter(actor, key)
    await this.#record(this.counters, actor, key, { kind: 'add', delta: 1 }, async () =>
      Number(await actor.client.call(key, 'INCR', key)),
    )
  }

  readCounter(actor: Actor, key: string): Promise<void> {
    return this.#record(this.counters, actor, key, { kind: 'get' }, async () =>
      Number(await actor.client.call(key, 'GET', key)),
    )
  }

  async set(actor: Actor, key: string): Promise<void> {
    const { random, client } = actor
    const member = String(random.below(8))
    const kind = random.pick(['add', 'add', 'remove', 'has'] as const)
    const command = { add: 'SADD', remove: 'SREM', has: 'SISMEMBER' }[kind]
    await this.#record(this.sets, actor, key, { kind, member }, async () =>
      Boolean(Number(await client.call(key, command, key, member))),
    )
  }

  readSet(actor: Actor, key: string): Promise<void> {
    return this.#record(this.sets, actor, key, { kind: 'size' }, async () =>
      Number(await actor.client.call(key, 'SCARD', key)),
    )
  }

  /** Takes the lock if it is free, does something under its token, and mostly gives it back. */
  async lock(actor: Actor, key: string): Promise<void> {
    const owner = `${actor.name}/${actor.unique()}`
    let held: HeldLock | null = null
    const input = { kind: 'acquire', owner, leaseMs: LEASE_MS } as const
    try {
      await this.#record(this.locks, actor, key, input, async () => {
        held = await actor.grid.lock(key).tryAcquire({ owner, lease: LEASE_MS, renew: false })
        return (held as HeldLock | null)?.token ?? null
      })
    } catch (error) {
      // The client gives back what it may have been granted, at a time of its own.
      const id = this.locks.call(actor.name, key, { kind: 'release', owner }, performance.now())
      this.locks.lose(id)
      throw error
    }
    if (held === null) return
    await this.#useAndRelease(actor, key, held)
  }

  async #useAndRelease(actor: Actor, key: string, held: HeldLock): Promise<void> {
    const { token, owner } = held
    await this.#record(this.locks, actor, key, { kind: 'use', token }, async () => {
      try {
        await held.store.set(`{${key}}:used`, token)
        return 'done'
      } catch (error) {
        if (error instanceof LatchkeyError && error.code === 'FENCED') return 'fenced'
        throw error
      }
    })
    if (actor.random.chance(0.1)) return
    await this.#record(this.locks, actor, key, { kind: 'release', owner }, () => held.release())
  }

  /** Throws unless every object behaved as if there were one machine that never fails. */
  verify(): void {
    const unbounded = counter(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    assertLinearizable(check(this.registers.operations, register))
    assertLinearizable(check(this.counters.operations, unbounded))
    assertLinearizable(check(this.sets.operations, set))
    assertLinearizable(check(this.locks.operations, lock))
  }

  async #record<Input, Output extends NonNullable<unknown> | null>(
    history: History<Input, Output>,
    actor: Actor,
    key: string,
    input: Input,
    operation: () => Promise<Output>,
  ): Promise<void> {
    const id = history.call(actor.name, key, input, performance.now())
    try {
      const output = await withinTime(operation())
      history.answer(id, output, performance.now())
    } catch (error) {
      if (REFUSALS.test((error as Error).message)) history.refuse(id)
      else history.lose(id)
      throw error
    }
  }
}

function withinTime<T>(operation: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new OperationTimeout(`no answer within ${OPERATION_TIMEOUT_MS} ms`)),
      OPERATION_TIMEOUT_MS,
    )
  })
  return Promise.race([operation, timeout]).finally(() => clearTimeout(timer))
}

function assertLinearizable<Input, Output>(verdict: Verdict<Input, Output>): void {
  if (verdict.kind !== 'linearizable') throw new Error(explain(verdict))
}
