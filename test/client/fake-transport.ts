// A transport that answers what a test says, and remembers what it was asked.

import type { Command } from '../../src/client/command.ts'
import { asLatchkeyError } from '../../src/client/errors.ts'
import type { Transport } from '../../src/client/transport.ts'

/** Answers a command; what it throws is what the server or the connection says. */
export type Answer = (words: readonly string[], connection: number) => unknown

export class FakeTransport implements Transport {
  readonly keyPrefix = ''
  /** What was sent on this connection and its duplicates, in order. */
  readonly sent: string[]
  /** The sizes of pipelines. */
  readonly pipelines: number[]
  readonly duplicates: FakeTransport[] = []
  answer: Answer
  isClosed = false
  readonly #number: number
  readonly #root: FakeTransport
  #failInFlight: ((error: Error) => void)[] = []

  constructor(answer: Answer, root?: FakeTransport) {
    this.answer = answer
    this.#root = root ?? this
    this.sent = root?.sent ?? []
    this.pipelines = root?.pipelines ?? []
    this.#number = root === undefined ? 0 : root.duplicates.length + 1
  }

  async send({ name, args }: Command): Promise<unknown> {
    const words = [name, ...args]
    this.sent.push(words.join(' '))
    const broken = new Promise<never>((_, reject) => this.#failInFlight.push(reject))
    try {
      const reply = (async () => this.#root.answer(words, this.#number))()
      return await Promise.race([reply, broken])
    } catch (error) {
      throw asLatchkeyError(error)
    }
  }

  sendAll(commands: readonly Command[]): Promise<readonly unknown[]> {
    this.pipelines.push(commands.length)
    return Promise.all(commands.map(each => this.send(each).catch(asLatchkeyError)))
  }

  async duplicate(): Promise<FakeTransport> {
    const copy = new FakeTransport(this.answer, this.#root)
    this.#root.duplicates.push(copy)
    return copy
  }

  readonly #watchers = new Set<() => void>()

  watch(onEnd: () => void): () => void {
    this.#watchers.add(onEnd)
    return () => this.#watchers.delete(onEnd)
  }

  /** The connection ends by itself. */
  breakDown(): void {
    for (const onEnd of [...this.#watchers]) onEnd()
  }

  close(): void {
    this.isClosed = true
    for (const fail of this.#failInFlight.splice(0)) fail(new Error('Connection is closed.'))
  }
}

/** A promise, and what settles it. */
export function deferred<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
