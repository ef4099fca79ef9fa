// What one machine, working on one operation at a time, would answer: the sequential meaning of the
// objects that the grid offers.
//
// Where the grid may choose, the model allows each choice. A lease ends at some moment not before
// its length has passed since the call that began it; from then on its lock may be lost or not,
// since failovers lengthen leases. So an answer is illegal only if no correct grid could have given
// it.

import type { Model } from './checker.ts'
import type { Operation } from './history.ts'

export type RegisterInput =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: string }
  | { readonly kind: 'swap'; readonly expected: string | null; readonly value: string }

/** The value read, null if there is none; whether a swap took place; true for a write. */
export type RegisterOutput = string | null | boolean

export const register: Model<string | null, RegisterInput, RegisterOutput> = {
  initial: null,
  step(value, { input, output }) {
    switch (input.kind) {
      case 'read':
        return output === undefined || output === value ? value : undefined
      case 'write':
        return input.value
      case 'swap': {
        const isSwapped = value === input.expected
        if (output !== undefined && output !== isSwapped) return undefined
        return isSwapped ? input.value : value
      }
    }
  },
  describe: value => JSON.stringify(value),
}

export type CounterInput =
  | { readonly kind: 'get' }
  | { readonly kind: 'add'; readonly delta: number }

/** The value, after an addition if it was one. */
export type CounterOutput = number | 'out-of-bounds'

export function counter(min: number, max: number): Model<number, CounterInput, CounterOutput> {
  return {
    initial: 0,
    step(value, { input, output }) {
      if (input.kind === 'get') return output === undefined || output === value ? value : undefined
      const sum = value + input.delta
      const isWithin = sum >= min && sum <= max
      if (output !== undefined && output !== (isWithin ? sum : 'out-of-bounds')) return undefined
      return isWithin ? sum : value
    },
    describe: value => `${value}`,
  }
}

export type SetInput =
  | { readonly kind: 'add' | 'remove' | 'has'; readonly member: string }
  | { readonly kind: 'size' }

/** Whether it was added, removed or there; or how many there are. */
export type SetOutput = boolean | number

export const set: Model<readonly string[], SetInput, SetOutput> = {
  initial: [],
  step(members, { input, output }) {
    const fits = (actual: SetOutput) => output === undefined || output === actual
    if (input.kind === 'size') return fits(members.length) ? members : undefined
    const { member } = input
    const isThere = members.includes(member)
    if (input.kind === 'has') return fits(isThere) ? members : undefined
    if (input.kind === 'add') {
      if (!fits(!isThere)) return undefined
      return isThere ? members : [...members, member].sort()
    }
    if (!fits(isThere)) return undefined
    return isThere ? members.filter(other => other !== member) : members
  },
  describe: members => JSON.stringify(members),
}

export type LockInput =
  /** Idempotent for the holder, whose lease starts again. */
  | { readonly kind: 'acquire'; readonly owner: string; readonly leaseMs: number }
  | { readonly kind: 'release'; readonly owner: string }
  /** Something that only the holder of this token may do. */
  | { readonly kind: 'use'; readonly token: number }

/** The token, or null if somebody else holds it; whether it was released; how the use ended. */
export type LockOutput = number | null | boolean | 'done' | 'fenced'

export interface LockState {
  readonly owner: string | null
  /** Null if it was never told: the grant's outcome is unknown. */
  readonly token: number | null
  /** No token of this grant is below it, every later one is above it. */
  readonly tokenMin: number
  /** The lease cannot end before. */
  readonly endsAt: number
  /**
   * A lease has ended at this time or later, so nothing that was answered before can still come.
   */
  readonly passedAt: number
}

type LockOperation = Operation<LockInput, LockOutput>

const FREE = { owner: null, token: null, endsAt: 0 } as const

export const lock: Model<LockState, LockInput, LockOutput> = {
  initial: { ...FREE, tokenMin: 0, passedAt: 0 },
  step(state, operation) {
    const { input, answeredAt } = operation
    if (answeredAt < state.passedAt) return undefined
    switch (input.kind) {
      case 'acquire':
        return acquire(state, operation, input.owner, input.leaseMs)
      case 'release':
        return release(state, operation, input.owner)
      case 'use':
        return use(state, operation, input.token)
    }
  },
  describe: state => Object.values(state).join(' '),
}

/**
 * The state after the lease has ended, or undefined if it cannot have by the time of the answer.
 */
function ended(state: LockState, { answeredAt }: LockOperation): LockState | undefined {
  if (state.owner === null || answeredAt < state.endsAt) return undefined
  const { tokenMin, passedAt, endsAt } = state
  return { ...FREE, tokenMin, passedAt: Math.max(passedAt, endsAt) }
}

function acquire(
  state: LockState,
  operation: LockOperation,
  owner: string,
  leaseMs: number,
): LockState | undefined {
  const { output, calledAt } = operation
  const endsAt = calledAt + leaseMs
  const isOwn = state.owner === owner
  if (output === null) return state.owner === null || isOwn ? undefined : state
  const free = state.owner === null ? state : ended(state, operation)
  if (output === undefined) {
    // Whether the lease went on or began anew, the token is the old one or a later one.
    if (isOwn) return { ...state, token: null, endsAt }
    return free && { ...free, owner, tokenMin: state.tokenMin + 1, endsAt }
  }
  if (typeof output !== 'number') return undefined
  const told = { owner, token: output, tokenMin: output, endsAt }
  if (isOwn && isToken(state, output)) return { ...state, ...told }
  return free && output > state.tokenMin ? { ...free, ...told } : undefined
}

function isToken({ token, tokenMin }: LockState, told: number): boolean {
  return token === null ? told >= tokenMin : told === token
}

function release(state: LockState, operation: LockOperation, owner: string): LockState | undefined {
  const { output } = operation
  if (state.owner !== owner) return output === true ? undefined : state
  return output === false ? ended(state, operation) : { ...state, ...FREE }
}

function use(state: LockState, operation: LockOperation, token: number): LockState | undefined {
  const { output } = operation
  if (output === undefined) return state
  const isHolder = state.owner !== null && isToken(state, token)
  if (output === 'done') return isHolder ? { ...state, token, tokenMin: token } : undefined
  if (output !== 'fenced') return undefined
  // While nobody was told the token, a wrong guess proves nothing.
  return isHolder && state.token !== null ? ended(state, operation) : state
}

export type LatchInput =
  | { readonly kind: 'create'; readonly count: number }
  | { readonly kind: 'down'; readonly by: number }
  | { readonly kind: 'await' | 'count' }

/** Whether it was created; what remains; whether it opened in time. */
export type LatchOutput = boolean | number | 'no-latch'

export const latch: Model<number | null, LatchInput, LatchOutput> = {
  initial: null,
  step(count, { input, output }) {
    const fits = (actual: LatchOutput) => output === undefined || output === actual
    if (input.kind === 'create') {
      if (!fits(count === null)) return undefined
      return count === null ? input.count : count
    }
    if (count === null) return fits('no-latch') ? count : undefined
    switch (input.kind) {
      case 'down': {
        const left = Math.max(0, count - input.by)
        return fits(left) ? left : undefined
      }
      case 'await':
        return fits(count === 0) ? count : undefined
      case 'count':
        return fits(count) ? count : undefined
    }
  },
  describe: count => `${count}`,
}
