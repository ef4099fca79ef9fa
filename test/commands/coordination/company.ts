// Plays a schedule: some clients of one server, each with its connection, which may end and is made
// anew when the client speaks again. A client that waits says nothing until it is answered.
import type { InProcessClient } from '../../harness/in-process.ts'
import { InProcessServer } from '../../harness/in-process.ts'
import type { RespValue } from '../../harness/resp-value.ts'
import { CLIENTS, LAST_TOKEN, type Step } from './schedules.ts'
import { pass } from './transcript.ts'

const TOKEN_MIN = 2 ** 40

/** A reply, and the command that it answers. */
export interface Answer {
  readonly client: number
  readonly words: readonly string[]
  readonly value: RespValue
}

export class Company {
  readonly server: InProcessServer
  readonly #connections: (InProcessClient | undefined)[] = new Array(CLIENTS).fill(undefined)
  /** The command that each client waits for. */
  readonly waiting: (readonly string[] | undefined)[] = new Array(CLIENTS).fill(undefined)
  #lastToken = 1
  readonly #operator: InProcessClient

  constructor(server = new InProcessServer()) {
    this.server = server
    this.#operator = server.connect()
  }

  /** Does one step; answers what was said to whom. */
  step(step: Step): Answer[] {
    switch (step.kind) {
      case 'command':
        if (this.waiting[step.client] === undefined) this.#send(step.client, step.words)
        break
      case 'transaction':
        if (this.waiting[step.client] === undefined) this.#transact(step.client, step.commands)
        break
      case 'leave':
        this.leave(step.client)
        break
      case 'unblock':
        this.#unblock(step.client, step.byError)
        break
      case 'pass':
        pass(this.server, step.milliseconds)
        break
      case 'stall':
        this.server.advance(step.milliseconds)
        break
    }
    return this.#collect()
  }

  connection(client: number): InProcessClient {
    let connection = this.#connections[client]
    if (connection === undefined) {
      connection = this.server.connect()
      this.#connections[client] = connection
    }
    return connection
  }

  #send(client: number, words: readonly string[]): void {
    this.waiting[client] = words
    this.connection(client).send(...words.map(word => this.#meaning(word)))
  }

  #transact(client: number, commands: readonly (readonly string[])[]): void {
    const connection = this.connection(client)
    connection.call('MULTI')
    for (const words of commands) connection.call(...words.map(word => this.#meaning(word)))
    this.#send(client, ['EXEC'])
  }

  #meaning(word: string): string {
    return word === LAST_TOKEN ? String(this.#lastToken) : word
  }

  leave(client: number): void {
    const connection = this.#connections[client]
    if (connection === undefined) return
    this.#connections[client] = undefined
    this.waiting[client] = undefined
    connection.disconnect()
  }

  #unblock(client: number, byError: boolean): void {
    const connection = this.#connections[client]
    if (connection === undefined) return
    this.#operator.call('CLIENT', 'UNBLOCK', String(connection.id), byError ? 'ERROR' : 'TIMEOUT')
  }

  #collect(): Answer[] {
    const answers: Answer[] = []
    for (const [client, connection] of this.#connections.entries()) {
      for (const value of connection?.replies() ?? []) {
        const words = this.waiting[client]
        if (words === undefined) throw new Error(`a reply to nothing: ${String(value)}`)
        this.waiting[client] = undefined
        this.#noteToken(value)
        answers.push({ client, words, value })
      }
    }
    return answers
  }

  #noteToken(value: RespValue): void {
    if (typeof value === 'number' && value >= TOKEN_MIN) this.#lastToken = value
    if (Array.isArray(value)) for (const each of value) this.#noteToken(each)
  }
}
