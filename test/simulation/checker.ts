// Is there an order in which one machine, working on one operation at a time, would have given
// these answers, and which keeps every operation between its call and its answer?
//
// The search of Wing and Gong with Lowe's memory: take any operation that was called before the
// first answer still outstanding, let the model do it, go on; step back where nothing fits; never
// look twice at the same state with the same operations done. Keys are independent of each other,
// so each has its own search, which is what makes long histories cheap.
//
// Operations of unknown outcome need not be done at all, or late, and each could double the work.
// So they are put off for as long as that makes no difference: one is done only right before an
// operation that would come out otherwise without it. Of equal ones the earlier goes first. A
// configuration that was reached before with fewer of them done need not be looked at again, for
// what is left undone can still be done, or never.

import type { Operation } from './history.ts'

export interface Model<State, Input, Output> {
  readonly initial: State
  /**
   * The state after the operation, or undefined if it cannot have had its output. Without an output
   * the outcome is unknown: the model does what the operation would do.
   */
  step(state: State, operation: Operation<Input, Output>): State | undefined
  /** Equal for equal states and only for those. */
  describe(state: State): string
}

export type Verdict<Input, Output> =
  | { readonly kind: 'linearizable' }
  | Illegal<Input, Output>
  /** The bound on steps was reached first. */
  | { readonly kind: 'undecided'; readonly key: string }

export interface Illegal<Input, Output> {
  readonly kind: 'illegal'
  readonly key: string
  /** The longest order that fits, and the state after it. */
  readonly order: readonly Operation<Input, Output>[]
  readonly state: string
  /** The operations that could have been next, none of which fits. */
  readonly next: readonly Operation<Input, Output>[]
}

/** Of one key. So many take about a second. */
export const STEPS_MAX = 1_000_000

export function check<State, Input, Output>(
  operations: readonly Operation<Input, Output>[],
  model: Model<State, Input, Output>,
  stepsMax = STEPS_MAX,
): Verdict<Input, Output> {
  const byKey = new Map<string, Operation<Input, Output>[]>()
  for (const operation of operations) {
    const sameKey = byKey.get(operation.key)
    if (sameKey === undefined) byKey.set(operation.key, [operation])
    else sameKey.push(operation)
  }
  let undecided: Verdict<Input, Output> | undefined
  for (const [key, sameKey] of byKey) {
    const verdict = new Search(key, sameKey, model).run(stepsMax)
    if (verdict.kind === 'illegal') return verdict
    if (verdict.kind === 'undecided') undecided ??= verdict
  }
  return undecided ?? { kind: 'linearizable' }
}

interface Frame<State> {
  readonly state: State
  /** The operation that led here, or -1 for the first frame. */
  readonly done: number
  /** Candidates not tried yet, the next one last. */
  readonly untried: number[]
}

class Search<State, Input, Output> {
  readonly #key: string
  readonly #model: Model<State, Input, Output>
  /** By call; those with an answer first, then those of unknown outcome. */
  readonly #operations: readonly Operation<Input, Output>[]
  readonly #answeredCount: number
  /** The operations with an answer, by answer. */
  readonly #byAnswer: readonly number[]
  readonly #placeByAnswer: readonly number[]
  /** For each operation of unknown outcome the equal one before it, or -1. */
  readonly #equalBefore: readonly number[]
  readonly #isDone: Uint8Array
  /** How many of the first operations, by call and by answer, are all done. */
  #doneByCall = 0
  #doneByAnswer = 0
  /** By state and answered operations done, the sets of others with which it was visited. */
  readonly #visited = new Map<string, (readonly number[])[]>()

  constructor(
    key: string,
    operations: readonly Operation<Input, Output>[],
    model: Model<State, Input, Output>,
  ) {
    this.#key = key
    this.#model = model
    const byCall = [...operations].sort((a, b) => a.called - b.called)
    const answered = byCall.filter(operation => operation.output !== undefined)
    const unknown = byCall.filter(operation => operation.output === undefined)
    this.#operations = [...answered, ...unknown]
    this.#answeredCount = answered.length
    this.#byAnswer = answered
      .map((_, number) => number)
      .sort((a, b) => answered[a]!.answered - answered[b]!.answered)
    const places = new Array<number>(answered.length)
    this.#byAnswer.forEach((number, place) => {
      places[number] = place
    })
    this.#placeByAnswer = places
    const latest = new Map<string, number>()
    this.#equalBefore = unknown.map(({ input }, offset) => {
      const text = JSON.stringify(input)
      const before = latest.get(text) ?? -1
      latest.set(text, answered.length + offset)
      return before
    })
    this.#isDone = new Uint8Array(this.#operations.length)
  }

  run(stepsMax: number): Verdict<Input, Output> {
    const frames: Frame<State>[] = [this.#frame(this.#model.initial, -1)]
    let longest: readonly Frame<State>[] = [...frames]
    let doneInLongest = 0
    for (let steps = 0; steps < stepsMax; steps++) {
      if (this.#doneByCall === this.#answeredCount) return { kind: 'linearizable' }
      const frame = frames.at(-1)
      if (frame === undefined) return this.#illegal(longest)
      const number = frame.untried.pop()
      if (number === undefined) {
        frames.pop()
        if (frame.done !== -1) this.#undo(frame.done)
        continue
      }
      const state = this.#model.step(frame.state, this.#operations[number]!)
      if (state === undefined) continue
      const isUnknown = number >= this.#answeredCount
      if (isUnknown && this.#isSame(state, frame.state)) continue
      if (this.#isPremature(frames, number, state)) continue
      this.#do(number)
      if (this.#isVisited(state)) {
        this.#undo(number)
        continue
      }
      frames.push(this.#frame(state, number))
      if (this.#doneByAnswer > doneInLongest) {
        doneInLongest = this.#doneByAnswer
        longest = [...frames]
      }
    }
    return { kind: 'undecided', key: this.#key }
  }

  /**
   * Whether the last operation, of unknown outcome, might as well come after this one, or not at
   * all. Then another branch of the search has the same state with no more done than here.
   */
  #isPremature(frames: readonly Frame<State>[], number: number, state: State): boolean {
    const last = frames.at(-1)!.done
    if (last < this.#answeredCount) return false
    const isUnknown = number >= this.#answeredCount
    // Of equal ones this could not have gone first.
    if (isUnknown && this.#equalBefore[number - this.#answeredCount] === last) return false
    const alone = this.#model.step(frames.at(-2)!.state, this.#operations[number]!)
    if (alone === undefined) return false
    if (this.#isSame(alone, state)) return true
    // Two of unknown outcome could be put off behind each other forever.
    if (isUnknown && number > last) return false
    const after = this.#model.step(alone, this.#operations[last]!)
    return after !== undefined && this.#isSame(after, state)
  }

  #isSame(one: State, other: State): boolean {
    return one === other || this.#model.describe(one) === this.#model.describe(other)
  }

  #frame(state: State, done: number): Frame<State> {
    return { state, done, untried: this.#candidates().reverse() }
  }

  /** What may come next: called before the first answer of what is not done. */
  #candidates(): number[] {
    const deadline = this.#deadline
    const candidates: number[] = []
    for (let number = this.#doneByCall; number < this.#answeredCount; number++) {
      if (this.#operations[number]!.called > deadline) break
      if (this.#isDone[number] === 0) candidates.push(number)
    }
    for (let number = this.#answeredCount; number < this.#operations.length; number++) {
      if (this.#operations[number]!.called > deadline) break
      const before = this.#equalBefore[number - this.#answeredCount]!
      const isTurn = before === -1 || this.#isDone[before] === 1
      if (this.#isDone[number] === 0 && isTurn) candidates.push(number)
    }
    return candidates
  }

  #do(number: number): void {
    this.#isDone[number] = 1
    while (this.#doneByCall < this.#answeredCount && this.#isDone[this.#doneByCall] === 1) {
      this.#doneByCall++
    }
    for (;;) {
      const next = this.#byAnswer[this.#doneByAnswer]
      if (next === undefined || this.#isDone[next] === 0) return
      this.#doneByAnswer++
    }
  }

  #undo(number: number): void {
    this.#isDone[number] = 0
    if (number >= this.#answeredCount) return
    this.#doneByCall = Math.min(this.#doneByCall, number)
    this.#doneByAnswer = Math.min(this.#doneByAnswer, this.#placeByAnswer[number]!)
  }

  /** Operations called after this position cannot come next. */
  get #deadline(): number {
    const first = this.#byAnswer[this.#doneByAnswer]
    return first === undefined ? Number.NEGATIVE_INFINITY : this.#operations[first]!.answered
  }

  /** Also remembers it. */
  #isVisited(state: State): boolean {
    const deadline = this.#deadline
    let text = `${this.#doneByCall}`
    for (let number = this.#doneByCall + 1; number < this.#answeredCount; number++) {
      if (this.#operations[number]!.called > deadline) break
      if (this.#isDone[number] === 1) text += `,${number}`
    }
    const unknown: number[] = []
    for (let number = this.#answeredCount; number < this.#operations.length; number++) {
      if (this.#isDone[number] === 1) unknown.push(number)
    }
    const configuration = `${text} ${this.#model.describe(state)}`
    const sets = this.#visited.get(configuration)
    if (sets === undefined) {
      this.#visited.set(configuration, [unknown])
      return false
    }
    if (sets.some(set => set.every(number => this.#isDone[number] === 1))) return true
    sets.push(unknown)
    return false
  }

  #illegal(frames: readonly Frame<State>[]): Illegal<Input, Output> {
    const numbers = frames.slice(1).map(frame => frame.done)
    this.#isDone.fill(0)
    this.#doneByCall = 0
    this.#doneByAnswer = 0
    for (const number of numbers) this.#do(number)
    return {
      kind: 'illegal',
      key: this.#key,
      order: numbers.map(number => this.#operations[number]!),
      state: this.#model.describe(frames.at(-1)!.state),
      next: this.#candidates().map(number => this.#operations[number]!),
    }
  }
}

/** For the message of a failed test. */
export function explain<Input, Output>(verdict: Verdict<Input, Output>): string {
  switch (verdict.kind) {
    case 'linearizable':
      return 'linearizable'
    case 'undecided':
      return `undecided for ${verdict.key}`
    case 'illegal': {
      const line = ({ id, client, input, output, called, answered }: Operation<Input, Output>) =>
        `  ${id} ${client} [${called}, ${answered}] ${JSON.stringify(input)} -> ` +
        (output === undefined ? 'unknown' : JSON.stringify(output))
      return [
        `not linearizable for ${verdict.key}; an order that fits so far:`,
        ...verdict.order.map(line),
        `state ${verdict.state}, and none of these is next:`,
        ...verdict.next.map(line),
      ].join('\n')
    }
  }
}
