// The objects that simulated clients use: which there are, in which segments, and what may be asked
// of them.
//
// A pair is two counters that one command may touch together, in one segment: what several keys of
// one command mean to replication and transfer is seen on them.

import type { Model } from './checker.ts'
import {
  type CounterInput,
  type CounterOutput,
  counter,
  type LatchInput,
  type LatchOutput,
  type LockInput,
  type LockOutput,
  latch,
  lock,
  type RegisterInput,
  type RegisterOutput,
  register,
  type SetInput,
  type SetOutput,
  set,
} from './checker-models.ts'

export type PairInput =
  | { readonly kind: 'read' }
  | { readonly kind: 'add'; readonly to: 0 | 1; readonly delta: number }
  /** The second becomes what the first is. */
  | { readonly kind: 'copy' }
  | { readonly kind: 'swap' }

/** Both values, afterwards. */
export type PairOutput = readonly [number, number]

export type Input = RegisterInput | CounterInput | SetInput | LockInput | LatchInput | PairInput
export type Output =
  | RegisterOutput
  | CounterOutput
  | SetOutput
  | LockOutput
  | LatchOutput
  | PairOutput

export function changedPair([first, second]: PairOutput, input: PairInput): PairOutput {
  switch (input.kind) {
    case 'read':
      return [first, second]
    case 'add':
      return input.to === 0 ? [first + input.delta, second] : [first, second + input.delta]
    case 'copy':
      return [first, first]
    case 'swap':
      return [second, first]
  }
}

export const pair: Model<PairOutput, PairInput, PairOutput> = {
  initial: [0, 0],
  step(state, { input, output }) {
    const after = changedPair(state, input)
    const fits = output === undefined || (output[0] === after[0] && output[1] === after[1])
    return fits ? after : undefined
  },
  describe: state => `${state}`,
}

export const COUNTER_MAX = 1_000_000

export type Kind = 'register' | 'counter' | 'set' | 'lock' | 'latch' | 'pair'

export const MODELS = {
  register,
  counter: counter(-COUNTER_MAX, COUNTER_MAX),
  set,
  lock,
  latch,
  pair,
} as const satisfies Record<Kind, unknown>

export interface Subject {
  readonly name: string
  readonly kind: Kind
  readonly segment: number
}

/** Whether asking twice is as good as asking once. */
export function isRead({ kind }: Subject, input: Input): boolean {
  switch (input.kind) {
    case 'read':
    case 'get':
    case 'has':
    case 'size':
    case 'await':
    case 'count':
    case 'use':
      return true
    default:
      return kind === 'latch' && input.kind === 'create' && input.count < 0
  }
}
