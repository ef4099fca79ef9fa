// holds.ts — What follows when somebody gets or gives back a lock, a semaphore or a leadership.
//
// The effect of every operation is one of two: this owner's hold is now so (`granted`), or it is no
// more (`released`). A copy that replays them decides nothing.

import type { Call } from '../../src/call.ts'
import type { CommandSpec } from '../../src/command.ts'
import { grantEffect, type HeldType, type ValueOf } from '../../src/coordination.ts'
import { type BARRIER, TYPE_NAMES } from '../../src/keyspace/record.ts'
import type { Granted, HoldState, HoldView } from '../../src/values/hold.ts'
import { effectRow } from './rows.ts'

/** The types that owners hold on a token. */
export type TokenType = Exclude<HeldType, typeof BARRIER>

/** The hold of an owner of key i is now as `hold` says; the owner is the one who asked. */
export function granted<T extends TokenType>(
  call: Call,
  i: number,
  type: T,
  value: ValueOf[T],
  { hold, fresh }: Granted,
  event: string,
): void {
  keep(call, i, type, value, hold)
  if (hold.connection !== 0) call.server.coordination.bind(call.client, value)
  if (!fresh) return
  const { owner, token } = hold
  call.client.unseen ??= []
  call.client.unseen.push({ db: call.db, key: call.text(i), type, owner, token })
  changedHands(call, i, hold, event)
}

/** A hold is new, or on a new token. */
export function changedHands(call: Call, i: number, hold: HoldView, event: string): void {
  const { coordination, stats } = call.server
  stats.holdsGranted++
  coordination.announce(call.db, call.text(i), event, hold.owner, hold.token)
}

/** Puts down and logs a hold as it is now. */
export function keep<T extends TokenType>(
  call: Call,
  i: number,
  type: T,
  value: ValueOf[T],
  hold: HoldView,
): void {
  call.server.coordination.save(call, i, type, value)
  if (call.isLogged) call.effect(...grantEffect(call.text(i), type, value, hold))
}

/** The hold is no more: whoever waits may be next. */
export function released<T extends TokenType>(
  call: Call,
  i: number,
  type: T,
  value: ValueOf[T],
  hold: HoldView,
  event: string,
): void {
  const { coordination, stats } = call.server
  stats.holdsReleased++
  coordination.save(call, i, type, value)
  call.effect(`${TYPE_NAMES[type]}.released`, call.text(i), hold.owner)
  coordination.announce(call.db, call.text(i), event, hold.owner, hold.token)
  call.signal(i)
}

/** Milliseconds that a hold has left; -1 for one without an end of its own. */
export function timeLeft(call: Call, hold: HoldView): number {
  if (hold.expiresAt === Number.POSITIVE_INFINITY) return -1
  return Math.max(0, Math.ceil(hold.expiresAt - call.server.monotonic))
}

/** The rows that replay what happened to holds of a type. `make` makes the value of a new key. */
export function holdEffects<T extends TokenType>(type: T, make: () => ValueOf[T]) {
  const name = TYPE_NAMES[type]
  const grant = (call: Call): void => {
    const { coordination, monotonic } = call.server
    const state: HoldState = {
      owner: call.text(2),
      token: call.integer(3),
      exclusive: call.is(4, '1'),
      count: call.integer(5),
      leaseMs: call.integer(6),
      connection: call.integer(7),
      meta: call.text(8),
    }
    const value = coordination.find(call, 1, type) ?? make()
    value.grant(state, monotonic)
    coordination.learnToken(call, 1, state.token)
    coordination.save(call, 1, type, value)
  }
  const release = (call: Call): void => {
    const { coordination } = call.server
    const value = coordination.find(call, 1, type)
    value?.remove(call.text(2))
    if (value !== undefined) coordination.save(call, 1, type, value)
  }
  return [
    effectRow(`${name}.granted`, 9, 'A hold is now so.', grant),
    effectRow(`${name}.released`, 3, 'A hold is no more.', release),
  ] satisfies Partial<CommandSpec>[]
}
