// Histories drawn by hand.

import { check, type Model } from './checker.ts'
import type { RegisterInput } from './checker-models.ts'
import type { Operation } from './history.ts'

/** An operation drawn as in the literature: from its call to its answer, on a line of its own. */
export type Bar<Input, Output> = readonly [
  called: number,
  answered: number,
  input: Input,
  output: Output | undefined,
]

/** Times are positions too. An answer at Infinity never came. */
export function drawn<Input, Output>(
  bars: readonly Bar<Input, Output>[],
  key = 'k',
): readonly Operation<Input, Output>[] {
  return bars.map(([called, answered, input, output], id) => {
    const times = { called, answered, calledAt: called, answeredAt: answered }
    return { id, client: `c${id}`, key, input, output, ...times }
  })
}

export const NEVER = Number.POSITIVE_INFINITY

export function verdict<State, Input, Output>(
  model: Model<State, Input, Output>,
  bars: readonly Bar<Input, Output>[],
): string {
  return check(drawn(bars), model).kind
}

export const write = (value: string): RegisterInput => ({ kind: 'write', value })
export const swap = (expected: string | null, value: string): RegisterInput => {
  return { kind: 'swap', expected, value }
}
export const read: RegisterInput = { kind: 'read' }
