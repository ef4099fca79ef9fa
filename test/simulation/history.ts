// What clients asked and were told, in the order in which it happened.
//
// An operation takes effect at one moment between its call and its answer. If its outcome is
// unknown (a timeout, a lost connection, an INDOUBT) it may take effect at any moment after its
// call, or never. If it was surely not executed it is no part of the history. Clients may have
// several operations under way; nothing is assumed of their order but what calls and answers tell.

import assert from 'node:assert/strict'

export interface Operation<Input, Output> {
  /** By number of its call in the history. */
  readonly id: number
  readonly client: string
  readonly key: string
  readonly input: Input
  /** Undefined if and only if the outcome is unknown. */
  readonly output: Output | undefined
  /**
   * Positions in the history. Invariant: called < answered, which is Infinity without an answer.
   */
  readonly called: number
  readonly answered: number
  /** The same in time, for models in which time plays a part. */
  readonly calledAt: number
  readonly answeredAt: number
}

interface Call<Input, Output> extends Operation<Input, Output> {
  output: Output | undefined
  answered: number
  answeredAt: number
  state: 'open' | 'answered' | 'unknown' | 'refused'
}

export class History<Input, Output> {
  readonly #calls: Call<Input, Output>[] = []
  #position = 0

  /** Answers the operation's id. */
  call(client: string, key: string, input: Input, now: number): number {
    const id = this.#calls.length
    this.#calls.push({
      id,
      client,
      key,
      input,
      output: undefined,
      called: this.#position++,
      answered: Number.POSITIVE_INFINITY,
      calledAt: now,
      answeredAt: Number.POSITIVE_INFINITY,
      state: 'open',
    })
    return id
  }

  answer(id: number, output: Output, now: number): void {
    const call = this.#close(id, 'answered')
    assert(output !== undefined, 'an answer says something')
    assert(now >= call.calledAt, 'an answer comes after its call')
    call.output = output
    call.answered = this.#position++
    call.answeredAt = now
  }

  /** Nobody will learn what became of it. */
  lose(id: number): void {
    this.#close(id, 'unknown')
  }

  /** It was surely not executed. */
  refuse(id: number): void {
    this.#close(id, 'refused')
  }

  /** What is still open counts as unknown. */
  get operations(): readonly Operation<Input, Output>[] {
    return this.#calls.filter(call => call.state !== 'refused')
  }

  #close(id: number, state: Call<Input, Output>['state']): Call<Input, Output> {
    const call = this.#calls[id]
    assert(call?.state === 'open', 'an operation ends once')
    call.state = state
    return call
  }
}
