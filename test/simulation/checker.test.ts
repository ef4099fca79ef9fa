// The search must find an order where there is one, in few steps, and must not find one elsewhere.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { check, explain, type Model } from './checker.ts'
import { type Bar, drawn, NEVER, read, swap, write } from './checker-fixtures.ts'
import {
  type CounterInput,
  type CounterOutput,
  counter,
  type LatchInput,
  type LatchOutput,
  type LockInput,
  type LockOutput,
  type LockState,
  latch,
  lock,
  type RegisterInput,
  type RegisterOutput,
  register,
} from './checker-models.ts'
import type { Operation } from './history.ts'

interface Case<State, Input, Output> {
  readonly model: Model<State, Input, Output>
  readonly inputs: readonly Input[]
  readonly outputs: readonly Output[]
}

/** By trying every order of every subset that has all the answered ones. */
function isLinearizable<State, Input, Output>(
  operations: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
): boolean {
  type Left = readonly Operation<Input, Output>[]
  const go = (state: State, left: Left): boolean => {
    if (left.every(({ output }) => output === undefined)) return true
    return left.some(operation => {
      const isFirst = left.every(other => operation.called < other.answered)
      const next = isFirst ? model.step(state, operation) : undefined
      const rest = left.filter(other => other !== operation)
      return next !== undefined && go(next, rest)
    })
  }
  return go(model.initial, operations)
}

function assertAgreement<State, Input, Output>(one: Case<State, Input, Output>): void {
  const bar = fc.tuple(
    fc.nat(12),
    fc.nat(6),
    fc.constantFrom(...one.inputs),
    fc.constantFrom(...one.outputs, undefined),
  )
  let linearizable = 0
  fc.assert(
    fc.property(fc.array(bar, { maxLength: 6 }), list => {
      const bars = list.map(([called, length, input, output], at) => {
        const start = called + at / 100
        const end = output === undefined ? NEVER : start + length + 0.5
        return [start, end, input, output] as const
      })
      const operations = drawn(bars)
      const expected = isLinearizable(operations, one.model)
      if (expected) linearizable++
      expect(check(operations, one.model).kind).toBe(expected ? 'linearizable' : 'illegal')
    }),
    { numRuns: 2_000 },
  )
  expect(linearizable).toBeGreaterThan(100)
}

describe('The search agrees with trying every order', () => {
  it('for a register', () => {
    assertAgreement({
      model: register,
      inputs: [read, write('x'), write('y'), swap(null, 'x'), swap('x', 'y'), swap('y', 'x')],
      outputs: [null, 'x', 'y', true, false],
    })
  })

  it('for a counter', () => {
    const add = (delta: number): CounterInput => ({ kind: 'add', delta })
    assertAgreement<number, CounterInput, CounterOutput>({
      model: counter(0, 2),
      inputs: [{ kind: 'get' }, add(1), add(1), add(-1), add(2)],
      outputs: [0, 1, 2, 'out-of-bounds'],
    })
  })

  it('for a lock', () => {
    const acquire = (owner: string): LockInput => ({ kind: 'acquire', owner, leaseMs: 3 })
    const release = (owner: string): LockInput => ({ kind: 'release', owner })
    const use = (token: number): LockInput => ({ kind: 'use', token })
    assertAgreement<LockState, LockInput, LockOutput>({
      model: lock,
      inputs: [acquire('a'), acquire('b'), release('a'), release('b'), use(1), use(2)],
      outputs: [null, 1, 2, true, false, 'done', 'fenced'],
    })
  })

  it('for a latch', () => {
    assertAgreement<number | null, LatchInput, LatchOutput>({
      model: latch,
      inputs: [
        { kind: 'create', count: 2 },
        { kind: 'down', by: 1 },
        { kind: 'await' },
        { kind: 'count' },
      ],
      outputs: [true, false, 0, 1, 2, 'no-latch'],
    })
  })
})

describe('The search', () => {
  it('looks at each key by itself', () => {
    const one = drawn<RegisterInput, RegisterOutput>([[0, 1, write('x'), true]], 'one')
    const other = drawn<RegisterInput, RegisterOutput>([[2, 3, read, null]], 'other')
    expect(check([...one, ...other], register).kind).toBe('linearizable')
    const wrong = drawn<RegisterInput, RegisterOutput>([[2, 3, read, null]], 'one')
    expect(check([...one, ...wrong], register)).toMatchObject({ kind: 'illegal', key: 'one' })
  })

  it('shows how far it came and what did not fit', () => {
    const bars: Bar<RegisterInput, RegisterOutput>[] = [
      [0, 1, write('x'), true],
      [2, 3, read, 'x'],
      [4, 5, read, 'y'],
    ]
    expect(explain(check(drawn(bars), register))).toBe(
      [
        'not linearizable for k; an order that fits so far:',
        '  0 c0 [0, 1] {"kind":"write","value":"x"} -> true',
        '  1 c1 [2, 3] {"kind":"read"} -> "x"',
        'state "x", and none of these is next:',
        '  2 c2 [4, 5] {"kind":"read"} -> "y"',
      ].join('\n'),
    )
  })

  it('says when it gives up', () => {
    const bars: Bar<RegisterInput, RegisterOutput>[] = Array.from({ length: 12 }, (_, at) => {
      return [at, 100 + at, write(`${at}`), true] as const
    })
    bars.push([200, 201, read, 'none of them'])
    expect(check(drawn(bars), register, 1_000).kind).toBe('undecided')
  })

  /** What concurrent clients of one correct object see, some of them not told the outcome. */
  function observed<State, Input, Output>(
    model: Model<State, Input, Output>,
    next: (random: () => number, state: State) => readonly [Input, Output],
    count: number,
    seed: number,
    clients = 8,
    lostRate = 0.02,
  ): Operation<Input, Output>[] {
    let mixed = seed
    const random = () => {
      mixed = (Math.imul(mixed, 1_664_525) + 1_013_904_223) >>> 0
      return mixed / 2 ** 32
    }
    let { initial: state } = model
    const freeAt = new Array<number>(clients).fill(0)
    const operations: Operation<Input, Output>[] = []
    for (let id = 0; id < count; id++) {
      const effect = (id + 1) * 10
      const client = freeAt.findIndex(free => free < effect)
      const [input, output] = next(random, state)
      const called = Math.max(freeAt[client] ?? 0, effect - random() * 40)
      const isLost = random() < lostRate
      const answered = isLost ? NEVER : effect + random() * 40
      freeAt[client] = effect + 40
      const times = { called, answered, calledAt: called, answeredAt: answered }
      const told = isLost ? undefined : output
      operations.push({ id, client: `${client}`, key: 'k', input, output: told, ...times })
      const after = model.step(state, { ...operations[id]!, output })
      if (after === undefined) throw new Error('the generator follows the model')
      // Half of what was lost has not happened.
      if (!isLost || random() < 0.5) state = after
    }
    return operations
  }

  function registerStep(random: () => number, value: string | null) {
    const kind = random()
    const other = `${Math.floor(random() * 5)}`
    if (kind < 0.4) return [read, value] as const
    if (kind < 0.8) return [write(other), true] as const
    return [swap('1', other), value === '1'] as const
  }

  const open = counter(-1e9, 1e9)

  function counterStep(random: () => number, value: number) {
    const delta = Math.floor(random() * 3) - 1
    if (random() < 0.3) return [{ kind: 'get' }, value] as const
    return [{ kind: 'add', delta }, value + delta] as const
  }

  it('accepts long histories of correct objects', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const registers = observed(register, registerStep, 1_000, seed)
      expect(explain(check(registers, register))).toBe('linearizable')
      const counters = observed<number, CounterInput, CounterOutput>(open, counterStep, 1_000, seed)
      expect(explain(check(counters, open))).toBe('linearizable')
    }
  })

  it('rejects long histories with one wrong answer', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const counters = observed<number, CounterInput, CounterOutput>(open, counterStep, 1_000, seed)
      const at = counters.findLastIndex(({ input, output }) => {
        return input.kind === 'get' && output !== undefined
      })
      counters[at] = { ...counters[at]!, output: 1_000 }
      expect(check(counters, open).kind).toBe('illegal')
    }
  })

  it('takes few steps for a thousand operations', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const steps = 20_000
      const registers = observed(register, registerStep, 1_000, seed)
      expect(check(registers, register, steps).kind).toBe('linearizable')
      const counters = observed<number, CounterInput, CounterOutput>(open, counterStep, 1_000, seed)
      expect(check(counters, open, steps).kind).toBe('linearizable')
    }
  })
})
