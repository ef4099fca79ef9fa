// forward-session.ts — A connection to another node's client port, on behalf of one client.
//
// The other node sees a connection of its own for each of our clients. So what is bound to a
// connection there, as a lock taken with CONN, what it watches, and what it waits for, ends when our
// client goes. Both sides prove that they know the cluster's secret; then this one says for whom it
// speaks. If that changes, it says so in the same way, on the same connection.
//
//   CLUSTER LINK HELLO <nonce>                                          → its nonce, its proof
//   CLUSTER LINK FORWARD <proof> <user> <db> <protocol> <address> <name> → the connection's id there
//
// Replies come in the order of requests. Nothing is sent twice here: what was not answered when the
// connection broke is handed back, apart from what never left.

import { BOUND_PUSH } from '../../src/coordination.ts'
import { isProof, proveSecret } from '../peer-proof.ts'
import type { Connection, Dialler } from './dialler.ts'
import type { ForwardRequest, Persona } from './forward-request.ts'
import { FramingError, PUSH, ReplyFramer } from './reply-framer.ts'

/** The largest reply that is passed on: a value of `proto-max-bulk-len`, or some of them. */
export const REPLY_BYTES_MAX = 2 ** 30
/** Until then the other node has let us in, or it is not there. */
export const GREETING_MS = 1000

const ERROR = 0x2d
const CHALLENGE = /^\*2\r\n\$\d+\r\n([0-9a-f]+)\r\n\$\d+\r\n([0-9a-f]+)\r\n$/

export interface SessionParts {
  readonly dialler: Dialler
  readonly host: string
  readonly port: number
  readonly secret: string
  /** Hexadecimal, and never the same twice. */
  readonly nonce: () => string
  /** Of the client, for those who look at the other node's connections. */
  readonly address: string
  readonly name: string
  /** Monotonic ms. */
  readonly now: () => number
  readonly owner: SessionOwner
}

export interface SessionOwner {
  answered(session: ForwardSession, request: ForwardRequest, reply: Buffer): void
  /** What the other node tells the client unasked. */
  pushed(push: Buffer): void
  /** The other node does not let the client's user in: nothing was run. */
  refused(session: ForwardSession, requests: readonly ForwardRequest[], error: Buffer): void
  /** Of what was sent nobody knows what became; what was not, was surely not run. */
  broken(
    session: ForwardSession,
    sent: readonly ForwardRequest[],
    unsent: readonly ForwardRequest[],
  ): void
}

/** What the next replies belong to. */
type Awaited =
  | { readonly kind: 'challenge' | 'admission' | 'unwatched' }
  | { readonly kind: 'request'; readonly request: ForwardRequest; preceding: number }

export class ForwardSession {
  /** Something ends with this connection. */
  isBound = false
  /** It watches keys for a transaction. */
  watches = false
  /** The connection's number at the other node; 0 before it is known. */
  clientId = 0
  lastUsedAt: number
  readonly #parts: SessionParts
  readonly #connection: Connection
  readonly #framer = new ReplyFramer(REPLY_BYTES_MAX)
  readonly #awaited: Awaited[] = []
  /** Not sent yet: the other node must know first for whom they are. */
  readonly #waiting: ForwardRequest[] = []
  #persona: Persona | undefined = undefined
  #nonce = ''
  #greetsUntil: number
  #isOpen = false
  #isGreeting = false
  #isClosed = false

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.lastUsedAt = parts.now()
    this.#greetsUntil = this.lastUsedAt + GREETING_MS
    this.#connection = parts.dialler.dial(parts.host, parts.port, {
      opened: () => {
        this.#isOpen = true
        this.#goOn()
      },
      received: bytes => this.#received(bytes),
      closed: () => this.#break(),
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isIdle(): boolean {
    return this.#awaited.length === 0 && this.#waiting.length === 0
  }

  get unsentBytes(): number {
    return this.#connection.unsentBytes
  }

  send(request: ForwardRequest): void {
    this.lastUsedAt = this.#parts.now()
    this.#waiting.push(request)
    this.#goOn()
  }

  /** What was watched is not to count any more. */
  unwatch(): void {
    this.watches = false
    if (!this.#isOpen || this.#isClosed) return
    this.#connection.write(command('UNWATCH'))
    this.#awaited.push({ kind: 'unwatched' })
  }

  /** Nobody is told of what was not answered. */
  close(): void {
    this.#isClosed = true
    this.#connection.close()
  }

  /** Gives up if the other node is silent for too long before it has let us in. */
  checkGreeting(now: number): void {
    const isLate = now >= this.#greetsUntil && (!this.#isOpen || this.#isGreeting)
    if (!isLate || this.#isClosed) return
    this.#connection.close()
    this.#break()
  }

  /** Sends what may be sent now. */
  #goOn(): void {
    while (this.#isOpen && !this.#isGreeting && this.#waiting.length > 0) {
      const request = this.#waiting[0]!
      if (!isSame(request.persona, this.#persona)) {
        this.#greet()
        return
      }
      this.#waiting.shift()
      if (request.watches === 'begins') this.watches = true
      else if (request.watches === 'ends') this.watches = false
      this.#connection.write(request.bytes)
      this.#awaited.push({ kind: 'request', request, preceding: request.precedingReplies })
    }
  }

  #greet(): void {
    this.#isGreeting = true
    this.#greetsUntil = this.#parts.now() + GREETING_MS
    this.#nonce = this.#parts.nonce()
    this.#connection.write(command('CLUSTER', 'LINK', 'HELLO', this.#nonce))
    this.#awaited.push({ kind: 'challenge' })
  }

  #received(bytes: Buffer): void {
    this.lastUsedAt = this.#parts.now()
    try {
      this.#framer.push(bytes, reply => {
        if (!this.#isClosed) this.#take(reply)
      })
    } catch (error) {
      if (!(error instanceof FramingError)) throw error
      this.#connection.close()
      this.#break()
    }
  }

  #take(reply: Buffer): void {
    if (reply[0] === PUSH) {
      if (reply.latin1Slice() === BOUND_PUSH) this.isBound = true
      else this.#parts.owner.pushed(reply)
      return
    }
    const awaited = this.#awaited[0]
    if (awaited === undefined) throw new FramingError('a reply to nothing')
    if (awaited.kind === 'request' && awaited.preceding > 0) {
      awaited.preceding--
      if (reply[0] === ERROR) awaited.request.firstError ??= reply
      return
    }
    this.#awaited.shift()
    if (awaited.kind === 'request') this.#parts.owner.answered(this, awaited.request, reply)
    else if (awaited.kind === 'challenge') this.#prove(reply)
    else if (awaited.kind === 'admission') this.#admitted(reply)
  }

  #prove(reply: Buffer): void {
    const { address, name, secret } = this.#parts
    const challenge = CHALLENGE.exec(reply.latin1Slice())
    if (challenge === null) throw new FramingError('not a challenge')
    const [, theirs, proof] = challenge as unknown as [string, string, string]
    const prove = (side: 'dialler' | 'listener') =>
      proveSecret(secret, side, 'link', this.#nonce, theirs)
    if (!isProof(proof, prove('listener'))) throw new FramingError('a wrong proof')
    const persona = this.#waiting[0]!.persona
    const { user, database, protocol } = persona
    const about = [user, String(database), String(protocol), address, name]
    this.#connection.write(command('CLUSTER', 'LINK', 'FORWARD', prove('dialler'), ...about))
    this.#awaited.push({ kind: 'admission' })
    this.#persona = persona
  }

  #admitted(reply: Buffer): void {
    this.#isGreeting = false
    if (reply[0] !== ERROR) {
      this.clientId = Number(reply.latin1Slice(1, reply.length - 2))
      this.#goOn()
      return
    }
    this.close()
    this.#parts.owner.refused(this, this.#waiting.splice(0), reply)
  }

  #break(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const sent = this.#awaited.flatMap(each => (each.kind === 'request' ? [each.request] : []))
    this.#parts.owner.broken(this, sent, this.#waiting.splice(0))
  }
}

function isSame(a: Persona, b: Persona | undefined): boolean {
  return (
    b !== undefined && a.user === b.user && a.database === b.database && a.protocol === b.protocol
  )
}

function command(...words: string[]): Buffer {
  const bulks = words.map(word => `$${word.length}\r\n${word}\r\n`)
  return Buffer.from(`*${words.length}\r\n${bulks.join('')}`, 'latin1')
}
