// Where other nodes come in: by a client's connection, which becomes a link once they have shown
// that they know the secret of the cluster.
//
//   CLUSTER LINK HELLO <nonce>                                        → our nonce, our proof
//   CLUSTER LINK DATA <proof> <cluster> <node> <incarnation>          → OK, then frames
//
// What else a connection may become, others say by its word.

import type { Call } from '../../src/call.ts'
import type { Client } from '../../src/client.ts'
import { ReplyError } from '../../src/errors.ts'
import { isProof, proveSecret } from '../peer-proof.ts'
import type { NodeId } from '../raft/configuration.ts'

const NONCE_CHARACTERS_MAX = 64
const NODE_ID = /^[0-9a-f]{40}$/

export interface DoorParts {
  readonly clusterId: string
  readonly secret: string
  /** Hexadecimal, and never the same twice. */
  readonly nonce: () => string
  /** The connection is a link from now on. */
  readonly accept: (client: Client, peer: NodeId, incarnation: number) => void
}

interface Greeting {
  readonly theirs: string
  readonly ours: string
}

export class Door {
  readonly #parts: DoorParts
  /** Of connections that have said HELLO and nothing more. */
  readonly #greetings = new WeakMap<Client, Greeting>()
  readonly #others = new Map<string, (call: Call) => void>()

  constructor(parts: DoorParts) {
    this.#parts = parts
  }

  /** What a connection may become by a word, once its peer has proved that it knows the secret. */
  open(word: string, become: (call: Call) => void): void {
    this.#others.set(word, become)
  }

  /** CLUSTER LINK word ... */
  enter(call: Call): void {
    const word = call.text(2).toUpperCase()
    if (word === 'HELLO') {
      this.#greet(call)
      return
    }
    if (call.count < 4 || !this.#proves(call)) {
      throw new ReplyError('NOAUTH the peer does not know the secret of this cluster')
    }
    const become = this.#others.get(word)
    if (word === 'DATA') this.#link(call)
    else if (become !== undefined) become(call)
    else throw new ReplyError('ERR unknown kind of link')
  }

  #greet(call: Call): void {
    const theirs = call.count > 3 ? call.text(3) : ''
    if (theirs === '' || theirs.length > NONCE_CHARACTERS_MAX) {
      throw new ReplyError('ERR a nonce is expected')
    }
    const ours = this.#parts.nonce()
    this.#greetings.set(call.client, { theirs, ours })
    call.reply.array(2)
    call.reply.bulk(ours)
    call.reply.bulk(proveSecret(this.#parts.secret, 'listener', 'link', theirs, ours))
  }

  /** A nonce is good for one try. */
  #proves(call: Call): boolean {
    const greeting = this.#greetings.get(call.client)
    if (greeting === undefined) return false
    this.#greetings.delete(call.client)
    const { theirs, ours } = greeting
    return isProof(call.text(3), proveSecret(this.#parts.secret, 'dialler', 'link', theirs, ours))
  }

  #link(call: Call): void {
    const [cluster, peer] = call.count === 7 ? [call.text(4), call.text(5)] : ['', '']
    if (cluster !== this.#parts.clusterId) {
      throw new ReplyError('ERR this node belongs to another cluster')
    }
    if (!NODE_ID.test(peer)) throw new ReplyError('ERR a node id is expected')
    this.#parts.accept(call.client, peer, call.integer(6))
    call.reply.ok()
  }
}
