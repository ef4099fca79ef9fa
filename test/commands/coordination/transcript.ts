// A conversation of several clients with one server, written down as people would:
//
//   a LOCK.ACQUIRE k a          -> T1
//   b LOCK.ACQUIRE k b WAIT 0   -> waits
//   a LOCK.RELEASE k a          -> 1
//   b                           -> T2
//   pass 30000
//   b leaves
//
// Each client is connected when it first speaks; one whose name ends with 3 speaks RESP3. Tokens are
// named in the order in which they appear, and each must be greater than all before it. A name alone
// reads what has come. `pass` lets time go by with the server awake, `stall` while it stands still.
import {
  type InProcessClient,
  type InProcessOptions,
  InProcessServer,
} from '../../harness/in-process.ts'
import { RespError, type RespValue } from '../../harness/resp-value.ts'

/** Less than a tick of the server, so that it never seems to have stood still. */
const STEP_MS = 100
/** Smaller integers are none that a test would take for a token. */
const TOKEN_MIN = 2 ** 40

/** Lets time go by as it does: the server comes back ten times a second. */
export function pass(server: InProcessServer, milliseconds: number): void {
  for (let left = milliseconds; left > 0; left -= STEP_MS) server.advance(Math.min(left, STEP_MS))
}

export class Transcript {
  readonly server: InProcessServer
  readonly #clients = new Map<string, InProcessClient>()
  readonly #tokens: number[] = []

  constructor(options: InProcessOptions = {}) {
    this.server = new InProcessServer(options)
  }

  /** Plays the lines; answers them with what came in the place of what was expected. */
  play(text: string): string {
    return lines(text)
      .map(line => this.#playLine(line))
      .join('\n')
  }

  client(name: string): InProcessClient {
    let client = this.#clients.get(name)
    if (client === undefined) {
      client = this.server.connect(name.endsWith('3') ? 3 : 2)
      client.received()
      this.#clients.set(name, client)
    }
    return client
  }

  #playLine(line: string): string {
    const said = line.split(' -> ')[0]!.trim()
    const [subject, ...words] = said.match(/"(?:[^"\\]|\\.)*"|\S+/g) as [string, ...string[]]
    if (subject === 'pass') {
      pass(this.server, Number(words[0]))
      return said
    }
    if (subject === 'stall') {
      this.server.advance(Number(words[0]))
      return said
    }
    const client = this.client(subject)
    if (words[0] === 'leaves') {
      client.disconnect()
      this.#clients.delete(subject)
      return said
    }
    if (words.length > 0) client.send(...words.map(word => this.#argument(word)))
    const received = client.received()
    const reply = received.length === 0 ? 'waits' : received.map(each => this.#show(each)).join(' ')
    return `${said} -> ${reply}`
  }

  #argument(word: string): string {
    const token = /^T(\d+)$/.exec(word)
    if (token !== null) return String(this.#tokens[Number(token[1]) - 1])
    return word.startsWith('"') ? (JSON.parse(word) as string) : word
  }

  #show(value: RespValue): string {
    if (value === null) return 'nil'
    if (value instanceof RespError) return `-${value.text}`
    if (Array.isArray(value)) return `[${value.map(each => this.#show(each)).join(', ')}]`
    if (value instanceof Map) {
      const pairs = [...value].map(([key, each]) => `${this.#show(key)}: ${this.#show(each)}`)
      return `{${pairs.join(', ')}}`
    }
    if (typeof value === 'number' && value >= TOKEN_MIN) return this.#nameToken(value)
    if (typeof value === 'string') {
      const words = value.split(' ').map(word => this.#nameTokenIn(word))
      return /^[^\s,\]}"]+$/.test(value) ? words.join(' ') : `"${words.join(' ')}"`
    }
    return String(value)
  }

  #nameTokenIn(word: string): string {
    return /^\d{13,16}$/.test(word) ? this.#nameToken(Number(word)) : word
  }

  #nameToken(token: number): string {
    const index = this.#tokens.indexOf(token)
    if (index >= 0) return `T${index + 1}`
    const last = this.#tokens.at(-1) ?? 0
    if (token <= last) throw new Error(`token ${token} came after ${last}`)
    return `T${this.#tokens.push(token)}`
  }
}

/** The lines of a text without their indentation, blank lines and column padding. */
export function lines(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trim().replace(/\s+->\s+/, ' -> '))
    .filter(line => line !== '')
}
